"""Copying pictures of answers that are shown by their authors' consent: fetched, written anew, kept.

Stopped anywhere it begins again with what is missing; a picture is fetched once more at most. What may be copied, and
that a copy goes with its answer, is the store's business.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import msgspec

from bot.domain.copying import try_again
from bot.errors import Busy, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.domain.copying import ToCopy
    from bot.domain.posts import Post
    from bot.ports import Network, Store

AT_ONCE = 8
"""Pictures in one go: no network and no small computer is busy for long."""


OTHERS = 20
"""How many times more are looked at, for some may be those of another server, whose account is silent."""


class Rewritten(Protocol):
    """A picture written anew: its bytes, width and height in pixels."""

    @property
    def data(self) -> bytes: ...  # noqa: D102 - said above
    @property
    def width(self) -> int: ...  # noqa: D102 - the same
    @property
    def height(self) -> int: ...  # noqa: D102 - the same


class CopiedPictures(msgspec.Struct, frozen=True):
    """What a run did: pictures copied, and those that could not be had this time.

    Attributes:
        copied, lost: how many.
        wait: seconds for which the network asked to be left in peace.
    """

    copied: int = 0
    lost: int = 0
    wait: float = 0.0


def copy_pictures(
    store: Store,
    network: Network,
    rewrite: Callable[[bytes], Rewritten | None],
    now: datetime,
    limit: int = AT_ONCE,
) -> CopiedPictures:
    """Copy what is to be copied now from one network.

    Args:
        store: the truth.
        network: our account there.
        rewrite: writes a picture anew, without metadata; ``None`` for what is no picture that can be read.
        now: UTC.
        limit: how many pictures at most.

    Raises:
        NetworkError: the network cannot be asked; what was not asked for does not count as tried.
    """
    copied = lost = 0
    of_post: dict[str, list[ToCopy]] = {}
    for one in store.pictures_wanted(network.name, now, limit * OTHERS):
        of_post.setdefault(one.post, []).append(one)
    for wanted in of_post.values():
        if copied + lost >= limit:
            break
        try:
            files = network.pictures(wanted[0].ref, [one.key for one in wanted])
        except Refused:
            files = {}
        except Busy as error:
            return CopiedPictures(copied, lost, error.retry_after)
        if files is None:
            continue
        for one in wanted:
            picture = rewrite(files[one.key]) if one.key in files else None
            if picture is None:
                store.picture_lost(one, try_again(one.attempts + 1, now))
                lost += 1
                continue
            name = hashlib.sha256(picture.data).hexdigest()
            copied += store.picture_copied(one, picture.data, name, picture.width, picture.height)
    return CopiedPictures(copied, lost)


def pictures_of(store: Store, posts: Sequence[tuple[str, Post]]) -> list[tuple[str, str, bytes]]:
    """The copies that are kept of somebody's posts (each with its chat's id): chat, the post's address, WebP."""
    found = []
    for chat in dict.fromkeys(chat for chat, _ in posts):
        theirs = {store.key(post.ref.network, post.ref.id): post for each, post in posts if each == chat}
        for answer in store.content(chat).answers:
            copies = answer.pictures if answer.key in theirs else ()
            found += [(chat, theirs[answer.key].ref.url, store.picture(one.sha256)) for one in copies if one.sha256]
    return found
