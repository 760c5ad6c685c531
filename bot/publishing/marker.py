"""A mark in the file system that something was told: an empty file whose time of change says when."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from stat import S_ISREG
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


class FileMarker:
    """``ports.alerts.Marker`` as an empty file, in the first of some places where one can be made.

    An empty file needs no room for its content, so most full disks still take it; a file of somebody else's, or a link,
    is never believed and never written through.

    Args:
        places: where it may stand, best first.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = places

    def noted(self) -> datetime | None:
        """When it was set, UTC; the latest, where it stands in several places."""
        found = [at for place in self._places if (at := _time_of(place)) is not None]
        return max(found, default=None)

    def note(self, now: datetime) -> bool:
        """Set it; false where no place takes it."""
        return any(_set(place, now) for place in self._places)

    def clear(self) -> bool:
        """Take it away everywhere; false where it is still somewhere."""
        for place in self._places:
            if _time_of(place) is not None:
                try:
                    place.unlink()
                except OSError:
                    return False
        return True


def _time_of(place: Path) -> datetime | None:
    try:
        stat = place.lstat()
    except OSError:
        return None
    return datetime.fromtimestamp(stat.st_mtime, UTC) if _ours(stat) else None


def _ours(stat: os.stat_result) -> bool:
    return S_ISREG(stat.st_mode) and (os.name != "posix" or stat.st_uid == os.geteuid())


def _set(place: Path, now: datetime) -> bool:
    try:
        handle = os.open(place, _FLAGS, 0o600)
    except OSError:
        return False
    try:
        if not _ours(os.fstat(handle)):
            return False
        os.utime(handle, (now.timestamp(), now.timestamp()))
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
