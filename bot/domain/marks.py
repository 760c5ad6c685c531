"""What a page's mark may carry behind its fingerprint: what was seen while the page was planned, for the next plan.

It does not make a page out of date: another note is stored with the same page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOTE = "\t"


class Seen(NamedTuple):
    """Of a chat: its revision, and a fingerprint of what a page takes from its answers then."""

    revision: int
    shown: str


def outdated(mark: str, known: str) -> bool:
    """Whether a page has to be made again; ``known``: the mark it was made under, empty where there is none."""
    return mark.partition(_NOTE)[0] != known.partition(_NOTE)[0]


def noted(mark: str, seen: Mapping[str, Seen]) -> str:
    """A mark with what was seen of chats (by id)."""
    return mark + _NOTE + " ".join(f"{chat}@{one.revision}:{one.shown}" for chat, one in seen.items())


def notes(marks: Iterable[str]) -> dict[str, Seen]:
    """What these marks carry, by chat id; of one that stands in several, either is right for its revision."""
    found = {}
    for mark in marks:
        for note in mark.partition(_NOTE)[2].split():
            chat, _, rest = note.rpartition("@")
            revision, _, shown = rest.partition(":")
            found[chat] = Seen(int(revision), shown)
    return found
