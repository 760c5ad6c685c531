"""Lives of a bot: processes forked from a nursery, each of which ends by itself or by SIGKILL."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

PATIENCE = 300.0
"""Seconds after which a process hangs: many times what it needs on a busy machine."""


class Nursery:
    """The process from which lives are forked: what they have in common is paid for once. Use as a context manager.

    Args:
        databases: empty ones to warm up with, beside SQLite, see warm.py.
        command: what to run instead.
    """

    def __init__(self, databases: Sequence[str] = (), *, command: Sequence[str] = ()) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "STAFFROOM_DATABASE"}
        paths = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            command or (sys.executable, "-m", "chaos.child", *databases),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            start_new_session=True,  # Ctrl-C in the terminal is for whoever started us, and `kill` is for all of it
        )
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, orders: dict[str, Any]) -> None:
        """Let a life begin."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(orders).encode() + b"\n")

    def line(self, seconds: float) -> dict[str, Any] | None:
        """The next line that it says, waited for so long; None where it says nothing.

        Two lines may come at once, from a life that ended as soon as it began: what was read and not asked for yet
        has to count as said, so this keeps the bytes itself.
        """
        assert self.process.stdout
        until = time.monotonic() + seconds
        while b"\n" not in self._unread:
            if not select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                return None
            came = os.read(self.process.stdout.fileno(), 1 << 16)
            assert came, "the nursery ended"
            self._unread += came
        line, _, self._unread = self._unread.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        return said

    def strike(self) -> None:
        """End it at once, with the life that it has, and do not wait for that.

        So a signal's handler may do it: what it interrupts may be waiting already, and no thread can wait twice.
        """
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End it at once, and wait until it has."""
        self.strike()
        self.process.wait()

    def close(self) -> None:
        """Let it end; a life that is still there ends as well."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


class Life:
    """One run of the bot, from fork to end. `orders` are the child's, see child.py."""

    def __init__(self, nursery: Nursery, folder: Path, now: datetime, **orders: Any) -> None:
        self._nursery = nursery
        nursery.ask({"folder": str(folder), "now": now.isoformat(), **orders})
        born = nursery.line(PATIENCE)
        assert born, "the nursery says nothing"
        self.pid: int = born["pid"]
        self.report: dict[str, Any] | None = None

    def ended(self, seconds: float) -> bool:
        """Whether it ended, by itself or killed, within so many seconds."""
        if self.report is None:
            self.report = self._nursery.line(seconds)
        return self.report is not None

    def kill(self) -> bool:
        """SIGKILL; false where it had ended already."""
        if self.ended(0):
            return False
        os.kill(self.pid, signal.SIGKILL)  # not reaped before we read the nursery's line: the number is still its own
        assert self.ended(PATIENCE)
        return self.killed

    @property
    def killed(self) -> bool:
        """Whether it ended by SIGKILL; it has to have ended."""
        assert self.report is not None
        return os.WIFSIGNALED(self.report["ended"]) and os.WTERMSIG(self.report["ended"]) == signal.SIGKILL

    def wait(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait until it ends, killed or not; gives its report."""
        if not self.ended(seconds):
            self.kill()  # so that the nursery is there for the next
            raise AssertionError("a life hangs")
        assert self.report is not None
        return self.report

    def finish(self) -> dict[str, Any]:
        """Let it end by itself; gives its report."""
        report = self.wait()
        assert report["ended"] == 0, "a life ended with an error; see above"
        assert "locked" not in report, "the lock of a killed process was not free at once"
        return report
