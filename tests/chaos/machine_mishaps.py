"""Time, and what waits to go wrong in it: lost answers, requests that arrive late, a death, being overtaken."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NoReturn

from bot.clock import SteppedClock
from bot.domain.posts import NetworkName
from bot.errors import Unavailable

NETWORKS: tuple[NetworkName, ...] = ("bluesky", "mastodon")
MOST = 3
"""So many faults wait on a network at most, the latest ones."""


class Killed(BaseException):
    """Stands for SIGKILL: nothing of this process runs any more."""


def die(_where: str) -> NoReturn:
    raise Killed


class Mishaps:
    """Faults by network, and at most one bomb, which goes off at a point of the bot's work.

    Attributes:
        clock: stands still but for ``pass_time``.
        until: time does not pass beyond.
    """

    def __init__(self, start: datetime, until: datetime) -> None:
        self.clock = SteppedClock(start)
        self.until = until
        self._faults: dict[NetworkName, list[str]] = {name: [] for name in NETWORKS}
        self._bomb: tuple[int, Callable[[str], None]] | None = None
        self._on_their_way: list[tuple[datetime, Callable[[], object]]] = []

    def add(self, name: NetworkName, fault: str) -> None:
        """A request on a network will go wrong: the next one, or one of those after it."""
        self._faults[name] = [*self._faults[name], fault][-MOST:]

    def take(self, name: NetworkName) -> str:
        """What goes wrong with this request; empty where nothing does."""
        waiting = self._faults[name]
        return waiting.pop(0) if waiting else ""

    def end(self) -> None:
        """Nothing goes wrong any more, but what is on its way still arrives."""
        self._bomb = None
        self._faults = {name: [] for name in NETWORKS}

    def arm(self, after: int, act: Callable[[str], None]) -> None:
        """Let something happen at the next point, or so many points after it."""
        self._bomb = (after, act)

    def disarm(self) -> None:
        self._bomb = None

    def point(self, where: str) -> None:
        """Something is about to happen, or has happened: the place where a bot may die, or be overtaken."""
        if self._bomb is None:
            return
        left, act = self._bomb
        if left:
            self._bomb = (left - 1, act)
        elif where != "in a transaction" or act is die:  # nobody else can write while somebody is in one
            self._bomb = None
            act(where)

    def arrives_later(self, seconds: float, act: Callable[[], object]) -> None:
        """A request that nobody waits for any more still takes effect."""
        self._on_their_way.append((self.clock.now() + timedelta(seconds=seconds), act))

    def pass_time(self, seconds: float) -> None:
        """Time passes, and what was on its way takes effect, unless the network cannot be reached then."""
        self.clock.move_to(min(self.until, self.clock.now() + timedelta(seconds=seconds)))
        now = self.clock.now()
        arrived = [act for at, act in self._on_their_way if at <= now]
        self._on_their_way = [one for one in self._on_their_way if one[0] > now]
        for act in arrived:
            with suppress(Unavailable):
                act()
