"""What a series is and when it meets: ``Series``, ``Chat``, ``Prompt``, and the chats that a series plans.

Wall-clock time belongs to a series' IANA zone; everything handed out is aware UTC. Which dates a rhythm gives, and
which instant a wall clock means, ``occurrences.py`` says.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from bot.domain.evidence import Evidence
from bot.domain.occurrences import (
    Misfit,
    Monthly,
    OnlyDates,
    Rhythm,
    Span,
    Weekly,
    by_wall_clock,
    misfit,
    occurrences,
    to_utc,
)
from bot.domain.stories import Story
from bot.domain.teachmeets import Event, event_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    "Tone",
    "Weekly",
    "asked_at",
    "at_the_end",
    "entry_problems",
    "next_after",
    "pace_of",
    "planned_chats",
    "pulse_of",
    "runs_live",
    "settled_at",
    "slots",
    "without_entry",
]

Basis = Literal["replies", "joined", "everyone"]

Tone = Literal["plain", "warm", "brief"]
"""How the bot speaks in a series' chats: to the point, more welcoming, or as short as it can be."""

PromptKind = Literal["announcement", "welcome", "question", "reminder", "wrap-up", "digest", "follow-up"]
EntryProblemKind = Misfit | Literal["twice"]

_ONE_DAY = timedelta(days=1)


class Image(msgspec.Struct, frozen=True):
    """A picture a moderator shows with a question: path relative to the bot's folder, its description, whose it is."""

    path: str
    alt: str
    credit: str = ""


class Question(msgspec.Struct, frozen=True):
    """One question. ``offset`` is counted from the chat's start; ``None`` means the series' own spacing.

    ``try_it``: it is asked at the chat's end what people will try. ``pulse``: it is asked there, after all others, what
    the chat was worth.
    """

    ask: str
    poll: tuple[str, ...] = ()
    image: Image | None = None
    offset: timedelta | None = None
    try_it: bool = False
    pulse: bool = False


class Repeat(msgspec.Struct, frozen=True):
    """The same questions again for another time zone: same calendar date there, at that wall-clock time."""

    at: time
    timezone: str


class ChatEntry(msgspec.Struct, frozen=True):
    """What a moderator wrote for one date. ``hosts`` empty, and all else that is ``None``, mean: as the series says."""

    date: date
    topic: str
    questions: tuple[Question, ...]
    hosts: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    at: time | None = None
    length: timedelta | None = None
    about: str = ""
    hold: timedelta | None = None
    approve: bool | None = None


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
        tone: how the bot speaks in prompts and digests.
        keep: how long answers are kept after their chat; ``None`` means for as long as the archive stands.
        repeats: the same questions again elsewhere.
        also_show: more IANA zones in which announcements and pages name the time.
        threadgate: on Bluesky only followers and mentioned people may reply to our questions.
        accounts: keys under ``networks:`` of the accounts that speak for this series.
        languages: BCP 47 tags, the first is the language of the bot's own words.
        grace: from the chat's end until its digest is chosen.
        hold: how long a digest that was chosen is held, so that hosts can look at it.
        approve: a digest quotes nobody unless a host approves it.
        late: how long after the end answers still enter the archive.
        follow_up: how long after a chat those are asked what came of it who asked for that, shortest first.
        ask_to_try: asked at each chat's end: what people will try; ``None``: nothing.
        pulse: the last question of each chat, with answers to choose from; ``None``: none.
        index: search engines may list the chat pages.
        evidence: what the hosts link to of how pupils fared, in the file's order.
        chats: the dated entries, in order.
        events: TeachMeets and EdCamps, in order.
        stories: what hosts tell of its chats, by slug.
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
    tone: Tone = "plain"
    keep: timedelta | None = None
    repeats: tuple[Repeat, ...] = ()
    also_show: tuple[str, ...] = ()
    threadgate: bool = False
    languages: tuple[str, ...] = ("en",)
    grace: timedelta = timedelta(hours=2)
    hold: timedelta = timedelta(0)
    approve: bool = False
    late: timedelta = timedelta(days=14)
    follow_up: tuple[timedelta, ...] = (timedelta(weeks=2), timedelta(weeks=6))
    ask_to_try: Question | None = None
    pulse: Question | None = None
    index: bool = False
    evidence: tuple[Evidence, ...] = ()
    chats: tuple[ChatEntry, ...] = ()
    events: tuple[Event, ...] = ()
    stories: tuple[Story, ...] = ()


class Chat(msgspec.Struct, frozen=True):
    """One dated meeting of a series; a repeat is a chat of its own, and so is an event.

    Attributes:
        id: ``edchat/2027-01-07``, or ``edchat/2027-01-07-new-york`` for a repeat (the zone's last part, as a slug), or
            ``edchat/events/teachmeet-leeds``.
        series: the series' slug.
        date: the calendar date in ``timezone``.
        timezone: the zone whose wall clock it follows.
        starts_at, ends_at: UTC.
        topic, about, hosts, questions, resources: from the entry, the series' hosts where it names none.
        hold, approve: of its own digest; ``None`` means as the series says (``hold_of``, ``approve_of``).
        event: the event that it stands for: then people meet from ``starts_at`` to ``ends_at``, and what is asked is
            asked afterwards; ``None`` for a chat.
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
    hold: timedelta | None = None
    approve: bool | None = None
    event: Event | None = None


class Prompt(msgspec.Struct, frozen=True):
    """One thing the bot says in a chat.

    Attributes:
        id: ``<chat id>/<key>``, key one of ``announce-1w`` (see ``prompts.short_duration``), ``welcome``, ``q1``…,
            ``remind-1``…, ``wrap-up``, ``digest``, ``follow-up-1-<answer>``.
            It never changes with the time, so that editing YAML moves a
            prompt instead of doubling it.
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


def asked_at(chat: Chat, event: Event) -> datetime:
    """When it is asked what came of an event (UTC): so long after its end by the wall clock."""
    ended = chat.ends_at.astimezone(ZoneInfo(chat.timezone)).replace(tzinfo=None)
    return by_wall_clock(ended + event.ask_after, chat.timezone)


def at_the_end(question: Question) -> bool:
    """Whether it is asked at a chat's end, as the series' file says for all its chats; else in its course."""
    return question.try_it or question.pulse


def pulse_of(chat: Chat) -> int:
    """The number of the question what a chat was worth, which is its last; 0 where it has none."""
    return len(chat.questions) if chat.questions and chat.questions[-1].pulse else 0


def settled_at(chat: Chat) -> datetime:
    """From when on ever less is to be expected (UTC): a chat's end, or the moment at which an event is asked about."""
    return asked_at(chat, chat.event) if chat.event and chat.event.ask else chat.ends_at


def next_after(chats: Iterable[Chat], chat: Chat) -> Chat | None:
    """The next of these chats (in order of start) after one, its repeats left out, and events."""
    later = (other for other in chats if other.event is None and other.starts_at > chat.starts_at)
    return next((other for other in later if other.date != chat.date), None)


def runs_live(series: Series, chat: Chat) -> bool:
    """Whether a chat is answered in one evening; else it is over days, as what is asked after an event is."""
    return series.format == "live" and chat.event is None


def hold_of(series: Series, chat: Chat) -> timedelta:
    """How long the digest of a chat is held once it is chosen."""
    return series.hold if chat.hold is None else chat.hold


def approve_of(series: Series, chat: Chat) -> bool:
    """Whether the digest of a chat quotes nobody unless a host approves it."""
    return series.approve if chat.approve is None else chat.approve


def pace_of(series: Series) -> timedelta:
    """The time from one question of a slow chat to the next; a day where nothing is said."""
    return _ONE_DAY if series.pace is None else series.pace


def _slow_length(series: Series, entry: ChatEntry) -> timedelta:
    if entry.length is not None:
        return entry.length
    pace = pace_of(series)
    offsets = [question.offset + pace for question in entry.questions if question.offset is not None]
    return max(pace * max(len(entry.questions), 1), *offsets, timedelta(0))
