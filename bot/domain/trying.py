"""What people say they will try, and what came of it: intentions, each with its author's outcomes under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.chats import Chat
from bot.domain.followups import asked_about, follow_ups_in, is_intention

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from bot.domain.records import Answer, ChatContent

SEVERAL = 2
"""Of fewer people a digest does not say that they try something, or told: it would point at one."""


class Told(msgspec.Struct, frozen=True):
    """What came of an earlier chat: so many people told of it."""

    chat: Chat
    people: int


def told_later(content: ChatContent) -> dict[str, str]:
    """Of a chat's answers those that stand under a follow-up: node key → that of the intention it asks about."""
    asked = follow_ups_in(content.sent)
    if not asked:
        return {}
    parents = {stone.key: stone.parent for stone in content.tombstones}
    parents |= {answer.key: answer.parent for answer in content.answers} | asked
    about = {answer.key: asked_about(answer.key, parents, asked) for answer in content.answers}
    return {key: intention for key, intention in about.items() if intention}


def intentions(content: ChatContent, later: Mapping[str, str]) -> dict[str, Answer | None]:
    """A chat's intentions by node key, in order of time; ``None`` for one that is gone while what came of it is not."""
    found: dict[str, Answer | None] = {
        answer.key: answer
        for answer in content.answers
        if answer.key not in later and (answer.key in later.values() or is_intention(answer.post.text))
    }
    return found | dict.fromkeys((key for key in later.values() if key not in found), None)


def people_trying(content: ChatContent) -> int:
    """How many people said in a chat what they will try, as far as it is shown.

    0 for fewer than ``SEVERAL``, and where the series asks nobody later what came of it.
    """
    if not content.stored.series.follow_up:
        return 0
    return _several(one for one in intentions(content, told_later(content)).values() if one)


def told_since(contents: Iterable[ChatContent], since: datetime) -> Told | None:
    """The latest of these chats of which several people told from ``since`` on (UTC) what came of it."""
    for content in sorted(contents, key=lambda one: one.stored.chat.starts_at, reverse=True):
        later = told_later(content)
        people = _several(one for one in content.answers if one.key in later and one.post.at >= since)
        if people:
            return Told(content.stored.chat, people)
    return None


def _several(said: Iterable[Answer]) -> int:
    people = len({one.post.author.id for one in said})
    return people if people >= SEVERAL else 0
