"""Forgetting: what goes when a post's words go. Nothing here asks why; it only leaves no trace.

Words stand in ``posts.data``, their author in ``accounts.data``; a digest may repeat them in its delivery's draft and
in its parts' payloads. Node keys stay, so that a thread keeps its shape and what is gone is known when seen again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import and_, bindparam, delete, exists, func, select, update

from bot.domain.richtext import RichText
from bot.storage import codec
from bot.storage.base import chunks, drop_parts, ids_of, kept, parts_of
from bot.storage.tables import accounts, answers, chat_posts, deliveries, parts, picks, posts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.domain.outbox import Part


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
        unlinked = {"store": False, "hold": False, "search": False}
        connection.execute(update(chat_posts).where(chat_posts.c.post.in_(ids_of(some))).values(unlinked))
    if rows:
        nothing = {"network": None, "account": None, "links": 0, "checked_at": None, "fingerprint": None, "data": None}
        connection.execute(
            update(posts)
            .where(posts.c.key == bindparam("this"))
            .values(state=bindparam("new_state"), at=bindparam("cut"), **nothing),
            rows,
        )
    for some in chunks(states):
        connection.execute(delete(answers).where(answers.c.post.in_(ids_of(some))))
        connection.execute(delete(picks).where(picks.c.answer.in_(some)))
        repeating = select(parts.c.delivery).where(parts.c.answer.in_(some)).distinct()
        scrub(connection, connection.scalars(repeating).all())
    forget_authors(connection, authors)


def withdraw(connection: Connection, chat: str, keys: Collection[str]) -> None:
    """Forget what posts answered in one chat, and that its digest chose them: they may not be shown there any more."""
    for some in chunks(keys):
        connection.execute(delete(answers).where(answers.c.chat == chat, answers.c.post.in_(ids_of(some))))
        connection.execute(delete(picks).where(picks.c.chat == chat, picks.c.answer.in_(some)))


def forget_authors(connection: Connection, keys: Collection[str]) -> None:
    """Delete those of these accounts of whom no words are kept any more."""
    used = exists().where(posts.c.account == accounts.c.key)
    for some in chunks(keys):
        connection.execute(delete(accounts).where(accounts.c.key.in_(some), ~used))


def scrub(connection: Connection, delivery_ids: Sequence[str]) -> None:
    """Take erased words out of deliveries that repeat them.

    Where no post of a delivery has left, it is composed anew. Otherwise the part is dropped if it has not left (with
    whatever would hang under it), and emptied if it was sent. A part in doubt keeps its payload, which is needed to
    find out what became of it, and is scrubbed when that is known.
    """
    for delivery, all_parts in sorted(parts_of(connection, delivery_ids).items()):
        marks = connection.execute(
            select(parts.c.position, parts.c.answer).where(parts.c.delivery == delivery, parts.c.answer != "")
        ).all()
        alive = kept(connection, {row.answer for row in marks})
        gone = {row.position for row in marks if row.answer not in alive}
        if not gone:
            continue
        if all(part.state == "ready" or part.kind == "media" for part in all_parts):
            _compose_anew(connection, delivery)
        else:
            _thin_out(connection, delivery, all_parts, gone)
            _redact_draft(connection, delivery, {row.answer for row in marks} - alive)


def _compose_anew(connection: Connection, delivery: str) -> None:
    """Drop what was frozen; an open delivery is ``planned`` again, and whoever holds it loses it."""
    this = update(deliveries).where(deliveries.c.id == delivery)
    connection.execute(this.values(owner=None, lease_until=None, draft=None))
    connection.execute(this.where(deliveries.c.state == "frozen").values(state="planned"))
    drop_parts(connection, [delivery])


def _thin_out(connection: Connection, delivery: str, all_parts: Sequence[Part], gone: set[int]) -> None:
    dropped = {part.position for part in all_parts if part.position in gone and part.state == "ready"}
    for part in all_parts:  # in order, so that what hangs under a dropped part falls with it
        if part.state == "ready" and not dropped.isdisjoint(part.needs):
            dropped.add(part.position)
    of_this = parts.c.delivery == delivery
    connection.execute(delete(parts).where(of_this, parts.c.position.in_(sorted(dropped))))
    sent = and_(of_this, parts.c.position.in_(sorted(gone)), parts.c.state == "sent")
    connection.execute(update(parts).where(sent).values(payload=""))
    if dropped and all(part.state == "sent" for part in all_parts if part.position not in dropped):
        last = connection.scalar(select(func.max(parts.c.sent_at)).where(of_this))
        done = update(deliveries).where(deliveries.c.id == delivery, deliveries.c.state == "frozen")
        connection.execute(
            done.values(state="sent", sent_at=last, owner=None, lease_until=None, retry_at=None, error="")
        )


def _redact_draft(connection: Connection, delivery: str, erased: set[str]) -> None:
    data = connection.scalar(select(deliveries.c.draft).where(deliveries.c.id == delivery))
    if data is None:
        return
    draft = codec.draft_from(data)
    redacted = tuple(
        msgspec.structs.replace(post, text=RichText(""), media=()) if post.answer in erased else post
        for post in draft.posts
    )
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery)
        .values(draft=codec.to_json(msgspec.structs.replace(draft, posts=redacted)))
    )
