"""What other servers tell anybody about posts of theirs, without a login: replies ours was never sent, and deletions.

These servers are strangers. They are asked over https alone, at public addresses, for little and not often; whatever
goes wrong means that we do not know.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from bot.errors import Unanswered
from bot.networks import bounded
from bot.networks.mastodon.http import UNREADABLE, USER_AGENT, Reply
from bot.networks.mastodon.wire import WireContext, WireReply, id_in
from bot.networks.public import PublicOnly, is_name
from bot.networks.salvage import decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.networks.mastodon.wire import WirePost

K = TypeVar("K")
T = TypeVar("T")

SECONDS = 5.0  # for each piece of an answer
MOST_SECONDS = 60.0  # for all that is looked for at once; the rest is for the next time
WHOLE_SECONDS = 10.0
MOST_BYTES = 4 * 1024 * 1024
ASK_AGAIN = 15 * 60.0  # seconds before the same thread is asked for again
LOOK_AGAIN = 3600.0  # seconds before the same post is looked for again
MOST_REMEMBERED = 10_000

_POST = re.compile(
    r"/(?:@[\w.-]{1,500}|users/[\w.-]{1,500}/statuses|ap/users/\w{1,100}/statuses|@[\w.-]{1,500}/statuses)/(\w{1,100})",
    re.ASCII,
)
_GONE = frozenset({404, 410})
_SHOWN = frozenset({"public", "unlisted"})
_PORTS = {"http": 80, "https": 443}


class Place(msgspec.Struct, frozen=True):
    """Where a post is at home: its server as it stands in addresses, and its id there."""

    scheme: str
    host: str
    local: str


class Named(msgspec.Struct, frozen=True):
    """A post's name across servers, and where one of them has it."""

    uri: str
    place: Place


class Thread(msgspec.Struct, frozen=True):
    """What a server knows around a post: uris of public replies, parents first, and the posts above, topmost first."""

    below: tuple[str, ...] = ()
    above: tuple[Named, ...] = ()


class Elsewhere:
    """Asks other servers. Safe to use from several threads.

    Args:
        neighbours: also servers on this machine and in private networks, and without encryption: for tests only.
        named: addresses of servers that the operator named himself, which may be wherever they like.
        elapsed: seconds that go on evenly (``time.monotonic``).
    """

    def __init__(
        self,
        *,
        neighbours: bool = False,
        named: Iterable[str] = (),
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._neighbours = neighbours
        known = [parts for address in named if (parts := _parts(address)) is not None and parts.hostname]
        self._origins = frozenset((parts.scheme, parts.netloc.lower()) for parts in known)
        self._named = frozenset((parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)) for parts in known)
        self._elapsed = elapsed
        self._threads: dict[tuple[str, str], float] = {}  # by server and uri, when they were asked for
        self._looked: dict[
            str, tuple[float, bool]
        ] = {}  # by uri, when they were looked for, and whether they were gone
        self._down: dict[str, float] = {}  # servers that gave no answer, and when
        self._lock = threading.Lock()
        # A proxy that the environment names would look names up itself, so it is not used here. The certificates that
        # the environment names (SSL_CERT_FILE) are.
        self._http = bounded.client(
            None if neighbours else PublicOnly(self._named),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            timeout=httpx.Timeout(SECONDS),
            trust_env=False,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def place(self, wire: WirePost) -> Place | None:
        """Where a post of another server is at home; ``None`` where its addresses are not like Mastodon's."""
        for address in (wire.uri, wire.url):
            parts = _parts(address or "")
            found = parts and _POST.fullmatch(parts.path)
            if parts and found and self._may_ask(parts.scheme, parts.netloc):
                return Place(parts.scheme, parts.netloc, found[1])
        return None

    # -- replies ---------------------------------------------------------------------------------------------
    def due(self, posts: Iterable[Named]) -> list[Named]:
        """Those whose threads were not asked for lately, those never asked for first."""
        now = self._elapsed()
        with self._lock:
            asked = {post: self._threads.get((post.place.host, post.uri), float("-inf")) for post in posts}
        return sorted((post for post in asked if now - asked[post] > ASK_AGAIN), key=lambda post: asked[post])

    def thread(self, post: Named) -> Thread:
        """What a server knows around a post; nothing where it does not tell.

        https://docs.joinmastodon.org/methods/statuses/#context (without a login: 60 posts, 20 levels)
        """
        with self._lock:
            _remember(self._threads, (post.place.host, post.uri), self._elapsed())
        reply = self._get(post.place, f"/api/v1/statuses/{post.place.local}/context")
        if reply is None or not reply.ok:
            return Thread()
        try:
            told = decoded(reply.body, lambda body: msgspec.json.decode(body, type=WireContext))
        except UNREADABLE:
            return Thread()
        above = (_reply_in(bytes(raw)) for raw in told.ancestors)
        below = (_reply_in(bytes(raw)) for raw in told.descendants)
        return Thread(
            tuple(one.uri for one in below if one and one.uri and one.visibility in _SHOWN),
            tuple(
                Named(one.uri, msgspec.structs.replace(post.place, local=one.id)) for one in above if one and one.uri
            ),
        )

    # -- deletions -------------------------------------------------------------------------------------------
    def gone(self, wires: Sequence[WirePost], most: int) -> tuple[int, set[str]]:
        """Ids (``WirePost.id``) of posts that their own servers say are gone, in the words of an API server.

        What was looked for within the hour is not asked again; the rest is asked for, longest ago first, up to
        ``most``, of which is told what is left. https://docs.joinmastodon.org/methods/statuses/#get
        """
        now = self._elapsed()
        with self._lock:
            looked = {wire.id: self._looked.get(wire.uri or "", (float("-inf"), False)) for wire in wires}
        due = sorted(
            (wire for wire in wires if now - looked[wire.id][0] > LOOK_AGAIN), key=lambda one: looked[one.id][0]
        )
        placed = [(wire, place) for wire in due if (place := self.place(wire)) is not None][:most]
        until = now + MOST_SECONDS
        for wire, place in placed:
            if self._elapsed() > until:
                break
            reply = self._get(place, f"/api/v1/statuses/{place.local}")
            gone = reply is not None and reply.status in _GONE and reply.gone
            there = reply is not None and reply.ok and id_in(reply.body) == place.local
            answer = gone or (looked[wire.id][1] and not there)  # who was gone stays so until seen again
            looked[wire.id] = (now, answer)
            with self._lock:
                _remember(self._looked, wire.uri or "", (now, answer))
        return most - len(placed), {local for local, (_, answer) in looked.items() if answer}

    # -- asking ----------------------------------------------------------------------------------------------
    def _get(self, place: Place, path: str) -> Reply | None:
        """One question; ``None`` for no usable answer, after which the server is left in peace for a while."""
        with self._lock:
            if self._elapsed() - self._down.get(place.host, float("-inf")) < ASK_AGAIN:
                return None
        reply = self._exchange(place, path)
        if reply is None:
            with self._lock:
                _remember(self._down, place.host, self._elapsed())
        return reply

    def _exchange(self, place: Place, path: str) -> Reply | None:
        """The same, at one of the server's public addresses (see ``public``)."""
        try:
            url = httpx.URL(f"{place.scheme}://{place.host}{path}")
            with bounded.within(WHOLE_SECONDS, place.host), self._http.stream("GET", url) as response:
                body = bounded.whole(response, MOST_BYTES, place.host)
        except (httpx.HTTPError, httpx.InvalidURL, Unanswered, OSError, ValueError):
            return None
        return Reply(response.status_code, response.headers, body)

    def _may_ask(self, scheme: str, netloc: str) -> bool:
        """Whether an address is fit to be asked at all, before its name is looked up."""
        if self._neighbours:
            return scheme in _PORTS
        if (scheme, netloc.lower()) in self._origins:
            return True
        parts = _parts(f"{scheme}://{netloc}")
        if scheme != "https" or parts is None or "@" in netloc:
            return False
        return parts.port in {None, _PORTS["https"]} and is_name(parts.hostname or "")


def _parts(address: str) -> _Parts | None:
    try:
        parts = urlsplit(address)
        return _Parts(parts.scheme, parts.netloc, parts.path, parts.hostname, parts.port) if parts.netloc else None
    except ValueError:
        return None


class _Parts(msgspec.Struct, frozen=True):
    scheme: str
    netloc: str
    path: str
    hostname: str | None
    port: int | None


def _reply_in(body: bytes) -> WireReply | None:
    try:
        return msgspec.json.decode(body, type=WireReply)
    except UNREADABLE:
        return None


def _remember(memory: dict[K, T], key: K, value: T) -> None:
    memory.pop(key, None)
    memory[key] = value
    while len(memory) > MOST_REMEMBERED:
        del memory[next(iter(memory))]
