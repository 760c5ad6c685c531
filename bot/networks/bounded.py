"""HTTP with servers that may be broken or mean harm: nothing takes longer, or unpacks to more, than it may.

httpx bounds each wait, not their sum: a server that sends a byte at a time, or ``103 Early Hints`` without end, would
hold a thread for ever. And it unpacks whatever comes in one go, so that a few kilobytes may become gigabytes.
"""

from __future__ import annotations

import os
import threading
import time
import zlib
from contextlib import contextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from bot.errors import Unanswered

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

_GZIP = zlib.MAX_WBITS | 16
_HAIR = 0.05  # seconds by which the system may wake us early
_TOO_LONG = "it takes too long"
_AT_ONCE = 64 * 1024  # bytes unpacked in one go


class _Deadline(threading.local):
    """When what this thread asks of a network must be over, in monotonic seconds."""

    at: float = float("inf")


_deadline = _Deadline()


@contextmanager
def within(seconds: float, where: str) -> Iterator[None]:
    """All that this thread waits for inside, on clients made by ``client``, takes no longer than this in sum.

    Raises:
        Unanswered: it would take longer; names ``where``. Without a connection it is httpx's ``ConnectTimeout``.
    """
    before = _deadline.at
    _deadline.at = min(before, time.monotonic() + seconds)
    try:
        yield
    except (httpx.ReadTimeout, httpx.WriteTimeout):
        if time.monotonic() < _deadline.at - _HAIR:
            raise
        raise Unanswered(f"{where}: the answer takes too long") from None
    finally:
        _deadline.at = before


def client(backend: httpcore.NetworkBackend | None = None, **options: Any) -> httpx.Client:  # noqa: ANN401 -- handed on to httpx as they are
    """A client that keeps ``within``, follows no redirect, keeps no cookie and asks for nothing but gzip.

    Args:
        backend: makes its connections; the operating system's by default.
        options: httpx's own.
    """
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    headers = {"Accept-Encoding": "gzip", **options.pop("headers", {})}
    verify = _trusted(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    made = httpx.Client(follow_redirects=False, cookies=cookies, headers=headers, verify=verify, **options)
    # httpx has no other place for this; also behind a proxy that the environment names.
    for transport in (made._transport, *made._mounts.values()):  # noqa: SLF001 -- see above
        if transport is not None:
            pool = vars(transport)["_pool"]
            pool._network_backend = Clocked(backend or pool._network_backend)  # noqa: SLF001 -- see above
    return made


@cache
def _trusted(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Which authorities may speak for a server, as the environment has it; to read them all takes a while."""
    return httpx.create_ssl_context()


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """An answer's body as it comes, not unpacked."""
    stream = response.stream
    if not isinstance(stream, httpx.SyncByteStream):
        raise TypeError("a client of ours answers with a stream that can be read")
    yield from stream


def whole(response: httpx.Response, most: int, where: str) -> bytes:
    """An answer's body, unpacked and no longer than ``most`` bytes.

    Raises:
        Unanswered: it is longer, or packed in a way that was not asked for, or damaged.
    """
    return gathered(pieces(response), response.headers.get_list("Content-Encoding", split_commas=True), most, where)


def gathered(come: Iterable[bytes], packings: Iterable[str], most: int, where: str) -> bytes:
    """A body that comes in pieces, in the time that ``within`` leaves; the rest as for ``whole``.

    Args:
        come: the pieces, not unpacked.
        packings: how it is packed, as ``Content-Encoding`` says.
        most: bytes.
        where: names it in errors.

    Raises:
        Unanswered: as for ``whole``.
    """
    packed = [name for name in packings if name != "identity"]
    if packed not in ([], ["gzip"]):
        raise Unanswered(f"{where}: the answer is packed as nobody asked for it")
    unpack = zlib.decompressobj(_GZIP) if packed else None
    body = bytearray()
    came = 0
    for piece in come:
        came += len(piece)
        if time.monotonic() > _deadline.at:
            raise Unanswered(f"{where}: the answer is too long in coming")
        for part in (piece,) if unpack is None else _unpacked(unpack, piece, where):
            body += part
            if len(body) > most:
                raise Unanswered(f"{where}: the answer is too long")
        if came > most:
            raise Unanswered(f"{where}: the answer is too long")
    if unpack is not None and came and not unpack.eof:
        raise Unanswered(f"{where}: the answer was not whole")
    return bytes(body)


def _unpacked(unpack: zlib._Decompress, piece: bytes, where: str) -> Iterator[bytes]:
    """What a piece unpacks to, a little at a time."""
    left = piece
    while left and not unpack.eof:
        try:
            part = unpack.decompress(left, _AT_ONCE)
        except zlib.error as error:
            raise Unanswered(f"{where}: the answer cannot be unpacked ({error})") from None
        left = unpack.unconsumed_tail
        yield part


class Clocked(httpcore.NetworkBackend):
    """Connections whose every wait ends with ``within``.

    Args:
        inner: makes the connections.
    """

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """See httpcore."""
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        """See httpcore."""
        self._inner.sleep(min(seconds, max(0.0, _deadline.at - time.monotonic())))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- httpcore's signature
        return self._inner.get_extra_info(info)


def _left(timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
    """How long one wait may be. Raises ``late`` where no time is left at all."""
    left = _deadline.at - time.monotonic()
    if left <= 0:
        raise late(_TOO_LONG)
    if left == float("inf"):
        return timeout
    return left if timeout is None else min(timeout, left)
