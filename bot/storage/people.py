"""Accounts and what they asked of us: under the key of their id, or of their handle where only that was known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.domain.consent import Wish
from bot.storage import codec
from bot.storage.base import among, chunks
from bot.storage.tables import accounts, consents

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from sqlalchemy import Connection

    from bot.domain.posts import Account

    Called = Callable[[Account], str]
    """Gives the key of an account's handle."""

_WISHES = select(consents).where(among(consents.c.account)).order_by(consents.c.at, consents.c.kind)


def wishes_under(connection: Connection, account_keys: Collection[str]) -> dict[str, tuple[Wish, ...]]:
    """What was asked under each of these keys, in order of time; ``()`` where nothing."""
    found: dict[str, tuple[Wish, ...]] = dict.fromkeys(account_keys, ())
    for some in chunks(found):
        for row in connection.execute(_WISHES, {"some": some}):
            found[row.account] += (Wish(kind=row.kind, series=row.series, at=row.at),)
    return found


def wishes_of(connection: Connection, keys_of: Mapping[str, Collection[str]]) -> dict[str, tuple[Wish, ...]]:
    """What people asked, each under any of several keys; those who asked nothing are left out."""
    every = {key for keys in keys_of.values() for key in keys if key}
    asked = {key: wishes for key, wishes in wishes_under(connection, every).items() if wishes}
    if not asked:
        return {}
    found = {one: tuple(wish for key in keys for wish in asked.get(key, ())) for one, keys in keys_of.items()}
    return {one: wishes for one, wishes in found.items() if wishes}


def named_by(connection: Connection, account_key: str, called: Called) -> dict[str, Account]:
    """Kept accounts that a key names, by the key of their id: that one itself, or all with the handle it stands for."""
    data = connection.scalar(select(accounts.c.data).where(accounts.c.key == account_key))
    if data is not None:
        return {account_key: codec.account_from(data)}
    everybody = ((row.key, codec.account_from(row.data)) for row in connection.execute(select(accounts)))
    return {key: account for key, account in everybody if called(account) == account_key}
