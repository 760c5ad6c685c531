"""The kinds of value that a key may have: each reads the text as written, and tells editors what it looks like."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, GetJsonSchemaHandler, PlainValidator, WithJsonSchema

from bot.config import addresses, durations, words, zones
from bot.config.words import Wrong
from bot.domain.occurrences import Rhythm, Span

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

STRING: dict[str, Any] = {"type": "string"}
_WORD: dict[str, Any] = {"type": ["string", "number"]}
_SWITCH: dict[str, Any] = {"enum": ["yes", "no", "on", "off", True, False]}


def _span(least: timedelta, most: timedelta, example: str) -> tuple[PlainValidator, WithJsonSchema]:
    return PlainValidator(durations.duration(least, most, example)), WithJsonSchema(STRING)


_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LENGTH = _span(5 * _MINUTE, 12 * _HOUR, "60 minutes")
AFTER = _span(timedelta(0), 60 * _DAY, "12 minutes")
ASK_AFTER = _span(_HOUR, 30 * _DAY, "1 day")
AHEAD = _span(5 * _MINUTE, 60 * _DAY, "30 minutes")
GRACE = _span(timedelta(0), 7 * _DAY, "2 hours")
AFTERWARDS = _span(_DAY, 182 * _DAY, "2 weeks")
LATE = _span(timedelta(0), 365 * _DAY, "14 days")


def _keep(value: Any) -> timedelta | None:  # noqa: ANN401 - whatever the file holds
    if isinstance(value, str) and value.strip().lower() in {"forever", "always"}:
        return None
    return durations.duration(_DAY, 50 * 365 * _DAY, "3 years")(value)


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values, none of them twice."""
    if len(set(values)) < len(values):
        raise Wrong("The same thing stands twice in this list.")
    return values


Word = Annotated[str, PlainValidator(words.line_text), WithJsonSchema(_WORD)]
Prose = Annotated[str, PlainValidator(words.text), WithJsonSchema(_WORD)]
Alt = Annotated[str, PlainValidator(lambda value: value and words.alt(value)), WithJsonSchema(_WORD)]
Option = Annotated[str, PlainValidator(words.option), WithJsonSchema(_WORD)]
Hashtag = Annotated[str, PlainValidator(words.hashtag), WithJsonSchema(_WORD)]
Handle = Annotated[str, PlainValidator(addresses.handle), WithJsonSchema(STRING)]
AnswerPlace = Annotated[str, PlainValidator(addresses.answer_place), WithJsonSchema(STRING)]
Domain = Annotated[str, PlainValidator(addresses.domain), WithJsonSchema(STRING)]
Address = Annotated[str, PlainValidator(addresses.address), WithJsonSchema({"type": "string", "format": "uri"})]
Stream = Annotated[str, PlainValidator(addresses.stream), WithJsonSchema({"type": "string", "format": "uri"})]
Mailbox = Annotated[str, PlainValidator(addresses.mailbox), WithJsonSchema(STRING)]
Recipient = Annotated[str, PlainValidator(addresses.recipient), WithJsonSchema(STRING)]
MailServer = Annotated[str, PlainValidator(addresses.mail_server), WithJsonSchema(STRING)]
Listen = Annotated[str, PlainValidator(addresses.listen), WithJsonSchema(STRING)]
Port = Annotated[
    int, PlainValidator(addresses.port), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65_535})
]
Zone = Annotated[str, PlainValidator(zones.zone), WithJsonSchema(STRING)]
Language = Annotated[str, PlainValidator(words.language), WithJsonSchema(STRING)]
Clock = Annotated[time, PlainValidator(durations.clock_time), WithJsonSchema(STRING)]
Day = Annotated[date, PlainValidator(durations.day), WithJsonSchema({"type": "string", "format": "date"})]
Days = Annotated[Span, PlainValidator(durations.span), WithJsonSchema(STRING)]
Every = Annotated[Rhythm, PlainValidator(durations.rhythm), WithJsonSchema(STRING)]
Pace = Annotated[
    timedelta | None,
    PlainValidator(lambda value: None if value is None else durations.pace(value)),
    WithJsonSchema(STRING),
]
Keep = Annotated[timedelta | None, PlainValidator(_keep), WithJsonSchema(STRING)]
Switch = Annotated[bool, PlainValidator(words.yes_no), WithJsonSchema(_SWITCH)]


class OrText:
    """Tells editors that a plain text may stand here as well."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [STRING, handler(core)]}


ONE_OR_MANY = (BeforeValidator(words.listed), OrText())


def _unless_off(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    off = isinstance(value, str) and value.strip().casefold() in {"off", "no", "never"}
    return () if off else words.listed(value)


ONE_OR_MANY_OR_OFF = (BeforeValidator(_unless_off), OrText())
