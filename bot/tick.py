"""One tick: whatever is due is done, once. The rehearsal, ``staffroom tick`` and the loop all go through here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.errors import NetworkError, UserError
from bot.services.archive import archive
from bot.services.collect import collect
from bot.services.deliver import Delivered
from bot.services.digest import digest
from bot.services.plan import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.domain.posts import NetworkName
    from bot.domain.schedule import Series
    from bot.ports import Clock, Network, Renderer, Store, Target
    from bot.services.deliver import Deliverer

LOCK = "runner"
"""Name of the lease that whoever posts must hold."""

LEASE = timedelta(seconds=30)
"""How long the right to run holds without renewal; renewed three times as often."""


@dataclass(frozen=True, slots=True)
class House:
    """All that running needs, wired once by ``bootstrap``.

    Attributes:
        accounts: our account keys, each with its network.
        network: gives the adapter for an account key, opened when first asked for.
        own_id: gives our own ``Account.id`` for an account key.
        series: reads the YAML files again; raises ``UserError`` where they are wrong now.
        owner: names this process in leases.
        parallel: speak to several networks at the same time.
    """

    store: Store
    accounts: Mapping[str, NetworkName]
    network: Callable[[str], Network]
    own_id: Callable[[str], str]
    deliverer: Deliverer
    series: Callable[[], Sequence[Series]]
    renderer: Renderer
    target: Target
    clock: Clock
    owner: str
    parallel: bool = True


class Ticked(msgspec.Struct, frozen=True):
    """What one tick did: ids of deliveries by outcome, counts of posts, digests and pages, and troubles in words."""

    sent: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    posts: int = 0
    digests: tuple[str, ...] = ()
    pages: int = 0
    troubles: tuple[str, ...] = ()


def tick(house: House, *, everything: bool = False, publish: bool = True) -> Ticked:
    """Do whatever is due, once: plan, deliver, collect, digest, deliver the digest, archive.

    A network or an account in trouble is noted and never stops the rest; a broken YAML file keeps the last good plan.
    With ``everything`` all open chats are read, due or not; without ``publish`` the pages are left for a later tick.
    """
    troubles: list[str] = []
    replan(house, troubles)
    missed = tuple(delivery.id for delivery in house.store.expire(house.clock.now()))
    first = deliver_due(house, troubles)
    collected = collect(
        house.store, house.accounts, house.network, house.clock.now(), ours=house.own_id, everything=everything
    )
    troubles += [named(account, trouble) for account, trouble in collected.troubles.items()]
    house.store.forget_old(house.clock.now())
    digests = digest(house.store, house.accounts, house.clock.now())
    second = deliver_due(house, troubles) if digests else Delivered()
    pages = archive(house.store, house.renderer, house.target).written if publish else 0
    return Ticked(
        sent=first.sent + second.sent,
        waiting=first.waiting + second.waiting,
        refused=first.refused + second.refused,
        missed=missed,
        posts=collected.new,
        digests=digests,
        pages=pages,
        troubles=tuple(dict.fromkeys(troubles)),
    )


def named(account: str, trouble: str) -> str:
    """A trouble with the account's name before it, unless it begins with it already."""
    return trouble if trouble.startswith(f"{account}: ") else f"{account}: {trouble}"


def replan(house: House, troubles: list[str]) -> None:
    """Plan from the YAML files as they are now; where they are wrong the last good plan stays."""
    try:
        series = house.series()
    except UserError as error:
        troubles.append(f"The last good plan stays, because a file is wrong now:\n{error}")
        return
    unknown = sorted({account for one in series for account in one.accounts} - set(house.accounts))
    if unknown:
        names = ", ".join(unknown)
        troubles.append(f"The last good plan stays, because of a new account ({names}): start `staffroom run` again.")
        return
    plan(house.store, series, house.accounts, house.clock.now())


def due_accounts(house: House) -> tuple[str, ...]:
    """Accounts for which something may be said now, so that no other adapter is opened."""
    now = house.clock.now()
    return tuple(account for account in house.accounts if house.store.has_due(account, now))


def deliver_due(house: House, troubles: list[str]) -> Delivered:
    """Deliver on every account that has something due; several networks at the same time, none waiting for another."""
    accounts = due_accounts(house)

    def one(account: str) -> Delivered:
        try:
            said = house.deliverer.deliver(house.network(account))
        except (NetworkError, UserError) as error:
            said = Delivered(troubles=(str(error),))
        troubles.extend(named(account, trouble) for trouble in said.troubles)
        return said

    if house.parallel and len(accounts) > 1:
        with ThreadPoolExecutor(len(accounts)) as pool:
            done = list(pool.map(one, accounts))
    else:
        done = [one(account) for account in accounts]
    return Delivered(
        sent=tuple(item for each in done for item in each.sent),
        waiting=tuple(item for each in done for item in each.waiting),
        refused=tuple(item for each in done for item in each.refused),
    )
