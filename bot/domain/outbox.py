"""The outbox: what is to be said, cut into parts, and the states a delivery and a part may be in.

A delivery is one prompt on one account. Its text is frozen when it is first claimed; what a part needs is stored
before its request leaves. ``unknown`` is a state: a request left and no usable answer came; look before sending again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.posts import NetworkName, PostRef
from bot.domain.richtext import RichText

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

DeliveryState = Literal["planned", "frozen", "sent", "missed", "refused", "cancelled"]
PartState = Literal["ready", "unknown", "sent"]

DELIVERY_MOVES: dict[DeliveryState, frozenset[DeliveryState]] = {
    "planned": frozenset({"frozen", "missed", "refused", "cancelled"}),
    "frozen": frozenset({"sent", "missed", "refused", "cancelled", "planned"}),  # planned: composed anew
    "missed": frozenset({"planned"}),  # a moderator moved the prompt to a time that is still to come
    "refused": frozenset({"planned"}),  # a moderator changed the text that was refused
    "cancelled": frozenset({"planned"}),  # a chat that was taken out came back
    "sent": frozenset(),
}
"""The declared graph: from each state, the states that may follow."""


class MediaFile(msgspec.Struct, frozen=True):
    """A picture of ours, kept in the store by its SHA-256 (hex) so that a later edit cannot change what is sent."""

    sha256: str
    mime: str
    size: int
    alt: str
    width: int
    height: int


class Poll(msgspec.Struct, frozen=True):
    """A poll where the network has them: two to four options, open for ``seconds``."""

    options: tuple[str, ...]
    seconds: int


class LinkCard(msgspec.Struct, frozen=True):
    """A page shown beside a post, on a network that does not look at the page itself.

    Attributes:
        uri: the page's address.
        title, description: plain text, one line each.
        picture: shown with it; ``None`` for none.
    """

    uri: str
    title: str
    description: str
    picture: MediaFile | None = None


class DraftPost(msgspec.Struct, frozen=True):
    """One post of a draft. ``reply_to`` is the index of an earlier post of the same draft; ``None`` for the first.

    ``answer`` is the node key of the contribution that this post repeats; empty for all other posts. ``card`` is left
    out where there is ``media``.
    """

    text: RichText
    reply_to: int | None = None
    visibility: Literal["public", "unlisted"] = "public"
    media: tuple[MediaFile, ...] = ()
    poll: Poll | None = None
    answer: str = ""
    card: LinkCard | None = None


class Draft(msgspec.Struct, frozen=True):
    """All that one delivery will say: a thread (a tree of posts), or a single post.

    Attributes:
        posts: the first is the root; each other one replies to an earlier one.
        languages: BCP 47.
        at: the time the posts carry where the network lets us say it, UTC.
        reply_to: a post of ours under which the first one hangs; ``None`` for a thread of its own.
        reply_root: that post's own root; ``None`` where ``reply_to`` is a root itself.
        warning: content warning; empty for none.
        gated: only followers and mentioned people may reply (where the network has gates).
    """

    posts: tuple[DraftPost, ...]
    languages: tuple[str, ...]
    at: datetime
    reply_to: PostRef | None = None
    reply_root: PostRef | None = None
    warning: str = ""
    gated: bool = False


class Part(msgspec.Struct, frozen=True):
    """One thing a request makes: a post, an uploaded picture, a gate.

    Attributes:
        position: from 0, in the order of sending.
        kind: what it makes.
        key: what makes it unique on the network: Bluesky's rkey, Mastodon's idempotency key, a picture's SHA-256.
        payload: all the adapter needs to send it again the same way (JSON), without remote ids of other parts.
        needs: positions of the parts whose remote ids go into this one.
        post: index of the draft's post this belongs to; -1 for a gate.
        state: ``ready``, ``unknown`` (a request left, no usable answer) or ``sent``.
        tried_at: when its last request left, UTC.
        remote: the address it got; for a picture ``id`` is the media's id (or its blob as JSON).
    """

    position: int
    kind: Literal["media", "post", "gate"]
    key: str
    payload: str
    needs: tuple[int, ...] = ()
    post: int = -1
    state: PartState = "ready"
    tried_at: datetime | None = None
    remote: PostRef | None = None


class Delivery(msgspec.Struct, frozen=True):
    """One prompt on one account: a row of the outbox.

    Attributes:
        id: ``<prompt id>@<account key>``.
        prompt: the prompt's id; ``chat`` and ``series`` are its chat's and series' ids.
        account: key of our account; ``network`` its network.
        order: the prompt's place in its chat.
        at, useful_until: UTC.
        state: see ``DELIVERY_MOVES``.
        attempts: how often sending was tried.
        retry_at: not before this, UTC; ``None`` for at once.
        error: why the last attempt did not end well; empty if it did.
        parts: frozen parts in order; empty until frozen.
        sent_at: UTC.
    """

    id: str
    prompt: str
    chat: str
    series: str
    account: str
    network: NetworkName
    order: int
    at: datetime
    useful_until: datetime
    state: DeliveryState = "planned"
    attempts: int = 0
    retry_at: datetime | None = None
    error: str = ""
    parts: tuple[Part, ...] = ()
    sent_at: datetime | None = None


def may_move(before: DeliveryState, after: DeliveryState) -> bool:
    """Whether the declared graph has this step."""
    return after in DELIVERY_MOVES[before]


def next_group(parts: Sequence[Part], *, atomic: bool) -> tuple[Part, ...]:
    """The parts that the next request makes: one, or on an ``atomic`` network all posts and gates together.

    Pictures always go one by one, before what shows them. Empty when everything is sent.
    """
    left = [part for part in parts if part.state != "sent"]
    if not left:
        return ()
    if atomic and left[0].kind != "media":
        return tuple(left)
    return (left[0],)


def in_doubt(parts: Sequence[Part]) -> bool:
    """Whether a request left for any of these parts and no usable answer came."""
    return any(part.state == "unknown" for part in parts)


def backoff(attempts: int, rng: random.Random, *, first: float = 5.0, most: float = 300.0) -> timedelta:
    """How long to wait after the ``attempts``-th failure: ``first`` s, doubled up to ``most``, half jittered.

    Follows "Exponential Backoff and Jitter" (equal jitter), AWS Architecture Blog, 2015.
    """
    whole = min(most, first * 2 ** min(attempts - 1, 20))
    return timedelta(seconds=whole / 2 + rng.random() * whole / 2)
