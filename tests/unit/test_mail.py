"""Mail to operators, handed to a real mail server, to one that goes wrong, and to one that is none."""

import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from unit.mail_server import MailServer, Raw, certificate

from bot.errors import Busy, NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.ports import Notice
from bot.publishing.mail import SmtpMail, security

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # loopback stays here

AT = datetime(2027, 1, 7, 20, 15, tzinfo=UTC)
NOTICE = Notice(
    "f00d.0", "f00d", AT, "ops@example.org", "Staffroom: mastodon « answers » again", "Größe: 1\n\n.\nend\n"
)


def mail(port: int, **changes: object) -> SmtpMail:
    given = {"server": "127.0.0.1", "port": port, "sender": "staffroom@example.org", "timeout": 5.0} | changes
    return SmtpMail(**given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tls() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certificate()


def test_a_mail_arrives_whole() -> None:
    with MailServer() as server:
        mail(server.port).send(NOTICE)
    (got,) = server.box.mails
    assert got["From"] == "staffroom@example.org"
    assert got["To"] == "ops@example.org"
    assert got["Subject"] == NOTICE.subject
    assert got["Date"].datetime == AT
    assert got["Message-ID"] == "<f00d.0@example.org>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got.get_content().replace("\r\n", "\n") == NOTICE.text
    assert server.box.recipients == ["ops@example.org"]


def test_the_same_notice_is_the_same_mail() -> None:
    with MailServer() as server:
        mail(server.port).send(NOTICE)
        mail(server.port).send(NOTICE)
    one, other = server.box.mails
    assert one.as_bytes() == other.as_bytes()


@pytest.mark.parametrize("at_once", [False, True])
def test_a_mail_goes_encrypted(tls: tuple[ssl.SSLContext, ssl.SSLContext], at_once: bool) -> None:
    with MailServer(tls=tls[0], at_once=at_once) as server:
        road = "tls" if at_once else "starttls"
        mail(server.port, encrypted=road, trusted=tls[1]).send(NOTICE)
    assert server.box.encrypted == [True]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
    at_once: bool,
) -> None:
    with MailServer(tls=tls[0], at_once=at_once, password="hunter22") as server:
        road = "tls" if at_once else "starttls"
        with pytest.raises(Refused, match=r"cannot be spoken to safely \(certificate verify failed\)"):
            mail(server.port, encrypted=road, user="staffroom", password="hunter22").send(NOTICE)
    assert server.box.mails == []
    assert server.box.users == []


def test_another_servers_certificate_is_not_taken(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """It is vouched for, but it names `localhost` and 127.0.0.1, and we want to speak to 127.0.0.2."""
    with MailServer(tls=tls[0], address="127.0.0.2") as server:
        wanted = mail(server.port, server="127.0.0.2", encrypted="starttls", trusted=tls[1])
        with pytest.raises(Refused, match="cannot be spoken to safely"):
            wanted.send(NOTICE)
    assert server.box.mails == []


def test_nothing_is_said_in_the_clear_to_a_server_elsewhere() -> None:
    with MailServer(password="hunter22") as server:
        wanted = mail(server.port, encrypted="starttls", user="staffroom", password="hunter22")
        with pytest.raises(Refused, match="does not offer STARTTLS"):
            wanted.send(NOTICE)
    assert (server.box.mails, server.box.users) == ([], [])


@pytest.mark.parametrize(
    ("server", "port", "how"),
    [
        ("smtp.example.org", 587, "starttls"),
        ("smtp.example.org", 25, "starttls"),
        ("smtp.example.org", 465, "tls"),
        ("localhost", 465, "tls"),
        ("localhost", 25, "none"),
        ("127.0.0.1", 587, "none"),
        ("::1", 587, "none"),
        ("localhost.example.org", 587, "starttls"),
        ("192.168.1.2", 25, "starttls"),
        ("10.0.0.1", 587, "starttls"),
    ],
)
def test_only_this_computer_is_spoken_to_in_the_clear(server: str, port: int, how: str) -> None:
    assert security(server, port) == how


def test_a_login_is_accepted_or_not() -> None:
    with MailServer(password="hunter22") as server:
        mail(server.port, user="staffroom", password="hunter22").send(NOTICE)
        with pytest.raises(Unauthorized, match="STAFFROOM_MAIL_PASSWORD"):
            mail(server.port, user="staffroom", password="hunter2").send(NOTICE)
        with pytest.raises(Unauthorized):
            mail(server.port).send(NOTICE)
        with pytest.raises(Refused, match="lacks what"):
            mail(server.port, user="staffroom", password="pässwörd").send(NOTICE)
    assert len(server.box.mails) == 1


def test_a_server_without_logins_refuses_one() -> None:
    with MailServer() as server, pytest.raises(Refused, match="lacks what"):
        mail(server.port, user="staffroom", password="hunter22").send(NOTICE)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("451 try later", Busy),
        ("452 no room for ops@example.org", Busy),
        ("550 no such person ops@example.org", Refused),
        ("554 spam", Refused),
        ("530 log in first", Unauthorized),
    ],
)
@pytest.mark.parametrize("place", ["answers", "recipient_answers"])
def test_what_the_server_says_is_told_by_its_number_alone(answer: str, kind: type[NetworkError], place: str) -> None:
    with MailServer() as server:
        getattr(server.box, place).append(answer)
        with pytest.raises(kind) as caught:
            mail(server.port).send(NOTICE)
    assert "ops@" not in str(caught.value)
    assert "later" not in str(caught.value)
    assert server.box.mails == []


def test_nobody_there() -> None:
    with Raw(lambda _: None) as gone:
        pass
    with pytest.raises(Unavailable, match="could not be reached"):
        mail(gone.port).send(NOTICE)
    with pytest.raises(Unavailable):
        mail(25, server="no-such-server.invalid", encrypted="none").send(NOTICE)


def _hangs_up(connection: socket.socket) -> None:
    connection.sendall(b"220 hello\r\n")


def _babbles(connection: socket.socket) -> None:
    connection.sendall(b"\xff\xfe\x00" * 50_000)


def _talks_on(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"220-hello again\r\n" * 1000)


def _is_silent(connection: socket.socket) -> None:
    connection.recv(1)


def _drips(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


@pytest.mark.parametrize("says", [_hangs_up, _babbles, _talks_on, _is_silent, _drips])
def test_a_server_that_is_none_ends_in_time(says: Callable[[socket.socket], None]) -> None:
    with Raw(says) as server, pytest.raises((Unavailable, Unanswered)):
        mail(server.port, timeout=0.3).send(NOTICE)


def _takes(last: bytes) -> Callable[[socket.socket], None]:
    """A server that takes a mail, says `last`, and is gone."""

    def says(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        in_mail = False
        with connection.makefile("rb") as lines:
            for line in lines:
                if in_mail and line == b".\r\n":
                    connection.sendall(last)
                    return
                if not in_mail:
                    in_mail = line[:4].upper() == b"DATA"
                    connection.sendall(b"354 go on\r\n" if in_mail else b"250 fine\r\n")

    return says


def test_a_lost_last_word_is_unknown() -> None:
    with Raw(_takes(b"")) as server, pytest.raises(Unanswered, match="did not say whether"):
        mail(server.port).send(NOTICE)


def test_a_server_that_hangs_up_after_taking_it_has_taken_it() -> None:
    with Raw(_takes(b"250 taken\r\n")) as server:
        mail(server.port).send(NOTICE)
