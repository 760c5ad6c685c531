"""Search: what one changed chat costs to index again, and how much a reader's browser fetches.

``search_reindex_vs_pagefind``: CPU time of our whole step as ``run`` does it (planning all bundles, reading the changed
chat, making its bundle, writing it settled on disk), against Pagefind over the pages of all chats, which is how it is
used as a rule. Rendering those is not counted. The chats have 180 answers each and not 300: a run would take minutes.

``search_first_bytes``, ``search_next_bytes``: what a real browser asks for, gzipped as web servers send it, over two
school years of 40 chats with 300 answers each: the worst of some words, common ones and rare ones, that the latest year
knows. Where it does not know one, the year before is looked at, which costs one list of words more (some 35 KB).
"""

import gzip
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from browser.sites import served
from networks.browser import Browser, launched
from networks.run import ServerRun
from pagefind_bin import get_executable

from bot.domain.occurrences import Weekly
from bot.domain.posts import Account, Post, PostRef
from bot.domain.records import Answer, ChatContent, ChatFigures, Placed, StoredChat
from bot.domain.richtext import detect
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question, Series
from bot.publishing.pagefind import PagefindIndexer
from bot.publishing.targets import FolderTarget
from bot.rendering.pages import SiteRenderer
from bot.rendering.site import Site, Voice
from bot.rendering.templates import Templates
from bot.services.searching import bring_search

A_YEAR = 40
QUESTIONS = 6
CHANGES = 3
YEARS, FEW = 12, 180
READ, MANY = 2, 300
NOW = datetime(2040, 8, 1, tzinfo=UTC)
LATEST = (f"{NOW.year - 1}-{NOW.year % 100}/",)
SEARCH = "search/index.html"
SITE = Site(voices=(Voice("bluesky", "bluesky"), Voice("mastodon", "mastodon")))
VOCABULARY = 12_000
SYLLABLES = ("ba", "te", "lo", "ri", "mun", "sha", "ken", "dor", "pi", "vel", "stra", "gon", "mi", "ta", "ful", "ness")


def rows() -> list[dict[str, Any]]:
    """The table's rows."""
    ours, whole = _again()
    first, following = _fetched()
    kilobytes = {"unit": "KB gzipped", "ratio": 0.0, "better": "lower", "goal": 1}
    return [
        {
            "name": "search_reindex_vs_pagefind",
            "ours": round(ours * 1000),
            "reference": round(whole * 1000),
            "reference_name": f"Pagefind over the pages of all {YEARS * A_YEAR} chats with {FEW} answers each",
            "unit": "ms CPU",
            "ratio": round(ours / whole, 3),
            "goal": 0.1,
            "better": "lower",
        },
        kilobytes
        | {
            "name": "search_first_bytes",
            "ours": round(first / 1000, 1),
            "reference": 180,
            "reference_name": "the most a first search may fetch, page and script included",
            "ratio": round(first / 180_000, 3),
        },
        kilobytes
        | {
            "name": "search_next_bytes",
            "ours": round(following / 1000, 1),
            "reference": 50,
            "reference_name": "the most another search may fetch",
            "ratio": round(following / 50_000, 3),
        },
    ]


class World:
    """Weekly chats over some school years, made up as they are asked for; stands in for a store, too."""

    def __init__(self, years: int, answers: int) -> None:
        self.answers = answers
        self.more: dict[str, int] = {}
        self.marks: dict[str, str] = {}
        chance = random.Random(7)
        self.words = sorted({"".join(chance.choices(SYLLABLES, k=chance.randint(1, 5))) for _ in range(VOCABULARY)})
        chance.shuffle(self.words)
        self.weights = [1 / (place + 1) for place in range(len(self.words))]  # as words of a language are spread
        entries = tuple(
            ChatEntry(date(NOW.year - years + year, 9, 6) + timedelta(days=7 * week), f"Topic {week}", _questions())
            for year in range(years)
            for week in range(A_YEAR)
        )
        series = Series(
            slug="edchat",
            title="Ed Chat",
            hashtag="EdChat",
            timezone="Europe/London",
            rhythm=Weekly(3),
            at=datetime.min.time().replace(hour=20),
            accounts=("bluesky",),
            chats=entries,
        )
        self.chats = [StoredChat(chat, series, 0) for chat in planned_chats(series)]
        self.figures = dict.fromkeys((one.chat.id for one in self.chats), ChatFigures(20, answers, 0, None))
        self.renderer = SiteRenderer(Templates(), SITE, lambda: NOW, "pagefind")

    def content(self, chat: str) -> ChatContent:
        stored = next(one for one in self.chats if one.chat.id == chat)
        chance = random.Random(chat)
        count = self.answers + self.more.get(chat, 0)
        return ChatContent(stored, (), tuple(self._answer(stored, number, chance) for number in range(count)), (), ())

    def _answer(self, stored: StoredChat, number: int, chance: random.Random) -> Answer:
        who = number % 40
        network = "mastodon" if who % 2 else "bluesky"
        key = f"{chance.getrandbits(96):024x}"
        author = Account(network, f"id:{who}", f"teacher{who}.example.org", f"Teacher Number {who}")
        said = detect(" ".join(chance.choices(self.words, self.weights, k=30)))
        at = stored.chat.starts_at + timedelta(seconds=10 * number)
        post = Post(ref=PostRef(network, key), author=author, text=said, at=at, languages=("en",))
        question = f"{stored.chat.id}/q{number % QUESTIONS + 1}"
        return Answer(key, "", "", post, (Placed(question, "label"),), search=True)

    def change(self, number: int) -> None:
        """One more answer in a chat."""
        stored = self.chats[number]
        self.more[stored.chat.id] = self.more.get(stored.chat.id, 0) + 1
        self.chats[number] = msgspec.structs.replace(stored, revision=stored.revision + 1)

    def save_page_marks(self, marks: dict[str, str], gone: list[str]) -> None:
        self.marks |= marks
        for path in gone:
            self.marks.pop(path, None)

    def search(self, target: FolderTarget, years: Sequence[str] = ()) -> int:
        """Bring search up to date, where ``years`` are named only theirs; gives how many bundles were made."""
        planned = list(self.renderer.bundles(self.chats, self.figures))
        bundles = [one for one in planned if not years or one.folder.endswith(tuple(years))]
        indexer = PagefindIndexer(get_executable())
        done = bring_search(self, bundles, target, indexer, known=dict(self.marks), content=self.content)  # type: ignore[arg-type]
        assert not done.troubles
        return done.made


def _questions() -> tuple[Question, ...]:
    return tuple(Question(f"Question {number}: what do you do about it?") for number in range(1, QUESTIONS + 1))


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _cost(work: Callable[[], Any]) -> float:
    start = _cpu()
    work()
    return _cpu() - start


def _again() -> tuple[float, float]:
    """CPU seconds for one changed chat of the latest year, and for Pagefind over all pages."""
    world = World(YEARS, FEW)
    with tempfile.TemporaryDirectory() as folder:
        target, whole = FolderTarget(Path(folder) / "site"), Path(folder) / "whole"
        assert world.search(target, LATEST) == 1  # the year's chats are remembered from now on, as they are by `run`
        ours = []
        for change in range(CHANGES):
            world.change(-3 - change)
            ours.append(_cost(lambda: _made_one(world, target)))
        plain = SiteRenderer(Templates(), SITE, lambda: NOW)
        for page in plain.pages(world.chats, world.figures):
            if page.path.startswith("edchat/") and page.path.count("/") == 2 and page.path.endswith("index.html"):
                file = whole / page.path
                file.parent.mkdir(parents=True)
                file.write_bytes(page.render(world.content))
        indexer = PagefindIndexer(get_executable(), longest=600)
        sources = {file.relative_to(whole).as_posix(): file.read_bytes() for file in whole.rglob("*.html")}
        assert len(sources) == YEARS * A_YEAR
        return sorted(ours)[CHANGES // 2], _cost(lambda: indexer.index(sources, "en", engine=True))


def _made_one(world: World, target: FolderTarget) -> None:
    assert world.search(target, LATEST) == 1


def _fetched() -> tuple[int, int]:
    """Gzipped bytes a browser fetches for a first search, and for another one in the same page: the most of some."""
    world = World(READ, MANY)
    said = " ".join(one.post.text.text for one in world.content(world.chats[-1].chat.id).answers).split()
    known = sorted(set(said), key=world.words.index)  # the words of the latest chat, the rarest last
    common, rare = [world.words[place] for place in (3, 40, 200)], [known[-1], known[-50]]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        target = FolderTarget(Path(folder))
        world.search(target)
        for page in world.renderer.pages(world.chats, world.figures):
            if page.path in {SEARCH, "search/search.js", "look.css"}:
                target.write(page.path, page.render(world.content))
        address = stack.enter_context(served(Path(folder)))
        browser = stack.enter_context(_browser())
        first = [_bytes(browser, address, Path(folder), [word])[0] for word in (*common, *rare)]
        following = _bytes(browser, address, Path(folder), [*common, *rare])[1:]
        return max(first), max(following)


def _bytes(browser: Browser, address: str, folder: Path, words: list[str]) -> list[int]:
    """What each search of one visit fetches."""
    found: list[int] = []
    with browser.visit(address + SEARCH) as visit:
        before = 0
        for word in words:
            visit.page.get_by_role("searchbox").fill(word)
            visit.page.keyboard.press("Enter")
            visit.page.locator("#results:not([aria-busy]) .hit mark").first.wait_for()
            shown = "word => document.querySelector('.hit mark').textContent.startsWith(word)"
            visit.page.wait_for_function(shown, arg=word[:3])
            paths = {urlsplit(url).path for url in visit.asked[before:]}
            before = len(visit.asked)
            found.append(sum(len(gzip.compress((folder / path.lstrip("/")).read_bytes())) for path in paths))
    return found


@contextmanager
def _browser() -> Iterator[Browser]:
    run = ServerRun.open()
    try:
        with launched(run.info("chromium")) as browser:
            yield browser
    finally:
        run.close()


if __name__ == "__main__":
    for row in rows():
        print(row)
