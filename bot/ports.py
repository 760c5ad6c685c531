"""What services need of the world, as protocols, and no more."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from bot.domain.posts import NetworkName, Post, PostRef
from bot.domain.records import StoredChat

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from bot.domain.consent import Wish
    from bot.domain.outbox import Delivery, Draft, MediaFile, Part
    from bot.domain.records import Candidate, ChatContent, ChatFigures, Pick, Placed, SentPost
    from bot.domain.schedule import Chat, Prompt, Series
    from bot.domain.textlength import Limits


class Clock(Protocol):
    """The only thing that knows the time."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class Identity(msgspec.Struct, frozen=True):
    """Who we are on a network.

    Attributes:
        id, handle, url: as in ``posts.Account``.
        bot: the account is marked as a bot.
        scopes: what the login may do, where the network tells.
        software: the server's name and version, where it tells.
        terms: URL of the server's rules, where it tells.
        ahead: how many seconds the server's clock is ahead of ours (from its ``Date`` header); ``None`` if unknown.
    """

    id: str
    handle: str
    url: str
    bot: bool
    scopes: tuple[str, ...] = ()
    software: str = ""
    terms: str = ""
    ahead: float | None = None


class Sent(msgspec.Struct, frozen=True):
    """A part that is on the network now: its position in the delivery and the address it got."""

    position: int
    remote: PostRef


class LookUp(msgspec.Struct, frozen=True):
    """What became of posts: those still public, as they are now, and those that are gone. The rest is unknown."""

    posts: tuple[Post, ...]
    gone: tuple[PostRef, ...]


class Heard(msgspec.Struct, frozen=True):
    """What came in since a cursor, without waiting, and the cursor to go on from."""

    posts: tuple[Post, ...]
    cursor: str


class Network(Protocol):
    """One of our accounts on one network. Safe to use from several threads; every call is bounded in time.

    Every method that asks the network raises ``errors.Unanswered``, ``Busy``, ``Unavailable``, ``Refused`` or
    ``Unauthorized`` and nothing else that is not a bug.
    """

    @property
    def account(self) -> str:
        """The account's key in the settings."""
        ...

    @property
    def name(self) -> NetworkName:
        """Which network."""
        ...

    @property
    def atomic(self) -> bool:
        """Whether all posts of a delivery land in one request or not at all."""
        ...

    @property
    def limits(self) -> Limits:
        """How long a post may be there."""
        ...

    def identity(self) -> Identity:
        """Ask who we are."""
        ...

    def freeze(self, draft: Draft, delivery: str, rng: random.Random, blob: Callable[[str], bytes]) -> tuple[Part, ...]:
        """Fix keys and payloads of all parts, so that sending again makes nothing new. May read, writes nothing.

        Args:
            draft: what to say.
            delivery: the delivery's id, for keys.
            rng: for keys that want randomness.
            blob: a picture's bytes by its SHA-256.
        """
        ...

    def send(self, group: Sequence[Part], parts: Sequence[Part], blob: Callable[[str], bytes]) -> tuple[Sent, ...]:
        """Make one request for ``group`` (as ``outbox.next_group`` gave it) of a delivery's ``parts``."""
        ...

    def find(self, group: Sequence[Part], parts: Sequence[Part]) -> tuple[Sent, ...]:
        """Look whether an earlier request for ``group`` took effect. Empty means: certainly not (yet)."""
        ...

    def sweep(self, root: PostRef) -> Iterator[tuple[Post, ...]]:
        """Every post below ``root`` to the last reply, in batches, in any order, ``root`` itself left out."""
        ...

    def tagged(self, hashtag: str, since: datetime) -> Iterator[tuple[Post, ...]]:
        """Public posts with a hashtag (given without ``#``) written since then, in batches."""
        ...

    def quotes(self, ref: PostRef) -> Iterator[tuple[Post, ...]]:
        """Posts that quote ``ref``, where the API shows them, in batches."""
        ...

    def look_up(self, refs: Sequence[PostRef]) -> LookUp:
        """Ask for posts by id: what they are now, and which are gone."""
        ...

    def listen(self, cursor: str) -> Heard:
        """Posts that the network told us of since ``cursor`` (empty: the newest). Fast, never complete."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Due(msgspec.Struct, frozen=True):
    """A chat whose collecting window is open, with when each of its accounts was last swept (UTC)."""

    stored: StoredChat
    swept: dict[str, datetime]


class Stored(msgspec.Struct, frozen=True):
    """What a batch changed: posts seen for the first time, and posts that differed from what was stored."""

    new: int
    changed: int


class Store(Protocol):
    """The truth. Every method is one transaction; all times are aware UTC."""

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
        """Whether ``claim`` might give a delivery of this account now."""
        ...

    def free_leases(self, owner: str) -> int:
        """End everybody else's leases on deliveries; gives their number. For who has just taken the runner's lock:
        nobody else may send any more, and what a crashed process left claimed need not wait for its lease to run out.
        """
        ...

    def next_due(self, now: datetime) -> datetime | None:
        """When the earliest open delivery wants attention (its time, retry or lease end); ``None`` if there is none."""
        ...

    # -- collect ---------------------------------------------------------------------------------------------
    def key(self, network: str, remote_id: str) -> str:
        """``posts.node_key`` with this database's secret."""
        ...

    def collecting(self, now: datetime) -> tuple[Due, ...]:
        """Chats with at least one sent post whose window (end + ``late``) is open."""
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

    def cursor(self, account: str, stream: str) -> str:
        """How far a stream was read; empty if never."""
        ...

    def save_cursor(self, account: str, stream: str, value: str) -> None:
        """Remember how far a stream was read."""
        ...

    # -- digest and archive ----------------------------------------------------------------------------------
    def content(self, chat: str) -> ChatContent:
        """All that may be shown of a chat. There is no other way to read answers for people to see."""
        ...

    def figures(self) -> Mapping[str, ChatFigures]:
        """Counts of shown answers by chat id."""
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

    def counts(self) -> Mapping[str, int]:
        """Figures for ``status``: deliveries by state (``deliveries.sent`` …), ``posts``, ``held``, ``tombstones``."""
        ...


class Composer(Protocol):
    """Turns a prompt into words. Pure: templates and settings in, a draft out."""

    def compose(
        self,
        prompt: Prompt,
        stored: StoredChat,
        network: NetworkName,
        limits: Limits,
        *,
        upcoming: Chat | None,
        content: ChatContent | None,
        question: PostRef | None,
        media: Sequence[MediaFile],
    ) -> Draft:
        """Write one prompt for one network.

        Args:
            prompt: what to say.
            stored: the chat and its series.
            network: where; polls and gates differ.
            limits: how long a post may be there.
            upcoming: the series' next chat, for wrap-up and digest.
            content: the chat's answers, for a digest.
            question: our question on that network, for a reminder under it.
            media: the question's picture, kept in the store.
        """
        ...


class Archived(msgspec.Struct, frozen=True):
    """What publishing did: pages written, left as they were, and removed."""

    written: int
    unchanged: int
    removed: int


class PlannedPage(Protocol):
    """A page that is to stand in the archive: its path, a fingerprint of all it is made from, and how to make it."""

    path: str
    mark: str

    def render(self, content: Callable[[str], ChatContent]) -> bytes:
        """Make the page; ``content`` gives what may be shown of a chat by its id."""
        ...


class Renderer(Protocol):
    """Knows all pages of the archive. Planning them is cheap, rendering is not."""

    def pages(self, chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures]) -> Iterable[PlannedPage]:
        """Every page that the archive of these chats has."""
        ...


class Target(Protocol):
    """A place where the archive stands."""

    def write(self, path: str, data: bytes) -> bool:
        """Put a file in place, whole or not at all; false where it had these bytes already."""
        ...

    def exists(self, path: str) -> bool:
        """Whether the file is there."""
        ...

    def remove(self, path: str) -> bool:
        """Take a file away; false where there was none."""
        ...
