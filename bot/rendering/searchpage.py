"""The search page: its form, and what its script has to know to search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.schoolyears import stretch, years_of
from bot.rendering import urls
from bot.rendering.frame import NETWORKS, upper_first
from bot.rendering.searching import searchable, searched_in
from bot.rendering.words import primary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.records import ChatFigures, StoredChat
    from bot.domain.series import Series
    from bot.rendering.frame import Press
    from bot.rendering.words import Words

_SAID = ("searching", "broken", "partly", "by", "by_question")
"""Phrases the script says, their blanks left to it; those it counts with are ``search.hits`` and ``search.first``."""

_BLANKS: dict[str, Any] = {name: f"{{{name}}}" for name in ("name", "label")}


def search_values(
    press: Press,
    every: Sequence[Series],
    chats: Sequence[StoredChat],
    figures: Mapping[str, ChatFigures],
    now: datetime,
) -> dict[str, Any]:
    """What the page's template fills in: choices for each filter, and the script's plan."""
    words, planned = press.words(), searchable(chats, figures, now)
    titles = {series.slug: f"#{series.hashtag}" for series in every}
    languages = {primary(one) for series in every for one in series.languages or (words.language,)}
    networks = {voice.network for voice in press.site.voices}
    return {
        "summary": words("search.lede"),
        "chats_by": [(title, urls.series_page(slug)) for slug, title in titles.items()],
        "series": [(slug, titles[slug]) for slug in sorted({one.series for one in planned})],
        "whens": _whens(words, [stored for mine in planned.values() for stored in mine]),
        "languages": sorted((code, _called(press, code)) for code in languages),
        "networks": [(network, name) for network, name in NETWORKS.items() if network in networks],
        "topics": urls.TOPICS,
        "script": urls.SEARCH_SCRIPT,
        "plan": {
            "bundles": [
                {"path": one.path, "series": one.series, "year": one.year, "language": one.language} for one in planned
            ],
            "engines": {one.language: urls.search_engine(one.language) for one in planned},
            "language": words.language,
            "say": {name: words(f"search.{name}", **_BLANKS) for name in _SAID},
            "hits": words.forms("search.hits"),
            "first": words.forms("search.first"),
        },
    }


def _whens(words: Words, chats: Iterable[StoredChat]) -> list[tuple[str, str]]:
    """School years with the terms in them, the latest first: values ``2026`` or ``2026 term-…``, and words."""
    found: dict[int, dict[str, str]] = {}
    for stored in chats:
        terms = found.setdefault(searched_in(stored).year, {})
        term = stretch(stored.chat.date, stored.series.terms)
        if term.term:
            start, end = words.short_date(term.first), words.short_date(term.last)
            terms[term.id] = words("date.span", start=start, end=f"{end} {term.last.year}")
    choices: list[tuple[str, str]] = []
    for year, terms in sorted(found.items(), reverse=True):
        choices.append((str(year), words("search.year", years=years_of(year))))
        choices += [(f"{year} {name}", f"\u2013 {label}") for name, label in sorted(terms.items(), reverse=True)]
    return choices


def _called(press: Press, code: str) -> str:
    """A language's own name, where we have phrases in it."""
    words = press.words(code)
    return upper_first(words("language")) if primary(words.language) == code else code
