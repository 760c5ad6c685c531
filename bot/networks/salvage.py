"""JSON of others of which a part is not what it should be: that part is left out, named and counted, the rest is read.

Nothing of what was said stands in such a name, or in the reason.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot.domain.plainwords import decoding_words
from bot.ports import Heard, Spoiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

DEEPEST = 300
"""Levels of JSON that are read. A thread of a hundred levels needs two hundred and some."""

_MOST_WAITING = 200
_MOST_REMEMBERED = 2_000
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_OPENS, _CLOSES = frozenset({b"[", b"{"}), frozenset({b"]", b"}"})


def decoded(body: bytes, decode: Callable[[bytes], T]) -> T:
    """``decode(body)``; where the body is nested too deeply to be read, without what lies too deep."""
    try:
        return decode(body)
    except RecursionError:
        return decode(shallow(body))


def shallow(body: bytes, deepest: int = DEEPEST) -> bytes:
    """JSON in which each value that lies deeper than so many levels is ``null``; in linear time."""
    kept: list[bytes] = []
    depth = done = 0
    for token in _TOKEN.finditer(body):
        mark = token.group()
        if mark in _OPENS:
            depth += 1
            if depth == deepest + 1:
                kept += [body[done : token.start()], b"null"]
        elif mark in _CLOSES:
            if depth == deepest + 1:
                done = token.end()
            depth -= 1
    return b"".join([*kept, body[done:]]) if depth <= deepest else b"".join(kept)


class Aside:
    """What was left out while reading, until it can be handed on with what is heard; the same thing once.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, None] = {}
        self._waiting: deque[Spoiled] = deque(maxlen=_MOST_WAITING)

    def put(self, event: str, error: Exception) -> None:
        """Note what was left out: its name, never its words, and why."""
        with self._lock:
            if event in self._known:
                return
            self._known[event] = None
            while len(self._known) > _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._waiting.append(Spoiled(event, f"{type(error).__name__}: {decoding_words(error)}"))

    def told(self, heard: Heard) -> Heard:
        """What was heard, with what waits here."""
        with self._lock:
            some = tuple(self._waiting)
            self._waiting.clear()
        return msgspec.structs.replace(heard, spoiled=(*heard.spoiled, *some)) if some else heard

    def telling(self, stream: Iterator[Heard]) -> Iterator[Heard]:
        """The same for a whole stream."""
        return (self.told(heard) for heard in stream)
