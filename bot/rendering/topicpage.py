"""The page of topics: what the chats were about, from A to Z, and where each term stands."""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.rendering import urls
from bot.rendering.frame import entry
from bot.rendering.shelves import shelves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.records import StoredChat
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.words import Words

OTHER = ""
"""Under which “letter” topics stand that begin with none."""


def topic_page(sheets: Sheets, chats: Sequence[StoredChat], past: Mapping[str, Sequence[StoredChat]]) -> Page:
    """Plan the page.

    Args:
        sheets: plans pages.
        chats: all of the site, in order of start; cancelled ones are left out.
        past: of each series (slug) the chats that its page shows by term, latest first.
    """
    words = sheets.press.words()
    entries = sorted(
        (
            (sort_key(stored.chat.topic), stored.chat.starts_at, entry(words, stored))
            for stored in chats
            if not stored.cancelled
        ),
        key=lambda one: (letter_of(one[0]) != OTHER, one[0], one[1], one[2]["path"]),
    )
    letters = [
        {"letter": letter, "id": letter_id(letter), "topics": [entry for _, _, entry in some]}
        for letter, some in groupby(entries, key=lambda one: letter_of(one[0]))
    ]
    terms = [_terms(words, mine) for _, mine in sorted(past.items()) if mine]
    values = {"letters": letters, "terms": terms}
    return sheets.filled("topics", words, urls.TOPICS, words("topics.title"), values)


def sort_key(topic: str) -> str:
    """By what topics are put in order: their letters without accents and case, from the first letter or digit on."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", topic.casefold()) if not unicodedata.combining(one))
    start = next((index for index, one in enumerate(plain) if one.isalnum()), len(plain))
    return plain[start:]


def letter_of(key: str) -> str:
    """The letter under which a topic stands; ``OTHER`` for digits and for nothing."""
    return key[:1].upper() if key[:1].isalpha() else OTHER


def letter_id(letter: str) -> str:
    """The id of a letter's place in the page, in plain ASCII."""
    if letter == OTHER:
        return "letters-other"
    return f"letter-{letter.lower()}" if letter.isascii() else "letter-" + "-".join(f"{ord(one):x}" for one in letter)


def _terms(words: Words, mine: Sequence[StoredChat]) -> dict[str, Any]:
    series = mine[0].series
    language = series.languages[0] if series.languages else ""
    return {
        "title": series.title,
        "hashtag": f"#{series.hashtag}",
        "language": language if language != words.language else "",
        "path": urls.series_page(series.slug),
        "shelves": [{"id": one.id, "title": one.title, "count": len(one.chats)} for one in shelves(words, mine)],
    }
