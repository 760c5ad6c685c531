"""The time, as a port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """The only thing that knows the time."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...
