"""The part of the store that collects."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from bot.domain.records import StoredChat

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from bot.domain.chats import Chat
    from bot.domain.posts import NetworkName, PostRef
    from bot.domain.records import Candidate, Placed, PollCount, SentPost
    from bot.ports.network import Spoiled


class Due(msgspec.Struct, frozen=True):
    """A chat whose collecting window is open, with when each of its accounts was last swept (UTC)."""

    stored: StoredChat
    swept: dict[str, datetime]


class Standing(msgspec.Struct, frozen=True):
    """Where a kept post stands in one chat: node keys of its edges, and whether it is in the thread of a question."""

    chat: str
    parent: str
    root: str
    quote: str
    in_thread: bool


class Stored(msgspec.Struct, frozen=True):
    """What a batch changed: posts seen for the first time, and posts that differed from what was stored."""

    new: int
    changed: int


class PostBook(Protocol):
    """What was collected, and how far we read. Every method is one transaction; all times are aware UTC."""

    # -- collect ---------------------------------------------------------------------------------------------
    def key(self, network: str, remote_id: str) -> str:
        """``posts.node_key`` with this database's secret."""
        ...

    def collecting(self, now: datetime) -> tuple[Due, ...]:
        """Chats with at least one sent post whose window (end + ``late``, and ``sweeps.CLOSING``) is open, and those of
        which a follow-up went out less than ``followups.AWAITED`` ago.
        """
        ...

    def sent_posts(self, chat: str) -> tuple[SentPost, ...]:
        """Our posts in a chat, in order of time."""
        ...

    def upsert(self, batch: Sequence[Candidate], now: datetime) -> Stored:
        """Store a batch: words where the verdict allows, a bare node (keys and times) where not. Idempotent.

        A post that was stored and may not be any more becomes a bare node; a tombstone stays one, unless the
        post is seen again publicly and was not erased by its author's wish.
        """
        ...

    def bury(self, keys: Collection[str], now: datetime) -> int:
        """Turn stored posts into tombstones; gives how many were not before."""
        ...

    def candidates(self, chat: str) -> tuple[Candidate, ...]:
        """All stored posts of a chat whose words are kept, for attribution."""
        ...

    def edges(self, chat: str) -> Mapping[str, str]:
        """Node key → parent's node key, of every node of a chat, words kept or not."""
        ...

    def place(self, chat: str, placed: Mapping[str, Sequence[Placed]]) -> int:
        """Replace the questions that posts (by node key) answer; gives how many posts changed."""
        ...

    def swept(self, chat: str, account: str, now: datetime) -> None:
        """Note that a chat was swept to its end on an account."""
        ...

    def unchecked(self, network: NetworkName, before: Callable[[Chat], datetime], limit: int) -> tuple[PostRef, ...]:
        """Stored posts not looked up since ``before`` their chat says, oldest first."""
        ...

    def checked(self, refs: Iterable[PostRef], now: datetime) -> None:
        """Note that these posts were looked up."""
        ...

    def unanswered(self, refs: Iterable[PostRef], now: datetime) -> None:
        """Note that these posts were asked for and nothing was learned of them: ``unchecked`` and ``invited`` give
        them again once the others had their turn.
        """
        ...

    def standing(self, keys: Collection[str]) -> Mapping[str, tuple[Standing, ...]]:
        """Where posts (by node key) stand whose words are kept, or that were left out; others are missing."""
        ...

    def forget_old(self, now: datetime) -> tuple[str, ...]:
        """Forget all that was said in chats whose time of keeping (``Series.keep``) is over; gives their ids."""
        ...

    def accounts_called(self, name: str) -> Mapping[str, str]:
        """Accounts whose words are kept and whose handle, id or profile's address is this: account key → handle."""
        ...

    def cursor(self, account: str, stream: str) -> str:
        """How far a stream was read; empty if never."""
        ...

    def cursors(self, account: str, streams: Collection[str]) -> Mapping[str, str]:
        """How far each of these streams was read; without those that never were."""
        ...

    def save_cursor(self, account: str, stream: str, value: str) -> None:
        """Remember how far a stream was read."""
        ...

    def poll_counts(self, chat: str) -> Mapping[str, PollCount]:
        """What was read last of a chat's polls on networks that have them, by delivery."""
        ...

    def save_poll_count(self, delivery: str, count: PollCount, now: datetime) -> bool:
        """Remember how people voted in the poll of a delivery; gives whether that is something new."""
        ...

    # -- live ------------------------------------------------------------------------------------------------
    def take_in(
        self,
        batch: Sequence[Candidate],
        *,
        gone: Collection[str],
        ended: Collection[str],
        account: str,
        stream: str,
        cursor: str,
        spoiled: Sequence[Spoiled],
        now: datetime,
    ) -> Stored:
        """Store what a stream told and how far it was read, all in one transaction.

        Args:
            batch: as for ``upsert``.
            gone: node keys of posts that were deleted; unknown ones are ignored.
            ended: keys of accounts that are no more: their posts become tombstones.
            account: key of our account that was told.
            stream: which stream of it.
            cursor: how far it was read.
            spoiled: events to set aside.
            now: UTC.
        """
        ...

    def kept_authors(self, network: NetworkName, since: datetime) -> frozenset[str]:
        """``Account.id`` of whom words are kept in chats that ended after ``since``."""
        ...

    def sweep_again(self, series: str) -> None:
        """Let every open chat of a series be swept soon, whenever it was last."""
        ...
