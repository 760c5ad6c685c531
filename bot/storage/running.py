"""Around running: named leases, and figures for ``status``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, get_args

import msgspec
from sqlalchemy import bindparam, delete, func, or_, select

from bot.domain.outbox import DeliveryState
from bot.errors import StoreError
from bot.storage.base import ERASED, Base, inserting, put
from bot.storage.columns import micros, moment_of
from bot.storage.engine import shrink, take_turns
from bot.storage.tables import chat_posts, chats, deliveries, locks, meta, posts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_REHEARSAL = "rehearsal"
_TIDIED = "tidied"

BEATS = 20
"""How many times of ``run`` and of ``tick`` are kept."""

TIDYING = timedelta(days=1)
"""How long after tidying the database it is not tidied again."""

_encode = msgspec.json.Encoder().encode
_moment = msgspec.json.Decoder(int)
_moments = msgspec.json.Decoder(list[int])

_NOTED = select(meta.c.value).where(meta.c.name == bindparam("name"))
_TO_TIDY = select(meta.c.name, meta.c.value).where(meta.c.name.in_((ERASED, _TIDIED)))
_DELIVERIES = select(deliveries.c.state, func.count().label("number")).group_by(deliveries.c.state)
_POSTS = select(posts.c.state, func.count().label("number")).group_by(posts.c.state)
_HELD = select(func.count(chat_posts.c.post.distinct())).where(chat_posts.c.store, chat_posts.c.hold)


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

    def beat(self, kind: Literal["run", "tick"], now: datetime) -> None:
        """Note that ``run`` or ``tick`` worked; the last twenty times of each are kept."""
        with self._writing() as connection:
            take_turns(connection)
            times = [*beat_times(connection, kind), now][-BEATS:]
            put(connection, meta, [{"name": f"beats.{kind}", "value": _encode(list(map(micros, times)))}])

    def beats(self, kind: Literal["run", "tick"]) -> tuple[datetime, ...]:
        """When ``run`` or ``tick`` worked lately, oldest first."""
        with self._reading() as connection:
            return tuple(beat_times(connection, kind))

    def oldest_check(self) -> datetime | None:
        """When the kept post that was not looked up for longest was, UTC; ``None`` where nothing is kept."""
        with self._reading() as connection:
            oldest: datetime | None = connection.scalar(
                select(func.min(posts.c.checked_at)).where(posts.c.state == "kept")
            )
            return oldest

    def tidy(self, now: datetime) -> bool:
        """Give back the room of what was erased, at most once a day; gives whether it was done. SQLite only.

        Erased bytes were overwritten before; this makes the file small again. While another process is writing,
        nothing happens, and the next call tries again. PostgreSQL's own vacuum does as much.

        Raises:
            StoreError: there is no room for the copy that SQLite makes; tried again a day later.
        """
        if self._engine.dialect.name != "sqlite":
            return False
        with self._reading() as connection:
            known = {row.name: row.value for row in connection.execute(_TO_TIDY)}
        last = moment_of(_moment.decode(known[_TIDIED])) if _TIDIED in known else None
        if ERASED not in known or (last is not None and last <= now < last + TIDYING):
            return False
        with self._writing() as connection:  # beforehand: an erasure meanwhile is for the next time
            connection.execute(delete(meta).where(meta.c.name == ERASED))
            put(connection, meta, [{"name": _TIDIED, "value": _encode(micros(now))}])
        try:
            done = shrink(self._engine)
        except StoreError:
            self._not_tidied(None)
            raise
        if not done:
            self._not_tidied(known)
        return done

    def _not_tidied(self, before: Mapping[str, bytes] | None) -> None:
        """Remember that there is still something to tidy; with what was known ``before``, also since when."""
        with self._writing() as connection:
            put(connection, meta, [{"name": ERASED, "value": b"1"}])
            if before is not None and _TIDIED in before:
                put(connection, meta, [{"name": _TIDIED, "value": before[_TIDIED]}])
            elif before is not None:
                connection.execute(delete(meta).where(meta.c.name == _TIDIED))

    def counts(self) -> Mapping[str, int]:
        """Figures for ``status``: deliveries by state (``deliveries.sent`` …), ``posts``, ``held``, ``tombstones``.

        ``posts`` are those whose words are kept, ``held`` those of them that wait for a person, ``tombstones`` those
        whose words were kept once.
        """
        with self._reading() as connection:
            states = {row.state: row.number for row in connection.execute(_DELIVERIES)}
            nodes = {row.state: row.number for row in connection.execute(_POSTS)}
            held = connection.scalar(_HELD)
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


def beat_times(connection: Connection, kind: str) -> list[datetime]:
    """When ``run`` or ``tick`` worked lately, oldest first."""
    data = connection.scalar(_NOTED, {"name": f"beats.{kind}"})
    return [] if data is None else [moment_of(each) for each in _moments.decode(data)]
