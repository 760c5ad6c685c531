"""The pages in a real browser: readable by everyone, at any width, without a script, without asking anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from golden import sample

from bot.publishing.targets import FolderTarget
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from networks.browser import Browser

CHAT = "edchat/2027-01-07/index.html"
PAGES = [
    "edchat/events/teachmeet-leeds/index.html",
    "edchat/events/teachmeet-leeds/programme/index.html",
    "index.html",
    "edchat/index.html",
    CHAT,
    "edchat/2027-01-14/index.html",
    "edchat/stories/ten-silent-minutes/index.html",
    "about/index.html",
    "privacy/index.html",
    "people/index.html",
]
FRENCH = ["profchat/index.html", "profchat/2027-02-02/index.html"]
BEST_PRACTICE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    target = FolderTarget(folder)
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
    listed, shared, album, quoting = sample.listed(), sample.shared_links, sample.album(), sample.quoting()
    for page in renderer.pages(sample.chats(), sample.figures(), listed, shared=shared, album=album, quoting=quoting):
        target.write(page.path, page.render(sample.contents))
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Callable[[str], str]:
    """A page's address, opened from the plain folder."""
    return lambda path: (site / path).as_uri()


@pytest.mark.parametrize("path", [*PAGES, *FRENCH])
def test_everybody_can_read_it(browser: Browser, address: Callable[[str], str], path: str) -> None:
    """On a phone by day and on a desk by night: colours do not depend on the width, nor the layout on the hour."""
    with browser.visit(address(path), width=360) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert visit.axe(tags=BEST_PRACTICE) == []
        visit.page.emulate_media(color_scheme="dark")
        visit.page.set_viewport_size({"width": 1280, "height": 800})
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 1280
        assert visit.axe(tags=BEST_PRACTICE) == []
        assert visit.refused == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_for_itself_and_its_style_sheet_only(
    browser: Browser, address: Callable[[str], str], path: str
) -> None:
    with browser.visit(address(path)) as visit:
        assert visit.asked == [address(path), address("look.css")]
        assert visit.page.evaluate("getComputedStyle(document.body).margin") == "0px"


def test_all_is_there_without_javascript(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT), javascript=False) as visit:
        page = visit.page
        assert page.locator("article.answer .e-content").count() == len(sample.content().answers)
        assert not page.locator("#a-09 .e-content").is_visible()
        page.locator("#a-09 summary").click()
        assert page.locator("#a-09 .e-content").is_visible()


def test_a_permalink_opens_at_its_answer(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT) + "#a-17", javascript=False, height=500, reduced_motion="reduce") as visit:
        box = visit.page.locator("#a-17").bounding_box()
        bar = visit.page.locator(".jump").bounding_box()
        assert box is not None
        assert bar is not None
        assert bar["y"] + bar["height"] <= box["y"] < 500


def test_the_site_can_be_walked_by_its_links(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address("index.html"), javascript=False) as visit:
        page = visit.page
        page.get_by_role("link", name="Feedback that pupils use").click()
        assert page.url == address(CHAT)
        page.get_by_role("link", name="Later: Starting a lesson well").click()
        page.get_by_role("link", name="#EdChat").first.click()
        assert page.url == address("edchat/index.html")
        page.get_by_role("link", name="What we keep", exact=True).click()
        assert page.get_by_role("heading", level=1).inner_text() == "What we keep, and how to leave"


def test_the_keyboard_reaches_the_questions_first(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT)) as visit:
        visit.page.keyboard.press("Tab")
        assert visit.page.evaluate("document.activeElement.textContent") == "Skip to the questions"
        visit.page.keyboard.press("Enter")
        assert visit.page.evaluate("document.activeElement.id") == "answers"


def test_paper_shows_every_word_and_no_buttons(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT)) as visit:
        page = visit.page
        page.emulate_media(media="print")
        for words in page.locator(".e-content").all():
            assert words.is_visible()
            assert words.evaluate("element => element.checkVisibility({contentVisibilityAuto: true})")
        assert page.locator("#a-09 .e-content").inner_text().startswith("We were told to mark in three colours.")
        for gone in (".jump", ".masthead nav", ".answer footer a", ".foot"):
            assert not page.locator(gone).first.is_visible()


def test_links_are_big_enough_for_a_thumb(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT), width=360) as visit:
        for link in visit.page.locator(".jump a").all():
            box = link.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44


def test_text_may_be_twice_as_large(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT), width=640, bypass_csp=True) as visit:
        visit.page.add_style_tag(content="html { font-size: 200%; }")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 640
