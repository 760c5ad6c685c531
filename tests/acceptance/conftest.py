"""The bot's accounts on both networks."""

from collections.abc import Callable

import pytest
from networks.bluesky_server import BlueskyNetwork
from networks.mastodon_server import MastodonServer

pytest.register_assert_rewrite("acceptance.checks", "acceptance.leftovers", "acceptance.pages", "acceptance.servers")

from acceptance.world import Bots, make_bots  # noqa: E402 -- what it imports is to be rewritten first


@pytest.fixture
def bots(bluesky_network: BlueskyNetwork, mastodon_server: MastodonServer, unique: Callable[[str], str]) -> Bots:
    """Accounts of this test alone."""
    return make_bots(bluesky_network, mastodon_server, unique)
