"""``stories/*.yaml``: what hosts tell of a chat, each read for the series whose chat it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.config.reading import Reading
from bot.config.story_models import StoryFile
from bot.config.words import nearest, shown
from bot.domain.permissions import is_purpose
from bot.domain.stories import Part, Story, purpose_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = "stories"


def read_stories(
    files: Sequence[tuple[str, bytes]], known: Sequence[str]
) -> list[tuple[Reading[StoryFile], Story | None]]:
    """Read the files of stories.

    Whether a chat took place, and what became of the quoted answers, only the store knows.

    Args:
        files: names without their ending, and what is in them.
        known: slugs of all series' files.

    Returns:
        each file with its story; ``None`` for one in which something is wrong.
    """
    found = []
    for slug, data in files:
        reading = Reading(f"{FOLDER}/{slug}.yaml", data, StoryFile)
        block = reading.value
        if not is_purpose(purpose_of(slug)):
            reading.note((), "This file's name is too long: give it 60 letters at most.")
        if block is not None:
            series, _, rest = block.chat.partition("/")
            if series not in known:
                say = f"There is no series/{shown(series)}.yaml. There are: {', '.join(known) or 'none'}."
                meant = nearest(series, known)
                reading.note(("chat",), say, value=f"{meant}/{rest}" if meant else "")
        found.append((reading, None if block is None else _story(slug, block)))
    return found


def _story(slug: str, block: StoryFile) -> Story:
    return Story(
        slug=slug,
        title=block.title,
        chat=block.chat,
        parts=tuple(Part(one.say, one.quote) for one in block.story),
        by=block.by,
        about=block.about,
        ready=block.ready,
    )
