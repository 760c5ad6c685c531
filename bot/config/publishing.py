"""The list ``publish:``: each place whole, its name its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.config.publish_models import PlaceBlock
from bot.config.settings import BranchSettings, BucketSettings, CommandSettings

if TYPE_CHECKING:
    from bot.config.reading import Reading
    from bot.config.settings import AccountSettings, PlaceSettings
    from bot.config.staffroom_models import StaffroomFile

_KINDS = ("git", "s3", "command")
_BELONGS = {"branch": "git", "user": "git", "endpoint": "s3", "region": "s3", "within": "command"}
_TAKEN = frozenset({"site", "mail", "backup", "database"})
"""Names that would be mistaken for something else in messages, or in the names of secrets."""


def read_publish(reading: Reading[StaffroomFile], accounts: dict[str, AccountSettings]) -> tuple[PlaceSettings, ...]:
    """Every place that is whole; what is wrong with the others goes to ``reading.problems``.

    Args:
        reading: ``staffroom.yaml``.
        accounts: every account that is whole, by name.
    """
    raw = reading.raw.get("publish")
    found: list[PlaceSettings] = []
    for index, one in enumerate(raw if isinstance(raw, list) else []):
        try:
            block = PlaceBlock.model_validate(one)
        except ValidationError:
            continue
        place = _place(reading, index, block)
        if place is None:
            continue
        path = ("publish", index, "name") if block.name else ("publish", index)
        if place.name in {other.name for other in found}:
            say = f"Another place is called {place.name} already; each needs a name of its own."
            _note(reading, path, say, f"name: {place.name}-2")
        elif place.name in accounts or place.name in _TAKEN:
            say = f"A place cannot be called {place.name}: something else is called so."
            _note(reading, path, say, "name: web")
        found.append(place)
    return tuple(found)


def _note(reading: Reading[StaffroomFile], path: tuple[str | int, ...], say: str, mend: str) -> None:
    if path[-1] == "name":
        reading.note(path, say, value=mend.removeprefix("name: "))
    else:
        reading.note(path, say, mend)


def _place(reading: Reading[StaffroomFile], index: int, block: PlaceBlock) -> PlaceSettings | None:
    path = ("publish", index)
    kinds = [kind for kind in _KINDS if getattr(block, kind)]
    if len(kinds) != 1:
        say = "A place is one of these: git:, s3: or command:."
        reading.note(path, say, "" if kinds else "git: https://git.example.org/edchat/pages.git")
        return None
    (kind,) = kinds
    for key in block.model_fields_set:
        if key in _BELONGS and _BELONGS[key] != kind:
            reading.note((*path, key), f"{key}: belongs to {_BELONGS[key]}:, and this place is {kind}:. Take it out.")
    name = block.name or kind
    if kind == "git":
        return BranchSettings(name, block.git, block.branch or "pages", block.user)
    if kind == "s3":
        bucket, _, folder = block.s3.partition("/")
        return BucketSettings(name, bucket, folder, block.endpoint or "", block.region)
    return CommandSettings(name, block.command, block.within.total_seconds())
