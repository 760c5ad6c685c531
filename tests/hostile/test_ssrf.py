"""Servers that somebody else named: which are asked at all, where, and that what a name means later does not matter."""

import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpcore
import pytest
import trustme

from bot.networks import public
from bot.networks.mastodon.elsewhere import Elsewhere, Named, Place, Thread
from bot.networks.public import PublicOnly, is_name, is_public

PUBLIC = "93.184.216.34"


# -- addresses ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255",  # noqa: S104 -- nothing is bound
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1",
        "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.216.34",
        "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1", "2001:db8::1",
        "3fff::1", "100::1", "5f00::1", "4000::1", "2001::1", "2001:0:5ef5:79fb::1", "2002:7f00:1::",
        "2002:5db8:d822::1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254",
        "192.0.0.8", "192.0.0.192", "64:ff9b::192.0.0.192", "64:ff9b::192.88.99.1",
        "64:ff9b:1::93.184.216.34", "", "far.example", "1.2.3", "0x7f.1", "2130706433",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1::1", "2a01:4f8::2", "64:ff9b::93.184.216.34"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "", "localhost", "intranet", "far.example.", ".far.example", "far..example", "127.0.0.1", "127.1", "0x7f.1",
        "0177.0.0.1", "2130706433", "1.2.3.4.5", "[::1]", "::1", "fär.example", "far.example\n", "far example.org",
        "far_server.example", "-far.example", "far-.example", "far.example:443", "a@far.example", "far.1example",
        "far.example/..", "far.example%2f", "a" * 64 + ".example", "a." * 130 + "example", "far.example\0",
        "①②⑦.0.0.1",
    ],
)  # fmt: skip
def test_what_is_no_name_of_a_public_server(host: str) -> None:
    assert not is_name(host)


@pytest.mark.parametrize("host", ["far.example", "FAR.Example", "a.b.far.example", "xn--fr-via.example", "x.xn--p1ai"])
def test_what_may_be_a_public_server(host: str) -> None:
    assert is_name(host)


# -- connecting -----------------------------------------------------------------------------------------------------
class Names:
    """A resolver that answers as told, each time the next, and a list of where connections went."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.doors: dict[tuple[str, int], tuple[str, int]] = {}
        monkeypatch.setattr(socket, "getaddrinfo", self._look)
        monkeypatch.setattr(socket, "create_connection", self._connect)

    def _look(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        found = self.answers.pop(0) if self.answers else []
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    def _connect(self, address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        self.connected.append(address)
        if address not in self.doors:
            raise OSError("nobody there")
        made = socket.socket()
        made.connect(self.doors[address])
        return made


@pytest.mark.parametrize(
    "answer",
    [
        [],
        ["127.0.0.1"],
        [PUBLIC, "127.0.0.1"],
        ["10.0.0.1", PUBLIC],
        ["169.254.169.254"],
        ["::1"],
        ["64:ff9b::a00:1"],
        [PUBLIC, "fe80::1%eth0"],
    ],
)
def test_a_name_of_which_one_address_is_not_public_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    names = Names(monkeypatch, answer)
    with pytest.raises(httpcore.ConnectError):
        PublicOnly().connect_tcp("far.example", 443)
    assert names.asked == ["far.example"]
    assert names.connected == []


@pytest.mark.parametrize(
    ("host", "port"),
    [("127.0.0.1", 443), ("localhost", 443), ("far.example", 22), ("far.example", 80), ("0x7f.1", 443), (PUBLIC, 443)],
)
def test_what_is_no_name_or_another_port_is_not_even_looked_up(
    monkeypatch: pytest.MonkeyPatch, host: str, port: int
) -> None:
    names = Names(monkeypatch, [PUBLIC])
    with pytest.raises(httpcore.ConnectError):
        PublicOnly().connect_tcp(host, port)
    assert (names.asked, names.connected) == ([], [])


def test_the_connection_goes_to_what_was_looked_at_and_on_to_the_next_where_nobody_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(monkeypatch, ["2606:2800:220:1::1", PUBLIC, "8.8.8.8", "8.8.4.4"], ["127.0.0.1"])
    with pytest.raises(httpcore.ConnectError):
        PublicOnly().connect_tcp("far.example", 443)
    assert names.asked == ["far.example"]
    assert names.connected == [("2606:2800:220:1::1", 443), (PUBLIC, 443), ("8.8.8.8", 443)]


def test_a_resolver_that_is_slow_on_purpose_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    monkeypatch.setattr(public, "LOOKING_UP", 0.05)
    monkeypatch.setattr(public, "_looking", threading.Semaphore(2))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: held.wait(30) and [])
    before = threading.active_count()
    assert [public.addresses("far.example", 443) for _ in range(6)] == [[]] * 6
    assert threading.active_count() - before <= 2  # however many names there are
    held.set()


# -- the whole way, over TLS ----------------------------------------------------------------------------------------
CONTEXT = b'{"ancestors": [], "descendants": [{"id": "6", "uri": "https://a.example/6", "visibility": "public"}]}'


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers every question with one thread; notes by which name it was asked."""

    hosts: list[str] = []  # noqa: RUF012 -- one for all, cleared by the fixture
    location = ""

    def do_GET(self) -> None:
        self.hosts.append(self.headers["Host"])
        self.send_response(302 if self.location else 200)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(CONTEXT)))
        self.end_headers()
        self.wfile.write(CONTEXT)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[int]:
    """A TLS server on a free port of this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    made = trustme.CA()
    file = tmp_path / "authority.pem"
    made.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    Stranger.hosts = []
    Stranger.location = ""
    return made


def certified(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


POST = Named("https://far.example/@amy/5", Place("https", "far.example", "5"))
HEARD = Thread(("https://a.example/6",))


def test_tls_is_checked_against_the_name_at_the_address_that_was_looked_at(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(certified(authority, "far.example")) as port:
        names = Names(monkeypatch, [PUBLIC], ["127.0.0.1"])
        names.doors[PUBLIC, 443] = ("127.0.0.1", port)
        other = Elsewhere()
        assert other.thread(POST) == HEARD
        other.close()
    assert (names.asked, names.connected) == (["far.example"], [(PUBLIC, 443)])
    assert Stranger.hosts == ["far.example"]


@pytest.mark.parametrize("named", ["other.example", PUBLIC])
def test_a_certificate_for_another_name_or_for_the_address_is_refused(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    with serving(certified(authority, named)) as port:
        names = Names(monkeypatch, [PUBLIC])
        names.doors[PUBLIC, 443] = ("127.0.0.1", port)
        other = Elsewhere()
        assert other.thread(POST) == Thread()
        other.close()
    assert names.connected == [(PUBLIC, 443)]
    assert Stranger.hosts == []


def test_an_authority_that_nobody_trusts_is_refused(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    del authority
    with serving(certified(trustme.CA(), "far.example")) as port:
        names = Names(monkeypatch, [PUBLIC])
        names.doors[PUBLIC, 443] = ("127.0.0.1", port)
        other = Elsewhere()
        assert other.thread(POST) == Thread()
        other.close()
    assert Stranger.hosts == []


def test_two_names_at_one_address_share_no_connection(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or one of them could answer for the other."""
    with serving(certified(authority, "far.example")) as port:
        names = Names(monkeypatch, [PUBLIC], [PUBLIC])
        names.doors[PUBLIC, 443] = ("127.0.0.1", port)
        other = Elsewhere()
        assert other.thread(POST) == HEARD
        assert other.thread(Named("u", Place("https", "near.example", "5"))) == Thread()
        other.close()
    assert len(names.connected) == 2
    assert Stranger.hosts == ["far.example"]


@pytest.mark.parametrize("location", ["http://169.254.169.254/", "https://far.example/x", "file:///etc/passwd", "/x"])
def test_no_redirect_is_followed(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    Stranger.location = location
    with serving(certified(authority, "far.example")) as port:
        names = Names(monkeypatch, [PUBLIC], [PUBLIC])
        names.doors[PUBLIC, 443] = ("127.0.0.1", port)
        other = Elsewhere()
        assert other.thread(POST) == Thread()
        other.close()
    assert Stranger.hosts == ["far.example"]


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_does_not_undo_the_pinning(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with serving(certified(authority, "far.example")) as port:
        names = Names(monkeypatch, [PUBLIC])
        names.doors[PUBLIC, 443] = ("127.0.0.1", port)
        other = Elsewhere()
        assert other.thread(POST) == HEARD
        other.close()
    assert names.connected == [(PUBLIC, 443)]


def test_a_server_that_the_operator_named_may_be_at_home(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(certified(authority, "pi.home.arpa")) as port:
        names = Names(monkeypatch)
        names.doors["pi.home.arpa", 8443] = ("127.0.0.1", port)
        post = Named("u", Place("https", "pi.home.arpa:8443", "5"))
        stranger, known = Elsewhere(), Elsewhere(named=["https://pi.home.arpa:8443"])
        assert stranger.thread(post) == Thread()
        assert names.connected == []
        assert known.thread(post) == HEARD
        stranger.close()
        known.close()


@pytest.mark.parametrize(
    ("named", "host", "may"),
    [
        ("https://pi.home.arpa:8443", "pi.home.arpa:8443", True),
        ("https://pi.home.arpa:8443", "PI.home.arpa:8443", True),
        ("https://pi.home.arpa:8443", "pi.home.arpa:22", False),
        ("https://pi:8443", "pi:8443", True),
        ("https://pi:8443", "pi", False),
        ("https://192.168.1.5", "192.168.1.5", True),
        ("https://192.168.1.5", "192.168.1.6", False),
    ],
)
def test_only_what_the_operator_named_is_exempt(named: str, host: str, may: bool) -> None:
    other = Elsewhere(named=[named])
    assert other._may_ask("https", host) is may
    other.close()


def test_a_strangers_cookies_are_not_kept(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    def do_get(self: Stranger) -> None:
        self.send_response(200)
        for number in range(50):
            self.send_header("Set-Cookie", f"c{number}={'x' * 100}; Path=/")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    monkeypatch.setattr(Stranger, "do_GET", do_get)
    with serving(certified(authority, "far.example")) as port:
        names = Names(monkeypatch, [PUBLIC], [PUBLIC])
        names.doors[PUBLIC, 443] = ("127.0.0.1", port)
        other = Elsewhere()
        other.thread(POST)
        assert len(other._http.cookies.jar) == 0
        other.close()
