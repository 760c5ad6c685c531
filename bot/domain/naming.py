"""How a person is called on pages, in feeds, exports and digests: by name, by initials, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.patterns import GRAPHEME
from bot.domain.posts import Account

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.consent import Wish
    from bot.domain.posts import Post

Naming = Literal["named", "initials", "nameless"]

MOST_INITIALS = 3


def naming(wishes: Iterable[Wish]) -> Naming:
    """How an account asked to be called, last; by name where it said nothing. Of two at once the shyer one counts."""
    weight: dict[str, int] = {"named": 0, "initials": 1, "nameless": 2}
    asked = (wish for wish in wishes if wish.kind in weight)
    latest = max(asked, key=lambda wish: (wish.at, weight[wish.kind]), default=None)
    if latest is None or latest.kind == "named":
        return "named"
    return "initials" if latest.kind == "initials" else "nameless"


def as_called(post: Post, how: Naming, alias: str) -> Post:
    """A post as it may be shown of somebody who asked to be called so.

    Initials drop handle and profile, and keep the link to the original. Nameless drops name, handle, profile, the link
    and the exact time (it is cut to the hour); its words can still be searched for, which is said where it is offered.

    Args:
        post: as it is kept.
        how: what its author asked for.
        alias: stands for the account's id, so that one person's answers can be told to be one person's.
    """
    if how == "named":
        return post
    author = Account(network=post.author.network, id=alias, handle="", name="", signals=post.author.signals)
    if how == "initials":
        return msgspec.structs.replace(post, author=msgspec.structs.replace(author, name=initials(post.author.name)))
    ref = msgspec.structs.replace(post.ref, id=alias, cid="", url="")
    at = post.at.replace(minute=0, second=0, microsecond=0)
    return msgspec.structs.replace(post, ref=ref, author=author, at=at, edited_at=None, uri="", original="")


def initials(name: str) -> str:
    """The first letters of a name's words, each with a full stop; empty where it has no letters."""
    words = (word for word in name.lstrip("@").replace(".", " ").replace("-", " ").split() if word[0].isalpha())
    first = (GRAPHEME.match(word) for word in list(words)[:MOST_INITIALS])
    return "".join(f"{found[0].upper()}." for found in first if found)
