"""Three people on the Mastodon-API server."""

from collections.abc import Callable

import pytest
from networks.mastodon_server import MastodonAccount as Account
from networks.mastodon_server import MastodonServer as Server

Unique = Callable[[str], str]


@pytest.fixture
def amy(mastodon_server: Server, unique: Unique) -> Account:
    return mastodon_server.create_account(unique("amy"))


@pytest.fixture
def ben(mastodon_server: Server, unique: Unique) -> Account:
    return mastodon_server.create_account(unique("ben"))


@pytest.fixture
def cat(mastodon_server: Server, unique: Unique) -> Account:
    return mastodon_server.create_account(unique("cat"))
