"""Whose posts are gone: did they take back a post, or are they gone themselves, or do they block us?

A deletion tells nothing of that. An account that ended, or that blocks us, is to be erased whole: what it said
elsewhere, and its handle in what other people said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.consent import Wish
from bot.errors import NetworkError
from bot.services.door import person_keys
from bot.services.wishes import block

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from bot.domain.posts import Account
    from bot.ports import Network, Store

MOST = 20
"""Accounts asked about in one go. Who is left over is asked about when another post of theirs is found gone."""


def see_off(store: Store, network: Network, gone: Collection[str], now: datetime) -> int:
    """Erase the authors of these posts who are gone themselves, or block us; gives for how many posts that was done.

    To be called before the posts are buried, while the store still knows who wrote them.

    Args:
        store: the truth.
        network: an account of ours on the network that the posts are gone from.
        gone: their node keys.
        now: UTC.
    """
    writers = {writer for key in sorted(gone) if (writer := store.author_of(key))}
    buried = 0
    for writer in sorted(writers)[:MOST]:
        person = store.person(writer)
        if person is None or person.account.network != network.name:
            continue
        try:
            there = network.account_called(_name(person.account))
        except NetworkError:
            continue
        if there is None:
            buried += end(store, person.account, now)
        elif there.signals.blocks_us and there.id == person.account.id:
            block(store, there, now)
    return buried


def end(store: Store, account: Account, now: datetime) -> int:
    """Bury all that an account said that is no more, and take its handle out of what others said; gives how many.

    That it ended is remembered by a keyed hash, so that its handle does not come in again with those posts.
    """
    person = store.person(store.key(account.network, account.id))
    keys = {store.key(post.ref.network, post.ref.id) for _, post in person.posts} if person else set[str]()
    buried = store.bury(keys, now)
    for key in person_keys(store, account):
        store.add_wish(key, Wish("gone", "", now), "its account ended")
    store.unname(account)
    return buried


def _name(account: Account) -> str:
    """What an account is asked for by: on Bluesky a handle may change its owner, and an id never does."""
    return account.id if account.network == "bluesky" else account.handle
