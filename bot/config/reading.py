"""One file from bytes to a checked block, or to whatever of it can still be checked further."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ValidationError

from bot.config.block import Block
from bot.config.chat_models import QuestionBlock
from bot.config.messages import leaked, swallowed, worded
from bot.config.series_models import SeriesFile
from bot.config.yaml_nodes import Mapping, plain
from bot.config.yaml_source import Source

if TYPE_CHECKING:
    from bot.errors import Problem

Model = TypeVar("Model", bound=Block)

# What stands in for a required key that is wrong, so that the rest can be checked; the file is refused in any case.
_PLACEHOLDERS = {"title": "x", "hashtag": "x", "timezone": "UTC", "every": "only dates", "at": "12:00"}


class Reading(Generic[Model]):
    """A file read and validated.

    Attributes:
        source: the file and its places.
        raw: its content as dicts, lists and texts; empty where it could not be read.
        value: the checked block, ``None`` where anything in it is wrong.
        bad: the outermost keys in which something is wrong.
        problems: what was wrong.
    """

    def __init__(self, name: str, data: bytes, model: type[Model]) -> None:
        self.source = Source(name, data)
        self.problems: list[Problem] = list(self.source.problems)
        self.raw: dict[str, Any] = {}
        self.value: Model | None = None
        self.bad: dict[str, set[int]] = {}
        if self.source.root is None:
            return
        self.raw = plain(self.source.root)
        self.problems += leaked(self.source)
        cut, quiet = swallowed(self.source)
        self.problems += cut
        try:
            self.value = model.model_validate(self.raw)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            self.problems += worded(self.source, errors, model, quiet)
            for found in errors:
                loc = found["loc"]
                within = self.bad.setdefault(str(loc[0]) if loc else "", set())
                if len(loc) > 1 and isinstance(loc[1], int):
                    within.add(loc[1])
                else:
                    within.add(-1)

    def note(self, path: tuple[str | int, ...], message: str, mend: str = "", *, value: str = "") -> None:
        """Add a problem at a path; with ``value`` the mend is the line with that value in place.

        A mapping is pointed at by its key, anything else by itself.
        """
        node, _ = self.source.find(path)
        parent, _ = self.source.find(path[:-1])
        if isinstance(node, Mapping) and isinstance(parent, Mapping) and path:
            node = parent.keys.get(str(path[-1]), node)
        line, column = (node.line, node.column) if node else (-1, -1)
        if node is not None and value:
            mend = self.source.corrected(node, value)
        self.problems.append(self.source.problem(line, column, message, mend))


def survivors(reading: Reading[SeriesFile]) -> tuple[SeriesFile | None, tuple[int, ...]]:
    """What of a series can be used for further checks, and the places in the file of the chats that are in it.

    Wrong keys fall back to their defaults and wrong chats are left out: ``reading.bad`` says which keys not to trust.
    """
    if reading.value is not None:
        return reading.value, tuple(range(len(reading.value.chats)))
    if not reading.raw:
        return None, ()
    raw = {key: value for key, value in reading.raw.items() if key in SeriesFile.model_fields}
    wrong_chats = reading.bad.get("chats", set())
    for key in reading.bad:
        if key != "chats" or -1 in wrong_chats:
            raw.pop(key, None)
    if "pace" in reading.bad:
        raw.pop("format", None)
    chats = raw.get("chats", [])
    kept = tuple(index for index in range(len(chats)) if index not in wrong_chats)
    raw["chats"] = [chats[index] for index in kept]
    try:
        return SeriesFile.model_validate(_PLACEHOLDERS | raw), kept
    except ValidationError:
        return None, ()


def sound_questions(reading: Reading[SeriesFile]) -> list[tuple[int, int, QuestionBlock]]:
    """Every question whose own values are valid, with the places of its chat and of itself (from 0)."""
    found = []
    chats = reading.raw.get("chats")
    for index, chat in enumerate(chats if isinstance(chats, list) else []):
        questions = chat.get("questions") if isinstance(chat, dict) else None
        for number, raw in enumerate(questions if isinstance(questions, list) else [questions]):
            try:
                value = QuestionBlock.model_validate({"ask": raw} if isinstance(raw, str) else raw)
            except ValidationError:
                continue
            found.append((index, number, value))
    return found
