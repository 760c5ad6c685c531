"""Badges: who issues them, which were issued, which are revoked. They stand among the small things of ``meta``.

A row's name is ``badge.`` and the badge's number; ``issuer`` is what is published. There are a few in a term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, select

from bot.domain.badges import Badge, Issuer
from bot.storage.base import Base, inserting, note, put
from bot.storage.tables import meta

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from bot.storage.erasures import Line

_BADGE, _ISSUER = "badge.", "issuer"
_badge = msgspec.json.Decoder(Badge)
_issuer = msgspec.json.Decoder(Issuer)


class Badges(Base):
    """The store's methods about badges (``ports.badges.BadgeBook``)."""

    def issuer(self) -> Issuer | None:
        """What is published so that badges can be verified; ``None`` before the first key."""
        with self._reading() as connection:
            found = connection.scalar(select(meta.c.value).where(meta.c.name == _ISSUER))
        return None if found is None else _issuer.decode(found)

    def save_issuer(self, issuer: Issuer) -> None:
        """Publish this from now on."""
        with self._writing() as connection:
            put(connection, meta, [{"name": _ISSUER, "value": msgspec.json.encode(issuer)}])

    def badges(self) -> tuple[Badge, ...]:
        """All badges that were issued, in order of number."""
        with self._reading() as connection:
            return _all(connection)

    def add_badge(self, badge: Badge) -> bool:
        """Remember a badge; false, and nothing is changed, where its number is taken."""
        with self._writing() as connection:
            new = inserting(connection, meta).values(_row(badge)).on_conflict_do_nothing().returning(meta.c.name)
            added = connection.scalar(new) is not None
            for key in badge.of if added else ():
                note(connection, "badge", key=key, what=str(badge.number))
            return added

    def drop_badge(self, number: int) -> None:
        """Forget a badge that nobody got."""
        with self._writing() as connection:
            _drop(connection, number)
            note(connection, "dropped", what=str(number))

    def revoke_badges(self, keys: Collection[str]) -> int:
        """Revoke all badges of an account, known by any of its keys; gives how many. Each keeps its number alone."""
        with self._writing() as connection:
            mine = [one for one in _all(connection) if not set(keys).isdisjoint(one.of)]
            put(connection, meta, [_row(Badge(one.number, revoked=True)) for one in mine])
            for one in mine:
                note(connection, "revoked", what=str(one.number))
            self._erased = self._erased or bool(mine)  # whose they were stays in no log of the database
        return len(mine)


def replay_badges(connection: Connection, lines: Sequence[Line]) -> None:
    """Know again, in a backup, which badges were made since, which nobody got, and which were revoked."""
    made: dict[int, list[str]] = {}
    for line in lines:
        if line.kind == "badge":
            made.setdefault(int(line.what), []).append(line.key)
        elif line.kind == "dropped":
            made.pop(int(line.what), None)
            _drop(connection, int(line.what))
    revoked = {int(line.what) for line in lines if line.kind == "revoked"}
    there = {one.number for one in _all(connection)}
    new = [Badge(number, tuple(keys)) for number, keys in made.items() if number not in there | revoked]
    put(connection, meta, [_row(one) for one in (*new, *(Badge(number, revoked=True) for number in sorted(revoked)))])


def _drop(connection: Connection, number: int) -> None:
    connection.execute(delete(meta).where(meta.c.name == f"{_BADGE}{number}"))


def _all(connection: Connection) -> tuple[Badge, ...]:
    rows = connection.scalars(select(meta.c.value).where(meta.c.name.startswith(_BADGE, autoescape=True)))
    return tuple(sorted(map(_badge.decode, rows), key=lambda one: one.number))


def _row(badge: Badge) -> dict[str, object]:
    return {"name": f"{_BADGE}{badge.number}", "value": msgspec.json.encode(badge)}
