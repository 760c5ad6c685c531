"""Bridges' copies: the original is let in instead, once, under its own author's signals and wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.bridges import original_of
from bot.errors import NetworkError, UserError
from bot.ports import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.domain.posts import NetworkName, Post
    from bot.domain.records import Candidate
    from bot.ports import Network, Store
    from bot.services.door import Door

MOST = 20
"""Originals asked for in one go; the rest is met again by the next sweep."""


def let_in_originals(
    store: Store,
    door: Door,
    batch: Sequence[Candidate],
    others: Callable[[NetworkName], Network | None],
    now: datetime,
) -> Stored:
    """Match the copies in a batch to their originals, and let those in at the same door.

    A copy stays a bare node, and what replies to it belongs to its original. Where the original replies to a copy of
    a post that we know (a question of ours on the other network), that is learned from the two, too. A copy whose
    original cannot be had is left out, and asked about only once; while a network is down it is asked about again.

    Args:
        store: the truth.
        door: the chat's door.
        batch: what it just admitted.
        others: gives an account of ours on a network, if the chat has one there.
        now: UTC.
    """
    copies = {each.key: each for each in batch if each.why != "not-public" and original_of(each.post)}
    known = store.copies(copies)
    pairs: dict[str, str] = {}
    originals: list[Post] = []
    for key, each in [(key, each) for key, each in copies.items() if key not in known][:MOST]:
        try:
            original = _original(each.post, others)
        except (NetworkError, UserError):
            continue
        pairs[key] = store.key(original.ref.network, original.ref.id) if original else ""
        if original is None:
            continue
        originals.append(original)
        above = store.key(original.ref.network, original.parent)
        if not above:
            door.parents.setdefault(pairs[key], each.parent)
        elif each.parent and above != each.parent and above not in door.parents:
            pairs[above] = each.parent
    if pairs:
        store.save_copies(pairs)
    return store.upsert(door.admit(originals), now) if originals else Stored(0, 0)


def _original(copy: Post, others: Callable[[NetworkName], Network | None]) -> Post | None:
    """The post that a copy was made of; ``None`` where it is not there, is a copy itself, or we cannot ask."""
    found = original_of(copy)
    network = others(found[0]) if found else None
    if found is None or network is None:
        return None
    original = network.resolve(found[1])
    return None if original is None or original.original or original.author.signals.bridged else original
