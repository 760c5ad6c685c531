"""Figures about the store for whoever watches the bot: few and bounded queries, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import BigInteger, ColumnElement, case, func, select, type_coerce

from bot.domain.outbox import DeliveryState
from bot.domain.vitals import BUCKETS, Gauges, Lateness, Outgoing, Pending
from bot.storage.base import Base
from bot.storage.places import places_in
from bot.storage.running import beat_times
from bot.storage.scrubbing import OPEN
from bot.storage.tables import chat_posts, deliveries, errands, posts

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Row

    from bot.domain.errands import ErrandKind

_SECOND = 1_000_000
"""Microseconds, as ``columns.Moment`` counts them."""


class Figures(Base):
    """The store's methods for those who watch the bot."""

    def gauges(self, accounts: Collection[str], now: datetime, since: datetime, longest: timedelta) -> Gauges:
        """What the store knows of how the bot does. Nothing of it names a person.

        Args:
            accounts: our account keys.
            now: UTC.
            since: lateness is counted of what was sent from then on, UTC.
            longest: how late a delivery may be at most; those that were due longer before ``since`` are not looked at.
        """
        with self._reading() as connection:
            held = connection.scalar(
                select(func.count(chat_posts.c.post.distinct())).where(chat_posts.c.store, chat_posts.c.hold)
            )
            # Only kept posts have been looked up at all: their index alone answers.
            kept = select(func.count(posts.c.checked_at), func.min(posts.c.checked_at))
            number, oldest = connection.execute(kept.where(posts.c.checked_at.is_not(None))).one()
            outgoing = {account: _outgoing(connection, account, now, since, longest) for account in accounts}
            worked = max((*beat_times(connection, "run"), *beat_times(connection, "tick")), default=None)
            places = places_in(connection)
        return Gauges(outgoing, held=held or 0, posts=number, checked_since=oldest, worked_at=worked, places=places)


def _outgoing(connection: Connection, account: str, now: datetime, since: datetime, longest: timedelta) -> Outgoing:
    """One account's figures; every query stays within a range of an index that begins with the account."""
    ours = deliveries.c.account == account
    counted = select(deliveries.c.state, func.count().label("number")).where(ours).group_by(deliveries.c.state)
    states: dict[DeliveryState, int] = dict.fromkeys(get_args(DeliveryState), 0)
    states |= {row.state: row.number for row in connection.execute(counted)}
    due = select(func.min(deliveries.c.at)).where(ours, deliveries.c.state.in_(OPEN), deliveries.c.at <= now)
    sent = (ours, deliveries.c.state == "sent", deliveries.c.at >= since - longest, deliveries.c.sent_at >= since)
    pending = (
        select(errands.c.kind, func.count().label("number"), func.min(errands.c.at).label("since"))
        .where(errands.c.account == account, errands.c.done_at.is_(None))
        .group_by(errands.c.kind)
    )
    waiting: dict[ErrandKind, Pending] = {
        row.kind: Pending(row.number, row.since) for row in connection.execute(pending)
    }
    lateness = _lateness(connection.execute(select(*_LATE).where(*sent)).one())
    return Outgoing(states=states, due_since=connection.scalar(due), lateness=lateness, errands=waiting)


def _late() -> tuple[ColumnElement[Any], ...]:
    """Number of rows, sum of their lateness in microseconds, and how many stay within each bucket."""
    late = type_coerce(deliveries.c.sent_at, BigInteger) - type_coerce(deliveries.c.at, BigInteger)
    within = (func.sum(case((late <= seconds * _SECOND, 1), else_=0)) for seconds in BUCKETS)
    return (func.count(), func.sum(late), *within)


_LATE = _late()


def _lateness(row: Row[Any]) -> Lateness:
    count, micros, *within = tuple(row)
    if not count:
        return Lateness()
    return Lateness(count, int(micros) / _SECOND, tuple(map(int, within)))
