"""The thread that stores what was heard: in batches, each with how far it was read."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING

from bot.domain.events import Event
from bot.errors import StaffroomError
from bot.services.listen import STREAM
from bot.services.tellings import merged, says_something
from bot.tick import named

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from bot.listening.pace import Pace
    from bot.listening.troubles import Troubles
    from bot.services.tellings import Told
    from bot.tick import House

LAST = "stream at"
"""The cursor that says when the stream was read."""

MARK = 10.0
"""Seconds from one noting that the stream was read to the next."""


class Writer:
    """Stores what comes of one account.

    Args:
        house: all that is needed.
        account: our account key.
        told: says one line to whoever watches.
        troubles: what is wrong, told once.
        pace: how fast.
        stopping: set once everything is to end.
        waiting: what was heard.
        reading: whether more may come.

    Attributes:
        stored_to: when what is stored was all there was to hear; monotonic seconds, 0 before the first time.
    """

    def __init__(  # noqa: PLR0917 - what the thread shares with others
        self,
        house: House,
        account: str,
        told: Callable[[str], None],
        troubles: Troubles,
        pace: Pace,
        stopping: threading.Event,
        waiting: queue.Queue[Told],
        reading: Callable[[], bool],
    ) -> None:
        self._house = house
        self._account = account
        self._told = told
        self._troubles = troubles
        self._pace = pace
        self._stopping = stopping
        self._queue = waiting
        self._is_reading = reading
        self._new = 0
        self._told_at = 0.0
        self._marked = 0.0
        self.stored_to = 0.0

    def run(self) -> None:
        """Store what comes, until the reader has ended and the queue is empty."""
        kept: list[Told] = []
        tries = 0
        last = False
        while not last:
            last = not (kept or self._is_reading()) and self._queue.empty()
            kept = kept or self._next()
            try:
                self._store(kept)
            except Exception as error:  # noqa: BLE001 - nothing of the batch counts as heard: it is kept, and tried again
                tries += 1
                why = str(error) if isinstance(error, StaffroomError) else type(error).__name__
                self._troubles.tell(
                    "writing", f"{self._account}: what was heard could not be stored ({why}); it is kept", error
                )
                if self._stopping.wait(min(10.0, 0.2 * 2**tries)):
                    return  # the cursor stands before it: it is heard again
                last = False
                continue
            kept, tries = [], 0
            self._troubles.tell("writing", "")

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
                self._troubles.tell("posts", next((named(self._account, why) for why in found.troubles.values()), ""))
            if stream == STREAM:
                self._mark()
            self.stored_to = items.pop(0).at
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
            self._house.store.save_cursor(self._account, LAST, self._house.clock.now().isoformat())
            self._marked = time.monotonic()
