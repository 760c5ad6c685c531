"""What ``staffroom permission`` asks for. None of it needs a network or a login."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import clock_of
from bot.config import load_staffroom
from bot.domain.permissions import Standing
from bot.services import permissions

if TYPE_CHECKING:
    from pathlib import Path


class Permitted(msgspec.Struct, frozen=True):
    """One line: the purpose, the chat's id, the answer's address, how it stands, when (UTC) and by whom noted, why."""

    purpose: str
    chat: str
    address: str
    standing: Standing
    at: datetime
    by: str
    reason: str


def note_permission(folder: Path, named: str, purpose: str, reason: str, by: str, *, agreed: bool) -> bool:
    """Note what the author of an answer said; see ``permissions.note_down``."""
    store = open_store_of(load_staffroom(folder))
    now = max(datetime.now(UTC), clock_of(store).now())
    return permissions.note_down(store, named, purpose, reason, by, now, agreed=agreed)


def permissions_of(folder: Path) -> tuple[Permitted, ...]:
    """All that authors said about the use of their answers, by purpose."""
    store = open_store_of(load_staffroom(folder))
    return tuple(
        Permitted(
            one.said.purpose,
            one.said.chat,
            one.post.ref.url or one.post.ref.id,
            one.standing,
            one.said.at,
            one.said.by,
            one.said.reason,
        )
        for one in permissions.noted(store)
    )
