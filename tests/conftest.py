"""Fixtures every test may ask for: the real servers, the browser, names nobody else uses.

Each server starts once per test run, when the first test asks for it, and is shared by all workers; see
networks/README.md.
"""

import gc
import os
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from compiled import keep_statements, keep_tables
from dealing import dealt, is_long
from hypothesis import settings
from networks.run import ServerRun
from networks.yard import NOT_INSTALLED, StartError, node_installed

if TYPE_CHECKING:
    from networks.bluesky_server import BlueskyNetwork
    from networks.browser import Browser
    from networks.mastodon_server import MastodonServer
    from networks.postgres_server import PostgresServer

_RUN = pytest.StashKey[ServerRun]()

# Hypothesis draws the same each time: a run that fails is the change's own. HYPOTHESIS_PROFILE=search draws anew.
settings.register_profile("same", derandomize=True)
settings.register_profile("search", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(100_000)  # as in the bot's own processes, see bot/__main__.py
    # The asserts of shared helpers are explained too; this has to be said before anything imports them.
    pytest.register_assert_rewrite(
        "contract.network_contract",
        "contract.network_world",
        "contract.streams_contract",
        "contract.store_world",
        "services.request_room",
        "acceptance.checks",
    )
    keep_statements()
    keep_tables()
    is_worker = hasattr(config, "workerinput")  # set by pytest-xdist in the processes it starts
    config.stash[_RUN] = ServerRun.join() if is_worker else ServerRun.open()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = dealt(items, workers, lambda item: is_long(item.nodeid))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # what was collected stays until the end: nothing is found by looking through all of it again and again


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(_RUN, None)
    if run is not None:
        run.close()


def _start(config: pytest.Config, name: str, package: str | None = None) -> dict[str, Any]:
    if package is not None and not node_installed(package):
        pytest.fail(NOT_INSTALLED, pytrace=False)
    try:
        return config.stash[_RUN].info(name)
    except StartError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def unique() -> Callable[[str], str]:
    """A name for this test alone: `unique("amy")` is `amy` and eight more letters or digits.

    Good as a Bluesky handle (for names of up to ten letters), a Mastodon user name and a hashtag.
    """
    return lambda name: f"{name}{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def bluesky_network(pytestconfig: pytest.Config) -> "Iterator[BlueskyNetwork]":
    """The real Bluesky network, shared by the whole run."""
    from networks.bluesky_server import BlueskyNetwork

    network = BlueskyNetwork(**_start(pytestconfig, "bluesky", "@atproto/dev-env"))
    yield network
    network.close()


@pytest.fixture(scope="session")
def mastodon_server(pytestconfig: pytest.Config) -> "Iterator[MastodonServer]":
    """A strict Mastodon-API server, shared by the whole run."""
    from networks.mastodon_server import MastodonServer

    server = MastodonServer(**_start(pytestconfig, "mastodon"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> "PostgresServer":
    """A PostgreSQL server, shared by the whole run; take a `fresh_database()` per test."""
    from networks.postgres_server import PostgresServer

    return PostgresServer(**_start(pytestconfig, "postgres"))


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> "Iterator[Browser]":
    """A real browser, one per worker, that reaches loopback and files only."""
    from networks.browser import launched

    with launched(_start(pytestconfig, "chromium", "@sparticuz/chromium")) as running:
        yield running
