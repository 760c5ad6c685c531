"""What rebuilding the archive costs: one changed chat of two hundred beside a full build, and a run with nothing to do.

All from a real SQLite database into a real folder, settled on disk. Both figures of ``archive_one_chat`` are CPU time
of the whole verb: reading the store, planning, rendering, comparing, writing.
"""

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from bot.domain.chats import Chat
from bot.domain.occurrences import Weekly
from bot.domain.posts import Account, Post, PostRef
from bot.domain.prompts import prompts
from bot.domain.records import Candidate, Placed
from bot.domain.richtext import detect
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question, Series
from bot.ports import Archived
from bot.publishing.targets import FolderTarget
from bot.rendering.pages import SiteRenderer
from bot.rendering.site import Site
from bot.rendering.templates import Templates
from bot.services.archive import archive
from bot.storage.store import SqlStore, open_store

CHATS = 200
QUESTIONS = 6
ANSWERS = 60
CHANGES = 9
FIRST = date(2023, 1, 5)
NOW = datetime(2027, 1, 7, 12, tzinfo=UTC)
SAID = (
    "A{number} We stopped marking every book and talk to five pupils a lesson instead; see https://example.org/{key}. "
)


class World(NamedTuple):
    """A filled store, an empty folder, and what puts one into the other."""

    store: SqlStore
    renderer: SiteRenderer
    folder: Path
    url: str
    chats: tuple[Chat, ...]
    say: Callable[[int, int], str]

    def archive(self) -> tuple[Archived, float]:
        """Run the verb; gives what it did and the CPU seconds it took."""
        start = time.process_time()
        done = archive(self.store, self.renderer, FolderTarget(self.folder))
        return done, time.process_time() - start

    def add(self, chat: int, numbers: range) -> None:
        """Answers to each question of a chat in turn, every third one a reply to the one before."""
        asked, store = self.chats[chat], self.store
        found = {number: _candidate(store, asked, number, self.say(chat, number)) for number in numbers}
        store.upsert(list(found.values()), NOW)
        at = {number: (number - (number % 3 == 2)) % QUESTIONS + 1 for number in found}
        store.place(
            asked.id, {each.key: [Placed(f"{asked.id}/q{at[number]}", "label")] for number, each in found.items()}
        )


def rows() -> list[dict[str, Any]]:
    """The table's rows; one changed chat is the median of several."""
    with world() as filled:
        whole, full = filled.archive()
        assert whole.unchanged == 0
        idle, _ = filled.archive()
        assert idle.written + idle.unchanged == whole.written
        ones = [_one_more_answer(filled, number) for number in range(CHANGES)]
    one = statistics.median(ones)
    return [
        {
            "name": "archive_one_chat",
            "ours": round(one * 1000, 1),
            "reference": round(full * 1000, 1),
            "reference_name": f"a full build of {CHATS} chats with {ANSWERS} answers each",
            "unit": "ms CPU",
            "ratio": round(one / full, 3),
            "goal": 0.05,
            "better": "lower",
        },
        {
            "name": "archive_no_change",
            "ours": idle.written,
            "reference": whole.written,
            "reference_name": "files of the full build",
            "unit": "files written",
            "ratio": round(idle.written / whole.written, 3),
            "goal": 0,
            "better": "lower",
        },
    ]


def _one_more_answer(world: World, number: int) -> float:
    world.add(CHATS // 2 + number * 7, range(ANSWERS, ANSWERS + 1))
    done, seconds = world.archive()
    assert 2 <= done.written <= 6, done  # the chat and its data; lists and feeds where it stands in them
    return seconds


def _say(_: int, number: int) -> str:
    return SAID.format(number=number % QUESTIONS + 1, key=number // 10)


@contextmanager
def world(chats: int = CHATS, answers: int = ANSWERS, say: Callable[[int, int], str] = _say) -> Iterator[World]:
    """Weekly chats, so many answers in each; ``say`` gives the words of a chat's answer by both numbers."""
    from bot.storage.migrate import migrate  # a command that makes pages does not load Alembic either

    entries = tuple(
        ChatEntry(
            FIRST + timedelta(days=7 * week),
            f"Topic {week}: what works",
            tuple(Question(f"Question {number}: what do you do about it?") for number in range(1, QUESTIONS + 1)),
        )
        for week in range(chats)
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
    planned = planned_chats(series)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        migrate(url)
        store = open_store(url, pepper_source=lambda: secrets.token_bytes(32))
        store.save_plan(series, planned, [one for chat in planned for one in prompts(series, chat)], (), NOW)
        filled = World(store, renderer(), Path(folder) / "site", url, planned, say)
        for number in range(chats):
            filled.add(number, range(answers))
        yield filled
        store.close()


def renderer() -> SiteRenderer:
    """What makes the pages: shipped templates, a site with an address."""
    return SiteRenderer(Templates(), Site(address="https://chats.example.org"), lambda: NOW)


def _candidate(store: SqlStore, chat: Chat, number: int, said: str) -> Candidate:
    who = number % 20
    author = Account("bluesky", f"did:plc:{who:024d}", f"teacher{who}.bsky.example", f"Teacher {who}")
    ref = PostRef("bluesky", f"at://{author.id}/{chat.id}/{number}", url=f"https://bsky.example/{chat.id}/{number}")
    above = f"at://did:plc:{(number - 1) % 20:024d}/{chat.id}/{number - 1}" if number % 3 == 2 else f"at://{chat.id}"
    post = Post(
        ref=ref,
        author=author,
        text=detect(said),
        at=chat.starts_at + timedelta(seconds=12 * number),
        languages=("en",),
    )
    return Candidate(
        chat=chat.id,
        post=post,
        key=store.key("bluesky", ref.id),
        parent=store.key("bluesky", above),
        root=store.key("bluesky", f"at://{chat.id}"),
        quote="",
        in_thread=True,
        store=True,
        hold=False,
        search=True,
        why="in-our-thread",
    )


if __name__ == "__main__":
    for row in rows():
        print(row)
