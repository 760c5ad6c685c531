"""Stories: what a host tells of a chat and of what came of it, with answers that their authors let be quoted.

A story names answers by their node keys alone: whoever leaves is not named in its file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.domain.permissions import Standing, standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.domain.permissions import Permission
    from bot.domain.records import Answer


class Part(msgspec.Struct, frozen=True):
    """A part of a story: paragraphs in the host's words, or a quoted answer by its node key; one of the two."""

    say: str = ""
    quote: str = ""


class Story(msgspec.Struct, frozen=True):
    """A story as its file says.

    Attributes:
        slug: the file's name without its ending; stands in its URL and in what its authors are asked for.
        chat: id of the chat that it tells of.
        by: who tells it, as they want to be called; empty for nobody.
        about: a sentence or two for who has not read it.
        parts: in their order.
        ready: its host lets it be published.
    """

    slug: str
    title: str
    chat: str
    parts: tuple[Part, ...] = ()
    by: str = ""
    about: str = ""
    ready: bool = True

    @property
    def purpose(self) -> str:
        """What authors are asked for (``permissions.is_purpose``)."""
        return purpose_of(self.slug)

    @property
    def quotes(self) -> tuple[str, ...]:
        """The quoted answers, by node key."""
        return tuple(part.quote for part in self.parts if part.quote)


def purpose_of(slug: str) -> str:
    """What the authors of a story's quotes are asked for."""
    return f"story/{slug}"


def agreed(story: Story, said: Iterable[Permission]) -> tuple[Permission, ...]:
    """The yes of each author, in the order of the quotes; of who did not say yes there is none."""
    mine = {one.answer: one for one in said if one.purpose == story.purpose and one.agreed}
    return tuple(mine[quote] for quote in story.quotes if quote in mine)


def complete(story: Story, usable: Mapping[str, Answer]) -> bool:
    """Whether a story may be published with the answers (by node key) that may be used for it now: all, or nothing."""
    return story.ready and all(quote in usable for quote in story.quotes)


def standings(story: Story, shown: Collection[Answer], said: Iterable[Permission]) -> tuple[tuple[str, Standing], ...]:
    """How each quote stands, by node key in the story's order.

    Args:
        story: the story.
        shown: its chat's answers that may be shown now.
        said: what authors said, of whatever.
    """
    mine = {one.answer: one for one in said if one.purpose == story.purpose}
    there = {one.key: one.post for one in shown}
    return tuple((quote, standing(mine.get(quote), there.get(quote))) for quote in story.quotes)
