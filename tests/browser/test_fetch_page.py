"""The page from which a record is fetched, in a real browser and under its own policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from browser.test_html_valid import faults
from cli.cli_world import STAFFROOM, folder_with

from bot.bootstrap.database import open_store_of
from bot.bootstrap.download_server import download_server
from bot.bootstrap.house import shelf_of
from bot.config import load_staffroom
from bot.config.settings import DownloadSettings
from bot.domain.downloads import GOOD_FOR, Download, name_of
from bot.rendering.fetchpage import fetch_page, nothing_page
from bot.rendering.templates import Templates
from bot.services.downloads import offer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from networks.browser import Browser

TOKEN = "A" * 43


@pytest.fixture
def base(tmp_path: Path) -> Iterator[str]:
    """Where a record waits, in Welsh."""
    settings = load_staffroom(folder_with(tmp_path / "bot", STAFFROOM))
    settings = msgspec.structs.replace(settings, downloads=DownloadSettings("", "127.0.0.1", 0))
    store, shelf, now = open_store_of(settings), shelf_of(settings), datetime.now(UTC)
    offer(store, shelf, Download("key", name_of(TOKEN), now + GOOD_FOR, "cy"), b"a record", now)
    told: list[str] = []
    with download_server(settings, store, lambda: now, told.append):
        yield told[0].removeprefix("Records are given out at ")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1200, "light")])
@pytest.mark.parametrize("path", [TOKEN, "nothing"])
def test_everybody_can_read_it(browser: Browser, base: str, width: int, scheme: Any, path: str) -> None:
    with browser.visit(f"{base}/{path}", width=width, colour_scheme=scheme) as visit:
        assert visit.axe() == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.page.evaluate("getComputedStyle(document.body).maxWidth") == "544px"  # its style is let in
        if path == TOKEN:
            assert visit.page.get_by_role("button").bounding_box()["height"] >= 44
            assert visit.page.evaluate("document.documentElement.lang") == "cy"


def test_the_button_gives_the_file(browser: Browser, base: str) -> None:
    with browser.visit(f"{base}/{TOKEN}", javascript=False) as visit:
        with visit.page.expect_download() as given:
            visit.page.get_by_role("button").click()
        assert given.value.suggested_filename == "record.zip"
        assert given.value.path().read_bytes() == b"a record"


def test_it_is_valid(tmp_path: Path) -> None:
    templates = Templates()
    pages = {f"{name}-{lang}.html": make(templates, lang) for name, make in _PAGES.items() for lang in ("en", "fr")}
    assert faults(tmp_path, pages) == []


_PAGES = {"fetch": fetch_page, "nothing": nothing_page}
