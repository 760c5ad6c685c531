"""What authors told a host about the use of their answers: noted, and looked at as things stand now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.alarms import words_read
from bot.domain.permissions import Permission, Standing, is_purpose, permitted, standing
from bot.domain.posts import Post
from bot.errors import UserError
from bot.services.review import answer_at

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.records import Answer
    from bot.ports import Store


class Noted(msgspec.Struct, frozen=True):
    """What an author said, the answer as it is kept, and how that stands."""

    said: Permission
    post: Post
    standing: Standing


def note_down(  # noqa: PLR0917 - a decision has so many sides
    store: Store, named: str, purpose: str, reason: str, by: str, now: datetime, *, agreed: bool
) -> bool:
    """Note what the author of an answer said; gives whether that is new.

    Args:
        store: the truth.
        named: the answer's address, as ``review.answer_at`` reads it.
        purpose: what the author was asked for.
        reason: how the host knows.
        by: who notes it.
        now: UTC.
        agreed: whether the author said yes.

    Raises:
        UserError: the purpose cannot be one, no kept answer is meant, or there is a yes to one that is shown nowhere.
    """
    if not is_purpose(purpose):
        raise UserError(
            f"{purpose}: a purpose is a kind, a slash and a name, in small letters, such as `story/marking-less`."
        )
    found = answer_at(store, named.strip())
    if agreed and not any(one.key == found.key for one in store.content(found.chat).answers):
        raise UserError(f"{named}: this answer is on no page now, so it cannot be used. `staffroom review` says why.")
    words = words_read(found.post)
    return store.permit(Permission(found.key, found.chat, purpose, agreed, words, now, by, reason))


def usable(store: Store, chat: str, purpose: str) -> tuple[Answer, ...]:
    """The answers of a chat that may be used for a purpose at this moment, in the order of its content."""
    return permitted(store.content(chat).answers, store.permissions(), purpose)


def noted(store: Store) -> tuple[Noted, ...]:
    """All that authors said, by purpose, with how it stands now."""
    found = []
    kept: dict[str, dict[str, Post]] = {}
    shown: dict[str, dict[str, Post]] = {}
    for said in store.permissions():
        if said.chat not in kept:
            kept[said.chat] = {one.key: one.post for one in store.candidates(said.chat)}
            shown[said.chat] = {one.key: one.post for one in store.content(said.chat).answers}
        post = kept[said.chat].get(said.answer)
        if post is not None:
            found.append(Noted(said, post, standing(said, shown[said.chat].get(said.answer))))
    return tuple(found)
