"""What is gathered for the record of somebody who asked for it: from what is shown, and kept by their consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.consent import standing_wish
from bot.domain.takingpart import asked_for_record, taken_part

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.domain.consent import Wish
    from bot.domain.posts import Post
    from bot.domain.takingpart import TakenPart
    from bot.ports import Store


def gather(store: Store, account_keys: Iterable[str]) -> tuple[TakenPart, ...]:
    """The chats in which somebody answered, oldest first, from any account that joined: only that is called consent.

    What is held, was removed, or is kept on another ground alone, is not in it.

    Args:
        store: the truth.
        account_keys: keys of the ids of this person's accounts (``linked.person_of``).
    """
    said: dict[str, dict[str, Post]] = {}
    for person in map(store.person, account_keys):
        for chat, post in person.posts if person else ():
            stored = store.chat(chat)
            if person and stored and standing_wish(person.wishes, stored.chat.series) == "joined":
                said.setdefault(chat, {})[store.key(post.ref.network, post.ref.id)] = post
    found = (taken_part(store.content(chat), posts) for chat, posts in said.items())
    return tuple(sorted((one for one in found if one), key=lambda one: (one.chat.starts_at, one.chat.id)))


def asked_at(store: Store, account_keys: Iterable[str], now: datetime) -> datetime | None:
    """When somebody last asked for a record, from any of their accounts, if that still counts."""
    asked = (asked_for_record(_wishes(store, key), now) for key in account_keys)
    return max((at for at in asked if at), default=None)


def _wishes(store: Store, account_key: str) -> tuple[Wish, ...]:
    person = store.person(account_key)
    return person.wishes if person else store.wishes([account_key])[account_key]
