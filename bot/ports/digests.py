"""The part of the store that knows what a digest chooses, holds, and what hosts said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.errands import Errand
    from bot.domain.holding import HeldDigest, HostSaying
    from bot.domain.outbox import Delivery
    from bot.domain.prompts import Prompt
    from bot.domain.records import Pick, Quoted, StoredChat


class DigestBook(Protocol):
    """Digests on their way out. Every method is one transaction; all times are aware UTC."""

    def digest_due(self, now: datetime) -> tuple[StoredChat, ...]:
        """Chats past end and grace that had a question sent, have no digest prompt or held digest, and are not
        cancelled.
        """
        ...

    def quoted(self, chat: str) -> Quoted:
        """How the authors of a chat's shown answers fared in earlier chats of its series."""
        ...

    def hold_digest(self, chat: str, picks: Sequence[Pick], at: datetime, until: datetime) -> bool:
        """Keep what was chosen for a chat's digest until then; false, and nothing done, where it has one already."""
        ...

    def held_digests(self, now: datetime) -> tuple[HeldDigest, ...]:
        """Digests that are held, oldest first, of chats that may still speak; stopped ones, too."""
        ...

    def held_digest(self, chat: str) -> HeldDigest | None:
        """One chat's held digest; ``None`` where it has none."""
        ...

    def choose_again(self, chat: str, picks: Sequence[Pick]) -> bool:
        """Let a held digest have other picks; false, and nothing done, where none is held."""
        ...

    def send_preview(self, held: HeldDigest, errands: Sequence[Errand]) -> bool:
        """Queue what a chat's hosts are to be sent of its held digest, once.

        False, and nothing done, where other answers are held by now. Where one of them may not be shown any more before
        it was sent, it is taken back, and the digest is not ``told``.
        """
        ...

    def host_says(self, chat: str, saying: HostSaying) -> None:
        """Remember what a host said about a chat's digest, as an event."""
        ...

    def host_said(self, chat: str) -> tuple[HostSaying, ...]:
        """All that hosts said about a chat's digest, in order of time."""
        ...

    def host_log(self, limit: int) -> tuple[tuple[str, HostSaying], ...]:
        """What hosts said about digests, newest first, each with its chat's id."""
        ...

    def save_digest(self, prompt: Prompt, deliveries: Sequence[Delivery], picks: Sequence[Pick], now: datetime) -> None:
        """Store a digest prompt, its deliveries and what it chose, all at once; it is not held any more.

        A second time changes nothing.
        """
        ...
