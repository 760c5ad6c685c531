"""Around collecting: which chats are open, what we said in them, what is gone, how far streams were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, exists, or_, select, type_coerce

from bot.domain.followups import AWAITED
from bot.domain.records import SentPost
from bot.domain.sweeps import CLOSING
from bot.ports import Due
from bot.storage import codec
from bot.storage.base import Base, among, chats_where, chunks, put, stored_chats
from bot.storage.columns import Moment
from bot.storage.engine import take_turns
from bot.storage.erasing import bury_posts
from bot.storage.tables import chats, cursors, deliveries, parts, prompts, series, sweeps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from sqlalchemy import Connection


_SAID = exists().where(
    deliveries.c.chat == chats.c.id,
    parts.c.delivery == deliveries.c.id,
    parts.c.kind == "post",
    parts.c.state == "sent",
)
_ASKED = (  # from its index, for most chats have none
    select(prompts.c.chat)
    .join(deliveries, deliveries.c.prompt == prompts.c.id)
    .join(parts, parts.c.delivery == deliveries.c.id)
    .where(prompts.c.answer > "", parts.c.kind == "post", parts.c.sent_at > bindparam("awaited"))
)
_IS_OPEN = type_coerce(chats.c.ends_at + series.c.late, Moment) > bindparam("closed", type_=Moment)
_COLLECTING = chats_where(or_(and_(_IS_OPEN, _SAID), chats.c.id.in_(_ASKED)))
_SWEEPS = select(sweeps).where(among(sweeps.c.chat))
_CURSOR = select(cursors.c.value).where(
    cursors.c.account == bindparam("account"), cursors.c.stream == bindparam("stream")
)
_CURSORS = select(cursors.c.stream, cursors.c.value).where(
    cursors.c.account == bindparam("account"), among(cursors.c.stream), cursors.c.value != ""
)
_SENT = (
    select(
        deliveries.c.prompt,
        prompts.c.kind,
        prompts.c.number,
        deliveries.c.account,
        parts.c.position,
        parts.c.remote,
        parts.c.answer,
        parts.c.sent_at,
    )
    .join(deliveries, deliveries.c.id == parts.c.delivery)
    .join(prompts, prompts.c.id == deliveries.c.prompt)
    .where(deliveries.c.chat == bindparam("chat"), parts.c.kind == "post", parts.c.state == "sent")
    .order_by(parts.c.sent_at, deliveries.c.order, deliveries.c.account, parts.c.position)
)


class Collecting(Base):
    """The store's methods around ``collect``."""

    def collecting(self, now: datetime) -> tuple[Due, ...]:
        """Chats with a sent post whose window (end + ``late``, and ``CLOSING``) is open, in order of start.

        So are those of which a follow-up went out so recently that what came of it is awaited.
        """
        with self._reading() as connection:
            found = stored_chats(connection, _COLLECTING, closed=now - CLOSING, awaited=now - AWAITED)
            times: dict[str, dict[str, datetime]] = {stored.chat.id: {} for stored in found}
            for some in chunks(times):
                for row in connection.execute(_SWEEPS, {"some": some}):
                    times[row.chat][row.account] = row.at
            return tuple(Due(stored=stored, swept=times[stored.chat.id]) for stored in found)

    def sent_posts(self, chat: str) -> tuple[SentPost, ...]:
        """Our posts in a chat, in order of time."""
        with self._reading() as connection:
            return sent_in(connection, chat, self.key)

    def bury(self, keys: Collection[str], now: datetime) -> int:  # noqa: ARG002 - the port's signature
        """Turn stored posts into tombstones; gives how many were not before. On SQLite no byte of them stays."""
        if not keys:
            return 0
        with self._writing() as connection:
            take_turns(connection)
            buried = bury_posts(connection, keys)
            self._erased |= buried.erased
            return buried.words

    def swept(self, chat: str, account: str, now: datetime) -> None:
        """Note that a chat was swept to its end on an account."""
        with self._writing() as connection:
            put(connection, sweeps, [{"chat": chat, "account": account, "at": now}])

    def sweep_again(self, series: str) -> None:
        """Let every open chat of a series (of all, where none is named) be swept soon, whenever it was last."""
        these = select(chats.c.id).where(chats.c.series == series) if series else select(chats.c.id)
        with self._writing() as connection:
            connection.execute(delete(sweeps).where(sweeps.c.chat.in_(these)))

    def cursor(self, account: str, stream: str) -> str:
        """How far a stream was read; empty if never."""
        with self._reading() as connection:
            return connection.scalar(_CURSOR, {"account": account, "stream": stream}) or ""

    def cursors(self, account: str, streams: Collection[str]) -> dict[str, str]:
        """How far each of these streams was read; without those that never were."""
        with self._reading() as connection:
            rows = connection.execute(_CURSORS, {"account": account, "some": list(streams)})
            return {row.stream: row.value for row in rows}

    def save_cursor(self, account: str, stream: str, value: str) -> None:
        """Remember how far a stream was read."""
        with self._writing() as connection:
            put(connection, cursors, [{"account": account, "stream": stream, "value": value}])


def sent_in(connection: Connection, chat: str, key: Callable[[str, str], str]) -> tuple[SentPost, ...]:
    """Our posts in a chat, in order of time; ``key`` makes node keys."""
    found = []
    for row in connection.execute(_SENT, {"chat": chat}):
        ref = codec.remote_from(row.remote)
        if ref is not None:
            found.append(
                SentPost(
                    prompt=row.prompt,
                    kind=row.kind,
                    number=row.number,
                    account=row.account,
                    position=row.position,
                    ref=ref,
                    key=key(ref.network, ref.id),
                    answer=row.answer,
                    at=row.sent_at,
                )
            )
    return tuple(found)
