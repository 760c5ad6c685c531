"""What ``staffroom story`` asks for. None of it needs a network or a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import read_settings, templates_of
from bot.config.scaffold import scaffold_story
from bot.domain.permissions import Standing
from bot.errors import UserError
from bot.rendering import urls
from bot.services.stories import begin_with, tellings

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.stories import Story
    from bot.rendering.words import Words

_TO_ASK = ("unasked", "edited")


class Quoted(msgspec.Struct, frozen=True):
    """A quote: the link of the answer's place on its chat's page, and how it stands.

    ``message`` asks its author, in the series' language, for the host to send; empty where nobody is to be asked, or
    the site has no address.
    """

    link: str
    standing: Standing
    message: str = ""


class StoryTold(msgspec.Struct, frozen=True):
    """A story as ``story list --json`` gives it; ``why_not`` is published, in words, and empty where it is."""

    story: str
    title: str
    chat: str
    why_not: str
    quotes: tuple[Quoted, ...]


def new_story(folder: Path, chat: str, title: str, name: str) -> Path:
    """Write the file of a story to begin with, with a chat's answers with ``#tryit`` and their outcomes; gives where.

    Args:
        folder: the bot's folder.
        chat: the chat's id.
        title: what the story is called; empty for the chat's topic.
        name: the file's name without its ending; empty to take it from the title.

    Raises:
        UserError: there is no such chat, the name cannot be one, or the file is there already.
    """
    settings = read_settings(folder)
    stored, tried = begin_with(open_store_of(settings), chat)
    links = [[urls.place(settings.site.address, chat, one) for one in (key, *outcomes)] for key, outcomes in tried]
    return scaffold_story(folder, stored.chat.id, title or stored.chat.topic, name, links)


def stories_of(folder: Path, name: str) -> tuple[StoryTold, ...]:
    """How the folder's stories stand, or the one that is called so.

    Raises:
        UserError: there is no story of this name.
    """
    settings = read_settings(folder)
    language = {story.slug: series.languages[0] for series in settings.series for story in series.stories}
    every = sorted((story for series in settings.series for story in series.stories), key=lambda one: one.slug)
    wanted = [story for story in every if name in ("", story.slug)]
    if name and not wanted:
        there = ", ".join(story.slug for story in every)
        raise UserError(f"{name}: there is no such story. There are: {there or 'none'}.")
    dictionary, site = templates_of(folder).dictionary, settings.site.address
    return tuple(
        StoryTold(
            one.story.slug,
            one.story.title,
            one.story.chat,
            one.why_not,
            tuple(_quoted(dictionary.words(language[one.story.slug]), site, one.story, *quote) for quote in one.quotes),
        )
        for one in tellings(open_store_of(settings), wanted)
    )


def _quoted(words: Words, site: str, story: Story, key: str, standing: Standing) -> Quoted:
    link = urls.place(site, story.chat, key)
    asks = site and standing in _TO_ASK
    return Quoted(link, standing, words("story.ask", title=story.title, link=link) if asks else "")
