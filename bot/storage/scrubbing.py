"""Taking words out of our digests: what a delivery repeats, in its draft and in its parts' payloads.

A digest may repeat what is shown in its chat and nothing else; ``scrub`` holds its deliveries to that. Words that may
be shown, but not as they stand there any more (somebody in them has left, their author is called otherwise), are
blotted out of the draft first, which ``scrub`` then follows: so that a part in doubt loses them, too, once it is known
what became of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import and_, bindparam, delete, exists, func, or_, select, update

from bot.domain.richtext import RichText
from bot.storage import codec
from bot.storage.base import chunks, drop_parts, parts_of, shown_in
from bot.storage.tables import deliveries, parts, prompts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from bot.domain.outbox import Draft, Part

OPEN = ("planned", "frozen")
"""States of a delivery that is still to be finished."""

_REPEATED = select(parts.c.position, parts.c.answer).where(
    parts.c.delivery == bindparam("delivery"), parts.c.answer != ""
)


def repeating(connection: Connection, keys: Collection[str], chat: str = "") -> tuple[str, ...]:
    """Ids of the deliveries (of one chat) that repeat posts with these node keys."""
    found: set[str] = set()
    for some in chunks(keys):
        query = select(parts.c.delivery).where(parts.c.answer.in_(some)).distinct()
        if chat:
            query = query.join(deliveries, deliveries.c.id == parts.c.delivery).where(deliveries.c.chat == chat)
        found.update(connection.scalars(query))
    return tuple(sorted(found))


def scrub(connection: Connection, delivery_ids: Sequence[str]) -> bool:
    """Take out of deliveries what may not be shown in their chat any more, and what was blotted out of their drafts.

    Gives whether there was anything of the kind: then words were erased.

    Where no post of a delivery has left, it is composed anew. Otherwise the part is dropped if it has not left (with
    whatever would hang under it), and emptied if it was sent. A part in doubt keeps its payload, which is needed to
    find out what became of it, and is scrubbed when that is known, or when the delivery is closed.
    """
    found = False
    for delivery, all_parts in sorted(parts_of(connection, delivery_ids).items()):
        repeats = _repeats(connection, delivery)
        if not repeats:
            continue
        asked = select(deliveries.c.chat, deliveries.c.state, deliveries.c.draft).where(deliveries.c.id == delivery)
        row = connection.execute(asked).one()
        draft = None if row.draft is None else codec.draft_from(row.draft)
        blotted = _blotted(draft)
        hidden = set(repeats.values()) - shown_in(connection, row.chat, repeats.values())
        gone = {each.position for each in all_parts if repeats.get(each.position) in hidden or each.post in blotted}
        if not gone:
            continue
        found = True
        if all(part.state == "ready" or part.kind == "media" for part in all_parts):
            _compose_anew(connection, delivery)
        else:
            _thin_out(connection, delivery, all_parts, gone, closed=row.state not in OPEN)
            _blot(connection, delivery, draft, hidden)
    return found


def blot_out(connection: Connection, keys: Collection[str], *, sent: bool) -> None:
    """Take what digests repeat of these posts out of them, though the posts may be shown.

    Args:
        connection: of the transaction in which the posts were changed.
        keys: node keys.
        sent: also where posts of the digest are out; otherwise only where it can be composed anew.
    """
    for delivery in repeating(connection, keys):
        all_parts = parts_of(connection, [delivery])[delivery]
        if sent or all(part.state == "ready" or part.kind == "media" for part in all_parts):
            data = connection.scalar(select(deliveries.c.draft).where(deliveries.c.id == delivery))
            _blot(connection, delivery, None if data is None else codec.draft_from(data), set(keys))
            scrub(connection, [delivery])


def begin_again(connection: Connection, chats: Collection[str]) -> None:
    """Take digests that are being composed at this moment from who composes them: their content has changed."""
    digest = exists().where(prompts.c.id == deliveries.c.prompt, prompts.c.kind == "digest")
    for some in chunks(chats):
        connection.execute(
            update(deliveries)
            .where(deliveries.c.chat.in_(some), deliveries.c.state == "planned", digest)
            .where(or_(deliveries.c.owner.is_not(None), deliveries.c.lease_until.is_not(None)))
            .values(owner=None, lease_until=None)
        )


def _repeats(connection: Connection, delivery: str) -> dict[int, str]:
    """By position, the node key of the post that a part repeats."""
    return {row.position: row.answer for row in connection.execute(_REPEATED, {"delivery": delivery})}


def _blotted(draft: Draft | None) -> set[int]:
    """Indexes of a draft's posts that repeat somebody and were blotted out."""
    posts = draft.posts if draft else ()
    return {index for index, post in enumerate(posts) if post.answer and not post.text.text}


def _blot(connection: Connection, delivery: str, draft: Draft | None, erased: set[str]) -> None:
    if draft is None:
        return
    posts = tuple(
        msgspec.structs.replace(post, text=RichText(""), media=()) if post.answer in erased else post
        for post in draft.posts
    )
    if {post.answer for post in draft.posts} <= erased:  # a follow-up hangs under what it is about: that goes, too
        draft = msgspec.structs.replace(draft, reply_to=None, reply_root=None)
    data = codec.to_json(msgspec.structs.replace(draft, posts=posts))
    connection.execute(update(deliveries).where(deliveries.c.id == delivery).values(draft=data))


def _compose_anew(connection: Connection, delivery: str) -> None:
    """Drop what was frozen; an open delivery is ``planned`` again, and whoever holds it loses it."""
    this = update(deliveries).where(deliveries.c.id == delivery)
    connection.execute(this.values(owner=None, lease_until=None, draft=None))
    connection.execute(this.where(deliveries.c.state == "frozen").values(state="planned"))
    drop_parts(connection, [delivery])


def _thin_out(
    connection: Connection, delivery: str, all_parts: Sequence[Part], gone: set[int], *, closed: bool
) -> None:
    dropped = {part.position for part in all_parts if part.position in gone and part.state == "ready"}
    for part in all_parts:  # in order, so that what hangs under a dropped part falls with it
        if part.state == "ready" and not dropped.isdisjoint(part.needs):
            dropped.add(part.position)
    of_this = parts.c.delivery == delivery
    connection.execute(delete(parts).where(of_this, parts.c.position.in_(sorted(dropped))))
    known = and_(of_this, parts.c.position.in_(sorted(gone)))
    if not closed:  # nobody asks any more what became of the parts of a closed one
        known = and_(known, parts.c.state == "sent")
    connection.execute(update(parts).where(known).values(payload=""))
    if dropped and all(part.state == "sent" for part in all_parts if part.position not in dropped):
        last = connection.scalar(select(func.max(parts.c.sent_at)).where(of_this))
        done = update(deliveries).where(deliveries.c.id == delivery, deliveries.c.state == "frozen")
        connection.execute(
            done.values(state="sent", sent_at=last, owner=None, lease_until=None, retry_at=None, error="")
        )
