"""Every path and every address of the site. Nothing else puts one together.

A path is where a file stands in the site's folder (``edchat/2027-01-07/index.html``). Pages link to each other
relatively and name the file, so that the site opens from a plain folder and from a web server alike; posts and feeds,
which travel, carry absolute addresses.
"""

from __future__ import annotations

import posixpath
from urllib.parse import quote, urlsplit

HOME = "index.html"
ABOUT = "about/index.html"
COMPLAINTS = "about/complaints/index.html"
GUIDELINES = "guidelines/index.html"
LINKS_FOLDER = "links/"
LINKS = f"{LINKS_FOLDER}index.html"
PRIVACY = "privacy/index.html"
SCHOOLS = "schools/index.html"
TAKE_PART = "take-part/index.html"
TOPICS = "topics/index.html"
PEOPLE = "people/index.html"
LOOK = "look.css"
ROBOTS = "robots.txt"
FEED = "feed.xml"
JSON_FEED = "feed.json"
OPML = "feeds.opml"
CALENDAR = "calendar.ics"
SCHEMA = "chat.schema.json"
RECORD_SCHEMA = "record.schema.json"
SITEMAP = "sitemap.xml"
ICON = "icon.svg"
TOUCH_ICON = "apple-touch-icon.png"
CARD = "card.png"
SEARCH = "search/index.html"
SEARCH_SCRIPT = "search/search.js"
ISSUER_DOCUMENT = "badges/did.json"
ISSUER_PROFILE = "badges/issuer.json"
ISSUER_KEYS = "badges/keys.json"
REVOKED_BADGES = "badges/revoked.jwt"

TRIED = "tried"
"""Fragment of a chat's page: what people said they will try, and what came of it."""

_HANDOUT = "handout/index.html"
_PROGRAMME = "programme/index.html"
_TAKEN = frozenset(
    {"about", "badges", "guidelines", "links", "people", "privacy", "schools", "search", "take-part", "topics"}
)
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})
"""What Windows takes for a device: a folder of that name could not be copied there."""


def folder(series: str) -> str:
    """The folder of a series; one that is called like a page of the site, or like no folder may, gets another name."""
    return f"{series}-chat" if series in _TAKEN or series in _DEVICES else series


def series_page(series: str) -> str:
    """The page of a series, by its slug."""
    return f"{folder(series)}/index.html"


def series_feed(series: str) -> str:
    """The Atom feed of a series."""
    return f"{folder(series)}/{FEED}"


def series_json_feed(series: str) -> str:
    """The JSON Feed of a series."""
    return f"{folder(series)}/{JSON_FEED}"


def series_calendar(series: str) -> str:
    """The calendar of a series' coming chats."""
    return f"{folder(series)}/{CALENDAR}"


def series_card(series: str) -> str:
    """The social card of a series (PNG)."""
    return f"{folder(series)}/{CARD}"


def links_page(year: int) -> str:
    """The page of the links of an earlier school year, by the year in which it began."""
    return f"{LINKS_FOLDER}{year}/index.html"


def school_page(name: str) -> str:
    """A page of the pack for schools."""
    return f"schools/{name}/index.html"


def series_snippet(series: str) -> str:
    """What other sites may show of a series: its next chat."""
    return f"{folder(series)}/snippet.html"


def chat_page(chat: str) -> str:
    """The page of a chat, by its id."""
    return f"{_chat_folder(chat)}/index.html"


def chat_handout(chat: str) -> str:
    """What can be printed for a chat: room to write, a sheet for trainees."""
    return f"{_chat_folder(chat)}/{_HANDOUT}"


def term_handout(series: str, stretch: str) -> str:
    """The same for a term or school year of a series, by the id of ``Stretch``."""
    return f"{folder(series)}/{stretch}/{_HANDOUT}"


def on_paper(page: str) -> str:
    """A page as PDF: it stands beside it, called like their folder."""
    there = page.removesuffix("/index.html")
    return f"{there}/{there.rpartition('/')[2]}.pdf"


def event_programme(chat: str) -> str:
    """An event's programme to print, by the id of the chat that stands for it."""
    return f"{_chat_folder(chat)}/{_PROGRAMME}"


def event_poster(chat: str) -> str:
    """An event's poster (SVG)."""
    return f"{_chat_folder(chat)}/poster.svg"


def story_page(series: str, story: str) -> str:
    """The page of a story of a series, by their slugs."""
    return f"{folder(series)}/stories/{story}/index.html"


def is_handout(path: str) -> bool:
    """Whether a path is that of something to print."""
    return path.endswith((f"/{_HANDOUT}", f"/{_PROGRAMME}"))


def chat_data(chat: str) -> str:
    """All that may be shown of a chat, as JSON."""
    return f"{_chat_folder(chat)}/chat.json"


def chat_table(chat: str) -> str:
    """The same as a table (CSV)."""
    return f"{_chat_folder(chat)}/chat.csv"


def chat_card(chat: str) -> str:
    """A chat's social card (PNG)."""
    return f"{_chat_folder(chat)}/{CARD}"


def chat_picture(chat: str, sha256: str) -> str:
    """A participant's picture on a chat's page (WebP), by the SHA-256 of its bytes."""
    return f"{_chat_folder(chat)}/pictures/{sha256}.webp"


def chat_download(chat: str) -> str:
    """The chat as one file to keep (ZIP)."""
    return f"{_chat_folder(chat)}/chat.zip"


def search_bundle(series: str, year: int) -> str:
    """The folder of what search knows of a series' school year that began in ``year``: ``search/edchat/2026-27/``."""
    return f"search/{folder(series)}/{year}-{(year + 1) % 100:02}/"


def search_engine(language: str) -> str:
    """The folder of the script that searches in a language, with its slash. No series' folder has a dot."""
    return f"search/engine.{language}/"


def searched(chat: str, name: str) -> str:
    """The path under which an unpublished page is given to the indexer: it stands beside the chat's own page."""
    return f"{_chat_folder(chat)}/{name}.html"


def _chat_folder(chat: str) -> str:
    series, _, day = chat.partition("/")
    return f"{folder(series)}/{day}"


def anchor(key: str) -> str:
    """The id of an answer on its chat's page, by its node key. It never changes."""
    return f"a-{key}"


def relative(start: str, to: str, fragment: str = "") -> str:
    """The link from one path to another, percent-encoded."""
    link = quote(posixpath.relpath(to, posixpath.dirname(start) or "."))
    return f"{link}#{fragment}" if fragment else link


def absolute(address: str, path: str, fragment: str = "") -> str:
    """The full address of a path; empty while the site has none. A folder's own page goes by the folder's name."""
    if not address:
        return ""
    whole = f"{address.rstrip('/')}/{quote(path.removesuffix('index.html'))}"
    return f"{whole}#{fragment}" if fragment else whole


def place(address: str, chat: str, key: str) -> str:
    """The link of an answer's place on its chat's page, by its node key; without a host while the site has no address.

    Nobody can be told from it.
    """
    page = chat_page(chat)
    return absolute(address, page, anchor(key)) or f"{page}#{anchor(key)}"


def issuer(address: str) -> str:
    """Who issues badges, as the ``did:web`` that leads to ``ISSUER_DOCUMENT``; empty where the site has no ``https``.

    https://w3c-ccg.github.io/did-method-web/: host, port as ``%3A``, and folders, with colons between them.
    """
    whole = urlsplit(absolute(address, posixpath.dirname(ISSUER_DOCUMENT)))
    if whole.scheme != "https" or not whole.hostname:
        return ""
    host = whole.hostname if whole.port is None else f"{whole.hostname}%3A{whole.port}"
    return ":".join(["did:web", host, *(folder for folder in whole.path.split("/") if folder)])
