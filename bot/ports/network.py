"""A network, as a port: one of our accounts on it, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from bot.domain.posts import Post, PostRef

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from bot.domain.outbox import Draft, Part
    from bot.domain.posts import NetworkName
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
