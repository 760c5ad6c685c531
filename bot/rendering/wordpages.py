"""Pages that are mostly words: about, take part, privacy, guidelines, complaints, and who asked to be listed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from bot.domain.patterns import is_web
from bot.rendering import privacy, urls
from bot.rendering.frame import NETWORKS, networks_of, series_card

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.posts import Account
    from bot.domain.series import Series
    from bot.rendering.sheets import Page, Sheets

WRITTEN = date(2026, 11, 22)
"""When the shipped guidelines, and the list of the networks' hosts, were last gone over."""


def word_pages(sheets: Sheets, every: Sequence[Series], said: privacy.Sayings, *, some_listed: bool) -> Iterator[Page]:
    """Plan all of them but the page of people.

    Args:
        sheets: plans pages.
        every: all series.
        said: what people may say to us.
        some_listed: there is a page of people.
    """
    press, site = sheets.press, sheets.press.site
    words = press.words()
    cards = [series_card(words, series, site.voices) for series in every]
    contact = privacy.contact_link(site.contact)
    about = {"series": cards, "some_listed": some_listed, "contact": contact, "controller": site.controller}
    yield sheets.filled("about", words, urls.ABOUT, words("about.title"), about)
    yield _take_part(sheets, cards)
    terms = [privacy.terms(words, series, site.voices) for series in every]
    told = privacy.told(words, site, terms, said)
    yield sheets.filled("privacy", words, urls.PRIVACY, words("privacy.title"), told)
    yield sheets.filled("guidelines", words, urls.GUIDELINES, words("guidelines.title"), _guidelines(sheets))
    asks = privacy.typed(said)
    rows = [words.lines(f"complaints.when_{number}", **asks) for number in (1, 2, 3)]
    complaints = {"contact": contact, "own": words.html("complaints.report_own", **asks), "rows": rows}
    yield sheets.filled("complaints", words, urls.COMPLAINTS, words("complaints.title"), complaints)


def _take_part(sheets: Sheets, cards: Sequence[Any]) -> Page:
    """How it goes on each network that somebody speaks on for us; on both where nobody does yet."""
    words, voices = sheets.press.words(), sheets.press.site.voices
    networks = [
        {
            "key": network,
            "name": NETWORKS[network],
            "accounts": [
                {"url": voice.url if is_web(voice.url) else "", "label": voice.handle or voice.url}
                for voice in voices
                if voice.network == network and (voice.handle or voice.url)
            ],
        }
        for network in networks_of(voices)
    ]
    values = {"networks": networks, "series": cards}
    return sheets.filled("takepart", words, urls.TAKE_PART, words("takepart.title"), values)


def _guidelines(sheets: Sheets) -> dict[str, Any]:
    words, site = sheets.press.words(), sheets.press.site
    dated = words.date(site.guidelines or WRITTEN)
    if site.guidelines is None:
        version = words("guidelines.version", date=dated)
    elif site.controller:
        version = words("guidelines.adopted_by", controller=site.controller, date=dated)
    else:
        version = words("guidelines.adopted", date=dated)
    return {"version": version, "sign": [[who] for who in words.lines("guidelines.sign_who")]}


def people_page(sheets: Sheets, listed: Sequence[Account], said: privacy.Sayings) -> Page:
    """Who asked to be listed: name, handle, network, and nothing else; in the order of their names."""
    words = sheets.press.words()
    people = sorted(
        (
            {
                "name": one.name or one.handle,
                "handle": one.handle if one.handle != one.name else "",
                "url": one.url if is_web(one.url) else "",
                "network": NETWORKS[one.network],
            }
            for one in listed
        ),
        key=lambda one: (one["name"].casefold(), one["handle"], one["network"]),
    )
    values = {"people": people, "how": privacy.listing(words, said), "index": False}
    return sheets.filled("people", words, urls.PEOPLE, words("people.title"), values)
