"""Which nodes are bridges' copies of which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.base import Base, put
from bot.storage.tables import copies

if TYPE_CHECKING:
    from collections.abc import Mapping


class Bridging(Base):
    """The store's methods about copies."""

    def save_copies(self, pairs: Mapping[str, str]) -> None:
        """Remember copies (node keys), each with its original's node key; empty where it has none that we know."""
        with self._writing() as connection:
            put(connection, copies, [{"copy": copy, "original": original} for copy, original in sorted(pairs.items())])
