"""Authors' whole profiles: posts carry only half of one, without the bio that may say ``#noarchive``."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from bot.networks.bluesky.views import Profile, ProfilesAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.networks.bluesky.xrpc import Xrpc

_AT_ONCE = 25  # app.bsky.actor.getProfiles
_KEPT = 5_000
_FRESH = timedelta(minutes=5)  # a sweep asks for each author once, and a changed bio counts soon
_FRESH_MISS = timedelta(seconds=20)  # somebody quite new is shown a moment later


class Profiles:
    """Profiles by DID, asked for in batches and remembered for five minutes, for all threads.

    Always asked with our login: only then do they say who blocks us.
    """

    def __init__(self, xrpc: Xrpc, clock: Callable[[], datetime]) -> None:
        self._xrpc = xrpc
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[datetime, Profile | None]] = {}

    def of(self, dids: Iterable[str]) -> Mapping[str, Profile]:
        """The profiles of these accounts; those that are not shown (any more) are left out.

        https://docs.bsky.app/docs/api/app-bsky-actor-get-profiles
        """
        wanted = dict.fromkeys(dids)
        now = self._clock()
        with self._lock:
            kept = {did: self._known[did] for did in wanted if did in self._known}
        found = {
            did: profile
            for did, (asked, profile) in kept.items()
            if now - asked < (_FRESH_MISS if profile is None else _FRESH)
        }
        missing = iter([did for did in wanted if did not in found])
        while batch := list(islice(missing, _AT_ONCE)):
            answer = self._xrpc.query("app.bsky.actor.getProfiles", {"actors": batch}, ProfilesAnswer)
            shown = {profile.did: profile for profile in answer.profiles}
            found.update((did, shown.get(did)) for did in batch)
            self._keep({did: (now, shown.get(did)) for did in batch})
        return {did: profile for did, profile in found.items() if profile is not None}

    def forget(self, did: str) -> None:
        """Ask anew next time: something happened to this account."""
        with self._lock:
            self._known.pop(did, None)

    def _keep(self, fresh: Mapping[str, tuple[datetime, Profile | None]]) -> None:
        """Remember, and forget who was asked for longest ago where there are too many."""
        with self._lock:
            for did, answer in fresh.items():
                self._known.pop(did, None)
                self._known[did] = answer
            for did in list(islice(self._known, max(0, len(self._known) - _KEPT))):
                del self._known[did]
