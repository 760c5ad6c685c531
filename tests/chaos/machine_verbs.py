"""What a bot does: its verbs, each to its end or until it dies."""

from collections.abc import Callable

from chaos.machine_world import World

from bot.domain.posts import NetworkName
from bot.errors import NetworkError
from bot.services.collect import collect
from bot.services.digest import digest
from bot.services.listen import ASKED, listen
from bot.tick import find_errands, replan, run_errands_of, tidy

DUE = """
    SELECT DISTINCT account FROM deliveries AS one WHERE state IN ('planned', 'frozen') AND at <= :now
    AND coalesce(retry_at, 0) <= :now AND coalesce(lease_until, 0) <= :now
    AND (useful_until > :now OR EXISTS (SELECT 1 FROM parts WHERE delivery = one.id AND state <> 'ready'))
    AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.chat = one.chat AND earlier.account = one.account
        AND earlier."order" < one."order" AND earlier.state IN ('planned', 'frozen'))"""
"""Accounts that have something to say; asked beside the store, as it is asked before most steps."""


def deliver(world: World, name: NetworkName) -> None:
    world.house.deliverer.deliver(world.networks[name])


def say_what_is_due(world: World) -> None:
    """Deliver on the accounts that have something to say."""
    now = int(world.clock.now().timestamp() * 1e6)
    for (name,) in world.rows.execute(DUE, {"now": now}).fetchall():
        deliver(world, name)


def wait_until_something_is_due(world: World, name: NetworkName) -> None:
    """Most moments of an evening are idle; nothing can go wrong in those."""
    planned = "SELECT min(at) FROM deliveries WHERE state = 'planned' AND account = ?"
    (at,) = world.rows.execute(planned, (name,)).fetchone()
    wait = at / 1e6 - world.clock.now().timestamp() if at else 0.0
    if 0.0 < wait <= 1200.0:
        world.pass_time(wait)


def hear(world: World, name: NetworkName) -> None:
    """Listen, and place what was heard."""
    house = world.house
    try:
        listen(house.ear(name), world.networks[name], house.store.cursor(name, ASKED), world.clock.now())
    except NetworkError:
        return
    house.ear(name).place(world.clock.now(), whole=True)


def hear_again(world: World, name: NetworkName) -> None:
    """Listen once more to what was told lately, as streams tell it after a break."""
    cursor = int(world.store.cursor(name, ASKED) or 0)
    world.store.save_cursor(name, ASKED, str(max(0, cursor - 20)))
    hear(world, name)


def sweep(world: World, name: NetworkName, *, everything: bool = False) -> None:
    """Collect what is due on a network, or all of it."""
    house = world.house
    collect(
        house.store,
        {name: name},
        house.network,
        world.clock.now(),
        ours=house.own_id,
        watch=house.watch,
        phrase=house.phrase,
        handles=house.own_handle,
        everything=everything,
    )


def plan(world: World, _name: NetworkName) -> None:
    replan(world.house, [])


def sum_up(world: World, _name: NetworkName) -> None:
    """Write digests, after what is too late was given up."""
    world.store.expire(world.clock.now())
    digest(world.store, world.house.accounts, world.clock.now())


def run_errands(world: World, name: NetworkName) -> None:
    find_errands(world.house)
    run_errands_of(world.house, name, [])


def clean_up(world: World, _name: NetworkName) -> None:
    tidy(world.house, [])


VERBS: dict[str, Callable[[World, NetworkName], None]] = {
    "deliver": deliver,
    "listen": hear,
    "collect": sweep,
    "plan": plan,
    "digest": sum_up,
    "errands": run_errands,
    "tidy": clean_up,
}
