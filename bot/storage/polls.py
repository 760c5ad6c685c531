"""How people voted in polls of ours that are the network's own: numbers, and when they were first read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, select

from bot.domain.records import CountedPoll, PollCount
from bot.storage.base import Base, bump, put
from bot.storage.engine import take_turns
from bot.storage.tables import deliveries, poll_counts, prompts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_count = msgspec.json.Decoder(PollCount)
_COUNTS = (
    select(poll_counts)
    .join(deliveries, deliveries.c.id == poll_counts.c.delivery)
    .where(deliveries.c.chat == bindparam("chat"))
)
_COUNTED = (
    select(prompts.c.number, deliveries.c.network, poll_counts)
    .join(deliveries, deliveries.c.id == poll_counts.c.delivery)
    .join(prompts, prompts.c.id == deliveries.c.prompt)
    .where(deliveries.c.chat == bindparam("chat"))
    .order_by(prompts.c.number, poll_counts.c.delivery)
)


class Polls(Base):
    """The store's methods about polls."""

    def poll_counts(self, chat: str) -> dict[str, PollCount]:
        """What was read last of a chat's polls on networks that have them, by delivery."""
        with self._reading() as connection:
            rows = connection.execute(_COUNTS, {"chat": chat})
            return {row.delivery: _count.decode(row.data) for row in rows}

    def save_poll_count(self, delivery: str, count: PollCount, now: datetime) -> bool:
        """Remember how people voted in the poll of a delivery; gives whether that is something new.

        A delivery that is not there any more has no poll to be remembered.
        """
        data = msgspec.json.encode(count).decode()
        chat_of = select(deliveries.c.chat).where(deliveries.c.id == delivery)
        with self._writing() as connection:
            take_turns(connection)
            chat = connection.scalar(chat_of)
            known = connection.scalar(select(poll_counts.c.data).where(poll_counts.c.delivery == delivery))
            if chat is None or known == data:
                return False
            put(connection, poll_counts, [{"delivery": delivery, "at": now, "data": data}])
            bump(connection, [chat])
            return True


def counted_in(connection: Connection, chat: str) -> tuple[CountedPoll, ...]:
    """What was read last of a chat's polls, in order of their questions."""
    rows = connection.execute(_COUNTED, {"chat": chat})
    return tuple(CountedPoll(row.number, row.network, _count.decode(row.data), row.at) for row in rows)
