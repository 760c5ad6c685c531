"""Reflections: answers in which somebody says, with a hashtag that they chose to set, what they learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.richtext import hashtags

if TYPE_CHECKING:
    from bot.domain.richtext import RichText

TAG = "reflection"
"""The hashtag of a reflection, folded."""


def is_reflection(text: RichText) -> bool:
    """Whether an answer carries the hashtag ``#reflection``: nothing else in its words is judged."""
    return TAG in hashtags(text)
