"""Mail, handed to the operator's own mail server (RFC 5321), encrypted unless that is this computer.

Whether a mail was taken is not known where the server's last word is missing. It is sent again then, under the same
Message-ID (RFC 5322, section 3.6.4), so that mail programs show it once.
"""

from __future__ import annotations

import ipaddress
import smtplib
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal

from bot.errors import Busy, Refused, Unanswered, Unauthorized, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports import Notice

Security = Literal["tls", "starttls", "none"]
"""How a connection is encrypted: at once, after a greeting in the clear, or not at all."""

TLS_PORT = 465
"""Where servers speak TLS at once (RFC 8314, section 7.3)."""

_WAIT = 300.0  # seconds to leave a server alone that says 4xx
_TEMPORARY = range(400, 500)  # RFC 5321, section 4.2.1
_NOT_ACCEPTED = frozenset({530, 534, 535, 538})  # RFC 4954, section 6
_LACKING = (smtplib.SMTPNotSupportedError, UnicodeError)
_GREETING = 220  # RFC 5321, section 4.2.3


def security(server: str, port: int) -> Security:
    """How a connection to a server has to be encrypted; only one that stays on this computer may be in the clear."""
    if port == TLS_PORT:
        return "tls"
    return "none" if _is_here(server) else "starttls"


def _is_here(server: str) -> bool:
    if server == "localhost":
        return True
    try:
        return ipaddress.ip_address(server).is_loopback
    except ValueError:
        return False


class SmtpMail:
    """``ports.Mail`` over SMTP. One connection for each mail: there are a few in a year.

    Args:
        server: its name or address.
        port: its port.
        sender: whose mail it is; also the domain of Message-IDs.
        user: the login's name; empty for none.
        password: the login's password.
        timeout: seconds for each answer, and three times as many for a whole mail.
        encrypted: see ``security``, which decides where nothing is given.
        trusted: whose certificates are believed; those that this computer trusts where nothing is given.
    """

    def __init__(
        self,
        *,
        server: str,
        port: int,
        sender: str,
        user: str = "",
        password: str = "",
        timeout: float = 20.0,
        encrypted: Security | None = None,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._port = port
        self._sender = sender
        self._user = user
        self._password = password
        self._timeout = timeout
        self._encrypted = encrypted or security(server, port)
        self._trusted = trusted

    def send(self, notice: Notice) -> None:
        """See ``ports.Mail.send``. What is said of a failure repeats no address and no word of the server's."""
        self.hand_over(letter(notice, self._sender), notice.to)

    def hand_over(self, mail: EmailMessage | None, to: str = "") -> None:
        """Hand a whole mail over, as ``send`` does; without one only connect and log in."""
        smtp = self._client()
        with self._bounded(smtp):
            try:
                with self._failures(at_door=True):
                    self._enter(smtp)
                if mail is not None:
                    with self._failures(at_door=False):
                        smtp.send_message(mail, from_addr=self._sender, to_addrs=[to])
                with suppress(OSError, smtplib.SMTPException):
                    smtp.quit()  # it has taken the mail, whatever it says now
            finally:
                smtp.close()

    def _client(self) -> smtplib.SMTP:
        """A client that is not connected yet, so that its first word is awaited under the bound as well."""
        if self._encrypted == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(timeout=self._timeout, context=self._context())
        else:
            smtp = smtplib.SMTP(timeout=self._timeout)
        smtp._host = self._server  # type: ignore[attr-defined]  # noqa: SLF001 - whose certificate is wanted; `connect` does not say
        return smtp

    def _enter(self, smtp: smtplib.SMTP) -> None:
        """Connect, encrypt and log in. A server that does not offer to encrypt is told nothing."""
        code, said = smtp.connect(self._server, self._port)
        if code != _GREETING:
            raise smtplib.SMTPConnectError(code, said)
        smtp.ehlo_or_helo_if_needed()
        if self._encrypted == "starttls":
            if not smtp.has_extn("starttls"):
                raise Refused(f"{self._place} does not offer STARTTLS, and nothing is sent in the clear; try port 465")
            smtp.starttls(context=self._context())
        if self._user:
            smtp.login(self._user, self._password)

    def _context(self) -> ssl.SSLContext:
        return self._trusted or ssl.create_default_context()

    @property
    def _place(self) -> str:
        return f"the mail server {self._server}:{self._port}"

    @contextmanager
    def _failures(self, *, at_door: bool) -> Iterator[None]:
        """Turn what smtplib raises into the port's errors; at the door nothing was handed over yet."""
        try:
            yield
        except ssl.SSLError as error:
            reason = error.reason or "no encrypted connection came about"
            raise Refused(f"{self._place} cannot be spoken to safely ({reason.lower().replace('_', ' ')})") from None
        except smtplib.SMTPRecipientsRefused as error:
            raise self._said(next((code for code, _ in error.recipients.values()), 0), at_door=at_door) from None
        except smtplib.SMTPResponseException as error:
            raise self._said(error.smtp_code, at_door=at_door) from None
        except _LACKING:
            raise Refused(f"{self._place} lacks what this mail or its login needs") from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
            if at_door:
                raise Unavailable(f"{self._place} could not be reached{why}") from None
            raise Unanswered(f"{self._place} did not say whether it took the mail{why}") from None

    def _said(self, code: int, *, at_door: bool) -> Exception:
        """The port's error for a server's answer."""
        if code in _NOT_ACCEPTED:
            return Unauthorized(f"{self._place} does not accept the login; is STAFFROOM_MAIL_PASSWORD right?")
        if code in _TEMPORARY:
            return Busy(f"{self._place} asks to wait ({code})", _WAIT)
        if at_door:
            return Unavailable(f"{self._place} does not let us in ({code})")
        if code < 0:  # smtplib's own number where an answer could not be read
            return Unanswered(f"{self._place} said something that is no answer")
        return Refused(f"{self._place} will not take the mail ({code})")

    @contextmanager
    def _bounded(self, smtp: smtplib.SMTP) -> Iterator[None]:
        """End the connection when the whole takes too long: a server that drips answers each read in time."""

        def end() -> None:
            with suppress(OSError, AttributeError):
                socket.socket.shutdown(smtp.sock, socket.SHUT_RDWR)  # type: ignore[arg-type]  # not TLS's own, which waits

        timer = threading.Timer(3 * self._timeout, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def letter(notice: Notice, sender: str) -> EmailMessage:
    """A notice as a mail; the same notice gives the same mail, Message-ID included."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = notice.to
    mail["Subject"] = notice.subject
    mail["Date"] = format_datetime(notice.at)
    mail["Message-ID"] = f"<{notice.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday note answers it
    mail.set_content(notice.text)
    return mail
