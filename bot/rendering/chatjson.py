"""A chat's answers as data: ``chat.json``, for whoever wants to read them twenty years from now, and its JSON Schema.

The structures below are what the schema is made from, so neither can say what the other does not.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.domain.patterns import is_web
from bot.domain.posts import NetworkName
from bot.domain.richtext import to_plain
from bot.rendering import urls
from bot.rendering.brief import from_hosts
from bot.rendering.chatview import view
from bot.rendering.signing import nameless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.polls import Ballot
    from bot.domain.records import Answer, ChatContent
    from bot.rendering.chatview import ChatView, Row

Tags = Annotated[tuple[str, ...], Meta(description="BCP 47 tags, as the author's program set them.")]


class Author(Struct, omit_defaults=True):
    """What somebody is called, as far as they like."""

    name: str = ""
    handle: Annotated[str, Meta(description="Missing where somebody asked for initials.")] = ""


class Told(Struct, kw_only=True):
    """One answer. Who asked not to be named has no ``author`` and no ``url``, and ``hour`` instead of ``at``."""

    id: Annotated[str, Meta(description="Never changes; the chat's page has it at #a-ID.")]
    network: NetworkName
    url: Annotated[str, Meta(description="Where the original stands.")] | UnsetType = UNSET
    author: Author | UnsetType = UNSET
    text: Annotated[str, Meta(description="Plain; addresses are written out.")]
    at: Annotated[datetime, Meta(description="When it was written, UTC.")] | UnsetType = UNSET
    hour: Annotated[datetime, Meta(description="The hour in which it was written, UTC.")] | UnsetType = UNSET
    questions: Annotated[tuple[int, ...], Meta(description="All that it answers; it stands under the first.")]
    languages: Tags | UnsetType = UNSET
    warning: Annotated[str, Meta(description="The author's content warning.")] | UnsetType = UNSET
    edited_at: datetime | UnsetType = UNSET
    replies: list[Told]


class Asked(Struct):
    """A post of ours that asked a question."""

    network: NetworkName
    url: str


class Voted(Struct, kw_only=True):
    """How often each option of a question's poll was chosen on one network. Numbers, and nothing about who."""

    network: NetworkName
    how: Annotated[
        Literal["poll", "letter"],
        Meta(description="poll: in the network's own, without names; letter: by a letter in a public answer."),
    ]
    votes: Annotated[tuple[int, ...], Meta(description="In the order of the options.")]
    counted_at: Annotated[datetime, Meta(description="When the poll was read, UTC.")] | UnsetType = UNSET
    over: Annotated[bool, Meta(description="The poll had ended by then.")] | UnsetType = UNSET


class Questioned(Struct):
    """A question with what answers it first of all. Nothing stands for what was removed: replies to it move up."""

    number: int
    ask: str
    poll: Annotated[tuple[str, ...], Meta(description="Its options; A is the first.")]
    posts: list[Asked]
    answers: Annotated[list[Told], Meta(description="Nested as deep as the page shows; deeper ones stand beside.")]
    votes: (
        Annotated[
            list[Voted],
            Meta(description="One entry for each network. Where its own poll was counted, letters are not."),
        ]
        | UnsetType
    ) = UNSET


class TriedData(Struct, kw_only=True):
    """What somebody said they would try, and what came of it."""

    answer: Annotated[str, Meta(description="Its id, among the answers; missing where it is gone.")] | UnsetType = UNSET
    outcomes: Annotated[list[Told], Meta(description="What was told when our account asked some weeks later.")]


class ChatData(Struct, kw_only=True):
    """All that may be shown of one chat. Each answer stands once: under its first question, or as an outcome."""

    schema: Annotated[str, Meta(description="Where this description stands.")] = msgspec.field(name="$schema")
    id: Annotated[str, Meta(description="The series and the date, or the event, as in the page's address.")]
    series: str
    title: Annotated[str, Meta(description="Of the series.")]
    hashtag: Annotated[str, Meta(description="Without the #.")]
    topic: str
    about: str
    starts_at: Annotated[datetime, Meta(description="UTC.")]
    ends_at: Annotated[datetime, Meta(description="UTC.")]
    timezone: Annotated[str, Meta(description="IANA zone in which the chat was planned.")]
    cancelled: bool
    from_hosts: Annotated[str, Meta(description="What its hosts wrote for its digest; empty for nothing.")]
    resources: Annotated[tuple[str, ...], Meta(description="To read beforehand; some are web addresses.")]
    people: Annotated[int, Meta(description="How many people wrote what is shown.")]
    left_out: Annotated[int, Meta(description="How many more posts are not archived, as their authors wish.")]
    questions: list[Questioned]
    unplaced: Annotated[list[Told], Meta(description="Answers that name no question.")]
    links: Annotated[list[str], Meta(description="That people shared, each once.")]
    tried: Annotated[list[TriedData], Meta(description="Answers with #tryit.")] | UnsetType = UNSET


def chat_json(content: ChatContent, seen: ChatView | None = None) -> bytes:
    """Write all that may be shown of a chat, as ``ChatData``; ``seen`` is ``view(content)`` where that is known."""
    chat, series = content.stored.chat, content.stored.series
    seen = seen or view(content)
    told = ChatData(
        schema=urls.relative(urls.chat_data(chat.id), urls.SCHEMA),
        id=chat.id,
        series=series.slug,
        title=series.title,
        hashtag=series.hashtag,
        topic=chat.topic,
        about=chat.about,
        starts_at=chat.starts_at,
        ends_at=chat.ends_at,
        timezone=chat.timezone,
        cancelled=content.stored.cancelled,
        from_hosts=from_hosts(content),
        resources=chat.resources,
        people=seen.people,
        left_out=content.left_out,
        questions=[
            Questioned(
                number=section.number,
                ask=section.question.ask if section.question else "",
                poll=section.question.poll if section.question else (),
                posts=[Asked(network, url) for network, url in section.asked],
                answers=_nested(section.rows, section.number),
                votes=[_voted(ballot) for ballot in section.ballots] or UNSET,
            )
            for section in seen.sections
        ],
        unplaced=_nested(seen.unplaced.rows, 0),
        links=[link.uri for link in seen.links],
        tried=[
            TriedData(answer=tried.answer.key if tried.answer else UNSET, outcomes=_nested(tried.rows, 0))
            for tried in seen.tried
        ]
        or UNSET,
    )
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def chat_schema() -> bytes:
    """The JSON Schema (2020-12) of ``chat.json``."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A teacher chat"}
    return msgspec.json.format(msgspec.json.encode(schema | msgspec.json.schema(ChatData)), indent=1) + b"\n"


def _nested(rows: Sequence[Row], number: int) -> list[Told]:
    top: list[Told] = []
    homes = [top]  # for each level, the list that a row of that level goes into
    for row in rows:
        del homes[row.level + 1 :]
        if row.answer is None:
            homes.append(homes[-1])
            continue
        told = _told(row.answer, (number, *row.together) if number else ())
        homes[-1].append(told)
        homes.append(told.replies)
    return top


def _voted(ballot: Ballot) -> Voted:
    return Voted(
        network=ballot.network,
        how=ballot.how,
        votes=ballot.votes,
        counted_at=ballot.at or UNSET,
        over=ballot.over if ballot.how == "poll" else UNSET,
    )


def _told(answer: Answer, questions: tuple[int, ...]) -> Told:
    post = answer.post
    author = Author(post.author.name, post.author.handle)
    unnamed = nameless(post)
    return Told(
        id=answer.key,
        network=post.ref.network,
        url=post.ref.url if is_web(post.ref.url) else UNSET,
        author=author if author != Author() else UNSET,
        text=to_plain(post.text),
        at=UNSET if unnamed else post.at,
        hour=post.at if unnamed else UNSET,
        questions=questions,
        languages=post.languages or UNSET,
        warning=post.warning or UNSET,
        edited_at=post.edited_at or UNSET,
        replies=[],
    )
