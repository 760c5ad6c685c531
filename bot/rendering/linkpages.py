"""The pages of links: what people recommended in all chats, a page for each school year, the latest one in front."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bot.domain.marks import Seen, noted, notes
from bot.domain.patterns import is_web
from bot.domain.schoolyears import school_year, years_of
from bot.domain.tracking import leads_to, untracked
from bot.rendering import urls
from bot.rendering.chatview import short_uri
from bot.rendering.frame import entry
from bot.rendering.sheets import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.domain.records import ChatFigures, SharedLink, StoredChat
    from bot.ports.publishing import Shared
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.words import Words


_NEVER = Seen(-1, "")
_LONG = 12  # hex digits of a fingerprint: a mark holds one for each chat of a year


class Found(msgspec.Struct):
    """One address: as it was shared last, by whom, in which chats (ids)."""

    uri: str
    people: set[str]
    chats: set[str]


def link_pages(
    sheets: Sheets,
    chats: Sequence[StoredChat],
    figures: Mapping[str, ChatFigures],
    shared: Shared,
    known: Mapping[str, str],
) -> Iterator[Page]:
    """Plan the pages of links.

    Most answers have none. So the links of a chat whose revision grew are looked at, and the page of its year is made
    only if they are others: making it takes a quarter of what one more answer costs the archive.

    Args:
        sheets: plans pages.
        chats: of the whole site, in order of start.
        figures: counts by chat id.
        shared: gives the links of chats.
        known: marks of what was published before, by path.
    """
    words = sheets.press.words()
    by_year: dict[int, list[StoredChat]] = {}
    for stored in reversed(chats):
        counts = figures.get(stored.chat.id)
        if counts and counts.links:
            by_year.setdefault(school_year(stored.chat.date), []).append(stored)
    years = sorted(by_year, reverse=True)
    seen = _seen([stored for mine in by_year.values() for stored in mine], shared, known)
    paths = {year: urls.links_page(year) if number else urls.LINKS for number, year in enumerate(years)}
    for year in years or [0]:
        mine = by_year.get(year, [])
        path = paths.get(year, urls.LINKS)
        frame = {
            "years": [{"name": years_of(one), "path": paths[one]} for one in years if one != year],
            "year": years_of(year) if year else "",
            "index": not sheets.press.closed,
        }
        made_from = [frame, [_made_from(stored, seen[stored.chat.id]) for stored in mine]]

        def make(_: object, mine: Sequence[StoredChat] = mine, path: str = path, frame: Any = frame) -> bytes:  # noqa: ANN401 - a template's values
            groups = _groups(words, mine, shared([stored.chat.id for stored in mine]) if mine else {})
            return sheets.press.page("links", words, path, words("links.title"), frame | {"groups": groups})

        page = sheets.page(path, made_from, make)
        page.mark = noted(page.mark, {stored.chat.id: seen[stored.chat.id] for stored in mine})
        yield page


def _seen(chats: Sequence[StoredChat], shared: Shared, known: Mapping[str, str]) -> dict[str, Seen]:
    """A fingerprint of each chat's links: as it was noted, where the chat is the same; else made now."""
    seen = notes(mark for path, mark in known.items() if path.startswith(urls.LINKS_FOLDER))
    changed = {one.chat.id: one.revision for one in chats if seen.get(one.chat.id, _NEVER).revision != one.revision}
    found = shared(changed) if changed else {}
    return seen | {chat: Seen(now, digest(found.get(chat, ()))[:_LONG]) for chat, now in changed.items()}


def _made_from(stored: StoredChat, seen: Seen) -> list[object]:
    chat, series = stored.chat, stored.series
    return [chat.id, seen.shown, chat.topic, chat.starts_at, chat.timezone, series.hashtag, series.languages[:1]]


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
