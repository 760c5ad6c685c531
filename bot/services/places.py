"""Other places where the archive stands: each is brought up to the site's folder, for itself.

A place that is out of order holds up nothing: neither the bot nor another place. It is told once, tried again with
growing waits, and remembered in the store, so that ``status`` and alerts know of it.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import structlog

from bot.domain.places import HOME, SITE, PlaceState, failed, waits, well
from bot.errors import PlaceError, UserError

log = structlog.get_logger()

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from bot.domain.places import Print
    from bot.ports import Brought, Copied, Place, Store


class Kept(msgspec.Struct, frozen=True):
    """What came of bringing a place up to date.

    Attributes:
        put, removed: how many files.
        trouble: what went wrong, in words; told where it is news.
        left: there is more to do, at once.
        empty: there are no pages yet.
    """

    put: int = 0
    removed: int = 0
    trouble: str = ""
    left: bool = False
    empty: bool = False


class PlaceKeeper:
    """Brings one place up to date, again and again; remembers what it holds as long as it lives.

    Args:
        store: remembers how the place fares.
        place: which.
        site: the site's folder.
        hide: takes secrets out of what a place's program says.
        rng: spreads the waits after a failure.
    """

    def __init__(
        self,
        store: Store,
        place: Place,
        site: Copied,
        hide: Callable[[str], str] = str,
        rng: random.Random | None = None,
    ) -> None:
        self._store = store
        self._place = place
        self._site = site
        self._hide = hide
        self._rng = rng or random.SystemRandom()
        self._holds: Mapping[str, Print] | None = None

    @property
    def name(self) -> str:
        """The place's name."""
        return self._place.name

    def keep(self, now: datetime, seconds: float, *, at_once: bool = False) -> Kept:
        """Bring the place up to date, if anything changed and it is not to be left alone.

        Nothing is brought from a folder without a home page: there is no archive yet, or the disk with it is not there.

        Args:
            now: UTC.
            seconds: about how long it may take.
            at_once: do not wait, even after a failure.

        Raises:
            StoreError: it cannot be remembered.
        """
        known = self._store.places().get(self.name, PlaceState())
        if waits(known, now) and not at_once:
            return Kept()
        try:
            wanted = self._site.prints()
            if HOME not in wanted or wanted is self._holds:
                return Kept(empty=HOME not in wanted)
            done = self._place.bring(wanted, seconds)
        except PlaceError as error:
            why = self._hide(str(error))
        except OSError as error:  # the disk is full, or a folder closed to us
            why = error.strerror or type(error).__name__
        except Exception as error:
            log.exception("a place failed in a way nobody thought of", place=self.name)
            why = f"it failed in a way nobody thought of ({type(error).__name__})"
        else:
            return self._done(done, wanted, known, now)
        self._holds = None
        self._store.save_place(self.name, failed(known, why, now, self._rng))
        told = f"{self.name}: {why.rstrip('.')}. It is tried again."
        return Kept(trouble=told if at_once or known.error != why else "")

    def _done(self, done: Brought, wanted: Mapping[str, Print], known: PlaceState, now: datetime) -> Kept:
        if done.left:
            return Kept(done.put, done.removed, left=True)
        self._holds = wanted
        if known.failing_since or known.done_at is None or done.put or done.removed:
            self._store.save_place(self.name, well(now))
        return Kept(done.put, done.removed)


@contextmanager
def minding_site(store: Store, now: datetime) -> Iterator[None]:
    """Remember where the site's own folder cannot be written, and when it can again.

    Raises:
        UserError: what is done inside did.
    """
    known = store.places().get(SITE)
    try:
        yield
    except UserError as error:
        if known is None or known.failing_since is None or known.error != str(error):
            since = known.failing_since if known else None
            store.save_place(SITE, PlaceState(failing_since=since or now, attempts=1, error=str(error)))
        raise
    if known is not None:
        store.save_place(SITE, None)
