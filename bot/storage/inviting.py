"""Where posts are that were left out, and our own that repeat others: as long as somebody may still ask about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, exists, or_, select, type_coerce

from bot.domain.consent import standing_wish
from bot.storage import codec
from bot.storage.base import Base, chunks
from bot.storage.columns import Moment
from bot.storage.people import wishes_of
from bot.storage.tables import chat_posts, chats, consents, deliveries, left_out, parts, posts, series

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from bot.domain.posts import NetworkName, PostRef

_JOINED = exists().where(
    or_(consents.c.account == left_out.c.author, consents.c.account == left_out.c.called), consents.c.kind == "joined"
)
_INVITED = (
    select(left_out.c.post, left_out.c.author, left_out.c.called, left_out.c.ref, chats.c.series)
    .join(posts, posts.c.id == left_out.c.post)
    .join(chat_posts, chat_posts.c.post == left_out.c.post)
    .join(chats, chats.c.id == chat_posts.c.chat)
    .where(left_out.c.network == bindparam("network"), _JOINED)
    .order_by(posts.c.asked_at.is_not(None), posts.c.asked_at, left_out.c.post, chats.c.series)
)
_CLOSED = ~exists().where(
    chat_posts.c.post == left_out.c.post,
    chats.c.id == chat_posts.c.chat,
    series.c.slug == chats.c.series,
    type_coerce(chats.c.ends_at + series.c.late, Moment) > bindparam("now", type_=Moment),
)
_ANY_CLOSED = select(left_out.c.post).where(_CLOSED).limit(1)


class Inviting(Base):
    """The store's methods about addresses that are kept for a while."""

    def invited(self, network: NetworkName, limit: int) -> tuple[PostRef, ...]:
        """Posts that were left out and whose authors have joined since, the longest not asked for first."""
        with self._reading() as connection:
            rows = connection.execute(_INVITED, {"network": network}).all()
            asked = wishes_of(connection, {row.author: (row.author, row.called) for row in rows})
        found: dict[int, str] = {}
        for row in rows:
            if len(found) >= limit:
                break
            if standing_wish(asked.get(row.author, ()), row.series) == "joined":
                found[row.post] = row.ref
        return tuple(codec.only_ref(ref) for ref in found.values())

    def forget_left_out(self, now: datetime) -> int:
        """Forget where left-out posts are, once the window of all of their chats is closed; gives how many."""
        with self._reading() as connection:
            if connection.scalar(_ANY_CLOSED, {"now": now}) is None:
                return 0
        with self._writing() as connection:
            self._erased = True
            return connection.execute(delete(left_out).where(_CLOSED), {"now": now}).rowcount

    def repeating(self, keys: Collection[str]) -> tuple[tuple[str, PostRef], ...]:
        """Posts of our own digests that are out and repeat these posts (node keys): our account key, and address."""
        found: list[tuple[str, PostRef]] = []
        with self._reading() as connection:
            for some in chunks(keys):
                query = (
                    select(deliveries.c.account, parts.c.remote)
                    .join(deliveries, deliveries.c.id == parts.c.delivery)
                    .where(parts.c.answer.in_(some), parts.c.kind == "post", parts.c.state == "sent")
                    .order_by(parts.c.delivery, parts.c.position)
                )
                for row in connection.execute(query):
                    ref = codec.remote_from(row.remote)
                    found += [(row.account, ref)] if ref else []
        return tuple(found)
