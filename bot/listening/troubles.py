"""What is wrong with an account's listening: told once, however often it is met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = {
    "reading": "listening failed",
    "stream": "stream broken",
    "asking": "asking failed",
    "writing": "not stored",
    "posts": "post set aside",
}
"""What it is called when something is wrong with each part of the work."""


class Troubles:
    """The troubles of one account, from both of its threads, each of which has parts of the work of its own.

    Args:
        account: our account key.
        told: is given each trouble as an event.
    """

    def __init__(self, account: str, told: Callable[[str], None]) -> None:
        self._account = account
        self._told = told
        self._known: dict[str, str] = {}

    def tell(self, part: str, trouble: str, error: Exception | None = None) -> None:
        """Say a trouble with a part of the work once; an empty one ends it. ``error``: what it was."""
        if trouble and trouble != self._known.get(part):
            parts = {"kind": type(error).__name__} if error is not None else {}
            self._told(Event(_NAMES[part], trouble, level="warning", account=self._account, **parts))
        self._known[part] = trouble
