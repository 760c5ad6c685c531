"""One stream of a server, read in a thread of its own into a queue until it breaks or is closed from outside."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import msgspec

from bot.domain.plainwords import plain_words
from bot.errors import NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks import bounded
from bot.networks.mastodon.http import Reply, failure
from bot.networks.mastodon.sse import Parser

if TYPE_CHECKING:
    from typing import Any

USER = ""
"""The name of the account's own stream; others are hashtags."""

_MOST_WORDS = 10_000  # bytes of a refusal that are read
_MISSING = frozenset({400, 404, 405, 410, 422, 501})
_SHUT = frozenset({401, 403})
_LONG = 32 * 1024  # bytes; a longer event counts as several
_OPENING = 30.0  # seconds until a stream has begun, whatever comes meanwhile
_FULL = 0.5  # seconds between looks whether we are closed while the queue is full


class Said(msgspec.Struct, frozen=True):
    """One event.

    Attributes:
        stream: which stream's.
        name: which event it is, for people, without its words.
        kind: ``update``, ``delete`` …
        data: as it came; ``None`` if it was too long.
    """

    stream: str
    name: str
    kind: str
    data: bytes | None


class Broken:
    """The end of a stream, and why."""

    def __init__(self, name: str, tap: Tap, why: NetworkError) -> None:
        self.name = name
        self.tap = tap
        self.why = why


class Waiting(queue.Queue["Said | Broken"]):
    """What was said and not looked at yet: so many events, or fewer where they are long; then reading waits."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._bytes = 0

    def _qsize(self) -> int:
        return max(len(self.queue), self._bytes // _LONG)

    def _put(self, item: Said | Broken) -> None:
        super()._put(item)
        self._bytes += _length(item)

    def _get(self) -> Said | Broken:
        item = super()._get()
        self._bytes -= _length(item)
        return item


def _length(item: Said | Broken) -> int:
    return len(item.data or b"") if isinstance(item, Said) else 0


class Tap:
    """Opens a stream at once, in a thread.

    Args:
        http: with token and timeouts: a read that takes longer than its timeout means the stream is dead.
        base: where the server's streams are.
        name: ``USER`` or a hashtag.
        events: where they go; when it is full, reading waits.
    """

    def __init__(self, http: httpx.Client, base: str, name: str, events: queue.Queue[Said | Broken]) -> None:
        self.open = threading.Event()
        self.broken: Broken | None = None
        self._http = http
        self._url = f"{base}/api/v1/streaming/{'hashtag' if name else 'user'}"
        self._name = name
        self._events = events
        self._closed = threading.Event()
        self._socket: Any = None
        self._thread = threading.Thread(target=self._run, name=f"stream {name or 'user'}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it from outside, now: a read that waits wakes up."""
        self._closed.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Not the method of a TLS socket, which would take its state away from under the reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            self._read()
        except httpx.ReadTimeout:
            self._end(Unavailable(f"{self._label} fell silent"))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, RuntimeError) as error:
            self._end(Unavailable(f"{self._label} broke ({type(error).__name__}: {plain_words(str(error))})"))
        except NetworkError as error:
            self._end(error)

    def _read(self) -> None:
        params = {"tag": self._name} if self._name else {}
        with contextlib.ExitStack() as closing:
            with bounded.within(_OPENING, self._label):
                response = closing.enter_context(self._http.stream("GET", self._url, params=params))
            network = response.extensions.get("network_stream")
            self._socket = network.get_extra_info("socket") if network is not None else None
            if self._closed.is_set():
                return
            if response.status_code != httpx.codes.OK:
                raise self._refusal(response)
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise Unavailable(f"{self._label} is packed as nobody asked for it")
            self.open.set()
            since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            parser, number = Parser(), 0
            for piece in bounded.pieces(response):
                for event in parser.feed(piece):
                    number += 1
                    kind = event.kind if event.kind.replace(".", "").replace("_", "").isalnum() else "?"
                    name = f"{self._label} since {since}, event {number} ({kind[:40]})"
                    self._put(Said(self._name, name, event.kind, event.data))
                if self._closed.is_set():
                    return
        raise Unavailable(f"{self._label} ended")

    @property
    def _label(self) -> str:
        return f"the stream of #{self._name}" if self._name else "the account's stream"

    def _refusal(self, response: httpx.Response) -> NetworkError:
        try:
            with bounded.within(_OPENING, self._label):
                body = bounded.whole(response, _MOST_WORDS, self._label)
        except Unanswered:  # whatever it goes on to say, it is a refusal
            body = b""
        reply = Reply(response.status_code, response.headers, body)
        said = f"{self._label}: {reply.status} {plain_words(reply.words or '')}".rstrip()
        if reply.status in _MISSING:
            return Refused(said)
        if reply.status in _SHUT and reply.words is not None:
            return Unauthorized(f"{said}; run `staffroom login mastodon`")
        found = failure(reply, self._label, read=True)
        return found if not isinstance(found, Refused) else Unavailable(said)

    def _put(self, one: Said | Broken) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self._events.put(one, timeout=_FULL)
                return

    def _end(self, why: NetworkError) -> None:
        self.broken = Broken(self._name, self, why)
        self._put(self.broken)
