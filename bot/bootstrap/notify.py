"""Telling systemd how the bot does, so that it restarts one that hangs.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.vitals import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.ports import Clock

UNWATCHED = timedelta(minutes=1)
"""How often the status is told where systemd wants no sign of life."""

_SECONDS = 1.0  # how long telling may take: it must never hold up the bot


def notify(*lines: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send assignments such as ``READY=1`` to systemd; false where it does not listen."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):  # none, or one of a kind that only virtual machines have
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(_SECONDS)
            line.connect("\0" + address[1:] if address.startswith("@") else address)
            line.sendall("\n".join(lines).encode())
    except OSError:
        return False
    return True


def watchdog(environ: Mapping[str, str] = os.environ) -> timedelta | None:
    """How often systemd wants a sign of life from this process; ``None`` for never."""
    micros, process = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not micros.isdecimal() or not int(micros) or process not in ("", str(os.getpid())):
        return None
    return timedelta(microseconds=int(micros))


class Notifier:
    """Tells systemd that the loop works, as a duty of that loop: one whose bell does not ring tells nothing.

    Args:
        clock: tells the time.
        accounts: how many accounts it runs.
        environ: where systemd says how it wants to be told.

    Attributes:
        pulse: gives the loop's signs of life; set before the loop runs.
    """

    def __init__(self, clock: Clock, accounts: int, environ: Mapping[str, str] = os.environ) -> None:
        self.pulse: Callable[[], Pulse] = _nothing
        self._clock = clock
        self._accounts = accounts
        self._environ = environ
        self._every = (watchdog(environ) or 2 * UNWATCHED) / 2
        self._told: tuple[str, ...] = ()
        self._ends = False
        self._turn = threading.RLock()  # a second signal may come while the first is told

    def duty(self) -> datetime:
        """Tell that it is ready (the first time), that it works if it does, and what it is at; gives when again."""
        stuck = self.pulse().stuck
        status = f"STATUS=Stuck: {'; '.join(stuck)}" if stuck else f"STATUS=Running {self._accounts} accounts."
        lines = ("READY=1", status) if not self._told else () if self._told == (status,) else (status,)
        if not stuck:
            lines = (*lines, "WATCHDOG=1")
        with self._turn:
            if lines and not self._ends:
                notify(*lines, environ=self._environ)
        self._told = (status,)
        return self._clock.now() + self._every

    @property
    def duties(self) -> dict[str, Callable[[], datetime]]:
        """What the loop has to do for it; nothing where nobody listens."""
        return {"systemd": self.duty} if self._environ.get("NOTIFY_SOCKET") else {}

    def stopping(self) -> None:
        """Tell that it ends on purpose; what is under way says nothing after that."""
        with self._turn:
            self._ends = True
            notify("STOPPING=1", "STATUS=Stopping.", environ=self._environ)


def _nothing() -> Pulse:
    return Pulse(lock_age=None, stuck=("the loop was not made yet",), hearing={})
