"""Stories for their hosts: with what one may begin, and what keeps one from being published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.permissions import Standing
from bot.domain.stories import Story, standings
from bot.domain.trying import intentions, told_later
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.records import StoredChat
    from bot.ports import Store


class Telling(msgspec.Struct, frozen=True):
    """A story and how it stands: whether its chat is in the archive, and each quote by node key, in order."""

    story: Story
    chat_known: bool
    quotes: tuple[tuple[str, Standing], ...]

    @property
    def why_not(self) -> str:
        """Why it is not published, as the end of a sentence; empty where it is."""
        if not self.chat_known:
            return f"there is no chat {self.story.chat} in the archive"
        if not self.story.ready:
            return "its file says ready: no"
        agreed = sum(standing == "agreed" for _, standing in self.quotes)
        return "" if agreed == len(self.quotes) else f"{agreed} of {len(self.quotes)} quotes may be used now"


def tellings(store: Store, stories: Sequence[Story]) -> tuple[Telling, ...]:
    """How stories stand now."""
    said, found = store.permissions(), []
    for story in stories:
        known = store.chat(story.chat) is not None
        shown = store.content(story.chat).answers if known else ()
        found.append(Telling(story, known, standings(story, shown, said)))
    return tuple(found)


def begin_with(store: Store, chat: str) -> tuple[StoredChat, tuple[tuple[str, tuple[str, ...]], ...]]:
    """A chat, and of what is shown of it each answer with ``#tryit`` with what came of it, by node key.

    Raises:
        UserError: there is no such chat.
    """
    stored = store.chat(chat)
    if stored is None:
        raise UserError(f"{chat}: there is no such chat. `staffroom plan` names those there are.")
    content = store.content(chat)
    later = told_later(content)
    tried = (key for key, answer in intentions(content, later).items() if answer)
    return stored, tuple((key, tuple(one.key for one in content.answers if later.get(one.key) == key)) for key in tried)
