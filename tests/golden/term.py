"""A larger made-up site than the sample's: a year of one series in two terms, and another series to come."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec
from golden import sample

from bot.domain.occurrences import Span
from bot.domain.records import ChatContent, ChatFigures, SharedLink, StoredChat
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question

if TYPE_CHECKING:
    from collections.abc import Collection

TOPICS = (
    "Reading aloud",
    "Homework that works",
    "Ähnlich ist nicht gleich",
    "“Behaviour” without shouting",
    "École dehors",
    "42 ideas",
    "Assessment",
)
AUTUMN = Span(date(2026, 9, 7), date(2026, 12, 18))
SPRING = Span(date(2027, 1, 4), date(2027, 3, 26))
ENTRIES = (
    ChatEntry(date(2026, 5, 7), "Exams in May", (Question("How?"),)),
    *(
        ChatEntry(date(2026, 9, 10) + timedelta(days=14 * number), topic, (Question(f"What about {topic}?"),))
        for number, topic in enumerate(TOPICS)
    ),
    *sample.EDCHAT.chats,
    ChatEntry(date(2027, 1, 21), "Ending a lesson", (Question("How?"),)),
)
SERIES = msgspec.structs.replace(sample.EDCHAT, chats=ENTRIES, terms=(AUTUMN, SPRING))


def chats() -> list[StoredChat]:
    """All chats of the site in order of start."""
    mine = [StoredChat(chat, SERIES, 3) for chat in planned_chats(SERIES)]
    return sorted([*mine, *sample.stored_chats(sample.PROFCHAT, 1)], key=lambda one: one.chat.starts_at)


def figures() -> dict[str, ChatFigures]:
    """Counts as the store gives them: of past chats, each with other numbers."""
    past = [one for one in chats() if one.chat.ends_at <= sample.NOW]
    counted = {one.chat.id: ChatFigures(5 + 2 * n, 12 + n * 37 % 60, 3, None) for n, one in enumerate(past)}
    return {one.chat.id: ChatFigures(0, 0, 0, None) for one in chats()} | counted


def shared_links(of: Collection[str]) -> dict[str, tuple[SharedLink, ...]]:
    """Links as the store gives them: one that comes back in every chat, and two of each chat's own."""
    return {
        chat: (
            SharedLink("https://www.example.org/sheet/?utm_source=feed", f"amy-{chat}"),
            SharedLink(f"https://example.net/{chat}/1", "ben"),
            SharedLink(f"http://example.net/{chat}/1/", "cat"),
            SharedLink(f"https://example.net/{chat}/2", "ben"),
        )
        for chat in of
    }


def contents(chat: str) -> ChatContent:
    """``Store.content``: nothing was said, so that only lists are filled."""
    return ChatContent(next(one for one in chats() if one.chat.id == chat), (), (), (), ())
