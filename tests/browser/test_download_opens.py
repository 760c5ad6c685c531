"""A downloaded chat opens from a disk: whole, styled, and without asking anybody."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from golden import sample

from bot.rendering import urls
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates

if TYPE_CHECKING:
    from networks.browser import Browser

CHAT = "edchat/2027-01-07"
LOADED = "Promise.all([...document.images].map(one => (one.loading = 'eager', one.decode())))"


def test_a_downloaded_chat_opens_from_a_disk(browser: "Browser", tmp_path: Path) -> None:
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
    pages = renderer.pages(sample.chats(), sample.figures(), album=sample.album())
    data = {page.path: page for page in pages}[urls.chat_download(CHAT)].render(sample.contents)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    page = tmp_path / "edchat-2027-01-07" / "index.html"
    with browser.visit(page.as_uri()) as visit:
        assert visit.refused == []
        assert all(one.startswith(tmp_path.as_uri()) for one in visit.asked)
        assert all((tmp_path / one.removeprefix(f"{tmp_path.as_uri()}/")).is_file() for one in visit.asked)
        assert visit.page.evaluate("getComputedStyle(document.body).margin") == "0px"
        assert visit.page.locator("article.answer .e-content").count() == len(sample.content().answers)
        visit.page.evaluate(LOADED)
        broken = "[...document.images].filter(image => !image.complete || !image.naturalWidth).length"
        assert visit.page.evaluate(broken) == 0
        for link in ("Data", "Table"):
            href = visit.page.get_by_role("link", name=link, exact=True).evaluate("link => link.href")
            assert Path(href.removeprefix("file://")).is_file()
