"""``Mastodon``: one of our accounts on a server that speaks Mastodon's API, as ``ports.Network``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.networks.fetching import Fetcher
from bot.networks.mastodon.elsewhere import Elsewhere
from bot.networks.mastodon.finding import Finder
from bot.networks.mastodon.http import USER_AGENT, Api
from bot.networks.mastodon.incoming import Incoming
from bot.networks.mastodon.listening import Listener
from bot.networks.mastodon.ownposts import said_since
from bot.networks.mastodon.reading import Reader
from bot.networks.mastodon.server import Server
from bot.networks.mastodon.speaking import Speaker
from bot.networks.mastodon.streaming import Pace, Streams
from bot.networks.mastodon.writing import Writer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.outbox import Draft, Part
    from bot.domain.posts import Account, NetworkName, Post, PostRef
    from bot.domain.records import PollCount, Said
    from bot.domain.textlength import Limits
    from bot.ports import Condition, Heard, Identity, LookUp, Sent, Wanted

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
        pace: how patient streams are.
        named: addresses of other servers that the operator named: these may be in private networks.
        neighbours: servers on this machine and in private networks may be asked about posts of theirs: for tests.
    """

    name: NetworkName = "mastodon"
    atomic = False
    limits = _Asked()
    """How long a post may be here; Mastodon's defaults while the server cannot be asked."""

    def __init__(
        self,
        *,
        account: str,
        server: str,
        token: str,
        clock: Callable[[], datetime],
        timeout: float = TIMEOUT,
        pace: Pace | None = None,
        neighbours: bool = False,
        named: Iterable[str] = (),
    ) -> None:
        self.account = account
        self._api = Api(server, token, clock, timeout)
        self.server = Server(self._api, clock)
        self._elsewhere = Elsewhere(neighbours=neighbours, named=(server, *named))
        self._pictures = Fetcher(named=(server, *named), agent=USER_AGENT)
        incoming = Incoming(self.server)
        self._finder = Finder(self.server, incoming)
        self._reader = Reader(self.server, incoming=incoming, finder=self._finder, elsewhere=self._elsewhere)
        self._listener = Listener(self.server, incoming)
        self._streams = Streams(self.server, self._listener, incoming, pace or Pace())
        self._writer = Writer(self.server)
        self._speaker = Speaker(self.server, self._finder)

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

    def condition(self) -> Condition:
        """See ``ports.Network.condition``."""
        return self._api.condition()

    def said_since(self, since: datetime) -> tuple[Said, ...]:
        """See ``ports.Network.said_since``."""
        return said_since(self.server, since)

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

    def polls(self, refs: Sequence[PostRef]) -> Mapping[str, PollCount]:
        """See ``ports.Network.polls``."""
        return self._reader.polls(refs)

    def listen(self, cursor: str, wanted: Wanted) -> Heard:
        """See ``ports.Network.listen``."""
        return self._api.aside.told(self._listener.listen(cursor, wanted.hashtags))

    def stream(self, cursor: str, wanted: Callable[[], Wanted], stopping: Callable[[], bool]) -> Iterator[Heard]:
        """See ``ports.Network.stream``."""
        return self._api.aside.telling(self._streams.stream(cursor, wanted, stopping))

    def pictures(self, ref: PostRef, keys: Sequence[str]) -> Mapping[str, bytes] | None:
        """See ``ports.Network.pictures``."""
        return self._reader.pictures(ref, keys, self._pictures.fetch)

    def resolve(self, address: str) -> Post | None:
        """See ``ports.Network.resolve``: our server fetches what it has not got."""
        return self._finder.resolve(address)

    def account_called(self, handle: str) -> Account | None:
        """See ``ports.Network.account_called``."""
        return self._finder.account_called(handle)

    def like(self, ref: PostRef) -> None:
        """See ``ports.Network.like``."""
        self._speaker.like(ref)

    def answer(self, ref: PostRef, handle: str, text: str, key: str, at: datetime) -> None:
        """See ``ports.Network.answer``: for its author alone."""
        self._speaker.answer(ref, handle, text, key, at)

    def tell(self, handle: str, text: str, key: str, at: datetime) -> PostRef | None:
        """See ``ports.Network.tell``."""
        return self._speaker.tell(handle, text, key, at)

    def delete(self, ref: PostRef) -> None:
        """See ``ports.Network.delete``."""
        self._speaker.delete(ref)

    def close(self) -> None:
        """Let go of connections."""
        self._elsewhere.close()
        self._pictures.close()
        self._api.close()
