"""SQLite's file gives back the room of what was erased; PostgreSQL does it by itself."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from contract.store_world import (
    PEPPER,
    SECRET,
    START,
    candidate,
    database_url,
    opened,
    store,
)

from bot.domain.richtext import RichText
from bot.errors import StoreError
from bot.storage import running
from bot.storage.store import SqlStore, open_store

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def erase(store: SqlStore) -> Callable[[], None]:
    """Stores a good deal of words and erases them again."""
    one, root = opened(store)

    def act() -> None:
        batch = [candidate(store, one.id, f"p{number}", root, text=RichText(SECRET * 200)) for number in range(50)]
        store.upsert(batch, NOW)
        store.bury([each.key for each in batch], NOW)

    return act


@pytest.fixture
def on_sqlite(store: SqlStore) -> bool:
    return store._engine.dialect.name == "sqlite"


def free_pages(store: SqlStore) -> int:
    if store._engine.dialect.name != "sqlite":
        return 0
    with store._reading() as connection:
        return connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()


def test_room_is_given_back_once_a_day(store: SqlStore, path: Path, erase: Callable[[], None], on_sqlite: bool) -> None:
    assert not store.tidy(NOW)  # nothing was erased
    erase()
    before = path.stat().st_size if on_sqlite else 0
    assert (free_pages(store) > 40) == on_sqlite
    assert store.tidy(NOW) == on_sqlite
    if on_sqlite:
        assert free_pages(store) == 0
        assert path.stat().st_size < before - 40 * 4096
        assert (path.parent / "store.db-wal").stat().st_size == 0
    assert not store.tidy(NOW + DAY)  # nothing was erased since
    erase()
    assert not store.tidy(NOW + DAY - timedelta(seconds=1))
    assert store.tidy(NOW + DAY) == on_sqlite
    assert not store.tidy(NOW + 5 * DAY)


def test_another_process_tidies_what_one_erased(
    store: SqlStore, database_url: str, erase: Callable[[], None], on_sqlite: bool
) -> None:
    erase()
    with closing(open_store(database_url, pepper_source=lambda: PEPPER)) as other:
        assert other.tidy(NOW) == on_sqlite
    assert not store.tidy(NOW + DAY)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_whoever_writes_or_reads_is_not_disturbed(
    store: SqlStore, path: Path, erase: Callable[[], None], on_sqlite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase()
    if not on_sqlite:
        assert not store.tidy(NOW)
        return
    shrink = running.shrink
    with monkeypatch.context() as patch:  # somebody begins to write just before

        def disturbed(engine: object) -> bool:
            with writing(path):
                return shrink(engine)  # type: ignore[arg-type]

        patch.setattr(running, "shrink", disturbed)
        assert not store.tidy(NOW)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM posts").fetchone()
        assert store.tidy(NOW)  # tried again at the next call
        assert reader.execute("SELECT COUNT(*) FROM posts").fetchone() == (50,)
    with store._reading() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 15_000
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_without_room_for_a_copy_it_is_said_and_tried_a_day_later(
    store: SqlStore, erase: Callable[[], None], on_sqlite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase()
    if not on_sqlite:
        return
    calls = []

    def full(engine: object) -> bool:
        calls.append(engine)
        raise StoreError("The database could not be tidied: database or disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(running, "shrink", full)
        with pytest.raises(StoreError, match="disk is full"):
            store.tidy(NOW)
        assert not store.tidy(NOW + DAY - timedelta(seconds=1))
        assert len(calls) == 1
    assert store.tidy(NOW + DAY)
