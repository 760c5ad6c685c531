"""Alerts: what is wrong since when, and the messages about it, until they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, func, or_, select, update

from bot.domain.alerts import Alert, Troubled
from bot.ports.alerts import Notice
from bot.storage import codec
from bot.storage.base import Base, inserting, put
from bot.storage.tables import alerts, deliveries, notices

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Row


class _Words(msgspec.Struct, frozen=True):
    """What is forgotten when a notice is done."""

    to: str
    subject: str
    text: str


_words = msgspec.json.Decoder(_Words)


class Alerts(Base):
    """The store's methods about alerts (``ports.alerts.AlertBook``)."""

    def alerts(self) -> tuple[Alert, ...]:
        """All alerts that are remembered, by key."""
        with self._reading() as connection:
            rows = connection.execute(select(_alerts).order_by(_alerts.c.key))
            return tuple(Alert(row.key, row.since, row.seen_at, row.told_at, row.ended_at) for row in rows)

    def troubled(self, since: datetime) -> tuple[Troubled, ...]:
        """Deliveries due after ``since`` that were missed or refused, in order of their time."""
        query = (
            select(deliveries)
            .where(deliveries.c.state.in_(("missed", "refused")), deliveries.c.at > since)
            .order_by(deliveries.c.at, deliveries.c.order, deliveries.c.account)
        )
        with self._reading() as connection:
            return tuple(
                Troubled(row.id, row.account, row.state, row.at, row.useful_until) for row in connection.execute(query)
            )

    def messages_since(self, since: datetime) -> tuple[datetime, ...]:
        """When messages were written after ``since``: one time for all notices of a message, in order."""
        first = func.min(_notices.c.at, type_=_notices.c.at.type)
        query = select(first).where(_notices.c.at > since).group_by(_notices.c.message).order_by(first)
        with self._reading() as connection:
            return tuple(connection.scalars(query))

    def alert(self, remember: Sequence[Alert], forget: Collection[str], notices: Sequence[Notice]) -> None:
        """Remember alerts, forget others (by key), and put what is to be said about them beside, all at once."""
        with self._writing() as connection:
            put(connection, _alerts, [msgspec.structs.asdict(alert) for alert in remember])
            if forget:
                connection.execute(delete(_alerts).where(_alerts.c.key.in_(sorted(forget))))
            if notices:
                statement = inserting(connection, _notices).on_conflict_do_nothing()
                connection.execute(statement, [_row(notice) for notice in notices])

    def notices(self, now: datetime, limit: int) -> tuple[Notice, ...]:
        """What is to be sent now, in order of time."""
        query = (
            select(_notices)
            .where(_notices.c.done_at.is_(None), or_(_notices.c.retry_at.is_(None), _notices.c.retry_at <= now))
            .order_by(_notices.c.at, _notices.c.id)
            .limit(limit)
        )
        with self._reading() as connection:
            return tuple(_notice(row) for row in connection.execute(query))

    def notice_done(self, notice: str, now: datetime, error: str = "") -> None:
        """It was sent, or (with an error) given up. Recipient and words are forgotten."""
        done = {"data": None, "retry_at": None, "done_at": now, "error": codec.plain(error)}
        with self._writing() as connection:
            this = update(_notices).where(_notices.c.id == notice, _notices.c.done_at.is_(None))
            connection.execute(this.values(done | {"attempts": _notices.c.attempts + 1}))

    def notice_again(self, notice: str, retry_at: datetime, error: str) -> None:
        """It did not work; try again then."""
        again = {"retry_at": retry_at, "error": codec.plain(error), "attempts": _notices.c.attempts + 1}
        with self._writing() as connection:
            this = update(_notices).where(_notices.c.id == notice, _notices.c.done_at.is_(None))
            connection.execute(this.values(again))

    def forget_notices(self, before: datetime) -> int:
        """Forget what was written before that, sent or not; gives how many."""
        old = _notices.c.at < before
        with self._reading() as connection:
            if connection.scalar(select(_notices.c.id).where(old).limit(1)) is None:
                return 0
        with self._writing() as connection:
            return connection.execute(delete(_notices).where(old)).rowcount


_alerts, _notices = alerts, notices  # methods are called so, as the port says


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "message": notice.message,
        "at": notice.at,
        "data": codec.to_json(_Words(notice.to, notice.subject, notice.text)),
        "attempts": notice.attempts,
        "retry_at": None,
        "error": "",
        "done_at": None,
    }


def _notice(row: Row[Any]) -> Notice:
    words = _words.decode(row.data)
    return Notice(row.id, row.message, row.at, words.to, words.subject, words.text, row.attempts)
