"""What ``staffroom init``, ``event new`` and ``story new`` write: a folder, a file that work at once."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.config.events import FOLDER
from bot.config.stories import FOLDER as STORIES
from bot.config.words import shown, yaml_text
from bot.errors import UserError
from bot.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_THURSDAY = 3
_WEEKS = 12
_LONGEST_SLUG = 60  # characters
_EVENT, _STORY = "event.yaml.j2", "story.yaml.j2"
_LOGINS_AND_OUTPUT = "gitignore"  # a dotfile would be left out of archives by some tools


def scaffold(target: Path, today: date) -> list[Path]:
    """Write a starter folder whose first chat is between 3 and 9 days away.

    Args:
        target: made if it is missing.
        today: the date in the reader's own zone.

    Returns:
        the files written, in order.

    Raises:
        UserError: one of the files is there already; nothing is written then.
    """
    source = shipped("templates") / "starter"
    templates = _templates(source)
    content: dict[Path, bytes] = {}
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name = path.relative_to(source)
        if name.name in (_EVENT, _STORY):
            continue
        if name.suffix == ".j2":
            text = templates.get_template(name.as_posix()).render(_dates(today))
            content[target / name.with_suffix("")] = text.encode()
        elif name.name == _LOGINS_AND_OUTPUT:
            content[target / ".gitignore"] = path.read_bytes()
        else:
            content[target / name] = path.read_bytes()
    there = [path for path in content if path.exists() or path.is_symlink()]
    if there:
        names = ", ".join(str(path.relative_to(target)) for path in there)
        raise UserError(f"{target} holds {names} already, and nothing of yours is written over. Choose another folder.")
    _write(content, target)
    return list(content)


def scaffold_event(  # noqa: PLR0917 - a file has so many lines that somebody chose
    folder: Path,
    series: str,
    day: date,
    title: str,
    ask: str,
    proposed: Sequence[tuple[int, str]] = (),
    *,
    place: str,
    edcamp: bool,
) -> Path:
    """Write the file of an event to begin with, named after its title; gives where.

    Args:
        folder: the bot's folder.
        series: the slug of its series.
        day: its date.
        title: what it is called.
        ask: what is asked afterwards.
        proposed: sessions from answers: minutes, and the link of the answer's place on our page.
        place: what is said of where it is until its host writes that; all else that is not known stands behind a #,
            for a file is published as it is.
        edcamp: which kind it is.

    Raises:
        UserError: the title has no letters that can stand in an address, or such a file is there.
    """
    path = _free_file(folder / FOLDER, title, "--title")
    said = {"series": series, "date": day, "kind": "edcamp" if edcamp else "teachmeet", "proposed": proposed}
    said |= {
        name: yaml_text(" ".join(text.split())) for name, text in (("title", title), ("ask", ask), ("place", place))
    }
    written = _templates(shipped("templates") / "starter").get_template(_EVENT).render(said)
    _write({path: written.encode()}, folder)
    return path


def scaffold_story(folder: Path, chat: str, title: str, name: str, tried: Sequence[Sequence[str]]) -> Path:
    """Write the file of a story to begin with; gives where.

    Args:
        folder: the bot's folder.
        chat: id of the chat that it tells of.
        title: what it is called.
        name: what its file is called; empty to call it after the title.
        tried: links of what somebody wanted to try, each followed by those of what came of it.

    Raises:
        UserError: the name has no letters that can stand in an address, or such a file is there.
    """
    path = _free_file(folder / STORIES, name or title, "--name")
    said = {"chat": chat, "title": yaml_text(" ".join(title.split())), "name": path.stem, "tried": tried}
    written = _templates(shipped("templates") / "starter").get_template(_STORY).render(said)
    _write({path: written.encode()}, folder)
    return path


def _free_file(folder: Path, called: str, option: str) -> Path:
    """Where a file stands that is called after something; ``option``: what gives it another name."""
    plain = unicodedata.normalize("NFKD", called).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-")
    if not slug:
        raise UserError(f"“{shown(called)}” gives no name for a file: write it with at least one letter from a to z.")
    path = folder / f"{slug}.yaml"
    there = [one for one in (path, path.with_suffix(".yml")) if one.exists() or one.is_symlink()]
    if there:
        raise UserError(f"{there[0]} is there already, and nothing of yours is written over. Give another {option}.")
    return path


def _templates(source: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(source),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - YAML is written here, not HTML
    )


def _write(content: Mapping[Path, bytes], target: Path) -> None:
    try:
        for path, data in content.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(data)
    except OSError as error:
        raise UserError(f"{error.filename or target} cannot be written: {error.strerror}.") from error


def _dates(today: date) -> dict[str, date]:
    """Two coming Thursdays in a term of twelve weeks, with a week off in the middle."""
    soon = today + timedelta(days=3)
    first = soon + timedelta(days=(_THURSDAY - soon.weekday()) % 7)
    monday = first - timedelta(days=_THURSDAY)
    half_term = monday + timedelta(weeks=_WEEKS // 2)
    return {
        "first": first,
        "second": first + timedelta(weeks=1),
        "third": first + timedelta(weeks=2),
        "term_from": monday,
        "term_to": monday + timedelta(weeks=_WEEKS, days=-3),
        "skip_from": half_term,
        "skip_to": half_term + timedelta(days=4),
    }
