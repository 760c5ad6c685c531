"""What the hour was worth, as pages: what people tried, what came of it; handouts, the sheet for heads, their PDFs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from browser.measures import IN_A_SENTENCE, SIDEWAYS, SMALL
from browser.test_every_page import PROSE
from browser.test_html_valid import faults
from golden import sample
from unit.test_chat_page import tried

from bot.publishing.targets import FolderTarget
from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from networks.browser import Browser

    from bot.domain.records import ChatContent

CHAT = sample.stored_chats()[0].chat.id
PAGES = (
    urls.chat_page(CHAT),
    urls.chat_handout(CHAT),
    urls.term_handout("edchat", "year-2026"),
    urls.school_page("records"),
)


def content(chat: str) -> ChatContent:
    found = sample.contents(chat)
    return msgspec.structs.replace(tried(), stored=found.stored) if chat == CHAT else found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("worth")
    target = FolderTarget(folder)
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW, typesetter="typst 0")
    for page in renderer.pages(sample.stored_chats(), sample.figures()):
        if page.path in (*PAGES, *map(urls.on_paper, PAGES[1:]), urls.LOOK):
            target.write(page.path, page.render(content))
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_everybody_can_read_them(browser: Browser, site: Path, width: int, scheme: Any) -> None:
    for path in PAGES:
        with browser.visit((site / path).as_uri(), width=width, colour_scheme=scheme) as visit:
            assert visit.axe(tags=("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")) == []
            assert visit.page.evaluate(SMALL, [24, f"{IN_A_SENTENCE}, {PROSE}"]) == []
            assert visit.page.evaluate(SIDEWAYS) == 0


def test_a_topic_of_one_long_word_stays_within_a_terms_handout(browser: Browser, site: Path) -> None:
    for width in (360, 768):
        with browser.visit((site / PAGES[2]).as_uri(), width=width) as visit:
            topic = visit.page.locator(".handout tbody th > a").first
            topic.evaluate("one => { one.textContent = 'Fortbildungsverantwortlichkeit'.repeat(3); }")
            assert visit.page.evaluate(SIDEWAYS) == 0


def test_a_page_to_print_leads_to_its_pdf_and_prints_no_link_to_it(browser: Browser, site: Path) -> None:
    for path in PAGES[1:]:
        with browser.visit((site / path).as_uri()) as visit:
            link = visit.page.get_by_role("link", name="The same as PDF")
            address = link.evaluate("one => one.href")
            assert address == (site / urls.on_paper(path)).as_uri()
            assert (site / urls.on_paper(path)).read_bytes().startswith(b"%PDF-")
            visit.page.emulate_media(media="print")
            assert not link.is_visible()


def test_what_people_tried_is_a_part_of_its_own_with_a_way_to_it(browser: Browser, site: Path) -> None:
    with browser.visit((site / PAGES[0]).as_uri(), width=360) as visit:
        visit.page.get_by_role("link", name="#tryit").first.click()
        part = visit.page.get_by_role("region", name="What people try")
        assert part.get_by_text("It did not work").is_visible()
        assert visit.page.url.endswith("#tried")


def test_they_are_valid(site: Path, tmp_path: Path) -> None:
    assert faults(tmp_path, {path: (site / path).read_bytes() for path in PAGES}) == []
