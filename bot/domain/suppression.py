"""Which figures about people may be told, so that no small group can be worked out, whatever else was told.

Who reads a report sees every report there is, and computes. So a figure that is not told must have two possible values
or more for whoever knows all that are told, and these rules. Rules and reasons in words: ``docs/impact.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST = 5
"""Figures about fewer people than this are not told."""

Why = Literal["", "few", "first", "between", "one-network", "asking"]
"""Why a figure is not told.

``few``: too few people, or what is not told beside it could be computed. The two are never told apart.
``first``: the series' first chats; nobody can have been there before. ``between``: the chats lie between those of a
term, so nothing is before or after them. ``one-network``: questions went out on one network only.
``asking``: people may still be asked, or still tell.
"""


class Cell(msgspec.Struct, frozen=True):
    """A figure, or why it is not told."""

    value: int | None
    why: Why = ""


FEW = Cell(None, "few")


def about(value: int, people: int) -> Cell:
    """A figure that was counted from what this many people did."""
    return Cell(value) if people >= FEWEST else FEW


def parts(values: Sequence[int], people: Sequence[int], whole: Cell) -> tuple[Cell, ...]:
    """Figures that add up to another one: all of them or none, since the last could be computed from the others.

    Args:
        values: the parts.
        people: from how many people each of them comes.
        whole: what they add up to; where that is not told, neither are they.
    """
    if whole.value is None or min(people) < FEWEST:
        return tuple(FEW for _ in values)
    return tuple(Cell(value) for value in values)


class Known:
    """How many people, at least, took part in a series so far: what anybody can work out from what was told.

    Nobody comes back who was never there: a large number of returners would say how many took part in earlier terms,
    also in one of which that is not told. So it is told only where the figures of earlier terms allow for as many.
    Terms are given in order of time; what is decided about one depends on none after it.
    """

    def __init__(self) -> None:
        self._least = 0

    def split(self, people: Cell, returners: int, first_timers: int) -> tuple[Cell, Cell]:
        """Returners and first-timers of the next term, as they may be told."""
        if people.value is None:
            return FEW, FEW
        told = parts((returners, first_timers), (returners, first_timers), people)
        if returners > self._least:
            told = (FEW, FEW)
        if told[1].value is None:
            self._least = max(self._least, people.value)
        else:
            self._least += first_timers
        return told[0], told[1]

    def first(self, people: Cell) -> None:
        """The first term: everybody is new."""
        self._least = people.value or 0
