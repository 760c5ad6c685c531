"""When a rhythm falls: calendar dates over terms and holidays, and the instant a wall clock means on such a date.

Dates first, instants last: a rhythm gives calendar dates, which know no zone, and ``to_utc`` alone turns a date and
a wall-clock time into UTC. A repeated hour counts once (the first), in a gap time moves on by the gap's length.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COUNT_FROM = date(1970, 1, 5).toordinal()  # a Monday: where weeks are counted from when there are no terms
_LAST_DAY = date.max.toordinal()
_MONTHS = 12


class Span(msgspec.Struct, frozen=True):
    """Whole days, first and last included."""

    first: date
    last: date


class Weekly(msgspec.Struct, frozen=True, tag="weekly"):
    """Every ``interval`` weeks on a weekday (Monday is 0), counted from the first such day of each term."""

    weekday: int
    interval: int = 1


class Monthly(msgspec.Struct, frozen=True, tag="monthly"):
    """The ``nth`` such weekday of each month: 1 to 4, or -1 for the last."""

    weekday: int
    nth: int


class OnlyDates(msgspec.Struct, frozen=True, tag="dates"):
    """No rhythm: only the dates that stand under ``chats``."""


Rhythm = Weekly | Monthly | OnlyDates
Misfit = Literal["skipped", "outside-terms", "off-rhythm"]


def to_utc(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Give the instant, aware UTC, at which the clocks of ``zone`` show ``at`` on ``day``.

    An hour that comes twice means its first time. A time in a gap moves on by the gap's length: 02:30 becomes 03:30,
    and 20:00 on the day that Apia left out becomes 20:00 on the next. Both are what ``fold=0`` means
    (https://peps.python.org/pep-0495/).
    """
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)


def by_wall_clock(wall: datetime, timezone: str) -> datetime:
    """Give the instant at which the clocks of ``timezone`` show ``wall`` (a naive time)."""
    return to_utc(wall.date(), wall.time(), ZoneInfo(timezone))


def date_on_or_after(rhythm: Rhythm, day: date, terms: Sequence[Span] = (), skip: Sequence[Span] = ()) -> date | None:
    """Give the rhythm's first date that is not before ``day``; ``None`` when no more come. See ``occurrences``."""
    found = _seek(rhythm, day.toordinal(), terms, skip)
    return None if found is None else date.fromordinal(found)


def occurrences(
    rhythm: Rhythm, first: date, last: date, terms: Sequence[Span] = (), skip: Sequence[Span] = ()
) -> Iterator[date]:
    """Walk through the rhythm's calendar dates from ``first`` to ``last``, both included, in order.

    Args:
        rhythm: ``OnlyDates`` has no occurrences of its own.
        first: the first day looked at; it never changes which weeks count.
        last: the last day looked at.
        terms: only days within one of them count; empty means every day does. "Every 2 weeks" is counted from the
            first such weekday of each term, and without terms from the week of 5 January 1970. Where terms
            overlap, the one that begins first has the day.
        skip: days that are left out. They never shift the count: after a holiday the same weeks are on as before.
    """
    found = _seek(rhythm, first.toordinal(), terms, skip)
    while found is not None and found <= last.toordinal():
        yield date.fromordinal(found)
        found = _seek(rhythm, found + 1, terms, skip)


def next_occurrence(
    rhythm: Rhythm, at: time, timezone: str, after: datetime, *, terms: Sequence[Span] = (), skip: Sequence[Span] = ()
) -> datetime | None:
    """Give the rhythm's first instant later than ``after``, aware UTC; ``None`` when no more come.

    Args:
        rhythm: see ``occurrences``, also for ``terms`` and ``skip``.
        at: wall-clock time in ``timezone``.
        timezone: an IANA name.
        after: an aware instant. A chat that starts exactly then is not given.
        terms: the stretches in which the rhythm counts; empty means always.
        skip: days that are left out.

    Raises:
        ValueError: ``after`` names no zone, so that it could only be read by the machine's own.
    """
    if after.tzinfo is None:
        raise ValueError("next_occurrence needs an aware time: give it one in UTC")
    zone = ZoneInfo(timezone)
    # One day back: a gap over midnight carries yesterday's time into today.
    found = _seek(rhythm, after.astimezone(zone).toordinal() - 1, terms, skip)
    while found is not None:
        starts_at = to_utc(date.fromordinal(found), at, zone)
        if starts_at > after:
            return starts_at
        found = _seek(rhythm, found + 1, terms, skip)
    return None


def misfit(
    rhythm: Rhythm, day: date, terms: Sequence[Span] = (), skip: Sequence[Span] = ()
) -> tuple[Misfit, str] | None:
    """Say why ``day`` is none of the rhythm's dates, and what is nearest; ``None`` when it is one.

    Returns:
        ``skipped`` and the holiday, or ``outside-terms`` and the nearest term, as ``2027-02-15 to 2027-02-19``; or
        ``off-rhythm`` and the rhythm's nearest date as ``2027-01-07`` (empty if there is none). With ``OnlyDates``
        every day outside a holiday and inside a term will do.
    """
    for span in skip:
        if span.first <= day <= span.last:
            return "skipped", _span_words(span)
    if terms and not any(term.first <= day <= term.last for term in terms):
        return "outside-terms", _span_words(min(terms, key=lambda term: max(term.first - day, day - term.last)))
    following = day if isinstance(rhythm, OnlyDates) else date_on_or_after(rhythm, day, terms, skip)
    if following == day:
        return None
    weeks = rhythm.interval if isinstance(rhythm, Weekly) else 5
    near = list(occurrences(rhythm, day - timedelta(weeks=weeks), day, terms, skip))[-1:]
    if following is not None:
        near.append(following)
    return "off-rhythm", min(near, key=lambda other: abs(other - day)).isoformat() if near else ""


def _span_words(span: Span) -> str:
    return f"{span.first.isoformat()} to {span.last.isoformat()}"


def _seek(rhythm: Rhythm, day: int, terms: Sequence[Span], skip: Sequence[Span]) -> int | None:
    """Do the work of ``date_on_or_after`` in ordinals, which are fast and have no end at 9999-12-31."""
    if not terms:
        return _seek_within(rhythm, day, _LAST_DAY, _COUNT_FROM, skip)
    for term in sorted(terms, key=lambda term: term.first):
        first, last = term.first.toordinal(), term.last.toordinal()
        if last < day:
            continue
        found = _seek_within(rhythm, max(day, first), last, first, skip)
        if found is not None:
            return found
        day = last + 1
    return None


def _seek_within(rhythm: Rhythm, day: int, last: int, count_from: int, skip: Sequence[Span]) -> int | None:
    """Find the first date from ``day`` to ``last`` that no span of ``skip`` holds (ordinals)."""
    while (found := _candidate(rhythm, day, count_from)) is not None and found <= last:
        past = max((span.last.toordinal() for span in skip if _holds(span, found)), default=None)
        if past is None:
            return found
        day = past + 1
    return None


def _holds(span: Span, day: int) -> bool:
    return span.first.toordinal() <= day <= span.last.toordinal()


def _candidate(rhythm: Rhythm, day: int, count_from: int) -> int | None:
    """Find the rhythm's first date from ``day`` on, holidays or not (ordinals; ordinal 1 is a Monday)."""
    if isinstance(rhythm, Weekly):
        origin = count_from + (rhythm.weekday + 1 - count_from) % 7
        return day + (origin - day) % (7 * rhythm.interval)
    if isinstance(rhythm, Monthly):
        return _monthly(rhythm, day)
    return None


def _monthly(rhythm: Monthly, day: int) -> int | None:
    if day > _LAST_DAY:
        return None
    start = date.fromordinal(day)
    year, month = start.year, start.month
    while year <= date.max.year:
        following = (year + month // _MONTHS, month % _MONTHS + 1)
        first = date(year, month, 1).toordinal()
        if rhythm.nth > 0:
            found = first + (rhythm.weekday + 1 - first) % 7 + 7 * (rhythm.nth - 1)
        else:
            end = date(*following, 1).toordinal() - 1 if following[0] <= date.max.year else _LAST_DAY
            found = end - (end - rhythm.weekday - 1) % 7
        if found >= day:
            return found
        year, month = following
    return None
