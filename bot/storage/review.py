"""What waits for a person, and what people decided about posts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.domain.consent import Ruling
from bot.ports import Held
from bot.storage import codec
from bot.storage.base import Base, among, chunks, note
from bot.storage.engine import take_turns
from bot.storage.tables import accounts, chat_posts, posts, rulings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_NEXT = timedelta(microseconds=1)
_RULINGS = select(rulings).where(among(rulings.c.post)).order_by(rulings.c.at)
_HELD = (
    select(chat_posts.c.chat, chat_posts.c.held, posts.c.key, posts.c.data, posts.c.at)
    .add_columns(accounts.c.data.label("author"))
    .join(posts, posts.c.id == chat_posts.c.post)
    .join(accounts, accounts.c.key == posts.c.account)
    .where(chat_posts.c.store, chat_posts.c.hold, posts.c.state == "kept")
    .order_by(posts.c.at, posts.c.key, chat_posts.c.chat)
)


class Review(Base):
    """The store's methods about held answers."""

    def rulings(self, keys: Collection[str]) -> Mapping[str, Ruling]:
        """The latest decision about each of these posts (by node key); those without any are left out."""
        found: dict[str, Ruling] = {}
        with self._reading() as connection:
            for some in chunks(keys):
                for row in connection.execute(_RULINGS, {"some": some}):
                    found[row.post] = Ruling(kind=row.kind, words=row.words, at=row.at)
        return found

    def rule(self, key: str, ruling: Ruling, reason: str, by: str) -> None:
        """Remember a decision, as an event. The same event twice is one; of two at one moment the one told last counts.

        Args:
            key: the post's node key.
            ruling: what was decided.
            reason: why, in words of who decided.
            by: who decided.
        """
        with self._writing() as connection:
            take_turns(connection)
            query = select(rulings).where(rulings.c.post == key, rulings.c.at >= ruling.at).order_by(rulings.c.at)
            at = ruling.at
            for row in connection.execute(query):
                if row.at == at:
                    if (row.kind, row.words, row.reason, row.by) == (ruling.kind, ruling.words, reason, by):
                        return
                    at += _NEXT
            row_of = {"post": key, "at": at, "kind": ruling.kind, "words": ruling.words, "reason": reason, "by": by}
            connection.execute(rulings.insert(), row_of)
            note(connection, "ruling", at=at, key=key, what=ruling.kind, words=ruling.words)

    def held(self) -> tuple[Held, ...]:
        """What waits for a person, oldest first."""
        with self._reading() as connection:
            return tuple(
                Held(
                    chat=row.chat,
                    key=row.key,
                    post=codec.post_from(row.data, codec.account_from(row.author), row.at),
                    reasons=tuple(row.held.split()),
                )
                for row in connection.execute(_HELD)
            )
