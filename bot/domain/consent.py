"""May this post be stored, shown, found by search? One pure function, asked at the door and again before showing.

Order of precedence, highest first: what is not public; what a person decided about this post; the later of leaving and
joining; ``#noarchive``; the network's own hiding (labels, gates, blocks) and bridges' copies; ``noindex`` and bio tags;
the series' basis. What may be stored may still be held for a person.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.richtext import hashtags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bot.domain.posts import Account, Post
    from bot.domain.series import Basis

Reason = Literal[
    "joined",
    "in-our-thread",
    "everyone",
    "not-public",
    "request",
    "removed",
    "dropped",
    "stopped",
    "noarchive",
    "hidden-there",
    "blocks-us",
    "bridge-copy",
    "noindex",
    "not-joined",
    "outside-our-threads",
]

REACHABLE: frozenset[Reason] = frozenset({"noindex", "not-joined", "outside-our-threads"})
"""Reasons that a later KEEP MY ANSWERS would undo: where such a post is, is remembered while its chat is open."""

Alarm = Literal["photo", "label", "pupil", "harm", "accusation"]
"""What makes a person look at an answer before anybody else does."""

Hold = Literal[Alarm, "asked", "hidden"]
"""Why an answer is held: an alarm; its author said STOP where that may be an answer; a host hid it."""

HIDING_LABELS = frozenset({"!hide", "!takedown", "!suspend", "!no-unauthenticated"})
"""Labels that keep a post or account off public pages (https://docs.bsky.app/docs/advanced-guides/moderation)."""

DELICATE_LABELS = frozenset({"porn", "sexual", "nudity", "graphic-media", "gore"})
"""Labels that make a person look before it is shown."""

UNWILLING_BIO_TAGS = frozenset({"nobot", "noindex", "nosearch"})

WishKind = Literal[
    "joined",
    "stopped",
    "paused",
    "initials",
    "nameless",
    "named",
    "listed",
    "unlisted",
    "record",
    "research",
    "noresearch",
    "gone",
]
"""What a person may ask of us.

``joined``, ``stopped``: keep my answers, remove me. ``paused``: hold them back until I say which. ``initials``,
``nameless``, ``named``: how I am called. ``listed``, ``unlisted``: in the directory of people. ``record``: make me a
record of my taking part. ``research``, ``noresearch``: in what is given to researchers. ``gone`` is asked by nobody:
the account ended, and is not to be named in what others said.
"""


class Wish(msgspec.Struct, frozen=True):
    """What an account asked of us: ``series`` is a slug, or empty for every series here; ``at`` is UTC."""

    kind: WishKind
    series: str
    at: datetime


class Ruling(msgspec.Struct, frozen=True):
    """What a person decided about one post.

    Attributes:
        kind: ``released`` (may be shown as it was read), ``dropped`` (not to be kept), ``hidden`` (held until decided),
            ``removed`` (its author asked to take it out).
        words: fingerprint of the words that were read (``alarms.words_read``); a release counts only for these.
        at: UTC.
    """

    kind: Literal["released", "dropped", "hidden", "removed"]
    words: int
    at: datetime


class Verdict(msgspec.Struct, frozen=True):
    """The answer, and why.

    Attributes:
        store: its words may be kept.
        search: it may be found by our search.
        why: the rule that decided.
        held: why it is kept back until a person releases it; empty where it is not.
        joined: its author joined: only this is called consent, and copies of pictures, records and exports for
            research need it.
    """

    store: bool
    search: bool
    why: Reason
    held: tuple[Hold, ...] = ()
    joined: bool = False

    @property
    def hold(self) -> bool:
        """Whether a person has to look first."""
        return bool(self.held)

    @property
    def show(self) -> bool:
        """Whether it may stand on a page, in a feed, an export or a digest."""
        return self.store and not self.held


def standing_wish(wishes: Iterable[Wish], series: str) -> Literal["joined", "stopped", "paused"] | None:
    """The wish about being kept that holds for a series, of all that name it or name none.

    The later of leaving and joining; of two at the same moment, leaving. A pause is a question, not a wish: it holds
    until either is said after it, and never brings back who has left.
    """
    here = [wish for wish in wishes if wish.series in ("", series)]
    latest = _latest(here, _STANDS)
    paused = _latest(here, ("paused",))
    if latest is not None and latest.kind == "stopped":
        return "stopped"
    if paused is not None and (latest is None or paused.at >= latest.at):
        return "paused"
    return "joined" if latest else None


_STANDS: tuple[WishKind, ...] = ("joined", "stopped")


def _latest(wishes: Iterable[Wish], kinds: tuple[WishKind, ...]) -> Wish | None:
    """The latest wish of these kinds; of two at once the one whose kind stands later in ``kinds``."""
    asked = (wish for wish in wishes if wish.kind in kinds)
    return max(asked, key=lambda wish: (wish.at, kinds.index(wish.kind)), default=None)


def decide(
    post: Post,
    *,
    series: str,
    basis: Basis,
    in_thread: bool,
    wishes: Iterable[Wish] = (),
    ruling: Ruling | None = None,
    words: int = 0,
    words_alone: int | None = None,
    alarms: Iterable[Alarm] = (),
) -> Verdict:
    """Decide about one post of one account.

    Args:
        post: as its network shows it now, with its author's signals.
        series: slug of the series it would stand under.
        basis: that series' ground for archiving.
        in_thread: whether it stands in the thread of one of our questions, which carries the notice.
        wishes: all that its author asked of us.
        ruling: what a person decided about it last.
        words: fingerprint of its words and of which files are attached now, to compare with the ruling's.
        words_alone: the same without the files. A release that knew nothing of these counts as long as no picture is
            copied, which needs JOIN.
        alarms: what in it makes a person look (``alarms.alarms``).
    """
    said = tuple(wishes)
    wish = standing_wish(said, series)
    refusal = _refusal(post, wish, ruling)
    if refusal:
        return Verdict(store=False, search=False, why=refusal)
    # Whoever had joined and then wrote a STOP that may be an answer is held, not forgotten, until we know.
    before = standing_wish((one for one in said if one.kind != "paused"), series)
    why = _ground(post.author, before, basis, in_thread=in_thread)
    if why in REACHABLE:
        return Verdict(store=False, search=False, why=why)
    return Verdict(
        store=True,
        search=_findable(post.author),
        why=why,
        held=_held(wish, ruling, {words} if wish == "joined" or words_alone is None else {words, words_alone}, alarms),
        joined=wish == "joined",
    )


def _refusal(post: Post, wish: str | None, ruling: Ruling | None) -> Reason | None:
    """What forbids archiving whatever the basis, JOIN or not."""
    signals = post.author.signals
    ruled: str = ruling.kind if ruling else ""
    forbidden: tuple[tuple[bool, Reason], ...] = (
        (post.visibility not in ("public", "unlisted"), "not-public"),
        (ruled == "removed", "removed"),
        (ruled == "dropped", "dropped"),
        (wish == "stopped", "stopped"),
        ("noarchive" in signals.bio_tags or "noarchive" in hashtags(post.text), "noarchive"),
        (post.hidden or not HIDING_LABELS.isdisjoint((*post.labels, *signals.labels)), "hidden-there"),
        (signals.blocks_us, "blocks-us"),
        (bool(post.original) or signals.bridged, "bridge-copy"),
    )
    return next((reason for holds, reason in forbidden if holds), None)


def _ground(author: Account, wish: str | None, basis: Basis, *, in_thread: bool) -> Reason:
    """The ground on which it may stand, or the reason why there is none."""
    if wish == "joined":
        return "joined"
    if _unwilling(author):
        return "noindex"
    if basis == "joined":
        return "not-joined"
    if basis == "everyone":
        return "everyone"
    return "in-our-thread" if in_thread else "outside-our-threads"


def _findable(author: Account) -> bool:
    """Whether our search may find it; of who joined in spite of a wish against search engines it does not."""
    signals = author.signals
    return signals.indexable is not False and signals.discoverable is not False and not _unwilling(author)


def _unwilling(author: Account) -> bool:
    """Whether somebody chose not to be indexed or read by bots: ``noindex`` is never a default."""
    return bool(author.signals.noindex) or not UNWILLING_BIO_TAGS.isdisjoint(author.signals.bio_tags)


def _held(wish: str | None, ruling: Ruling | None, words: Collection[int], alarms: Iterable[Alarm]) -> tuple[Hold, ...]:
    """Why a person has to look; a release counts for the words that were read, not for an edit of them."""
    read = ruling is not None and ruling.kind == "released" and ruling.words in words
    reasons: list[Hold] = [] if read else list(dict.fromkeys(alarms))
    if wish == "paused":
        reasons.append("asked")
    if ruling is not None and ruling.kind == "hidden":
        reasons.append("hidden")
    return tuple(reasons)
