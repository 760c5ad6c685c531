"""Each kind of page once, on a phone: its targets, text twice as large and wide apart, forced colours."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from browser.measures import CUT, IN_A_SENTENCE, SIDEWAYS, SMALL, SPACED, UNFORCED
from browser.sites import served, written
from golden import sample

from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from networks.browser import Browser

PHONE = 360
CHAT = urls.chat_page("edchat/2027-01-07")
KINDS = [
    urls.HOME,
    "edchat/index.html",
    "edchat/snippet.html",
    CHAT,
    urls.chat_page("edchat/2027-01-14"),
    urls.chat_page("edchat/events/teachmeet-leeds"),
    urls.event_programme("edchat/events/teachmeet-leeds"),
    urls.chat_handout("edchat/2027-01-07"),
    urls.story_page("edchat", "ten-silent-minutes"),
    urls.SEARCH,
    urls.TOPICS,
    urls.LINKS,
    urls.TAKE_PART,
    urls.PEOPLE,
    urls.ABOUT,
    urls.PRIVACY,
    urls.GUIDELINES,
    urls.COMPLAINTS,
    urls.SCHOOLS,
    urls.school_page("map"),
    urls.school_page("letter"),
]
PROSE = ".prose p, .prose li, .prose td, .prose dd, .notice, .invitation, .foot > p, .lede"
"""Also running text, where a link may be as high as its letters."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(written(tmp_path_factory.mktemp("kinds"), sample.chats(), sample.contents)) as address:
        yield address


@pytest.mark.parametrize("path", KINDS)
def test_a_phone_can_hit_enlarge_and_space_out_everything(browser: Browser, address: str, path: str) -> None:
    """WCAG 2.2: 1.4.4, 1.4.10, 1.4.12 and 2.5.8."""
    with browser.visit(address + path, width=PHONE, bypass_csp=True) as visit:
        page = visit.page
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert page.evaluate(SMALL, [24, f"{IN_A_SENTENCE}, {PROSE}"]) == []
        page.add_style_tag(content=SPACED)
        assert page.evaluate(CUT) == []
        assert page.evaluate(SIDEWAYS) == 0
        page.add_style_tag(content="html { font-size: 200%; }")
        assert page.evaluate(CUT) == []
        assert page.evaluate(SIDEWAYS) == 0


@pytest.mark.parametrize("path", [CHAT, urls.TAKE_PART])
def test_what_is_drawn_takes_the_colours_a_reader_forces(browser: Browser, address: str, path: str) -> None:
    with browser.visit(address + path, width=PHONE, forced_colors="active") as visit:
        assert visit.page.evaluate(UNFORCED) == []
        visit.page.emulate_media(forced_colors="none")
        assert visit.page.evaluate(UNFORCED) != []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_that_leads_on_can_be_read_while_it_does(browser: Browser, address: str, scheme: str) -> None:
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
    before = {page.path: page.mark for page in renderer.pages(sample.stored_chats(), sample.figures())}
    first, second = sample.EDCHAT.chats
    later = msgspec.structs.replace(second, date=second.date + timedelta(days=7))
    chats = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, chats=(first, later)))
    old = urls.chat_page("edchat/2027-01-14")
    (moved,) = (page for page in renderer.pages(chats, sample.figures(), known=before) if page.path == old)
    still = moved.render(sample.contents).replace(b'http-equiv="refresh"', b'name="refresh"')
    with browser.visit("about:blank", width=PHONE, colour_scheme=scheme) as visit:  # type: ignore[arg-type]
        visit.page.route(address + old, lambda route: route.fulfill(body=still, content_type="text/html"))
        visit.page.goto(address + old)
        assert visit.page.get_by_role("link").count() > 0
        assert visit.axe() == []
        assert visit.page.evaluate(SMALL, [24, IN_A_SENTENCE]) == []
        assert visit.page.evaluate(SIDEWAYS) == 0
