"""What editors read to complete and explain keys: one JSON Schema for each kind of file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.config.event_models import EventFile
from bot.config.series_models import SeriesFile
from bot.config.staffroom_models import StaffroomFile
from bot.config.story_models import StoryFile

if TYPE_CHECKING:
    from bot.config.block import Block

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_json() -> dict[str, dict[str, Any]]:
    """The schemas by kind of file: ``event``, ``series``, ``staffroom``, ``story``. Every key has a description."""
    kinds: dict[str, type[Block]] = {
        "event": EventFile,
        "series": SeriesFile,
        "staffroom": StaffroomFile,
        "story": StoryFile,
    }
    return {kind: _schema(model) for kind, model in kinds.items()}


def schema_bytes(kind: str) -> bytes:
    """A schema as it stands in its file."""
    return (json.dumps(schema_json()[kind], indent=2, ensure_ascii=False) + "\n").encode()


def _schema(model: type[Block]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **_plain(model.model_json_schema())}


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """Without what would confuse in an editor: titles made from names, and defaults in Python's terms."""
    if isinstance(value, dict):
        dull = {"default"} if not isinstance(value.get("default"), str) else set()
        if isinstance(value.get("title"), str) and ("type" in value or "anyOf" in value or "enum" in value):
            dull.add("title")
        return {key: _plain(inner) for key, inner in value.items() if key not in dull}
    return [_plain(item) for item in value] if isinstance(value, list) else value
