"""What may stand in a series' file about its chats, key by key: a chat, its questions, what becomes of a digest.

Every field reads the text as it was written (see ``yaml_source``); its kinds are in ``fields``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema, field_validator

from bot.config import words
from bot.config.block import SYNONYMS, Block
from bot.config.fields import (
    AFTER,
    GRACE,
    LENGTH,
    ONE_OR_MANY,
    Address,
    Alt,
    Clock,
    Day,
    Handle,
    Option,
    OrText,
    Prose,
    Word,
)
from bot.config.words import Wrong

_HOLD = "How long a chosen digest is held, so that hosts can look at it: 0 minutes for not at all."
_APPROVE = "required: without a host's approval the digest goes out after 24 hours, and quotes nobody."
_APPROVAL = (
    PlainValidator(words.one_of("required", "no", synonyms={"yes": "required", "on": "required", "off": "no"})),
    WithJsonSchema({"enum": ["required", "no", False]}),
)


def _question(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A question may be a plain text; one torn apart at its colon is explained."""
    if isinstance(value, str) or value is None:
        return {"ask": words.text(value)}
    if isinstance(value, dict) and len(value) == 1:
        ((key, rest),) = value.items()
        if not words.nearest(key, QuestionBlock.model_fields, SYNONYMS) and isinstance(rest, str):
            words.text(value)
    return value


def to_choose_from(value: tuple[str, ...]) -> tuple[str, ...]:
    """Options of a poll: as many as both networks take, each once."""
    if not 2 <= len(value) <= 4:  # noqa: PLR2004 - Mastodon's default, ``configuration.polls.max_options``
        raise Wrong(f"A poll has 2 to 4 options; here {'is' if len(value) == 1 else 'are'} {len(value)}.")
    if len({option.casefold() for option in value}) < len(value):
        raise Wrong("Two options of this poll are the same.")
    return value


class QuestionBlock(Block):
    """One question: a text alone, or these keys."""

    ask: Prose = Field(
        description="The question, as it is posted (after its label Q1, Q2 …).",
        examples=["What happens in the first five minutes?"],
    )
    poll: tuple[Option, ...] = Field(
        (),
        description="2 to 4 options, at most 50 characters each: a poll on Mastodon, lettered options on Bluesky.",
        examples=["[Ticks, Levels, Comments, None of them]"],
    )
    image: Word = Field(
        "", description="A picture beside the question: a file in the bot's folder.", examples=["images/wall.jpg"]
    )
    alt: Annotated[Alt, Field(validate_default=True)] = Field(
        "",
        description="What the picture shows, for who cannot see it. Every image needs one.",
        examples=["A classroom wall with four handwritten posters."],
    )
    credit: Word = Field("", description="Whose picture it is.", examples=["the host"])
    after: Annotated[timedelta | None, *AFTER] = Field(
        None,
        description="How long after the chat's start this question goes out, instead of the even spacing.",
        examples=["12 minutes"],
    )

    @field_validator("poll")
    @classmethod
    def _options(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return to_choose_from(value)

    @field_validator("image")
    @classmethod
    def _one_attachment(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("poll"):
            raise Wrong("A question has a poll or a picture, not both: Mastodon takes only one of them.")
        return value

    @field_validator("alt")
    @classmethod
    def _described(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("image") and not value:
            raise Wrong("This image has no alt text: say in a sentence what it shows, for who cannot see it.")
        if value and "image" in info.data and not info.data["image"]:
            raise Wrong("An alt text stands here without an image.")
        return value

    @field_validator("credit")
    @classmethod
    def _credited(cls, value: str, info: ValidationInfo) -> str:
        if value and "image" in info.data and not info.data["image"]:
            raise Wrong("A credit stands here without an image: add the image, or take this out.")
        return value


Question = Annotated[QuestionBlock, BeforeValidator(_question), OrText()]


class DigestBlock(Block):
    """What becomes of a digest between its choice and the moment when it goes out."""

    hold: Annotated[timedelta, *GRACE] = Field(timedelta(hours=2), description=_HOLD, examples=["2 hours"])
    approve: Annotated[Literal["required", "no"], *_APPROVAL] = Field("no", description=_APPROVE, examples=["required"])


class ChatDigestBlock(Block):
    """The same for one chat; what it leaves out is as the series says."""

    hold: Annotated[timedelta | None, *GRACE] = Field(None, description=_HOLD, examples=["1 day"])
    approve: Annotated[Literal["required", "no"] | None, *_APPROVAL] = Field(
        None, description=_APPROVE, examples=["required"]
    )


class ChatBlock(Block):
    """One dated chat."""

    date: Day = Field(description="The day, as year-month-day.", examples=["2027-01-07"])
    topic: Word = Field(description="What the chat is about, in a few words.", examples=["Feedback that pupils use"])
    questions: Annotated[tuple[Question, ...], *ONE_OR_MANY] = Field(
        description="The questions in their order, each a text after a dash, or keys beginning with ask.",
        examples=['["What happens in the first five minutes?"]'],
    )
    host: Handle | None = Field(
        None, description="Who hosts this chat, if not the series' hosts.", examples=['"@guest@social.example.org"']
    )
    hosts: Annotated[tuple[Handle, ...], *ONE_OR_MANY] = Field(
        (), description="Several hosts of this chat.", examples=['["edchat.example.org", "@guest@social.example.org"]']
    )
    resources: Annotated[tuple[Address, ...], *ONE_OR_MANY] = Field(
        (), description="Web addresses worth reading before or after.", examples=["https://example.org/feedback"]
    )
    at: Clock | None = Field(None, description="Another time of day for this chat.", examples=["19:30"])
    length: Annotated[timedelta | None, *LENGTH] = Field(
        None, description="Another length for this chat.", examples=["90 minutes"]
    )
    about: Prose = Field("", description="A few sentences for the chat's page.", examples=["What we tried last year."])
    digest: ChatDigestBlock = Field(
        default_factory=ChatDigestBlock,
        description="What becomes of this chat's digest, where that is not as the series says.",
        examples=["{approve: required}"],
    )

    @field_validator("questions")
    @classmethod
    def _some(cls, value: tuple[QuestionBlock, ...]) -> tuple[QuestionBlock, ...]:
        if not value:
            raise Wrong("A chat needs at least one question.")
        return value

    @field_validator("hosts")
    @classmethod
    def _host_once(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value and info.data.get("host"):
            raise Wrong("Both host: and hosts: stand here; keep hosts: and put everybody into it.")
        return value
