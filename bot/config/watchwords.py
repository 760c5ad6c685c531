"""The words that make a person look at an answer: those shipped, with an operator's own before them.

``templates/watchwords/xx.json`` in the bot's folder changes single lists of a language, or brings a new one::

    {"harm": {"add": ["county lines"], "leave_out": ["bruises"]}, "staff": ["head", "principal"]}

A plain list takes the place of ours; what ``watching.Vocabulary`` has no list for is a mistake.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.alarms import Vocabulary, Watchwords
from bot.errors import ConfigError, Problem
from bot.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LISTS = tuple(field.encode_name for field in msgspec.structs.fields(Vocabulary))
_CHANGES = {"add", "leave_out"}


def load_watchwords(folder: Path) -> Watchwords:
    """Read the lists of every language there is one for.

    Args:
        folder: the bot's folder.

    Raises:
        ConfigError: an operator's own list is wrong; says where, and all of it at once.
    """
    problems: list[Problem] = []
    found: dict[str, dict[str, Any]] = {}
    for file in _files(shipped("templates") / "watchwords"):
        found[file.stem] = json.loads(file.read_bytes())
    for file in _files(folder / "templates" / "watchwords"):
        name = f"templates/watchwords/{file.name}"
        mine = _read(file, name, problems)
        code = file.stem.lower()
        found[code] = _changed(found.get(code, {}), mine, name, problems)
    if problems:
        raise ConfigError(problems)
    return Watchwords({code: msgspec.convert(lists, Vocabulary) for code, lists in found.items()})


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.glob("*.json") if path.is_file()) if folder.is_dir() else ()


def _read(file: Path, name: str, problems: list[Problem]) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        problems.append(Problem(name, error.lineno, error.colno, f"This is not JSON: {error.msg}."))
        return {}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not saved as UTF-8"
        problems.append(Problem(name, 0, 0, f"This file cannot be read: {why}."))
        return {}
    if isinstance(found, dict):
        return found
    problems.append(Problem(name, 1, 1, "Lists of words are wanted here, by name.", '{"harm": {"add": ["…"]}}'))
    return {}


def _changed(ours: dict[str, Any], mine: dict[str, Any], name: str, problems: list[Problem]) -> dict[str, Any]:
    """Our lists with the operator's changes; what cannot be read is noted and left alone."""
    changed = dict(ours)
    for key, value in mine.items():
        if key not in _LISTS:
            problems.append(Problem(name, 0, 0, f"“{key}” is no list known here. Known are: {', '.join(_LISTS)}."))
        elif _are_words(value):
            changed[key] = value
        elif isinstance(value, dict) and _CHANGES.issuperset(value) and all(map(_are_words, value.values())):
            gone = {word.casefold() for word in value.get("leave_out", ())}
            kept = [word for word in ours.get(key, ()) if word.casefold() not in gone]
            changed[key] = [*kept, *value.get("add", ())]
        else:
            mend = f'"{key}": {{"add": ["…"], "leave_out": ["…"]}}'
            problems.append(
                Problem(name, 0, 0, f"A list of words is wanted for “{key}”, or what to change in ours.", mend)
            )
    return changed


def _are_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
