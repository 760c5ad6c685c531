"""Server-sent events, as Mastodon's streams send them.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import re

import msgspec

MOST_BYTES = 1024 * 1024
"""How long one event may be; a longer one is given without its data."""

_KIND = 100  # characters; no kind of event that there is has more
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Event(msgspec.Struct, frozen=True):
    """One event: its kind, and its data (``None`` if it was too long)."""

    kind: str
    data: bytes | None


class Parser:
    """Turns pieces of a stream, cut anywhere, into events; comments, such as heartbeats, are passed over."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._rest = bytearray()  # a line that has not ended yet
        self._kind = ""
        self._data: list[bytes] = []
        self._size = 0
        self._has_data = False
        self._skipping = False  # inside a line that is too long

    def feed(self, piece: bytes) -> list[Event]:
        """The events that end in this piece."""
        # What was looked through before has no end of a line in it, but for a "\r" in the last place.
        looked = max(0, len(self._rest) - 1)
        self._rest += piece
        found: list[Event] = []
        done = 0
        for end in _LINE_END.finditer(self._rest, looked):
            if end.group() == b"\r" and end.end() == len(self._rest):
                break  # its other half may be on its way
            event = self._line(bytes(self._rest[done : end.start()]))
            done = end.end()
            if event is not None:
                found.append(event)
        del self._rest[:done]
        if len(self._rest) > self._most:
            self._skipping = True
            self._size = self._most + 1
            self._has_data = True
            self._rest.clear()
        return found

    def _line(self, line: bytes) -> Event | None:
        if self._skipping:
            self._skipping = False
            return None
        if not line:
            return self._end()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._kind = value[:_KIND].decode(errors="replace")
        elif name == b"data":
            self._has_data = True
            self._size += len(value) + 1  # with its end, or empty ones could go on for ever
            if self._size <= self._most:
                self._data.append(value)
        return None

    def _end(self) -> Event | None:
        event = None
        if self._has_data:
            event = Event(self._kind, b"\n".join(self._data) if self._size <= self._most else None)
        self._kind, self._data, self._size, self._has_data = "", [], 0, False
        return event
