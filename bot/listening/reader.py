"""The thread that hears: it follows the stream of an account while a chat is on, and asks where there is none."""

from __future__ import annotations

import queue
import random
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import structlog

from bot.domain.outbox import backoff
from bot.domain.sweeps import ASKING, asking_interval, is_long, listening
from bot.errors import Busy, NetworkError, Refused, StaffroomError, StoreError, UserError
from bot.listening.writer import LAST
from bot.services.listen import ASKED, STREAM, ask
from bot.services.tellings import Told
from bot.tick import named

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from bot.domain.records import StoredChat
    from bot.domain.sweeps import Rhythm
    from bot.listening.pace import Pace
    from bot.listening.troubles import Troubles
    from bot.ports import Heard, Wanted
    from bot.tick import House

log = structlog.get_logger()

OVERLAP = timedelta(minutes=2)
"""How far before the last asking hashtags are searched, because searching is slow to know what is new."""

GAP = timedelta(seconds=25)
"""For how long a stream may be away before everything is read once more when it is back, whatever it replays."""

REPLAYED = timedelta(minutes=15)
"""How old a cursor may be: a network that replays all that was said since would be busy with it for long."""


class Reader:
    """Hears one account.

    Args:
        house: all that is needed.
        account: our account key.
        troubles: what is wrong, told once.
        pace: how fast.
        stopping: set once everything is to end.
        waiting: takes what is heard; while it is full, the network waits.

    Attributes:
        on_since: since when a chat is on, monotonic seconds; ``None`` while none is.
    """

    def __init__(  # noqa: PLR0917 - what the thread shares with others
        self,
        house: House,
        account: str,
        troubles: Troubles,
        pace: Pace,
        stopping: threading.Event,
        waiting: queue.Queue[Told],
    ) -> None:
        self._house = house
        self._account = account
        self._troubles = troubles
        self._pace = pace
        self._stopping = stopping
        self._queue = waiting
        self._cursors: dict[str, str] = {}
        self._known: tuple[float, Wanted] | None = None
        self._chats: tuple[float, list[StoredChat]] | None = None
        self._chances = random.Random(account)  # noqa: S311 - spreads waits, guards nothing
        self._connect_at = self._ask_at = 0.0
        self._asked: datetime | None = None
        self._failures = 0
        self._lived = False
        # For `rhythm`, which other threads ask: until when the stream counts as alive, and asking as working.
        self._alive_until = self._asks_until = 0.0
        self._is_waiting = False
        self.on_since: float | None = None

    def rhythm(self) -> Rhythm:
        """How we know at this moment what is said."""
        now = time.monotonic()
        if now < self._alive_until or (self._is_waiting and self._alive_until):
            return "told"
        return "asked" if now < self._asks_until else "swept"

    def run(self) -> None:
        """Go on whatever happens; each trouble is told once."""
        while not self._stopping.is_set():
            try:
                self._read()
                self._troubles.tell("reading", "")
            except StaffroomError as error:
                self._troubles.tell("reading", str(error), error)
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
        self.on_since = (self.on_since or time.monotonic()) if on else None
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
        cursor, last = self._cursor(STREAM), self._cursor(LAST)
        away = self._house.clock.now() - datetime.fromisoformat(last) if last else None
        if away is None or away > REPLAYED:
            return "", True
        return cursor, not cursor or away > GAP

    def _pass_on(self, stream: Iterator[Heard], *, missed: bool) -> None:
        """Put all that a stream tells into the queue."""
        for heard in stream:
            if self._lived and self._failures:  # it goes on after its first sign of life
                self._failures = 0
                self._troubles.tell("stream", "")
            told = heard if self._lived or not missed else msgspec.structs.replace(heard, missed=True)
            self._lived = True
            self._alive_until = time.monotonic() + self._pace.silence
            self._put(Told(told, STREAM, time.monotonic()))
            self._cursors[LAST] = self._house.clock.now().isoformat()
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
            self._troubles.tell("stream", trouble, error)

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
            self._troubles.tell("asking", named(self._account, str(error)), error)
            return
        self._troubles.tell("asking", "")
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
