"""What authors said about use of their answers elsewhere: remembered by node key and purpose, gone with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select

from bot.domain.permissions import Permission
from bot.storage.base import Base, chunks, note, put
from bot.storage.engine import take_turns
from bot.storage.tables import permissions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection


class Permitting(Base):
    """The store's methods about permissions."""

    def permit(self, said: Permission) -> bool:
        """Remember what an author said; gives whether that is new. The later word counts, and no of two at one time."""
        with self._writing() as connection:
            take_turns(connection)
            these = (permissions.c.post == said.answer, permissions.c.purpose == said.purpose)
            before = connection.execute(select(permissions).where(*these)).one_or_none()
            if before and (before.at, not before.agreed) >= (said.at, not said.agreed):
                return False
            row = msgspec.structs.asdict(said)
            put(connection, permissions, [{"post": row.pop("answer"), **row}])
            if not said.agreed:
                note(connection, "declined", key=said.answer, what=said.purpose, at=said.at)
            return True

    def permissions(self) -> tuple[Permission, ...]:
        """All that authors said, by purpose, then in the order of answers' keys."""
        query = select(permissions).order_by(permissions.c.purpose, permissions.c.post)
        with self._reading() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return tuple(Permission(answer=row.pop("post"), **row) for row in rows)


def forget_permissions(connection: Connection, keys: Collection[str], chat: str = "") -> None:
    """Forget what was said about answers that go (from one chat)."""
    for some in chunks(keys):
        rows = delete(permissions).where(permissions.c.post.in_(some))
        connection.execute(rows.where(permissions.c.chat == chat) if chat else rows)


def decline_again(connection: Connection, declined: Sequence[tuple[str, str, datetime]]) -> None:
    """Take back a yes in a backup that does not know of the no: by node key and purpose, and when that was said."""
    for key, purpose, at in declined:
        older = (permissions.c.post == key, permissions.c.purpose == purpose, permissions.c.at <= at)
        connection.execute(delete(permissions).where(*older))
