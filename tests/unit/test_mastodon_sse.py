"""Server-sent events, however their bytes are cut."""

import itertools

import pytest

from bot.networks.mastodon.sse import Event, Parser

STREAM = (
    b':)\n:thump\n\nevent: update\ndata: {"a": 1}\n\nevent: delete\r\ndata: 5\r\n\r\n'
    b":thump\nevent:status.update\ndata:{\ndata: }\nid: 7\nretry: 3\n\n"
    b"data: bare\n\nevent: lonely\n\nevent: cut\ndata: off"
)
EVENTS = [
    Event("update", b'{"a": 1}'),
    Event("delete", b"5"),
    Event("status.update", b"{\n}"),
    Event("", b"bare"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_the_same_however_the_stream_is_cut(size: int) -> None:
    parser = Parser()
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [event for piece in pieces for event in parser.feed(piece)] == EVENTS


def test_every_pair_of_cuts_gives_the_same_events() -> None:
    stream = b"event: a\r\ndata: 1\r\n\r\nevent: b\rdata: 2\r\rdata: \xc3\xa9\n\n"
    wanted = [Event("a", b"1"), Event("b", b"2"), Event("", "é".encode())]
    for first, second in itertools.combinations(range(len(stream) + 1), 2):
        parser = Parser()
        pieces = (stream[:first], stream[first:second], stream[second:])
        assert [event for piece in pieces for event in parser.feed(piece)] == wanted


@pytest.mark.parametrize(
    "long",
    [
        b"event: update\ndata: " + b"x" * 200 + b"\n\n",
        b"event: update\n" + b"data: xxxxxxxxxx\n" * 20 + b"\n",
    ],
)
@pytest.mark.parametrize("size", [1, 13, 1000])
def test_an_event_that_is_too_long_has_no_data_and_spoils_nothing_after_it(long: bytes, size: int) -> None:
    parser = Parser(most=100)
    stream = long + b"event: next\ndata: 1\n\n"
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    found = [event for piece in pieces for event in parser.feed(piece)]
    assert found == [Event("update", None), Event("next", b"1")]
