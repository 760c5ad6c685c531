"""Which events of a stream concern us: a glance for nearly all of them, the whole record for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from bot.networks.bluesky import wire
from bot.networks.bluesky.frames import POSTGATE, THREADGATE
from bot.networks.bluesky.glance import looker
from bot.networks.bluesky.records import POST

if TYPE_CHECKING:
    from collections.abc import Container

    from bot.networks.bluesky.frames import Event, Protocol
    from bot.ports import Wanted

_ENDS = frozenset({"deleted", "suspended", "takendown", "deactivated", ""})
_GATES = frozenset({THREADGATE, POSTGATE})


class Concern(msgspec.Struct, frozen=True):
    """What an event means to us, and the ids it is about.

    Attributes:
        kind: a post to give on; a post that is gone; an account that ended; a post of ours whose thread to read.
        id: of the post, account or thread.
        names: for a post, whom and what it names.
    """

    kind: Literal["post", "gone", "ended", "thread"]
    id: str
    names: wire.Names | None = None


class Sieve:
    """Keeps what ``wanted`` asks for.

    Args:
        own: our DID.
        wanted: what is asked for now.
        posters: DIDs of whom this stream gave a post; may grow.
        protocol: how the bytes are to be looked at.
    """

    def __init__(self, own: str, wanted: Wanted, posters: Container[str], protocol: Protocol) -> None:
        self._own = own
        self._ours = f"at://{own}/"
        self._wanted = wanted
        self._posters = posters
        self.may_concern = looker(own, wanted, posters, protocol)
        """Whether a frame has to be decoded: see ``glance.looker``."""

    def concern(self, event: Event) -> Concern | None:
        """What an event means to us; ``None`` for nothing. Our own posts mean nothing."""
        if event.kind == "account":
            ends = not event.active and event.status in _ENDS and self._watched(event.did)
            return Concern("ended", event.did) if ends else None
        if event.kind != "commit":
            return None
        if event.did == self._own:
            gated = event.collection in _GATES
            return Concern("thread", f"{self._ours}{POST}/{event.rkey}") if gated else None
        if event.collection != POST:
            return None
        if event.operation == "delete":
            return Concern("gone", event.uri) if self._watched(event.did) else None
        names = wire.names(event.record)
        changed = event.operation == "update" and self._watched(event.did)
        return Concern("post", event.uri, names) if changed or self._named(names) else None

    def _watched(self, did: str) -> bool:
        return did in self._wanted.authors or did in self._posters

    def _named(self, names: wire.Names) -> bool:
        """Whether a post is below one of ours, quotes or mentions us, or has a wanted hashtag."""
        ours = self._ours
        return (
            names.root.startswith(ours)
            or names.parent.startswith(ours)
            or names.quote.startswith(ours)
            or self._own in names.mentioned
            or not self._wanted.hashtags.isdisjoint(names.tags)
        )
