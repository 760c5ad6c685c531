"""Sessions of an event that come from answers in a chat: which are proposed, and who agreed to lead one.

A session names its answer by the node key: it tells nothing of anybody, whatever becomes of the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.digests import REPLIES, fit, questions_of
from bot.domain.trying import SEVERAL, intentions, told_later
from bot.domain.whychosen import Talk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.chats import Chat
    from bot.domain.records import Answer, ChatContent
    from bot.domain.teachmeets import Event

LONG, SHORT = 7, 2
"""Minutes of a talk at a TeachMeet."""

MOST = 12
"""Sessions that are proposed at one time: more than an afternoon has room for, so that some may say no."""


class Speaker(msgspec.Struct, frozen=True):
    """Who leads a session, and what it comes from.

    Attributes:
        called: the name that they wish to go by; empty for none.
        chat: id of the chat in which they said it.
        topic: that chat's.
    """

    called: str
    chat: str
    topic: str


def purpose_of(event: str) -> str:
    """What authors are asked for when a session of an event (its slug) is to come from their answer."""
    return f"session/{event}"


def named_in(event: Event) -> tuple[str, ...]:
    """The node keys of the answers that an event's sessions come from, in the order of its sessions."""
    return tuple(one.answer for one in event.sessions if one.answer)


def speaker(answer: Answer, chat: Chat) -> Speaker:
    """Who leads a session that comes from an answer in a chat."""
    author = answer.post.author
    return Speaker(author.name or author.handle, chat.id, chat.topic)


def propose(content: ChatContent, persons: Mapping[str, str]) -> tuple[tuple[int, str], ...]:
    """Sessions that a chat's answers could become: minutes and node key, one of each person, at most ``MOST``.

    Proposed is what somebody will try (#tryit), and what replies of several different people followed. Those that
    several people followed come first and get ``LONG`` minutes, the others ``SHORT``. Left out are answers behind a
    content warning, and what was told later of something that was tried.

    Args:
        content: what may be shown of the chat.
        persons: a code for each person by their answers' keys, where they have several accounts.
    """
    talk, later = Talk(content, persons), told_later(content)
    tried = [one for one in intentions(content, later).values() if one and not one.post.warning]
    answers = {one.key: one for question in questions_of(content) for one in fit(content, question)}
    people = {key: talk.people(key) for key in talk.answers}
    asked_on = [one for key, one in answers.items() if people[key] >= SEVERAL and key not in later]
    found = {one.key: one for one in (*tried, *asked_on)}
    chosen: dict[str, Answer] = {}
    for one in sorted(found.values(), key=lambda one: (-min(people[one.key], REPLIES), one.post.at, one.key)):
        chosen.setdefault(persons.get(one.key, one.post.author.id), one)
    return tuple((LONG if people[one.key] >= SEVERAL else SHORT, one.key) for one in [*chosen.values()][:MOST])
