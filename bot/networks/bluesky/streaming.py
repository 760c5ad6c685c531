"""The live stream: frames in, batches of what concerns us out, about one in a second."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from bot.domain.plainwords import decoding_words
from bot.domain.posts import PostRef
from bot.errors import Refused, Unavailable
from bot.networks.bluesky.cursors import Cursor, read_cursor
from bot.networks.bluesky.frames import READERS, traces
from bot.networks.bluesky.proving import Fresh, Prover
from bot.networks.bluesky.sieve import Sieve
from bot.networks.bluesky.times import stamp
from bot.ports import Heard, Spoiled, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from bot.networks.bluesky.frames import Event
    from bot.networks.bluesky.line import Line, Lines
    from bot.networks.bluesky.reading import Reader
    from bot.networks.bluesky.sieve import Concern

_GATHERED = 1.0  # seconds from the first event of a batch to its end
_MOST = 200  # events in a batch
_ALIVE = 5.0  # seconds at most between two signs of life; ours come a little earlier
_TICK = 0.5  # seconds between two looks at whether to stop
_ASKED = 2.0  # seconds between two looks at what is wanted
_POSTERS = 20_000
_LAST_POSITION = 2**63 - 1  # what a server counts with


class _CursorInFuture(Exception):
    """The server has never come so far: it was set up anew, and its numbers began again."""


class Batch:
    """What concerns us since the last batch, each post as it is by now."""

    def __init__(self) -> None:
        self.began = 0.0
        self.missed = False
        self._fresh: dict[str, Fresh] = {}
        self._gone: dict[str, None] = {}
        self._ended: dict[str, None] = {}
        self._threads: dict[str, None] = {}
        self._spoiled: list[Spoiled] = []

    def __len__(self) -> int:
        return len(self._fresh) + len(self._gone) + len(self._ended) + len(self._threads) + len(self._spoiled)

    def full(self, now: float) -> bool:
        """Whether it is time to hand it on."""
        return bool(self.began) and (now - self.began >= _GATHERED or len(self) >= _MOST)

    def add(self, concern: Concern, event: Event) -> None:
        """Note an event; a later one about the same post replaces an earlier one."""
        if concern.kind == "thread":
            self._threads[concern.id] = None
        elif concern.kind == "ended":
            self._ended[concern.id] = None
            for uri in [uri for uri, one in self._fresh.items() if one.event.did == concern.id]:
                del self._fresh[uri]
        elif concern.kind == "gone":
            self._fresh.pop(concern.id, None)
            self._gone[concern.id] = None
        elif concern.names is not None:
            self._gone.pop(concern.id, None)
            self._fresh.pop(concern.id, None)
            self._fresh[concern.id] = Fresh(event, concern.names)

    def spoil(self, event: str, error: Exception) -> None:
        """Set an event aside that could not be read."""
        self._spoiled.append(Spoiled(event, f"{type(error).__name__}: {decoding_words(error)}"))

    def heard(self, prover: Prover, wanted: Wanted, cursor: str) -> Heard:
        """All of it, posts proved. Raises NetworkError where the network cannot be asked about them."""
        for uri in self._threads:
            prover.gate_changed(uri)
        proved = prover.prove(list(self._fresh.values()), wanted)
        return Heard(
            posts=proved.posts,
            cursor=cursor,
            gone=tuple(PostRef("bluesky", uri) for uri in self._gone),
            ended=tuple(self._ended),
            threads=tuple(dict.fromkeys((*self._threads, *proved.threads))),
            spoiled=tuple(self._spoiled),
            missed=self.missed,
        )


class Streamer:
    """Streams for one account.

    Args:
        lines: opens connections.
        reader: proves posts.
        clock: gives aware UTC.
    """

    def __init__(self, lines: Lines, reader: Reader, clock: Callable[[], datetime]) -> None:
        self._lines = lines
        self._reader = reader
        self._clock = clock

    def stream(
        self, own: Callable[[], str], cursor: str, wanted: Callable[[], Wanted], stopping: Callable[[], bool]
    ) -> Iterator[Heard]:
        """See ``ports.Network.stream``. A break is told as ``Unavailable``; the next call begins at another server.

        Args:
            own: gives our DID.
            cursor: an earlier ``Heard.cursor``; one that is not ours is as good as one that was lost.
            wanted: as the port says.
            stopping: as the port says.
        """
        if not self._lines:
            raise Refused("Bluesky's streams are switched off for this account (streams: none): only asking is left")
        if stopping():
            return
        place = read_cursor(cursor) if cursor else None
        lost = bool(cursor) and place is None
        did = own()
        for anew in (False, True):
            try:
                with self._lines.open(place, self._clock(), anew=anew) as line:
                    line.missed = line.missed or lost
                    listening = _Listening(
                        line, lines=self._lines, reader=self._reader, clock=self._clock, place=place, own=did
                    )
                    yield from listening.run(wanted, stopping)
            except _CursorInFuture:
                continue
            return


class _Listening:
    """One connection, from its first frame to its last."""

    def __init__(
        self,
        line: Line,
        *,
        lines: Lines,
        reader: Reader,
        clock: Callable[[], datetime],
        place: Cursor | None,
        own: str,
    ) -> None:
        self._lines = lines
        self._line = line
        self._clock = clock
        self._own = own
        self._read = READERS[line.end.protocol]
        self._posters: dict[str, None] = {}
        self._profiles = reader.profiles
        self._prover = Prover(own, reader, reader.profiles, reader.relations, self._clock)
        self._place = self._first_place(place)
        self._unread = b""
        self._batch = Batch()
        self._wanted = Wanted()
        self._sieve = self._new_sieve()

    def _first_place(self, place: Cursor | None) -> Cursor:
        """Where we are before the first frame: where the cursor says if it is of this server, else nowhere, now."""
        end = self._line.end
        now = stamp(self._clock())
        if place is None or self._line.missed:
            return Cursor(end.protocol, end.host, 0, now)
        if (place.protocol, place.host) == (end.protocol, end.host):
            return place
        return Cursor(end.protocol, end.host, 0, place.at)

    def run(self, wanted: Callable[[], Wanted], stopping: Callable[[], bool]) -> Iterator[Heard]:
        """Give batches until ``stopping`` says so or the line breaks."""
        yield Heard((), str(self._place), missed=self._line.missed)
        said = ticked = time.monotonic()
        asked = 0.0
        while True:
            if time.monotonic() - asked >= _ASKED:
                asked = time.monotonic()
                self._want(wanted())
            frame = self._line_frame()
            now = time.monotonic()
            if frame is not None:
                self._take(frame, now)
            if self._batch.full(now):
                yield self._heard()
                said = time.monotonic()
            elif now - said >= _ALIVE - 2 * _TICK and not self._batch.began:
                yield Heard((), self._cursor(), missed=self._batch.missed)
                self._batch.missed = False
                said = time.monotonic()
            if now - ticked >= _TICK:
                ticked = now
                if stopping():
                    return

    def _want(self, wanted: Wanted) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            self._sieve = self._new_sieve()

    def _new_sieve(self) -> Sieve:
        return Sieve(self._own, self._wanted, self._posters, self._line.end.protocol)

    def _line_frame(self) -> bytes | None:
        try:
            return self._line.frame(_TICK / 2)
        except Unavailable:
            self._lines.broke(self._line.end)
            raise

    # -- events --------------------------------------------------------------------------------------------------
    def _take(self, frame: bytes, now: float) -> None:
        """Read a frame if it may concern us; one that cannot be read is set aside."""
        if not self._sieve.may_concern(frame):
            self._unread = frame
            return
        try:
            events = self._read(frame)
        except (ValueError, RecursionError) as error:
            self._batch.spoil(f"{self._line.end.protocol} {traces(frame)}, after {self._place.position}", error)
            events = ()
        for event in events:
            try:
                self._take_event(event)
            except (ValueError, RecursionError) as error:
                named = f"{self._line.end.protocol} {event.position} {event.did}/{event.collection}/{event.rkey}"
                self._batch.spoil(named, error)
            self._note(event)
        if not self._batch.began and len(self._batch):
            self._batch.began = now

    def _take_event(self, event: Event) -> None:
        if event.kind in {"info", "error"}:
            self._told(event)
            return
        if event.kind == "account":
            self._profiles.forget(event.did)
        concern = self._sieve.concern(event)
        if concern is not None:
            self._batch.add(concern, event)
            if concern.kind == "post":
                self._posters[event.did] = None

    def _told(self, event: Event) -> None:
        """What the server says about the stream itself: https://atproto.com/specs/event-stream#sequence-numbers."""
        if event.name == "FutureCursor" and event.kind == "error":
            raise _CursorInFuture
        if event.kind == "error":
            self._lines.broke(self._line.end)
            raise Unavailable(f"{self._line.end.host}: the stream ended ({event.name or 'without a reason'})")
        if event.name in {"OutdatedCursor", "FutureCursor"}:
            self._batch.missed = True

    # -- how far -------------------------------------------------------------------------------------------------
    def _note(self, event: Event) -> None:
        self._unread = b""
        if 0 < event.position <= _LAST_POSITION:
            end, now = self._line.end, stamp(self._clock())
            # An event that claims to be of the future must not make us pass by what comes till then.
            at = min(event.at, now) if event.at > 0 else now
            self._place = Cursor(end.protocol, end.host, event.position, at)

    def _cursor(self) -> str:
        """After the last frame, which need not have been read for anything else."""
        if self._unread:
            try:
                events: Sequence[Event] = self._read(self._unread)
            except (ValueError, RecursionError):
                events = ()
            for event in events[-1:]:
                self._note(event)
            self._unread = b""
        return str(self._place)

    def _heard(self) -> Heard:
        heard = self._batch.heard(self._prover, self._wanted, self._cursor())
        self._batch = Batch()
        for did in list(islice(self._posters, max(0, len(self._posters) - _POSTERS))):
            del self._posters[did]
        return heard
