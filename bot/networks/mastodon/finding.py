"""Finding a post by its address and an account by its handle, wherever they are: our server fetches them if need be."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import msgspec

from bot.domain.patterns import is_web
from bot.networks.mastodon import convert
from bot.networks.mastodon.http import UNREADABLE, failure
from bot.networks.mastodon.wire import WireAccount, WireFound, WirePost, post_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.posts import Account, Post
    from bot.networks.mastodon.incoming import Incoming
    from bot.networks.mastodon.server import Server

TRY_AGAIN = 3600.0  # seconds before our server is asked again to fetch what it could not
MOST_REMEMBERED = 10_000
_NOT_FOUND = frozenset({404, 410, 422})
_NO_SEARCH = frozenset({400, 404, 405, 410, 422})


class Finder:
    """Asks our own server. Safe to use from several threads.

    Args:
        server: ours.
        incoming: converts what it answers.
        elapsed: seconds that go on evenly (``time.monotonic``).
    """

    def __init__(self, server: Server, incoming: Incoming, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._api = server.api
        self._incoming = incoming
        self._elapsed = elapsed
        self._tried: dict[str, float] = {}  # by address, when our server last failed to fetch it
        self._lock = threading.Lock()

    def resolve(self, address: str) -> Post | None:
        """See ``ports.Network.resolve``."""
        wire = self.fetched(address)
        return next(iter(self._incoming.posts([wire])), None) if wire is not None else None

    def worth_fetching(self, address: str) -> bool:
        """Whether our server was not asked in vain lately."""
        with self._lock:
            return self._elapsed() - self._tried.get(address, float("-inf")) > TRY_AGAIN

    def fetched(self, address: str) -> WirePost | None:
        """A post by its web address or ``uri``, fetched from its own server if ours has not got it yet.

        https://docs.joinmastodon.org/methods/search/ with ``resolve`` (scope ``read:search``)
        """
        if not is_web(address):
            return None  # anything else would be searched for in the texts of posts
        with self._lock:  # beforehand: a server on which ours waits in vain is not to be tried at every turn
            self._tried.pop(address, None)
            self._tried[address] = self._elapsed()
            while len(self._tried) > MOST_REMEMBERED:
                del self._tried[next(iter(self._tried))]
        found = self._search(address, "statuses").statuses
        wire = post_in(bytes(found[0])) if found else None
        if wire is not None:
            with self._lock:
                self._tried.pop(address, None)
        return wire

    def account_called(self, handle: str) -> Account | None:
        """See ``ports.Network.account_called``. https://docs.joinmastodon.org/methods/accounts/#lookup."""
        wire = self.wire_account(handle)
        return self._incoming.account(wire) if wire is not None else None

    def wire_account(self, handle: str) -> WireAccount | None:
        """The same as our server tells it: known to it already, or asked of the account's own server."""
        name = handle.strip().removeprefix("@").removesuffix(f"@{self._server.place().domain}")
        if not name or any(mark.isspace() for mark in name):
            return None
        reply = self._api.get("/api/v1/accounts/lookup", [("acct", name)], also=_NOT_FOUND)
        if reply.ok:
            return self._api.decode(reply, WireAccount)
        if reply.words is None:
            raise failure(reply, f"GET {self._api.host}/api/v1/accounts/lookup", read=True)
        if "@" not in name:
            return None
        for raw in self._search(f"@{name}", "accounts").accounts:
            wire = _account_in(bytes(raw))
            if wire is not None and wire.acct.casefold() == name.casefold():
                return wire
        return None

    def _search(self, query: str, kind: str) -> WireFound:
        params = [("q", query), ("type", kind), ("resolve", "true"), ("limit", "1")]
        reply = self._api.get("/api/v2/search", params, also=_NO_SEARCH)
        return self._api.decode(reply, WireFound) if reply.ok else WireFound()


def is_remote(wire: WirePost) -> bool:
    """Whether a post was written on another server than ours."""
    return "@" in wire.account.acct


def addressed_to(wire: WirePost, me: WireAccount) -> bool:
    """Whether a post mentions our account: then its server tells ours of edits and of its deletion."""
    return any(one.acct == me.acct or (me.url and one.url == me.url) for one in wire.mentions or ())


def _account_in(body: bytes) -> WireAccount | None:
    try:
        return msgspec.json.decode(body, type=WireAccount)
    except UNREADABLE:
        return None


def visible(wire: WirePost) -> bool:
    """Whether anybody may read a post."""
    return convert.visibility(wire) in ("public", "unlisted")
