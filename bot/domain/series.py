"""What a series is: ``Series``, with the dated entries and the questions that its YAML file holds."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Literal

import msgspec

from bot.domain.evidence import Evidence
from bot.domain.occurrences import Rhythm, Span
from bot.domain.stories import Story
from bot.domain.teachmeets import Event

Basis = Literal["replies", "joined", "everyone"]

Tone = Literal["plain", "warm", "brief"]
"""How the bot speaks in a series' chats: to the point, more welcoming, or as short as it can be."""

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


def at_the_end(question: Question) -> bool:
    """Whether it is asked at a chat's end, as the series' file says for all its chats; else in its course."""
    return question.try_it or question.pulse


def pace_of(series: Series) -> timedelta:
    """The time from one question of a slow chat to the next; a day where nothing is said."""
    return _ONE_DAY if series.pace is None else series.pace
