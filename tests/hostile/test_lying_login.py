"""Answers to a login that never end, or unpack to gigabytes: given up, and little is held of them."""

import gzip
import tracemalloc
from collections.abc import Callable

import pytest
from hostile.test_lying_http import CHUNKED, MOST, Liar, Says, _answer, _dripping, _endless, liar, packed

from bot.errors import LoginError
from bot.networks.mastodon import straight
from bot.networks.mastodon.login import Registered, redeem, register

__all__ = ["liar", "packed"]  # fixtures

Ask = Callable[[str], object]


def peak(ask: Ask, url: str) -> int:
    """How many bytes Python held at most while something was refused."""
    with pytest.raises(LoginError):  # once before, for what is imported
        ask(url)
    tracemalloc.start()
    try:
        with pytest.raises(LoginError):
            ask(url)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(params=["register", "redeem"])
def ask(request: pytest.FixtureRequest) -> Ask:
    if request.param == "register":
        return lambda url: register(url, timeout=5)
    return lambda url: redeem(Registered(url, "id", "very-secret"), "a-code", timeout=5)


@pytest.mark.parametrize(
    "says",
    [
        _endless(b"4000\r\n" + b" " * 0x4000 + b"\r\n", CHUNKED),
        _endless(b" " * 65536, b"HTTP/1.1 200 OK\r\n\r\n"),
        _endless(b" " * 65536, b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        _endless(b" " * 65536, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        _endless(b" " * 65536, b"HTTP/1.1 302 Found\r\nLocation: https://x.example/\r\n\r\n"),
    ],
)
def test_what_never_ends_is_given_up(ask: Ask, liar: Liar, says: Says) -> None:
    liar.says = says
    assert peak(ask, liar.url) < 8 * MOST


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br"])
def test_a_bomb_is_unpacked_no_further(ask: Ask, liar: Liar, packed: bytes, packing: str) -> None:
    liar.says = lambda connection: connection.sendall(_answer(packed, f"Content-Encoding: {packing}"))
    assert peak(ask, liar.url) < 8 * MOST


def test_what_only_drips_is_given_up(ask: Ask, liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(straight, "WHOLE_SECONDS", 0.2)
    liar.says = _dripping(b" ", b"HTTP/1.1 200 OK\r\n\r\n")
    with pytest.raises(LoginError):
        ask(liar.url)


def test_a_packed_answer_that_is_whole_is_read(liar: Liar) -> None:
    body = gzip.compress(b'{"client_id": "me", "client_secret": "very-secret"}')
    liar.says = lambda connection: connection.sendall(_answer(body, "Content-Encoding: gzip"))
    assert register(liar.url, timeout=5) == Registered(liar.url, "me", "very-secret")
