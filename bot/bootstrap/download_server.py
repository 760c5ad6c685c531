"""Gives out records that wait to be fetched, each once, to whoever has its address.

A page with a button answers GET, for whatever previews links fetches them; POST gives the file. It is used up when its
last byte was sent: what breaks off before may be fetched again. Addresses that are unknown, used, replaced or too old
are answered alike.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from bot.bootstrap.house import shelf_of, templates_of
from bot.bootstrap.webserver import QuietHandler, SmallServer
from bot.domain.downloads import token_in
from bot.domain.events import Event
from bot.errors import UserError
from bot.rendering.fetchpage import CONTENT_POLICY, fetch_page, nothing_page
from bot.services.downloads import good_download

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from bot.config import Settings
    from bot.domain.downloads import Download
    from bot.ports import Store
    from bot.publishing.downloads import DownloadFolder
    from bot.rendering.templates import Templates

log = structlog.get_logger()

SEND_SECONDS = 30.0
"""How long a piece of a file may take on its way."""

_PIECE = 64 * 1024
_MOST_SENT = 1024  # bytes; our own form sends none
_HTML = "text/html; charset=utf-8"
_HEADERS = (
    ("X-Robots-Tag", "noindex"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", CONTENT_POLICY),
)


@contextmanager
def download_server(
    settings: Settings, store: Store, now: Callable[[], datetime], tell: Callable[[str], None]
) -> Iterator[None]:
    """Give out what a store knows of at the place under ``downloads:`` until the block ends; nothing without it.

    Args:
        settings: the bot's.
        store: the truth.
        now: tells the time, UTC.
        tell: says one line to whoever watches.

    Raises:
        UserError: the place is taken, or is none of this computer's.
    """
    where = settings.downloads
    if where is None:
        yield
        return
    try:
        server = _Server((where.host, where.port), _Handler)
    except OSError as error:
        place = f"{where.host}:{where.port}"
        message = f"downloads: {place} cannot be listened on ({error.strerror}). Write another place under `listen:`."
        raise UserError(message) from error
    server.desk = _Desk(store, shelf_of(settings), now, templates_of(settings.folder), settings.site.language)
    server.desk.shelf.recover()
    server.begin("downloads")
    try:
        tell(Event("downloads", f"Records are given out at {server.shown}", address=server.shown))
        yield
    finally:
        server.end()


class _Desk:
    """What an answer is made from."""

    def __init__(
        self, store: Store, shelf: DownloadFolder, now: Callable[[], datetime], templates: Templates, language: str
    ) -> None:
        self.store = store
        self.shelf = shelf
        self.now = now
        self.templates = templates
        self.language = language

    def find(self, path: str) -> Download | None:
        """What the path of a request leads to."""
        return good_download(self.store, self.shelf, token_in(path), self.now())


class _Server(SmallServer):
    desk: _Desk


class _Handler(QuietHandler):
    server: _Server
    methods = "GET, POST"

    def do_GET(self) -> None:  # noqa: N802 - http.server's name
        """Show the button; nothing is used up."""
        self._carefully(self._show)

    def do_POST(self) -> None:  # noqa: N802 - http.server's name
        """Give the file. What was sent along is put aside: closing over it would break the answer off."""
        self.close_connection = True
        sent = self.headers.get("Content-Length", "")
        if re.fullmatch(r"[0-9]{1,9}", sent):
            self.rfile.read(min(int(sent), _MOST_SENT))
        self._carefully(self._give)

    def _carefully(self, act: Callable[[_Desk], None]) -> None:
        try:
            act(self.server.desk)
        except OSError:  # the client went away, or was too slow
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - the caller gets no traceback, and the bot goes on
            log.error("a record could not be given out", kind=type(error).__name__)  # noqa: TRY400 - it could repeat the address
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)

    def _show(self, desk: _Desk) -> None:
        found = desk.find(self.path)
        if found is None:
            self._say_nothing(desk)
            return
        self.answer(HTTPStatus.OK, fetch_page(desk.templates, found.language), _HTML, _HEADERS)

    def _give(self, desk: _Desk) -> None:
        found = desk.find(self.path)
        data = desk.shelf.take(found.name) if found else None
        if found is None or data is None:
            self._say_nothing(desk)
            return
        try:
            self._send(data)
        except BaseException:
            desk.shelf.give_back(found.name)
            raise
        desk.shelf.remove(found.name)
        desk.store.end_downloads([found.name])

    def _send(self, data: bytes) -> None:
        self.connection.settimeout(SEND_SECONDS)
        saved = ("Content-Disposition", 'attachment; filename="record.zip"')
        self.answer(HTTPStatus.OK, b"", "application/zip", (*_HEADERS, saved), size=len(data))
        for start in range(0, len(data), _PIECE):
            self.wfile.write(data[start : start + _PIECE])

    def _say_nothing(self, desk: _Desk) -> None:
        self.answer(HTTPStatus.NOT_FOUND, nothing_page(desk.templates, desk.language), _HTML, _HEADERS)
