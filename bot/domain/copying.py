"""Which pictures of a kept answer may be copied, how many, and when one that could not be had is tried again.

That its author joined, and that it is shown, is the verdict's business (``consent.decide``): a copy is kept as long as
an answer is shown somewhere by its author's consent, and no longer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.domain.consent import DELICATE_LABELS
from bot.domain.posts import PostRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.domain.naming import Naming
    from bot.domain.posts import Media

MOST = 4
"""Pictures of one answer. Neither network takes more on one post, but some servers do."""

MOST_BYTES = 8 * 1024 * 1024
"""Of one picture as it is fetched."""

WAITS = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long is waited after the first failure, the second …; after one more a picture is left where it is."""


class Copy(msgspec.Struct, frozen=True):
    """A picture of an answer that was copied, or could not be.

    Attributes:
        position: its place among what is attached to the post.
        sha256: names its bytes, hex; empty where it was given up.
        width, height: pixels.
    """

    position: int
    sha256: str = ""
    width: int = 0
    height: int = 0


class ToCopy(msgspec.Struct, frozen=True):
    """A picture that is to be copied now.

    Attributes:
        post: node key of its post.
        position: its place among what is attached.
        key: ``Media.key``.
        ref: the post's address.
        attempts: how often it was tried.
    """

    post: str
    position: int
    key: str
    ref: PostRef
    attempts: int = 0


def wanted(media: Sequence[Media], *, warning: str, labels: Iterable[str]) -> dict[int, str]:
    """The pictures of an answer that may be copied as far as the post itself goes: position → ``Media.key``.

    None where a content warning stands before it, or a delicate label is on it or its author; videos, sounds and
    what has no key never.

    Args:
        media: what is attached.
        warning: the content warning; empty if none.
        labels: on the post and on its author.
    """
    if warning or not DELICATE_LABELS.isdisjoint(labels):
        return {}
    found = ((position, one.key) for position, one in enumerate(media) if one.kind == "image" and one.key)
    return dict(list(found)[:MOST])


def may_show(naming: Naming) -> bool:
    """Whether pictures of somebody who is called so may be copied and shown: of who asked for no name, never."""
    return naming != "nameless"


def try_again(attempts: int, now: datetime) -> datetime | None:
    """When a picture is tried again that could not be had for the ``attempts``-th time; ``None``: not any more."""
    return now + WAITS[attempts - 1] if attempts <= len(WAITS) else None
