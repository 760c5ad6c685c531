"""Atom feeds of chats that took place (https://www.rfc-editor.org/rfc/rfc4287): they lead to the answers, hold none."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from bot.domain.cleaning import showable
from bot.rendering import urls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.records import ChatFigures, StoredChat
    from bot.rendering.site import Site
    from bot.rendering.words import Words

ENTRIES = 30
"""How many chats a feed holds, latest first."""

_ATOM = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets)."""

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def atom(
    site: Site,
    words: Words,
    *,
    title: str,
    path: str,
    page: str,
    chats: Sequence[StoredChat],
    figures: Mapping[str, ChatFigures],
) -> bytes:
    """Write a feed.

    Args:
        site: whose feed.
        words: its language.
        title: its name.
        path: where it stands; links are relative to it while the site has no address.
        page: the page it belongs to.
        chats: what it tells of, latest first.
        figures: counts by chat id.
    """
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": words.language})
    _text(feed, "id", stable_id(f"feed:{path}"))
    _text(feed, "title", title)
    updated = max((_updated(stored, figures) for stored in chats), default=_NEVER)
    _text(feed, "updated", _stamp(updated))
    _text(ET.SubElement(feed, "author"), "name", site.controller or site.title)
    ET.SubElement(feed, "link", {"rel": "alternate", "href": _link(site, path, page)})
    ET.SubElement(feed, "link", {"rel": "self", "href": _link(site, path, path)})
    for stored in chats:
        chat, counts = stored.chat, figures.get(stored.chat.id)
        entry = ET.SubElement(feed, "entry")
        _text(entry, "id", stable_id(f"chat:{chat.id}"))
        _text(entry, "title", f"{chat.topic} · #{stored.series.hashtag}")
        _text(entry, "published", _stamp(chat.starts_at))
        _text(entry, "updated", _stamp(_updated(stored, figures)))
        ET.SubElement(entry, "link", {"rel": "alternate", "href": _link(site, path, urls.chat_page(chat.id))})
        told = [chat.about] if chat.about else []
        if counts and counts.answers:
            told.append(f"{words('n.answers', n=counts.answers)} · {words('n.people', n=counts.people)}")
        _text(entry, "summary", "\n".join(told) or words.moment(chat.starts_at, chat.timezone))
    ET.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'.encode()


def stable_id(name: str) -> str:
    """An id that stays when the site moves to another address: a name-based UUID (RFC 9562, version 5)."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'staffroom:{name}')}"


def _link(site: Site, path: str, to: str) -> str:
    return urls.absolute(site.address, to) or urls.relative(path, to)


def _updated(stored: StoredChat, figures: Mapping[str, ChatFigures]) -> datetime:
    """When a chat's latest answer came, to the hour: it may be of somebody whose exact time is not to be told."""
    counts = figures.get(stored.chat.id)
    if not counts or not counts.latest:
        return stored.chat.starts_at
    return max(counts.latest.replace(minute=0, second=0, microsecond=0), stored.chat.starts_at)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _NO_XML.sub("", showable(text))
