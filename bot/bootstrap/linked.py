"""What `staffroom people` enters about linked accounts: what the owner of one said, as if it had said so itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import clock_of
from bot.bootstrap.people import SOURCE, Whom, whom_of
from bot.config import load_staffroom
from bot.domain.linked import CONFIRMED_WITHIN, Claim, person_of
from bot.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.linked import ClaimKind
    from bot.domain.posts import NetworkName
    from bot.ports import Store


class SaidOf(msgspec.Struct, frozen=True):
    """What became of what an account said of another.

    Attributes:
        handle: of the account.
        other: of the one that it named; empty for all others.
        linked: the two are one person now.
        until: until when the other side can say the same, UTC.
    """

    handle: str
    other: str
    linked: bool
    until: datetime


def say_of(folder: Path, name: str, network: NetworkName | None, kind: ClaimKind, other: str) -> SaidOf:
    """Remember that an account said it is, or is not, one person with another.

    Args:
        folder: the bot's folder.
        name: the account's handle, id, or the address of its profile.
        network: where it is, for a name that does not tell.
        kind: what was said.
        other: whom it named, likewise; empty, with ``not``, for every other account.

    Raises:
        UserError: it cannot be told which account one of the names means, or both mean the same.
    """
    store = open_store_of(load_staffroom(folder))
    now = max(datetime.now(UTC), clock_of(store).now())
    one = _account(store, name, network)
    another = _account(store, other, None) if other else None
    if another and another.keys[0] == one.keys[0]:
        raise UserError(f"{one.handle} and {other} are the same account. Name the other one.")
    by, called = (*one.keys, "")[:2]
    named = another.keys[0] if another else ""
    store.add_claim(Claim(kind, by, named, now, called), SOURCE, now)
    linked = named in person_of(store.persons(), by)
    return SaidOf(one.handle, another.handle if another else "", linked, now + CONFIRMED_WITHIN)


def _account(store: Store, name: str, network: NetworkName | None) -> Whom:
    """The one account that a name means, known by its id: a handle alone may change hands."""
    found = whom_of(store, name, network)
    if len(found) > 1:
        there = ", ".join(f"{one.account.url or one.account.id} ({one.account.network})" for one in found)
        raise UserError(f"{name} means several accounts: {there}. Name one of them so.")
    if found[0].kept or found[0].account.id.startswith("did:"):
        return found[0]
    raise UserError(
        f"{name}: nothing of this account is kept, and its handle alone does not tell for good whose it is. Let its "
        "owner reply I AM ALSO and the other handle to the bot, or write the account's DID (did:plc:…)."
    )
