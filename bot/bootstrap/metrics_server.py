"""``/healthz`` and ``/metrics`` over HTTP, for programs on this computer alone."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bot.bootstrap.metrics import Busy, Watcher, registry_of
from bot.domain.events import Event
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import CollectorRegistry

    from bot.domain.vitals import Pulse
    from bot.tick import House

    Serve = Callable[[House, Callable[[], Pulse]], None]
    Page = Callable[[], tuple[HTTPStatus, str, str]]
    """Begins to answer for a house, with its loop's signs of life."""

log = structlog.get_logger()

READ_SECONDS = 5.0
"""How long a client may be silent."""

AT_ONCE = 8
"""How many requests are answered at a time; more are hung up on."""

_PLACE = re.compile(r"(?:(?P<host>[^:\[\]]+|\[[^\[\]]+\]):)?(?P<port>\d{1,5})", re.ASCII)
_MOST = 65_535


def place_of(text: str) -> tuple[str, int]:
    """Read ``[HOST:]PORT``.

    Raises:
        UserError: it is none, or the host is not this computer itself: the figures are not for the whole network.
    """
    found = _PLACE.fullmatch(text.strip())
    if found is None or int(found["port"]) > _MOST:
        message = f"--metrics {text}: write a port, such as 9464, or a host and a port, such as 127.0.0.1:9464."
        raise UserError(message)
    host = (found["host"] or "127.0.0.1").strip("[]")
    host = "127.0.0.1" if host == "localhost" else host
    if not _is_loopback(host):
        message = (
            f"--metrics {text}: these figures are shown on this computer only, so the host has to be 127.0.0.1 or "
            "[::1]. To read them elsewhere, put a web server with a login before it."
        )
        raise UserError(message)
    return host, int(found["port"])


@contextmanager
def metrics_server(text: str, tell: Callable[[str], None]) -> Iterator[Serve]:
    """Take a port at once, and give what begins to answer there, until the block ends.

    Args:
        text: ``[HOST:]PORT``; port 0 is any that is free.
        tell: says one line to whoever watches.

    Raises:
        UserError: it is no such place, or it is taken.
    """
    host, port = place_of(text)
    try:
        server = _Server((host, port))
    except OSError as error:
        message = f"--metrics {text}: this port cannot be used ({error.strerror}). Write another one."
        raise UserError(message) from error

    def serve(house: House, pulse: Callable[[], Pulse]) -> None:
        watcher = Watcher(house, pulse)
        server.pages = {"/healthz": partial(_health, watcher), "/metrics": partial(_metrics, registry_of(watcher.look))}
        threading.Thread(target=server.serve_forever, args=(0.2,), name="metrics", daemon=True).start()
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{server.server_port}/metrics"
        tell(Event("metrics", f"Metrics: {address}", address=address))

    try:
        yield serve
    finally:
        server.end()


class _Server(ThreadingHTTPServer):
    """Answers a few at a time, each in a thread that nobody waits for."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, place: tuple[str, int]) -> None:
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self.pages: dict[str, Page] = {}
        self._free = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(place, _Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server what this computer is called, which may take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def end(self) -> None:
        if self.pages:  # else it never began
            self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's signature
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the same
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the same
        """A client that went away is nobody's business."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = READ_SECONDS
    server_version = "Staffroom"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer; whatever goes wrong in here is told to the log, not to the caller."""
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            self._answer(HTTPStatus.NOT_FOUND, "There is /healthz and /metrics here.\n")
            return
        try:
            status, body, kind = page()
        except Busy:
            status, body, kind = HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer.\n", "text/plain"
        except Exception as error:  # noqa: BLE001 - the caller gets no traceback, and the bot goes on
            log.error("metrics could not be made", kind=type(error).__name__)  # noqa: TRY400 - a traceback could repeat data
            status, body, kind = HTTPStatus.INTERNAL_SERVER_ERROR, "This did not work; see the log.\n", "text/plain"
        self._answer(status, body, kind)

    def _answer(self, status: HTTPStatus, body: str, kind: str = "text/plain") -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind if "charset" in kind else f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no GET, or no HTTP at all, in few words and repeating nothing of it."""
        del message, explain
        self.close_connection = True
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        self._answer(status, f"{status.phrase}.\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's signature
        """Say nothing: somebody asks every few seconds."""


def _health(watcher: Watcher) -> tuple[HTTPStatus, str, str]:
    found = watcher.look().troubles
    status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
    return status, json.dumps({"ok": not found, "reasons": found}) + "\n", "application/json"


def _metrics(registry: CollectorRegistry) -> tuple[HTTPStatus, str, str]:
    return HTTPStatus.OK, generate_latest(registry).decode(), CONTENT_TYPE_PLAIN_0_0_4


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
