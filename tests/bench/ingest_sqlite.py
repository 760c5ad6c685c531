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
from pathlib import Path
from typing import Any

from bot.domain.records import Candidate
from bot.storage.engine import _PRAGMAS
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from tests.bench.world.ingest import (
    BATCH,
    CHAT,
    NOW,
    PEPPER,
    POSTS,
    ROUNDS,
    SEEN_AGAIN,
    SERIES,
    STORED,
    TABLES,
    batches,
    row,
)

GOAL = 0.7
GOAL_FIRST = 0.5
REFERENCE = "raw executemany upsert (plain DO UPDATE) of the same ready rows, tables, batches"

Rows = dict[str, list[tuple[Any, ...]]]
"""Ready rows by the name of their table."""


def rows() -> list[dict[str, Any]]:
    """The table's rows; ``ratio`` is the median of several runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder / "empty.db")
        made = batches()
        ready = _stored(_copy(folder, "filled"), made)
        gc.freeze()  # 20,000 candidates stand ready for no reason but this measurement: nobody should search them
        try:
            runs = [[_pair(folder, made, ready, passes) for _ in range(ROUNDS)] for passes in (1 + SEEN_AGAIN, 1)]
        finally:
            gc.unfreeze()
    mixed, first = runs
    return [row("ingest_sqlite", mixed, GOAL, REFERENCE), row("ingest_sqlite_first", first, GOAL_FIRST, REFERENCE)]


def _pair(folder: Path, made: Sequence[Sequence[Candidate]], ready: Sequence[Rows], passes: int) -> tuple[float, float]:
    """Posts a second: ours, and the raw upsert's. They take turns batch by batch: one machine for both."""
    ours_at, raw_at = _copy(folder, "ours"), _copy(folder, "raw")
    ours = raw = 0.0
    with _store(ours_at) as store, closing(_connection(raw_at)) as connection:
        for _ in range(passes):
            for batch, tuples in zip(made, ready, strict=True):
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


def _stored(path: Path, made: Sequence[Sequence[Candidate]]) -> list[Rows]:
    """What the store writes for each batch, read from a database that it filled. Posts are numbered as they come."""
    with _store(path) as store:
        for batch in made:
            assert store.upsert(batch, NOW).new == len(batch) == BATCH
    with closing(_connection(path)) as connection:
        return [
            {
                table: connection.execute(query.format(size=BATCH, number=number)).fetchall()
                for table, query in STORED.items()
            }
            for number in range(len(made))
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


if __name__ == "__main__":
    for measured in rows():
        print(measured)
