"""The pack for schools: what to allow, where data go, a draft impact assessment, a letter to IT, pages for heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.patterns import host_of
from bot.rendering import privacy, urls
from bot.rendering.frame import networks_of
from bot.rendering.handoutpaper import GUIDE, guide_sheet
from bot.rendering.wordpages import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.series import Series
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.site import Site
    from bot.rendering.words import Words

PACK = ("heads", "records", "support", "hosts", "map", "impact", "letter")
"""The pages of the pack; each has its own template ``site/school-….html.j2`` and stands under ``schools/``."""

_BLUESKY = (("bsky.app, *.bsky.app", "app"), ("bsky.social", "login"), ("*.bsky.network", "data"))
_DATA = ("answer", "held", "gap", "wish", "list", "backup", "reader")
_RISKS = range(1, 7)


def school_pages(sheets: Sheets, every: Sequence[Series], said: privacy.Sayings) -> Iterator[Page]:
    """Plan the pack.

    Args:
        sheets: plans pages.
        every: all series.
        said: what people may say to us.
    """
    press = sheets.press
    words, site = press.words(), press.site
    pages = [
        {"path": urls.school_page(name), "title": words(f"schools.{name}"), "lede": words(f"schools.{name}_lede")}
        for name in PACK
    ]
    yield sheets.filled("schools", words, urls.SCHOOLS, words("schools.title"), {"pages": pages})
    archive = host_of(site.address) if site.address else ""
    told = privacy.told(words, site, [privacy.terms(words, series, site.voices) for series in every], said)
    values: dict[str, Any] = {
        "archive": archive,
        "hosts": network_hosts(words, site),
        "mastodon": "mastodon" in networks_of(site.voices),
        "date": words.date(WRITTEN),
        "rows": [words.lines(f"schools.map_rows_{name}") for name in _DATA],
        "risks": [words.lines(f"schools.impact_risk_{number}") for number in _RISKS],
        "support": [[line, ""] for line in words.lines("schools.support_list")],
        "series": told["series"],
        "grounds": told["grounds"],
        "contact": privacy.contact_link(site.contact),
        "controller": site.controller,
    }
    for name in PACK:
        path, title = urls.school_page(name), words(f"schools.{name}")
        own = {"paper": sheets.paper(path), "guide": GUIDE} if name == "records" else {}
        yield sheets.filled(f"school-{name}", words, path, title, values | own)
    guide = urls.school_page("records")
    yield from sheets.pdf(guide, words.language, lambda: guide_sheet(site, words, guide))


def network_hosts(words: Words, site: Site) -> list[tuple[str, str]]:
    """Which hosts taking part needs, and what for: Bluesky's, and the servers on which our own accounts are."""
    found: list[tuple[str, str]] = []
    networks = networks_of(site.voices)
    if "bluesky" in networks:
        found += [(hosts, words(f"schools.hosts_bluesky_{what}")) for hosts, what in _BLUESKY]
    if "mastodon" in networks:
        servers = {host_of(voice.url) for voice in site.voices if voice.network == "mastodon" and voice.url}
        found += [(host, words("schools.hosts_mastodon")) for host in sorted(servers - {""})]
    return found
