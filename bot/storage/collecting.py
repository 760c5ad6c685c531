"""Around collecting: which chats are open, what we said in them, what people asked of us, how far streams were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, select, type_coerce, update

from bot.domain.consent import Wish, standing_wish
from bot.domain.records import SentPost
from bot.domain.sweeps import CLOSING
from bot.ports import Due
from bot.storage import codec
from bot.storage.base import Base, bump, chats_of, chunks, ids_of, inserting, put, stored_chats
from bot.storage.engine import take_turns
from bot.storage.erasing import erase, withdraw
from bot.storage.tables import (
    Moment,
    chat_posts,
    chats,
    consents,
    cursors,
    deliveries,
    parts,
    posts,
    prompts,
    series,
    sweeps,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


class Collecting(Base):
    """The store's methods around ``collect``."""

    def collecting(self, now: datetime) -> tuple[Due, ...]:
        """Chats with a sent post whose window (end + ``late``, and ``CLOSING``) is open, in order of start."""
        said = exists().where(
            deliveries.c.chat == chats.c.id,
            parts.c.delivery == deliveries.c.id,
            parts.c.kind == "post",
            parts.c.state == "sent",
        )
        with self._reading() as connection:
            found = stored_chats(connection, type_coerce(chats.c.ends_at + series.c.late, Moment) > now - CLOSING, said)
            times: dict[str, dict[str, datetime]] = {stored.chat.id: {} for stored in found}
            for some in chunks(times):
                for row in connection.execute(select(sweeps).where(sweeps.c.chat.in_(some))):
                    times[row.chat][row.account] = row.at
            return tuple(Due(stored=stored, swept=times[stored.chat.id]) for stored in found)

    def sent_posts(self, chat: str) -> tuple[SentPost, ...]:
        """Our posts in a chat, in order of time."""
        with self._reading() as connection:
            return sent_in(connection, chat, self.key)

    def wishes(self, account_keys: Collection[str]) -> Mapping[str, tuple[Wish, ...]]:
        """What these accounts (keys of ``Account.id``) asked of us, in order of time; ``()`` where nothing."""
        with self._reading() as connection:
            return _wishes(connection, account_keys)

    def add_wish(self, account_key: str, wish: Wish, source: str) -> None:
        """Remember a wish as an event; the same event twice is one.

        Where the account's latest wish is now to leave, the words of its posts go at once, in the same transaction.
        """
        row = {"account": account_key, "kind": wish.kind, "series": wish.series, "at": wish.at, "source": source}
        with self._writing() as connection:
            take_turns(connection)
            connection.execute(inserting(connection, consents).on_conflict_do_nothing(), row)
            if wish.kind == "stopped":
                self._let_go(connection, account_key)

    def _let_go(self, connection: Connection, account_key: str) -> None:
        """Erase what an account said in the series it left."""
        wishes = _wishes(connection, (account_key,))[account_key]
        query = (
            select(chat_posts.c.chat, posts.c.key, chats.c.series)
            .join(posts, posts.c.id == chat_posts.c.post)
            .join(chats, chats.c.id == chat_posts.c.chat)
            .where(posts.c.account == account_key, chat_posts.c.store)
        )
        left: dict[str, list[str]] = {}
        keys: set[str] = set()
        for row in connection.execute(query):
            if standing_wish(wishes, row.series) == "stopped":
                left.setdefault(row.chat, []).append(row.key)
                keys.add(row.key)
        if not keys:
            return
        touched = chats_of(connection, keys)
        nowhere = {"store": False, "hold": False, "search": False, "why": "stopped"}
        for some_keys in chunks(keys):
            connection.execute(update(posts).where(posts.c.key.in_(some_keys)).values(fingerprint=None))
        for chat, some in left.items():
            connection.execute(
                update(chat_posts).where(chat_posts.c.chat == chat, chat_posts.c.post.in_(ids_of(some))).values(nowhere)
            )
            withdraw(connection, chat, some)
        still: set[str] = set()
        for each in chunks(keys):
            elsewhere = select(posts.c.key).join(chat_posts, chat_posts.c.post == posts.c.id)
            still.update(connection.scalars(elsewhere.where(posts.c.key.in_(each), chat_posts.c.store)))
        self._erased = True
        erase(connection, dict.fromkeys(keys - still, "erased"))
        bump(connection, touched)

    def bury(self, keys: Collection[str], now: datetime) -> int:  # noqa: ARG002 - the port's signature
        """Turn stored posts into tombstones; gives how many were not before. On SQLite no byte of them stays."""
        if not keys:
            return 0
        with self._writing() as connection:
            take_turns(connection)
            words: set[str] = set()
            for some in chunks(keys):
                query = select(posts.c.key).where(and_(posts.c.key.in_(some), posts.c.state == "kept"))
                words.update(connection.scalars(query))
            if words:
                self._erased = True
                touched = chats_of(connection, words)
                erase(connection, dict.fromkeys(words, "buried"))
                bump(connection, touched)
            return len(words)

    def swept(self, chat: str, account: str, now: datetime) -> None:
        """Note that a chat was swept to its end on an account."""
        with self._writing() as connection:
            put(connection, sweeps, [{"chat": chat, "account": account, "at": now}])

    def cursor(self, account: str, stream: str) -> str:
        """How far a stream was read; empty if never."""
        with self._reading() as connection:
            query = select(cursors.c.value).where(cursors.c.account == account, cursors.c.stream == stream)
            return connection.scalar(query) or ""

    def save_cursor(self, account: str, stream: str, value: str) -> None:
        """Remember how far a stream was read."""
        with self._writing() as connection:
            put(connection, cursors, [{"account": account, "stream": stream, "value": value}])


def sent_in(connection: Connection, chat: str, key: Callable[[str, str], str]) -> tuple[SentPost, ...]:
    """Our posts in a chat, in order of time; ``key`` makes node keys."""
    query = (
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
        .where(deliveries.c.chat == chat, parts.c.kind == "post", parts.c.state == "sent")
        .order_by(parts.c.sent_at, deliveries.c.order, deliveries.c.account, parts.c.position)
    )
    found = []
    for row in connection.execute(query):
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


def _wishes(connection: Connection, account_keys: Collection[str]) -> dict[str, tuple[Wish, ...]]:
    found: dict[str, tuple[Wish, ...]] = dict.fromkeys(account_keys, ())
    for some in chunks(found):
        query = select(consents).where(consents.c.account.in_(some)).order_by(consents.c.at, consents.c.kind)
        for row in connection.execute(query):
            found[row.account] += (Wish(kind=row.kind, series=row.series, at=row.at),)
    return found
