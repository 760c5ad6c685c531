"""The impact report as a page: one file that loads nothing, and that everybody can read, on paper, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from browser.test_html_valid import faults
from golden import sample
from unit.impact_world import LATER, four_terms

from bot.domain.choosing import Chosen
from bot.domain.impact import Impact, impact
from bot.rendering.impact import Account, page
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from networks.browser import Browser

BEST_PRACTICE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LANGUAGES = ("en", "cy", "de", "es", "fr")


def written(language: str) -> bytes:
    history = four_terms()
    found = impact(history, LATER)
    series = msgspec.structs.replace(history.chats[0].series, languages=(language,))
    quiet = msgspec.structs.replace(series, slug="quiet", title="Nothing yet")
    open_only = Impact((), tuple(term.stretch for term in found.terms[:2]))
    accounts = [
        Account(series, Chosen("edchat", found, (found.terms[0].stretch,))),
        Account(quiet, Chosen("quiet", open_only)),
    ]
    return page(Templates(), sample.SITE, accounts)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    folder = tmp_path_factory.mktemp("report")
    for language in LANGUAGES:
        (folder / f"{language}.html").write_bytes(written(language))
    return lambda language: (folder / f"{language}.html").as_uri()


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en", 360, "light"), ("en", 1440, "dark"), ("cy", 360, "dark"), ("de", 360, "light"), ("fr", 768, "light")],
)
def test_everybody_can_read_it(
    browser: Browser, address: Callable[[str], str], language: str, width: int, scheme: str
) -> None:
    with browser.visit(address(language), width=width, colour_scheme=scheme) as visit:  # type: ignore[arg-type]
        assert visit.axe(tags=BEST_PRACTICE) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.refused == []
        assert len(visit.asked) == 1
        right = "element => element.getBBox().x + element.getBBox().width <= element.ownerSVGElement.clientWidth + 1"
        assert all(one.evaluate(right) for one in visit.page.locator(".bars text").all())
        assert all(box["height"] >= 24 for one in visit.page.locator("summary").all() if (box := one.bounding_box()))


def test_a_chart_is_read_as_one_sentence_and_a_table(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address("en"), javascript=False) as visit:
        chart = visit.page.get_by_role("img", name="New and back again.")
        assert chart.get_attribute("aria-label") == (
            "New and back again. "
            "4 January to 31 January 2027: First-timers the first chats, Returners the first chats; "
            "1 February to 28 February 2027: First-timers 17, Returners 20; "
            "1 March to 28 March 2027: First-timers too few people, Returners too few people; "
            "29 March to 25 April 2027: First-timers 15, Returners 9."
        )
        visit.page.get_by_text("The same as a table: New and back again").click()
        table = visit.page.locator("details[open] table")
        assert table.get_by_role("columnheader").all_inner_texts() == ["Term", "First-timers", "Returners"]
        assert table.get_by_role("row").count() == 5
        assert visit.page.get_by_role("table", name="#EdChat: EdChat 1 March to 28 March 2027").count() == 1


def test_paper_keeps_charts_numbers_and_words(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address("en"), width=673) as visit:
        visit.page.emulate_media(media="print")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 673
        for part in visit.page.locator(".bars, h2, h3, td, th, dt, dd").all():
            assert part.is_visible() or part.evaluate("element => !!element.closest('details')")


def test_it_is_valid_in_every_language(tmp_path: Path) -> None:
    assert faults(tmp_path, {f"{language}.html": written(language) for language in LANGUAGES}) == []
