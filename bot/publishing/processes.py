"""Another program, run without a shell, for a bounded time; of what it says only the end is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from typing import TYPE_CHECKING

from bot.errors import PlaceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LINES = 5
"""How many of its last lines are told where a program fails."""

_TAIL = 4096  # bytes
_LINE = 200  # characters
_lock = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()


def harmless() -> dict[str, str]:
    """Our environment without our own secrets, for a program that needs none of them."""
    return {name: value for name, value in os.environ.items() if not name.startswith("STAFFROOM_")}


def end_all() -> None:
    """End every program that is under way: this process is about to leave, and nobody else would."""
    with _lock:
        for process in _running:
            _end(process)


def run(
    words: Sequence[str],
    *,
    seconds: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    data: bytes = b"",
) -> bytes:
    """Run a program to its end; gives what it wrote to its standard output.

    Args:
        words: the program and its arguments, as they are.
        seconds: after that it is ended, with all that it started.
        env: its whole environment; ``harmless`` where none is given.
        cwd: where it runs.
        data: what it reads from its standard input.

    Raises:
        PlaceError: it is not there, takes too long, or fails; with its last lines.
    """
    name = os.path.basename(words[0])  # noqa: PTH119 - a word as it was typed, not a path of ours
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        given.write(data)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the words are the operator's own, or ours
                list(words),
                stdin=given,
                stdout=said,
                stderr=complained,
                env=harmless() if env is None else env,
                cwd=cwd,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it cannot be run"
            raise PlaceError(f"{name} cannot be started: {why}. Is it installed, and in the bot's PATH?") from None
        with _lock:
            _running.add(process)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise PlaceError(f"{name} did not end within {seconds:.0f} seconds, and was stopped") from None
        finally:
            with _lock:
                _running.discard(process)
            _end(process)
        if code != 0:
            lines = _last(complained.fileno()) or _last(said.fileno())
            told = ": " + " / ".join(lines) if lines else ""
            raise PlaceError(f"{name} failed ({code}){told}")
        said.seek(0)
        return said.read()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started: the whole session, which is its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _last(handle: int) -> list[str]:
    """The last lines of an output."""
    size = os.fstat(handle).st_size
    os.lseek(handle, max(0, size - _TAIL), os.SEEK_SET)
    text = os.read(handle, _TAIL).decode("utf-8", "replace")
    lines = ["".join(filter(str.isprintable, line)).strip()[:_LINE] for line in text.splitlines()]
    return [line for line in lines if line][-LINES:]
