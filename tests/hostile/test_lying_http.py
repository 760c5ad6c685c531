"""Answers that never end, unpack to gigabytes, send us elsewhere or are none: bounded, and named as the port does."""

import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.errors import NetworkError, Unanswered, Unavailable
from bot.networks import bounded
from bot.networks.bluesky.xrpc import Xrpc
from bot.networks.mastodon.elsewhere import Elsewhere, Named, Place, Thread
from bot.networks.mastodon.http import Api

NOW = datetime(2027, 1, 7, 20, tzinfo=UTC)
TOKEN = "the-one-and-only-token"
MOST = 1024 * 1024

Says = Callable[[socket.socket], None]


class Liar:
    """A server that writes to each connection whatever it likes, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.says: Says = lambda _: None
        self.over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        with connection:
            try:
                while not self.over.is_set():
                    asked = connection.recv(65536)
                    if not asked:
                        return
                    self.asked.append(asked)
                    if b"createSession" in asked:
                        body = b'{"did": "did:plc:me", "handle": "me.test", "accessJwt": "a.b.c", "refreshJwt": "r"}'
                        connection.sendall(_answer(body))
                    else:
                        self.says(connection)
                        connection.shutdown(socket.SHUT_WR)
                        connection.settimeout(5)
                        while connection.recv(65536):  # what is left unread as it is closed would reset the answer
                            pass
                        return
            except OSError:
                return

    def close(self) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def _answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        "Connection: close",
        *headers,
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def liar() -> Iterator[Liar]:
    made = Liar()
    yield made
    made.close()


class Asking:
    """One of our three ways to ask a server over HTTP."""

    def __init__(self, kind: str, url: str, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.kind = kind
        for name in (
            "bot.networks.mastodon.http.MOST_BYTES",
            "bot.networks.bluesky.xrpc._MOST_BYTES",
            "bot.networks.mastodon.elsewhere.MOST_BYTES",
        ):
            monkeypatch.setattr(name, MOST)
        monkeypatch.setattr("bot.networks.mastodon.elsewhere.WHOLE_SECONDS", seconds)
        if kind == "mastodon":
            self.api = Api(url, TOKEN, lambda: NOW, seconds)
            self.api._whole = seconds
            self.close = self.api.close
        elif kind == "bluesky":
            self.xrpc = Xrpc(
                server=url, handle="me.test", password=TOKEN, session=None, on_session=lambda _: None, appview="",
                clock=lambda: NOW, timeout=seconds,
            )  # fmt: skip
            self.xrpc._whole = seconds
            self.close = self.xrpc.close
        else:
            self.other = Elsewhere(neighbours=True)
            self.close = self.other.close
        self.place = Place("http", url.removeprefix("http://"), "5")

    def ask(self) -> object:
        if self.kind == "mastodon":
            return self.api.decode(self.api.get("/api/v1/x"), dict[str, Any])
        if self.kind == "bluesky":
            return self.xrpc.query("app.x.y", {}, dict[str, Any])
        if self.other.thread(Named("u", self.place)) == Thread():
            raise Unanswered("nothing was told")
        return {}


@pytest.fixture(params=["mastodon", "bluesky", "elsewhere"])
def asking(request: pytest.FixtureRequest, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    made = Asking(request.param, liar.url, monkeypatch, 20.0)
    yield made
    made.close()


@pytest.fixture(params=["mastodon", "bluesky", "elsewhere"])
def hurried(request: pytest.FixtureRequest, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    made = Asking(request.param, liar.url, monkeypatch, 0.4)
    yield made
    made.close()


# -- size -----------------------------------------------------------------------------------------------------------
def bomb(bits: int, size: int = 256 * 1024 * 1024) -> bytes:
    """So many zeros, packed."""
    pack = zlib.compressobj(6, zlib.DEFLATED, bits)
    piece = bytes(4 * 1024 * 1024)
    return b"".join([*(pack.compress(piece) for _ in range(size // len(piece))), pack.flush()])


@pytest.fixture(scope="module")
def packed() -> bytes:
    """A quarter of a megabyte that unpacks to a quarter of a gigabyte."""
    return bomb(zlib.MAX_WBITS | 16)


def peak(ask: Callable[[], object]) -> int:
    """How many bytes Python held at most while something was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(NetworkError):
            ask()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packing", ["gzip", "gzip, gzip", "deflate", "br", "zstd", "x", "identity, gzip, identity"])
def test_a_bomb_is_unpacked_no_further_than_an_answer_may_be_long(
    asking: Asking, liar: Liar, packed: bytes, packing: str
) -> None:
    body = gzip.compress(packed) if packing == "gzip, gzip" else packed
    liar.says = lambda connection: connection.sendall(_answer(body, f"Content-Encoding: {packing}"))
    assert len(body) < MOST
    assert peak(asking.ask) < 8 * MOST


def test_a_packed_answer_that_is_whole_is_read_and_one_that_is_cut_is_not(asking: Asking, liar: Liar) -> None:
    body = gzip.compress(
        b'{"ancestors": [], "descendants": [{"id": "6", "uri": "https://a.example/6", "visibility": "public"}]}'
    )
    liar.says = lambda connection: connection.sendall(_answer(body, "Content-Encoding: gzip"))
    assert asking.ask() is not None
    liar.says = lambda connection: connection.sendall(_answer(body[:-9], "Content-Encoding: gzip"))
    with pytest.raises(Unanswered):
        asking.ask()


def _endless(piece: bytes, start: bytes = b"") -> Says:
    def says(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return says


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "says",
    [
        _endless(b"4000\r\n" + b" " * 0x4000 + b"\r\n", CHUNKED),
        _endless(b" " * 65536, b"HTTP/1.1 200 OK\r\n\r\n"),
        _endless(b" " * 65536, b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        _endless(b"X-Header: " + b"x" * 1000 + b"\r\n", b"HTTP/1.1 200 OK\r\n"),
        _endless(b"x" * 65536, b"HTTP/1.1 200 OK\r\nX-Header: "),
        _endless(b"x" * 65536, b"HTTP/1.1 200 "),
        _endless(b"x" * 65536, CHUNKED + b"1;"),
    ],
    ids=["chunks", "body", "length", "headers", "header", "reason", "extension"],
)
def test_what_never_ends_is_given_up(asking: Asking, liar: Liar, says: Says) -> None:
    liar.says = says
    assert peak(asking.ask) < 16 * MOST


# -- time -----------------------------------------------------------------------------------------------------------
def _dripping(piece: bytes, start: bytes = b"") -> Says:
    """Something every twentieth of a second: no single wait is long."""

    def says(connection: socket.socket) -> None:
        connection.sendall(start)
        pause = threading.Event()
        while not pause.wait(0.05):
            connection.sendall(piece)

    return says


@pytest.mark.parametrize(
    "says",
    [
        _dripping(b" ", b"HTTP/1.1 200 OK\r\n\r\n"),
        _dripping(b"1\r\n \r\n", CHUNKED),
        _dripping(b"x", b"HTTP/1.1 200 OK\r\nX-Header: "),
        _dripping(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
        _endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    ],
    ids=["body", "chunks", "header", "hints", "storm"],
)
def test_what_only_drips_or_begins_for_ever_is_given_up(hurried: Asking, liar: Liar, says: Says) -> None:
    liar.says = says
    with pytest.raises(NetworkError):
        hurried.ask()


def test_the_time_left_is_for_all_waits_together_and_only_inside(liar: Liar) -> None:
    """A connection that was made inside is not hurried afterwards."""
    liar.says = lambda connection: connection.sendall(_answer(b"{}"))
    client = bounded.client(timeout=5.0)
    with bounded.within(30.0, "here"):
        assert client.get(liar.url).status_code == 200
    assert client.get(liar.url).status_code == 200
    liar.says = _dripping(b"x", b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(Unanswered, match="there: the answer takes too long"), bounded.within(0.2, "there"):
        client.get(liar.url)
    client.close()


# -- elsewhere ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "location"),
    [
        ("301 Moved", "http://127.0.0.1:{port}/"),
        ("302 Found", "http://127.0.0.1:{port}/"),
        ("303 See Other", "/x"),
        ("307 Temporary", "http://127.0.0.1:{port}/"),
        ("308 Permanent", "file:///etc/passwd"),
        ("308 Permanent", "http://169.254.169.254/"),
        ("300 Many", ""),
    ],
)
def test_no_redirect_is_followed_and_the_token_goes_nowhere_else(
    asking: Asking, liar: Liar, status: str, location: str
) -> None:
    other = Liar()
    liar.says = lambda connection: connection.sendall(
        _answer(b"{}", f"Location: {location.format(port=other.port)}", status=status)
    )
    with pytest.raises(NetworkError) as caught:
        asking.ask()
    assert isinstance(caught.value, Unavailable) or asking.kind == "elsewhere"
    other.close()
    assert other.asked == []
    assert sum(asked.startswith(b"GET ") for asked in liar.asked) == 1


def test_the_token_is_not_sent_to_strangers_and_cookies_are_not_kept(
    liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("mastodon", "bluesky", "elsewhere"):
        asking = Asking(kind, liar.url, monkeypatch, 20.0)
        liar.asked.clear()
        liar.says = lambda connection: connection.sendall(
            _answer(b'{"descendants": [{"id": "6", "uri": "u", "visibility": "public"}]}', "Set-Cookie: a=b; Path=/")
        )
        asking.ask()
        asking.ask()
        assert not any(b"cookie" in asked.lower() for asked in liar.asked)
        assert any(b"authorization" in asked.lower() for asked in liar.asked) is (kind != "elsewhere")
        asking.close()


# -- no answers -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"\0" * 100,
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 999 What\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        _answer(b""),
        _answer(b"\xef\xbb\xbf{}"),
        _answer(b"\xff\xfe{\0}\0"),
        _answer(b'{"a": "\xff"}x'),
        _answer(b"<!doctype html><title>Welcome to our hotel</title>"),
        _answer(b"[" * 100_000),
        _answer(b'{"a":' * 100_000),
        _answer(b'{"descendants": NaN}'),
        _answer(b"null"),
        _answer(b"[]"),
        _answer(b'"words"'),
        _answer(b"{}", "Content-Encoding: gzip"),
        _answer(b"[" * 100_000, status="500 Oops"),
        _answer(b"[" * 100_000, status="400 Bad"),
        _answer(b"[" * 100_000, status="401 No"),
        _answer(b'{"error": 5}', status="403 No"),
        _answer(b'{"error": "' + b"x" * 100_000 + b'"}', status="400 Bad"),
        _answer(b"{}", "Retry-After: " + "9" * 5000, status="429 Too Many"),
        _answer(b"{}", "Retry-After: Fri, 31 Dec 9999 23:59:59 +9999", status="429 Too Many"),
        _answer(b"{}", "Retry-After: -5", "Date: nonsense", "RateLimit-Reset: 9" + "9" * 400, status="429 Too Many"),
        _answer(b"{}", "X-RateLimit-Reset: 0001-01-01T00:00:00+14:00", "X-RateLimit-Limit: 5", status="503 Busy"),
    ],
    ids=lambda says: repr(says[:40]),
)
def test_what_is_no_answer_is_one_of_the_ports_errors(asking: Asking, liar: Liar, says: bytes) -> None:
    liar.says = lambda connection: connection.sendall(says)
    with pytest.raises(NetworkError) as caught:
        asking.ask()
    assert len(str(caught.value)) < 1000
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "header",
    [
        "Date: Fri, 31 Dec 9999 23:59:59 GMT",
        "Date: Mon, 01 Jan 0001 00:00:00 +1400",
        "Date: Sun, 06 Nov 1994 08:49:60 GMT",
        "Date: ,",
        "Link: <http://[half>; rel=next",
        "Link: <https://evil.example/?max_id=../../x>; rel=next",
        "Link: \xff\xfe",
        "X-RateLimit-Limit: 300\r\nX-RateLimit-Remaining: 999999999999\r\nX-RateLimit-Reset: 0001-01-01T00:00:00+14:00",
        "X-RateLimit-Limit: -1\r\nX-RateLimit-Remaining: ٣\r\nX-RateLimit-Reset: 9999-12-31T23:59:59-14:00",
        "RateLimit-Limit: " + "9" * 5000,
    ],
)  # fmt: skip
def test_headers_that_lie_do_not_cost_the_answer(asking: Asking, liar: Liar, header: str) -> None:
    body = b'{"descendants": [{"id": "6", "uri": "https://a.example/6", "visibility": "public"}]}'
    whole = _answer(body, "X: y").replace(b"X: y", header.encode("latin-1", errors="ignore"))
    liar.says = lambda connection: connection.sendall(whole)
    assert asking.ask() is not None
