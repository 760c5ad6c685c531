"""Streams that lie: messages without end, in endless pieces, from the future, or sent on to somewhere else."""

import http
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from unit.bluesky_stand_in import ME, NOW, StandIn
from websockets.exceptions import WebSocketException
from websockets.sync.server import ServerConnection, serve

from bot.errors import NetworkError, Unavailable
from bot.networks.bluesky.cursors import endpoint, read_cursor
from bot.networks.bluesky.line import Lines
from bot.networks.bluesky.times import stamp
from bot.networks.mastodon.sse import MOST_BYTES, Parser
from bot.networks.mastodon.taps import Broken, Said, Waiting
from bot.ports import Wanted


# -- server-sent events ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "piece", [b"x" * 65536, b"data: \n", b"data:\n" * 1000, b": beat\n", b"event: " + b"x" * 60_000]
)
def test_an_event_or_a_line_without_end_is_not_kept(piece: bytes) -> None:
    parser = Parser(most=100_000)
    for _ in range(500):
        assert parser.feed(piece) == []
    kept = len(parser._rest) + sum(len(one) + 1 for one in parser._data) + len(parser._kind)
    assert kept <= 400_000


def test_an_event_after_one_without_end_is_read() -> None:
    parser = Parser(most=1000)
    for _ in range(50):
        parser.feed(b"data: " + b"x" * 500)
    assert [event.data for event in parser.feed(b"\n\nevent: update\ndata: 1\n\n")] == [None, b"1"]


def test_a_long_line_in_small_pieces_is_looked_through_once() -> None:
    """Else a server could keep us busy with the square of what it sends."""

    parser = Parser()
    looked = 0
    for _ in range(3000):
        before = len(parser._rest)
        parser.feed(b"x")
        looked += len(parser._rest) - max(0, before - 1)
    assert looked <= 3 * 3000
    assert len(parser._rest) == 3000


def test_what_waits_is_bounded_in_bytes_too() -> None:
    waiting = Waiting(2000)
    long = Said("", "n", "update", b"x" * MOST_BYTES)
    put = 0
    while not waiting.full():
        waiting.put_nowait(long)
        put += 1
    assert put * MOST_BYTES <= 80 * 1024 * 1024
    taken = [waiting.get_nowait() for _ in range(put)]
    assert all(isinstance(one, (Said, Broken)) for one in taken)
    assert waiting.empty()
    for _ in range(2000):
        waiting.put_nowait(Said("", "n", "delete", b"5"))
    assert waiting.full()


# -- WebSockets -----------------------------------------------------------------------------------------------------
@contextmanager
def serving(speak: Callable[[ServerConnection], None], **options: Any) -> Iterator[str]:
    def run(connection: ServerConnection) -> None:
        try:
            speak(connection)
        except (WebSocketException, OSError, TimeoutError):
            return

    with serve(run, "127.0.0.1", 0, close_timeout=0.1, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/subscribe"
        finally:
            server.shutdown()
            thread.join()


def read(address: str) -> bytes | None:
    """The first frame there, waited for as long as it takes."""
    with Lines([endpoint(address)], silence=20.0).open(None, NOW) as line:
        for _ in range(400):
            if (frame := line.frame(0.1)) is not None:
                return frame
    return None


@pytest.mark.parametrize(
    "message",
    [
        b"x" * (3 * 1024 * 1024),
        itertools.repeat(b"x" * 60_000),
        itertools.repeat(b""),
        itertools.repeat(b"x"),
    ],
    ids=["long", "endless", "empty", "tiny"],
)
def test_a_message_without_end_ends_the_line(message: Any) -> None:
    with serving(lambda connection: connection.send(message)) as address, pytest.raises(Unavailable):
        read(address)


def test_nobody_asks_for_packed_messages() -> None:
    asked: list[str | None] = []

    def speak(connection: ServerConnection) -> None:
        request = connection.request
        asked.append(request.headers.get("Sec-WebSocket-Extensions") if request is not None else "?")
        connection.send(b"{}")

    with serving(speak) as address:
        assert read(address) == b"{}"
    assert asked == [None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_stream_that_sends_us_on_is_not_followed(status: int) -> None:
    other: list[str] = []

    def speak(connection: ServerConnection) -> None:
        other.append("met")
        connection.send(b"{}")

    with serving(speak) as elsewhere:

        def refuse(connection: ServerConnection, _: Any) -> Any:
            response = connection.respond(http.HTTPStatus(status), "")
            response.headers["Location"] = elsewhere
            return response

        with serving(speak, process_request=refuse) as address, pytest.raises(Unavailable, match="can be reached"):
            read(address)
    assert other == []


# -- times and numbers ----------------------------------------------------------------------------------------------
@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches and signs of life come soon."""
    monkeypatch.setattr("bot.networks.bluesky.streaming._ALIVE", 1.1)
    monkeypatch.setattr("bot.networks.bluesky.streaming._GATHERED", 0.02)


FUTURE = stamp(datetime(9999, 1, 1, tzinfo=UTC))


def frame(time_us: Any, kind: str = "identity") -> bytes:
    return msgspec.json.encode({"did": "did:plc:amy", "time_us": time_us, "kind": kind, "account": {"active": True}})


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("number", [FUTURE, 2**63 - 1, 2**63, 2**80, 10**30, -1, 0, -(2**70)])
@pytest.mark.parametrize("kind", ["identity", "account", "other"])
def test_an_event_from_the_future_does_not_make_us_pass_by_what_comes_till_then(number: int, kind: str) -> None:
    raw = frame(0, kind).replace(b'"time_us":0', f'"time_us":{number}'.encode())

    def speak(connection: ServerConnection) -> None:
        connection.send(raw)
        connection.recv(timeout=60)

    with serving(speak) as address:
        network = StandIn().network(streams=[address])
        told = network.stream("", Wanted, lambda: False)
        cursors = [next(told).cursor, next(told).cursor]
        told.close()  # type: ignore[attr-defined]
    place = read_cursor(cursors[-1])
    assert place is not None
    assert place.at <= stamp(NOW)
    start = endpoint(address).start(place, NOW + timedelta(hours=1))
    assert start.number is not None
    assert start.number <= stamp(NOW)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"{}",
        b"null",
        b"[" * 100_000,
        b'{"did":5,"time_us":1,"kind":"commit"}',
        b"\xff\xfe",
        b'{"did":"' + b"x" * 10**6,
    ],
)
def test_a_frame_that_is_none_is_set_aside_without_its_words(junk: bytes) -> None:
    def speak(connection: ServerConnection) -> None:
        connection.send(junk)
        connection.recv(timeout=60)

    with serving(speak) as address:
        told = StandIn().network(streams=[address]).stream("", Wanted, lambda: False)
        try:
            found = [one for heard in itertools.islice(told, 2) for one in heard.spoiled]
        except NetworkError:
            found = []
        told.close()  # type: ignore[attr-defined]
    assert all(len(one.event) + len(one.error) < 1000 and ME not in one.event for one in found)
    assert len(found) == 1
