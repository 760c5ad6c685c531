"""Who blocks our account: asked in batches, remembered for a few minutes."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from bot.errors import Refused
from bot.networks.mastodon.wire import WireRelationship

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bot.networks.mastodon.server import Server

MOST_IDS = 40
KEPT_SECONDS = 300.0
MOST_KEPT = 5_000
REFUSED_SECONDS = 3600.0
"""How long we go on without asking where the login lacks the scope: it may be renewed in the meantime."""


class Blocks:
    """A small memory of https://docs.joinmastodon.org/methods/accounts/#relationships (scope ``read:follows``).

    Where the login lacks that scope, nobody is known to block us: Mastodon then still hides their posts from us.

    Args:
        server: where.
        elapsed: seconds that go on evenly (``time.monotonic``).
    """

    def __init__(self, server: Server, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._server = server
        self._elapsed = elapsed
        self._known: dict[str, tuple[bool, float]] = {}  # by local account id; and when it was asked
        self._ask_from = float("-inf")
        self._one_at_a_time = threading.Lock()

    def among(self, accounts: Collection[str]) -> set[str]:
        """Those of these accounts (local ids) that block us."""
        with self._one_at_a_time:
            now = self._elapsed()
            fresh = {one for one in accounts if one in self._known and now - self._known[one][1] < KEPT_SECONDS}
            if now >= self._ask_from and len(fresh) < len(set(accounts)):
                unknown = sorted(set(accounts) - fresh - {self._server.me().id})
                for start in range(0, len(unknown), MOST_IDS):
                    self._ask(unknown[start : start + MOST_IDS], now)
            found = {one for one in accounts if self._known.get(one, (False, 0.0))[0]}
            for old in list(self._known)[: max(0, len(self._known) - MOST_KEPT)]:
                del self._known[old]
            return found

    def now(self, account: str) -> bool:
        """Whether an account (local id) blocks us, whatever was known of it."""
        with self._one_at_a_time:
            self._known.pop(account, None)
        return bool(self.among({account}))

    def _ask(self, ids: list[str], now: float) -> None:
        if now < self._ask_from:
            return
        api = self._server.api
        try:
            reply = api.get("/api/v1/accounts/relationships", [("id[]", one) for one in ids])
        except Refused:
            self._ask_from = now + REFUSED_SECONDS
            return
        answers = {one.id: bool(one.blocked_by) for one in api.decode(reply, list[WireRelationship])}
        for one in ids:
            self._known.pop(one, None)
            self._known[one] = (answers.get(one, False), now)
