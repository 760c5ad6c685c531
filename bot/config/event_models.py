"""What may stand in an event's file, key by key; as ``series_models`` is for a series'."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema, field_validator

from bot.config import words
from bot.config.block import Block
from bot.config.fields import (
    AHEAD,
    ASK_AFTER,
    ONE_OR_MANY,
    Address,
    AnswerPlace,
    Clock,
    Day,
    Handle,
    Prose,
    Switch,
    Word,
    distinct,
)
from bot.config.words import Wrong
from bot.domain.teachmeets import EventKind  # noqa: TC001 - pydantic reads the annotations when the class is made

_LONGEST_SESSION = 180
_MOST_SEATS = 10_000


def _whole(most: int, example: str) -> PlainValidator:
    def read(value: Any) -> int:  # noqa: ANN401 - whatever the file holds
        word = words.text(value)
        if re.fullmatch(r"[0-9]{1,5}", word) and 1 <= int(word) <= most:
            return int(word)
        raise Wrong(f"“{words.shown(word)}” is no whole number from 1 to {most:,}.", example)

    return PlainValidator(read)


def _access(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """``yes`` and ``no`` are said in the page's language; other words stay as they are."""
    said = words.line_text(value)
    try:
        return "yes" if words.yes_no(said) else "no"
    except Wrong:
        return said


_Minutes = Annotated[int, _whole(_LONGEST_SESSION, "7"), WithJsonSchema({"type": "integer", "minimum": 1})]
_Seats = Annotated[int | None, _whole(_MOST_SEATS, "40"), WithJsonSchema({"type": "integer", "minimum": 1})]
_Found = Annotated[str, PlainValidator(_access), WithJsonSchema({"type": ["string", "boolean"]})]


class PlaceBlock(Block):
    """Where an event is."""

    name: Word = Field(description="What people call it.", examples=["Carr Manor School"])
    address: Word = Field("", description="Its postal address.", examples=["Carr Manor Road, Leeds LS17 5DJ"])
    map: Annotated[str, *Address.__metadata__] = Field(
        "", description="The address of a map, for who wants one.", examples=["https://www.openstreetmap.org/"]
    )


class AccessBlock(Block):
    """What people find there: yes, no, or how it is in words. Leave out what you do not know yet."""

    captions: _Found = Field("", description="What is said is captioned.", examples=["yes"])
    interpreter: _Found = Field(
        "", description="Sign language is interpreted.", examples=['"BSL, if you ask by 20 February"']
    )
    step_free: _Found = Field("", description="The way in, and to all rooms, has no steps.", examples=["yes"])
    quiet_room: _Found = Field("", description="There is a room in which to be quiet.", examples=["yes"])
    other: Prose = Field("", description="What else people should know.", examples=["A hearing loop in the hall."])


class SessionBlock(Block):
    """One session."""

    minutes: _Minutes = Field(
        description="How long it is: 2 or 7 minutes at a TeachMeet, up to 180 at an EdCamp.", examples=["7"]
    )
    title: Word = Field("", description="What it is about.", examples=["Five minutes of silence"])
    who: Word = Field("", description="Who leads it, as they want to be called.", examples=["Sam from Leeds"])
    answer: AnswerPlace = Field(
        "",
        description="Instead of who: the link of an answer's place on our page. It is shown once its author agreed.",
        examples=["https://chats.example.org/edchat/2027-01-07/#a-0123456789abcdef01234567"],
    )


class EventFile(Block):
    """One TeachMeet or EdCamp."""

    series: Word = Field(
        description="Whose event it is: the name of a file in series/, without its ending.", examples=["edchat"]
    )
    title: Word = Field(description="The event's name.", examples=["TeachMeet Leeds"])
    kind: Annotated[
        EventKind,
        PlainValidator(words.one_of("teachmeet", "edcamp")),
        WithJsonSchema({"enum": ["teachmeet", "edcamp"]}),
    ] = Field(
        "teachmeet",
        description="teachmeet: short talks that are known beforehand. edcamp: sessions are agreed on in the morning.",
        examples=["teachmeet"],
    )
    date: Day = Field(description="The day, as year-month-day.", examples=["2027-03-06"])
    at: Clock = Field(description="When it begins, by the series' clock.", examples=["10:00"])
    until: Clock = Field(description="When it ends, on the same day.", examples=["13:00"])
    place: PlaceBlock = Field(description="Where it is.", examples=["{name: Carr Manor School}"])
    about: Prose = Field("", description="A few sentences for its page.", examples=["Bring one thing that worked."])
    access: AccessBlock = Field(
        default_factory=AccessBlock,
        description="What people find there who need it: yes, no, or how it is in words.",
        examples=["{step_free: yes, quiet_room: yes}"],
    )
    sessions: tuple[SessionBlock, ...] = Field(
        (), description="The sessions in their order.", examples=["[{minutes: 7, title: Five minutes of silence}]"]
    )
    sign_up: Switch = Field(
        default=True,
        description="yes: who replies I AM COMING to the announcement stands on a list that only hosts see.",
        examples=["yes"],
    )
    seats: _Seats = Field(None, description="How many people have a place; who signs up later waits.", examples=["40"])
    announce: Annotated[tuple[Annotated[timedelta, *AHEAD], ...], *ONE_OR_MANY] = Field(
        (timedelta(weeks=3), timedelta(days=3)),
        description="How long before it each announcement goes out.",
        examples=["[3 weeks, 3 days]"],
    )
    ask: Prose = Field(
        "",
        description="What is asked afterwards, as question 1: its answers stand on the event's page.",
        examples=['"What did you take home, and what will you try?"'],
    )
    ask_after: Annotated[timedelta, *ASK_AFTER] = Field(
        timedelta(days=1), description="How long after the end that is asked.", examples=["1 day"]
    )
    hosts: Annotated[tuple[Handle, ...], *ONE_OR_MANY] = Field(
        (), description="Who hosts, if not the series' hosts.", examples=['"@deputy@social.example.org"']
    )

    @field_validator("until")
    @classmethod
    def _later(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a time of day
        begins = info.data.get("at")
        if begins is not None and value <= begins:
            raise Wrong(f"It begins at {begins:%H:%M}, so it has to end later on that day.")
        return value

    @field_validator("seats")
    @classmethod
    def _of_a_list(cls, value: int | None, info: ValidationInfo) -> int | None:
        if value is not None and info.data.get("sign_up") is False:
            raise Wrong("Without sign-up nobody counts seats. Take this out, or say sign_up: yes.")
        return value

    @field_validator("announce", "hosts")
    @classmethod
    def _once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return distinct(value)
