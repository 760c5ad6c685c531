"""The store, as a port: the truth, and all that may be asked of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from bot.domain.consent import Wish
from bot.domain.posts import Account, Post
from bot.domain.records import StoredChat
from bot.ports.alerts import AlertBook

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import timedelta

    from bot.domain.consent import Ruling
    from bot.domain.errands import Errand
    from bot.domain.outbox import Delivery, Draft, Part
    from bot.domain.posts import NetworkName, PostRef
    from bot.domain.records import Candidate, ChatContent, ChatFigures, Pick, Placed, SentPost
    from bot.domain.restoring import Restored
    from bot.domain.schedule import Chat, Prompt, Series
    from bot.domain.vitals import Gauges
    from bot.ports.network import Sent, Spoiled


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


class Held(msgspec.Struct, frozen=True):
    """An answer that waits for a person: where it stands, the post, and why (``consent.Hold``)."""

    chat: str
    key: str
    post: Post
    reasons: tuple[str, ...]


class Person(msgspec.Struct, frozen=True):
    """All that is kept about one account: what it is called by, its posts by chat, and its wishes."""

    account: Account
    posts: tuple[tuple[str, Post], ...]
    wishes: tuple[Wish, ...]


class Stored(msgspec.Struct, frozen=True):
    """What a batch changed: posts seen for the first time, and posts that differed from what was stored."""

    new: int
    changed: int


class Store(AlertBook, Protocol):
    """The truth. Every method is one transaction; all times are aware UTC. ``AlertBook`` is a part of it."""

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

    # -- collect ---------------------------------------------------------------------------------------------
    def key(self, network: str, remote_id: str) -> str:
        """``posts.node_key`` with this database's secret."""
        ...

    def collecting(self, now: datetime) -> tuple[Due, ...]:
        """Chats with at least one sent post whose window (end + ``late``, and ``sweeps.CLOSING``) is open."""
        ...

    def sent_posts(self, chat: str) -> tuple[SentPost, ...]:
        """Our posts in a chat, in order of time."""
        ...

    def wishes(self, account_keys: Collection[str]) -> Mapping[str, tuple[Wish, ...]]:
        """What these accounts (keys of ``Account.id``) asked of us."""
        ...

    def add_wish(self, account_key: str, wish: Wish, source: str) -> None:
        """Remember a wish as an event; the same event twice is one."""
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

    def save_cursor(self, account: str, stream: str, value: str) -> None:
        """Remember how far a stream was read."""
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

    # -- wishes ----------------------------------------------------------------------------------------------
    def invited(self, network: NetworkName, limit: int) -> tuple[PostRef, ...]:
        """Posts that were left out and whose authors have joined since: to be looked up and let in (``standing``
        gives their places).
        """
        ...

    def forget_left_out(self, now: datetime) -> int:
        """Forget where left-out posts are, once the window of all of their chats is closed; gives how many."""
        ...

    def answers_of(self, account_key: str, chat: str) -> tuple[str, ...]:
        """Node keys of an account's kept posts in a chat, newest first."""
        ...

    def author_of(self, key: str) -> str:
        """Key of the account that wrote a kept post (by node key); empty if it is not kept."""
        ...

    def repeating(self, keys: Collection[str]) -> tuple[tuple[str, PostRef], ...]:
        """Posts of our own digests that are out and repeat these posts (node keys): our account key, and address.

        Asked before those posts are erased; each is deleted as an errand.
        """
        ...

    def outlived(self) -> tuple[tuple[str, str, PostRef], ...]:
        """Posts of ours that are out and repeat what may not be shown any more: our account, an errand's id, address.

        Those for which that errand was ever queued are left out.
        """
        ...

    def unname(self, account: Account) -> int:
        """Take an account's handle out of all other people's kept posts that mention it; gives how many."""
        ...

    def person(self, account_key: str) -> Person | None:
        """All that is kept about an account, for its owner; ``None`` if nothing is."""
        ...

    # -- held for a person -----------------------------------------------------------------------------------
    def rulings(self, keys: Collection[str]) -> Mapping[str, Ruling]:
        """The latest decision about each of these posts (by node key); those without any are left out."""
        ...

    def rule(self, key: str, ruling: Ruling, reason: str, by: str) -> None:
        """Remember a decision, as an event. What it means for the post, ``decide`` says: let it in again."""
        ...

    def held(self) -> tuple[Held, ...]:
        """What waits for a person, oldest first."""
        ...

    def rulings_log(self, limit: int) -> tuple[tuple[str, Ruling, str, str], ...]:
        """Decisions about posts, newest first: node key, ruling, why in words, and who decided."""
        ...

    # -- errands ---------------------------------------------------------------------------------------------
    def queue(self, errands: Sequence[Errand]) -> int:
        """Remember what is to be done; one that was ever queued is not queued again. Gives how many are new."""
        ...

    def errands(self, account: str, now: datetime, limit: int) -> tuple[Errand, ...]:
        """What an account of ours is to do now, in order of time."""
        ...

    def errand_done(self, errand: str, now: datetime, error: str = "") -> None:
        """It is done, or (with an error) given up. Address, handle and text are forgotten."""
        ...

    def errand_again(self, errand: str, retry_at: datetime, error: str) -> None:
        """It did not work; try again then."""
        ...

    # -- digest and archive ----------------------------------------------------------------------------------
    def content(self, chat: str) -> ChatContent:
        """All that may be shown of a chat. There is no other way to read answers for people to see."""
        ...

    def figures(self) -> Mapping[str, ChatFigures]:
        """Counts of shown answers by chat id."""
        ...

    def listed(self) -> tuple[Account, ...]:
        """Who asked to be in the directory of people: only by their own name, and while words of theirs are kept."""
        ...

    def wishing(self) -> tuple[tuple[Account | None, tuple[Wish, ...]], ...]:
        """Everybody who ever asked something of us, with all they asked; ``None`` for whom no words are kept."""
        ...

    def digest_due(self, now: datetime) -> tuple[StoredChat, ...]:
        """Chats past end and grace that had a question sent, have no digest prompt and are not cancelled."""
        ...

    def save_digest(self, prompt: Prompt, deliveries: Sequence[Delivery], picks: Sequence[Pick], now: datetime) -> None:
        """Store a digest prompt, its deliveries and what it chose, all at once; a second time changes nothing."""
        ...

    def page_marks(self) -> Mapping[str, str]:
        """Fingerprint of the inputs from which each page (path) was last made."""
        ...

    def save_page_marks(self, marks: Mapping[str, str], gone: Collection[str]) -> None:
        """Remember fingerprints, forget those of pages that are gone."""
        ...

    def copies(self, keys: Collection[str]) -> Mapping[str, str]:
        """Of these node keys those that are bridges' copies, each with its original's; empty where it has none that
        we know.
        """
        ...

    def save_copies(self, pairs: Mapping[str, str]) -> None:
        """Remember copies, each with its original's node key, or empty."""
        ...

    # -- running ---------------------------------------------------------------------------------------------
    def hold_lock(self, name: str, owner: str, now: datetime, lease_until: datetime) -> bool:
        """Take or renew a named lease; false while someone else holds it."""
        ...

    def lock_owner(self, name: str, now: datetime) -> str:
        """Who holds a named lease now; empty for nobody."""
        ...

    def drop_lock(self, name: str, owner: str) -> None:
        """Give a named lease back."""
        ...

    def is_rehearsal(self) -> bool:
        """Whether everything in this database is made up."""
        ...

    def mark_rehearsal(self) -> bool:
        """Say that everything in this database is made up; false, and nothing done, where it holds a real chat."""
        ...

    def beat(self, kind: Literal["run", "tick"], now: datetime) -> None:
        """Note that ``run`` or ``tick`` worked; the last twenty times of each are kept."""
        ...

    def beats(self, kind: Literal["run", "tick"]) -> tuple[datetime, ...]:
        """When ``run`` or ``tick`` worked lately, oldest first."""
        ...

    def oldest_check(self) -> datetime | None:
        """When the kept post that was not looked up for longest was, UTC; ``None`` where nothing is kept."""
        ...

    def gauges(self, accounts: Collection[str], now: datetime, since: datetime, longest: timedelta) -> Gauges:
        """What the store knows of how the bot does, for whoever watches it; cheap, and nothing of it names a person.

        Args:
            accounts: our account keys.
            now: UTC.
            since: lateness is counted of what was sent from then on, UTC.
            longest: how late a delivery may be at most; those that were due longer before ``since`` are not looked at.
        """
        ...

    def tidy(self, now: datetime) -> bool:
        """Give back the room of what was erased, at most once a day; gives whether it was done. Where somebody else is
        writing, or the database does it by itself, nothing happens.
        """
        ...

    def counts(self) -> Mapping[str, int]:
        """Figures for ``status``: deliveries by state (``deliveries.sent`` …), ``posts``, ``held``, ``tombstones``."""
        ...
