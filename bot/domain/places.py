"""Other places where the archive stands: what is to change there, in which order, and how such a place fares.

The site's folder is the first and true copy. A place is brought up to it: what stands there is asked of the place
itself, so there is no list that could be lost, be put back from a backup, or be wrong.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from bot.domain.outbox import backoff

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

SITE = "site"
"""The name of the site's own folder, among the places."""

HOME = "index.html"

MANY = 500
"""Files after which an upload takes so long that what is out of date must not wait for what is new."""

_FIRST_WAIT, _LONGEST_WAIT = 30.0, 900.0


class Print(msgspec.Struct, frozen=True):
    """What a file's bytes are known by: git's id of them (SHA-1, hex) and their MD5 (hex), as S3 names them."""

    blob: str
    md5: str


class Changes(msgspec.Struct, frozen=True):
    """What is to be done at a place: paths to remove, and then groups of paths to put, one group after the other."""

    gone: tuple[str, ...]
    put: tuple[tuple[str, ...], ...]

    @property
    def count(self) -> int:
        """How many files that are."""
        return len(self.gone) + sum(map(len, self.put))


class PlaceState(msgspec.Struct, frozen=True):
    """How a place fares, all times UTC.

    Attributes:
        done_at: when it was last brought up to date; ``None`` for never.
        failing_since: since when it could not be; ``None`` where all is well.
        attempts: how often that was tried since.
        retry_at: not to be tried again before.
        error: what went wrong last, in words.
    """

    done_at: datetime | None = None
    failing_since: datetime | None = None
    attempts: int = 0
    retry_at: datetime | None = None
    error: str = ""


def changes(there: Mapping[str, str], wanted: Mapping[str, str]) -> Changes:
    """What makes a place hold what is wanted and nothing else.

    What is gone goes first. Then data and assets, then pages: new ones before those that are there already and may
    lead to them, the home page last. Where much is to be done, what stands there out of date comes before all that
    is new: it may hold words that were taken back.

    Args:
        there: a mark for each path that stands there; empty where its bytes are not known.
        wanted: the same for what should.
    """
    gone = tuple(sorted(set(there) - set(wanted)))
    late = [path for path in sorted(wanted) if there.get(path) != wanted[path]]
    hurried = len(late) > MANY
    groups: dict[tuple[bool, ...], list[str]] = {}
    for path in late:
        page, stale = path.endswith(".html"), path in there
        rank = (not stale, page) if hurried else (page, page and stale)
        groups.setdefault((path == HOME and not (hurried and stale), *rank), []).append(path)
    return Changes(gone, tuple(tuple(paths) for _, paths in sorted(groups.items())))


def failed(state: PlaceState, error: str, now: datetime, rng: random.Random) -> PlaceState:
    """A place could not be brought up to date: the waits grow from half a minute to a quarter of an hour."""
    wait = backoff(state.attempts + 1, rng, first=_FIRST_WAIT, most=_LONGEST_WAIT)
    return PlaceState(
        done_at=state.done_at,
        failing_since=state.failing_since or now,
        attempts=state.attempts + 1,
        retry_at=now + wait,
        error=error,
    )


def well(now: datetime) -> PlaceState:
    """A place was brought up to date."""
    return PlaceState(done_at=now)


def waits(state: PlaceState, now: datetime) -> bool:
    """Whether a place is left alone for now. A clock that was put back does not make the wait longer."""
    if state.retry_at is None or state.failing_since is None:
        return False
    return state.failing_since <= now < state.retry_at
