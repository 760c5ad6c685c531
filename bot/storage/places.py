"""How other places fare where the archive stands too: a row of ``meta`` for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select

from bot.domain.places import PlaceState
from bot.storage import codec
from bot.storage.base import Base, put
from bot.storage.tables import meta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

_PREFIX = "place."
_encode = msgspec.json.Encoder().encode
_PLACES = select(meta).where(meta.c.name.startswith(_PREFIX, autoescape=True))
_state = msgspec.json.Decoder(PlaceState)


def places_in(connection: Connection) -> dict[str, PlaceState]:
    """How each place fares that something is known of, by its name."""
    return {row.name.removeprefix(_PREFIX): _state.decode(row.value) for row in connection.execute(_PLACES)}


class Places(Base):
    """The store's methods about places."""

    def places(self) -> Mapping[str, PlaceState]:
        """How each place fares that something is known of, by its name."""
        with self._reading() as connection:
            return places_in(connection)

    def save_place(self, name: str, state: PlaceState | None) -> None:
        """Remember how a place fares; ``None`` forgets it."""
        row = _PREFIX + name
        with self._writing() as connection:
            if state is None:
                connection.execute(delete(meta).where(meta.c.name == row))
            else:
                kept = msgspec.structs.replace(state, error=codec.plain(state.error))
                put(connection, meta, [{"name": row, "value": _encode(kept)}])
