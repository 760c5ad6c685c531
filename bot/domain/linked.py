"""Who is one person: accounts of which each said that it is the other, too.

One word for another does nothing: a claim counts once the account that it names says the same of the first, within
``CONFIRMED_WITHIN``. What either says to end it, ends it, and all that was claimed between the two before. Accounts are
known by keys of their ids alone: a handle that somebody else takes over links nobody.

This is the one place that tells who is one person. A bridge's copy has nothing to do with it: that is one account's
post on another network, and whoever is copied said nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONFIRMED_WITHIN = timedelta(days=30)
"""For how long a claim waits for the other side to say the same."""

ClaimKind = Literal["also", "not"]


class Claim(msgspec.Struct, frozen=True):
    """What one account said of another.

    Attributes:
        kind: ``also``: we are one person; ``not``: we are not, or not any more.
        by: key of the account that said it.
        other: key of the account that it named; empty, with ``not`` alone, for every other one.
        at: when it was said, UTC.
        called: key of the handle that ``by`` had then (``posts.handle_id``).
    """

    kind: ClaimKind
    by: str
    other: str
    at: datetime
    called: str = ""


class Link(msgspec.Struct, frozen=True):
    """Two accounts (keys, in their order) that are one person's, since when."""

    one: str
    other: str
    since: datetime


def links(claims: Iterable[Claim]) -> tuple[Link, ...]:
    """The links that hold, in order of their keys."""
    said = _holding(claims)
    found = []
    for one, other in sorted(pair for pair in said if pair[0] < pair[1]):
        agreed = [
            max(mine, theirs)
            for mine in said[one, other]
            for theirs in said.get((other, one), ())
            if abs(mine - theirs) <= CONFIRMED_WITHIN
        ]
        found += [Link(one, other, min(agreed))] if agreed else []
    return tuple(found)


def persons(claims: Iterable[Claim]) -> Mapping[str, tuple[str, ...]]:
    """By account (key) all accounts of its person, itself among them, in order; whoever has one alone is missing."""
    home: dict[str, frozenset[str]] = {}
    for link in links(claims):
        together = home.get(link.one, frozenset((link.one,))) | home.get(link.other, frozenset((link.other,)))
        home.update(dict.fromkeys(together, together))
    return {key: tuple(sorted(together)) for key, together in home.items()}


def whose(everybody: Mapping[str, tuple[str, ...]], account: str) -> str:
    """A code for whoever has an account: the first of its person's keys, or its own; see ``person_of``."""
    return min(everybody.get(account, (account,)))


def person_of(everybody: Mapping[str, tuple[str, ...]], account: str) -> tuple[str, ...]:
    """Keys of all accounts of whoever has this one: that one first, then those that are linked to it, in order.

    Args:
        everybody: from ``persons``.
        account: a key.
    """
    return (account, *(key for key in everybody.get(account, ()) if key != account))


def waiting(claims: Iterable[Claim], now: datetime) -> tuple[Claim, ...]:
    """Claims that the other side may still confirm, the latest of each pair, in order of time."""
    every = tuple(claims)
    linked = _pairs(every)
    found = [
        Claim("also", by, other, max(times))
        for (by, other), times in _holding(every).items()
        if frozenset((by, other)) not in linked and now - max(times) <= CONFIRMED_WITHIN
    ]
    return tuple(sorted(found, key=lambda claim: (claim.at, claim.by, claim.other)))


def of_no_use(claims: Iterable[Claim], now: datetime) -> tuple[Claim, ...]:
    """Claims that change nothing any more, and are to be forgotten.

    Those that were ended, those that nobody confirmed in time, and what ended them once no claim that old counts.
    """
    every = tuple(claims)
    said, linked = _holding(every), _pairs(every)
    old = now - CONFIRMED_WITHIN

    def idle(claim: Claim) -> bool:
        if claim.kind == "not":
            return claim.at < old
        holds = claim.at in said.get((claim.by, claim.other), ())
        return not holds or (claim.at < old and frozenset((claim.by, claim.other)) not in linked)

    return tuple(claim for claim in every if idle(claim))


def asking(kind: ClaimKind, request: str, by: str, called: str) -> str:
    """The id of the errand that finds out which account a claim names.

    Args:
        kind: of the claim.
        request: node key of the post that says it.
        by: as in ``Claim``.
        called: as in ``Claim``.
    """
    return f"identify:{kind}:{request}:{by}:{called}"


def asks(errand: str) -> tuple[ClaimKind, str, str]:
    """Kind, ``by`` and ``called`` of the claim for which an errand (its id) finds out about an account."""
    _, kind, _, by, called = errand.split(":")
    return ("also" if kind == "also" else "not", by, called)


def _pairs(claims: Iterable[Claim]) -> set[frozenset[str]]:
    return {frozenset((link.one, link.other)) for link in links(claims)}


def _holding(claims: Iterable[Claim]) -> dict[tuple[str, str], tuple[datetime, ...]]:
    """When each account said of which other that they are one, where neither ended it at that moment or since."""
    every = tuple(claims)
    ends: dict[tuple[str, str], datetime] = {}
    for claim in every:
        if claim.kind == "not":
            ends[claim.by, claim.other] = max(claim.at, ends.get((claim.by, claim.other), claim.at))
    found: dict[tuple[str, str], tuple[datetime, ...]] = {}
    for claim in every:
        one, other = claim.by, claim.other
        ended = [ends[pair] for pair in ((one, other), (other, one), (one, ""), (other, "")) if pair in ends]
        if claim.kind == "also" and all(claim.at > end for end in ended):
            found[one, other] = (*found.get((one, other), ()), claim.at)
    return found
