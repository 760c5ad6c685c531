"""What may stand in a series' file, key by key. The descriptions are what editors show beside each key.

Every field reads the text as it was written (see ``yaml_source``); its kinds are in ``fields``.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema, field_validator

from bot.config import words
from bot.config.block import Block
from bot.config.chat_models import ChatBlock, DigestBlock, to_choose_from
from bot.config.fields import (
    AFTERWARDS,
    AHEAD,
    GRACE,
    LATE,
    LENGTH,
    ONE_OR_MANY,
    ONE_OR_MANY_OR_OFF,
    Address,
    Clock,
    Day,
    Days,
    Every,
    Handle,
    Hashtag,
    Keep,
    Language,
    Option,
    Pace,
    Prose,
    Switch,
    Word,
    Zone,
    distinct,
)
from bot.config.words import Wrong
from bot.domain.occurrences import Span  # noqa: TC001 - pydantic reads the annotations when the class is made
from bot.domain.series import Basis, Tone  # noqa: TC001 - pydantic reads the annotations when the class is made


class RepeatBlock(Block):
    """The same questions again for another time zone, on the same calendar date there."""

    at: Clock = Field(description="The time of day there.", examples=["20:00"])
    timezone: Zone = Field(description="An IANA time zone.", examples=["America/New_York"])


class EvidenceBlock(Block):
    """A link to something published elsewhere about how pupils fared."""

    title: Word = Field(
        description="What it is, in a few words. Name no pupil.", examples=["Reading ages in year 7, before and after"]
    )
    url: Address = Field(description="Where it stands.", examples=["https://example.org/reading-ages"])
    date: Day = Field(description="The day it is of, as year-month-day.", examples=["2027-06-18"])
    chat: Day | None = Field(
        None, description="The date of the chat that it goes back to, if it is one.", examples=["2027-01-07"]
    )


class PulseBlock(Block):
    """What is asked at each chat's end: what it was worth."""

    ask: Prose = Field(description="The question, in few words.", examples=["Was this hour worth your time?"])
    answers: tuple[Option, ...] = Field(
        description="2 to 4 answers, at most 50 characters each: a poll on Mastodon, letters in public on Bluesky.",
        examples=["[Yes, Partly, No]"],
    )

    @field_validator("answers")
    @classmethod
    def _few(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return to_choose_from(value)


class SeriesFile(Block):
    """One recurring chat."""

    title: Word = Field(description="The chat's name, as people say it.", examples=["Ed Chat"])
    hashtag: Hashtag = Field(description="The hashtag, without its #.", examples=["EdChat"])
    about: Prose = Field("", description="One or two sentences for the archive.", examples=["Teachers on what works."])
    timezone: Zone = Field(description="The IANA time zone of all times here.", examples=["Europe/London"])
    every: Every = Field(
        description="How often: thursday, 2 weeks on thursday, first monday of the month, last friday of the month,"
        " or only dates.",
        examples=["thursday"],
    )
    at: Clock = Field(description="The time of day at which a chat starts: 20:00 or 8pm.", examples=["20:00"])
    format: Annotated[
        Literal["live", "slow"],
        PlainValidator(words.one_of("live", "slow")),
        WithJsonSchema({"enum": ["live", "slow"]}),
    ] = Field("live", description="live: one evening. slow: over days, at a pace.", examples=["live"])
    length: Annotated[timedelta | None, *LENGTH] = Field(
        None, description="How long a live chat lasts.", examples=["60 minutes"]
    )
    pace: Annotated[Pace, Field(validate_default=True)] = Field(
        None,
        description="How fast a slow chat asks: 1 question a day, 1 question a week.",
        examples=["1 question a day"],
    )
    terms: Annotated[tuple[Days, ...], *ONE_OR_MANY] = Field(
        (), description="The stretches in which the rhythm counts.", examples=["2027-01-04 to 2027-03-26"]
    )
    skip: Annotated[tuple[Days, ...], *ONE_OR_MANY] = Field(
        (), description="Holidays: no chat on these days.", examples=["2027-02-15 to 2027-02-19"]
    )
    hosts: Annotated[tuple[Handle, ...], *ONE_OR_MANY] = Field(
        (), description="Who hosts, as handles on Bluesky or Mastodon.", examples=['"@deputy@social.example.org"']
    )
    announce: Annotated[tuple[Annotated[timedelta, *AHEAD], ...], *ONE_OR_MANY] = Field(
        (timedelta(days=1), timedelta(minutes=30)),
        description="How long before the start each announcement goes out.",
        examples=["[1 week, 1 day, 30 minutes]"],
    )
    archive: Annotated[
        Basis,
        PlainValidator(words.one_of("replies", "joined", "everyone")),
        WithJsonSchema({"enum": ["replies", "joined", "everyone"]}),
    ] = Field(
        "replies",
        description="Whose answers are archived. replies: those given in a question's own thread, which says so."
        " joined: only those of people who joined. everyone: also those found by hashtag.",
        examples=["replies"],
    )
    tone: Annotated[
        Tone,
        PlainValidator(words.one_of("plain", "warm", "brief", synonyms={"friendly": "warm", "short": "brief"})),
        WithJsonSchema({"enum": ["plain", "warm", "brief"]}),
    ] = Field(
        "plain",
        description="How the bot speaks in this chat. plain: to the point. warm: more welcoming. brief: as short as it"
        " can be. Questions and the archive's notice are the same in each.",
        examples=["plain"],
    )
    keep: Keep = Field(
        None, description="How long answers are kept after their chat, or forever.", examples=["3 years"]
    )
    repeats: tuple[RepeatBlock, ...] = Field(
        (),
        description="The same questions again for other time zones.",
        examples=["[{at: 20:00, timezone: America/New_York}]"],
    )
    also_show: Annotated[tuple[Zone, ...], *ONE_OR_MANY] = Field(
        (), description="More time zones in which announcements and pages name the time.", examples=["America/New_York"]
    )
    threadgate: Switch = Field(
        default=False, description="on: on Bluesky only followers and mentioned people may reply.", examples=["off"]
    )
    accounts: Annotated[tuple[Word, ...], *ONE_OR_MANY] = Field(
        (),
        description="Which accounts of staffroom.yaml speak for this series; without it, bluesky and mastodon.",
        examples=["[bluesky, mastodon]"],
    )
    language: Language | None = Field(None, description="The chat's language, as a short tag.", examples=["en"])
    languages: Annotated[tuple[Language, ...], *ONE_OR_MANY] = Field(
        (), description="Several languages; the bot speaks the first. At most 3.", examples=["[en, cy]"]
    )
    grace: Annotated[timedelta, *GRACE] = Field(
        timedelta(hours=2), description="From the chat's end until its digest is chosen.", examples=["2 hours"]
    )
    digest: DigestBlock = Field(
        default_factory=DigestBlock,
        description="What becomes of the digest once it is chosen.",
        examples=["{hold: 2 hours, approve: required}"],
    )
    late: Annotated[timedelta, *LATE] = Field(
        timedelta(days=14), description="How long after the end answers still enter the archive.", examples=["14 days"]
    )
    follow_up: Annotated[tuple[Annotated[timedelta, *AFTERWARDS], ...], *ONE_OR_MANY_OR_OFF] = Field(
        (timedelta(weeks=2), timedelta(weeks=6)),
        description="How long after a chat those who wrote #tryit and asked for it are asked what came of it, or off.",
        examples=["[2 weeks, 6 weeks]"],
    )
    ask_to_try: Prose = Field(
        "",
        description="One more question, asked at each chat's end: what people will try. Who answers with #tryit and"
        " replies REMIND ME is asked later what came of it.",
        examples=["What will you try?"],
    )
    pulse: PulseBlock | None = Field(
        None,
        description="One more question, asked at each chat's end: what it was worth. The impact report adds the votes"
        " of a term up.",
        examples=["{ask: 'Was this hour worth your time?', answers: [Yes, Partly, No]}"],
    )
    search_engines: Switch = Field(
        default=False, description="yes: search engines may list the chat pages.", examples=["no"]
    )
    evidence: tuple[EvidenceBlock, ...] = Field(
        (),
        description="Links to what is published elsewhere about how pupils fared. The impact report lists them as they"
        " stand here, and nothing is inferred from them.",
        examples=["[{title: Reading ages in year 7, url: 'https://example.org/reading', date: 2027-06-18}]"],
    )
    chats: tuple[ChatBlock, ...] = Field(
        (), description="The chats, each with its date. A day of the rhythm without an entry posts nothing."
    )

    @field_validator("length")
    @classmethod
    def _length_of_live(cls, value: timedelta | None, info: ValidationInfo) -> timedelta | None:
        if value is not None and info.data.get("format") == "slow":
            raise Wrong("A slow chat has no length of its own: it lasts its pace times its questions. Take this out.")
        return value

    @field_validator("pace")
    @classmethod
    def _pace_of_slow(cls, value: timedelta | None, info: ValidationInfo) -> timedelta | None:
        if value is None and info.data.get("format") == "slow":
            raise Wrong("A slow chat needs a pace.", "1 question a day")
        if value is not None and info.data.get("format") == "live":
            raise Wrong("A live chat has no pace; only a slow one does. Take this out, or say format: slow.")
        return value

    @field_validator("languages")
    @classmethod
    def _few_languages(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("language"):
            raise Wrong("Both language: and languages: stand here; keep languages: and put every one into it.")
        if len(value) > 3:  # noqa: PLR2004 - ``app.bsky.feed.post`` takes 3
            raise Wrong(f"These are {len(value)} languages; Bluesky takes 3 at most.")
        return value

    @field_validator("follow_up")
    @classmethod
    def _few_follow_ups(cls, value: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        if len(value) > 4:  # noqa: PLR2004 - more would be a burden
            raise Wrong(f"These are {len(value)} follow-ups; ask 4 times at most.", "[2 weeks, 6 weeks]")
        return value

    @field_validator("ask_to_try")
    @classmethod
    def _followed_up(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("follow_up") == ():
            raise Wrong("With follow_up: off nobody is asked later what came of it. Take one of the two out.")
        return value

    @field_validator("hosts", "announce", "follow_up", "also_show", "accounts", "languages", "repeats")
    @classmethod
    def _once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return distinct(value)

    @field_validator("terms")
    @classmethod
    def _apart(cls, value: tuple[Span, ...]) -> tuple[Span, ...]:
        spans = sorted(value, key=lambda span: span.first)
        for before, after in pairwise(spans):
            if after.first <= before.last:
                raise Wrong(f"Two terms overlap: one ends on {before.last}, the next begins on {after.first}.")
        return value
