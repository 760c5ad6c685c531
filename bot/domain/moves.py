"""Pages whose address changed: which old address leads on, and where.

An address is made of a series' file name and a chat's date. So it changes when a chat is put on another day, when a
series' file gets another name, or when a later version wants a folder's name for itself. A renamed topic moves nothing.

That a page moved is read from what is stored already: the mark under which it was published carries a name made of
what the chat asks, wherever it stands.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.domain.chats import Chat
    from bot.domain.records import ChatFigures, StoredChat

_LEADS = ">"


def name_of(chat: Chat) -> str:
    """What a chat is called by what it asks and where it is at home; 16 hex digits, the same on any date."""
    asked = [chat.timezone, chat.topic, *(question.ask for question in chat.questions)]
    plain = "\0".join(" ".join(one.casefold().split()) for one in asked)
    return hashlib.blake2b(plain.encode(), digest_size=8).hexdigest()


def named(mark: str, name: str) -> str:
    """The mark of a chat's page, with its name."""
    return f"{mark} {name}"


def leading(mark: str, target: str) -> str:
    """The mark of a page that only leads to another path."""
    return f"{mark} {_LEADS}{target}"


def replanned(chats: Iterable[StoredChat], figures: Mapping[str, ChatFigures]) -> dict[str, str]:
    """Cancelled chats that take place on another day: id → id.

    One that nobody had answered, where exactly one other chat of its series asks the same and is not cancelled. What
    was answered stays where it is; one that is not planned again stays, too, and says that it is cancelled.
    """
    cancelled: list[tuple[str, tuple[str, str]]] = []
    planned: dict[tuple[str, str], list[str]] = {}
    for stored in chats:
        chat, counts = stored.chat, figures.get(stored.chat.id)
        name = (chat.series, name_of(chat))
        if not stored.cancelled:
            planned.setdefault(name, []).append(chat.id)
        elif counts is None or not counts.answers:
            cancelled.append((chat.id, name))
    return {old: planned[name][0] for old, name in cancelled if len(planned.get(name, ())) == 1}


def forwards(known: Mapping[str, str], names: Mapping[str, str], standing: Collection[str]) -> dict[str, str]:
    """Old paths that lead on: path → path of the page that stands for it now.

    A page that is not planned any more leads to the one new page of the same name; where several have it, to the one of
    the same date. What led somewhere before leads where that went. All else is gone for good: a chat that was taken out
    leaves nothing.

    Args:
        known: marks of what was published, by path.
        names: names of the chats' pages that are to stand, by path.
        standing: all paths that are to stand.
    """
    old = {path: name for path, mark in known.items() if path not in standing and (name := _name(mark))}
    new = {path: name for path, name in names.items() if not _name(known.get(path, ""))}
    leads = {path: target for path, mark in known.items() if path not in standing and (target := _target(mark))}
    leads |= _pairs(old, new)
    ends = {path: _end(path, leads, standing) for path in leads}
    found = {path: end for path, end in ends.items() if end}
    return found | _series_pages(known, found, standing)


def _pairs(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for path, name in old.items():
        alike = [one for one in old if old[one] == name]
        candidates = [one for one in new if new[one] == name]
        if len(alike) > 1 or len(candidates) > 1:
            candidates = [one for one in candidates if _day(one) == _day(path)]
            alike = [one for one in alike if _day(one) == _day(path)]
        if len(candidates) == len(alike) == 1:
            found[path] = candidates[0]
    return found


def _end(path: str, leads: Mapping[str, str], standing: Collection[str]) -> str:
    """Where a path leads in the end; empty where that is nowhere."""
    seen = set()
    while path not in standing:
        if path in seen or path not in leads:
            return ""
        seen.add(path)
        path = leads[path]
    return path


def _series_pages(known: Mapping[str, str], found: Mapping[str, str], standing: Collection[str]) -> dict[str, str]:
    """Pages of series whose chats all moved to one other folder."""
    folders: dict[str, set[str]] = {}
    for path, target in found.items():
        if path.count("/") > 1:
            folders.setdefault(path.partition("/")[0], set()).add(target.partition("/")[0])
    pages = {f"{folder}/index.html": f"{min(to)}/index.html" for folder, to in folders.items() if len(to) == 1}
    return {path: to for path, to in pages.items() if path in known and path not in standing and to in standing}


def _name(mark: str) -> str:
    name = mark.partition(" ")[2]
    return "" if name.startswith(_LEADS) else name


def _target(mark: str) -> str:
    target = mark.partition(" ")[2]
    return target.removeprefix(_LEADS) if target.startswith(_LEADS) else ""


def _day(path: str) -> str:
    return path.rpartition("/")[0].rpartition("/")[2]
