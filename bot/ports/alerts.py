"""What alerts need of the world: a place to remember them, and somebody who carries mail."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.domain.alerts import Alert, Troubled


class Notice(msgspec.Struct, frozen=True):
    """One message to one operator.

    Attributes:
        id: names it for good; the mail's Message-ID, or the private message's key, follows from it.
        message: what all notices of one message share.
        at: when it was written, UTC.
        to: a mail address or a handle; empty once it is done.
        subject: of a mail; empty for a private message.
        text: what it says.
        attempts: how often it was tried.
    """

    id: str
    message: str
    at: datetime
    to: str
    subject: str
    text: str
    attempts: int = 0


class AlertBook(Protocol):
    """The part of the store that remembers alerts. Every method is one transaction; all times are aware UTC."""

    def alerts(self) -> tuple[Alert, ...]:
        """All alerts that are remembered, by key."""
        ...

    def troubled(self, since: datetime) -> tuple[Troubled, ...]:
        """Deliveries due after ``since`` that were missed or refused, in order of their time."""
        ...

    def messages_since(self, since: datetime) -> tuple[datetime, ...]:
        """When messages were written after ``since``: one time for all notices of a message, in order."""
        ...

    def alert(self, remember: Sequence[Alert], forget: Collection[str], notices: Sequence[Notice]) -> None:
        """Remember alerts, forget others (by key), and put what is to be said about them beside, all at once.

        A notice that is there already stays as it is.
        """
        ...

    def notices(self, now: datetime, limit: int) -> tuple[Notice, ...]:
        """What is to be sent now, in order of time."""
        ...

    def notice_done(self, notice: str, now: datetime, error: str = "") -> None:
        """It was sent, or (with an error) given up. Recipient and words are forgotten."""
        ...

    def notice_again(self, notice: str, retry_at: datetime, error: str) -> None:
        """It did not work; try again then."""
        ...

    def forget_notices(self, before: datetime) -> int:
        """Forget what was written before that, sent or not; gives how many."""
        ...


class Mail(Protocol):
    """Somebody who carries mail; every call is bounded in time."""

    def send(self, notice: Notice) -> None:
        """Hand a mail to the server. Sent twice it is the same mail: its Message-ID follows from ``Notice.id``.

        Raises:
            Unauthorized: the server does not accept the login.
            Refused: the server will not take this mail, or cannot be spoken to safely.
            Busy: it asks to wait.
            Unavailable: it could not be reached; nothing was handed over.
            Unanswered: no usable answer came; it may or may not have been taken.
        """
        ...


class Marker(Protocol):
    """A mark outside the store that something was told, for when the store cannot be written."""

    def noted(self) -> datetime | None:
        """When it was set, UTC; ``None`` where it is not."""
        ...

    def note(self, now: datetime) -> bool:
        """Set it; false where it cannot be written."""
        ...

    def clear(self) -> bool:
        """Take it away; false where it is still there."""
        ...
