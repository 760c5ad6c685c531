"""A store with its list of erasures, and another database into which its backup is put."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from contract.store_world import (
    PEPPER,
    START,
    candidate,
    database_url,
    opened,
    teacher,
)
from sqlalchemy import select

from bot.domain.consent import Ruling, Wish
from bot.storage.backups import restore_backup, write_backup
from bot.storage.erasures import Erasures, Listed
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from networks.postgres_server import PostgresServer


TAKEN = START + timedelta(minutes=30)
LATER = START + timedelta(minutes=50)
NOTHING = Listed(START)
__all__ = ["database_url"]


@pytest.fixture
def listed(tmp_path: Path) -> Erasures:
    return Erasures(tmp_path / ".staffroom-erasures", lambda: TAKEN + timedelta(minutes=5))


@pytest.fixture
def store(database_url: str, listed: Erasures) -> Iterator[SqlStore]:
    """A store with its list of erasures."""
    found = open_store(database_url, pepper_source=lambda: PEPPER, erasures=listed)
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is not there yet, or has no tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'elsewhere.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.fresh_database()


def back_up(database_url: str, folder: Path) -> Path:
    """A backup in a file of its own."""
    file = folder / "backup.db"
    write_backup(database_url, file, TAKEN)
    return file


def put_back(file: Path, url: str, listed: Listed = NOTHING) -> SqlStore:
    """The backup in another database; the file itself is left as it is."""
    copy = file.with_name("copy.db")
    shutil.copyfile(file, copy)
    restore_backup(copy, url, listed, LATER)
    return open_store(url, pepper_source=lambda: b"another")


def rows(store: SqlStore, *without: str) -> dict[str, list[str]]:
    """All rows as text, by table, in any database's words."""
    with store._reading() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for table in metadata.sorted_tables
            if table.name not in without
        }


def live_chat(store: SqlStore) -> tuple[str, str]:
    """A chat with a kept answer, a bare one, a held one, a picture, wishes, a ruling and an errand; (chat, answer)."""
    one, question = opened(store)
    kept = candidate(store, one.id, "kept", question)
    bare = candidate(store, one.id, "bare", question, store=False, why="not-joined", author=teacher("ben"))
    held = candidate(store, one.id, "held", question, hold=True, held="photo pupil", author=teacher("cyd"))
    store.upsert([kept, bare, held], TAKEN)
    store.keep_blob(b"\0picture\xff", "image/png")
    store.add_wish("w" * 24, Wish("joined", "edchat", TAKEN), "join")
    store.rule(held.key, Ruling("hidden", -5, TAKEN), "a reason", "a host")
    store.save_cursor("sky", "stream", "42")
    return one.id, kept.key
