"""A backup of either database is put back into either, whole or not at all."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from contract.backup_world import LATER, NOTHING, TAKEN, back_up, elsewhere, listed, live_chat, put_back, rows, store
from contract.store_world import (
    LEASE,
    PEPPER,
    START,
    candidate,
    chat,
    database_url,
    everything,
    opened,
    revision,
    save,
    teacher,
)

from bot.errors import RefusedToStart, StoreError, UserError
from bot.storage import copying
from bot.storage.backups import read_manifest, restore_backup, write_backup
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import alerts, locks, notices

__all__ = ["database_url", "elsewhere", "listed", "store"]  # fixtures


def test_all_of_it_comes_back(store: SqlStore, database_url: str, elsewhere: str, tmp_path: Path) -> None:
    live_chat(store)
    store.hold_lock("runner", "me", TAKEN, TAKEN + LEASE)
    file = back_up(database_url, tmp_path)
    changed = ("meta", "chats", "sweeps", "locks")
    back = put_back(file, elsewhere)
    assert rows(back, *changed) == rows(store, *changed)
    assert back.key("bluesky", "x") == store.key("bluesky", "x"), "the secret came along"
    assert back.lock_owner("runner", TAKEN) == "", "nobody runs there"
    assert back.restored() == msgspec.convert({"taken": TAKEN, "at": LATER}, type(back.restored()))
    assert revision(back, chat().id) > revision(store, chat().id), "its pages are made anew"
    back.close()


def test_a_backup_of_what_was_put_back_is_the_same(
    store: SqlStore, database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    live_chat(store)
    first = read_manifest(back_up(database_url, tmp_path))
    back = put_back(tmp_path / "backup.db", elsewhere)
    again = write_backup(elsewhere, tmp_path / "again.db", LATER)
    same = set(first.tables) - {"meta", "chats"}
    assert {name: again.tables[name] for name in same} == {name: first.tables[name] for name in same}
    back.close()


def test_nothing_counts_as_missed_until_it_is_known_what_was_said(
    store: SqlStore, database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    one = chat()
    save(store, one)
    back = put_back(back_up(database_url, tmp_path), elsewhere)
    late = START + timedelta(minutes=11)
    assert back.has_due("sky", START - timedelta(hours=1))  # it has to be found out, though nothing is due
    assert back.expire(late) == ()
    back.settled("sky", {})
    assert not back.has_due("sky", START - timedelta(hours=1))
    assert back.has_due("masto", START - timedelta(hours=1))
    assert back.expire(START) == ()
    assert [each.id for each in back.expire(late)] == [f"{one.id}/welcome@sky"]
    back.close()


def test_it_is_one_closed_file_of_one_moment(store: SqlStore, database_url: str, tmp_path: Path) -> None:
    live_chat(store)
    file = back_up(database_url, tmp_path)
    assert sorted(tmp_path.glob("backup.db*")) == [file]
    assert file.stat().st_mode & 0o777 == 0o600
    manifest = read_manifest(file)
    assert manifest.taken == TAKEN
    assert manifest.source == database_url.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0]
    assert not {locks.name, alerts.name, notices.name} & set(manifest.tables)


def test_it_is_consistent_while_somebody_writes(store: SqlStore, database_url: str, tmp_path: Path) -> None:
    """Every post that is in it has its author and its place: all tables are of one moment."""
    one, question = opened(store)
    stop = threading.Event()
    written = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = f"p{number}"
            store.upsert([candidate(store, one.id, name, question, author=teacher(name))], TAKEN)
            if number > 5:
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(60)
        counts = []
        for number in range(3):
            file = tmp_path / f"{number}.db"
            manifest = write_backup(database_url, file, TAKEN)
            assert read_manifest(file) == manifest
            counts.append([manifest.tables[name].rows for name in ("accounts", "posts", "chat_posts")])
    finally:
        stop.set()
        writer.join()
    assert all(of_accounts == of_posts == of_places > 5 for of_accounts, of_posts, of_places in counts)


# -- what cannot be used ---------------------------------------------------------------------------------------------
def damage_words(file: Path) -> None:
    """One letter of a stored text becomes another: the file is as sound a database as before."""
    data = file.read_bytes()
    assert data.count(b"A1 kept") == 1
    file.write_bytes(data.replace(b"A1 kept", b"A1 kepT"))


def drop_a_row(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM consents")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5000])


def scribble(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:4600] = b"\xff" * 504
    file.write_bytes(data)


def unmark(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE name = 'backup'")


def from_the_future(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def another_kind(file: Path) -> None:
    file.write_bytes(b"PGDMP and so on")


def another_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE meta (name, value)")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (damage_words, "damaged"),
        (drop_a_row, "damaged"),
        (cut, "damaged"),
        (scribble, "damaged"),
        (unmark, "no backup"),
        (another_kind, "no backup"),
        (another_database, "no backup"),
        (from_the_future, "newer Staffroom"),
    ],
)
def test_what_is_damaged_or_strange_is_refused(spoil: object, said: str, tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path / 'source.db'}"

    migrate(source)
    store = open_store(source, pepper_source=lambda: PEPPER)
    live_chat(store)
    store.close()
    file = back_up(source, tmp_path)
    spoil(file)  # type: ignore[operator]
    target = tmp_path / "elsewhere.db"
    with pytest.raises(UserError, match=said):
        restore_backup(file, f"sqlite:///{target}", NOTHING, LATER)
    assert not target.exists()


def test_a_database_in_use_is_never_touched(store: SqlStore, database_url: str, tmp_path: Path) -> None:
    save(store, chat())
    file = back_up(database_url, tmp_path)
    before = everything(store)
    with pytest.raises(RefusedToStart, match=r"is in use.*nothing was touched"):
        restore_backup(file, database_url, NOTHING, LATER)
    assert everything(store) == before


def test_nothing_is_put_under_a_running_bot(store: SqlStore, elsewhere: str, database_url: str, tmp_path: Path) -> None:
    live_chat(store)
    file = back_up(database_url, tmp_path)

    migrate(elsewhere)
    running = open_store(elsewhere, pepper_source=lambda: b"x" * 32)
    assert running.hold_lock("runner", "somebody", LATER, LATER + LEASE)
    with pytest.raises(RefusedToStart, match="is running"):
        restore_backup(file, elsewhere, NOTHING, LATER)
    running.drop_lock("runner", "somebody")
    running.close()
    put_back(file, elsewhere).close()


def test_a_restore_that_fails_in_the_middle_leaves_an_empty_database(
    store: SqlStore, database_url: str, elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_chat(store)
    file = back_up(database_url, tmp_path)

    insert = copying._insert

    def fails(connection: object, table: object, some: object) -> None:
        if getattr(table, "name", "") == "posts" and some:
            raise StoreError("the disk is full")
        insert(connection, table, some)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("bot.storage.copying._insert", fails)
        with pytest.raises(StoreError, match="disk is full"):
            put_back(file, elsewhere)
    put_back(file, elsewhere).close()
