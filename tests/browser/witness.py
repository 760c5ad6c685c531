"""A proxy on loopback that sees whatever a browser asks of the world, and answers for the hosts it is given only.

A page is opened at its site's own https address, as a reader would. Each host that the witness answers for gets a
certificate that it makes up itself (``Browser.visit`` accepts it). Every other host is written down and refused.
"""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUIET = 20.0  # seconds after which a connection that says nothing more is closed


@dataclass(frozen=True)
class Asked:
    """One request: its host, its path and query, its headers by lower-case name."""

    host: str
    path: str
    headers: dict[str, str]


@dataclass
class Witness:
    """What was asked through a proxy.

    Attributes:
        address: the proxy's own.
        asked: requests to hosts it answers for, in order.
        refused: hosts of all others, as `host:port` or as the request said it.
    """

    address: str
    asked: list[Asked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def of(self, host: str) -> list[Asked]:
        """What was asked of one host."""
        return [one for one in self.asked if one.host == host]


class _Host(ThreadingHTTPServer):
    request_queue_size = 128  # a browser asks for many files at once, and a busy computer is slow to accept


class Quiet(SimpleHTTPRequestHandler):
    """A static host that says nothing."""

    timeout = QUIET
    disable_nagle_algorithm = True  # as in networks/faults.py

    def log_message(self, *_: Any) -> None:
        return


class _Folder(Quiet):
    """A site's own files, through the witness."""

    protocol_version = "HTTP/1.1"

    def __init__(self, told: Callable[[str, dict[str, str]], None], *rest: Any, **more: Any) -> None:
        self._told = told
        super().__init__(*rest, **more)

    def do_GET(self) -> None:
        self._told(self.path, {name.lower(): value for name, value in self.headers.items()})
        super().do_GET()


class _Page(_Folder):
    """One page at every address of a host."""

    def __init__(self, page: bytes, *rest: Any) -> None:
        self._page = page
        super().__init__(*rest)

    def do_GET(self) -> None:
        self._told(self.path, {name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self._page)))
        self.end_headers()
        self.wfile.write(self._page)


class _Door(BaseHTTPRequestHandler):
    """The proxy: https is asked for by CONNECT, http by a whole address."""

    timeout = QUIET

    def __init__(
        self, seen: Witness, hosts: dict[str, Callable[..., Any]], contexts: dict[str, ssl.SSLContext], *rest: Any
    ) -> None:
        self._seen, self._hosts, self._contexts = seen, hosts, contexts
        super().__init__(*rest)

    def do_CONNECT(self) -> None:
        host = urlsplit(f"//{self.path}").hostname or ""
        if host not in self._hosts:
            self._refuse(self.path)
            return
        self.send_response_only(200)
        self.end_headers()
        self.close_connection = True
        try:
            with self._contexts[host].wrap_socket(self.connection, server_side=True) as secured:
                told = partial(self._told, host)
                self._hosts[host](told, secured, self.client_address, self.server)
        except OSError:  # the browser was closed
            return

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):  # every other method, whatever its name
            return lambda: self._refuse(self.path)
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        return

    def _refuse(self, what: str) -> None:
        self._seen.refused.append(what)
        self.send_error(403)

    def _told(self, host: str, path: str, headers: dict[str, str]) -> None:
        self._seen.asked.append(Asked(host, path, headers))


@contextmanager
def witness(site: dict[str, Path], pages: dict[str, bytes]) -> Iterator[Witness]:
    """Run a proxy until the block ends.

    Args:
        site: folders by the name of the host they stand at.
        pages: other hosts by name, each with the one page it answers everything with.
    """
    authority = trustme.CA()
    hosts: dict[str, Callable[..., Any]] = {
        **{host: partial(_served, folder) for host, folder in site.items()},
        **{host: partial(_Page, page) for host, page in pages.items()},
    }
    contexts = {host: _context(authority, host) for host in hosts}
    seen = Witness("")
    with listening(partial(_Door, seen, hosts, contexts)) as seen.address:
        yield seen


@contextmanager
def listening(handler: Callable[..., Any]) -> Iterator[str]:
    """A server on a free port of loopback; gives its address, without a slash at its end."""
    server = _Host(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _served(folder: Path, *rest: Any) -> _Folder:
    return _Folder(*rest, directory=str(folder))


def _context(authority: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context
