"""Search in a real browser: by keyboard, to the answer itself, and by asking nobody else."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import pytest
from browser.sites import served, written
from golden import sample
from golden.sample import answer

from bot.domain.records import ChatContent, StoredChat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from networks.browser import Browser
    from playwright.sync_api import Page

EVERYTHING = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SEARCH = "search/index.html"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("searched"), sample.chats(), sample.contents)


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Three school years of one series, and one of another in French: each chat with one answer, in Q1."""
    said = {
        "edchat/2024-10-03": "Marbles in a jar",
        "edchat/2025-10-02": "Stickers, in the end",
        "edchat/2026-10-01": "Phone calls home",
        "profchat/2026-10-06": "Les élèves parlent, stickers ou pas",
    }
    chats = [on(chat) for chat in said]

    def content(chat: str) -> ChatContent:
        stored = next(one for one in chats if one.chat.id == chat)
        language = stored.series.languages or ("en",)
        answers = (answer(f"{chat[-10:]}", "hist", 6, said[chat], 1, chat=chat, languages=language),)
        return ChatContent(stored, (), answers, (), ())

    with served(written(tmp_path_factory.mktemp("years"), chats, content)) as address:
        yield address


def on(chat: str) -> StoredChat:
    """A chat of one of the sample's series, on the day its id says."""
    slug, _, day = chat.partition("/")
    stored = next(one for one in sample.chats() if one.series.slug == slug)
    start = datetime.fromisoformat(f"{day}T20:00:00+00:00")
    moved = msgspec.structs.replace(
        stored.chat, id=chat, date=start.date(), starts_at=start, ends_at=start + timedelta(hours=1)
    )
    return msgspec.structs.replace(stored, chat=moved)


def told(page: Page, words: str) -> None:
    """Wait until the live region says so."""
    page.get_by_role("status").filter(has_text=words).wait_for(timeout=5_000)


def look_for(page: Page, words: str) -> None:
    page.get_by_role("searchbox").fill(words)
    page.keyboard.press("Enter")


def titles(page: Page) -> list[str]:
    return page.locator(".hit a").all_inner_texts()


def test_a_hit_is_found_by_keyboard_and_leads_to_its_answer(browser: Browser, address: str) -> None:
    with browser.visit(address + SEARCH) as visit:
        page = visit.page
        page.get_by_role("searchbox").focus()
        page.keyboard.type("union")
        page.keyboard.press("Enter")
        told(page, "1 hit.")
        assert page.evaluate("document.activeElement.id") == "q"
        page.locator(".hit a").focus()
        assert page.locator(".hit mark").inner_text().strip() == "union"
        assert titles(page) == ["A teacher, Q4"]
        assert page.locator(".hit .from").inner_text() == (
            "Feedback that pupils use · Thursday 7 January 2027 · #EdChat · Mastodon"
        )
        page.keyboard.press("Enter")
        page.wait_for_url("**/edchat/2027-01-07/index.html#a-23")
        assert page.locator("#a-23:target").count() == 1
        page.go_back()
        told(page, "1 hit.")
        assert visit.refused == []
        assert {urlsplit(url).netloc for url in visit.asked} == {urlsplit(address).netloc}
        assert not any("union" in url.partition("#")[0] for url in visit.asked)


def test_what_is_asked_can_be_narrowed_and_cleared(browser: Browser, address: str) -> None:
    with browser.visit(address + SEARCH) as visit:
        page = visit.page
        look_for(page, "marking")
        told(page, "3 hits.")
        assert sorted(titles(page)) == ["A teacher, Q4", "Question Q4", "Year 5 teacher in Leeds, Q4"]
        page.get_by_label("Network").select_option("Bluesky")
        told(page, "1 hit.")
        assert titles(page) == ["Year 5 teacher in Leeds, Q4"]
        page.get_by_label("When").select_option("School year 2026\u201327")
        page.get_by_label("Language").select_option("Français")
        told(page, "Nothing was found.")
        page.keyboard.press("Escape")
        assert page.get_by_role("searchbox").input_value() == ""
        assert page.evaluate("document.activeElement.id") == "q"
        assert page.get_by_label("Language").input_value() == ""
        assert titles(page) == []
        assert page.url == address + SEARCH


def test_a_language_that_no_series_is_held_in_can_be_chosen_once_a_hit_is_in_it(browser: Browser, address: str) -> None:
    with browser.visit(f"{address}{SEARCH}") as visit:
        page, language = visit.page, visit.page.get_by_label("Language")
        before = language.locator("option").all_inner_texts()
        page.get_by_role("searchbox").fill("والطالب")
        page.keyboard.press("Enter")
        told(page, "1 hit.")
        assert language.locator("option").all_inner_texts() == [*before, "العربية"]
        language.select_option("ar")
        page.get_by_role("searchbox").fill("feedback")
        page.keyboard.press("Enter")
        told(page, "Nothing was found.")
        page.get_by_role("searchbox").fill("والطالب")
        page.keyboard.press("Enter")
        told(page, "1 hit.")
        page.reload()  # what is asked stands in the address, and so does the language
        told(page, "1 hit.")
        assert language.input_value() == "ar"


def test_every_word_stands_in_a_hit_where_one_answer_holds_them_all(browser: Browser, address: str) -> None:
    with browser.visit(address + SEARCH) as visit:
        look_for(visit.page, "silent minutes")
        told(visit.page, "2 hits.")
        look_for(visit.page, "stopped titles")
        told(visit.page, "1 hit.")
        assert titles(visit.page) == ["Year 5 teacher in Leeds, Q4"]


def test_questions_are_found_too(browser: Browser, address: str) -> None:
    with browser.visit(address + SEARCH) as visit:
        look_for(visit.page, "decorate")
        told(visit.page, "1 hit.")
        assert titles(visit.page) == ["Question Q3"]
        assert visit.page.locator(".hit a").get_attribute("href", timeout=1000) == (
            address + "edchat/2027-01-07/index.html#q3"
        )


@pytest.mark.parametrize(
    "words",
    [
        "Shirin",  # asked for initials
        "Leeds",  # a name, shown with hits, that nobody can look for
        "colours",  # behind a content warning
        "alert(1)<img src=x onerror=document.title=1>",
    ],
)
def test_what_is_not_to_be_found_is_not(browser: Browser, address: str, words: str) -> None:
    with browser.visit(address + SEARCH) as visit:
        look_for(visit.page, words)
        told(visit.page, "Nothing was found.")
        assert visit.page.title().startswith("Search")


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (360, "light"), (768, "light"), (1440, "dark")])
def test_everybody_can_use_it(browser: Browser, address: str, width: int, scheme: str) -> None:
    with browser.visit(address + SEARCH, width=width, colour_scheme=scheme) as visit:  # type: ignore[arg-type]
        page = visit.page
        look_for(page, "levels")
        told(page, "3 hits.")
        assert visit.axe(tags=EVERYTHING) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for thing in page.locator("form :is(input, select, button)").all():
            box = thing.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44


def test_from_a_disk_and_without_javascript_the_page_says_how_else(browser: Browser, folder: Path) -> None:
    for javascript in (True, False):
        with browser.visit((folder / SEARCH).as_uri(), javascript=javascript) as visit:
            assert not visit.page.get_by_role("searchbox").is_visible()
            assert visit.page.get_by_text("Searching by words needs JavaScript").is_visible()
            assert visit.page.get_by_role("link", name="All topics").is_visible()
            assert visit.page.evaluate("getComputedStyle(document.body).margin") == "0px"


def test_a_year_that_cannot_be_searched_is_said(browser: Browser, address: str) -> None:
    with browser.visit(address + SEARCH) as visit:
        visit.page.route("**/2026-27/pagefind-entry.json*", lambda route: route.fulfill(status=404))
        look_for(visit.page, "levels")
        told(visit.page, "The search cannot be used just now.")


def test_nothing_but_what_is_needed_is_loaded(browser: Browser, address: str, folder: Path) -> None:
    with browser.visit(address + SEARCH) as visit:
        look_for(visit.page, "levels")
        told(visit.page, "3 hits.")
        paths = [urlsplit(url).path.removeprefix("/") for url in visit.asked]
        assert not [path for path in paths if "_filter" in path or "worker" in path]
        assert sum(len(gzip.compress((folder / path).read_bytes())) for path in paths) < 180_000


def test_earlier_years_are_looked_at_when_asked(browser: Browser, years: str) -> None:
    with browser.visit(years + SEARCH) as visit:
        page = visit.page
        look_for(page, "marbles")
        told(page, "Nothing was found.")
        asked = [url for url in visit.asked if "pagefind-entry" in url and "engine" not in url]
        assert {urlsplit(url).path.rsplit("/", 2)[1] for url in asked} == {"2026-27", "2025-26"}
        page.get_by_role("button", name="Look in earlier school years").focus()
        page.keyboard.press("Enter")
        told(page, "1 hit.")
        assert page.evaluate("document.activeElement.textContent") == "History, Cardiff, Q1"
        assert not page.get_by_role("button", name="Look in earlier school years").is_visible()
        page.get_by_label("When").select_option("School year 2025\u201326")
        told(page, "Nothing was found.")


def test_the_year_before_is_looked_at_where_nothing_was_found(browser: Browser, years: str) -> None:
    with browser.visit(years + SEARCH) as visit:
        look_for(visit.page, "end")
        told(visit.page, "1 hit.")
        assert visit.page.locator(".hit .words").inner_text() == "Stickers, in the end."


def test_series_in_other_languages_are_searched_with_their_own_words(browser: Browser, years: str) -> None:
    with browser.visit(years + SEARCH) as visit:
        page = visit.page
        look_for(page, "élève")
        told(page, "1 hit.")
        assert page.locator(".hit .words").get_attribute("lang") == "fr"
        look_for(page, "phone")
        told(page, "1 hit.")
        page.get_by_label("Chat").select_option("#ProfChat")
        told(page, "Nothing was found.")
