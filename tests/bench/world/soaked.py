"""A house on networks in memory that lives as long as one likes, as the rehearsal wires it."""

import random
from typing import Any

import msgspec

from bot.bootstrap.house import composer_of, open_store_at, phrase_of, picture_keeper, renderer_of, target_of
from bot.clock import SteppedClock
from bot.config import Settings
from bot.config.watchwords import load_watchwords
from bot.domain.posts import NetworkName
from bot.domain.schedule import Series
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.rehearsal.script import Cast
from bot.services.deliver import Deliverer
from bot.shipped import shipped
from bot.tick import House


def open_house(
    settings: Settings, series: Series, clock: SteppedClock
) -> tuple[House, dict[NetworkName, SandboxServer], Cast]:
    """The house, its networks, and who plays."""
    store = open_store_at(settings.database)
    servers: dict[NetworkName, SandboxServer] = {
        settings.networks[key].network: SandboxServer(settings.networks[key].network, clock.now)
        for key in series.accounts
    }
    networks = {key: Sandbox(key, servers[settings.networks[key].network], key) for key in series.accounts}
    house = House(
        store=store,
        accounts={key: networks[key].name for key in networks},
        network=networks.__getitem__,
        own_id=lambda key: networks[key].identity().id,
        deliverer=Deliverer(
            store=store,
            composer=composer_of(settings),
            picture=picture_keeper(settings.folder, store),
            clock=clock,
            owner="soak",
            rng=random.Random(1),
        ),
        series=lambda: (series,),
        renderer=renderer_of(settings, clock),
        target=target_of(settings),
        clock=clock,
        owner="soak",
        watch=load_watchwords(settings.folder),
        phrase=phrase_of(settings),
        own_handle=lambda key: networks[key].identity().handle,
        parallel=False,
    )
    return house, servers, _cast()


def _cast() -> Cast:
    raw: Any = (shipped("templates") / "rehearsal" / "cast.json").read_bytes()
    return msgspec.json.decode(raw, type=Cast)
