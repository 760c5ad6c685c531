"""What is kept for how long, where posts stand, and whose they are: for look-ups, retention and removal on request."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, exists, or_, select

from bot.domain.chats import kept_no_longer
from bot.domain.consent import REACHABLE
from bot.ports import Standing
from bot.storage import codec
from bot.storage.base import bump, chats_where, chunks, note, stored_chats
from bot.storage.engine import take_turns
from bot.storage.erasing import erase, withdraw
from bot.storage.linked import Linked
from bot.storage.picking import unpick
from bot.storage.tables import (
    accounts,
    answers,
    chat_posts,
    chats,
    copies,
    deliveries,
    digests,
    errands,
    host_sayings,
    left_out,
    poll_counts,
    posts,
    rulings,
    set_aside,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


NOTES = timedelta(days=60)
"""How long errands and events that were set aside are remembered."""


_OVER = chats_where(chats.c.ends_at <= bindparam("now"), exists().where(chat_posts.c.chat == chats.c.id))
_DONE = and_(errands.c.at <= bindparam("before"), errands.c.kind != "delete")
_ASIDE = set_aside.c.at <= bindparam("before")
_OLD_ERRAND = select(errands.c.id).where(_DONE).limit(1)
_OLD_ASIDE = select(set_aside.c.event).where(_ASIDE).limit(1)


class Keeping(Linked):
    """The store's methods about retention, standing and removal."""

    def standing(self, keys: Collection[str]) -> Mapping[str, tuple[Standing, ...]]:
        """Where posts (by node key) stand whose words are kept, or that were left out; others are missing.

        A post stands where it is kept, and where it would be if its author joined.
        """
        found: dict[str, tuple[Standing, ...]] = {}
        known = or_(posts.c.state == "kept", exists().where(left_out.c.post == posts.c.id))
        here = or_(chat_posts.c.store, and_(chat_posts.c.why.in_(sorted(REACHABLE)), known))
        with self._reading() as connection:
            for some in chunks(keys):
                query = (
                    select(posts.c.key, posts.c.parent, posts.c.root, posts.c.quote, chat_posts.c.chat)
                    .add_columns(chat_posts.c.in_thread)
                    .join(chat_posts, chat_posts.c.post == posts.c.id)
                    .where(posts.c.key.in_(some), here)
                    .order_by(posts.c.key, chat_posts.c.chat)
                )
                for row in connection.execute(query):
                    place = Standing(row.chat, row.parent, row.root, row.quote, row.in_thread)
                    found[row.key] = (*found.get(row.key, ()), place)
        return found

    def forget_old(self, now: datetime) -> tuple[str, ...]:
        """Forget all that was said in chats whose time of keeping (``Series.keep``) is over; gives their ids.

        Not even nameless places stay. What another chat still keeps stays there. Errands that were done, and what was
        set aside, go two months later.
        """
        with self._reading() as connection:
            old = tuple(
                stored.chat.id
                for stored in stored_chats(connection, _OVER, now=now)
                if kept_no_longer(stored.series, stored.chat, now)
            )
        for chat in old:
            with self._writing() as connection:
                take_turns(connection)
                note(connection, "forgotten", chat=chat)
                self._forget(connection, chat)
        self._forget_notes(now - NOTES)
        self._forget_old_claims(now)
        if self._erasures is not None:
            self._erasures.prune(self.database)
        return old

    def _forget_notes(self, before: datetime) -> None:
        """Forget what was noted about networks. That a post of ours was deleted, or is to be, stays known."""
        since = {"before": before}
        with self._reading() as connection:
            if connection.scalar(_OLD_ERRAND, since) is None and connection.scalar(_OLD_ASIDE, since) is None:
                return
        with self._writing() as connection:
            self._erased = True
            connection.execute(delete(errands).where(_DONE), since)
            connection.execute(delete(set_aside).where(_ASIDE), since)

    def _forget(self, connection: Connection, chat: str) -> None:
        here = select(posts.c.key).join(chat_posts, chat_posts.c.post == posts.c.id).where(chat_posts.c.chat == chat)
        keys = set(connection.scalars(here))
        connection.execute(delete(answers).where(answers.c.chat == chat))
        unpick(connection, keys, chat)
        for table in (host_sayings, digests):
            connection.execute(delete(table).where(table.c.chat == chat))
        said = select(deliveries.c.id).where(deliveries.c.chat == chat)
        connection.execute(delete(poll_counts).where(poll_counts.c.delivery.in_(said)))
        connection.execute(delete(chat_posts).where(chat_posts.c.chat == chat))
        withdraw(connection, chat, keys)
        elsewhere = exists().where(chat_posts.c.post == posts.c.id)
        alone: set[str] = set()
        for some in chunks(keys):
            alone.update(connection.scalars(select(posts.c.key).where(posts.c.key.in_(some), ~elsewhere)))
        self._erased = True
        erase(connection, dict.fromkeys(alone, "buried"))
        for some in chunks(alone):
            connection.execute(delete(posts).where(posts.c.key.in_(some)))
            connection.execute(delete(copies).where(copies.c.copy.in_(some)))
            connection.execute(delete(rulings).where(rulings.c.post.in_(some)))
        bump(connection, [chat])

    def accounts_called(self, name: str) -> Mapping[str, str]:
        """Accounts whose words are kept and whose handle, id or profile's address is this: account key → handle."""
        wanted = name.strip().lstrip("@").casefold()
        if not wanted:
            return {}
        with self._reading() as connection:
            known = ((row.key, codec.account_from(row.data)) for row in connection.execute(select(accounts)))
            return {
                key: account.handle
                for key, account in known
                if wanted in (account.handle.lstrip("@").casefold(), account.id.casefold(), account.url.casefold())
            }
