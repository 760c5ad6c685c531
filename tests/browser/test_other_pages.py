"""Topics, links, taking part and all that is mostly words, in a real browser, over a site with a year of chats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from browser.paper import pages_of
from golden import sample, term

from bot.publishing.targets import FolderTarget
from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.schoolpages import PACK
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from networks.browser import Browser
    from playwright.sync_api import Page

    from bot.domain.records import StoredChat

SCHOOLS = [urls.school_page(name) for name in PACK]
PAGES = [
    urls.HOME,
    "edchat/index.html",
    urls.TOPICS,
    urls.LINKS,
    urls.TAKE_PART,
    urls.ABOUT,
    urls.GUIDELINES,
    urls.COMPLAINTS,
    urls.SCHOOLS,
    *SCHOOLS,
]
SHEETS = {
    urls.school_page("heads"): 1,
    urls.school_page("records"): 1,
    urls.school_page("support"): 1,
    urls.chat_handout("edchat/2027-01-07"): 2,
    urls.term_handout("edchat", "year-2026"): 2,
}
"""How many sides of A4 each fills."""

BEST_PRACTICE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A page's address, opened from a plain folder."""
    folder = tmp_path_factory.mktemp("year")
    target = FolderTarget(folder)
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
    for page in renderer.pages(term.chats(), term.figures(), sample.listed(), shared=term.shared_links):
        target.write(page.path, page.render(term.contents))
    return lambda path: (folder / path).as_uri()


def sideways(page: Page) -> int:
    """By how many CSS pixels the page has to be scrolled sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_read_it_at_any_width_by_day_and_by_night(
    browser: Browser, address: Callable[[str], str], path: str
) -> None:
    with browser.visit(address(path), width=360) as visit:
        page = visit.page
        assert visit.asked == [address(path), address("look.css")]
        assert visit.axe(tags=BEST_PRACTICE) == []
        page.emulate_media(color_scheme="dark")
        for width in (360, 768, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert sideways(page) == 0
        assert visit.axe(tags=BEST_PRACTICE) == []
        assert visit.refused == []


@pytest.mark.parametrize("path", [urls.COMPLAINTS, "edchat/index.html", urls.TAKE_PART])
def test_text_may_be_twice_as_large_and_wide_apart(browser: Browser, address: Callable[[str], str], path: str) -> None:
    """WCAG 1.4.4 and 1.4.12: nothing is cut off, and nothing has to be scrolled sideways."""
    with browser.visit(address(path), width=640, bypass_csp=True) as visit:
        visit.page.add_style_tag(
            content="html { font-size: 200%; } "
            "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
        )
        assert sideways(visit.page) == 0


@pytest.mark.parametrize("path", [urls.HOME, "edchat/index.html", urls.TOPICS, urls.LINKS])
def test_links_that_stand_alone_are_big_enough(browser: Browser, address: Callable[[str], str], path: str) -> None:
    with browser.visit(address(path), width=360) as visit:
        for link in visit.page.locator("nav a, h3 a, h4 a, .roomy a, .files a").all():
            box = link.bounding_box()
            assert box is not None
            assert box["height"] >= 24, link.inner_text()


def test_the_chart_grows_with_the_page_and_its_words_do_not(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address("edchat/index.html"), width=360) as visit:
        page, seen = visit.page, []
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            chart, bar, words = (
                page.locator(".bars"),
                page.locator("rect.answered").nth(2),
                page.locator(".bars .count").first,
            )
            whole, one, text = (found.bounding_box() for found in (chart, bar, words))
            assert whole is not None
            assert one is not None
            assert text is not None
            assert whole["x"] <= one["x"] < one["x"] + one["width"] <= whole["x"] + whole["width"]
            assert one["height"] > 10
            seen.append((whole["width"], round(text["height"], 1)))
        assert seen[0][0] < seen[1][0]
        assert seen[0][1] == seen[1][1]


def test_the_chart_is_read_as_one_sentence_and_a_table(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address("edchat/index.html"), javascript=False) as visit:
        page = visit.page
        assert page.get_by_role("img", name="Bar chart of the last 9 chats").count() == 1
        table = page.get_by_role("table")
        assert table.count() == 0  # closed
        page.get_by_text("The same as a table").click()
        assert table.get_by_role("columnheader").all_inner_texts() == ["Chat", "Answers", "People"]
        assert table.get_by_role("row").count() == 10
        table.get_by_role("link", name="7 January 2027").click()
        assert page.url == address("edchat/2027-01-07/index.html")


def test_bars_are_told_apart_without_colour(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address("edchat/index.html"), forced_colors="active") as visit:
        look = "element => { const style = getComputedStyle(element); return [style.fill, style.stroke]; }"
        answered = visit.page.locator(".bars .answered").first.evaluate(look)
        took_part = visit.page.locator(".bars .took-part").first.evaluate(look)
        assert answered[0] != "none"
        assert took_part[0] == "none"
        assert took_part[1] != "none"


def test_a_table_keeps_its_roles_where_its_rows_become_blocks(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(urls.COMPLAINTS), width=360) as visit:
        table = visit.page.get_by_role("table")
        assert table.get_by_role("row").count() == 4
        assert table.get_by_role("columnheader").count() == 3
        assert table.get_by_role("cell").count() == 6
        first = table.get_by_role("rowheader").first.bounding_box()
        cell = table.get_by_role("cell").first.bounding_box()
        assert first is not None
        assert cell is not None
        assert cell["y"] >= first["y"] + first["height"]


@pytest.mark.parametrize("path", SCHOOLS)
def test_the_pack_prints_whole_on_a4(browser: Browser, address: Callable[[str], str], path: str) -> None:
    """A4 less its margins is 673 CSS pixels wide."""
    with browser.visit(address(path), width=673) as visit:
        page = visit.page
        page.emulate_media(media="print")
        assert sideways(page) == 0
        assert not page.locator(".masthead nav").is_visible()
        assert not page.locator(".foot").is_visible()
        for part in page.locator("main h2, main li:not(.screen *), main td, main th").all():
            assert part.is_visible() or part.evaluate("element => element.textContent === ''")


def spoken(language: str) -> list[StoredChat]:
    """The sample's chats in another language."""
    change = msgspec.structs.replace
    return [change(one, series=change(one.series, languages=(language,))) for one in sample.chats()]


def test_what_is_to_be_one_sheet_of_paper_is_one(browser: Browser, tmp_path: Path) -> None:
    for language in ("en", "cy", "de", "es", "fr"):
        target = FolderTarget(tmp_path / language)
        renderer = SiteRenderer(
            Templates(), msgspec.structs.replace(sample.SITE, language=language), lambda: sample.NOW
        )
        for page in renderer.pages(spoken(language), sample.figures()):
            if page.path == urls.LOOK or SHEETS.get(page.path) == 1 or (page.path in SHEETS and language == "fr"):
                target.write(page.path, page.render(sample.contents))
    with browser.visit("about:blank") as visit:
        for path, sides in SHEETS.items():
            found = sorted(tmp_path.glob(f"*/{path}"))
            assert len(found) == (5 if sides == 1 else 1)
            for file in found:
                visit.page.goto(file.as_uri())
                assert len(pages_of(visit.page.pdf(prefer_css_page_size=True))) == sides, file
            assert sides == 1 or visit.axe(tags=BEST_PRACTICE) == [], path


def test_paper_has_the_chart_and_its_numbers(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address("edchat/index.html"), width=673) as visit:
        page = visit.page
        page.emulate_media(media="print")
        assert page.locator(".bars").is_visible()
        numbers = page.locator(".numbers td").first
        assert numbers.evaluate("element => element.checkVisibility({contentVisibilityAuto: true})")


def test_the_site_can_be_walked_from_home_to_a_term_without_javascript(
    browser: Browser, address: Callable[[str], str]
) -> None:
    with browser.visit(address(urls.HOME), javascript=False) as visit:
        page = visit.page
        page.get_by_role("link", name="Topics").click()
        page.get_by_role("link", name="By term").click()
        page.get_by_role("link", name="7 September to 18 December 2026").click()
        assert page.url == address("edchat/index.html") + "#term-2026-09-07"
        page.get_by_role("link", name="Links", exact=True).click()
        assert page.get_by_role("heading", level=1).inner_text() == "Links"
        page.get_by_role("link", name="Take part", exact=True).click()
        page.get_by_role("navigation", name="Take part").get_by_role("link", name="Mastodon").click()
        assert page.url == address(urls.TAKE_PART) + "#mastodon"
        page.get_by_role("link", name="For schools").click()
        page.get_by_role("link", name="Letter to IT").click()
        assert page.get_by_role("heading", level=1).inner_text() == "Letter to IT"
