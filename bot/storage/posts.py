"""Collected posts: stored in batches, looked up again, placed under questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, case, delete, exists, or_, select, update

from bot.domain.records import Candidate, Placed
from bot.ports import Stored
from bot.storage import codec
from bot.storage.base import among, bump, chats_where, chunks, stored_chats
from bot.storage.batches import Batches, put_aside
from bot.storage.engine import take_turns
from bot.storage.tables import accounts, answers, chat_posts, chats, left_out, posts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from bot.domain.chats import Chat
    from bot.domain.posts import NetworkName, PostRef

_CANDIDATES = (
    select(posts, chat_posts, accounts.c.data.label("author"))
    .join(posts, posts.c.id == chat_posts.c.post)
    .join(accounts, accounts.c.key == posts.c.account)
    .where(chat_posts.c.chat == bindparam("chat"), chat_posts.c.store, posts.c.state == "kept")
    .order_by(posts.c.at, posts.c.key)
)
_EDGES = (
    select(posts.c.key, posts.c.parent)
    .join(chat_posts, chat_posts.c.post == posts.c.id)
    .where(chat_posts.c.chat == bindparam("chat"))
)
_KEPT = (
    select(posts.c.key, posts.c.id)
    .join(chat_posts, chat_posts.c.post == posts.c.id)
    .where(chat_posts.c.chat == bindparam("chat"), chat_posts.c.store)
)
_ANSWERS = select(answers).where(answers.c.chat == bindparam("chat"))
_KEEPING = chats_where(exists().where(chat_posts.c.chat == chats.c.id, chat_posts.c.store))
_TURN = case((posts.c.asked_at > posts.c.checked_at, posts.c.asked_at), else_=posts.c.checked_at).label("turn")
_UNCHECKED = (
    select(posts.c.key, _TURN, posts.c.data)
    .join(chat_posts, chat_posts.c.post == posts.c.id)
    .where(among(chat_posts.c.chat), chat_posts.c.store, posts.c.network == bindparam("network"))
    .where(posts.c.state == "kept", posts.c.checked_at < bindparam("before"))
    .order_by(_TURN, posts.c.key)
    .limit(bindparam("limit"))
)


class Posts(Batches):
    """The store's methods about collected posts."""

    def upsert(self, batch: Sequence[Candidate], now: datetime) -> Stored:
        """Store a batch: words where the verdict allows, a bare node (keys and times) where not. Idempotent.

        A post that was stored and may not be any more becomes a bare node; a tombstone stays one, unless the post is
        seen again publicly and was not erased by its author's wish (a later JOIN of the same author counts as that
        wish taken back). A parent once known stays known. Only real differences are written and counted.
        One that cannot be stored is set aside and spoils none of the others (``set_aside``, under no account).
        """
        if not batch:
            return Stored(0, 0)
        return self._store(batch, now, lambda connection, spoilt: put_aside(connection, "", spoilt, now))

    def candidates(self, chat: str) -> tuple[Candidate, ...]:
        """All stored posts of a chat whose words are kept, for attribution, in order of (time, key)."""
        with self._reading() as connection:
            return tuple(
                Candidate(
                    chat=chat,
                    post=codec.post_from(row.data, codec.account_from(row.author), row.at),
                    key=row.key,
                    parent=row.parent,
                    root=row.root,
                    quote=row.quote,
                    in_thread=row.in_thread,
                    store=row.store,
                    hold=row.hold,
                    search=row.search,
                    why=row.why,
                    held=row.held,
                )
                for row in connection.execute(_CANDIDATES, {"chat": chat})
            )

    def edges(self, chat: str) -> Mapping[str, str]:
        """Node key → parent's node key (empty if none), of every node of a chat, words kept or not."""
        with self._reading() as connection:
            return {row.key: row.parent for row in connection.execute(_EDGES, {"chat": chat})}

    def place(self, chat: str, placed: Mapping[str, Sequence[Placed]]) -> int:
        """Replace the questions that posts (by node key) answer; gives how many posts changed.

        Posts that are not named keep theirs; posts whose words are not kept in this chat have none.
        """
        with self._writing() as connection:
            take_turns(connection)
            before: dict[int, dict[str, str]] = {}
            for row in connection.execute(_ANSWERS, {"chat": chat}):
                before.setdefault(row.post, {})[row.question] = row.how
            kept_here = connection.execute(_KEPT, {"chat": chat})
            after = {
                row.id: {each.question: each.how for each in placed[row.key]} for row in kept_here if row.key in placed
            }
            changed = {post: found for post, found in after.items() if before.get(post, {}) != found}
            gone = delete(answers).where(answers.c.chat == chat, answers.c.post == bindparam("this"))
            if changed:
                connection.execute(gone, [{"this": post} for post in changed])
            rows = [
                {"chat": chat, "post": post, "question": question, "how": how}
                for post, found in changed.items()
                for question, how in found.items()
            ]
            if rows:
                connection.execute(answers.insert(), rows)
            if changed:
                bump(connection, [chat])
            return len(changed)

    def unchecked(self, network: NetworkName, before: Callable[[Chat], datetime], limit: int) -> tuple[PostRef, ...]:
        """Stored posts not looked up since ``before`` their chat says, oldest first.

        Those that were asked for in vain since they were last looked up wait behind the others. Chats that share a
        limit are asked for together, so that what is not due is not even read.
        """
        found: dict[str, tuple[datetime, str]] = {}
        with self._reading() as connection:
            limits: dict[datetime, list[str]] = {}
            for stored in stored_chats(connection, _KEEPING):
                limits.setdefault(before(stored.chat), []).append(stored.chat.id)
            for moment, ids in limits.items():
                for some in chunks(ids):
                    which = {"some": some, "network": network, "before": moment, "limit": limit}
                    found |= {row.key: (row.turn, row.data) for row in connection.execute(_UNCHECKED, which)}
        oldest = sorted(found, key=lambda key: (found[key][0], key))[:limit]
        return tuple(codec.ref_in(found[key][1]) for key in oldest)

    def checked(self, refs: Iterable[PostRef], now: datetime) -> None:
        """Note that these posts were looked up."""
        self._note(refs, {"checked_at": now}, posts.c.state == "kept")

    def unanswered(self, refs: Iterable[PostRef], now: datetime) -> None:
        """Note that these posts were asked for and nothing was learned: others have their turn first."""
        known = or_(posts.c.state == "kept", exists().where(left_out.c.post == posts.c.id))
        self._note(refs, {"asked_at": now}, known)

    def _note(self, refs: Iterable[PostRef], values: Mapping[str, datetime], which: ColumnElement[bool]) -> None:
        keys = sorted({self.key(ref.network, ref.id) for ref in refs})
        if keys:
            statement = update(posts).where(posts.c.key == bindparam("this"), which).values(values)
            with self._writing() as connection:
                connection.execute(statement, [{"this": key} for key in keys])
