"""Carries messages to operators: by mail, or privately by an account of ours that still works."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.alerts import Health, is_mailbox
from bot.domain.people import called
from bot.errors import NetworkError, Refused, Unanswered, Unavailable, UserError
from bot.ports import Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.alertwords import Message
    from bot.domain.posts import NetworkName
    from bot.ports import Condition, Mail, Network


@dataclass(frozen=True, slots=True)
class Messenger:
    """Writes and carries messages; it remembers nothing, and needs no store.

    Attributes:
        accounts: keys of our accounts, each with its network.
        conditions: gives how the accounts fare that were asked for anything.
        network: gives the adapter for an account's key.
        to: mail addresses and handles.
        mail: carries mail; ``None`` where ``to`` has no mail address.
    """

    accounts: Mapping[str, NetworkName]
    conditions: Callable[[], Mapping[str, Condition]]
    network: Callable[[str], Network]
    to: Sequence[str]
    mail: Mail | None

    def health(self) -> dict[str, Health]:
        """How the accounts fare that were asked for anything."""
        return {
            key: Health(one.silent_since, one.refused_since, one.login_ends)
            for key, one in self.conditions().items()
            if key in self.accounts
        }

    def notices(self, words: Message, now: datetime) -> tuple[Notice, ...]:
        """A message to everybody who is to be told. The same words at the same time are the same message."""
        named = hashlib.sha256(f"{now.isoformat()}\0{words.text}".encode()).hexdigest()[:32]
        return tuple(
            Notice(f"{named}.{number}", named, now, recipient, words.subject, words.text)
            if is_mailbox(recipient)
            else Notice(f"{named}.{number}", named, now, recipient, "", words.short)
            for number, recipient in enumerate(self.to)
        )

    def carry(self, notice: Notice) -> None:
        """Hand one message over. Raises ``NetworkError``, in words without an address or a handle."""
        if is_mailbox(notice.to):
            if self.mail is None:
                raise Refused("no mail server stands under `alerts:` any more")
            self.mail.send(notice)
        else:
            self._tell(notice)

    def at_once(self, words: Message, now: datetime) -> tuple[tuple[str, str], ...]:
        """Send a message without writing it down; gives each recipient with what went wrong, empty for nothing."""
        return tuple((notice.to, self._wrong(notice)) for notice in self.notices(words, now))

    def _wrong(self, notice: Notice) -> str:
        try:
            self.carry(notice)
        except NetworkError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - with no store anything may fail, and the next one is to be told too
            return f"a message could not be sent ({type(error).__name__})"
        return ""

    def _tell(self, notice: Notice) -> None:
        """Send a private message from the first account of ours that can; those that are in trouble come last."""
        person = called(notice.to)
        health = self.health()
        ours = [key for key, network in self.accounts.items() if person and network == person.network]
        ours.sort(key=lambda key: _is_troubled(health.get(key)))
        if person is None or not ours:
            raise Refused("no account of ours can write to one of those under `to:`")
        wrong: NetworkError | None = None
        key = hashlib.sha256(notice.id.encode()).hexdigest()[:32]
        for account in ours:
            try:
                self.network(account).tell(person.handle, notice.text, key, notice.at)
            except Refused:
                say = f"{account} may not write to one of those under `to:`; is the handle right, do they follow it?"
                wrong = wrong or Refused(say)
            except Unanswered:  # it may have arrived: no other account says it again
                raise Unanswered(f"{account} did not say whether it took a private message") from None
            except (NetworkError, UserError):
                wrong = Unavailable(f"{account} cannot write a private message now")
            else:
                return
        if wrong is not None:
            raise wrong


def _is_troubled(health: Health | None) -> bool:
    return health is not None and (health.silent_since is not None or health.refused_since is not None)
