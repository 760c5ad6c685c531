"""What a series is and when it speaks: ``Series``, ``Chat``, ``Prompt``, and the rules from one to the next.

Wall-clock time belongs to a series' IANA zone; everything handed out is aware UTC. A repeated hour counts once
(the first), in a gap time moves on by the gap's length (PEP 495, ``fold=0``).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal

import msgspec

Basis = Literal["replies", "joined", "everyone"]
PromptKind = Literal["announcement", "welcome", "question", "reminder", "wrap-up", "digest"]


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
            ``remind-1``…, ``wrap-up``, ``digest``. It never changes with the time, so that editing YAML moves a prompt instead of doubling it.
        chat: the chat's id.
        kind: what it is.
        number: a question's number from 1; 0 for all else.
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
