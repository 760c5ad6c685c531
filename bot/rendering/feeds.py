"""Feeds of chats that took place: Atom (RFC 4287), JSON Feed 1.1, and OPML 2.0, which names all of a site's feeds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import msgspec

from bot.domain.cleaning import showable
from bot.rendering import urls
from bot.rendering.entries import link_to, stable_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.rendering.entries import Entry
    from bot.rendering.frame import SeriesCard
    from bot.rendering.site import Site
    from bot.rendering.words import Words

_ATOM = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets)."""

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def atom(site: Site, words: Words, *, title: str, path: str, page: str, told: Sequence[Entry]) -> bytes:
    """Write an Atom feed (https://www.rfc-editor.org/rfc/rfc4287).

    Args:
        site: whose feed.
        words: its language.
        title: its name.
        path: where it stands; links are relative to it while the site has no address.
        page: the page it belongs to.
        told: its entries, latest first.
    """
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": words.language})
    _text(feed, "id", stable_id(f"feed:{path}"))
    _text(feed, "title", title)
    _text(feed, "updated", _stamp(max((entry.updated for entry in told), default=_NEVER)))
    _text(ET.SubElement(feed, "author"), "name", site.controller or site.title)
    ET.SubElement(feed, "link", {"rel": "alternate", "href": link_to(site, path, page)})
    ET.SubElement(feed, "link", {"rel": "self", "href": link_to(site, path, path)})
    for entry in told:
        node = ET.SubElement(feed, "entry")
        _text(node, "id", entry.id)
        _text(node, "title", entry.title)
        _text(node, "published", _stamp(entry.published))
        _text(node, "updated", _stamp(entry.updated))
        ET.SubElement(node, "link", {"rel": "alternate", "href": link_to(site, path, entry.path)})
        _text(node, "summary", entry.summary)
        if entry.html:
            _text(node, "content", entry.html).set("type", "html")
    ET.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'.encode()


def json_feed(site: Site, words: Words, *, title: str, path: str, page: str, told: Sequence[Entry]) -> bytes:
    """Write a JSON Feed (https://www.jsonfeed.org/version/1.1/); arguments as for ``atom``."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": showable(title),
        "home_page_url": link_to(site, path, page),
        "feed_url": link_to(site, path, path),
        "language": words.language,
        "authors": [{"name": showable(site.controller or site.title)}],
        "items": [
            {
                "id": entry.id,
                "url": link_to(site, path, entry.path),
                "title": showable(entry.title),
                "summary": showable(entry.summary),
                **({"content_html": entry.html} if entry.html else {"content_text": showable(entry.summary)}),
                "date_published": _stamp(entry.published),
                "date_modified": _stamp(entry.updated),
            }
            for entry in told
        ],
    }
    return msgspec.json.format(msgspec.json.encode(feed), indent=1) + b"\n"


def opml(site: Site, words: Words, series: Iterable[SeriesCard]) -> bytes:
    """Name all feeds of a site, for a reader's program to take in at once (https://opml.org/spec2.opml)."""
    root = ET.Element("opml", {"version": "2.0"})
    _text(ET.SubElement(root, "head"), "title", site.title)
    body = ET.SubElement(root, "body")
    every = [(site.title, words.language, urls.FEED, urls.HOME)]
    every += [(one.title, one.language, urls.series_feed(one.slug), one.path) for one in series]
    for title, language, feed, page in every:
        name = _NO_XML.sub("", showable(title))
        links = {"xmlUrl": link_to(site, urls.OPML, feed), "htmlUrl": link_to(site, urls.OPML, page)}
        ET.SubElement(body, "outline", {"type": "rss", "text": name, "title": name, "language": language, **links})
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'.encode()


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    node = ET.SubElement(parent, name)
    node.text = _NO_XML.sub("", showable(text))
    return node
