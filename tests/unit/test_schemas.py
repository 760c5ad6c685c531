"""Databases that earlier versions wrote come along, whole; and a migration that fails or dies leaves what was there.

`golden/schemas/NNNN.sql` is a small chat as the code of that version kept it in SQLite: made once, by that code, on
sandbox networks, and never changed since. 0006's is 0005's as that version migrated it, with a follow-up put
in; 0007's is 0006's likewise, with a sign-up and a claim; 0008's is 0007's, with a permission.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Engine, MetaData, event, select

from bot.storage.engine import connect, empty_wal, transaction
from bot.storage.migrate import configuration, migrate
from bot.storage.store import open_store, version
from bot.storage.tables import SCHEMA, metadata

if TYPE_CHECKING:
    from networks.postgres_server import PostgresServer

FIXTURES = Path(__file__).parents[1] / "golden" / "schemas"
RELEASED = sorted(path.stem for path in FIXTURES.glob("*.sql"))
CHAT = "edchat/2027-01-07"

Rows = dict[str, list[dict[str, Any]]]


class Broken(Exception):
    """The statement at which a test lets a migration fail."""


def write_file(path: Path, revision: str) -> None:
    """The fixture as a database file, in the state in which a bot leaves it: with a write-ahead log, emptied."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FIXTURES / f"{revision}.sql").read_text(encoding="utf-8"))
    engine = connect(f"sqlite:///{path}")
    assert version(engine) == revision
    assert empty_wal(engine)
    engine.dispose()


def rows_of(url: str) -> Rows:
    """Every row of every table, with the columns that are there."""
    engine = connect(url)
    found = MetaData()
    found.reflect(engine)
    with transaction(engine, writing=False) as connection:
        rows = {
            name: sorted((dict(row._mapping) for row in connection.execute(select(table))), key=repr)
            for name, table in found.tables.items()
        }
    engine.dispose()
    return rows


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Gives the URL of a database with the fixture of a revision in it."""

    def make(revision: str) -> str:
        file = tmp_path / "old.db"
        write_file(file, revision)
        if request.param == "sqlite":
            return f"sqlite:///{file}"
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.fresh_database()
        fill(url, revision, rows_of(f"sqlite:///{file}"))
        return url

    return make


def fill(url: str, revision: str, rows: Rows) -> None:
    """Make a database of an old revision, and put rows into it."""
    engine = connect(url)
    with transaction(engine, writing=True) as connection:
        command.upgrade(configuration(connection), revision)
    found = MetaData()
    found.reflect(engine)
    with transaction(engine, writing=True) as connection:
        for table in found.sorted_tables:
            truths = {column.name for column in table.columns if isinstance(column.type, Boolean)}
            some = [
                {name: bool(value) if name in truths else value for name, value in row.items()}
                for row in rows[table.name]
            ]
            if some and table.name != "alembic_version":
                connection.execute(table.insert(), some)
    engine.dispose()


def everything(url: str) -> object:
    """All that is in a database, to be compared with itself later: in SQLite's own words, which are quick to get."""
    if not url.startswith("sqlite"):
        return rows_of(url)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return list(connection.iterdump())


def without(rows: Rows, like: Rows) -> Rows:
    """The same rows with those columns only that ``like`` has."""
    return {
        name: sorted(
            ({key: value for key, value in row.items() if key in like[name][0]} for row in rows[name]), key=repr
        )
        for name in like
        if like[name] and name != "alembic_version"
    }


def test_every_released_schema_has_a_fixture() -> None:
    """Whoever adds a migration adds the database that it starts from."""
    revisions = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    assert set(RELEASED) == revisions - {SCHEMA} or set(RELEASED) == revisions


@pytest.mark.parametrize("revision", RELEASED)
def test_rows_survive_and_the_tables_are_those_of_the_code(revision: str, old: Any) -> None:
    url = old(revision)
    before = rows_of(url)
    assert sum(map(len, before.values())) > 40
    assert migrate(url) == (revision, SCHEMA)
    after = rows_of(url)
    assert without(after, before) == {name: rows for name, rows in before.items() if rows and name != "alembic_version"}
    engine = connect(url)
    with transaction(engine, writing=False) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@pytest.mark.parametrize("revision", RELEASED)
def test_the_code_reads_it(revision: str, old: Any) -> None:
    url = old(revision)
    migrate(url)
    store = open_store(url, pepper_source=lambda: b"never asked")
    shown = {one.post.text.text for one in store.content(CHAT).answers}
    assert "A1 We read them aloud, see https://example.org/aloud" in shown
    assert [one.post.media[0].alt for one in store.content(CHAT).answers if one.post.media] == []  # a picture is held
    assert [one.reasons for one in store.held()] == [("photo",)]
    assert {one.state for one in store.deliveries()} == {"sent"}
    assert store.counts()["tombstones"] == 1
    ben = store.key("mastodon", "https://mastodon.example/users/ben")
    assert [wish.kind for wish in store.wishes([ben])[ben]] == ["joined"]
    store.close()


@contextmanager
def failing_at(number: int) -> Iterator[list[str]]:
    """Let the statement of this number, counted from 0, fail; gives the statements that were made before it."""
    made: list[str] = []

    def fail(*arguments: Any) -> None:
        if len(made) == number:
            raise Broken
        made.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        yield made
    finally:
        event.remove(Engine, "before_cursor_execute", fail)


@pytest.mark.parametrize("revision", [one for one in RELEASED if one != SCHEMA])
def test_a_migration_that_fails_anywhere_leaves_all_as_it_was(revision: str, old: Any) -> None:
    url = old(revision)
    before, all_before = rows_of(url), everything(url)
    number, failed = 0, 0
    while True:
        with failing_at(number) as made:
            try:
                migrate(url)
                break
            except Broken:
                failed += 1
        if any(statement.lstrip().upper().startswith(("ALTER", "CREATE", "UPDATE")) for statement in made):
            assert everything(url) == all_before
        number += 8 if url.startswith("postgresql") else 1
    assert failed
    assert without(rows_of(url), before) == {
        name: rows for name, rows in before.items() if rows and name != "alembic_version"
    }


KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from bot.storage.migrate import migrate

made = []

@event.listens_for(Engine, "before_cursor_execute")
def die(*arguments):
    made.append(arguments[2])
    if sum(one.lstrip().upper().startswith(("ALTER", "CREATE", "UPDATE")) for one in made) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

@event.listens_for(Engine, "commit")
def die_at_the_end(connection):
    if sys.argv[2] == "-1" and len(made) > 5:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(sys.argv[1])
"""


@pytest.mark.parametrize("change", [2, 5, -1], ids=["early", "in the middle", "before the commit"])
def test_a_migration_that_is_killed_leaves_the_file_as_it_was(change: int, tmp_path: Path) -> None:
    """Byte for byte: what was changed stands in the write-ahead log alone, and the next who opens it drops that."""
    file = tmp_path / "old.db"
    write_file(file, RELEASED[0])
    before, rows = file.read_bytes(), rows_of(f"sqlite:///{file}")
    asked = [sys.executable, "-c", KILLED, f"sqlite:///{file}", str(change)]
    died = subprocess.run(asked, check=False, capture_output=True, cwd=Path(__file__).parents[2], env={**os.environ})
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert file.read_bytes() == before
    assert rows_of(f"sqlite:///{file}") == rows
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert migrate(f"sqlite:///{file}") == (RELEASED[0], SCHEMA)
