"""How fast collected posts are stored: the store's ``upsert`` beside a raw upsert of the very same rows.

What is written is first taken from a database that the store itself filled, so both sides write the same rows of about
1.75 KB (1.5 KB of it words) into the same tables, ``accounts``, ``posts`` and ``chat_posts``, in the same order and the
same batches of one transaction each, into copies of one migrated database, with the same settings. In the end both
databases must hold the same.

- The raw one gets tuples that are ready, runs one ``executemany`` for each table, and overwrites whatever is there
  (``INSERT … ON CONFLICT … DO UPDATE``). It writes an author once, as ours does.
- Ours starts from ``Candidate``: it encodes JSON, looks at what is stored, decides what differs, writes that, and
  moves the chat's revision.

Two rows. ``ingest_sqlite`` is what a sweep does: each post is new once and then seen again, three times here (a live
chat of an hour is swept thirty times). ``ingest_sqlite_first`` is only the posts that were never seen before, with a
goal of our own: there both sides write the very same bytes, and all that ours does besides comes on top.
"""

import gc
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain.occurrences import OnlyDates
from bot.domain.posts import Account, Post, PostRef, node_key
from bot.domain.records import Candidate
from bot.domain.richtext import Facet, Link, RichText
from bot.domain.schedule import Chat, Series
from bot.storage.codec import words_of
from bot.storage.engine import _PRAGMAS
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import accounts, chat_posts, posts

POSTS = 20_000
BATCH = 500
SEEN_AGAIN = 3
ROUNDS = 5
GOAL = 0.7
GOAL_FIRST = 0.5
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


PEPPER = b"p" * 32
TABLES = (accounts, posts, chat_posts)
"""What the store writes for a post, in the order in which their keys need each other."""

Rows = dict[str, list[tuple[Any, ...]]]
"""Ready rows by the name of their table."""


def rows() -> list[dict[str, Any]]:
    """The table's rows; ``ratio`` is the median of several runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder / "empty.db")
        batches = _batches()
        ready = _stored(_copy(folder, "filled"), batches)
        gc.freeze()  # 20,000 candidates stand ready for no reason but this measurement: nobody should search them
        try:
            runs = [[_pair(folder, batches, ready, passes) for _ in range(ROUNDS)] for passes in (1 + SEEN_AGAIN, 1)]
        finally:
            gc.unfreeze()
    mixed, first = runs
    return [_row("ingest_sqlite", mixed, GOAL), _row("ingest_sqlite_first", first, GOAL_FIRST)]


def _row(name: str, pairs: Sequence[tuple[float, float]], goal: float) -> dict[str, Any]:
    ours, reference = sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
    return {
        "name": name,
        "ours": round(ours),
        "reference": round(reference),
        "reference_name": "raw executemany upsert (plain DO UPDATE) of the same ready rows, tables, batches",
        "unit": "posts/s",
        "ratio": round(ours / reference, 2),
        "goal": goal,
        "better": "higher",
    }


def _pair(
    folder: Path, batches: Sequence[Sequence[Candidate]], ready: Sequence[Rows], passes: int
) -> tuple[float, float]:
    """Posts a second: ours, and the raw upsert's. They take turns batch by batch: one machine for both."""
    ours_at, raw_at = _copy(folder, "ours"), _copy(folder, "raw")
    ours = raw = 0.0
    with _store(ours_at) as store, closing(_connection(raw_at)) as connection:
        for _ in range(passes):
            for batch, tuples in zip(batches, ready, strict=True):
                start = time.perf_counter()
                _raw(connection, tuples)
                middle = time.perf_counter()
                store.upsert(batch, NOW)
                raw += middle - start
                ours += time.perf_counter() - middle
    assert _contents(ours_at) == _contents(raw_at)
    return passes * POSTS / ours, passes * POSTS / raw


def _upsert(table: Any) -> str:
    """The plainest upsert: a row that is there gets all values anew."""
    names = [column.name for column in table.columns]
    keys = ["key"] if "key" in names else [column.name for column in table.primary_key]
    values = ", ".join(f"{name} = excluded.{name}" for name in names if name not in {*keys, "id"})
    return (
        f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(names))}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {values}"
    )


_UPSERTS = {table.name: _upsert(table) for table in TABLES}


def _raw(connection: sqlite3.Connection, ready: Rows) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for table, tuples in ready.items():
        connection.executemany(_UPSERTS[table], tuples)
    connection.execute("COMMIT")


def _stored(path: Path, batches: Sequence[Sequence[Candidate]]) -> list[Rows]:
    """What the store writes for each batch, read from a database that it filled. Posts are numbered as they come."""
    with _store(path) as store:
        for batch in batches:
            assert store.upsert(batch, NOW).new == len(batch) == BATCH
    new = "SELECT account FROM posts GROUP BY account HAVING (MIN(id) - 1) / :size = :number"
    queries = {
        "accounts": f"SELECT * FROM accounts WHERE key IN ({new}) ORDER BY key",  # noqa: S608 - our own words
        "posts": "SELECT * FROM posts WHERE (id - 1) / :size = :number ORDER BY id",
        "chat_posts": "SELECT * FROM chat_posts WHERE (post - 1) / :size = :number ORDER BY post",
    }
    with closing(_connection(path)) as connection:
        return [
            {
                table: connection.execute(query, {"size": BATCH, "number": number}).fetchall()
                for table, query in queries.items()
            }
            for number in range(len(batches))
        ]


def _contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(_connection(path)) as connection:
        return {
            table.name: connection.execute(f"SELECT * FROM {table.name} ORDER BY 1, 2").fetchall()  # noqa: S608 - our own
            for table in TABLES
        }


def _connection(path: Path) -> sqlite3.Connection:
    """As the store connects."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    return connection


@contextmanager
def _store(path: Path) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{path}", pepper_source=lambda: PEPPER)
    yield store
    store.close()


def _prepare(path: Path) -> None:
    """A database with one chat and no posts."""
    migrate(f"sqlite:///{path}")
    with _store(path) as store:
        store.save_plan(SERIES, (CHAT,), (), (), NOW)


def _copy(folder: Path, name: str) -> Path:
    for left in folder.glob(f"{name}.db*"):
        left.unlink()
    return shutil.copyfile(folder / "empty.db", folder / f"{name}.db")


def _batches() -> list[list[Candidate]]:
    authors = [
        Account("bluesky", f"did:plc:{number:024d}", f"teacher{number}.bsky.social", f"Teacher {number}")
        for number in range(100)  # the busiest chats
    ]
    candidates = [_candidate(number, authors[number % len(authors)]) for number in range(POSTS)]
    words = sum(len(words_of(candidate.post)) for candidate in candidates) / POSTS
    assert 1_400 < words < 1_600, words
    return [candidates[start : start + BATCH] for start in range(0, POSTS, BATCH)]


def _candidate(number: int, author: Account) -> Candidate:
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
        key=node_key(PEPPER, "bluesky", ref.id),
        parent="a" * 24,
        root="a" * 24,
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
