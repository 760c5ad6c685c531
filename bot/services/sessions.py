"""Sessions that come from answers: who leads them as things stand now, and who is still to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.permissions import Standing, standing
from bot.domain.sessions import Speaker, named_in, purpose_of, speaker
from bot.errors import UserError
from bot.services.permissions import usable
from bot.services.review import answer_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.permissions import Permission
    from bot.domain.records import StoredChat
    from bot.domain.teachmeets import Event
    from bot.ports import Store


class Asked(msgspec.Struct, frozen=True):
    """One session that comes from an answer, for the hosts.

    Attributes:
        number: its place in the programme, from 1.
        answer: the answer's node key.
        address: its address on its network; empty where it is kept no more.
        standing: what its author said.
    """

    number: int
    answer: str
    address: str
    standing: Standing


def speakers(store: Store, chats: Iterable[StoredChat]) -> Mapping[str, Mapping[str, Speaker]]:
    """Who leads sessions that come from answers: by event (its chat's id), then by the answer's node key.

    Whoever has not agreed, or whose answer may not be shown or reads otherwise since, is missing.
    """
    events = ((one.chat.id, one.chat.event) for one in chats if one.chat.event is not None)
    return {chat: _speakers(store, event) for chat, event in events if named_in(event)}


def _speakers(store: Store, event: Event) -> Mapping[str, Speaker]:
    purpose, wanted = purpose_of(event.slug), set(named_in(event))
    said = {one.chat for one in store.permissions() if one.purpose == purpose and one.answer in wanted}
    return {
        one.key: speaker(one, stored.chat)
        for chat in sorted(said)
        if (stored := store.chat(chat)) is not None
        for one in usable(store, chat, purpose)
        if one.key in wanted
    }


def asked(store: Store, event: Event) -> tuple[Asked, ...]:
    """An event's sessions that come from answers, in their order, and what their authors said."""
    purpose = purpose_of(event.slug)
    said = {one.answer: one for one in store.permissions() if one.purpose == purpose}
    numbered = enumerate(event.sessions, 1)
    return tuple(_asked(store, number, one.answer, said.get(one.answer)) for number, one in numbered if one.answer)


def _asked(store: Store, number: int, key: str, said: Permission | None) -> Asked:
    try:
        kept = answer_at(store, key)
    except UserError:
        return Asked(number, key, "", standing(said, None))
    shown = next((one.post for one in store.content(kept.chat).answers if one.key == key), None)
    return Asked(number, key, kept.post.ref.url or kept.post.ref.id, standing(said, shown))
