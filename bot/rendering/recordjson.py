"""A person's record as data: ``record.json``, and its JSON Schema.

The structures below are what the schema is made from, so neither can say what the other does not. What was observed
and what the person says stand apart.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.domain.chats import runs_live
from bot.domain.patterns import is_web
from bot.domain.posts import NetworkName
from bot.domain.takingpart import all_together
from bot.rendering import urls

if TYPE_CHECKING:
    from bot.domain.takingpart import OwnAnswer, Record, TakenPart


class Whose(Struct, frozen=True):
    """An account of the person who asked for this record."""

    network: NetworkName
    id: Annotated[str, Meta(description="What the network knows the account by; it never changes.")]
    handle: str
    name: str
    url: Annotated[str, Meta(description="Its profile for a browser; may be empty.")]


class SaidThere(Struct, kw_only=True):
    """One answer of this person."""

    id: Annotated[str, Meta(description="As in the chat's own data.")]
    at: Annotated[dt.datetime, Meta(description="When it was written, UTC.")]
    questions: Annotated[tuple[int, ...], Meta(description="Numbers of the questions that it answers.")]
    text: Annotated[str, Meta(description="Plain; addresses are written out.")]
    url: Annotated[str, Meta(description="Where the original stands.")] | UnsetType = UNSET
    warning: Annotated[str, Meta(description="The author's content warning.")] | UnsetType = UNSET
    pictures: Annotated[tuple[str, ...], Meta(description="What attached pictures are said to show.")] | UnsetType = (
        UNSET
    )
    followed: Annotated[int, Meta(description="Answers of others below it, however deep.")]


class TriedThere(Struct, kw_only=True):
    """What this person said they would try, and what they told of it."""

    answer: Annotated[str, Meta(description="Its id, among the answers; missing where it is gone.")] | UnsetType = UNSET
    outcomes: Annotated[tuple[SaidThere, ...], Meta(description="Told when the archive's account asked weeks later.")]


class ChatSeen(Struct, kw_only=True):
    """One chat in which this person answered."""

    id: Annotated[str, Meta(description="The series and the date, as in the page's address.")]
    series: Annotated[str, Meta(description="Its title.")]
    hashtag: Annotated[str, Meta(description="Without the #.")]
    topic: str
    date: Annotated[dt.date, Meta(description="By the calendar of the chat's own time zone.")]
    format: Annotated[Literal["live", "slow"], Meta(description="live: one evening; slow: over days.")]
    minutes: (
        Annotated[
            int,
            Meta(
                description="Live chats: whole minutes from the first to the last own answer between the chat's start"
                " and its end, as planned. Missing where fewer than two answers fell into that time."
            ),
        ]
        | UnsetType
    ) = UNSET
    days: (
        Annotated[tuple[dt.date, ...], Meta(description="Slow chats: the days on which the person answered.")]
        | UnsetType
    ) = UNSET
    later: (
        Annotated[int, Meta(description="Live chats: own answers before the start or after the end.")] | UnsetType
    ) = UNSET
    answers: tuple[SaidThere, ...]
    threads: Annotated[int, Meta(description="Own answers that others went on from.")]
    followed: Annotated[int, Meta(description="Answers of others below own ones, each once.")]
    tried: Annotated[tuple[TriedThere, ...], Meta(description="Answers with #tryit.")] | UnsetType = UNSET


class Observed(Struct, kw_only=True):
    """What stands in the archive and can be looked up there. It says nothing of what was read or learned."""

    chats: tuple[ChatSeen, ...]
    answers: Annotated[int, Meta(description="Own ones; one that stands in two chats counts once.")]
    minutes: Annotated[int, Meta(description="In live chats, added up. Time between answers, not hours of training.")]
    days: Annotated[int, Meta(description="On which slow chats were answered, each day of each chat.")]
    threads: Annotated[int, Meta(description="Own answers that others went on from.")]
    followed: Annotated[int, Meta(description="Answers of others below own ones, each once.")]
    links: Annotated[tuple[str, ...], Meta(description="Web addresses shared, each once.")]


class Claimed(Struct):
    """What the person says. It was written by them in this file, and nobody checked it."""

    reflection: str = ""


class RecordData(Struct, kw_only=True):
    """A record of taking part in teacher chats, made because this person asked for it, and for nobody else."""

    schema: Annotated[str, Meta(description="Where this description stands.")] = msgspec.field(name="$schema")
    whose: tuple[Whose, ...]
    asked_at: Annotated[dt.datetime, Meta(description="When the person asked for it, UTC.")]
    made_at: Annotated[dt.datetime, Meta(description="When it was made, UTC: what was in the archive then.")]
    archive: Annotated[str, Meta(description="The archive's name.")]
    address: Annotated[str, Meta(description="Where the archive stands; empty while it has no address.")]
    observed: Observed
    claimed: Claimed


def record_json(record: Record, *, archive: str, address: str) -> bytes:
    """Write a record, as ``RecordData``.

    Args:
        record: what it is made of.
        archive: the archive's name.
        address: its web address; empty if it has none.
    """
    total = all_together(record.chats)
    told = RecordData(
        schema=urls.absolute(address, urls.RECORD_SCHEMA) or urls.RECORD_SCHEMA,
        whose=tuple(Whose(one.network, one.id, one.handle, one.name, one.url) for one in record.whose),
        asked_at=record.asked_at,
        made_at=record.made_at,
        archive=archive,
        address=address,
        observed=Observed(
            chats=tuple(_chat(one) for one in record.chats),
            answers=total.answers,
            minutes=total.minutes,
            days=total.days,
            threads=total.threads,
            followed=total.followed,
            links=total.links,
        ),
        claimed=Claimed(),
    )
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def record_schema() -> bytes:
    """The JSON Schema (2020-12) of ``record.json``."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A record of taking part"}
    return msgspec.json.format(msgspec.json.encode(schema | msgspec.json.schema(RecordData)), indent=1) + b"\n"


def whose_record(data: bytes) -> frozenset[tuple[NetworkName, str]]:
    """Whose record some bytes are: network and id of each account; empty where they are no record."""
    try:
        told = msgspec.json.decode(data, type=RecordData)
    except msgspec.DecodeError:
        return frozenset()
    return frozenset((one.network, one.id) for one in told.whose)


def _chat(one: TakenPart) -> ChatSeen:
    live = runs_live(one.series, one.chat)
    return ChatSeen(
        id=one.chat.id,
        series=one.series.title,
        hashtag=one.series.hashtag,
        topic=one.chat.topic,
        date=one.chat.date,
        format="live" if live else "slow",
        minutes=UNSET if one.minutes is None else one.minutes,
        days=UNSET if live else one.days,
        later=one.later if live else UNSET,
        answers=tuple(_answer(answer) for answer in one.answers),
        threads=one.threads,
        followed=len(one.below),
        tried=tuple(
            TriedThere(
                answer=tried.said.key if tried.said else UNSET,
                outcomes=tuple(_answer(outcome) for outcome in tried.outcomes),
            )
            for tried in one.tried
        )
        or UNSET,
    )


def _answer(answer: OwnAnswer) -> SaidThere:
    return SaidThere(
        id=answer.key,
        at=answer.at,
        questions=answer.questions,
        text=answer.text,
        url=answer.url if is_web(answer.url) else UNSET,
        warning=answer.warning or UNSET,
        pictures=answer.pictures or UNSET,
        followed=answer.followed,
    )
