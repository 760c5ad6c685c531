"""The only place that asks the time: the system's clock, and a fast one for rehearsals."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)


class SteppedClock:
    """A clock that stands still until it is told to move on: an hour of chat takes as long as its work takes."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Aware UTC."""
        return self._now

    def move_to(self, when: datetime) -> None:
        """Move on to ``when``; a clock never goes back, so an earlier time changes nothing."""
        self._now = max(self._now, when.astimezone(UTC))
