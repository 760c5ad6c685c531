"""May this post be stored, shown, found by search? One pure function, asked at the door and again before showing.

Order of precedence, highest first: what is not public; the later of leaving and joining; ``#noarchive``; the
network's own hiding (labels, gates, blocks) and bridge copies; ``noindex`` and bio tags; the series' basis.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.richtext import hashtags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.posts import Account, Post
    from bot.domain.schedule import Basis

Reason = Literal[
    "joined",
    "in-our-thread",
    "everyone",
    "not-public",
    "stopped",
    "noarchive",
    "hidden-there",
    "blocks-us",
    "bridge-copy",
    "noindex",
    "not-joined",
    "outside-our-threads",
]

HIDING_LABELS = frozenset({"!hide", "!takedown", "!suspend", "!no-unauthenticated"})
"""Labels that keep a post or account off public pages (https://docs.bsky.app/docs/advanced-guides/moderation)."""

DELICATE_LABELS = frozenset({"porn", "sexual", "nudity", "graphic-media", "gore"})
"""Labels that make a person look before it is shown."""

UNWILLING_BIO_TAGS = frozenset({"nobot", "noindex", "nosearch"})


class Wish(msgspec.Struct, frozen=True):
    """What an account asked of us: ``series`` is a slug, or empty for every series here; ``at`` is UTC."""

    kind: Literal["joined", "stopped"]
    series: str
    at: datetime


class Verdict(msgspec.Struct, frozen=True):
    """The answer, and why.

    Attributes:
        store: its words may be kept.
        hold: kept back until a person releases it (it carries a picture, or a delicate label).
        search: it may be found by our search.
        why: the rule that decided.
    """

    store: bool
    hold: bool
    search: bool
    why: Reason

    @property
    def show(self) -> bool:
        """Whether it may stand on a page, in a feed, an export or a digest."""
        return self.store and not self.hold


def standing_wish(wishes: Iterable[Wish], series: str) -> Literal["joined", "stopped"] | None:
    """The wish that holds for a series: the latest of all that name it or name none; leaving wins a tie."""
    latest: Wish | None = None
    for wish in wishes:
        if wish.series not in ("", series):
            continue
        if latest is None or (wish.at, wish.kind == "stopped") > (latest.at, latest.kind == "stopped"):
            latest = wish
    return latest.kind if latest else None


def decide(post: Post, *, series: str, basis: Basis, in_thread: bool, wishes: Iterable[Wish] = ()) -> Verdict:
    """Decide about one post of one account.

    Args:
        post: as its network shows it now, with its author's signals.
        series: slug of the series it would stand under.
        basis: that series' ground for archiving.
        in_thread: whether it stands in the thread of one of our questions, which carries the notice.
        wishes: all that its author asked of us.
    """
    wish = standing_wish(wishes, series)
    refusal = _refusal(post, wish)
    if refusal:
        return Verdict(store=False, hold=False, search=False, why=refusal)
    why = _ground(post.author, wish, basis, in_thread=in_thread)
    if why not in ("joined", "in-our-thread", "everyone"):
        return Verdict(store=False, hold=False, search=False, why=why)
    signals = post.author.signals
    return Verdict(
        store=True,
        hold=bool(post.media) or not DELICATE_LABELS.isdisjoint((*post.labels, *signals.labels)),
        search=signals.indexable is not False and signals.discoverable is not False,
        why=why,
    )


def _refusal(post: Post, wish: Literal["joined", "stopped"] | None) -> Reason | None:
    """What forbids archiving whatever the basis, JOIN or not."""
    signals = post.author.signals
    forbidden: tuple[tuple[bool, Reason], ...] = (
        (post.visibility not in ("public", "unlisted"), "not-public"),
        (wish == "stopped", "stopped"),
        ("noarchive" in signals.bio_tags or "noarchive" in hashtags(post.text), "noarchive"),
        (post.hidden or not HIDING_LABELS.isdisjoint((*post.labels, *signals.labels)), "hidden-there"),
        (signals.blocks_us, "blocks-us"),
        (bool(post.original) or signals.bridged, "bridge-copy"),
    )
    return next((reason for holds, reason in forbidden if holds), None)


def _ground(author: Account, wish: Literal["joined", "stopped"] | None, basis: Basis, *, in_thread: bool) -> Reason:
    """The ground on which it may stand, or the reason why there is none."""
    if wish == "joined":
        return "joined"
    if author.signals.noindex or not UNWILLING_BIO_TAGS.isdisjoint(author.signals.bio_tags):
        return "noindex"
    if basis == "joined":
        return "not-joined"
    if basis == "everyone":
        return "everyone"
    return "in-our-thread" if in_thread else "outside-our-threads"
