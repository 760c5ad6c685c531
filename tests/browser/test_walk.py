"""A reader's whole way through the site, in a real browser: to an answer, to its original, by keyboard, onto paper.

The site stands at its own https address behind a proxy that sees every request; one to any other host fails the test.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from browser.paper import pages_of
from browser.sites import written
from browser.witness import Witness, witness
from golden import sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from networks.browser import Browser
    from playwright.sync_api import Page

HOME = f"{sample.SITE.address}/"
HOST = urlsplit(HOME).netloc
CHAT = f"{HOME}edchat/2027-01-07/index.html"
MASTODON = "social.example.org"
NIGHT = "rgb(20, 32, 27)"
DAY = "rgb(251, 248, 241)"
NOSY = """<!doctype html><title>Nosy</title>
<img src="https://pixel.example/seen.gif"><img src="http://plain.example/seen.gif">
<script>navigator.sendBeacon("https://beacon.example/", "here"); new WebSocket("wss://socket.example/");</script>"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    folder: Path = written(tmp_path_factory.mktemp("walked"), sample.chats(), sample.contents)
    (folder / "nosy.html").write_text(NOSY)
    original = b"<!doctype html><title>The original</title><link rel=icon href=data:,><h1>As it was said</h1>"
    with witness({HOST: folder}, {MASTODON: original}) as seen:
        yield seen


@pytest.fixture
def road(seen: Witness) -> Iterator[Witness]:
    """The proxy, forgetting what was; whatever it had to refuse fails the test that used it."""
    seen.asked.clear()
    seen.refused.clear()
    yield seen
    assert seen.refused == []


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def tab_to(page: Page, what: str, most: int = 40) -> None:
    """Press Tab until what has the focus matches a selector."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
    pytest.fail(f"Tab does not reach {what}")


def test_the_proxy_sees_whatever_a_page_asks_of_others(browser: Browser, seen: Witness) -> None:
    """Else nothing below would prove anything."""
    with browser.visit(f"{HOME}nosy.html", proxy=seen.address) as visit:
        wanted = {"beacon", "pixel", "plain", "socket"}
        for _ in range(100):
            if {re.sub(r"(https?://)?(\w+)\.example.*", r"\2", host) for host in seen.refused} == wanted:
                break
            visit.page.wait_for_timeout(50)
        else:
            pytest.fail(f"seen were only {seen.refused}")


@pytest.mark.parametrize(
    ("scheme", "javascript", "paper"), [("light", True, DAY), ("dark", True, NIGHT), ("dark", False, NIGHT)]
)
def test_from_home_to_an_original(browser: Browser, road: Witness, scheme: Any, javascript: bool, paper: str) -> None:
    with browser.visit(HOME, colour_scheme=scheme, javascript=javascript, proxy=road.address) as visit:
        page = visit.page
        page.get_by_role("link", name="Ed Chat", exact=True).click()
        assert page.url == f"{HOME}edchat/index.html"
        page.get_by_role("link", name="Feedback that pupils use").click()
        assert page.url == CHAT
        answer = page.locator("#a-05")
        answer.get_by_role("link", name="Link to the answer of History, Cardiff, Q1, 20:10").click()
        assert page.url == f"{CHAT}#a-05"
        assert page.locator(".answer:target .e-content").first.inner_text() == "And the pupils like it?"
        if javascript:
            assert background(page) == paper
        leading_on = answer.get_by_role("link", name="Open on Mastodon")
        leading_on.hover()
        leading_on.focus()
        assert road.of(MASTODON) == []
        leading_on.click()
        page.wait_for_url(f"https://{MASTODON}/@hist/05")
        assert page.title() == "The original"
        (asked,) = road.of(MASTODON)
        assert asked.path == "/@hist/05"
        assert not {"referer", "cookie", "origin"} & asked.headers.keys()
        page.go_back()
        assert page.url == f"{CHAT}#a-05"
        assert len(road.of(MASTODON)) == 1


def test_an_answer_is_found_and_reached_by_keyboard_alone(browser: Browser, road: Witness) -> None:
    with browser.visit(HOME, proxy=road.address) as visit:
        page = visit.page
        tab_to(page, ".masthead a[href*='search']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search/index.html")
        tab_to(page, "#q")
        page.keyboard.type("marking")
        page.keyboard.press("Enter")
        page.get_by_role("status").filter(has_text="3 hits.").wait_for()
        tab_to(page, "#network")
        page.keyboard.press("ArrowDown")
        page.get_by_role("status").filter(has_text="1 hit.").wait_for()
        assert page.locator(".hit a").inner_text() == "Year 5 teacher in Leeds, Q4"
        tab_to(page, ".hit a")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.wait_for_url(f"{CHAT}#a-17")
        assert page.locator(".answer:target").get_attribute("id") == "a-17"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.answer').id") == "a-17"
        assert not [one for one in road.asked if "marking" in one.path]


def test_without_javascript_search_offers_all_by_topic_and_by_term(browser: Browser, road: Witness) -> None:
    with browser.visit(f"{HOME}search/index.html", javascript=False, proxy=road.address) as visit:
        page = visit.page
        assert not page.get_by_role("search").is_visible()
        assert not [one for one in road.asked if one.path.endswith(".js")]
        page.get_by_role("link", name="All topics").click()
        page.get_by_role("link", name="Feedback that pupils use").click()
        assert page.url == CHAT
        page.go_back()
        page.go_back()
        page.get_by_role("link", name="All chats of #EdChat").click()
        assert page.get_by_role("heading", level=3, name="School year 2026").is_visible()
        page.get_by_role("link", name="Feedback that pupils use").click()
        assert page.url == CHAT


def test_paper_misses_no_word_and_wastes_no_page(browser: Browser, road: Witness) -> None:
    """Read from the PDF itself; letters of which the browser here has no fonts are left out of what is compared."""
    with browser.visit(CHAT, proxy=road.address, javascript=False) as visit:
        pages = pages_of(visit.page.pdf(format="A4", print_background=False))
    told = "".join(pages)
    for one in sample.content().answers:
        for words in one.post.text.text.split("\n"):
            if one.post.languages == ("en",):
                assert printable(words) in printable(told), one.key
    for also in (
        "Thursday 7 January 2027, 20:00 London time",
        "In two minutes",
        "What the digest chose, in people's own words.",
        "Content warning: inspection",
        "Which of these would you drop first?",
        "D None of them",
        "Picture, not kept here: A classroom wall with four handwritten posters. (Picture: the host)",
        "Chosen: three people answered it",
        "in reply to Year 5 teacher in Leeds",
        "Not under one question",
        "shared by 2 people in Q2 and Q4",
    ):
        assert printable(also) in printable(told)
    for button in ("Report", "Open on", "Skip to", "Take part", "answer on Bluesky"):
        assert printable(button) not in printable(told)
    assert [page for page in pages[:-1] if len(page) < 200] == []  # a picture fills much of one


def printable(text: str) -> str:
    """Letters, figures and signs of ASCII: those any font has."""
    return "".join(one for one in text if one in string.printable and not one.isspace())
