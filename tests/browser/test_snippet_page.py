"""The snippet for other sites in a real browser: alone, and in a frame of a page that is not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from golden import sample

from bot.publishing.targets import FolderTarget
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from networks.browser import Browser

SNIPPET = "edchat/snippet.html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    target = FolderTarget(folder)
    for page in SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW).pages(sample.chats(), sample.figures()):
        if page.path in (SNIPPET, "look.css"):
            target.write(page.path, page.render(sample.contents))
    return folder


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (768, "dark"), (1440, "light")])
def test_everybody_can_read_it(browser: Browser, site: Path, width: int, scheme: str) -> None:
    with browser.visit((site / SNIPPET).as_uri(), width=width, colour_scheme=scheme) as visit:  # type: ignore[arg-type]
        assert visit.axe() == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.refused == []


def test_a_school_shows_it_in_a_frame(browser: Browser, site: Path) -> None:
    school = site / "school.html"
    school.write_text(f'<!doctype html><title>School</title><iframe src="{SNIPPET}" title="Next chat"></iframe>')
    with browser.visit(school.as_uri(), javascript=False) as visit:
        frame = visit.page.frame_locator("iframe")
        assert frame.get_by_role("heading", level=2).inner_text() == "#EdChat: Starting a lesson well"
        assert frame.get_by_role("link").last.get_attribute("target") == "_top"
