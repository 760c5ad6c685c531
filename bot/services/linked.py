"""I AM ALSO, I AM NOT and ONLY THIS ACCOUNT carried out: which accounts are one person's, said from both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.domain.errands import Errand
from bot.domain.linked import Claim, asking, asks, links, person_of, persons, waiting
from bot.domain.people import called
from bot.services.door import person_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.linked import ClaimKind
    from bot.domain.people import Called
    from bot.domain.posts import Account, NetworkName
    from bot.ports import Network, Store
    from bot.services.door import Request


class Other(NamedTuple):
    """Another account of a person, or one that an account named.

    Attributes:
        account: ``None`` where nothing of it is kept: then it cannot be told which it is.
        at: since when the two are linked, UTC, be it through a third one; or when that was said.
        confirmed: the two are one person; else the other side has not said so yet, and still may.
    """

    account: Account | None
    at: datetime
    confirmed: bool


def others_of(store: Store, account_key: str, now: datetime) -> tuple[Other, ...]:
    """What an account is one person with, and what it said to be: for its owner, and for whoever helps them."""
    claims = store.claims()
    mine = person_of(persons(claims), account_key)
    since = {frozenset((link.one, link.other)): link.since for link in links(claims) if link.one in mine}
    found = [(key, since.get(frozenset((account_key, key)), max(since.values())), True) for key in mine[1:]]
    found += [(claim.other, claim.at, False) for claim in waiting(claims, now) if claim.by == account_key]
    kept = {key: store.person(key) for key, _, _ in found}
    return tuple(Other(person.account if (person := kept[key]) else None, at, holds) for key, at, holds in found)


def say_alone(store: Store, request: Request, said: datetime, now: datetime) -> bool:
    """End all links of whoever asks; gives whether that is new."""
    by, handle = person_keys(store, request.post.author)
    return store.add_claim(Claim("not", by, "", said, handle), request.asked, now)


def say_of_another(
    store: Store, request: Request, said: datetime, accounts: Mapping[str, NetworkName], now: datetime
) -> tuple[Errand | None, bool, bool]:
    """Remember what an account says of another; where it is not known yet which that is, it has to be found out first.

    Only the network can tell whose a handle is, and only now: who takes it over later was not meant. What ends a link
    with somebody who spoke under that handle needs nobody to be asked.

    Args:
        store: the truth.
        request: the post that says it.
        said: when it did, UTC.
        accounts: keys of our accounts that can be used now, each with its network.
        now: UTC.

    Returns:
        What is to be found out; whether the words were understood; and whether anything changed at once.
    """
    author = request.post.author
    meant = called(request.named)
    asker = _asker(request.account, meant, accounts) if meant else ""
    if meant is None or not asker or author.signals.bridged or request.post.original:
        return None, False, False
    kind: ClaimKind = "also" if request.asked == "also" else "not"
    by, handle = person_keys(store, author)
    claims = store.claims()
    if any((one.kind, one.by, one.at) == (kind, by, said) for one in claims):  # met again
        return None, True, False
    known = {store.key(meant.network, one) for one in meant.ids}
    spoke = {one.by for one in claims if one.other == by and not known.isdisjoint((one.by, one.called))}
    if kind == "not" and spoke:
        ended = [store.add_claim(Claim("not", by, other, said, handle), request.asked, now) for other in sorted(spoke)]
        return None, True, any(ended)
    to = meant.id if meant.id.startswith("did:") else meant.handle  # the address of a profile is no id
    return Errand(asking(kind, request.key, by, handle), asker, "identify", said, to=to), True, False


def identify(store: Store, network: Network, errand: Errand, now: datetime) -> None:
    """Find out which account a claim names, and remember it; where there is none, or a bridge's copy, nothing is.

    Raises:
        NetworkError: it cannot be found out now.
    """
    kind, by, handle = asks(errand.id)
    found = network.account_called(errand.to)
    if found is not None and not found.signals.bridged:
        other = store.key(found.network, found.id)
        store.add_claim(Claim(kind, by, other, errand.at, handle), _SOURCES[kind], now)


_SOURCES: Mapping[ClaimKind, str] = {"also": "also", "not": "not-also"}


def _asker(heard: str, meant: Called, accounts: Mapping[str, NetworkName]) -> str:
    """Which account of ours can ask about somebody: the one that heard of them, or one on their network; else none."""
    there = sorted(account for account, network in accounts.items() if network == meant.network)
    return heard if heard in there else next(iter(there), "")
