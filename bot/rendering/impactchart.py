"""Two figures of each term as bars that lie, in SVG, with the same in words and as a table.

As in ``chart``: widths are shares of the page, heights follow its letters; one bar is filled, the other outlined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.suppression import Cell

MOST = 6
"""How many terms it shows: about two years of them."""
_WIDEST = 84.0  # percent; the rest is for the number
_ROW = 4.4  # a term's name and two bars, in em
_NAME, _FIRST, _SECOND = 1.1, 1.6, 2.8
_BAR = 1.0


class Bar(msgspec.Struct, frozen=True):
    """A figure: its bar (``width`` in percent, 0 for none; ``y`` in em), its words, and their line (em)."""

    y: float
    width: float
    told: str
    base: float


class Row(msgspec.Struct, frozen=True):
    """A term: its name, where that stands (em), and its two bars."""

    name: str
    y: float
    one: Bar
    other: Bar


class Bars(msgspec.Struct, frozen=True):
    """A chart: its title, what the two bars are, what it shows in words, its terms (oldest first), its height in em."""

    title: str
    one: str
    other: str
    said: str
    rows: tuple[Row, ...]
    height: float


def bars(
    title: str,
    names: tuple[str, str],
    terms: Sequence[tuple[str, Cell, Cell]],
    told: Callable[[Cell], str],
) -> Bars | None:
    """Draw two figures of the latest terms; ``None`` where none of them is told.

    Args:
        title: the chart's.
        names: what the two figures are.
        terms: each with its name and the two figures, oldest first.
        told: a figure in words; one that is not told has words, and no bar.
    """
    shown = terms[-MOST:]
    most = max((cell.value or 0 for _, *cells in shown for cell in cells), default=0)
    if not most:
        return None
    rows = tuple(
        Row(
            name=name,
            y=round(_ROW * place + _NAME, 2),
            one=_bar(one, _ROW * place + _FIRST, most, told),
            other=_bar(other, _ROW * place + _SECOND, most, told),
        )
        for place, (name, one, other) in enumerate(shown)
    )
    values = [f"{row.name}: {names[0]} {row.one.told}, {names[1]} {row.other.told}" for row in rows]
    return Bars(title, *names, f"{title}. {'; '.join(values)}.", rows, round(_ROW * len(rows), 2))


def _bar(cell: Cell, y: float, most: int, told: Callable[[Cell], str]) -> Bar:
    width = _WIDEST * (cell.value or 0) / most
    return Bar(round(y, 2), round(width, 2), told(cell), round(y + _BAR * 0.82, 2))
