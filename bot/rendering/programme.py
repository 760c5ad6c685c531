"""An event's programme to print: as a page of the site, and as a sheet that typst sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.rendering import urls
from bot.rendering.composer import hosts_line
from bot.rendering.eventpage import event_values
from bot.rendering.frame import when_line
from bot.rendering.paper import bullets, heading, run, sheet, special, table, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.records import StoredChat
    from bot.domain.teachmeets import Event
    from bot.rendering.eventpage import Speakers
    from bot.rendering.paper import Block, Sheet
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.words import Words


def programme(sheets: Sheets, stored: StoredChat, event: Event, speakers: Speakers) -> Iterator[Page]:
    """Plan the page, and the same as PDF beside it, from the plan and from who leads what as it is now."""
    w, path = sheets.press.series_words(stored.series), urls.event_programme(stored.chat.id)
    values = {
        "hashtag": f"#{stored.series.hashtag}",
        "series_path": urls.series_page(stored.series.slug),
        "heading": event.title,
        "when": when_line(w, stored),
        "iso": stored.chat.starts_at.isoformat(),
        "about": event.about,
        "hosts": hosts_line(w, stored.chat.hosts),
        "event": event_values(w, stored, event, speakers),
        "paper": sheets.paper(path),
        "page_address": urls.absolute(sheets.press.site.address, urls.chat_page(stored.chat.id)),
    }
    yield sheets.filled("programme", w, path, w("event.programme_of", title=event.title), values)
    site = sheets.press.site.address
    yield from sheets.pdf(path, [w.language, values], lambda: programme_sheet(w, stored, event, speakers, site))


def programme_sheet(w: Words, stored: StoredChat, event: Event, speakers: Speakers, site: str) -> Sheet:
    """The same on paper; ``site`` is the site's address."""
    path = urls.event_programme(stored.chat.id)
    title = w("event.programme_of", title=event.title)
    return sheet(w, title, urls.absolute(site, path) or path, _blocks(w, stored, event, speakers, site))


def _blocks(w: Words, stored: StoredChat, event: Event, speakers: Speakers, site: str) -> Iterator[Block]:
    told, place = event_values(w, stored, event, speakers), event.place
    yield special("kicker", f"#{stored.series.hashtag}")
    yield special("title", event.title)
    yield special("lede", when_line(w, stored))
    yield words(", ".join(one for one in (place.name, place.address) if one))
    for line in (event.about, hosts_line(w, stored.chat.hosts)):
        if line:
            yield words(line)
    yield heading(1, w("event.sessions"))
    if told["sessions"]:
        heads = [w("event.how_long"), w("event.what"), w("event.who")]
        yield table((2, 7, 4), heads, [(one["minutes"], one["title"], one["who"]) for one in told["sessions"]])
    if told["no_sessions"]:
        yield words(told["no_sessions"])
    yield heading(1, w("event.access"))
    if told["access"]:
        yield bullets(f"{name}: {said}" for name, said in told["access"])
    for line in (event.access.other, w("event.access_ask")):
        if line:
            yield words(line)
    link = urls.absolute(site, urls.chat_page(stored.chat.id))
    if link:
        yield words(run(link, url=link))
