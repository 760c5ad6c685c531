"""What search engines are told: one decision about each path, and the files that say it.

Pages say ``noindex`` themselves, and crawlers must be let in to read that. Files that cannot say it (data, pictures,
downloads) are closed by ``robots.txt`` (RFC 9309) where their series is not to be listed. The sitemap
(https://www.sitemaps.org/protocol.html) names what may be listed, and nothing else.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from bot.rendering import urls

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from bot.domain.records import ChatFigures, StoredChat
    from bot.domain.series import Series

UNLISTED = frozenset({urls.PEOPLE})
"""Pages that are never listed, whatever a series says: who asked to be found here did not ask to be found elsewhere."""

PREVIEWERS = ("Twitterbot", "LinkedInBot", "facebookexternalhit")
"""Programs that fetch a page's picture to show it beside a link, list nothing, and keep to ``robots.txt``."""


def may_list(path: str, closed: Collection[str]) -> bool:
    """Whether search engines may list what stands at a path.

    Args:
        path: of the site.
        closed: slugs of the series whose chats are not to be listed; their own pages are.
    """
    folder, _, rest = path.partition("/")
    if path != urls.HOME and not path.endswith("/index.html"):
        return False
    if closed and path.startswith(urls.LINKS.removesuffix("index.html")):  # they name what was shared in such chats
        return False
    if urls.is_handout(path):  # it says what the chat's page says
        return False
    return path not in UNLISTED and not (rest != "index.html" and folder in {urls.folder(slug) for slug in closed})


def closed_series(every: Iterable[Series]) -> frozenset[str]:
    """The slugs of the series whose chats are not to be listed."""
    return frozenset(series.slug for series in every if not series.index)


def robots(address: str, closed: Collection[str]) -> bytes:
    """Write ``robots.txt``.

    Below a chat's folder all but the page itself is closed; previews may have the card, which holds nobody's words.
    Crawlers read the file at a host's root only: where the site stands deeper, its rules name the whole path, to be
    put there.
    """
    root = quote(urlsplit(address).path.rstrip("/"))
    rules, cards = [], []
    for slug in sorted(closed):
        chats = f"{root}/{quote(urls.folder(slug))}/*/"
        rules += [f"Disallow: {chats}", f"Allow: {chats}$", f"Allow: {chats}?", f"Allow: {chats}index.html"]
        rules.append(f"Disallow: {root}/search/{quote(urls.folder(slug))}/")
        cards.append(f"Allow: {chats}{urls.CARD}")
    lines = ["User-agent: *", *(rules or ["Disallow:"]), ""]
    if closed:
        lines += [*(f"User-agent: {name}" for name in PREVIEWERS), *rules, *cards, ""]
    if address:
        lines += [f"Sitemap: {urls.absolute(address, urls.SITEMAP)}", ""]
    return "\n".join(lines).encode()


def changed_on(chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures], now: datetime) -> dict[str, date]:
    """By path, the day (UTC) of the latest answer or of the chat's end; pages of what is to come have none."""
    found: dict[str, date] = {}
    for stored in chats:
        chat = stored.chat
        if chat.ends_at > now:
            continue
        counts = figures.get(chat.id)
        day = max(chat.ends_at, counts.latest if counts and counts.latest else chat.ends_at).date()
        found[urls.chat_page(chat.id)] = day
        for above in (urls.series_page(chat.series), urls.HOME):
            found[above] = max(day, found.get(above, day))
    return found


def sitemap(address: str, paths: Iterable[str], changed: Mapping[str, date]) -> bytes:
    """Write the sitemap of what may be listed: addresses, and when what they show was said last."""
    root = ET.Element("urlset", {"xmlns": "http://www.sitemaps.org/schemas/sitemap/0.9"})
    for path in sorted(paths):
        entry = ET.SubElement(root, "url")
        ET.SubElement(entry, "loc").text = urls.absolute(address, path)
        if path in changed:
            ET.SubElement(entry, "lastmod").text = changed[path].isoformat()
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()
