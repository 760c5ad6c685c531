"""What a stream tells: rows, and how far it was read, stored together or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from bot.storage import codec
from bot.storage.base import chunks, put
from bot.storage.batches import Batches, put_aside
from bot.storage.erasing import bury_posts
from bot.storage.linked import part_from_ended
from bot.storage.tables import accounts, chat_posts, chats, cursors, left_out, posts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.domain.posts import NetworkName
    from bot.domain.records import Candidate
    from bot.ports import Spoiled, Stored

_KEPT_AUTHORS = (
    select(accounts.c.data)
    .where(
        accounts.c.key.in_(
            select(posts.c.account)
            .join(chat_posts, chat_posts.c.post == posts.c.id)
            .join(chats, chats.c.id == chat_posts.c.chat)
            .where(posts.c.state == "kept", posts.c.network == bindparam("network"))
            .where(chat_posts.c.store, chats.c.ends_at > bindparam("since"))
        )
    )
    .order_by(accounts.c.key)
)


class Live(Batches):
    """The store's methods for ``listen``."""

    def take_in(
        self,
        batch: Sequence[Candidate],
        *,
        gone: Collection[str],
        ended: Collection[str],
        account: str,
        stream: str,
        cursor: str,
        spoiled: Sequence[Spoiled],
        now: datetime,
    ) -> Stored:
        """Store what a stream told and how far it was read, all in one transaction.

        First what was said, then what was deleted, then who is no more: so that nothing stays of a post that came and
        went at once. A post that cannot be stored is set aside, by network and node key; all the rest is stored.
        """

        def rest(connection: Connection, spoilt: Sequence[tuple[str, str]]) -> None:
            buried = bury_posts(connection, {*gone, *_posts_of(connection, ended)})
            self._erased |= buried.erased | part_from_ended(connection, ended)
            put_aside(connection, account, [*((each.event, each.error) for each in spoiled), *spoilt], now)
            put(connection, cursors, [{"account": account, "stream": stream, "value": cursor}])

        return self._store(batch, now, rest)

    def kept_authors(self, network: NetworkName, since: datetime) -> frozenset[str]:
        """``Account.id`` of whom words are kept in chats that ended after ``since``."""
        with self._reading() as connection:
            kept = connection.scalars(_KEPT_AUTHORS, {"network": network, "since": since})
            return frozenset(codec.account_from(data).id for data in kept)


def _posts_of(connection: Connection, authors: Collection[str]) -> set[str]:
    """Node keys of all that is known of these accounts: what is kept, and what was left out."""
    found: set[str] = set()
    for some in chunks(authors):
        found.update(connection.scalars(select(posts.c.key).where(posts.c.account.in_(some))))
        left = select(posts.c.key).join(left_out, left_out.c.post == posts.c.id).where(left_out.c.author.in_(some))
        found.update(connection.scalars(left))
    return found
