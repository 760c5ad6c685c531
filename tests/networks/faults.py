"""A proxy that stands before a server and goes wrong when a test says so.

    with FaultProxy(server.url) as proxy:
        lost = proxy.lose_answer("POST", "/api/v1/statuses")   # the server acts, the client never hears
        ...the bot talks to proxy.url...
        assert lost.fired == 1

HTTP/1.1 both ways, one thread a connection; bodies are passed on as they come, and a WebSocket becomes a plain pipe.
"""

import http.client
import os
import re
import select
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal, Self
from urllib.parse import urlsplit

Kind = Literal["answer", "lose_answer", "lose_request", "stall", "half", "reset", "drip", "twice"]

# Headers of one connection, not of the message (RFC 9110, section 7.6.1).
_HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
_CHUNK = 65_536
_DROPS = 25
_LAST = "/.last"  # asked by settle(); no server of ours has it


@dataclass
class Fault:
    """One fault that waits for its requests. `fired` counts how often it struck."""

    kind: Kind
    method: str | None
    path: re.Pattern[str]
    times: int | None
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    forward_first: bool = False
    hang_up: bool = False
    fired: int = 0
    _released: threading.Event = field(default_factory=threading.Event, repr=False)
    _struck: threading.Event = field(default_factory=threading.Event, repr=False)

    def release(self) -> None:
        """Let stalled requests go on, now."""
        self._released.set()

    def wait_until_fired(self, seconds: float = 30) -> None:
        """Return once the fault struck for the first time; raises TimeoutError."""
        if not self._struck.wait(seconds):
            raise TimeoutError(f"no request met {self}")

    def matches(self, method: str, path: str) -> bool:
        left = self.times is None or self.fired < self.times
        return left and self.method in (None, method) and self.path.search(path) is not None

    def strike(self) -> None:
        self.fired += 1
        self._struck.set()


@dataclass(frozen=True)
class Seen:
    """One request that came by: `outcome` is the server's status, or the fault's name."""

    method: str
    path: str
    outcome: int | str


class FaultProxy:
    """Passes everything on to `upstream` (an http URL) until told otherwise. Use as a context manager."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        if parts.hostname is None or parts.port is None:
            raise ValueError(f"{upstream!r} needs a host and a port, such as http://127.0.0.1:8080")
        self.upstream = (parts.hostname, parts.port)
        # Bound but never listening: it keeps the port ours, and refuses connections while we are unplugged.
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.seen: list[Seen] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._connections: set[socket.socket] = set()
        self._streams: set[socket.socket] = set()
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()
        self.unplug()
        self._place.close()

    def unplug(self) -> None:
        """Break every connection and refuse new ones, as a server that is down does."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        with self._lock:
            open_ones = list(self._connections)
        for connection in open_ones:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def plug(self) -> None:
        """Listen (again), on the same port."""
        if self._server is None:
            self._server = _Server(self)
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def lose_answer(self, method: str | None = None, path: str = "", *, times: int | None = 1) -> Fault:
        """Pass the request on, wait for the server's answer, and hang up without giving it."""
        return self._add(Fault("lose_answer", method, re.compile(path), times))

    def lose_request(self, method: str | None = None, path: str = "", *, times: int | None = 1) -> Fault:
        """Take the request in and hang up: the server never sees it."""
        return self._add(Fault("lose_request", method, re.compile(path), times))

    def half(self, method: str | None = None, path: str = "", *, hang_up: bool = True, times: int | None = 1) -> Fault:
        """Pass the request on and give the first half of the answer's body.

        With `hang_up` its length is told rightly and the connection ends early; without, half of it is said to be all.
        """
        return self._add(Fault("half", method, re.compile(path), times, hang_up=hang_up))

    def reset(
        self, method: str | None = None, path: str = "", *, forward_first: bool = True, times: int | None = 1
    ) -> Fault:
        """Reset the connection (TCP's RST) instead of answering; with `forward_first` the server has acted."""
        return self._add(Fault("reset", method, re.compile(path), times, forward_first=forward_first))

    def drip(self, method: str | None = None, path: str = "", *, seconds: float = 5, times: int | None = 1) -> Fault:
        """Pass the request on and give the answer's body so slowly that it takes `seconds`, or until `release()`."""
        return self._add(Fault("drip", method, re.compile(path), times, seconds=seconds))

    def twice(self, method: str | None = None, path: str = "", *, times: int | None = 1) -> Fault:
        """Pass the request on twice and give the second answer, as something on the way that tries again by itself."""
        return self._add(Fault("twice", method, re.compile(path), times))

    def answer(
        self,
        status: int,
        method: str | None = None,
        path: str = "",
        *,
        times: int | None = 1,
        headers: dict[str, str] | None = None,
        body: bytes = b'{"error": "the test says no"}',
    ) -> Fault:
        """Answer with a status of our own; the server never sees the request."""
        return self._add(Fault("answer", method, re.compile(path), times, status, headers or {}, body))

    def too_many(
        self, method: str | None = None, path: str = "", *, retry_after: int = 1, times: int | None = 1
    ) -> Fault:
        """Answer 429 with Retry-After in seconds."""
        return self.answer(429, method, path, times=times, headers={"Retry-After": str(retry_after)})

    def stall(
        self,
        method: str | None = None,
        path: str = "",
        *,
        seconds: float = 60,
        forward_first: bool = False,
        times: int | None = 1,
    ) -> Fault:
        """Say nothing for `seconds` or until `release()`, then go on.

        With `forward_first` the server acts before the silence, without it after.
        """
        fault = Fault("stall", method, re.compile(path), times, seconds=seconds, forward_first=forward_first)
        return self._add(fault)

    def clear(self) -> None:
        """Forget all faults and let stalled requests go."""
        with self._lock:
            faults, self._faults = self._faults, []
        for fault in faults:
            fault.release()

    def settle(self, seconds: float = 120) -> None:
        """Return once nothing is under way, streams apart. For clients that are dead: live ones keep connections open.

        Raises TimeoutError, for example where a stall holds a request that nobody released.
        """
        ends = time.monotonic() + seconds
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as last:
            # Connections are taken in turn: once this one is answered all earlier ones are known.
            last.sendall(b"GET " + _LAST.encode() + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
            while last.recv(_CHUNK):
                pass
        with self._idle:
            if not self._idle.wait_for(lambda: not self._connections - self._streams, ends - time.monotonic()):
                raise TimeoutError("a request is still under way")

    def requests(self, method: str | None = None, path: str = "") -> list[Seen]:
        """The requests that came by, in the order they ended."""
        return [one for one in self.seen if method in (None, one.method) and re.search(path, one.path)]

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that wants this request, counted as fired."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.strike()
                    return fault
        return None

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._idle:
            self._connections.discard(connection)
            self._streams.discard(connection)
            self._idle.notify_all()

    def streaming(self, connection: socket.socket) -> None:
        """A connection carries a stream now: `settle` does not wait for it."""
        with self._idle:
            self._streams.add(connection)
            self._idle.notify_all()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", proxy.port), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = _bound(proxy.port)
        self.server_activate()

    def handle_error(self, *_: Any) -> None:
        """A client that hung up, or a server that did, is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a body waits 40 ms for the client's word that it has the head
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.proxy.opened(self.connection)

    def finish(self) -> None:
        self.server.proxy.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: Any) -> None:
        """Stay quiet: `FaultProxy.seen` is the log."""

    def _handle(self) -> None:
        proxy = self.server.proxy
        if self.path == _LAST:
            self.close_connection = True
            self._head(204, {"Connection": "close"})
            return
        body = self._body()
        fault = proxy.take(self.command, self.path)
        if fault is not None and fault.kind == "answer":
            self._note("answer")
            self._say(fault.status, {"Content-Type": "application/json", **fault.headers}, fault.body)
            return
        if fault is not None and fault.kind == "stall" and not fault.forward_first:
            fault._released.wait(fault.seconds)
        if fault is not None and (fault.kind == "lose_request" or (fault.kind == "reset" and not fault.forward_first)):
            self._note(fault.kind)
            self._break_off(reset=fault.kind == "reset")
            return
        if fault is not None and fault.kind == "twice":
            self._ask(body)
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._note("websocket")
            proxy.streaming(self.connection)
            self._pipe()
            return
        link = http.client.HTTPConnection(*proxy.upstream, timeout=120)
        try:
            link.request(self.command, self.path, body, self._forwarded_headers())
            response = link.getresponse()
            self._pass_on(response, fault)
        finally:
            link.close()

    def __getattr__(self, name: str) -> Callable[[], None]:
        """`http.server` looks for `do_GET`, `do_POST` and so on: one method serves them all."""
        if name.startswith("do_"):
            return self._handle
        raise AttributeError(name)

    def _ask(self, body: bytes | None) -> None:
        """Pass a request on and forget the answer."""
        link = http.client.HTTPConnection(*self.server.proxy.upstream, timeout=120)
        try:
            link.request(self.command, self.path, body, self._forwarded_headers())
            link.getresponse().read()
        finally:
            link.close()

    def _break_off(self, *, reset: bool) -> None:
        """End the connection; with `reset` the client is told that it broke."""
        self.close_connection = True
        if reset:
            # Lingering for no time makes the kernel send RST (socket(7)); the file objects hold on to a mere close().
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())

    def _pass_on(self, response: http.client.HTTPResponse, fault: Fault | None) -> None:
        headers = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP}
        if fault is not None:
            content = response.read()
            self._note(fault.kind)
            if fault.kind in ("lose_answer", "reset"):
                self._break_off(reset=fault.kind == "reset")
                return
            if fault.kind == "half":
                self._say(response.status, headers, content, upto=len(content) // 2, hang_up=fault.hang_up)
                return
            if fault.kind == "stall" and fault.forward_first:
                fault._released.wait(fault.seconds)
            self._say(response.status, headers, content, slowly=fault if fault.kind == "drip" else None)
        elif response.length is not None:
            content = response.read()
            self._note(response.status)
            self._say(response.status, headers, content)
        else:
            self._note(response.status)
            self._stream(response, headers)

    def _stream(self, response: http.client.HTTPResponse, headers: dict[str, str]) -> None:
        """An answer of unknown length, such as an event stream, piece by piece until it ends."""
        self.close_connection = True
        self.server.proxy.streaming(self.connection)
        self._head(response.status, {**headers, "Connection": "close"})
        while piece := response.read1(_CHUNK):
            self.wfile.write(piece)

    def _say(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes,
        *,
        upto: int | None = None,
        hang_up: bool = False,
        slowly: Fault | None = None,
    ) -> None:
        if upto is not None and not hang_up:
            body = body[:upto]
        plain = {name: value for name, value in headers.items() if name.lower() != "content-length"}
        length = headers.get("content-length", str(len(body))) if self.command == "HEAD" else str(len(body))
        self._head(status, plain if status in (204, 304) else {**plain, "Content-Length": length})
        if self.command == "HEAD":
            return
        if slowly is not None:
            self._drip(body, slowly)
            return
        self.wfile.write(body[:upto] if hang_up else body)
        if hang_up:
            self._break_off(reset=False)

    def _drip(self, body: bytes, fault: Fault) -> None:
        """A body in many small pieces, with a pause after each."""
        step = max(1, len(body) // _DROPS)
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            fault._released.wait(fault.seconds / _DROPS)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        length = self.headers.get("Content-Length")
        return self.rfile.read(int(length)) if length else None

    def _forwarded_headers(self) -> dict[str, str]:
        """The client's headers, its Host too: a server that looks at it sees what the client meant."""
        skip = _HOP_BY_HOP | {"content-length"}
        return {name: value for name, value in self.headers.items() if name.lower() not in skip}

    def _note(self, outcome: int | str) -> None:
        self.server.proxy.seen.append(Seen(self.command, self.path, outcome))

    def _pipe(self) -> None:
        """Carry bytes both ways until either side hangs up."""
        self.close_connection = True
        with socket.create_connection(self.server.proxy.upstream) as far:
            far.sendall(f"{self.requestline}\r\n".encode() + bytes(self.headers))
            other = {far: self.connection, self.connection: far}
            while True:
                for side in select.select(list(other), [], [])[0]:
                    piece = side.recv(_CHUNK)
                    if not piece:
                        return
                    other[side].sendall(piece)


def _bound(port: int) -> socket.socket:
    """A loopback socket that shares its port with others of ours."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made
