"""How fast collected posts are stored in PostgreSQL: the store's ``upsert`` beside COPY of the very same rows.

As ``ingest_sqlite``: the same posts, batches of one transaction each, the same tables in two databases of one
server, and in the end both hold the same. The raw side gets tuples that are ready.

- ``ingest_postgres`` is what a sweep does: each post is new once and then seen again, three times here. The raw side
  has to bear that a row is there already, which COPY alone does not: it copies into a temporary table and merges
  that with ``INSERT … SELECT … ON CONFLICT … DO UPDATE``.
- ``ingest_postgres_first`` is only the posts that were never seen before, beside plain COPY into the tables themselves,
  the fastest way there is into PostgreSQL, with a goal of our own: ours also encodes, compares, and asks what is there.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import psycopg

from bot.domain.records import Candidate
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
    Rows,
    batches,
    row,
)

from networks.postgres_server import PostgresServer  # isort: skip - found once tests.bench.world was imported
from networks.run import ServerRun  # isort: skip

GOAL = 0.7
GOAL_FIRST = 0.5
MERGED = "COPY into a temporary table, merged by a plain upsert, of the same ready rows, tables, batches"
COPIED = "plain COPY of the same ready rows, tables, batches"


def rows() -> list[dict[str, Any]]:
    """The table's rows; ``ratio`` is the median of several runs."""
    run = ServerRun.open()
    try:
        server = PostgresServer(**run.info("postgres"))
        made = batches()
        ready = _stored(server, made)
        gc.freeze()  # 20,000 candidates stand ready for no reason but this measurement: nobody should search them
        try:
            mixed, first = (
                [_pair(server, made, ready, passes) for _ in range(ROUNDS)] for passes in (1 + SEEN_AGAIN, 1)
            )
        finally:
            gc.unfreeze()
    finally:
        run.close()
    return [
        row("ingest_postgres", mixed, GOAL, MERGED),
        row("ingest_postgres_first", first, GOAL_FIRST, COPIED),
    ]


def _pair(
    server: PostgresServer, made: Sequence[Sequence[Candidate]], ready: Sequence[Rows], passes: int
) -> tuple[float, float]:
    """Posts a second: ours, and the raw side's. They take turns batch by batch: one machine for both."""
    ours_at, raw_at = _prepared(server), _prepared(server)
    ours = raw = 0.0
    with _store(ours_at) as store, closing(_connection(raw_at)) as connection:
        for _ in range(passes):
            for batch, tuples in zip(made, ready, strict=True):
                start = time.perf_counter()
                _raw(connection, tuples, merged=passes > 1)
                middle = time.perf_counter()
                store.upsert(batch, NOW)
                raw += middle - start
                ours += time.perf_counter() - middle
    assert _contents(ours_at) == _contents(raw_at)
    for url in (ours_at, raw_at):
        server.drop_database(url)
    return passes * POSTS / ours, passes * POSTS / raw


def _raw(connection: psycopg.Connection[Any], ready: Rows, *, merged: bool) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        for table, tuples in ready.items():
            names = _columns(table)
            target = f"new_{table}" if merged else table
            if merged:
                cursor.execute(f"CREATE TEMP TABLE {target} (LIKE {table}) ON COMMIT DROP")
            elif table == "accounts":  # an author of an earlier batch would break plain COPY
                tuples = [one for one in tuples if one[0] not in _known(cursor)]  # noqa: PLW2901 - it is the same idea
            with cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
                for one in tuples:
                    copy.write_row(one)
            if merged:
                cursor.execute(_MERGES[table])


def _known(cursor: psycopg.Cursor[Any]) -> set[str]:
    return {key for (key,) in cursor.execute("SELECT key FROM accounts").fetchall()}


def _columns(table: str) -> str:
    (found,) = (one for one in TABLES if one.name == table)
    return ", ".join(column.name for column in found.columns)


def _merge(table: Any) -> str:
    """The plainest upsert out of the temporary table: a row that is there gets all values anew."""
    names = [column.name for column in table.columns]
    keys = ["key"] if "key" in names else [column.name for column in table.primary_key]
    values = ", ".join(f"{name} = excluded.{name}" for name in names if name not in {*keys, "id"})
    return (
        f"INSERT INTO {table.name} SELECT {', '.join(names)} FROM new_{table.name} "  # noqa: S608 - our own names
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {values}"
    )


_MERGES = {table.name: _merge(table) for table in TABLES}


def _stored(server: PostgresServer, made: Sequence[Sequence[Candidate]]) -> list[Rows]:
    """What the store writes for each batch, read from a database that it filled."""
    url = _prepared(server)
    with _store(url) as store:
        for batch in made:
            assert store.upsert(batch, NOW).new == len(batch) == BATCH
    with closing(_connection(url)) as connection:
        found = [
            {
                table: connection.execute(query.format(size=BATCH, number=number)).fetchall()
                for table, query in STORED.items()
            }
            for number in range(len(made))
        ]
    server.drop_database(url)
    return found


def _contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with closing(_connection(url)) as connection:
        return {
            table.name: connection.execute(f"SELECT * FROM {table.name} ORDER BY 1, 2").fetchall()  # noqa: S608 - our own
            for table in TABLES
        }


def _connection(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


@contextmanager
def _store(url: str) -> Iterator[SqlStore]:
    store = open_store(url, pepper_source=lambda: PEPPER)
    yield store
    store.close()


def _prepared(server: PostgresServer) -> str:
    """A database with one chat and no posts; gives its URL."""
    url = server.fresh_database()
    migrate(url)
    with _store(url) as store:
        store.save_plan(SERIES, (CHAT,), (), (), NOW)
    return url


if __name__ == "__main__":
    for measured in rows():
        print(measured)
