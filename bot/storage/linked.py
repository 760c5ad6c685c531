"""What accounts said of being one person with another: remembered by keyed hashes, gone when either of them leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select

from bot.domain.linked import Claim, asks, of_no_use, persons
from bot.domain.posts import handle_id
from bot.storage.base import Base, inserting, note
from bot.storage.downloads import end_downloads_of_parted
from bot.storage.engine import take_turns
from bot.storage.errands import errand_of
from bot.storage.people import wishes_under
from bot.storage.tables import claims, errands

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.domain.consent import Wish
    from bot.domain.errands import Errand

_ALL = select(claims).order_by(claims.c.at, claims.c.by, claims.c.other, claims.c.kind)
_LOOKING = select(errands).where(errands.c.kind == "identify", errands.c.done_at.is_(None))


class Linked(Base):
    """The store's methods about linked accounts."""

    def claims(self) -> tuple[Claim, ...]:
        """All that accounts said of being one person with another, in order of time."""
        with self._reading() as connection:
            return claims_in(connection)

    def persons(self) -> Mapping[str, tuple[str, ...]]:
        """Who is one person now (``linked.persons``)."""
        with self._reading() as connection:
            return persons_in(connection)

    def add_claim(self, claim: Claim, source: str, now: datetime) -> bool:
        """Remember what an account said of another; gives whether that is new.

        Nothing is remembered of an account about itself, of what changes nothing (any more), and where either of the
        two left since. What ends a link takes the words with it that made it, and a record of both that waits.
        """
        with self._writing() as connection:
            take_turns(connection)
            known = claims_in(connection)
            after = (*known, claim)
            idle = claim in of_no_use(after, now) and persons(after) == persons(known)
            if idle or claim in known or claim.by == claim.other or _left_since(connection, claim):
                return False
            connection.execute(inserting(connection, claims).on_conflict_do_nothing(), _row(claim, source))
            if claim.kind == "not":
                note(connection, "unlinked", key=claim.by, what=claim.other, at=claim.at)
                self._erased |= end_downloads_of_parted(connection, persons(after))
            self._forget_claims(connection, now)
            return True

    def _forget_claims(self, connection: Connection, now: datetime) -> None:
        """Forget claims that change nothing any more."""
        useless = of_no_use(claims_in(connection), now)
        self._erased |= bool(useless)
        drop_claims(connection, useless)

    def _forget_old_claims(self, now: datetime) -> None:
        """The same, where there are any."""
        if of_no_use(self.claims(), now):
            with self._writing() as connection:
                take_turns(connection)
                self._forget_claims(connection, now)


def claims_in(connection: Connection) -> tuple[Claim, ...]:
    """All that accounts said of being one person with another, in order of time."""
    return tuple(Claim(row.kind, row.by, row.other, row.at, row.called) for row in connection.execute(_ALL))


def persons_in(connection: Connection) -> Mapping[str, tuple[str, ...]]:
    """Who is one person now (``linked.persons``)."""
    return persons(claims_in(connection))


def drop_claims(connection: Connection, some: Collection[Claim]) -> None:
    """Forget these claims."""
    for claim in some:
        this = (claims.c.by == claim.by, claims.c.other == claim.other)
        connection.execute(delete(claims).where(*this, claims.c.kind == claim.kind, claims.c.at == claim.at))


def part_from_all(connection: Connection, keys: Collection[str], key_of: Callable[[str, str], str]) -> bool:
    """Forget what was said by and of an account until it left, and who is still to be looked up for that.

    Args:
        connection: of the transaction in which it leaves.
        keys: keys of its id and of its handle, as far as they are known.
        key_of: gives the key of a name on a network.

    Returns:
        Whether there was anything.
    """
    left = _left(wishes_under(connection, keys))
    if left is None:
        return False
    theirs = or_(claims.c.by.in_(keys), claims.c.other.in_(keys), claims.c.called.in_(keys))
    gone = connection.execute(delete(claims).where(theirs, claims.c.at <= left)).rowcount
    looking = [errand_of(row) for row in connection.execute(_LOOKING)]
    stale = [one.id for one in looking if one.at <= left and not keys_in(one, key_of).isdisjoint(keys)]
    if stale:
        connection.execute(delete(errands).where(errands.c.id.in_(stale)))
    return bool(gone or stale)


def part_from_ended(connection: Connection, ended: Collection[str]) -> bool:
    """Forget what was said by and of accounts (keys) that are no more; gives whether there was anything."""
    theirs = or_(claims.c.by.in_(ended), claims.c.other.in_(ended))
    rows = connection.execute(delete(claims).where(theirs).returning(claims.c.by, claims.c.other))
    gone = {key for row in rows for key in row}
    for key in sorted(gone.intersection(ended)):
        note(connection, "unlinked", key=key)
    return bool(gone)


def keys_in(errand: Errand, key_of: Callable[[str, str], str]) -> set[str]:
    """Keys of everybody whom an errand to find out about an account is about: who asked, and whom they named."""
    _, by, called = asks(errand.id)
    named = [key_of(network, name) for network in ("bluesky", "mastodon") for name in (errand.to, handle_id(errand.to))]
    return {by, called, *named}


def end_links(connection: Connection, ended: Sequence[Claim], source: str) -> None:
    """Carry out again, in a backup, what ended links after it was made."""
    if ended:
        statement = inserting(connection, claims).on_conflict_do_nothing()
        connection.execute(statement, [_row(claim, source) for claim in ended])


def _left_since(connection: Connection, claim: Claim) -> bool:
    """Whether one of the two that a claim is about left since: then nothing is remembered of it, nor need be."""
    left = _left(wishes_under(connection, {claim.by, claim.other, claim.called} - {""}))
    return left is not None and left >= claim.at


def _left(asked: Mapping[str, Collection[Wish]]) -> datetime | None:
    """When one of those who asked this left last, or was found to be no more; ``None`` if never."""
    leaving = (wish.at for wishes in asked.values() for wish in wishes if wish.kind in ("stopped", "gone"))
    return max(leaving, default=None)


def _row(claim: Claim, source: str) -> dict[str, object]:
    return {
        "by": claim.by,
        "other": claim.other,
        "kind": claim.kind,
        "at": claim.at,
        "called": claim.called,
        "source": source,
    }
