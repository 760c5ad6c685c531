"""Around running: named leases, and figures for ``status``."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from sqlalchemy import delete, func, or_, select

from bot.domain.outbox import DeliveryState
from bot.storage.base import Base, inserting
from bot.storage.tables import chat_posts, chats, deliveries, locks, meta, posts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_REHEARSAL = "rehearsal"


class Running(Base):
    """The store's methods for ``run``, ``status`` and ``rehearse``."""

    def hold_lock(self, name: str, owner: str, now: datetime, lease_until: datetime) -> bool:
        """Take or renew a named lease; false while someone else holds it."""
        with self._writing() as connection:
            statement = inserting(connection, locks)
            free = or_(locks.c.owner == owner, locks.c.lease_until <= now)
            taking = statement.on_conflict_do_update(
                index_elements=["name"], set_={"owner": owner, "lease_until": lease_until}, where=free
            )
            row = {"name": name, "owner": owner, "lease_until": lease_until}
            return connection.execute(taking.returning(locks.c.name), row).one_or_none() is not None

    def lock_owner(self, name: str, now: datetime) -> str:
        """Who holds a named lease now; empty for nobody."""
        held = select(locks.c.owner).where(locks.c.name == name, locks.c.lease_until > now)
        with self._reading() as connection:
            return connection.scalar(held) or ""

    def drop_lock(self, name: str, owner: str) -> None:
        """Give a named lease back; somebody else's stays."""
        with self._writing() as connection:
            connection.execute(delete(locks).where(locks.c.name == name, locks.c.owner == owner))

    def counts(self) -> Mapping[str, int]:
        """Figures for ``status``: deliveries by state (``deliveries.sent`` …), ``posts``, ``held``, ``tombstones``.

        ``posts`` are those whose words are kept, ``held`` those of them that wait for a person, ``tombstones`` those
        whose words were kept once.
        """
        with self._reading() as connection:
            by_state = select(deliveries.c.state, func.count().label("number")).group_by(deliveries.c.state)
            states = {row.state: row.number for row in connection.execute(by_state)}
            by_kind = select(posts.c.state, func.count().label("number")).group_by(posts.c.state)
            nodes = {row.state: row.number for row in connection.execute(by_kind)}
            held = connection.scalar(
                select(func.count(chat_posts.c.post.distinct())).where(chat_posts.c.store, chat_posts.c.hold)
            )
        figures = {f"deliveries.{state}": states.get(state, 0) for state in get_args(DeliveryState)}
        tombstones = nodes.get("buried", 0) + nodes.get("erased", 0)
        return {**figures, "posts": nodes.get("kept", 0), "held": held or 0, "tombstones": tombstones}

    def is_rehearsal(self) -> bool:
        """Whether everything in this database is made up."""
        with self._reading() as connection:
            return connection.scalar(select(meta.c.name).where(meta.c.name == _REHEARSAL)) is not None

    def mark_rehearsal(self) -> bool:
        """Say that everything in this database is made up; false, and nothing done, where it holds a real chat."""
        if self.is_rehearsal():
            return True
        with self._writing() as connection:
            if connection.scalar(select(chats.c.id).limit(1)) is not None:
                return False
            row = {"name": _REHEARSAL, "value": b"1"}
            connection.execute(inserting(connection, meta).on_conflict_do_nothing(), row)
            return True
