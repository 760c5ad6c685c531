"""What people decided about posts, as a log."""

from __future__ import annotations

from sqlalchemy import select

from bot.domain.consent import Ruling
from bot.storage.base import Base
from bot.storage.tables import rulings


class RulingLog(Base):
    """The store's method about past decisions."""

    def rulings_log(self, limit: int) -> tuple[tuple[str, Ruling, str, str], ...]:
        """Decisions, newest first: the post's node key, the ruling, why, and who decided."""
        query = select(rulings).order_by(rulings.c.at.desc(), rulings.c.post).limit(limit)
        with self._reading() as connection:
            return tuple(
                (row.post, Ruling(kind=row.kind, words=row.words, at=row.at), row.reason, row.by)
                for row in connection.execute(query)
            )
