"""What evenings need in pytest: a nursery, and both networks with a Jetstream beside them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from chaos.evening import Evening, Servers, open_evening
from chaos.lives import Nursery
from networks.bluesky_server import BlueskyNetwork
from networks.jetstream import Jetstream
from networks.mastodon_server import MastodonServer
from networks.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def nursery(postgres_server: PostgresServer) -> Iterator[Nursery]:
    """Forks lives for all tests of this worker."""
    with Nursery([postgres_server.fresh_database()]) as running:
        yield running


@pytest.fixture(scope="session")
def servers(bluesky_network: BlueskyNetwork, mastodon_server: MastodonServer) -> Iterator[Servers]:
    """Both networks; lives can listen, and the order in which posts came in is known."""
    with Jetstream(bluesky_network.pds_url) as jetstream:
        yield Servers(bluesky_network, mastodon_server, jetstream)


@pytest.fixture
def an_evening(tmp_path: Path, servers: Servers, nursery: Nursery) -> Callable[..., AbstractContextManager[Evening]]:
    """Opens evenings, each in a folder of its own: `with an_evening(database=url) as evening:`."""
    number = iter(range(100))

    def opened(**options: Any) -> AbstractContextManager[Evening]:
        folder = tmp_path / f"evening{next(number)}"
        folder.mkdir()
        return partial(open_evening, folder, servers, nursery)(**options)

    return opened
