"""How fast collected posts are stored: the store's ``upsert`` beside a raw upsert into the same table.

Both write the same 1.5 KB rows, in the same batches of one transaction each, into a database made by the same
migration with the same settings. The raw one gets tuples that are ready, one table, and overwrites whatever is there.
Ours starts from ``Candidate``: it encodes JSON, looks at what is stored, writes three tables, and moves the chat's
revision. Two figures: ``ingest_sqlite`` is what a sweep does (each post is new once and then seen again, three times
here; a live chat of an hour is swept thirty times), ``ingest_sqlite_first`` the posts that were never seen before.
"""

import itertools
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain.occurrences import OnlyDates
from bot.domain.posts import Account, Post, PostRef
from bot.domain.records import Candidate
from bot.domain.richtext import Facet, Link, RichText
from bot.domain.schedule import Chat, Series
from bot.storage.codec import words_of
from bot.storage.engine import _PRAGMAS
from bot.storage.ingest import Node
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import micros

POSTS = 20_000
BATCH = 500
SEEN_AGAIN = 3
ROUNDS = 5
NOW = datetime(2027, 1, 7, 21, 0, tzinfo=UTC)
CHAT = Chat(
    id="edchat/2027-01-07",
    series="edchat",
    date=date(2027, 1, 7),
    timezone="Europe/London",
    starts_at=NOW - timedelta(hours=1),
    ends_at=NOW,
    topic="Marking",
    questions=(),
)
SERIES = Series(
    slug="edchat",
    title="EdChat",
    hashtag="EdChat",
    timezone="Europe/London",
    rhythm=OnlyDates(),
    at=datetime.min.time(),
    accounts=("main",),
)


def rows() -> list[dict[str, Any]]:
    """The table's rows; ``ratio`` is the median of several runs."""
    found = []
    for name, passes in (("ingest_sqlite", 1 + SEEN_AGAIN), ("ingest_sqlite_first", 1)):
        pairs = sorted((_pair(passes) for _ in range(ROUNDS)), key=lambda pair: pair[0] / pair[1])
        ours, reference = pairs[ROUNDS // 2]
        found.append(
            {
                "name": name,
                "ours": round(ours),
                "reference": round(reference),
                "reference_name": "raw sqlite3.executemany upsert, posts only",
                "unit": "posts/s",
                "ratio": round(ours / reference, 2),
                "goal": 0.7,
                "better": "higher",
            }
        )
    return found


def _pair(passes: int) -> tuple[float, float]:
    """Posts a second: ours, and the raw upsert's. They take turns batch by batch: one machine for both."""
    with _database() as (path, other), _database() as (_, store):
        batches = _batches(store)
        words = sum(len(words_of(candidate.post)) for candidate in batches[0]) / BATCH
        assert 1_400 < words < 1_600, words
        numbers = itertools.count(1)
        ready = [[_row(next(numbers), candidate) for candidate in batch] for batch in batches]
        raw = _raw(path, sorted({(row[8], "{}") for batch in ready for row in batch}))
        ours = theirs = 0.0
        for _ in range(passes):
            for batch, tuples in zip(batches, ready, strict=True):
                start = time.perf_counter()
                raw(tuples)
                middle = time.perf_counter()
                store.upsert(batch, NOW)
                theirs += middle - start
                ours += time.perf_counter() - middle
        assert store.counts()["posts"] == other.counts()["posts"] == POSTS
    return passes * POSTS / ours, passes * POSTS / theirs


def _raw(path: Path, authors: Sequence[tuple[Any, ...]]) -> Callable[[Sequence[tuple[Any, ...]]], None]:
    """The plainest upsert of ready rows, one transaction for each batch."""
    marks = ", ".join("?" * len(Node._fields))
    values = ", ".join(f"{name} = excluded.{name}" for name in Node._fields[2:])
    statement = f"INSERT INTO posts VALUES ({marks}) ON CONFLICT (key) DO UPDATE SET {values}"  # noqa: S608 - our own names
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    connection.executemany("INSERT INTO accounts VALUES (?, ?)", authors)

    def write(batch: Sequence[tuple[Any, ...]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, batch)
        connection.execute("COMMIT")

    return write


@contextmanager
def _database() -> Iterator[tuple[Path, SqlStore]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        url = f"sqlite:///{path}"
        migrate(url)
        store = open_store(url, pepper_source=lambda: secrets.token_bytes(32))
        store.save_plan(SERIES, (CHAT,), (), (), NOW)
        yield path, store
        store.close()


def _batches(store: SqlStore) -> list[list[Candidate]]:
    authors = [
        Account("bluesky", f"did:plc:{number:024d}", f"teacher{number}.bsky.social", f"Teacher {number}")
        for number in range(100)  # the busiest chats
    ]
    candidates = [_candidate(store, number, authors[number % len(authors)]) for number in range(POSTS)]
    return [candidates[start : start + BATCH] for start in range(0, POSTS, BATCH)]


def _candidate(store: SqlStore, number: int, author: Account) -> Candidate:
    ref = PostRef(
        "bluesky",
        f"at://{author.id}/app.bsky.feed.post/3k{number:011d}",
        cid=f"bafyrei{number:052d}",
        url=f"https://bsky.app/profile/{author.handle}/post/3k{number:011d}",
    )
    text = f"A1 {number} We stopped marking every book and talk to five pupils a lesson instead. #EdChat " * 11
    post = Post(
        ref=ref,
        author=author,
        text=RichText(text[:960], (Facet(0, 2, Link("https://example.org/marking")),)),
        at=NOW - timedelta(seconds=number % 3600, milliseconds=number % 1000),
        languages=("en",),
        uri=ref.id,
    )
    return Candidate(
        chat=CHAT.id,
        post=post,
        key=store.key("bluesky", ref.id),
        parent="a" * 24,
        root="a" * 24,
        quote="",
        in_thread=True,
        store=True,
        hold=False,
        search=True,
        why="in-our-thread",
    )


def _row(number: int, candidate: Candidate) -> tuple[Any, ...]:
    post = candidate.post
    account = post.author.id.removeprefix("did:plc:")
    return Node(
        number,
        candidate.key,
        candidate.parent,
        candidate.root,
        candidate.quote,
        micros(post.at),
        "kept",
        post.ref.network,
        account,
        1,
        micros(NOW),
        number,
        words_of(post),
    )


if __name__ == "__main__":
    for row in rows():
        print(row)
