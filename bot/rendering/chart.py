"""How much was said in a series' latest chats, as a chart that stands in the page itself (SVG) and as a table.

Widths are shares of the page's width and heights follow the size of its letters, so that nothing needs to be scaled:
its words stay as large as the reader set them. Answers are filled bars, people outlined ones: colour alone tells
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.records import ChatFigures, StoredChat
    from bot.rendering.words import Words

MOST = 12
"""How many chats it shows: about a term of them."""
FEWEST = 2
_COLUMNS = 4  # fewer chats than this do not grow wider
_TOP = 1.4  # room for a number above the highest bar, in em
_BARS = 9.0  # the highest bar, in em
_LINE = 0.15  # half of an outline has to fit beside its bar, in percent


class Bar(msgspec.Struct, frozen=True):
    """A rectangle: ``x`` and ``width`` in percent of the chart's width, ``y`` and ``height`` in em."""

    x: float
    y: float
    width: float
    height: float


class Column(msgspec.Struct, frozen=True):
    """One chat: its day, its numbers, its bars, and the middle of the first bar (percent), where the number stands."""

    day: str
    path: str
    topic: str
    answers: int
    people: int
    answered: Bar
    took_part: Bar
    middle: float


class Chart(msgspec.Struct, frozen=True):
    """The chart.

    Attributes:
        columns: oldest first.
        said: what it shows, in words.
        first, last: what stands below its first and its last column.
        end: where the last column ends, in percent.
        ground, height: where the bars stand, and how high it is in all; in em.
    """

    columns: tuple[Column, ...]
    said: str
    first: str
    last: str
    end: float
    ground: float = _TOP + _BARS
    height: float = _TOP + _BARS + 1.8


def chart(
    words: Words, chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures], paths: Mapping[str, str]
) -> Chart | None:
    """Draw the latest chats in which somebody answered; ``None`` where there are too few to compare.

    Args:
        words: the page's language.
        chats: past ones, latest first.
        figures: counts by chat id.
        paths: where each chat's page stands, by its id.
    """
    counted = [(one, figures[one.chat.id]) for one in chats if one.chat.id in figures]
    shown = [(one, counts) for one, counts in counted if counts.answers][:MOST][::-1]
    if len(shown) < FEWEST:
        return None
    most = max(max(counts.answers, counts.people) for _, counts in shown)
    step = 100 / max(len(shown), _COLUMNS)
    columns = tuple(
        Column(
            day=words.day_of_year(one.chat.date),
            path=paths[one.chat.id],
            topic=one.chat.topic,
            answers=counts.answers,
            people=counts.people,
            answered=_bar(step * (index + 0.1), step * 0.42, counts.answers / most),
            took_part=_bar(step * (index + 0.58) + _LINE, step * 0.3 - 2 * _LINE, counts.people / most),
            middle=round(step * (index + 0.31), 2),
        )
        for index, (one, counts) in enumerate(shown)
    )
    busiest = max(columns, key=lambda one: one.answers)
    first, last = columns[0].day, columns[-1].day
    said = words(
        "series.activity_alt", count=len(columns), first=first, last=last, busiest=busiest.day, most=busiest.answers
    )
    short = [words.short_date(one.chat.date) for one, _ in (shown[0], shown[-1])]
    return Chart(columns, said, short[0], short[1], end=round(step * len(columns), 2))


def _bar(x: float, width: float, share: float) -> Bar:
    height = round(_BARS * share, 2)
    return Bar(round(x, 2), round(_TOP + _BARS - height, 2), round(width, 2), height)
