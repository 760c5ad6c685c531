"""``Mastodon``: one of our accounts on a server that speaks Mastodon's API, as ``ports.Network``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.networks.mastodon.http import Api
from bot.networks.mastodon.reading import Reader
from bot.networks.mastodon.server import Server
from bot.networks.mastodon.writing import Writer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from bot.domain.outbox import Draft, Part
    from bot.domain.posts import NetworkName, Post, PostRef
    from bot.domain.textlength import Limits
    from bot.ports import Heard, Identity, LookUp, Sent

TIMEOUT = 30.0


class _Asked:
    """``Mastodon.limits``: a plain attribute to whoever reads it, asked of the server when first read."""

    def __get__(self, network: Mastodon, _: type[Mastodon]) -> Limits:
        return network.server.limits()


class Mastodon:
    """An account on one server. Makes no request before it is asked for something.

    Args:
        account: the account's key in the settings.
        server: the server's address, such as ``https://social.example.org``.
        token: its access token (see ``login``).
        clock: gives the time, aware UTC.
        timeout: seconds to wait for the next piece of an answer.
    """

    name: NetworkName = "mastodon"
    atomic = False
    limits = _Asked()
    """How long a post may be here; Mastodon's defaults while the server cannot be asked."""

    def __init__(
        self, *, account: str, server: str, token: str, clock: Callable[[], datetime], timeout: float = TIMEOUT
    ) -> None:
        self.account = account
        self._api = Api(server, token, clock, timeout)
        self.server = Server(self._api, clock)
        self._reader = Reader(self.server)
        self._writer = Writer(self.server)

    def identity(self) -> Identity:
        """See ``ports.Network.identity``."""
        return self.server.identity()

    def freeze(self, draft: Draft, delivery: str, rng: random.Random, blob: Callable[[str], bytes]) -> tuple[Part, ...]:
        """See ``ports.Network.freeze``: one part for each picture and post; all keys follow from what is said."""
        del rng, blob
        return self._writer.freeze(draft, delivery)

    def send(self, group: Sequence[Part], parts: Sequence[Part], blob: Callable[[str], bytes]) -> tuple[Sent, ...]:
        """See ``ports.Network.send``."""
        return self._writer.send(group, parts, blob)

    def find(self, group: Sequence[Part], parts: Sequence[Part]) -> tuple[Sent, ...]:
        """See ``ports.Network.find``: our own posts are read back, so it works without idempotency keys, too."""
        return self._writer.find(group, parts)

    def sweep(self, root: PostRef) -> Iterator[tuple[Post, ...]]:
        """See ``ports.Network.sweep``."""
        return self._reader.sweep(root)

    def tagged(self, hashtag: str, since: datetime) -> Iterator[tuple[Post, ...]]:
        """See ``ports.Network.tagged``."""
        return self._reader.tagged(hashtag, since)

    def quotes(self, ref: PostRef) -> Iterator[tuple[Post, ...]]:
        """See ``ports.Network.quotes``."""
        return self._reader.quotes(ref)

    def look_up(self, refs: Sequence[PostRef]) -> LookUp:
        """See ``ports.Network.look_up``."""
        return self._reader.look_up(refs)

    def listen(self, cursor: str) -> Heard:
        """See ``ports.Network.listen``."""
        return self._reader.listen(cursor)

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()
