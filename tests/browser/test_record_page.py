"""A person's record in a real browser, opened from a disk: read, written into, printed and saved."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from browser.paper import pages_of
from browser.test_html_valid import faults
from golden import sample

from bot.domain.takingpart import Record, taken_part
from bot.rendering.recordpage import record_page
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from networks.browser import Browser

WIDTHS = [(360, "light"), (360, "dark"), (768, "dark"), (1440, "light")]


def page_of(who: str = "y5", **changes: Any) -> bytes:
    """The record of one of the sample's people, its series changed."""
    content = sample.content()
    said = {one.key: one.post for one in content.answers if one.post.author.handle == sample.PEOPLE[who][1]}
    stored = msgspec.structs.replace(content.stored, series=msgspec.structs.replace(content.stored.series, **changes))
    part = taken_part(msgspec.structs.replace(content, stored=stored), said)
    assert part is not None
    author = next(iter(said.values())).author
    asked = sample.NOW - timedelta(days=1)
    return record_page(Templates(), sample.SITE, Record((author,), (part,), asked, sample.NOW))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "record.html"
    file.write_bytes(page_of())
    return file


@pytest.mark.parametrize(("width", "scheme"), WIDTHS)
def test_everybody_can_read_it(browser: Browser, page: Path, width: int, scheme: Any) -> None:
    with browser.visit(page.as_uri(), width=width, colour_scheme=scheme) as visit:
        assert visit.axe() == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert (visit.refused, [one for one in visit.asked if one != page.as_uri()]) == ([], [])
        small = visit.page.evaluate(
            "[...document.querySelectorAll('a, [contenteditable]')]"
            ".filter(one => one.getBoundingClientRect().height < 24).map(one => one.outerHTML)"
        )
        assert small == []


def test_its_owner_writes_into_it_by_keyboard_alone_and_prints_that(browser: Browser, page: Path) -> None:
    with browser.visit(page.as_uri()) as visit:
        room = visit.page.get_by_role("textbox", name="What I tried with it, and what came of it")
        room.focus()
        assert room.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
        visit.page.keyboard.type("Ten silent minutes")
        assert room.inner_text().strip() == "Ten silent minutes"
        paper = "".join(pages_of(visit.page.pdf(format="A4")))
        assert "Tensilentminutes" in paper
        assert "Whole-classfeedbacksheet" in paper
        assert "Writeonthelineshere" not in paper  # of no use on paper
        assert "Theoriginalhttps://bsky.example/01" in paper  # nobody can follow a link on paper
        saved = page.with_name("saved.html")
        saved.write_text(visit.page.content(), encoding="utf-8")
    with browser.visit(saved.as_uri(), javascript=False) as visit:
        again = visit.page.get_by_role("textbox", name="What I tried with it, and what came of it")
        assert again.inner_text().strip() == "Ten silent minutes"


def test_it_is_valid(tmp_path: Path) -> None:
    pages = {
        "live.html": page_of(),
        "slow.html": page_of("hist", format="slow", languages=("cy",)),
        "german.html": page_of("sci", languages=("de",)),
    }
    assert faults(tmp_path, pages) == []
