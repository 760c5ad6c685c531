"""Newsletters: who was written to and who wants no more. They stand among the small things of ``meta``, a row each.

A row's name is ``letter.`` and the letter's id, or ``nomore.`` and a keyed hash. There are a few hundred in a term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select, update

from bot.domain.letters import Letter
from bot.storage import codec
from bot.storage.base import Base, inserting
from bot.storage.tables import meta

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

_LETTER, _NO_MORE = "letter.", "nomore."
_letter = msgspec.json.Decoder(Letter)


class Letters(Base):
    """The store's methods about newsletters (``ports.letters.LetterBook``)."""

    def write_letters(self, letters: Sequence[Letter]) -> int:
        """Write letters down; gives how many are new. One that is there stays as it is, sent or not; who wants no more
        gets none.
        """
        with self._writing() as connection:
            there = {one.id for one in _all(connection)}
            unwanted = _unwanted(connection)
            new = [one for one in letters if one.id not in there and one.person not in unwanted]
            if new:
                connection.execute(inserting(connection, meta).on_conflict_do_nothing(), [_row(one) for one in new])
        return len(new)

    def letters(self, edition: str) -> tuple[Letter, ...]:
        """All letters of an edition, done or not, in order of id."""
        with self._reading() as connection:
            return tuple(one for one in _all(connection) if one.edition == edition)

    def letter_done(self, letter: str, now: datetime, error: str = "") -> None:
        """It was sent, or (with an error) given up. The address is forgotten."""
        self._change(letter, to="", retry_at=None, done_at=now, error=codec.plain(error))

    def letter_again(self, letter: str, retry_at: datetime) -> None:
        """It did not work; try again then."""
        self._change(letter, retry_at=retry_at)

    def no_more_letters(self, person: str, now: datetime) -> None:
        """Somebody (a keyed hash) wants no more: it is remembered, and what was not sent to them is forgotten."""
        with self._writing() as connection:
            waiting = [_LETTER + one.id for one in _all(connection) if one.person == person and one.done_at is None]
            connection.execute(delete(meta).where(meta.c.name.in_(waiting)))
            self._erased = True  # addresses stay in no log of the database
            row = {"name": _NO_MORE + person, "value": now.isoformat().encode()}
            connection.execute(inserting(connection, meta).on_conflict_do_nothing(), [row])

    def wants_no_more(self) -> frozenset[str]:
        """Everybody who wants no more, as keyed hashes."""
        with self._reading() as connection:
            return _unwanted(connection)

    def _change(self, letter: str, **values: object) -> None:
        """Change a letter that is not done; count the attempt."""
        with self._writing() as connection:
            found = connection.scalar(select(meta.c.value).where(meta.c.name == _LETTER + letter))
            if found is None or (known := _letter.decode(found)).done_at is not None:
                return
            changed = msgspec.structs.replace(known, attempts=known.attempts + 1, **values)
            self._erased = self._erased or not changed.to
            row = _row(changed)
            connection.execute(update(meta).where(meta.c.name == row["name"]).values(value=row["value"]))


def _all(connection: Connection) -> Iterator[Letter]:
    rows = select(meta.c.value).where(meta.c.name.startswith(_LETTER, autoescape=True)).order_by(meta.c.name)
    return map(_letter.decode, connection.scalars(rows).all())


def _unwanted(connection: Connection) -> frozenset[str]:
    rows = select(meta.c.name).where(meta.c.name.startswith(_NO_MORE, autoescape=True))
    return frozenset(name.removeprefix(_NO_MORE) for name in connection.scalars(rows))


def _row(letter: Letter) -> dict[str, object]:
    return {"name": _LETTER + letter.id, "value": msgspec.json.encode(letter)}
