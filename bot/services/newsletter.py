"""Sending a newsletter: a letter to everybody is stored, then they are sent one by one, each once.

A crash between the two loses none and doubles none. What may have been taken is sent again under the same Message-ID,
as alerts are: mail programs show one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.domain.letters import Letter, letter_id, plain_address
from bot.errors import Busy, NetworkError, Refused, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.ports.letters import LetterBook, LetterMail

WAIT = timedelta(minutes=5)
"""How long a letter waits that may or may not have been taken."""


class Posted(msgspec.Struct, frozen=True):
    """What became of an edition's letters: how many were sent now, were sent before, wait, and were given up ever.

    ``trouble`` says in words without an address why it stopped; empty where nothing did.
    """

    sent: int
    before: int
    waiting: int
    given_up: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """What sends a newsletter.

    Attributes:
        store: where letters are remembered.
        key: gives the keyed hash of an address.
        mail: carries letters.
        now: asks the time, UTC.
    """

    store: LetterBook
    key: Callable[[str], str]
    mail: LetterMail
    now: Callable[[], datetime]

    def send(self, edition: str, addresses: Sequence[str]) -> Posted:
        """Send an edition to all that did not get it yet.

        Args:
            edition: its name.
            addresses: of all who are to get it.
        """
        now = self.now()
        persons = {self.key(plain_address(address)): address for address in addresses}
        self.store.write_letters(
            [Letter(letter_id(edition, person), edition, person, to, now) for person, to in persons.items()]
        )
        known = self.store.letters(edition)
        before = sum(one.done_at is not None and not one.error for one in known)
        # Who left the list since a letter was written down does not get it.
        due = [one for one in known if one.done_at is None and one.person in persons]
        trouble = self._send(due) if due else ""
        known = self.store.letters(edition)
        return Posted(
            sent=sum(one.done_at is not None and not one.error for one in known) - before,
            before=before,
            waiting=sum(one.done_at is None and one.person in persons for one in known),
            given_up=sum(bool(one.error) for one in known),
            trouble=trouble,
        )

    def _send(self, due: Sequence[Letter]) -> str:
        """Send letters; gives what stopped it before the last one."""
        try:
            self.mail.prove()
        except NetworkError as error:
            return str(error)
        trouble = ""
        for letter in due:
            if letter.retry_at is not None and letter.retry_at > self.now():
                continue
            try:
                self.mail.send_letter(letter)
            except Refused as error:  # this one alone: the server let us in
                self.store.letter_done(letter.id, self.now(), str(error))
            except Unanswered as error:
                trouble = str(error)
                self.store.letter_again(letter.id, self.now() + WAIT)
            except NetworkError as error:  # it would say the same of the next one
                wait = timedelta(seconds=error.retry_after) if isinstance(error, Busy) else timedelta()
                self.store.letter_again(letter.id, self.now() + wait)
                return str(error)
            else:
                self.store.letter_done(letter.id, self.now())
        return trouble
