"""The pages of links: what people recommended in all chats, a page for each school year, the latest one in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.patterns import is_web
from bot.domain.schoolyears import school_year, years_of
from bot.domain.tracking import leads_to, untracked
from bot.rendering import urls
from bot.rendering.chatview import short_uri
from bot.rendering.frame import entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.domain.records import ChatFigures, SharedLink, StoredChat
    from bot.ports.publishing import Shared
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.words import Words


class Found(msgspec.Struct):
    """One address: as it was shared last, by whom, in which chats (ids)."""

    uri: str
    people: set[str]
    chats: set[str]


def link_pages(
    sheets: Sheets, chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures], shared: Shared
) -> Iterator[Page]:
    """Plan the pages of links.

    Whether one is out of date is told by its chats' revisions, so nothing is read for a page that is not made.

    Args:
        sheets: plans pages.
        chats: of the whole site, in order of start.
        figures: counts by chat id.
        shared: gives the links of chats.
    """
    words = sheets.press.words()
    by_year: dict[int, list[StoredChat]] = {}
    for stored in reversed(chats):
        counts = figures.get(stored.chat.id)
        if counts and counts.links:
            by_year.setdefault(school_year(stored.chat.date), []).append(stored)
    years = sorted(by_year, reverse=True)
    paths = {year: urls.links_page(year) if number else urls.LINKS for number, year in enumerate(years)}
    for year in years or [0]:
        mine = by_year.get(year, [])
        path = paths.get(year, urls.LINKS)
        frame = {
            "years": [{"name": years_of(one), "path": paths[one]} for one in years if one != year],
            "year": years_of(year) if year else "",
            "index": not sheets.press.closed,
        }
        made_from = [frame, [_made_from(stored) for stored in mine]]

        def make(_: object, mine: Sequence[StoredChat] = mine, path: str = path, frame: Any = frame) -> bytes:  # noqa: ANN401 - a template's values
            groups = _groups(words, mine, shared([stored.chat.id for stored in mine]) if mine else {})
            return sheets.press.page("links", words, path, words("links.title"), frame | {"groups": groups})

        yield sheets.page(path, made_from, make)


def _made_from(stored: StoredChat) -> list[object]:
    chat, series = stored.chat, stored.series
    return [chat.id, stored.revision, chat.topic, chat.starts_at, chat.timezone, series.hashtag, series.languages[:1]]


def _groups(
    words: Words, chats: Sequence[StoredChat], shared: Mapping[str, Sequence[SharedLink]]
) -> list[dict[str, Any]]:
    """Each chat with the links that were shared in it last; chats whose links were all shared again are left out."""
    found: dict[str, Found] = {}
    home: dict[str, list[Found]] = {}
    for stored in chats:
        for one in shared.get(stored.chat.id, ()):
            uri = untracked(one.uri)
            if not is_web(uri):
                continue
            same = leads_to(uri)
            if same not in found:
                found[same] = Found(uri, set(), set())
                home.setdefault(stored.chat.id, []).append(found[same])
            found[same].people.add(one.by)
            found[same].chats.add(stored.chat.id)
    return [_group(words, stored, home[stored.chat.id]) for stored in chats if stored.chat.id in home]


def _group(words: Words, stored: StoredChat, links: Sequence[Found]) -> dict[str, Any]:
    told = [{"uri": one.uri, "label": short_uri(one.uri), "note": _note(words, one)} for one in links]
    return {**entry(words, stored), "links": told}


def _note(words: Words, one: Found) -> str:
    """How many people shared a link, and in how many chats besides; nothing where it was one person in one chat."""
    more = len(one.chats) - 1
    told = [words("count.shared", n=len(one.people))] if len(one.people) > 1 else []
    return ", ".join([*told, *([words("links.also", n=more)] if more else [])])
