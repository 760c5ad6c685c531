"""The corpus in a real browser with scripts allowed: nothing runs, nothing is asked for, nothing leaves its box."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from contract.store_world import PEPPER
from hostile import doors
from hostile.cases import corpus

from bot.rendering import urls
from bot.storage.migrate import migrate
from bot.storage.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from networks.browser import Browser, Visit

# Notices whatever would run. Set before the page's own content is there, so that nothing is missed.
CANARY = """
window.__fired = [];
window.__fire = number => { window.__fired.push(number); };
for (const name of ['alert', 'confirm', 'prompt', 'open', 'print']) window[name] = () => window.__fire(name);
"""
EVENTS = ["mouseover", "focus", "click", "toggle", "animationstart", "load", "error"]

# Where something is painted outside the box of its answer, or the page is wider than the window.
ESCAPES = """() => {
  const found = [];
  const room = document.documentElement.clientWidth;
  const wide = document.documentElement.scrollWidth;
  if (wide > room) found.push(`page: ${wide} > ${room}`);
  for (const box of document.querySelectorAll('article.answer, .links li, .chats li')) {
    const outer = box.getBoundingClientRect();
    if (outer.left < -1 || outer.right > room + 1) found.push(`${box.id}: ${outer.left} to ${outer.right}`);
    for (const part of box.querySelectorAll(':scope > header > *, :scope > .e-content, :scope > p, :scope > footer')) {
      const inner = part.getBoundingClientRect();
      if (inner.left < outer.left - 1 || inner.right > outer.right + 1) found.push(`${box.id} ${part.className}`);
      const clipped = getComputedStyle(part).overflowX === 'clip' && getComputedStyle(part).overflowY === 'clip';
      if (!clipped && part.scrollWidth > part.clientWidth + 1) found.push(`${box.id} ${part.className} is not clipped`);
      if (part.matches('.e-content, .p-author') && !clipped) found.push(`${box.id} ${part.className} may overflow`);
    }
  }
  return found;
}"""

# The name, the handle and the time stand in this order on each line, whatever the name's letters turn around.
ORDER = """() => [...document.querySelectorAll('article.answer > header')].flatMap(header => {
  const [author, when] = ['.p-author', '.when'].map(one => header.querySelector(one).getBoundingClientRect());
  const time = header.querySelector('time');
  const upright = time.textContent === time.innerText && /^\\d\\d:\\d\\d$/.test(time.textContent);
  const range = document.createRange(); range.selectNodeContents(time);
  const beside = author.right <= when.left + 1 || author.bottom <= when.top + 1;
  const digits = [...Array(5).keys()].map(at => {
    const one = document.createRange(); one.setStart(time.firstChild, at); one.setEnd(time.firstChild, at + 1);
    return one.getBoundingClientRect().left;
  });
  const forwards = digits.every((left, at) => at === 0 || left > digits[at - 1]);
  return beside && upright && forwards ? [] : [header.parentElement.id];
})"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The site with all cases that a browser can be asked to lay out, in a plain folder."""
    folder: Path = tmp_path_factory.mktemp("hostile-site")
    url = f"sqlite:///{folder / 'store.db'}"
    migrate(url)
    store = open_store(url, pepper_source=lambda: PEPPER)
    try:
        content = doors.fill(store, [case for case in corpus() if not case.big])
        site = doors.site(store.chats(), [content], [answer.post.author for answer in content.answers])
    finally:
        store.close()
    for path, page in site.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(page)
    return lambda path: (folder / path).as_uri()


CHAT = urls.chat_page("edchat/2027-01-07")


def watched(visit: Visit) -> dict[str, list[str]]:
    """From here on, what the page does that no page of ours does."""
    seen: dict[str, list[str]] = {"dialogs": [], "errors": [], "moves": []}
    visit.page.on("dialog", lambda dialog: (seen["dialogs"].append(dialog.message), dialog.dismiss()))
    visit.page.on("console", lambda message: seen["errors"].append(message.text))
    visit.page.on("pageerror", lambda error: seen["errors"].append(str(error)))
    visit.page.on("framenavigated", lambda frame: seen["moves"].append(frame.url))
    visit.page.on("popup", lambda popup: seen["moves"].append(popup.url))
    return seen


def test_the_canary_would_fire(browser: Browser, tmp_path: Path) -> None:
    armed = "".join(
        f"<article>{case.say}</article>" for case in corpus() if case.name in ("markup: script", "markup: image error")
    )
    page = tmp_path / "armed.html"
    page.write_text(f"<!doctype html><meta charset=utf-8>{armed}", encoding="utf-8")
    with browser.visit("about:blank") as visit:
        visit.page.add_init_script(CANARY)
        visit.page.goto(page.as_uri())
        visit.page.wait_for_function("window.__fired.length >= 2")


@pytest.mark.parametrize("path", [CHAT, urls.PEOPLE])
def test_nothing_runs_and_nothing_is_asked_for(browser: Browser, address: Callable[[str], str], path: str) -> None:
    with browser.visit("about:blank") as visit:
        page = visit.page
        seen = watched(visit)
        page.add_init_script(CANARY)
        page.goto(address(path))
        for name in EVENTS:  # whatever waits for an event gets it
            page.evaluate(f"document.querySelectorAll('*').forEach(one => one.dispatchEvent(new Event('{name}')))")
        # Written out and read again, as an editor or a reader's extension does: still the same page.
        before = page.evaluate("document.querySelectorAll('*').length")
        page.evaluate("document.body.innerHTML = document.body.innerHTML")
        assert page.evaluate("document.querySelectorAll('*').length") == before
        assert page.evaluate("window.__fired") == []
        assert (
            page.evaluate("document.querySelectorAll('script, iframe, object, embed, form, img, svg, style').length")
            == 0
        )
        assert seen == {"dialogs": [], "errors": [], "moves": [address(path)]}
        assert visit.refused == []
        assert set(visit.asked) == {address(path), address("look.css")}


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_leaves_its_box(browser: Browser, address: Callable[[str], str], width: int) -> None:
    with browser.visit(address(CHAT), width=width) as visit:
        visit.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found: Any = visit.page.evaluate(ESCAPES)
        assert found == [], json.dumps(found)[:2_000]
        turned = visit.page.evaluate(ORDER)
        assert turned == []


@pytest.mark.parametrize("width", [360, 1280])
def test_the_directory_stays_in_its_column(browser: Browser, address: Callable[[str], str], width: int) -> None:
    with browser.visit(address(urls.PEOPLE), width=width) as visit:
        assert visit.page.evaluate(ESCAPES) == []
