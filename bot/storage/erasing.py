"""Forgetting: what goes when a post's words go. Nothing here asks why; it only leaves no trace.

Words stand in ``posts.data``, copied pictures in ``pictures``, their author in ``accounts.data``, where a post is that
was left out in ``left_out``. Node keys stay, so that a thread keeps its shape and what is gone is known when seen
again. What a digest repeats is taken out by ``scrubbing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import bindparam, delete, exists, select, update

from bot.storage.base import bump, chats_of, chunks, ids_of, note
from bot.storage.downloads import end_downloads_of
from bot.storage.following import forget_follow_ups
from bot.storage.permitting import forget_permissions
from bot.storage.picking import unpick
from bot.storage.pictures import drop
from bot.storage.scrubbing import repeating, scrub
from bot.storage.tables import accounts, answers, chat_posts, host_sayings, left_out, posts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


NOWHERE = {"store": False, "hold": False, "search": False, "held": ""}
"""Values of ``chat_posts`` for a post whose words may not be kept."""


def minute(moment: datetime) -> datetime:
    """Cut a time to its minute: all that stays of when a removed post was written."""
    return moment.replace(second=0, microsecond=0)


def erase(connection: Connection, states: Mapping[str, str]) -> None:
    """Erase the words of posts (by node key), each then in the state given; and what repeats them, and their authors.

    The caller holds the turn to write posts, and bumps the chats afterwards.
    """
    if not states:
        return
    authors: set[str] = set()
    rows = []
    for some in chunks(states):
        for row in connection.execute(select(posts.c.key, posts.c.at, posts.c.account).where(posts.c.key.in_(some))):
            rows.append({"this": row.key, "new_state": states[row.key], "cut": minute(row.at)})
            authors.update((row.account,) if row.account else ())
        connection.execute(update(chat_posts).where(chat_posts.c.post.in_(ids_of(some))).values(NOWHERE))
        connection.execute(delete(left_out).where(left_out.c.post.in_(ids_of(some))))
    if rows:
        nothing = dict.fromkeys(("network", "account", "checked_at", "fingerprint", "data", "asked_at")) | {"links": 0}
        connection.execute(
            update(posts)
            .where(posts.c.key == bindparam("this"))
            .values(state=bindparam("new_state"), at=bindparam("cut"), **nothing),
            rows,
        )
    for some in chunks(states):
        connection.execute(delete(answers).where(answers.c.post.in_(ids_of(some))))
        connection.execute(delete(host_sayings).where(host_sayings.c.answer.in_(some)))
    drop(connection, states)
    forget_follow_ups(connection, states)
    forget_permissions(connection, states)
    unpick(connection, states)
    scrub(connection, repeating(connection, states))
    forget_authors(connection, authors)
    end_downloads_of(connection, authors)


def withdraw(connection: Connection, chat: str, keys: Collection[str]) -> None:
    """Forget what posts answered in one chat, what hosts said of them, and that its digest chose and repeats them.

    For posts that may not be kept there any more; ``chat_posts`` says so already.
    """
    for some in chunks(keys):
        connection.execute(delete(answers).where(answers.c.chat == chat, answers.c.post.in_(ids_of(some))))
        these = (host_sayings.c.chat == chat, host_sayings.c.answer.in_(some))
        connection.execute(delete(host_sayings).where(*these))
    drop(connection, keys)
    forget_follow_ups(connection, keys, chat)
    forget_permissions(connection, keys, chat)
    unpick(connection, keys, chat)
    scrub(connection, repeating(connection, keys, chat))


class Buried(NamedTuple):
    """How many posts' words went, and whether anything was erased at all."""

    words: int
    erased: bool


def bury_posts(connection: Connection, keys: Collection[str]) -> Buried:
    """Turn stored posts (by node key) into tombstones.

    Of a post that was never kept the address goes, too, and it does not count as left out any more. The caller holds
    the turn to write posts.
    """
    words: set[str] = set()
    touched: set[str] = set()
    addresses = 0
    for some in chunks(keys):
        words.update(connection.scalars(select(posts.c.key).where(posts.c.key.in_(some), posts.c.state == "kept")))
        others = select(posts.c.id).where(posts.c.key.in_(some), posts.c.state != "kept")
        where = select(posts.c.key).join(left_out, left_out.c.post == posts.c.id)
        for key in connection.scalars(where.where(left_out.c.post.in_(others)).order_by(posts.c.key)).all():
            note(connection, "gone", key=key, what="buried")
        addresses += connection.execute(delete(left_out).where(left_out.c.post.in_(others))).rowcount
        bare = others.where(posts.c.state == "bare")
        counted = chat_posts.c.why.not_in(("gone", "request"))
        gone = update(chat_posts).where(chat_posts.c.post.in_(bare), counted).values(why="gone")
        touched.update(connection.scalars(gone.returning(chat_posts.c.chat)))
    for key in sorted(words):
        note(connection, "gone", key=key, what="buried")
    if words:
        touched |= chats_of(connection, words)
        erase(connection, dict.fromkeys(words, "buried"))
    bump(connection, touched)
    return Buried(len(words), bool(words or addresses))


def forget_authors(connection: Connection, keys: Collection[str]) -> None:
    """Delete those of these accounts of whom no words are kept any more."""
    used = exists().where(posts.c.account == accounts.c.key)
    for some in chunks(keys):
        connection.execute(delete(accounts).where(accounts.c.key.in_(some), ~used))
