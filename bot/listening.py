"""Listening, live: a stream for each account while a chat is on, and asking where there is none.

Two threads for each account. The reader takes what the network tells and puts it into a queue; the writer stores it, in
batches, with how far it was read. The queue is bounded: while the database is slow the reader waits, and the network
with it. Nothing is lost on the way, because the stored cursor only moves with the rows.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from bot.domain.events import Event
from bot.domain.outbox import backoff
from bot.domain.sweeps import ASKING, asking_interval, is_long, listening
from bot.domain.vitals import Hearing
from bot.errors import Busy, NetworkError, Refused, StaffroomError, StoreError, UserError
from bot.services.listen import ASKED, STREAM, ask
from bot.services.tellings import Told, merged, says_something
from bot.tick import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.domain.records import StoredChat
    from bot.domain.sweeps import Rhythm
    from bot.domain.vitals import Mode
    from bot.ports import Heard, Wanted
    from bot.tick import House

log = structlog.get_logger()


class Pace(msgspec.Struct, frozen=True):
    """How fast listening goes; seconds.

    Attributes:
        look: from one look at which chats are on to the next.
        known: for how long what we want to hear of, and which chats there are, counts as known.
        silence: after which a stream that gives no sign of life counts as broken; networks give one every five.
        refused: after which a network that has no stream is asked for one again.
        asking: from one asking to the next; ``None``: as ``sweeps.asking_interval`` says.
        longest: the longest wait before a broken stream is connected again.
        batch: how many posts are stored at once.
        waiting: how many tellings wait in the queue at most.
        tell: from one word about new answers to the next.
    """

    look: float = 5.0
    known: float = 30.0
    tell: float = 20.0
    silence: float = 20.0
    refused: float = 600.0
    asking: float | None = None
    longest: float = 60.0
    batch: int = 500
    waiting: int = 64


PACE = Pace()
OVERLAP = timedelta(minutes=2)
"""How far before the last asking hashtags are searched, because searching is slow to know what is new."""

GAP = timedelta(seconds=25)
"""For how long a stream may be away before everything is read once more when it is back, whatever it replays."""

REPLAYED = timedelta(minutes=15)
"""How old a cursor may be: a network that replays all that was said since would be busy with it for long."""

MARK = 10.0
"""Seconds from one noting that the stream was read to the next."""

_LAST = "stream at"
_TROUBLES = {
    "reading": "listening failed",
    "stream": "stream broken",
    "asking": "asking failed",
    "writing": "not stored",
    "posts": "post set aside",
}
"""What it is called when something is wrong with each part of the work."""
_MODES: dict[Rhythm, Mode] = {"told": "stream", "asked": "asking", "swept": "off"}


class Listening:
    """Listens on all accounts of a house until it is told to stop.

    Args:
        house: all that is needed.
        told: says one line to whoever watches; called from several threads.
        pace: how fast.
    """

    def __init__(self, house: House, told: Callable[[str], None], pace: Pace = PACE) -> None:
        self._stopping = threading.Event()
        self._listeners = {account: _Listener(house, account, told, pace, self._stopping) for account in house.accounts}

    def start(self) -> None:
        """Begin."""
        for listener in self._listeners.values():
            listener.start()

    def stop(self) -> None:
        """Ask all threads to end; what is in the queues is still stored."""
        self._stopping.set()

    def join(self, seconds: float) -> bool:
        """Wait for the threads for so long at most; gives whether all have ended."""
        ends = time.monotonic() + seconds
        return min([listener.join(ends) for listener in self._listeners.values()], default=True)

    def rhythm(self, account: str) -> Rhythm:
        """How we know at this moment what is said on an account."""
        return self._listeners[account].rhythm()

    def hearing(self, account: str) -> Hearing:
        """How an account is listened to, and how far behind."""
        return self._listeners[account].hearing()

    def ended(self) -> tuple[str, ...]:
        """Accounts one of whose threads is no more; none before ``start``."""
        return tuple(account for account, listener in self._listeners.items() if listener.has_ended())


class _Listener:
    """One account's two threads."""

    def __init__(
        self, house: House, account: str, told: Callable[[str], None], pace: Pace, stopping: threading.Event
    ) -> None:
        self._house = house
        self._account = account
        self._told = told
        self._pace = pace
        self._stopping = stopping
        self._queue: queue.Queue[Told] = queue.Queue(pace.waiting)
        self._reading = threading.Thread(target=self._guarded, args=(self._read,), name=f"hear:{account}", daemon=True)
        self._writing = threading.Thread(target=self._write, name=f"store:{account}", daemon=True)
        self._troubles: dict[str, str] = {}
        self._cursors: dict[str, str] = {}
        self._known: tuple[float, Wanted] | None = None
        self._chats: tuple[float, list[StoredChat]] | None = None
        self._new = 0
        self._told_at = 0.0
        self._marked = 0.0
        self._chances = random.Random(account)  # noqa: S311 - spreads waits, guards nothing
        self._connect_at = self._ask_at = 0.0
        self._asked: datetime | None = None
        self._failures = 0
        self._lived = False
        # For `rhythm`, which other threads ask: until when the stream counts as alive, and asking as working.
        self._alive_until = self._asks_until = 0.0
        self._is_waiting = False
        # For `hearing`: since when a chat is on, and when what is stored was all there was.
        self._on_since: float | None = None
        self._stored_to = 0.0

    def start(self) -> None:
        self._reading.start()
        self._writing.start()

    def join(self, ends: float) -> bool:
        for thread in (self._reading, self._writing):
            thread.join(max(0.0, ends - time.monotonic()))
        return not self._reading.is_alive() and not self._writing.is_alive()

    def has_ended(self) -> bool:
        threads = (self._reading, self._writing)
        return any(thread.ident is not None and not thread.is_alive() for thread in threads)

    def hearing(self) -> Hearing:
        on_since = self._on_since
        lag = None if on_since is None else max(0.0, time.monotonic() - max(on_since, self._stored_to))
        return Hearing(_MODES[self.rhythm()], lag)

    def rhythm(self) -> Rhythm:
        now = time.monotonic()
        if now < self._alive_until or (self._is_waiting and self._alive_until):
            return "told"
        return "asked" if now < self._asks_until else "swept"

    # -- reading ---------------------------------------------------------------------------------------------
    def _guarded(self, work: Callable[[], None]) -> None:
        """Go on whatever happens; each trouble is told once."""
        while not self._stopping.is_set():
            try:
                work()
                self._tell("reading", "")
            except StaffroomError as error:
                self._tell("reading", str(error), error)
                self._stopping.wait(self._pace.look)
            except Exception:
                log.exception("listening failed; it goes on", account=self._account)
                self._stopping.wait(self._pace.look)

    def _read(self) -> None:
        """Do what is to be done next: follow the stream, ask, or wait."""
        now = time.monotonic()
        on, evening = self._on()
        if on and now >= self._connect_at:
            self._follow()
        elif now >= self._ask_at:
            self._ask(on=on, evening=evening)
        else:
            next_at = min(self._ask_at, self._connect_at) if on else self._ask_at
            self._stopping.wait(min(self._pace.look, max(0.01, next_at - now)))

    def _on(self) -> tuple[bool, bool]:
        """Whether a chat of ours is on, and whether one of them is an evening's."""
        now = self._house.clock.now()
        if self._chats is None or time.monotonic() - self._chats[0] >= self._pace.known:
            ours = [stored for stored in self._house.store.chats() if self._account in stored.series.accounts]
            coming = (stored for stored in ours if stored.chat.ends_at + stored.series.grace > now)
            near = [stored for stored in coming if not stored.cancelled]
            self._chats = (time.monotonic(), near)
        on = [is_long(stored.chat) for stored in self._chats[1] if listening(stored.series, stored.chat, now)]
        self._on_since = (self._on_since or time.monotonic()) if on else None
        return bool(on), not all(on)

    def _follow(self) -> None:
        """Read the stream until it ends, and decide when to connect again."""
        if not self._failures:  # while the first try is under way, nothing has to be read instead
            self._alive_until = time.monotonic() + self._pace.silence
        try:
            network = self._house.network(self._account)
            since, missed = self._since()
            self._lived = False
            self._pass_on(network.stream(since, self._wanted, self._ended), missed=missed)
        except Refused:
            self._connect_at = time.monotonic() + self._pace.refused
            self._ask_at = 0.0
        except Busy as error:
            self._connect_at = time.monotonic() + error.retry_after
        except (NetworkError, UserError) as error:
            self._broke(named(self._account, str(error)), error)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the stream is connected again
            log.error("a stream failed; it is connected again", account=self._account, kind=type(error).__name__)  # noqa: TRY400 - a traceback could repeat what was said
            self._broke("")
        else:
            self._connect_at = 0.0 if self._ended() else time.monotonic() + self._pace.look
        finally:
            self._alive_until = 0.0

    def _since(self) -> tuple[str, bool]:
        """From where to read the stream, and whether something before that may have been missed."""
        cursor, last = self._cursor(STREAM), self._cursor(_LAST)
        away = self._house.clock.now() - datetime.fromisoformat(last) if last else None
        if away is None or away > REPLAYED:
            return "", True
        return cursor, not cursor or away > GAP

    def _pass_on(self, stream: Iterator[Heard], *, missed: bool) -> None:
        """Put all that a stream tells into the queue."""
        for heard in stream:
            if self._lived and self._failures:  # it goes on after its first sign of life
                self._failures = 0
                self._tell("stream", "")
            told = heard if self._lived or not missed else msgspec.structs.replace(heard, missed=True)
            self._lived = True
            self._alive_until = time.monotonic() + self._pace.silence
            self._put(Told(told, STREAM, time.monotonic()))
            self._cursors[_LAST] = self._house.clock.now().isoformat()
            self._alive_until = time.monotonic() + self._pace.silence
            if self._stopping.is_set():
                return

    def _broke(self, trouble: str, error: Exception | None = None) -> None:
        self._failures += 1
        wait = backoff(self._failures, self._chances).total_seconds()
        self._connect_at = time.monotonic() + min(wait, self._pace.longest)
        if self._lived:  # it may be back before there is anything to ask for
            every = self._pace.asking or ASKING.total_seconds()
            self._ask_at = max(self._ask_at, time.monotonic() + every)
        if trouble:
            self._tell("stream", trouble, error)

    def _ask(self, *, on: bool, evening: bool) -> None:
        """Ask what came in, where no stream tells."""
        house, now = self._house, self._house.clock.now()
        every = self._pace.asking or asking_interval(on=on, evening=evening).total_seconds()
        self._ask_at = time.monotonic() + every
        try:
            network = house.network(self._account)
            since = (self._asked or now - timedelta(hours=1)) - OVERLAP
            asking = house.ear(self._account).asking(now)
            heard = ask(network, self._cursor(ASKED), self._wanted(), asking, since)
        except Busy as error:
            self._ask_at = time.monotonic() + max(every, error.retry_after)
            return
        except (NetworkError, UserError) as error:
            self._tell("asking", named(self._account, str(error)), error)
            return
        self._tell("asking", "")
        self._asked = now
        self._asks_until = time.monotonic() + 2 * every + self._pace.silence if on else 0.0
        self._put(Told(heard, ASKED, time.monotonic()))

    def _cursor(self, stream: str) -> str:
        """How far was read, stored or still on its way there."""
        if stream not in self._cursors:
            self._cursors[stream] = self._house.store.cursor(self._account, stream)
        return self._cursors[stream]

    def _wanted(self) -> Wanted:
        """What we want to hear of; what it was last where the store cannot say."""
        now = time.monotonic()
        if self._known is None or now - self._known[0] >= self._pace.known:
            try:
                self._known = (now, self._house.ear(self._account).wanted(self._house.clock.now()))
            except StoreError:
                if self._known is None:
                    raise
        return self._known[1]

    def _ended(self) -> bool:
        """Whether the stream is to end."""
        if self._stopping.is_set():
            return True
        try:
            return not self._on()[0]
        except StoreError:
            return False

    def _put(self, item: Told) -> None:
        """Put into the queue, and wait while it is full."""
        self._cursors[item.stream] = item.heard.cursor
        self._is_waiting = True
        while True:
            try:
                self._queue.put(item, timeout=0.2)
            except queue.Full:
                if not self._stopping.is_set():
                    continue
            break
        self._is_waiting = False

    # -- writing ---------------------------------------------------------------------------------------------
    def _write(self) -> None:
        """Store what comes, until the reader has ended and the queue is empty."""
        kept: list[Told] = []
        tries = 0
        last = False
        while not last:
            last = not (kept or self._reading.is_alive()) and self._queue.empty()
            kept = kept or self._next()
            try:
                self._store(kept)
            except Exception as error:  # noqa: BLE001 - nothing of the batch counts as heard: it is kept, and tried again
                tries += 1
                why = str(error) if isinstance(error, StaffroomError) else type(error).__name__
                self._tell("writing", f"{self._account}: what was heard could not be stored ({why}); it is kept", error)
                if self._stopping.wait(min(10.0, 0.2 * 2**tries)):
                    return  # the cursor stands before it: it is heard again
                last = False
                continue
            kept, tries = [], 0
            self._tell("writing", "")

    def _next(self) -> list[Told]:
        """The next batch: what waits in the queue, put together as far as it moves the same cursor."""
        try:
            items = [self._queue.get(timeout=0.5)]
        except queue.Empty:
            return []
        posts = len(items[0].heard.posts)
        while posts < self._pace.batch:
            try:
                items.append(self._queue.get_nowait())
            except queue.Empty:
                break
            posts += len(items[-1].heard.posts)
        return merged(items)

    def _store(self, items: list[Told]) -> None:
        """Store tellings in order; each that is stored leaves the list. Then place what came, if it is time to."""
        house = self._house
        while items:
            heard, stream = items[0].heard, items[0].stream
            if says_something(heard) or heard.cursor != house.store.cursor(self._account, stream):
                found = house.ear(self._account).take(heard, house.clock.now(), stream)
                self._new += found.new
                self._tell("posts", next((named(self._account, why) for why in found.troubles.values()), ""))
            if stream == STREAM:
                self._mark()
            self._stored_to = items.pop(0).at
        over = self._stopping.is_set() and self._queue.empty()
        if self._account in house.ears:
            house.ear(self._account).place(house.clock.now(), whole=over)
        if self._new and (over or time.monotonic() - self._told_at >= self._pace.tell):
            line = f"{self._account}: {self._new} new answers heard"
            self._told(Event("answers heard", line, account=self._account, new=self._new))
            self._new, self._told_at = 0, time.monotonic()

    def _mark(self) -> None:
        """Note now and then when the stream was read, for a process that goes on from its cursor."""
        if not self._marked or time.monotonic() - self._marked >= MARK:
            self._house.store.save_cursor(self._account, _LAST, self._house.clock.now().isoformat())
            self._marked = time.monotonic()

    def _tell(self, subject: str, trouble: str, error: Exception | None = None) -> None:
        """Say a trouble once, however often it is met; an empty one ends it. ``error``: what it was."""
        if trouble and trouble != self._troubles.get(subject):
            parts = {"kind": type(error).__name__} if error is not None else {}
            self._told(Event(_TROUBLES[subject], trouble, level="warning", account=self._account, **parts))
        self._troubles[subject] = trouble


__all__ = ["PACE", "Listening", "Pace"]
