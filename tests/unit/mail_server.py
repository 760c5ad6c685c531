"""A mail server on a free loopback port that keeps what it gets, answers as a test says, and can speak TLS.

The server is aiosmtpd's; what it cannot do wrong, `Raw` does: say any bytes at all, or nothing.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Self

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Mailbox:
    """What arrived, in order, and what the server says next instead of taking it."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    recipient_answers: list[str] = field(default_factory=list)

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.recipient_answers:
            return self.recipient_answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        assert isinstance(envelope.content, bytes)
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 taken"


class MailServer:
    """A context manager; `port` and `box` once it is entered.

    Args:
        password: what it wants as a login's password; nothing where it is empty.
        tls: its certificate, offered by STARTTLS.
        at_once: speak TLS from the first byte.
        address: where it listens.
    """

    def __init__(
        self,
        *,
        password: str = "",
        tls: ssl.SSLContext | None = None,
        at_once: bool = False,
        address: str = "127.0.0.1",
    ) -> None:
        self.box = Mailbox()
        self._password = password
        options: dict[str, Any] = {"ssl_context": tls} if at_once else {"tls_context": tls}
        if password:
            options |= {"authenticator": self._login, "auth_require_tls": False, "auth_required": True}
        self._controller = Controller(self.box, hostname=address, port=_free_port(address), **options)

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def _login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.box.users.append(data.login.decode())
        return AuthResult(success=data.password.decode() == self._password, handled=False)


class Raw:
    """A server that is none: each connection is handed to `says`, in a thread."""

    def __init__(self, says: Callable[[socket.socket], None]) -> None:
        self._says = says
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection, suppress(OSError):
                    self._says(connection)


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as probe:
        return int(probe.getsockname()[1])


def certificate() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate for `localhost` and 127.0.0.1: the server's context, and a client's that trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client
