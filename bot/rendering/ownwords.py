"""An operator's own phrases, ``templates/words/*.json``: what of them can be used, and what is wrong with the rest."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from bot.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BLANK = re.compile(r"\{(\w+)\}")
_COUNTED = frozenset({"n", "words"})
_FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})


def own_phrases(file: Path, like: Mapping[str, object]) -> tuple[dict[str, object], list[Problem]]:
    """The phrases of a file that fit where the shipped ones stand, and a problem for each that does not.

    Args:
        file: the operator's.
        like: the shipped phrases, key by key what a phrase looks like: text, plural forms or a list.
    """
    place = f"templates/words/{file.name}"
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text)
    except json.JSONDecodeError as error:
        return {}, [Problem(place, error.lineno, error.colno, f"This is not JSON: {error.msg}. {_KEPT}")]
    except UnicodeDecodeError:
        return {}, [Problem(place, 0, 0, f"This is not text in UTF-8. {_KEPT}")]
    except OSError as error:
        return {}, [Problem(place, 0, 0, f"This file cannot be read ({error.strerror}). {_KEPT}")]
    except RecursionError:
        return {}, [Problem(place, 0, 0, f"Too many brackets stand within each other here. {_KEPT}")]
    if not isinstance(found, dict):
        return {}, [Problem(place, 1, 0, 'Write phrases in braces: {"site.chats": "Our chats"}.')]
    like = {**_NAMES, **like}
    kept, problems = dict[str, object](), list[Problem]()
    for key, phrase in found.items():
        wrong = next(_wrong(phrase, like[key]), "") if key in like else "There is no phrase of this name to replace."
        if wrong:
            problems.append(Problem(place, _line(text, key), 0, f"“{key[:60]}”: {wrong} The shipped phrase serves."))
        else:
            kept[key] = phrase
    return kept, problems


_NAMES: dict[str, object] = {"weekdays": [""] * 7, "months": [""] * 12, "cities": {}}
"""Names that CLDR knows, and an operator may know better."""

_KEPT = "The shipped phrases serve."


def _line(text: str, key: str) -> int:
    """The line on which a key stands; 0 where it is written in another way."""
    at = text.find(json.dumps(key, ensure_ascii=False))
    return text.count("\n", 0, at) + 1 if at >= 0 else 0


def _wrong(phrase: object, shipped: object) -> Iterator[str]:
    """What keeps a phrase from standing in a shipped one's place."""
    if isinstance(shipped, list):
        if not isinstance(phrase, list) or len(phrase) != len(shipped) or not all(isinstance(x, str) for x in phrase):
            yield f"it has to be a list of {len(shipped)} words."
    elif not isinstance(shipped, str) and not _counted(shipped):  # names of places
        if not isinstance(phrase, dict) or not all(isinstance(word, str) for word in phrase.values()):
            yield "it has to be names in braces."
    elif isinstance(phrase, dict) and not _counted(phrase):
        yield "plural forms are called zero, one, two, few, many and other, and other has to be there."
    elif not isinstance(phrase, str | dict):
        yield "it has to be text."
    elif unknown := sorted(_blanks(phrase) - _blanks(shipped) - (_COUNTED if _counted(shipped) else set())):
        known = ", ".join(f"{{{name}}}" for name in sorted(_blanks(shipped)))
        yield f"nothing can be filled in for {{{unknown[0][:40]}}}; {f'there is {known}' if known else 'write it out'}."


def _counted(phrase: object) -> bool:
    """Whether these are plural forms."""
    return (
        isinstance(phrase, dict)
        and "other" in phrase
        and _FORMS.issuperset(phrase)
        and all(isinstance(form, str) for form in phrase.values())
    )


def _blanks(phrase: object) -> set[str]:
    forms = phrase.values() if isinstance(phrase, dict) else [phrase]
    return {name for form in forms for name in _BLANK.findall(str(form))}
