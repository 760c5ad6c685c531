"""How one account fares, noted by its requests as they end: does it answer, is its login accepted, what may it ask?

Nothing here asks anything, so it costs nothing to look, however often.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from bot.errors import NetworkError, Unanswered, Unauthorized, Unavailable
from bot.ports import Budget, Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Login = Literal["none", "given", "needed"]
"""What a request has to do with our login: nothing; it went along, but would have been answered without, too; it was
needed, so that a good answer proves that it is accepted."""

_WINDOWS = 8
"""How many different limits of one account are remembered; networks have two or three."""

_DIGITS = 15
"""No true number in a header is longer."""


class Asked:
    """One request under way. Set ``usable`` to false where its answer says nothing, though it looks like one."""

    usable = True


class Faring:
    """Remembers how requests ended. Safe to use from several threads.

    Args:
        clock: gives aware UTC.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answered: dict[str, datetime] = {}
        self._silent: dict[str, datetime] = {}
        self._refused: dict[bool, datetime] = {}
        self._budgets: dict[tuple[str, int], Budget] = {}

    @contextmanager
    def asking(self, where: str, *, login: Login = "none", writes: bool = False) -> Iterator[Asked]:
        """Note how what is done inside ends: by its error, as ``ports.Network`` names them.

        ``Unanswered`` and ``Unavailable`` mean that no usable answer came; every other end is an answer.

        Args:
            where: which server is asked; each is remembered by itself.
            login: what our login has to do with it.
            writes: it writes. A network may still let a suspended account read: only writing proves that it may write.
        """
        began = self._clock()
        asked = Asked()
        try:
            yield asked
        except (Unanswered, Unavailable):
            self._unheard(where, began)
            raise
        except Unauthorized:
            self._heard(where)
            if login != "none":
                with self._lock:
                    self._refused.setdefault(writes, self._clock())
            raise
        except NetworkError:
            self._heard(where)
            raise
        if not asked.usable:
            self._unheard(where, began)
            return
        self._heard(where)
        if login == "needed" and self._refused:
            with self._lock:
                for kind in (False, True) if writes else (False,):
                    self._refused.pop(kind, None)

    def allows(self, verb: str, limit: str | None, left: str | None, resets: str | None) -> None:
        """Note what an answer's headers say of how much may still be asked; what cannot be understood is left out.

        Args:
            verb: the request's method: reading and writing have limits of their own, even where they are alike.
            limit: how many requests in one window of time.
            left: how many of these are left.
            resets: when the next window begins: seconds since 1970, or ISO 8601.
        """
        most, rest, until = _number(limit), _number(left), _moment(resets)
        if most is None or rest is None or until is None or not 0 <= rest <= most or most == 0:
            return
        with self._lock:
            if (verb, most) not in self._budgets and len(self._budgets) >= _WINDOWS:
                self._budgets.pop(min(self._budgets, key=lambda one: self._budgets[one].resets_at))
            self._budgets[verb, most] = Budget(most, rest, until)

    def condition(self, login_ends: datetime | None = None) -> Condition:
        """All of it, now. Of several servers the longest silence counts, of several limits the one nearest its end.

        Args:
            login_ends: when the login ends, UTC, where that is known.
        """
        now = self._clock()
        with self._lock:
            silent, refused = min(self._silent.values(), default=None), min(self._refused.values(), default=None)
            budgets = list(self._budgets.values())
        running = [one for one in budgets if one.resets_at > now] or sorted(budgets, key=_ends)[-1:]
        budget = min(running, key=lambda one: one.left / one.limit, default=None)
        return Condition(silent_since=silent, refused_since=refused, budget=budget, login_ends=login_ends)

    def _heard(self, where: str) -> None:
        with self._lock:
            self._answered[where] = self._clock()
            self._silent.pop(where, None)

    def _unheard(self, where: str, began: datetime) -> None:
        """It is silent since this request began, or since the last answer to another one that went on beside it."""
        with self._lock:
            self._silent.setdefault(where, max(began, self._answered.get(where, began)))


def _ends(budget: Budget) -> datetime:
    return budget.resets_at


def _number(text: str | None) -> int | None:
    plain = (text or "").strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) <= _DIGITS else None


def _moment(text: str | None) -> datetime | None:
    seconds = _number(text)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        found = datetime.fromisoformat((text or "").strip())
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
