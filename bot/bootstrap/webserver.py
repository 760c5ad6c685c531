"""A small web server inside the bot: few requests at a time, nothing repeated, nothing written down."""

from __future__ import annotations

import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

READ_SECONDS = 5.0
"""How long a client may be silent."""

AT_ONCE = 8
"""How many requests are answered at a time; more are hung up on."""


class SmallServer(ThreadingHTTPServer):
    """Answers a few at a time, each in a thread that nobody waits for."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, place: tuple[str, int], handler: type[QuietHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self._began = False
        self._free = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(place, handler)

    @property
    def shown(self) -> str:
        """Where it listens, as a web address."""
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}"

    def begin(self, name: str) -> None:
        """Answer from now on, in a thread of this name."""
        self._began = True
        threading.Thread(target=self.serve_forever, args=(0.2,), name=name, daemon=True).start()

    def end(self) -> None:
        """Answer no more, and give the port back."""
        if self._began:
            self.shutdown()
        self.server_close()

    def server_bind(self) -> None:
        """Bind without asking a name server what this computer is called, which may take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's signature
        """Answer in a thread of its own, or hang up where too many are being answered."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the same
        """Answer, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the same
        """A client that went away is nobody's business."""


class QuietHandler(BaseHTTPRequestHandler):
    """Refuses in few words, and says nothing of who asked for what."""

    timeout = READ_SECONDS
    server_version = "Staffroom"
    sys_version = ""
    methods = "GET"
    """What may be asked, for the header ``Allow``."""

    def answer(
        self,
        status: HTTPStatus,
        body: bytes,
        kind: str,
        headers: tuple[tuple[str, str], ...] = (),
        size: int | None = None,
    ) -> None:
        """Send an answer that nobody may keep; ``size`` (bytes) where the body follows."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if size is None else size))
        self.send_header("Cache-Control", "no-store")
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", self.methods)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what may not be asked, or is no HTTP at all, in few words and repeating nothing of it."""
        del message, explain
        self.close_connection = True
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        self.answer(status, f"{status.phrase}.\n".encode(), "text/plain; charset=utf-8")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's signature
        """Say nothing: somebody asks every few seconds, and an address may be a secret."""
