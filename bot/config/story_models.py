"""What may stand in a story's file, key by key; as ``series_models`` is for a series'."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, field_validator

from bot.config import words
from bot.config.block import SYNONYMS, Block
from bot.config.fields import ONE_OR_MANY, STRING, AnswerPlace, OrText, Prose, Switch, Word
from bot.config.words import Wrong

_CHAT = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)+")


def _chat(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    named = words.line_text(value)
    if not _CHAT.fullmatch(named):
        raise Wrong(f"“{words.shown(named)}” is no chat: name its series and its date.", "edchat/2027-01-07")
    return named


def _part(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """A part may be a plain text; one torn apart at its colon is explained."""
    if isinstance(value, str) or value is None:
        return {"say": words.text(value)}
    if value == {}:  # a key after which nothing stands is not here either
        raise Wrong("Nothing stands in this part: your own words are wanted, or the link of an answer after “quote:”.")
    if isinstance(value, dict) and len(value) == 1:
        ((key, rest),) = value.items()
        if not words.nearest(key, PartBlock.model_fields, SYNONYMS) and isinstance(rest, str):
            words.text(value)
    return value


class PartBlock(Block):
    """One part of a story: a text alone, or one of these keys."""

    say: Prose = Field(
        "", description="Your own words; an empty line begins a new paragraph.", examples=["It began with one evening."]
    )
    quote: AnswerPlace = Field(
        "",
        description="An answer, or what came of it: the link behind the time beside the name on the chat's page.",
        examples=["https://chats.example.org/edchat/2027-01-07/#a-0123456789abcdef01234567"],
    )

    @field_validator("quote")
    @classmethod
    def _one_of_both(cls, value: str, info: Any) -> str:  # noqa: ANN401 - pydantic's
        if value and info.data.get("say"):
            raise Wrong("A part is your own words or a quote. Begin a new one with a dash.")
        return value


_Part = Annotated[PartBlock, BeforeValidator(_part), OrText()]


class StoryFile(Block):
    """One story."""

    chat: Annotated[str, PlainValidator(_chat), WithJsonSchema(STRING)] = Field(
        description="The chat it tells of, as `staffroom plan` names it.", examples=["edchat/2027-01-07"]
    )
    title: Word = Field(description="The story's name.", examples=["Ten silent minutes"])
    by: Word = Field("", description="Who tells it, as they want to be called.", examples=["Sam from Leeds"])
    about: Prose = Field(
        "", description="A sentence or two for who has not read it.", examples=["What one question changed in Leeds."]
    )
    ready: Switch = Field(
        default=True,
        description="no: it is not published yet. yes: as soon as everybody who is quoted agreed.",
        examples=["yes"],
    )
    story: Annotated[tuple[_Part, ...], *ONE_OR_MANY] = Field(
        description="The story: your own words and quotes, each after a dash.",
        examples=["[It began with one evening.]"],
    )

    @field_validator("story")
    @classmethod
    def _once(cls, value: tuple[PartBlock, ...]) -> tuple[PartBlock, ...]:
        quotes = [part.quote for part in value if part.quote]
        if len(set(quotes)) < len(quotes):
            raise Wrong("An answer is quoted twice here.")
        return value
