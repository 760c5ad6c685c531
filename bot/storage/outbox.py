"""The outbox at work: claimed by owner and lease, each step stored before or after its request, never both at once.

Every method first changes (and so locks) the delivery's row where it still belongs to its owner, then its parts.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from bot.domain.planning import begun
from bot.errors import LeaseLost, StoreError
from bot.storage import codec
from bot.storage.base import Base, among, bump, inserting, parts_of, restored_in
from bot.storage.columns import Moment
from bot.storage.plans import BEGUN, close, deliveries_where, load_deliveries
from bot.storage.scrubbing import OPEN, scrub
from bot.storage.tables import blobs, chats, deliveries, parts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from bot.domain.outbox import Delivery, Draft, Part
    from bot.ports import Sent


class Outbox(Base):
    """The store's methods for ``deliver``."""

    def expire(self, now: datetime) -> tuple[Delivery, ...]:
        """Mark as missed what is past its useful life and was never begun; gives those deliveries.

        One of which anything was sent, or may have been, stays open: it is looked at and finished. So does one on an
        account of which it is not known what it said since this store was put back.
        """
        with self._reading() as connection:
            restored = restored_in(connection)
            settled = () if restored is None else (deliveries.c.account.in_(restored.settled),)
            any_stale = _ANY_STALE.where(*settled) if settled else _ANY_STALE
            if connection.scalar(any_stale, {"now": now}) is None:
                return ()
        with self._writing() as connection:
            stale = load_deliveries(connection, _STALE.where(*settled), now=now)
            missed = [each.id for each in stale if not begun(each)]
            close(connection, missed, "missed")
            return load_deliveries(connection, _THESE, some=missed)

    def claim(self, account: str, owner: str, now: datetime, lease_until: datetime) -> Delivery | None:
        """Take the account's next due delivery: in order within its chat, not leased, not waiting for a retry.

        It is the first open one of its chat on this account; chats do not wait for each other. What is past its
        useful life is given only if something of it is, or may be, on the network.
        """
        due = {"its_account": account, "now": now}
        with self._reading() as connection:  # as most of the time there is none: then nobody waits for our write lock
            if connection.scalar(_ANY_DUE, due) is None:
                return None
        with self._writing() as connection:
            claim = {"new_owner": owner, "new_lease": lease_until}
            row = connection.execute(_CLAIM, due | claim).one_or_none()
            if row is None:
                return None
            return codec.delivery_from(row, parts_of(connection, [row.id]).get(row.id, ()))

    def has_due(self, account: str, now: datetime) -> bool:
        """Whether ``claim`` might give a delivery of this account now, or it has to be settled what it said before."""
        with self._reading() as connection:
            restored = restored_in(connection)
            if restored is not None and account not in restored.settled:
                return True
            return connection.scalar(_ANY_DUE, {"its_account": account, "now": now}) is not None

    def free_leases(self, owner: str) -> int:
        """End everybody else's leases on deliveries; gives their number. See the port: for the holder of the lock."""
        with self._writing() as connection:
            others = update(deliveries).where(deliveries.c.owner != owner, deliveries.c.state.in_(OPEN))
            return connection.execute(others.values(_FREE)).rowcount

    def keep_blob(self, data: bytes, mime: str) -> str:
        """Keep a picture's bytes; gives their SHA-256 in hex."""
        sha256 = hashlib.sha256(data).hexdigest()
        with self._writing() as connection:
            statement = inserting(connection, blobs).on_conflict_do_nothing()
            connection.execute(statement, {"sha256": sha256, "mime": mime, "data": data})
        return sha256

    def blob(self, sha256: str) -> bytes:
        """A kept picture's bytes.

        Raises:
            StoreError: no such picture was kept.
        """
        with self._reading() as connection:
            data: bytes | None = connection.scalar(select(blobs.c.data).where(blobs.c.sha256 == sha256))
        if data is None:
            raise StoreError(f"The picture {sha256[:12]} is not in the database; run `staffroom run` to read it again.")
        return data

    def freeze(self, delivery: str, owner: str, draft: Draft, parts: Sequence[Part]) -> None:
        """Store a claimed delivery's draft and parts; its state becomes ``frozen``.

        Raises:
            LeaseLost: it is not ours any more, or its plan changed since it was claimed.
        """
        with self._writing() as connection:
            ours = {"its_id": delivery, "its_owner": owner, "draft": codec.to_json(draft)}
            _must(delivery, connection.execute(_FREEZING, ours).rowcount)
            rows = [codec.part_row(delivery, part, _answer_in(draft, part)) for part in parts]
            if rows:
                connection.execute(_parts.insert(), rows)
            self._erased |= scrub(connection, [delivery])

    def leaving(
        self, delivery: str, owner: str, positions: Collection[int], now: datetime, lease_until: datetime
    ) -> None:
        """A request for these parts is about to leave: they are ``unknown`` from now on.

        Raises:
            LeaseLost: it is not ours any more; nothing may be sent.
        """
        with self._writing() as connection:
            self._own(connection, delivery, owner, lease_until=lease_until)
            these = {"its_id": delivery, "some": sorted(set(positions))}
            changed = connection.execute(_LEAVING, {**these, "tried_at": now}).rowcount
            # A part may have been taken out since, because its words were erased: then the parts are other ones now.
            _must(delivery, changed == len(set(positions)))

    def landed(self, delivery: str, owner: str, sent: Sequence[Sent], now: datetime) -> bool:
        """These parts are on the network; gives whether the whole delivery is ``sent`` now.

        Raises:
            LeaseLost: it is not ours any more. The parts stay ``unknown``; whoever has it now looks them up.
        """
        with self._writing() as connection:
            self._own(connection, delivery, owner)
            for each in sent:
                landed = {"its_id": delivery, "some": [each.position], "landed_at": now}
                connection.execute(_LANDING, {**landed, "remote": codec.to_json(each.remote)})
            self._erased |= scrub(connection, [delivery])
            left = connection.scalar(_LEFT, {"its_id": delivery})
            if not left:
                whole: dict[str, Any] = {"state": "sent", "sent_at": now, "retry_at": None, "error": ""}
                self._own(connection, delivery, owner, **whole, **_FREE)
            chat = connection.scalar(_CHAT_OF, {"its_id": delivery})
            bump(connection, [chat] if chat else [])
            return not left

    def not_landed(self, delivery: str, owner: str, positions: Collection[int]) -> None:
        """These parts are certainly not on the network: ``ready`` again.

        If the chat was cancelled meanwhile and nothing of the delivery was sent, it is ``cancelled`` now.

        Raises:
            LeaseLost: it is not ours any more.
        """
        with self._writing() as connection:
            self._own(connection, delivery, owner)
            connection.execute(_READY, {"its_id": delivery, "some": sorted(set(positions))})
            self._erased |= scrub(connection, [delivery])
            called_off = exists().where(
                chats.c.id == deliveries.c.chat, or_(chats.c.cancelled, chats.c.taken_out_at.is_not(None))
            )
            these = select(deliveries.c.id).where(deliveries.c.id == delivery, called_off, ~BEGUN)
            ids = connection.scalars(these).all()
            close(connection, ids, "cancelled")

    def release(self, delivery: str, owner: str, retry_at: datetime | None, error: str) -> None:
        """Give the lease back; try again from ``retry_at`` on. ``error`` is why, empty if nothing went wrong.

        With an error it counts as an attempt.

        Raises:
            LeaseLost: it is not ours any more.
        """
        with self._writing() as connection:
            why: dict[str, Any] = {"retry_at": retry_at, "error": codec.plain(error)}
            self._own(connection, delivery, owner, tried=bool(error), **why, **_FREE)

    def give_up(self, delivery: str, owner: str, error: str) -> None:
        """The network refused it for good.

        Raises:
            LeaseLost: it is not ours any more.
        """
        with self._writing() as connection:
            end: dict[str, Any] = {"state": "refused", "error": codec.plain(error), "retry_at": None}
            self._own(connection, delivery, owner, tried=True, **end, **_FREE)
            self._erased |= scrub(connection, [delivery])  # nobody asks any more what became of a part in doubt

    def next_due(self, now: datetime) -> datetime | None:
        """When the earliest open delivery wants attention (its time, retry or lease end); ``None`` if there is none.

        Only the first open one of each chat and account counts: the others wait for it. A time in the past means
        at once.
        """
        with self._reading() as connection:
            rows = connection.execute(_TIMES)
            moments = [
                max(moment for moment in (row.at, row.retry_at, row.lease_until) if moment is not None)
                if row.lease_until and row.lease_until > now
                else max(row.at, row.retry_at or row.at)
                for row in rows
            ]
        return min(moments, default=None)

    def _own(self, connection: Connection, delivery: str, owner: str, /, *, tried: bool = False, **values: Any) -> None:  # noqa: ANN401 - columns
        """Change a delivery that is ours; lock it in any case. ``tried``: it counts as an attempt."""
        ours = {"its_id": delivery, "its_owner": owner, **(values or {"owner": owner})}
        _must(delivery, connection.execute(_TRIED if tried else _OURS, ours).rowcount)


_parts = parts  # ``freeze`` has an argument of that name, as the port says
_FREE: dict[str, Any] = {"owner": None, "lease_until": None}


def _must(delivery: str, held: object) -> None:
    if not held:
        raise LeaseLost(f"{delivery} was taken over by another process or changed by a new plan; it is left to them.")


def _first_in_chat() -> ColumnElement[bool]:
    return ~exists().where(
        _earlier.c.chat == deliveries.c.chat,
        _earlier.c.account == deliveries.c.account,
        _earlier.c.state.in_(OPEN),
        _earlier.c.order < deliveries.c.order,
    )


def _answer_in(draft: Draft, part: Part) -> str:
    return draft.posts[part.post].answer if 0 <= part.post < len(draft.posts) else ""


_earlier = deliveries.alias("earlier")
_now = bindparam("now", type_=Moment)
_DUE = and_(
    deliveries.c.account == bindparam("its_account"),
    deliveries.c.state.in_(OPEN),
    deliveries.c.at <= _now,
    or_(deliveries.c.retry_at.is_(None), deliveries.c.retry_at <= _now),
    or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= _now),
    or_(deliveries.c.useful_until > _now, BEGUN),
    _first_in_chat(),
)
_ANY_DUE = select(deliveries.c.id).where(_DUE).limit(1)
_NEXT_DUE = (
    select(deliveries.c.id)
    .where(_DUE)
    .order_by(deliveries.c.at, deliveries.c.order, deliveries.c.id)
    .limit(1)
    # SKIP LOCKED: what another process is claiming at this moment is passed over (left out on SQLite).
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(deliveries)
    .where(deliveries.c.id == _NEXT_DUE.scalar_subquery())
    .values(owner=bindparam("new_owner"), lease_until=bindparam("new_lease"))
    .returning(deliveries)
)
_TIMES = select(deliveries.c.at, deliveries.c.retry_at, deliveries.c.lease_until).where(
    deliveries.c.state.in_(OPEN), _first_in_chat()
)
_IS_STALE = and_(deliveries.c.state.in_(OPEN), deliveries.c.useful_until <= _now)
_ANY_STALE = select(deliveries.c.id).where(_IS_STALE).limit(1)
_STALE = deliveries_where(_IS_STALE, lock=True)
_THESE = deliveries_where(among(deliveries.c.id))
_CHAT_OF = select(deliveries.c.chat).where(deliveries.c.id == bindparam("its_id"))
_HELD = update(deliveries).where(deliveries.c.id == bindparam("its_id"), deliveries.c.owner == bindparam("its_owner"))
_FREEZING = _HELD.where(deliveries.c.state == "planned").values(state="frozen")
_OURS = _HELD.where(deliveries.c.state.in_(OPEN))
_TRIED = _OURS.values(attempts=deliveries.c.attempts + 1)
_PARTS = update(parts).where(parts.c.delivery == bindparam("its_id"), among(parts.c.position))
_LEAVING = _PARTS.values(state="unknown")
_READY = _PARTS.values(state="ready")
_LANDING = _PARTS.values(state="sent", sent_at=func.coalesce(parts.c.tried_at, bindparam("landed_at", type_=Moment)))
_LEFT = select(func.count()).where(parts.c.delivery == bindparam("its_id"), parts.c.state != "sent")
