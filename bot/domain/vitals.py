"""How the bot itself does: what is late, what hangs, and whether that is bad enough to say so."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from bot.domain.errands import ErrandKind
from bot.domain.outbox import DeliveryState
from bot.domain.places import PlaceState

Mode = Literal["stream", "asking", "off"]
"""How an account is listened to: a live stream tells, we ask again and again, or neither (no chat is on, or neither
works)."""

BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600)
"""Seconds: how late deliveries were is counted up to each of these."""

LATE = timedelta(minutes=2)
"""How late a delivery may be before it is trouble: a failed request or two are made good within it."""

LOCK_AGE = 30.0
"""Seconds after which the right to post, renewed every ten, is lost."""

LOCK_STUCK = 60.0
"""Seconds for which renewing the lock may be under way: a busy database answers, or gives up, within fifteen."""

STUCK = 900.0
"""Seconds for which any other duty may be under way. Each request is bounded; a large evening is read in less."""

OVERDUE = 60.0
"""Seconds by which a duty may begin late: the bell rings at once, or five seconds after a clock was put back."""


class Pending(msgspec.Struct, frozen=True):
    """Things that are still to be done: how many, and since when the oldest waits (UTC)."""

    count: int
    since: datetime


class Lateness(msgspec.Struct, frozen=True):
    """How late deliveries went out: their number, the sum of seconds, and how many within each of ``BUCKETS``."""

    count: int = 0
    seconds: float = 0.0
    within: tuple[int, ...] = (0,) * len(BUCKETS)


class Outgoing(msgspec.Struct, frozen=True):
    """What one account has said and has to do.

    Attributes:
        states: deliveries by state; all states are there.
        due_since: when the open delivery was due that has been due for longest, UTC; ``None`` where none is due.
        lateness: of those that were sent.
        errands: what is pending beside the outbox, by kind.
    """

    states: dict[DeliveryState, int]
    due_since: datetime | None = None
    lateness: Lateness = Lateness()
    errands: dict[ErrandKind, Pending] = {}


class Gauges(msgspec.Struct, frozen=True):
    """Figures that the store knows.

    Attributes:
        accounts: by account key.
        held: how many answers wait for a person.
        posts: how many posts' words are kept.
        checked_since: since when all of these were looked up, UTC; ``None`` where nothing is kept.
        worked_at: when ``run`` or ``tick`` worked last, UTC; ``None`` if never.
        places: how each place fares where the archive stands, by name, as far as something is known of it.
    """

    accounts: dict[str, Outgoing]
    held: int
    posts: int
    checked_since: datetime | None
    worked_at: datetime | None
    places: dict[str, PlaceState] = {}


class Hearing(msgspec.Struct, frozen=True):
    """How an account is listened to, and how many seconds ago what is stored was all there was to hear.

    ``lag`` is ``None`` while there is nothing to hear because no chat is on.
    """

    mode: Mode
    lag: float | None = None


class Pulse(msgspec.Struct, frozen=True):
    """The loop's own signs of life.

    Attributes:
        lock_age: seconds since the right to post was renewed; ``None`` before the first time.
        stuck: what hangs, in words; empty while the loop works.
        hearing: by account key.
    """

    lock_age: float | None
    stuck: tuple[str, ...]
    hearing: dict[str, Hearing]


class Rounds:
    """Which duties are under way, and which are to begin when. All times are monotonic seconds; safe with threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[str, float] = {}
        self._begun: dict[str, float] = {}

    def due(self, name: str, at: float) -> None:
        """A duty is to begin then."""
        with self._lock:
            self._due[name] = at

    def begin(self, name: str, at: float) -> None:
        """It begins."""
        with self._lock:
            self._due.pop(name, None)
            self._begun[name] = at

    def end(self, name: str, at: float) -> None:
        """It has ended, well or not. If nobody says when it is due again, that is trouble, too."""
        with self._lock:
            self._begun.pop(name, None)
            self._due[name] = at

    def stuck(self, now: float) -> tuple[str, ...]:
        """What takes too long, or should have begun, in words."""
        with self._lock:
            begun, due = dict(self._begun), dict(self._due)
        hanging = [
            f"{name} has been under way for {now - since:.0f} seconds"
            for name, since in sorted(begun.items())
            if now - since > (LOCK_STUCK if name == "lock" else STUCK)
        ]
        waiting = [
            f"{name} should have begun {now - at:.0f} seconds ago"
            for name, at in sorted(due.items())
            if now - at > OVERDUE
        ]
        return (*hanging, *waiting)


def troubles(pulse: Pulse | None, gauges: Gauges | None, now: datetime) -> tuple[str, ...]:
    """Why the bot is not well, in words without names of people; empty where it is.

    Args:
        pulse: the loop's; ``None`` where there is no loop.
        gauges: the store's; ``None`` where it does not answer.
        now: UTC.
    """
    found: list[str] = []
    if pulse is not None:
        found += pulse.stuck
        if pulse.lock_age is None:
            found.append("the right to post was not renewed yet")
        elif pulse.lock_age > LOCK_AGE:
            found.append(f"the right to post was last renewed {pulse.lock_age:.0f} seconds ago")
    if gauges is None:
        return (*found, "the database does not answer")
    for account, outgoing in gauges.accounts.items():
        late = now - outgoing.due_since if outgoing.due_since else timedelta(0)
        if late > LATE:
            found.append(f"{account}: something is {late.total_seconds():.0f} seconds late")
    return tuple(found)
