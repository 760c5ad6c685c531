"""Listening, live: a stream for each account while a chat is on, and asking where there is none.

Two threads for each account. The reader takes what the network tells and puts it into a queue; the writer stores it, in
batches, with how far it was read. The queue is bounded: while the database is slow the reader waits, and the network
with it. Nothing is lost on the way, because the stored cursor only moves with the rows.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

from bot.domain.vitals import Hearing
from bot.listening.pace import PACE, Pace
from bot.listening.reader import Reader
from bot.listening.troubles import Troubles
from bot.listening.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.sweeps import Rhythm
    from bot.domain.vitals import Mode
    from bot.services.tellings import Told
    from bot.tick import House

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
        waiting: queue.Queue[Told] = queue.Queue(pace.waiting)
        troubles = Troubles(account, told)
        self.reader = Reader(house, account, troubles, pace, stopping, waiting)
        self._reading = threading.Thread(target=self.reader.run, name=f"hear:{account}", daemon=True)
        self.writer = Writer(house, account, told, troubles, pace, stopping, waiting, self._reading.is_alive)
        self._writing = threading.Thread(target=self.writer.run, name=f"store:{account}", daemon=True)

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

    def rhythm(self) -> Rhythm:
        return self.reader.rhythm()

    def hearing(self) -> Hearing:
        on_since = self.reader.on_since
        lag = None if on_since is None else max(0.0, time.monotonic() - max(on_since, self.writer.stored_to))
        return Hearing(_MODES[self.rhythm()], lag)


__all__ = ["PACE", "Listening", "Pace"]
