"""Which nodes are bridges' copies of which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.storage.base import Base, among, bump, chats_of, chunks, put
from bot.storage.engine import take_turns
from bot.storage.tables import copies

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_COPIES = select(copies.c.copy, copies.c.original).where(among(copies.c.copy))


class Bridging(Base):
    """The store's methods about copies."""

    def copies(self, keys: Collection[str]) -> Mapping[str, str]:
        """Of these node keys those that are bridges' copies, each with its original's; empty where none is known."""
        found: dict[str, str] = {}
        with self._reading() as connection:
            for some in chunks(keys):
                found.update((row.copy, row.original) for row in connection.execute(_COPIES, {"some": some}))
        return found

    def save_copies(self, pairs: Mapping[str, str]) -> None:
        """Remember copies, each with its original's node key, or empty: a matched copy is no answer left out."""
        known = self.copies(pairs)
        fresh = {copy: original for copy, original in pairs.items() if known.get(copy) != original}
        with self._writing() as connection:
            take_turns(connection)
            put(connection, copies, [{"copy": copy, "original": original} for copy, original in sorted(fresh.items())])
            bump(connection, chats_of(connection, set(fresh)))
