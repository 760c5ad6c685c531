"""What newsletters need of the world: a place to remember them, and somebody who carries mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.letters import Letter


class LetterBook(Protocol):
    """The part of the store that remembers newsletters. Every method is one transaction; all times are aware UTC."""

    def write_letters(self, letters: Sequence[Letter]) -> int:
        """Write letters down; gives how many are new. One that is there stays as it is, sent or not; who wants no more
        gets none.
        """
        ...

    def letters(self, edition: str) -> tuple[Letter, ...]:
        """All letters of an edition, done or not, in order of id."""
        ...

    def letter_done(self, letter: str, now: datetime, error: str = "") -> None:
        """It was sent, or (with an error) given up. The address is forgotten."""
        ...

    def letter_again(self, letter: str, retry_at: datetime) -> None:
        """It did not work; try again then."""
        ...

    def no_more_letters(self, person: str, now: datetime) -> None:
        """Somebody (a keyed hash) wants no more: it is remembered, and what was not sent to them is forgotten."""
        ...

    def wants_no_more(self) -> frozenset[str]:
        """Everybody who wants no more, as keyed hashes."""
        ...


class LetterMail(Protocol):
    """Somebody who carries letters; every call is bounded in time."""

    def prove(self) -> None:
        """Connect and log in, hand over nothing. Raises as ``send_letter``."""
        ...

    def send_letter(self, letter: Letter) -> None:
        """Hand one letter to the server. Sent twice it is the same mail: its Message-ID follows from ``Letter.id``.

        Raises:
            NetworkError: as ``Mail.send`` says, in words without an address.
        """
        ...
