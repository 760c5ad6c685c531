"""Errands: what is to be done on a network beside the outbox, until it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, or_, select, update

from bot.domain.errands import Errand
from bot.domain.posts import PostRef
from bot.storage import codec
from bot.storage.base import Base, inserting
from bot.storage.columns import Moment
from bot.storage.tables import errands

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row


class _About(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is forgotten when an errand is done."""

    ref: PostRef | None = None
    to: str = ""
    text: str = ""


_about = msgspec.json.Decoder(_About)


class Errands(Base):
    """The store's methods about errands."""

    def queue(self, errands: Sequence[Errand]) -> int:
        """Remember what is to be done; one that was ever queued is not queued again. Gives how many are new."""
        if not errands:
            return 0
        with self._writing() as connection:
            statement = inserting(connection, _errands).on_conflict_do_nothing().returning(_errands.c.id)
            return len([True for errand in errands if connection.scalar(statement, errand_row(errand))])

    def errands(self, account: str, now: datetime, limit: int) -> tuple[Errand, ...]:
        """What an account of ours is to do now, in order of time."""
        with self._reading() as connection:
            rows = connection.execute(_DUE, {"account": account, "now": now, "limit": limit})
            return tuple(errand_of(row) for row in rows)

    def errand_done(self, errand: str, now: datetime, error: str = "") -> None:
        """It is done, or (with an error) given up. Address, handle and text are forgotten, in the error too."""
        with self._writing() as connection:
            data = connection.scalar(select(_errands.c.data).where(_errands.c.id == errand))
            this = update(_errands).where(_errands.c.id == errand, _errands.c.done_at.is_(None))
            done = {"data": None, "retry_at": None, "done_at": now, "error": _without(error, data)}
            connection.execute(this.values(done | {"attempts": _errands.c.attempts + 1}))
            self._erased |= data is not None

    def errand_again(self, errand: str, retry_at: datetime, error: str) -> None:
        """It did not work; try again then."""
        again = {"retry_at": retry_at, "error": codec.plain(error), "attempts": _errands.c.attempts + 1}
        with self._writing() as connection:
            connection.execute(
                update(_errands).where(_errands.c.id == errand, _errands.c.done_at.is_(None)).values(again)
            )


_errands = errands  # methods have arguments and a name of that kind, as the port says
_now = bindparam("now", type_=Moment)
_DUE = (
    select(_errands)
    .where(_errands.c.account == bindparam("account"), _errands.c.done_at.is_(None), _errands.c.at <= _now)
    .where(or_(_errands.c.retry_at.is_(None), _errands.c.retry_at <= _now))
    .order_by(_errands.c.at, _errands.c.id)
    .limit(bindparam("limit"))
)


def errand_row(errand: Errand) -> dict[str, Any]:
    """An errand as a row."""
    return {
        "id": errand.id,
        "account": errand.account,
        "kind": errand.kind,
        "at": errand.at,
        "data": codec.to_json(_About(errand.ref, errand.to, errand.text)),
        "attempts": errand.attempts,
        "retry_at": None,
        "error": "",
        "done_at": None,
    }


def errand_of(row: Row[Any]) -> Errand:
    """A row as an errand, of one that is still to be done."""
    about = _about.decode(row.data)
    return Errand(row.id, row.account, row.kind, row.at, about.ref, about.to, about.text, row.attempts)


def _without(error: str, data: str | None) -> str:
    """What went wrong, without the address, handle and text that it may repeat."""
    about = _About() if data is None else _about.decode(data)
    ref = about.ref or PostRef("bluesky", "")
    for told in sorted((ref.id, ref.url, ref.cid, about.text, about.to, about.to.lstrip("@")), key=len, reverse=True):
        error = error.replace(told, "…") if told else error
    return codec.plain(error)
