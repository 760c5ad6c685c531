"""What the bot says in a chat and when: ``Prompt``, and from a series and a chat to its prompts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from bot.domain.chats import Chat, asked_at, hold_of
from bot.domain.occurrences import by_wall_clock, to_utc
from bot.domain.schedule import slots
from bot.domain.series import Question, Series, at_the_end, pace_of
from bot.domain.teachmeets import ASKED_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.teachmeets import Event

PromptKind = Literal["announcement", "welcome", "question", "reminder", "wrap-up", "digest", "follow-up"]

_ONE_MINUTE = timedelta(minutes=1)
_ONE_DAY = timedelta(days=1)
_LEAD = timedelta(minutes=5)  # from a live chat's welcome to its first question: time to say hello
_WELCOME_USEFUL = timedelta(minutes=10)
_WRAP_UP_USEFUL = timedelta(hours=12)
_DIGEST_USEFUL = timedelta(days=7)
_REMIND_FROM = timedelta(days=2)  # a slow chat's shortest pace that has room for a reminder
_UNITS = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"))


class Prompt(msgspec.Struct, frozen=True):
    """One thing the bot says in a chat.

    Attributes:
        id: ``<chat id>/<key>``, key one of ``announce-1w`` (see ``short_duration``), ``welcome``, ``q1``…,
            ``remind-1``…, ``wrap-up``, ``digest``, ``follow-up-1-<answer>``. It never changes with the time, so that
            editing YAML moves a prompt instead of doubling it.
        chat: the chat's id.
        kind: what it is.
        number: of the question that is asked, or reminded of, from 1; of the follow-up; 0 for all else.
        order: its place among the chat's prompts, from 0; on each network prompts go out in this order.
        at: when it is due, UTC.
        useful_until: after this it is missed, UTC.
        answer: node key of the answer that a follow-up asks about; empty for all else.
    """

    id: str
    chat: str
    kind: PromptKind
    number: int
    order: int
    at: datetime
    useful_until: datetime
    answer: str = ""


class _Saying(NamedTuple):
    """A prompt before it has its place in the order."""

    at: datetime
    kind: PromptKind
    key: str
    useful_until: datetime
    number: int = 0


def short_duration(duration: timedelta) -> str:
    """Write a duration in its largest unit that leaves no rest: ``1w``, ``10d``, ``36h``, ``30m``, else seconds."""
    seconds = round(duration.total_seconds())
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def prompts(series: Series, chat: Chat) -> tuple[Prompt, ...]:
    """Plan all that the bot says in one chat, in order of time; at the same moment in the order of the list below.

    ============  ========================================  ==================================================
    prompt        when                                      useful until
    ============  ========================================  ==================================================
    announcement  so long before the start; whole days by   the next announcement is due, the last one until
                  the wall clock                            the start
    welcome       the start                                 live: 10 minutes later; slow: the first prompt
                                                            after question 1 is due
    question      its own offset, else evenly (below)       the chat's end: a late question is better than none
    reminder      slow chats with a pace of 2 days or more  the next question is due, the last one until the
                  half-way through a question's time, in    chat's end
                  whole days so that it keeps the hour
    closing       the end: the questions what people will   12 hours later
    questions     try, and what the chat was worth, where
                  the series asks them
    wrap-up       the end                                   12 hours later
    digest        the end, the series' grace and hold       7 days later
    ============  ========================================  ==================================================

    Live questions begin 5 minutes after the start (in chats under half an hour after a sixth of the length) and are
    evenly spaced in whole minutes, so that the last one has at least as long as every other before the end. Slow
    questions come one pace apart at the same time of day across changes of the clocks; the first one a minute after
    the welcome. A prompt is never useful for less than a minute.

    An event has announcements of its own and, so long after its end, one question, useful for ``ASKED_FOR``.

    Args:
        series: the series as it is now.
        chat: one of its ``planned_chats``.
    """
    wall = _written_start(series, chat)
    if chat.event is not None:
        return _in_order(chat, _event_sayings(chat, chat.event, wall))
    slow = series.format == "slow"
    times = _slow_times(series, chat, wall) if slow else _live_times(chat)
    until = chat.ends_at
    later = [_Saying(at, "question", f"q{number}", until, number) for number, at in enumerate(times, start=1)]
    if slow:
        later += _reminders(series, chat, times)
    for number in range(len(times) + 1, len(chat.questions) + 1):
        later.append(_Saying(chat.ends_at, "question", f"q{number}", chat.ends_at + _WRAP_UP_USEFUL, number))
    later.append(_Saying(chat.ends_at, "wrap-up", "wrap-up", chat.ends_at + _WRAP_UP_USEFUL))
    digest_at = chat.ends_at + series.grace + hold_of(series, chat)
    later.append(_Saying(digest_at, "digest", "digest", digest_at + _DIGEST_USEFUL))
    if slow:
        greet_until = min((saying.at for saying in later if times and saying.at > times[0]), default=chat.ends_at)
    else:
        greet_until = min(chat.starts_at + _WELCOME_USEFUL, chat.ends_at)
    welcome = _Saying(chat.starts_at, "welcome", "welcome", greet_until)
    return _in_order(chat, (*_announcements(series.announce, chat, wall), welcome, *later))


def _event_sayings(chat: Chat, event: Event, wall: datetime) -> list[_Saying]:
    """An event is announced, and asked about once it is over; nothing is said while people meet."""
    said = _announcements(event.announce, chat, wall)
    if event.ask:
        at = asked_at(chat, event)
        said.append(_Saying(at, "question", "q1", at + ASKED_FOR, 1))
    return said


def _in_order(chat: Chat, sayings: Iterable[_Saying]) -> tuple[Prompt, ...]:
    # The sort is stable: at the same moment the order of the list holds.
    return tuple(
        Prompt(
            id=f"{chat.id}/{saying.key}",
            chat=chat.id,
            kind=saying.kind,
            number=saying.number,
            order=order,
            at=saying.at,
            useful_until=max(saying.useful_until, saying.at + _ONE_MINUTE),
        )
        for order, saying in enumerate(sorted(sayings, key=lambda saying: saying.at))
    )


def _written_start(series: Series, chat: Chat) -> datetime:
    """Give the chat's start as its moderator wrote it (naive): it differs from what clocks show in a gap."""
    for entry in series.chats:
        if entry.date == chat.date:
            for chat_id, at, timezone in slots(series, entry):
                if chat_id == chat.id and to_utc(chat.date, at, ZoneInfo(timezone)) == chat.starts_at:
                    return datetime.combine(chat.date, at)
    return chat.starts_at.astimezone(ZoneInfo(chat.timezone)).replace(tzinfo=None)


def _announcements(announce: Iterable[timedelta], chat: Chat, wall: datetime) -> list[_Saying]:
    due: list[tuple[datetime, timedelta]] = []
    for before in sorted({before for before in announce if before > timedelta(0)}, reverse=True):
        at = chat.starts_at - before
        if before % _ONE_DAY == timedelta(0):
            same_hour = by_wall_clock(wall - before, chat.timezone)
            # Where a zone left out a whole day, the day before is the day itself.
            at = same_hour if same_hour < chat.starts_at else at
        due.append((at, before))
    return [
        _Saying(
            at,
            "announcement",
            f"announce-{short_duration(before)}",
            min((other for other, _ in due if other > at), default=chat.starts_at),
        )
        for at, before in due
    ]


def _live_times(chat: Chat) -> list[datetime]:
    length = chat.ends_at - chat.starts_at
    lead = min(_LEAD, _rounded_down(length / 6))
    questions = _during(chat)
    spacing = _rounded_down((length - lead) / max(len(questions), 1))
    return [
        chat.starts_at + (lead + spacing * index if question.offset is None else question.offset)
        for index, question in enumerate(questions)
    ]


def _during(chat: Chat) -> tuple[Question, ...]:
    """What is asked from a chat's start to its end; what is asked at the end stands behind it."""
    return tuple(question for question in chat.questions if not at_the_end(question))


def _rounded_down(duration: timedelta) -> timedelta:
    """Cut to whole minutes, and what is shorter than one to whole seconds."""
    unit = _ONE_MINUTE if duration >= _ONE_MINUTE else timedelta(seconds=1)
    return duration // unit * unit


def _slow_times(series: Series, chat: Chat, wall: datetime) -> list[datetime]:
    pace = pace_of(series)
    times: list[datetime] = []
    evenly = chat.starts_at + _ONE_MINUTE
    for index, question in enumerate(_during(chat)):
        if question.offset is None:
            # Times of a pace shorter than a gap would change places in it; they wait for each other instead.
            evenly = max(evenly, by_wall_clock(wall + pace * index, chat.timezone))
            times.append(evenly)
        else:
            times.append(by_wall_clock(wall + question.offset, chat.timezone))
    return times


def _reminders(series: Series, chat: Chat, times: list[datetime]) -> list[_Saying]:
    if pace_of(series) < _REMIND_FROM:
        return []
    zone = ZoneInfo(chat.timezone)
    found: list[_Saying] = []
    for number, at in enumerate(times, start=1):
        closes = min((other for other in times if other > at), default=chat.ends_at)
        local = at.astimezone(zone).replace(tzinfo=None)
        days = round((closes.astimezone(zone).replace(tzinfo=None) - local) / _ONE_DAY) // 2
        remind_at = by_wall_clock(local + days * _ONE_DAY, chat.timezone)
        if at < remind_at < closes:
            found.append(_Saying(remind_at, "reminder", f"remind-{number}", closes, number))
    return found
