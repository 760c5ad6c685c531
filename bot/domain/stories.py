"""Stories: what a host tells of a chat and of what came of it, with answers that their authors let be quoted.

A story names answers by their node keys alone: whoever leaves is not named in its file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.permissions import permitted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.domain.permissions import Permission
    from bot.domain.records import Answer

Standing = Literal["agreed", "declined", "edited", "held", "unasked", "gone"]
"""How a quote stands: its author ``agreed``; ``declined``; agreed and ``edited`` it since; agreed, and it is on no page
now (``held``); it is on its chat's page, and nobody noted what its author says (``unasked``); neither (``gone``)."""

_PLACE = re.compile(r"#a-([0-9a-f]{24})")


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


def placed_at(link: str) -> str:
    """The node key of the answer whose place on a chat's page a link leads to; empty for any other text."""
    found = _PLACE.search(link)
    return found[1] if found and found.end() == len(link) else ""


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
    usable = {one.key for one in permitted(shown, mine.values(), story.purpose)}
    there = {one.key for one in shown}
    return tuple((quote, _standing(quote, mine.get(quote), there, usable)) for quote in story.quotes)


def _standing(quote: str, said: Permission | None, shown: Collection[str], usable: Collection[str]) -> Standing:
    if said is None:
        return "unasked" if quote in shown else "gone"
    if not said.agreed:
        return "declined"
    if quote in usable:
        return "agreed"
    return "edited" if quote in shown else "held"
