"""Sends what nobody caught, and Python's own warnings, through the gate that all logs go through.

The gate is imported when something has to pass it, so that a quick command stays quick.
"""

from __future__ import annotations

import sys
import threading
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


def guard() -> None:
    """Let no value of a variable and nobody's words out with a traceback or a warning of this process."""
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable
    warnings.showwarning = _warning


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _tell(error)


def _uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None and not isinstance(given.exc_value, SystemExit):
        _tell(given.exc_value, given.thread.name if given.thread else "a thread")


def _unraisable(given: sys.UnraisableHookArgs) -> None:
    if given.exc_value is not None:
        _tell(given.exc_value)


def _tell(error: BaseException, thread: str = "") -> None:
    try:
        from bot.bootstrap.logs import tell_crash

        tell_crash(error, thread)
    except Exception:  # noqa: BLE001 - without the gate nothing but the kind of error may be said
        print(f"{type(error).__name__}: a bug stopped this; please report it", file=sys.stderr)  # noqa: T201 - nothing else works


def _warning(  # noqa: PLR0917 - as Python calls it
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,  # noqa: ARG001 - Python gives it
    line: str | None = None,  # noqa: ARG001 - Python gives it
) -> None:
    from bot.bootstrap.logs import tell_warning

    tell_warning(category, message, filename, lineno)
