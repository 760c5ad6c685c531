"""The store itself cannot be used: no prompt goes out, and nothing can be written down about it. It is told anyway.

That it was told is marked beside the store, by ``ports.alerts.Marker``; where not even that can be written, nobody is
told but by the log, for else each process of a minute's cron would tell it again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.alertwords import unusable, usable_again
from bot.errors import LeaseLost, StoreError
from bot.services.alerts import Told

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.ports import Store
    from bot.ports.alerts import Marker
    from bot.services.alerts import Alerter
    from bot.services.messenger import Messenger

AGAIN = timedelta(days=1)

STALE = timedelta(minutes=3)
"""How long ``run`` may not have noted that it works (it does each minute) before the store counts as unwritable."""

LOOKS = 6
"""How many looks in a row have to find that: a computer that just woke up notes it within seconds."""


class Outage:
    """Tells that the store cannot be used, once a day, and once that it can again."""

    def __init__(self, messenger: Messenger, marker: Marker) -> None:
        self._messenger = messenger
        self._marker = marker

    def failed(self, reason: str, now: datetime) -> tuple[str, ...]:
        """The store failed; gives what went wrong in telling it, in words."""
        told = self._marker.noted()
        if (told is not None and abs(now - told) < AGAIN) or not self._marker.note(now):
            return ()
        return _troubles(self._messenger.at_once(unusable(reason), now))

    def over(self, now: datetime) -> tuple[str, ...]:
        """The store works; told where it was told that it does not."""
        if self._marker.noted() is None or not self._marker.clear():
            return ()
        return _troubles(self._messenger.at_once(usable_again(), now))


class Watch:
    """What ``run`` does about alerts every few seconds.

    Args:
        alerter: tells what the store knows of.
        outage: tells where the store cannot be used.
        store: the truth.
        told: says one line to whoever watches.
    """

    def __init__(self, alerter: Alerter, outage: Outage, store: Store, told: Callable[[str], None]) -> None:
        self._alerter = alerter
        self._outage = outage
        self._store = store
        self._told = told
        self._stale = 0
        self._said: frozenset[str] = frozenset()

    def look(self, now: datetime) -> None:
        """Look, and tell. What goes wrong in telling is said once, until it works or goes wrong otherwise."""
        try:
            done = self._alerter.work(now)
            beats = self._store.beats("run")
        except LeaseLost:
            raise
        except StoreError as error:
            self._say(Told(troubles=self._outage.failed(str(error), now)))
            return
        self._say(done)
        self._stale = self._stale + 1 if beats and now - beats[-1] > STALE else 0
        if self._stale >= LOOKS:
            since = f"{beats[-1]:%H:%M} UTC"
            self._say(Told(troubles=self._outage.failed(f"nothing could be written since {since}", now)))
        elif not self._stale:
            self._say(Told(troubles=self._outage.over(now)))

    def _say(self, done: Told) -> None:
        new = [trouble for trouble in done.troubles if trouble not in self._said]
        for trouble in new:
            self._told(trouble)
        if done.sent:
            self._said = frozenset()
        self._said |= frozenset(done.troubles)


def _troubles(tried: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"alerts: {why}" for _, why in tried if why))
