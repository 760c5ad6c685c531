"""What is gathered for the record of somebody who asked for it: from what is shown, and kept by their consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.consent import standing_wish
from bot.domain.takingpart import taken_part

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.consent import Wish
    from bot.domain.takingpart import TakenPart
    from bot.ports import Store


def gather(store: Store, account_key: str, wishes: Collection[Wish]) -> tuple[TakenPart, ...]:
    """The chats in which an account answered, oldest first, where its author joined: only that is called consent.

    What is held, was removed, or is kept on another ground alone, is not in it.

    Args:
        store: the truth.
        account_key: key of the account's id.
        wishes: all that this person asked.
    """
    person = store.person(account_key)
    if person is None:
        return ()
    said = {store.key(post.ref.network, post.ref.id): post for _, post in person.posts}
    found = []
    for chat in dict.fromkeys(chat for chat, _ in person.posts):
        stored = store.chat(chat)
        if stored is not None and standing_wish(wishes, stored.chat.series) == "joined":
            found.append(taken_part(store.content(chat), said))
    return tuple(sorted((one for one in found if one), key=lambda one: (one.chat.starts_at, one.chat.id)))
