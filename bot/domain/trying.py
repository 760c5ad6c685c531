"""What people say they will try, and what came of it: intentions, each with its author's outcomes under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.followups import asked_about, follow_ups_in, is_intention

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.records import Answer, ChatContent


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
