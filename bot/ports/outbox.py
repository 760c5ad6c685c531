"""The part of the store that plans and delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from bot.domain.chats import Chat
    from bot.domain.followups import FollowUp
    from bot.domain.outbox import Delivery, Draft, Part
    from bot.domain.prompts import Prompt
    from bot.domain.records import StoredChat
    from bot.domain.restoring import Restored
    from bot.domain.series import Series
    from bot.ports.network import Sent


class OutboxBook(Protocol):
    """The plan and the outbox. Every method is one transaction; all times are aware UTC."""

    # -- plan ------------------------------------------------------------------------------------------------
    def save_plan(
        self,
        series: Series,
        chats: Sequence[Chat],
        prompts: Sequence[Prompt],
        deliveries: Sequence[Delivery],
        now: datetime,
    ) -> None:
        """Make the stored plan of one series equal this one, where nothing was sent yet (see ``services.plan``)."""
        ...

    def chats(self, series: str = "") -> tuple[StoredChat, ...]:
        """All chats (of one series), in order of start."""
        ...

    def chat(self, chat: str) -> StoredChat | None:
        """One chat by id."""
        ...

    def follow(self, asked: FollowUp, at: datetime, prompts: Sequence[Prompt], deliveries: Sequence[Delivery]) -> bool:
        """Remember that an author asked (at ``at``) to be asked about an answer; gives whether that is new.

        The later of asking and ending counts.
        """
        ...

    def unfollow(self, asked: FollowUp, at: datetime) -> bool:
        """Remember that no follow-ups about an answer are wanted any more, and cancel what has not left; gives whether
        any were to come.
        """
        ...

    def followed(self, series: str = "") -> tuple[FollowUp, ...]:
        """Who wants to be asked now (in one series)."""
        ...

    def followed_of(self, account_key: str) -> tuple[FollowUp, ...]:
        """The same of one account whose words are kept."""
        ...

    def prompt(self, prompt: str) -> Prompt | None:
        """One prompt by id."""
        ...

    def deliveries(self, chat: str = "") -> tuple[Delivery, ...]:
        """The outbox (of one chat), in order of (at, order, account)."""
        ...

    def cancel(self, chat: str, now: datetime) -> int:
        """Cancel a chat and all of its deliveries of which nothing was sent; gives their number."""
        ...

    # -- deliver ---------------------------------------------------------------------------------------------
    def expire(self, now: datetime) -> tuple[Delivery, ...]:
        """Mark as missed what is past its useful life and was never begun; gives those deliveries."""
        ...

    def claim(self, account: str, owner: str, now: datetime, lease_until: datetime) -> Delivery | None:
        """Take the account's next due delivery: in order within its chat, not leased, not waiting for a retry."""
        ...

    def keep_blob(self, data: bytes, mime: str) -> str:
        """Keep a picture's bytes; gives their SHA-256 in hex."""
        ...

    def blob(self, sha256: str) -> bytes:
        """A kept picture's bytes."""
        ...

    def freeze(self, delivery: str, owner: str, draft: Draft, parts: Sequence[Part]) -> None:
        """Store a claimed delivery's draft and parts; its state becomes ``frozen``. Raises ``LeaseLost``."""
        ...

    def leaving(
        self, delivery: str, owner: str, positions: Collection[int], now: datetime, lease_until: datetime
    ) -> None:
        """A request for these parts is about to leave: they are ``unknown`` from now on. Raises ``LeaseLost``."""
        ...

    def landed(self, delivery: str, owner: str, sent: Sequence[Sent], now: datetime) -> bool:
        """These parts are on the network; gives whether the whole delivery is ``sent`` now."""
        ...

    def not_landed(self, delivery: str, owner: str, positions: Collection[int]) -> None:
        """These parts are certainly not on the network: ``ready`` again."""
        ...

    def release(self, delivery: str, owner: str, retry_at: datetime | None, error: str) -> None:
        """Give the lease back; try again from ``retry_at`` on. ``error`` is why, empty if nothing went wrong."""
        ...

    def give_up(self, delivery: str, owner: str, error: str) -> None:
        """The network refused it for good."""
        ...

    def has_due(self, account: str, now: datetime) -> bool:
        """Whether ``claim`` might give a delivery of this account now, or it has to be settled what it said before."""
        ...

    def free_leases(self, owner: str) -> int:
        """End everybody else's leases on deliveries; gives their number. For who has just taken the runner's lock:
        nobody else may send any more, and what a crashed process left claimed need not wait for its lease to run out.
        """
        ...

    def next_due(self, now: datetime) -> datetime | None:
        """When the earliest open delivery wants attention (its time, retry or lease end); ``None`` if there is none."""
        ...

    # -- deliver, after a backup was put back ------------------------------------------------------------------
    def restored(self) -> Restored | None:
        """That this store was put back from a backup; ``None`` where it never was."""
        ...

    def draft(self, delivery: str) -> Draft | None:
        """What a delivery says, where that is frozen."""
        ...

    def found_said(self, delivery: str, draft: Draft, parts: Sequence[Part], times: Mapping[int, datetime]) -> bool:
        """Note that a delivery, or some of it, was said before this store knew of it; gives whether all of it is out.

        Args:
            delivery: its id; one that is ``sent`` is left as it is.
            draft: what it says.
            parts: all of it; those that were found are ``sent`` and have their addresses.
            times: when those went out, by position, UTC.
        """
        ...

    def not_said_again(self, delivery: str, why: str) -> bool:
        """Give up a delivery of which nothing is known to be out; false where there is none that is open."""
        ...

    def settled(self, account: str, notes: Mapping[str, str]) -> None:
        """Note that it is known what an account of ours said since the backup; its chats are read anew.

        ``notes``: by id, why deliveries that come to be written are not to be posted.
        """
        ...
