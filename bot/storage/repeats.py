"""What our digests still say on the networks, though it may not be said any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, or_, select

from bot.domain.naming import naming
from bot.storage import codec
from bot.storage.base import Base, among
from bot.storage.people import wishes_of
from bot.storage.tables import accounts, chat_posts, consents, deliveries, errands, parts, posts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement, Connection

    from bot.domain.posts import PostRef


class Repeats(Base):
    """The store's method about repeated words that have to be taken back."""

    def outlived(self) -> tuple[tuple[str, str, PostRef], ...]:
        """Posts of ours that are out and repeat what may not be shown any more: our account, an errand's id, address.

        Either the words were erased in our copy (then its payload is empty), or the answer is not kept there any more,
        or it is held, or its author asked for initials or no name after it had left. Those for which the errand was
        ever queued are left out.
        """
        with self._reading() as connection:
            found = {
                f"delete:{self.key(ref.network, ref.id)}": (account, ref)
                for account, ref in (*_gone(connection), *self._otherwise_called(connection))
            }
            queued = set(connection.scalars(_QUEUED, {"some": list(found)})) if found else set()
        return tuple((account, errand, ref) for errand, (account, ref) in found.items() if errand not in queued)

    def _otherwise_called(self, connection: Connection) -> Iterator[tuple[str, PostRef]]:
        """Posts that name somebody who asked afterwards not to be named so."""
        if connection.scalar(_ANYBODY_SHY):
            rows = connection.execute(_NAMING).all()
            people = {row.key: (row.key, self._called(codec.account_from(row.data))) for row in rows}
            asked = wishes_of(connection, people)
            for row in rows:
                wishes = asked.get(row.key, ())
                before = [wish for wish in wishes if wish.at <= row.sent_at]
                ref = codec.remote_from(row.remote)
                if ref is not None and naming(wishes) not in ("named", naming(before)):
                    yield row.account, ref


_REPEATING: tuple[ColumnElement[bool], ...] = (
    parts.c.kind == "post",
    parts.c.state == "sent",
    parts.c.answer != "",
)
_SHOWN = exists().where(
    posts.c.key == parts.c.answer,
    posts.c.state == "kept",
    chat_posts.c.post == posts.c.id,
    chat_posts.c.chat == deliveries.c.chat,
    chat_posts.c.store,
    ~chat_posts.c.hold,
)
_GONE = (
    select(deliveries.c.account, parts.c.remote)
    .join(deliveries, deliveries.c.id == parts.c.delivery)
    .where(*_REPEATING, or_(parts.c.payload == "", ~_SHOWN))
    .order_by(parts.c.delivery, parts.c.position)
)
_NAMING = (
    select(deliveries.c.account, parts.c.remote, parts.c.sent_at, accounts.c.key, accounts.c.data)
    .join(deliveries, deliveries.c.id == parts.c.delivery)
    .join(posts, posts.c.key == parts.c.answer)
    .join(accounts, accounts.c.key == posts.c.account)
    .where(*_REPEATING)
    .order_by(parts.c.delivery, parts.c.position)
)
_ANYBODY_SHY = select(consents.c.kind).where(consents.c.kind.in_(("initials", "nameless"))).limit(1)
_QUEUED = select(errands.c.id).where(among(errands.c.id))


def _gone(connection: Connection) -> Iterator[tuple[str, PostRef]]:
    """Posts that repeat what is gone or held."""
    for row in connection.execute(_GONE):
        ref = codec.remote_from(row.remote)
        if ref is not None:
            yield row.account, ref
