"""A digest that is held for its hosts: what they said about it, and what becomes of it.

What hosts say are events; the latest of each kind counts. Nothing is decided twice, and a crash loses nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from bot.domain.records import Pick

if TYPE_CHECKING:
    from collections.abc import Iterable

SILENCE = timedelta(hours=24)
"""How long a digest that has to be approved waits after the hosts' last word, before it goes out without quotes."""

Saying = Literal["pinned", "left out", "freed", "edited", "stopped", "approved"]
"""``freed`` takes back ``pinned`` and ``left out``; ``edited`` gives the digest words of the hosts' own."""

SAYINGS: tuple[Saying, ...] = get_args(Saying)

Fate = Literal["wait", "stopped", "whole", "without quotes"]


class HostSaying(msgspec.Struct, frozen=True):
    """One thing that a host said about a chat's digest.

    Attributes:
        at: when, UTC.
        kind: what.
        by: who, for the log.
        reason: why, for the log; may be empty.
        answer: node key of the answer that is meant; empty where none is.
        words: of ``edited``: what the digest is to say; empty takes it back.
    """

    at: datetime
    kind: Saying
    by: str
    reason: str = ""
    answer: str = ""
    words: str = ""


class HeldDigest(msgspec.Struct, frozen=True):
    """A digest that was chosen and is not out.

    Attributes:
        chat: the chat's id.
        at: when it was chosen, UTC.
        until: when its hold is over, UTC.
        picks: what was chosen and may still be shown.
        told: the chat's hosts were sent what is held.
    """

    chat: str
    at: datetime
    until: datetime
    picks: tuple[Pick, ...]
    told: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """What hosts want of a digest, all in all.

    Attributes:
        pinned: node keys of what they pinned, in that order.
        left_out: node keys of what they left out.
        intro: what the digest is to say in their words.
        stopped, approved: their last word, if it is that.
        last: when they last said anything, UTC.
    """

    pinned: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    intro: str = ""
    stopped: bool = False
    approved: bool = False
    last: datetime | None = None


NOTHING_SAID = Wanted()


def preview_errands(chat: str) -> str:
    """How the ids of the errands begin that send a chat's hosts what is held."""
    return f"preview:{chat}:"


def chat_previewed(errand: str) -> str:
    """The chat of which an errand, by its id, sends hosts what is held; empty for any other errand."""
    what, _, rest = errand.partition(":")
    return rest.rpartition(":")[0] if what == "preview" else ""


def preview_conversation(key: str) -> str:
    """Under which name it is remembered of which chat's digest a private message of ours, by its node key, is."""
    return f"preview:{key}"


def wanted_by(said: Iterable[HostSaying]) -> Wanted:
    """Add up what hosts said, in order of time."""
    about: dict[str, Saying] = {}
    intro, verdict, last = "", "", None
    for one in sorted(said, key=lambda each: each.at):
        last = one.at
        if one.answer:
            about.pop(one.answer, None)  # pinned anew, it comes last
            about[one.answer] = one.kind
        elif one.kind == "edited":
            intro = one.words
        elif one.kind in ("stopped", "approved"):
            verdict = one.kind
    return Wanted(
        pinned=tuple(key for key, kind in about.items() if kind == "pinned"),
        left_out=frozenset(key for key, kind in about.items() if kind == "left out"),
        intro=intro,
        stopped=verdict == "stopped",
        approved=verdict == "approved",
        last=last,
    )


def speaks_at(held: HeldDigest, wanted: Wanted, *, approve: bool) -> datetime:
    """When a held digest goes out if its hosts say nothing more, UTC. ``approve``: it has to be approved."""
    if not approve:
        return held.until
    return max(held.until, max(held.at, wanted.last or held.at) + SILENCE)


def fate(held: HeldDigest, wanted: Wanted, now: datetime, *, approve: bool) -> Fate:
    """What becomes of a held digest now."""
    if wanted.stopped:
        return "stopped"
    if wanted.approved:
        return "whole"
    if now < speaks_at(held, wanted, approve=approve):
        return "wait"
    return "without quotes" if approve else "whole"
