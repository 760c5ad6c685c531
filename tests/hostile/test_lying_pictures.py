"""Addresses of pictures that lead somewhere else, and answers to them that never end, are gigantic, or no pictures."""

import socket
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hostile.test_lying_http import Liar, _answer, liar

from bot.domain.copying import MOST_BYTES
from bot.networks import fetching
from bot.networks.fetching import Fetcher, picture_key

__all__ = ["liar"]

PICTURE = b"\x89PNG and so on"
MOST = 1024 * 1024


@pytest.fixture
def fetcher(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetcher]:
    monkeypatch.setattr(fetching, "MOST_BYTES", MOST)
    made = Fetcher(named=[liar.url])
    yield made
    made.close()


def says(*answers: bytes) -> Callable[[socket.socket], None]:
    waiting = iter(answers)
    return lambda connection: connection.sendall(next(waiting))


def test_a_picture_at_a_server_the_operator_named_comes_without_a_login(fetcher: Fetcher, liar: Liar) -> None:
    liar.says = says(_answer(PICTURE))
    assert fetcher.fetch(f"{liar.url}/a.jpg") == PICTURE
    (asked,) = liar.asked
    assert b"authorization" not in asked.lower()
    assert b"cookie" not in asked.lower()


def test_it_may_be_sent_on_within_what_may_be_asked(fetcher: Fetcher, liar: Liar) -> None:
    liar.says = says(
        _answer(b"", "Location: /cache/b.jpg", status="302 Found"),
        _answer(b"", f"Location: {liar.url}/c.jpg", status="301 Moved"),
        _answer(PICTURE),
    )
    assert fetcher.fetch(f"{liar.url}/a.jpg") == PICTURE
    assert [asked.split()[1] for asked in liar.asked] == [b"/a.jpg", b"/cache/b.jpg", b"/c.jpg"]


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1:{other}/secret",
        "http://localhost:{port}/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/a.jpg",
        "https://[::1]/a.jpg",
        "https://printer/a.jpg",
        "https://far.example:8443/a.jpg",
        "https://user@far.example/a.jpg",
        "http://far.example/a.jpg",
        "file:///etc/passwd",
        "ftp://far.example/a.jpg",
        "//169.254.169.254/",
        "data:image/png;base64,AAAA",
        "http://[",
    ],
)
@pytest.mark.parametrize("sent_on", [False, True], ids=["named by a post", "sent on there"])
def test_nothing_private_is_asked_though_a_post_or_a_server_says_so(
    fetcher: Fetcher, liar: Liar, place: str, *, sent_on: bool
) -> None:
    liars_other = Liar()
    liars_other.says = says(_answer(PICTURE))
    try:
        address = place.format(port=liar.port, other=liars_other.port)
        liar.says = says(_answer(b"", f"Location: {address}", status="302 Found"))
        assert fetcher.fetch(f"{liar.url}/a.jpg" if sent_on else address) == b""
        assert liars_other.asked == []
        assert len(liar.asked) == int(sent_on)
    finally:
        liars_other.close()


def test_it_is_not_sent_round_for_ever(fetcher: Fetcher, liar: Liar) -> None:
    liar.says = lambda connection: connection.sendall(_answer(b"", "Location: /again", status="302 Found"))
    assert fetcher.fetch(f"{liar.url}/a.jpg") == b""
    assert len(liar.asked) == fetching.MOST_SENT_ON + 1


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "403 No", "500 Oops", "429 Too Many"])
def test_what_is_refused_is_nothing(fetcher: Fetcher, liar: Liar, status: str) -> None:
    liar.says = says(_answer(PICTURE, status=status))
    assert fetcher.fetch(f"{liar.url}/a.jpg") == b""


def for_ever(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
    while True:
        connection.sendall(b"\xff\xd8" * 32_768)


def too_long(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"\0" * (MOST + 1))


@pytest.mark.parametrize("say", [for_ever, too_long])
def test_what_never_ends_or_is_too_long_is_given_up(
    fetcher: Fetcher, liar: Liar, say: Callable[[socket.socket], None]
) -> None:
    liar.says = say
    tracemalloc.start()
    try:
        assert fetcher.fetch(f"{liar.url}/a.jpg") == b""
        assert tracemalloc.get_traced_memory()[1] < 8 * MOST
    finally:
        tracemalloc.stop()
    assert len(liar.asked) == 1


def test_what_drips_is_given_up_in_time(fetcher: Fetcher, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "WHOLE_SECONDS", 0.3)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        for _ in range(100):  # whoever waits gets it whole, after two seconds
            liar.over.wait(0.02)
            connection.sendall(b"x")

    liar.says = drip
    assert fetcher.fetch(f"{liar.url}/a.jpg") == b""


def test_as_much_as_may_be_comes_whole(liar: Liar) -> None:
    made, data = Fetcher(named=[liar.url]), b"\x01" * MOST_BYTES
    liar.says = says(_answer(data), _answer(data + b"\x01"))
    assert made.fetch(f"{liar.url}/a.jpg") == data
    assert made.fetch(f"{liar.url}/a.jpg") == b""
    made.close()


@pytest.mark.parametrize(
    ("name", "key"),
    [("109372843234", "109372843234"), ("bafkrei_a-b", "bafkrei_a-b"), ("../../x", ""), ("a b", ""), ("x" * 101, "")],
)
def test_only_what_may_be_a_files_name_becomes_a_key(name: str, key: str) -> None:
    assert picture_key(name) == key
