"""The schedule of a series: the chats that its dated entries and events make, and what is wrong with an entry's date.

Wall-clock time belongs to a series' IANA zone; everything handed out is aware UTC. Which dates a rhythm gives, and
which instant a wall clock means, ``occurrences.py`` says.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.chats import Chat
from bot.domain.occurrences import Misfit, by_wall_clock, misfit, occurrences, to_utc
from bot.domain.series import ChatEntry, Question, Series, pace_of
from bot.domain.teachmeets import Event, event_id

if TYPE_CHECKING:
    from collections.abc import Iterator

EntryProblemKind = Misfit | Literal["twice"]


class EntryProblem(NamedTuple):
    """A dated entry that does not fit its series.

    Attributes:
        entry: its place in ``Series.chats``, from 0.
        kind: ``skipped``: in a holiday; ``outside-terms``: in no term; ``off-rhythm``: not a day of the rhythm;
            ``twice``: an earlier entry has the same date.
        detail: what ``misfit`` says is nearest; for ``twice`` the earlier entry's place.
    """

    entry: int
    kind: EntryProblemKind
    detail: str


def planned_chats(series: Series) -> tuple[Chat, ...]:
    """Make a chat of every dated entry, and one more of it for each repeat, in order of start.

    A live chat ends its length after its start, whatever the clocks do meanwhile. A slow chat lasts its pace for
    each question (longer if a question's explicit offset leaves it less than that) and follows the wall clock, so
    that it ends at the time of day at which it began; without a pace, one day is meant. Events stand among them.
    """
    chats = [
        _chat(series, entry, chat_id, at, timezone)
        for entry in series.chats
        for chat_id, at, timezone in slots(series, entry)
    ]
    chats += [_event_chat(series, event) for event in series.events]
    return tuple(sorted(chats, key=lambda chat: (chat.starts_at, chat.id)))


def without_entry(series: Series, first: date, last: date) -> tuple[date, ...]:
    """List the rhythm's dates from ``first`` to ``last`` (both included) that have no entry: they post nothing."""
    written = {entry.date for entry in series.chats}
    days = occurrences(series.rhythm, first, last, series.terms, series.skip)
    return tuple(day for day in days if day not in written)


def entry_problems(series: Series) -> tuple[EntryProblem, ...]:
    """Find the dated entries that do not fit their series' terms, holidays and rhythm, or come twice.

    An entry has at most one problem with its own day (the first of ``skipped``, ``outside-terms``, ``off-rhythm``),
    and may be ``twice`` beside it. The words and the place are the configuration's business.
    """
    seen: dict[date, int] = {}
    problems: list[EntryProblem] = []
    for index, entry in enumerate(series.chats):
        wrong = misfit(series.rhythm, entry.date, series.terms, series.skip)
        if wrong is not None:
            problems.append(EntryProblem(index, *wrong))
        earlier = seen.setdefault(entry.date, index)
        if earlier != index:
            problems.append(EntryProblem(index, "twice", str(earlier)))
    return tuple(problems)


def slots(series: Series, entry: ChatEntry) -> Iterator[tuple[str, time, str]]:
    """Give id, wall-clock time and zone of an entry's chat and of each repeat.

    A repeat is named after its zone. A second one in a zone of the same name gets a number, not its time: ids stay
    when times move.
    """
    main = f"{series.slug}/{entry.date.isoformat()}"
    yield main, series.at if entry.at is None else entry.at, series.timezone
    named: Counter[str] = Counter()
    for repeat in series.repeats:
        name = repeat.timezone.rsplit("/", 1)[-1].lower().replace("_", "-").replace("+", "-plus-")
        named[name] += 1
        yield f"{main}-{name}" + (f"-{named[name]}" if named[name] > 1 else ""), repeat.at, repeat.timezone


def _chat(series: Series, entry: ChatEntry, chat_id: str, at: time, timezone: str) -> Chat:
    starts_at = to_utc(entry.date, at, ZoneInfo(timezone))
    if series.format == "live":
        ends_at = starts_at + (series.length if entry.length is None else entry.length)
    else:
        length = _slow_length(series, entry)
        ends_at = by_wall_clock(datetime.combine(entry.date, at) + length, timezone)
        if ends_at <= starts_at:  # the whole chat fell into a day that its zone left out
            ends_at = starts_at + length
    return Chat(
        id=chat_id,
        series=series.slug,
        date=entry.date,
        timezone=timezone,
        starts_at=starts_at,
        ends_at=ends_at,
        topic=entry.topic,
        questions=(*entry.questions, *filter(None, (series.ask_to_try, series.pulse))),
        hosts=entry.hosts or series.hosts,
        resources=entry.resources,
        about=entry.about,
        hold=entry.hold,
        approve=entry.approve,
    )


def _event_chat(series: Series, event: Event) -> Chat:
    zone = ZoneInfo(series.timezone)
    return Chat(
        id=event_id(series.slug, event.slug),
        series=series.slug,
        date=event.date,
        timezone=series.timezone,
        starts_at=to_utc(event.date, event.at, zone),
        ends_at=to_utc(event.date, event.until, zone),
        topic=event.title,
        questions=(Question(event.ask),) if event.ask else (),
        hosts=event.hosts or series.hosts,
        about=event.about,
        event=event,
    )


def _slow_length(series: Series, entry: ChatEntry) -> timedelta:
    if entry.length is not None:
        return entry.length
    pace = pace_of(series)
    offsets = [question.offset + pace for question in entry.questions if question.offset is not None]
    return max(pace * max(len(entry.questions), 1), *offsets, timedelta(0))
