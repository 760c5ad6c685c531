"""``/healthz`` and ``/metrics`` over HTTP, for programs on this computer alone."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bot.bootstrap.metrics import Busy, Watcher, registry_of
from bot.bootstrap.webserver import QuietHandler, SmallServer
from bot.domain.events import Event
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client import CollectorRegistry

    from bot.domain.vitals import Pulse
    from bot.tick import House

    Serve = Callable[[House, Callable[[], Pulse]], None]
    Page = Callable[[], tuple[HTTPStatus, str, str]]
    """Begins to answer for a house, with its loop's signs of life."""

log = structlog.get_logger()

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
        server = _Server((host, port), _Handler)
    except OSError as error:
        message = f"--metrics {text}: this port cannot be used ({error.strerror}). Write another one."
        raise UserError(message) from error

    def serve(house: House, pulse: Callable[[], Pulse]) -> None:
        watcher = Watcher(house, pulse)
        server.pages = {"/healthz": partial(_health, watcher), "/metrics": partial(_metrics, registry_of(watcher.look))}
        server.begin("metrics")
        address = f"{server.shown}/metrics"
        tell(Event("metrics", f"Metrics: {address}", address=address))

    try:
        yield serve
    finally:
        server.end()


class _Server(SmallServer):
    pages: Mapping[str, Page] = {}


class _Handler(QuietHandler):
    server: _Server

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
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
        self.answer(status, body.encode(), kind if "charset" in kind else f"{kind}; charset=utf-8")


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
