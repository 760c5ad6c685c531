"""A network, as a port: one of our accounts on it, and what it answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from bot.domain.posts import Account, Post, PostRef

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from bot.domain.outbox import Draft, Part
    from bot.domain.posts import NetworkName
    from bot.domain.records import PollCount, Said
    from bot.domain.textlength import Limits


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


class Wanted(msgspec.Struct, frozen=True):
    """What we want to hear of.

    Attributes:
        hashtags: of the chats that are open, folded (``richtext.fold_tag``), without ``#``.
        authors: ``Account.id`` of whom something is kept: their deletions and the end of their accounts are told.
        closed: ids of posts of ours with a gate: what is said below them is only known by reading them.
    """

    hashtags: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()


class Spoiled(msgspec.Struct, frozen=True):
    """Something a stream told that could not be read: which event it was (never its words), and the error."""

    event: str
    error: str


class Heard(msgspec.Struct, frozen=True):
    """What came in since a cursor, and the cursor to go on from.

    Attributes:
        posts: new and edited posts of others, of any visibility: what may be kept is decided at the door. A stream
            gives only posts that it can prove to be shown by the network; all others are left to ``threads``.
        cursor: to go on from, once all of this is stored.
        gone: posts that were deleted; also of posts that we never kept.
        ended: ids of accounts that were deleted, suspended, taken down or deactivated.
        threads: ids of posts of ours below which something happened that only reading the thread tells.
        spoiled: events set aside.
        missed: something before this may have been missed, so threads and hashtags are to be read anew.
    """

    posts: tuple[Post, ...]
    cursor: str
    gone: tuple[PostRef, ...] = ()
    ended: tuple[str, ...] = ()
    threads: tuple[str, ...] = ()
    spoiled: tuple[Spoiled, ...] = ()
    missed: bool = False


class Budget(msgspec.Struct, frozen=True):
    """How many requests a network still lets us make: ``left`` of ``limit`` until ``resets_at`` (UTC)."""

    limit: int
    left: int
    resets_at: datetime


class Condition(msgspec.Struct, frozen=True):
    """How an account has fared lately, as its own requests met it; nothing is asked for this.

    Attributes:
        silent_since: since when no request had a usable answer, UTC; ``None`` while it answers, or if none was made.
        refused_since: since when its login is not accepted, UTC; ``None`` while it is.
        budget: what the network said last of how much may still be asked; ``None`` where it says nothing.
        login_ends: when the login ends unless somebody renews it, UTC; ``None`` where no end is known.
    """

    silent_since: datetime | None = None
    refused_since: datetime | None = None
    budget: Budget | None = None
    login_ends: datetime | None = None


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

    def said_since(self, since: datetime) -> tuple[Said, ...]:
        """Our own posts made since then, of every visibility, oldest first.

        For a store that was put back and does not know what was said since its backup.
        """
        ...

    def condition(self) -> Condition:
        """How the account has fared lately. Asks nothing, never fails."""
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

    def polls(self, refs: Sequence[PostRef]) -> Mapping[str, PollCount]:
        """How people voted so far in polls of ours, by ``PostRef.id``, in as few requests as can be.

        Only what the network says whole: a poll of which it hides or leaves out a number is missing here. A network
        without polls is not asked.
        """
        ...

    def listen(self, cursor: str, wanted: Wanted) -> Heard:
        """Ask what came in since ``cursor`` (empty: the newest): what answers, quotes, mentions or writes to us, and
        what has a wanted hashtag where the network lists that by id. Fast, never complete.
        """
        ...

    def stream(self, cursor: str, wanted: Callable[[], Wanted], stopping: Callable[[], bool]) -> Iterator[Heard]:
        """Be told live what ``listen`` would be asked for, and deletions, edits and ends of accounts.

        Gives something at least every five seconds, if only a sign of life without posts (an unchanged cursor), and
        ends soon after ``stopping`` says so. ``wanted`` is asked again now and then.

        Raises:
            Refused: there is no such stream here; only asking is left.
            Unavailable: it broke, or fell silent; connecting again from the last cursor is right.
        """
        ...

    def pictures(self, ref: PostRef, keys: Sequence[str]) -> Mapping[str, bytes] | None:
        """The bytes of pictures on a post, by ``Media.key``, as the network has them now.

        The post is read again for it, so that no address of a picture has to be kept. What is missing in the answer
        could not be had, or is not there any more; none is longer than ``copying.MOST_BYTES``. ``None``: another server
        gave this post, whose account is to ask.
        """
        ...

    def resolve(self, address: str) -> Post | None:
        """The post that has this web address or ``uri``, wherever it was written, as this network shows it."""
        ...

    def account_called(self, handle: str) -> Account | None:
        """The account with this handle (on Bluesky, or DID) as the network knows it now, with whether it blocks us.

        ``None`` only where the network itself says that there is none: it may mean that somebody is gone.
        """
        ...

    # What follows writes, beside the outbox. Asking the same again makes nothing new, so it may be tried until it
    # answers; what is in doubt is looked for before anything is sent again.
    def like(self, ref: PostRef) -> None:
        """Like a post: our one sign that a request was understood."""
        ...

    def answer(self, ref: PostRef, handle: str, text: str, key: str, at: datetime) -> None:
        """Answer a post shortly, for its author alone where the network can do that.

        Args:
            ref: the post.
            handle: its author's, mentioned where the network needs it.
            text: plain, without mentions.
            key: 32 hex digits that name this answer.
            at: when it was decided, UTC.
        """
        ...

    def tell(self, handle: str, text: str, key: str, at: datetime) -> PostRef | None:
        """Write to a person privately; gives the post to which an answer would come, where answers are heard.

        Raises ``Refused`` where the network or the person does not allow it.
        """
        ...

    def delete(self, ref: PostRef) -> None:
        """Delete a post of ours; one that is gone already is fine."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
