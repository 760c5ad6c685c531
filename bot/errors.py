"""The tree of errors. Each docstring says what it means; ``str(error)`` is the line a person reads.

StaffroomError
├── UserError             a mistake that the reader of the message can mend; exit status 2
│   ├── ConfigError       one or many ``Problem`` in YAML or the environment
│   ├── LoginError        an account's login is missing, expired or lacks a scope
│   └── RefusedToStart    a rule of the house forbids going on (no bot flag, a real database …)
├── NetworkError          a network did not do what was asked
│   ├── Unanswered        no usable answer: it may or may not have taken effect
│   ├── Busy              asked to wait; ``retry_after`` in seconds
│   ├── Unavailable       certainly not done; worth trying again later
│   ├── Refused           certainly not done, and trying the same again is no use
│   └── Unauthorized      the login is not accepted (any more)
├── PlaceError            a place could not be brought up to what the site's folder holds
├── SearchError           what search needs could not be made; pages do not wait for it
└── StoreError            the database cannot be used as it is
    └── LeaseLost         another process took over; stop touching that delivery
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class StaffroomError(Exception):
    """Anything Staffroom raises on purpose."""


class UserError(StaffroomError):
    """A mistake that whoever reads the message can mend. The CLI prints it as one line and exits with 2."""


class Problem:
    """One thing wrong in a file, with its place and the mend.

    Args:
        file: the file's path as the user would type it, or the name of an environment variable.
        line: counted from 1; 0 where there is no line.
        column: counted from 1; 0 where there is no column.
        message: what is wrong, in a teacher's words.
        mend: the corrected line to write instead, or what to do; empty where the message says it all.
    """

    __slots__ = ("column", "file", "line", "mend", "message")

    def __init__(self, file: str, line: int, column: int, message: str, mend: str = "") -> None:
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        tail = f"\n    write: {self.mend}" if self.mend else ""
        return f"{place}: {self.message}{tail}"


class ConfigError(UserError):
    """Something is wrong in the YAML files or the environment; every problem is listed at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class LoginError(UserError):
    """An account cannot be used: no login, an expired one, or one that lacks a scope."""


class RefusedToStart(UserError):
    """A rule of the house forbids going on; the message says which and what to do."""


class NetworkError(StaffroomError):
    """A network did not do what was asked of it."""


class Unanswered(NetworkError):
    """No usable answer came (timeout, reset, 5xx, half an answer): it may or may not have taken effect."""


class Busy(NetworkError):
    """The network asked us to wait (429 or Retry-After). Nothing was done.

    Args:
        message: what was asked and of whom.
        retry_after: seconds to wait; at least 1.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = max(1.0, retry_after)


class Unavailable(NetworkError):
    """It certainly did not take effect (no connection, 503 before any work); trying again later is right."""


class Refused(NetworkError):
    """It certainly did not take effect, and asking the same again is no use (4xx other than 401 and 429)."""


class Unauthorized(NetworkError):
    """The login is not accepted (any more); the operator has to run ``staffroom login``."""


class PlaceError(StaffroomError):
    """A place where the archive stands too could not be brought up to date; tried again later, from where it was."""


class SearchError(StaffroomError):
    """An index for search could not be made; the message says why and what to do."""


class StoreError(StaffroomError):
    """The database cannot be used as it is: wrong version, read-only, full or locked."""


class LeaseLost(StoreError):
    """Another process took over a delivery because our lease on it ran out; nothing more may be sent for it."""
