"""What the author of an answer said, asked by a host, about its being used outside its chat; silence is no.

A *permission* is for one answer, as it read, and for one *purpose*, such as ``story/marking``.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.alarms import words_read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.posts import Post
    from bot.domain.records import Answer

_PURPOSE = re.compile(r"[a-z]{1,20}/[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


Standing = Literal["agreed", "declined", "edited", "held", "unasked", "gone"]
"""How the use of an answer stands: its author ``agreed``; ``declined``; agreed and ``edited`` it since; agreed, and it
is on no page now (``held``); it is on its chat's page, and nobody noted what its author says (``unasked``); neither
(``gone``)."""


class Permission(msgspec.Struct, frozen=True):
    """What an author said last about one answer and one purpose.

    Attributes:
        answer: the answer's node key.
        chat: id of the chat it stands in.
        purpose: what it was asked for: a kind, a slash, a name.
        agreed: whether the author said yes.
        words: fingerprint of what they said it about (``alarms.words_read``).
        at: when it was noted, UTC.
        by: who noted it.
        reason: in that person's words, how they know.
    """

    answer: str
    chat: str
    purpose: str
    agreed: bool
    words: int
    at: datetime
    by: str = ""
    reason: str = ""


def is_purpose(text: str) -> bool:
    """Whether a text names a purpose: small letters, a slash, then small letters, digits and inner hyphens."""
    return _PURPOSE.fullmatch(text) is not None


def covers(permission: Permission, key: str, post: Post) -> bool:
    """Whether an answer (node key and post) may be used as it reads now: an edit since needs another yes."""
    return permission.agreed and permission.answer == key and permission.words == words_read(post)


def standing(said: Permission | None, shown: Post | None) -> Standing:
    """How the use of an answer stands.

    Args:
        said: what its author said last of this purpose; ``None``: nobody noted anything.
        shown: the answer as it may be shown now; ``None`` where it may not.
    """
    if said is None:
        return "gone" if shown is None else "unasked"
    if not said.agreed:
        return "declined"
    if shown is None:
        return "held"
    return "agreed" if covers(said, said.answer, shown) else "edited"


def permitted(answers: Iterable[Answer], permissions: Iterable[Permission], purpose: str) -> tuple[Answer, ...]:
    """Of answers that may be shown those that may be used for a purpose, in their order."""
    said = {one.answer: one for one in permissions if one.purpose == purpose}
    return tuple(one for one in answers if one.key in said and covers(said[one.key], one.key, one.post))
