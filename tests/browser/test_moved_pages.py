"""Pages that lead on, in a real browser."""

from datetime import timedelta
from pathlib import Path

import msgspec
from golden import sample
from networks.browser import Browser

from bot.publishing.targets import FolderTarget
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates


def test_an_old_address_leads_to_the_new_page_without_a_script(browser: Browser, tmp_path: Path) -> None:
    renderer = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
    before = {page.path: page.mark for page in renderer.pages(sample.stored_chats(), sample.figures())}
    entries = sample.EDCHAT.chats
    later = msgspec.structs.replace(entries[1], date=entries[1].date + timedelta(days=7))
    chats = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, chats=(entries[0], later)))
    target = FolderTarget(tmp_path)
    for page in renderer.pages(chats, sample.figures(), known=before):
        if page.path == "edchat/2027-01-14/index.html":
            target.write(page.path, page.render(sample.contents))
    target.write("edchat/2027-01-21/index.html", b"<!doctype html><title>Here</title>")
    old, new = ((tmp_path / f"edchat/2027-01-{day}/index.html").as_uri() for day in (14, 21))
    with browser.visit(old, javascript=False) as visit:
        visit.page.wait_for_url(new)
        assert visit.page.title() == "Here"
        assert visit.refused == []
