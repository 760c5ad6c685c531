"""A chat's page in a real browser: heard, enlarged, spaced out, touched, printed, in forced colours, under a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser.measures import CUT, IN_A_SENTENCE, SMALL, SPACED
from browser.trees import agreed
from golden import sample

from bot.publishing.targets import FolderTarget
from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from networks.browser import Browser

CHAT = urls.chat_page("edchat/2027-01-07")
COMING = urls.chat_page("edchat/2027-01-14")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A page's address in a folder of the sample's pages."""
    folder: Path = tmp_path_factory.mktemp("chat")
    target = FolderTarget(folder)
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
    for page in renderer.pages(sample.chats(), sample.figures(), sample.listed(), album=sample.album()):
        if page.path in (CHAT, COMING, urls.LOOK) or page.path.endswith(".webp"):
            target.write(page.path, page.render(sample.contents))
    return lambda path: (folder / path).as_uri()


@pytest.mark.parametrize(("path", "name"), [(CHAT, "chat"), (COMING, "chat-to-come")])
def test_it_is_told_to_a_screen_reader_as_agreed(
    browser: Browser, address: Callable[[str], str], path: str, name: str
) -> None:
    with browser.visit(address(path)) as visit:
        found, expected = agreed(visit, name)
        assert found == expected


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1440])
def test_it_passes_axe_at_every_width(browser: Browser, address: Callable[[str], str], width: int, scheme: Any) -> None:
    with browser.visit(address(CHAT), width=width, colour_scheme=scheme) as visit:
        visit.page.locator("summary").click()
        visit.page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")  # else the row of questions lies over a link
        assert visit.axe(tags=("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_target_is_too_small_and_thumbs_get_larger_ones(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT), width=360) as visit:
        assert visit.page.evaluate(SMALL, [24, IN_A_SENTENCE]) == []
    with browser.visit(address(CHAT), width=360, has_touch=True, is_mobile=True) as visit:
        assert visit.page.evaluate("matchMedia('(pointer: coarse)').matches")
        assert visit.page.evaluate(SMALL, [44, f"{IN_A_SENTENCE}, .brand, .plain"]) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_spaced_out_text_loses_nothing(browser: Browser, address: Callable[[str], str], width: int) -> None:
    """What WCAG 2.2 asks for: https://www.w3.org/WAI/WCAG22/Understanding/text-spacing.html."""
    with browser.visit(address(CHAT), width=width, bypass_csp=True) as visit:
        visit.page.locator("summary").click()
        assert visit.page.evaluate(CUT) == []
        visit.page.add_style_tag(content=SPACED)
        assert visit.page.evaluate(CUT) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_enlarged_four_times_nothing_covers_what_has_the_focus(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT), width=320, height=256, reduced_motion="reduce") as visit:
        page = visit.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.locator("#a-17 .when").focus()
        box = page.locator("#a-17 .when").bounding_box()
        assert box is not None
        assert page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).closest('#a-17') !== null", [box["x"] + 5, box["y"] + 5]
        )


@pytest.mark.parametrize(("wish", "told"), [("reduce", "auto"), ("no-preference", "smooth")])
def test_who_wants_less_motion_gets_none(browser: Browser, address: Callable[[str], str], wish: str, told: str) -> None:
    with browser.visit(address(CHAT), reduced_motion=wish) as visit:
        assert visit.page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == told


def test_in_forced_colours_marks_and_bars_stay(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT), forced_colors="active") as visit:
        page = visit.page
        ink = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
        shapes = [
            page.evaluate(
                "who => { const mark = getComputedStyle(document.querySelector(who), '::after');"
                " return [mark.borderTopColor, mark.borderTopLeftRadius]; }",
                f"#{who} > header",
            )
            for who in ("a-01", "a-02")
        ]
        assert [colour for colour, _ in shapes] == [ink, ink]
        assert shapes[0] != shapes[1]
        assert page.evaluate("getComputedStyle(document.querySelector('.bar')).fill") == ink


def test_every_link_of_a_kind_has_a_name_of_its_own(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT)) as visit:
        for kind in ("Link to", "Open on", "Report or ask for removal"):
            names = visit.page.get_by_role("link", name=kind).all_text_contents()
            assert len(names) >= 18
            assert len(names) == len(set(names))


def test_paper_keeps_every_word(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT)) as visit:
        page = visit.page
        page.emulate_media(media="print")
        told = page.locator("main").inner_text()
        for one in sample.content().answers:
            for line in one.post.text.text.split("\n\n"):
                assert line in told
        for also in ("In two minutes", "Chosen: three people answered it", "Content warning: inspection", "B Levels"):
            assert also in told.replace("\t", " ").replace("\n", " ")
        assert len(page.pdf()) > 20_000


def test_it_needs_nothing_that_a_strict_policy_forbids(browser: Browser, tmp_path: Path) -> None:
    policy = (
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src file:; img-src file:\">"
    )
    with browser.visit("about:blank") as visit:
        complaints: list[str] = []
        visit.page.on("console", lambda message: complaints.append(message.text))
        source = FolderTarget(tmp_path)
        renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
        for page in renderer.pages(sample.chats(), sample.figures(), album=sample.album()):
            if page.path.endswith(".webp"):
                source.write(page.path, page.render(sample.contents))
            elif page.path in (CHAT, urls.LOOK):
                made = page.render(sample.contents)
                source.write(page.path, made.replace(b"<head>", f"<head>{policy}".encode()))
        visit.page.goto((tmp_path / CHAT).as_uri())
        assert complaints == []
        assert visit.page.evaluate("getComputedStyle(document.body).margin") == "0px"
        assert visit.page.locator(".bar rect").nth(1).evaluate("one => one.getBoundingClientRect().width") > 50


def test_pictures_are_seen_printed_and_none_fills_a_phone(browser: Browser, address: Callable[[str], str]) -> None:
    with browser.visit(address(CHAT), width=360, height=640) as visit:
        assert visit.page.pdf().count(b"/Subtype /Image") == len(sample.album().by_chat["edchat/2027-01-07"])
        for image in visit.page.locator(".shown img").all():
            image.scroll_into_view_if_needed()
            seen = image.bounding_box()
            assert seen is not None
            assert 100 < seen["height"] <= 640 / 2
            assert seen["x"] + seen["width"] <= 360
            natural = image.evaluate("one => one.decode().then(() => one.naturalWidth / one.naturalHeight)")
            assert abs(natural - seen["width"] / seen["height"]) < 0.02
