"""What reading and listening share: our accounts, the door's wants, and what follows once a batch is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.services.bridging import let_in_originals
from bot.services.requests import attend, attend_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.alarms import Watchwords
    from bot.domain.posts import NetworkName, Post
    from bot.domain.records import Candidate
    from bot.ports import Network, Store, Stored
    from bot.ports.phrases import Phrase
    from bot.services.door import Door, Request
    from bot.services.openchats import OpenChat


@dataclass(frozen=True, slots=True)
class Intake:
    """All that letting posts in needs.

    Attributes:
        store: the truth.
        accounts: our account keys, each with its network.
        networks: gives the adapter for an account key.
        ours: gives our own ``Account.id`` for an account key.
        watch: what makes a person look at an answer.
        phrase: words of ours for those who ask something.
        handles: gives our own handle for an account key; empty if unknown.
    """

    store: Store
    accounts: Mapping[str, NetworkName]
    networks: Callable[[str], Network]
    ours: Callable[[str], str]
    watch: Watchwords
    phrase: Phrase
    handles: Callable[[str], str] = lambda _account: ""

    def door(self, chat: OpenChat, account: str) -> Door:
        """The door into a chat for what one account reads."""
        return chat.door(self.ours(account), self.handles(account), account, self.watch)

    def originals(self, chat: OpenChat, door: Door, batch: Sequence[Candidate], now: datetime) -> Stored:
        """Let in the originals of bridges' copies that were just stored as bare nodes."""
        keys = {self.accounts[key]: key for key in chat.stored.series.accounts if key in self.accounts}

        def others(network: NetworkName) -> Network | None:
            return self.networks(keys[network]) if network in keys else None

        return let_in_originals(self.store, door, batch, others, now)

    def attend(self, requests: Sequence[Request], now: datetime) -> int:
        """See to what was asked of us; gives how many requests were carried out."""
        return attend(self.store, requests, self.accounts, now, self.phrase) if requests else 0

    def blocks(self, posts: Iterable[Post], now: datetime) -> int:
        """Let everybody leave who blocks our account; gives for how many that is new."""
        return attend_blocks(self.store, posts, now)
