"""Where a stream is read from and how far: addresses of streams, and cursors that say whose they are.

A cursor of one protocol, or of one server, means nothing to another; but all of them note the time, too, and both
Jetstream protocols take a time for a cursor.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec
from websockets.typing import Subprotocol

from bot.networks.bluesky.frames import COLLECTIONS, Protocol
from bot.networks.bluesky.times import stamp

if TYPE_CHECKING:
    from datetime import datetime


V2_PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"
FIREHOSE_PATH = "/xrpc/com.atproto.sync.subscribeRepos"
V2_SUBPROTOCOL = Subprotocol("xrpc.v1.json")

_BETWEEN = "|"
_LONGEST = 1000  # characters of a cursor
_OVERLAP = timedelta(seconds=5)  # servers witness the same event at slightly different times
_KEPT = timedelta(hours=24)  # streams keep at least about so much; what is older may be missing from the replay


class Cursor(msgspec.Struct, frozen=True):
    """How far a stream was read.

    Attributes:
        protocol, host: whose ``position`` it is.
        position: of the last event read; 0 where none has come yet.
        at: when the server saw that event, or when we began, microseconds since 1970.
    """

    protocol: Protocol
    host: str
    position: int
    at: int

    def __str__(self) -> str:
        return _BETWEEN.join((self.protocol, self.host, str(self.position), str(self.at)))


def read_cursor(text: str) -> Cursor | None:
    """A cursor as ``str`` wrote it; ``None`` for anything else."""
    if len(text) > _LONGEST:
        return None
    try:
        protocol, host, position, at = text.split(_BETWEEN)
        return msgspec.convert({"protocol": protocol, "host": host, "position": int(position), "at": int(at)}, Cursor)
    except (ValueError, msgspec.ValidationError):
        return None


class Start(msgspec.Struct, frozen=True):
    """Where to begin: the number to ask the server for (``None``: what comes from now on), and whether something
    before it may be missed.
    """

    number: int | None
    missed: bool


class Endpoint(msgspec.Struct, frozen=True):
    """A stream's address and what it speaks."""

    address: str
    protocol: Protocol
    host: str

    def start(self, cursor: Cursor | None, now: datetime) -> Start:
        """Where to go on from ``cursor`` here. A time is set back by five seconds; a number of its own is exact."""
        if cursor is None:
            return Start(None, missed=False)
        own = cursor.host == self.host and cursor.protocol == self.protocol and cursor.position > 0
        old = cursor.at < stamp(now - _KEPT)
        if self.protocol == "firehose":
            return Start(cursor.position if own else None, missed=old or not own)
        if self.protocol == "v2" and own:
            return Start(cursor.position, missed=old)
        time = min(cursor.at, stamp(now)) - stamp_span(_OVERLAP)
        return Start(time, missed=old or cursor.protocol == "firehose")

    def url(self, number: int | None) -> str:
        """The address with what we ask for."""
        asked: list[tuple[str, str]] = []
        if self.protocol == "v1":
            asked = [("wantedCollections", name) for name in COLLECTIONS]
        elif self.protocol == "v2":
            asked = [("collections", name) for name in COLLECTIONS] + [("kinds", "commit"), ("kinds", "account")]
        if number is not None:
            asked.append(("cursor", str(number)))
        return f"{self.address}?{urlencode(asked)}" if asked else self.address


def stamp_span(span: timedelta) -> int:
    """A stretch of time in microseconds."""
    return span // timedelta(microseconds=1)


def endpoint(address: str) -> Endpoint:
    """What an address of the settings speaks, by its path; anything but the two XRPC paths is Jetstream's first."""
    parts = urlsplit(address)
    protocol: Protocol = "v1"
    if parts.path == V2_PATH:
        protocol = "v2"
    elif parts.path == FIREHOSE_PATH:
        protocol = "firehose"
    return Endpoint(address, protocol, parts.netloc.rpartition("@")[2])
