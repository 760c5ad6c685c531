"""Chats by term: what a series' page and the page of topics have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.schoolyears import stretch, years_of
from bot.rendering.frame import upper_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.records import StoredChat
    from bot.domain.schoolyears import Stretch
    from bot.rendering.words import Words


class Shelf(msgspec.Struct, frozen=True):
    """The chats of one term or school year: its id in the page, its name, and which chats (ids)."""

    id: str
    title: str
    chats: tuple[str, ...]


def shelves(words: Words, chats: Sequence[StoredChat]) -> list[Shelf]:
    """Chats of one series by term, in the order given; what lies in no term of the series' goes by school year."""
    found: dict[Stretch, list[str]] = {}
    for stored in chats:
        found.setdefault(stretch(stored.chat.date, stored.series.terms), []).append(stored.chat.id)
    return [Shelf(one.id, stretch_title(words, one), tuple(ids)) for one, ids in found.items()]


def stretch_title(words: Words, one: Stretch) -> str:
    """A term by its dates, or a school year by its years."""
    if not one.term:
        return words("series.year", years=years_of(one.first.year))
    start = words.short_date(one.first) if one.first.year == one.last.year else words.day_of_year(one.first)
    return upper_first(words("date.span", start=start, end=words.day_of_year(one.last)))
