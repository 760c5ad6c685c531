"""What a series is and when it speaks: ``Series``, ``Chat``, ``Prompt``, and the rules from one to the next.

Wall-clock time belongs to a series' IANA zone; everything handed out is aware UTC. Which dates a rhythm gives, and
which instant a wall clock means, ``occurrences.py`` says.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from bot.domain.occurrences import Misfit, Monthly, OnlyDates, Rhythm, Span, Weekly, misfit, occurrences, to_utc

if TYPE_CHECKING:
    from collections.abc import Iterator

# Named for importers: the rhythm's words are at home in occurrences.py, and a series is made of them.
__all__ = [
    "Basis",
    "Chat",
    "ChatEntry",
    "EntryProblem",
    "EntryProblemKind",
    "Image",
    "Monthly",
    "OnlyDates",
    "Prompt",
    "PromptKind",
    "Question",
    "Repeat",
    "Rhythm",
    "Series",
    "Span",
    "Weekly",
    "entry_problems",
    "planned_chats",
    "prompts",
    "short_duration",
    "without_entry",
]

Basis = Literal["replies", "joined", "everyone"]
PromptKind = Literal["announcement", "welcome", "question", "reminder", "wrap-up", "digest"]
EntryProblemKind = Misfit | Literal["twice"]

_ONE_MINUTE = timedelta(minutes=1)
_ONE_DAY = timedelta(days=1)
_LEAD = timedelta(minutes=5)  # from a live chat's welcome to its first question: time to say hello
_WELCOME_USEFUL = timedelta(minutes=10)
_WRAP_UP_USEFUL = timedelta(hours=12)
_DIGEST_USEFUL = timedelta(days=7)
_REMIND_FROM = timedelta(days=2)  # a slow chat's shortest pace that has room for a reminder
_UNITS = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"))


class Image(msgspec.Struct, frozen=True):
    """A picture a moderator shows with a question: path relative to the bot's folder, its description, whose it is."""

    path: str
    alt: str
    credit: str = ""


class Question(msgspec.Struct, frozen=True):
    """One question. ``offset`` is counted from the chat's start; ``None`` means the series' own spacing."""

    ask: str
    poll: tuple[str, ...] = ()
    image: Image | None = None
    offset: timedelta | None = None


class Repeat(msgspec.Struct, frozen=True):
    """The same questions again for another time zone: same calendar date there, at that wall-clock time."""

    at: time
    timezone: str


class ChatEntry(msgspec.Struct, frozen=True):
    """What a moderator wrote for one date. ``hosts`` empty and ``at``, ``length`` ``None`` mean: as the series says."""

    date: date
    topic: str
    questions: tuple[Question, ...]
    hosts: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    at: time | None = None
    length: timedelta | None = None
    about: str = ""


class Series(msgspec.Struct, frozen=True):
    """A recurring chat, as its YAML file says, checked.

    Attributes:
        slug: the file's name without its ending; names the series in ids and URLs.
        hashtag: without ``#``.
        at: wall-clock time in ``timezone`` (an IANA name).
        format: ``live`` (one evening) or ``slow`` (over days).
        length: a live chat's length; a slow chat's is its pace times its questions.
        pace: a slow chat's time from one question to the next; ``None`` for live ones.
        terms: the stretches in which the rhythm counts; empty means always.
        skip: holidays.
        hosts: handles, Bluesky's or ``@name@server``.
        announce: how long before the start each announcement goes out, longest first.
        archive: on what ground answers are kept; see ``consent``.
        keep: how long answers are kept after their chat; ``None`` means for as long as the archive stands.
        repeats: the same questions again elsewhere.
        also_show: more IANA zones in which announcements and pages name the time.
        threadgate: on Bluesky only followers and mentioned people may reply to our questions.
        accounts: keys under ``networks:`` of the accounts that speak for this series.
        languages: BCP 47 tags, the first is the language of the bot's own words.
        grace: from the chat's end to its digest.
        late: how long after the end answers still enter the archive.
        index: search engines may list the chat pages.
        chats: the dated entries, in order.
    """

    slug: str
    title: str
    hashtag: str
    timezone: str
    rhythm: Rhythm
    at: time
    accounts: tuple[str, ...]
    about: str = ""
    format: Literal["live", "slow"] = "live"
    length: timedelta = timedelta(minutes=60)
    pace: timedelta | None = None
    terms: tuple[Span, ...] = ()
    skip: tuple[Span, ...] = ()
    hosts: tuple[str, ...] = ()
    announce: tuple[timedelta, ...] = (timedelta(days=1), timedelta(minutes=30))
    archive: Basis = "replies"
    keep: timedelta | None = None
    repeats: tuple[Repeat, ...] = ()
    also_show: tuple[str, ...] = ()
    threadgate: bool = False
    languages: tuple[str, ...] = ("en",)
    grace: timedelta = timedelta(hours=2)
    late: timedelta = timedelta(days=14)
    index: bool = False
    chats: tuple[ChatEntry, ...] = ()


class Chat(msgspec.Struct, frozen=True):
    """One dated meeting of a series; a repeat is a chat of its own.

    Attributes:
        id: ``edchat/2027-01-07``, or ``edchat/2027-01-07-new-york`` for a repeat (the zone's last part, as a slug).
        series: the series' slug.
        date: the calendar date in ``timezone``.
        timezone: the zone whose wall clock it follows.
        starts_at, ends_at: UTC.
        topic, about, hosts, questions, resources: from the entry, the series' hosts where it names none.
    """

    id: str
    series: str
    date: date
    timezone: str
    starts_at: datetime
    ends_at: datetime
    topic: str
    questions: tuple[Question, ...]
    hosts: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    about: str = ""


class Prompt(msgspec.Struct, frozen=True):
    """One thing the bot says in a chat.

    Attributes:
        id: ``<chat id>/<key>``, key one of ``announce-1w`` (see ``short_duration``), ``welcome``, ``q1``…,
            ``remind-1``…, ``wrap-up``, ``digest``. It never changes with the time, so that editing YAML moves a
            prompt instead of doubling it.
        chat: the chat's id.
        kind: what it is.
        number: of the question that is asked, or reminded of, from 1; 0 for all else.
        order: its place among the chat's prompts, from 0; on each network prompts go out in this order.
        at: when it is due, UTC.
        useful_until: after this it is missed, UTC.
    """

    id: str
    chat: str
    kind: PromptKind
    number: int
    order: int
    at: datetime
    useful_until: datetime


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


def planned_chats(series: Series) -> tuple[Chat, ...]:
    """Make a chat of every dated entry, and one more of it for each repeat, in order of start.

    A live chat ends its length after its start, whatever the clocks do meanwhile. A slow chat lasts its pace for
    each question (longer if a question's explicit offset leaves it less than that) and follows the wall clock, so
    that it ends at the time of day at which it began; without a pace, one day is meant.
    """
    chats = [
        _chat(series, entry, chat_id, at, timezone)
        for entry in series.chats
        for chat_id, at, timezone in _slots(series, entry)
    ]
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
    wrap-up       the end                                   12 hours later
    digest        the end and the series' grace             7 days later
    ============  ========================================  ==================================================

    Live questions begin 5 minutes after the start (in chats under half an hour after a sixth of the length) and are
    evenly spaced in whole minutes, so that the last one has at least as long as every other before the end. Slow
    questions come one pace apart at the same time of day across changes of the clocks; the first one a minute after
    the welcome. A prompt is never useful for less than a minute.

    Args:
        series: the series as it is now.
        chat: one of its ``planned_chats``.
    """
    wall = _written_start(series, chat)
    slow = series.format == "slow"
    times = _slow_times(series, chat, wall) if slow else _live_times(chat)
    until = chat.ends_at
    later = [_Saying(at, "question", f"q{number}", until, number) for number, at in enumerate(times, start=1)]
    if slow:
        later += _reminders(series, chat, times)
    later.append(_Saying(chat.ends_at, "wrap-up", "wrap-up", chat.ends_at + _WRAP_UP_USEFUL))
    digest_at = chat.ends_at + series.grace
    later.append(_Saying(digest_at, "digest", "digest", digest_at + _DIGEST_USEFUL))
    if slow:
        greet_until = min((saying.at for saying in later if times and saying.at > times[0]), default=chat.ends_at)
    else:
        greet_until = min(chat.starts_at + _WELCOME_USEFUL, chat.ends_at)
    welcome = _Saying(chat.starts_at, "welcome", "welcome", greet_until)
    # The sort is stable: at the same moment the order of the list holds.
    sayings = sorted((*_announcements(series, chat, wall), welcome, *later), key=lambda saying: saying.at)
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
        for order, saying in enumerate(sayings)
    )


def _slots(series: Series, entry: ChatEntry) -> Iterator[tuple[str, time, str]]:
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
        ends_at = _by_wall_clock(datetime.combine(entry.date, at) + length, timezone)
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
        questions=entry.questions,
        hosts=entry.hosts or series.hosts,
        resources=entry.resources,
        about=entry.about,
    )


def _pace(series: Series) -> timedelta:
    return _ONE_DAY if series.pace is None else series.pace


def _slow_length(series: Series, entry: ChatEntry) -> timedelta:
    if entry.length is not None:
        return entry.length
    pace = _pace(series)
    offsets = [question.offset + pace for question in entry.questions if question.offset is not None]
    return max(pace * max(len(entry.questions), 1), *offsets, timedelta(0))


def _by_wall_clock(wall: datetime, timezone: str) -> datetime:
    """Give the instant at which the clocks of ``timezone`` show ``wall`` (a naive time)."""
    return to_utc(wall.date(), wall.time(), ZoneInfo(timezone))


def _written_start(series: Series, chat: Chat) -> datetime:
    """Give the chat's start as its moderator wrote it (naive): it differs from what clocks show in a gap."""
    for entry in series.chats:
        if entry.date == chat.date:
            for chat_id, at, timezone in _slots(series, entry):
                if chat_id == chat.id and to_utc(chat.date, at, ZoneInfo(timezone)) == chat.starts_at:
                    return datetime.combine(chat.date, at)
    return chat.starts_at.astimezone(ZoneInfo(chat.timezone)).replace(tzinfo=None, fold=0)


def _announcements(series: Series, chat: Chat, wall: datetime) -> list[_Saying]:
    due: list[tuple[datetime, timedelta]] = []
    for before in sorted({before for before in series.announce if before > timedelta(0)}, reverse=True):
        at = chat.starts_at - before
        if before % _ONE_DAY == timedelta(0):
            same_hour = _by_wall_clock(wall - before, chat.timezone)
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
    spacing = _rounded_down((length - lead) / max(len(chat.questions), 1))
    return [
        chat.starts_at + (lead + spacing * index if question.offset is None else question.offset)
        for index, question in enumerate(chat.questions)
    ]


def _rounded_down(duration: timedelta) -> timedelta:
    """Cut to whole minutes, and what is shorter than one to whole seconds."""
    unit = _ONE_MINUTE if duration >= _ONE_MINUTE else timedelta(seconds=1)
    return duration // unit * unit


def _slow_times(series: Series, chat: Chat, wall: datetime) -> list[datetime]:
    pace = _pace(series)
    times: list[datetime] = []
    evenly = chat.starts_at + _ONE_MINUTE
    for index, question in enumerate(chat.questions):
        if question.offset is None:
            # Times of a pace shorter than a gap would change places in it; they wait for each other instead.
            evenly = max(evenly, _by_wall_clock(wall + pace * index, chat.timezone))
            times.append(evenly)
        else:
            times.append(_by_wall_clock(wall + question.offset, chat.timezone))
    return times


def _reminders(series: Series, chat: Chat, times: list[datetime]) -> list[_Saying]:
    if _pace(series) < _REMIND_FROM:
        return []
    zone = ZoneInfo(chat.timezone)
    found: list[_Saying] = []
    for number, at in enumerate(times, start=1):
        closes = min((other for other in times if other > at), default=chat.ends_at)
        local = at.astimezone(zone).replace(tzinfo=None, fold=0)
        days = round((closes.astimezone(zone).replace(tzinfo=None) - local) / _ONE_DAY) // 2
        remind_at = _by_wall_clock(local + days * _ONE_DAY, chat.timezone)
        if at < remind_at < closes:
            found.append(_Saying(remind_at, "reminder", f"remind-{number}", closes, number))
    return found
