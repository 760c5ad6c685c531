"""Tries a folder's own templates on what it has planned, before a chat does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.bootstrap.house import site_of, templates_of
from bot.bootstrap.preview import preview
from bot.domain.records import ChatContent, StoredChat
from bot.domain.schedule import planned_chats

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.errors import Problem

_CHATS = 3
"""Chats of each series whose pages are tried."""


def template_problems(settings: Settings) -> list[Problem]:
    """What is wrong with the folder's own templates and phrases, each thing once.

    Every own template is read, every coming prompt is written and some pages are made, as if nobody had answered yet:
    a mistake that shows with answers alone is found when they come, and told in the log.
    """
    found: dict[str, Problem] = {}

    def note(problem: Problem) -> None:
        found.setdefault(str(problem), problem)

    now = datetime.now(UTC)
    templates = templates_of(settings.folder, note)
    for language in {settings.site.language, *(one for series in settings.series for one in series.languages)}:
        templates.dictionary.words(language)
    names = templates.own_names()
    for name in names:
        templates.compile(name)
    preview(settings, now, None, note=note)
    if any(name.startswith("site/") for name in names):
        from bot.rendering.pages import SiteRenderer

        stored = [
            StoredChat(chat=chat, series=series, revision=0)
            for series in settings.series
            for chat in planned_chats(series)[-_CHATS:]
        ]
        known = {one.chat.id: ChatContent(one, (), (), (), ()) for one in stored}
        for page in SiteRenderer(templates, site_of(settings), lambda: now).pages(stored, {}):
            page.render(known.__getitem__)
    return list(found.values())
