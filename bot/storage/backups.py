"""Backups: the whole database of one moment, as a SQLite file; and putting one back into an empty database.

The file is a Staffroom database like any other, of the version that made it, with one row more: ``meta.backup`` says
when it was made and what each table held, which is checked before anything of it is used.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec
from sqlalchemy import delete, func, select, update

from bot.domain.restoring import Restored
from bot.errors import RefusedToStart, StoreError, UserError
from bot.storage.base import RESTORED, put
from bot.storage.copying import Sum, copy_rows, sum_of
from bot.storage.engine import connect, transaction
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, check_version, open_store, version
from bot.storage.tables import SCHEMA, alerts, deliveries, locks, meta, metadata, notices, page_marks, sweeps

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from bot.storage.erasures import Listed

_MARK = "backup"
_HEAD = b"SQLite format 3\0"
_LEFT_OUT = frozenset({locks.name, alerts.name, notices.name})
"""Tables that are about one running process and its operators: nothing in them is to happen again elsewhere."""
_NEW = _LEFT_OUT | {meta.name}
"""Tables in which a database may have rows before anything was ever planned in it."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says of itself.

    Attributes:
        taken: all that was committed before this is in it, UTC.
        source: what it was made of.
        tables: what each held.
        rehearsal: whether everything in it is made up.
    """

    taken: datetime
    source: Literal["sqlite", "postgresql"]
    tables: dict[str, Sum]
    rehearsal: bool = False

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables.values())


class PutBack(msgspec.Struct, frozen=True):
    """What restoring did: the backup, and how much of the list of erasures was about something in it."""

    manifest: Manifest
    replayed: int


def write_backup(url: str, file: Path, now: datetime) -> Manifest:
    """Write a backup of a database that may be in use.

    Args:
        url: as for ``open_store``.
        file: a new file, in a folder that only its owner may read.
        now: UTC.

    Raises:
        StoreError: the database cannot be read, or the file not be written.
    """
    engine, target = connect(url), connect(f"sqlite:///{file}")
    try:
        check_version(engine)
        migrate(f"sqlite:///{file}")
        with transaction(_of_one_moment(engine), writing=False) as source, transaction(target, writing=True) as fresh:
            sums = copy_rows(source, fresh, _LEFT_OUT)
            kind: Literal["sqlite", "postgresql"] = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
            rehearsal = fresh.scalar(select(meta.c.name).where(meta.c.name == "rehearsal")) is not None
            manifest = Manifest(now, kind, sums, rehearsal)
            put(fresh, meta, [{"name": _MARK, "value": msgspec.json.encode(manifest)}])
    finally:
        engine.dispose()
        target.dispose()
    _close_log(file)
    return manifest


def read_manifest(file: Path) -> Manifest:
    """Read what a backup says of itself, and prove that it is whole.

    Raises:
        UserError: it is no backup, it is damaged, or a newer Staffroom made it.
    """
    with file.open("rb") as opened:
        if opened.read(len(_HEAD)) != _HEAD:
            raise UserError(_NO_BACKUP)
    engine = connect(f"sqlite:///{file}")
    try:
        found = version(engine)
        if found is None:
            raise UserError(_NO_BACKUP)
        with transaction(engine, writing=False) as connection:
            data = connection.scalar(select(meta.c.value).where(meta.c.name == _MARK))
            if data is None:
                raise UserError(_NO_BACKUP)
            if found > SCHEMA:
                raise UserError(
                    f"This backup was made by a newer Staffroom (its version {found}, ours {SCHEMA}). Nothing was "
                    "done: install that Staffroom or a later one, and restore with it."
                )
            manifest = msgspec.json.decode(data, type=Manifest)
            _prove(connection, manifest)
            return manifest
    except (StoreError, msgspec.DecodeError):
        raise UserError(_DAMAGED) from None
    finally:
        engine.dispose()


def restore_backup(file: Path, url: str, listed: Listed, now: datetime) -> PutBack:
    """Put a backup into an empty database: brought up to date, without what was erased since, and marked.

    All of that is done to the file; the database gets the outcome in one transaction, or nothing.

    Args:
        file: a copy of the backup, which is changed.
        url: the database; it is made where there is none.
        listed: what the list of erasures tells.
        now: UTC.

    Raises:
        UserError: the backup cannot be used.
        RefusedToStart: the database is in use.
        StoreError: the database cannot be written.
    """
    manifest = read_manifest(file)
    refuse_if_used(url, now)
    migrate(f"sqlite:///{file}")
    backup = open_store(f"sqlite:///{file}", pepper_source=_no_pepper)
    try:
        replayed = backup.replay(listed.lines, manifest.taken, now)
    finally:
        backup.close()
    migrate(url)
    source, target = connect(f"sqlite:///{file}"), connect(url)
    try:
        _mark_restored(source, manifest, now)
        with transaction(source, writing=False) as rows, transaction(target, writing=True) as fresh:
            _refuse_rows(fresh, target, now)
            for table in reversed(metadata.sorted_tables):
                fresh.execute(delete(table))
            copy_rows(rows, fresh, _LEFT_OUT)
    finally:
        source.dispose()
        target.dispose()
    return PutBack(manifest, replayed)


def database_of(file: Path) -> str:
    """What the database that a backup was made of is called in the list of erasures.

    Raises:
        UserError: it is no backup.
    """
    engine = connect(f"sqlite:///{file}")
    try:
        with transaction(engine, writing=False) as connection:
            pepper: bytes | None = connection.scalar(select(meta.c.value).where(meta.c.name == "pepper"))
        if pepper is None:
            raise UserError(_NO_BACKUP)
        return SqlStore(engine, pepper).database
    finally:
        engine.dispose()


def refuse_if_used(url: str, now: datetime) -> None:
    """Refuse a database that holds anything.

    Raises:
        RefusedToStart: says what to do instead.
    """
    engine = connect(url)
    try:
        found = version(engine)
        if found is None:
            return
        check_version(engine)
        with transaction(engine, writing=False) as connection:
            _refuse_rows(connection, engine, now)
    finally:
        engine.dispose()


def _refuse_rows(connection: Connection, engine: Engine, now: datetime) -> None:
    where = engine.url.render_as_string(hide_password=True)
    held = select(locks.c.owner).where(locks.c.lease_until > now)
    if connection.scalar(held) is not None:
        raise RefusedToStart(f"A Staffroom is running on {where}. Stop it first; nothing was put back.")
    used = [
        table.name
        for table in metadata.sorted_tables
        if table.name not in _NEW and connection.scalar(select(func.count()).select_from(table))
    ]
    if used:
        away = (
            "move its file away, with the files beside it that end in -wal and -shm"
            if engine.dialect.name == "sqlite"
            else "make a new, empty database"
        )
        raise RefusedToStart(
            f"The database {where} is in use, and a backup is only ever put into an empty one; nothing was touched. If "
            f"you mean to go back to the backup, {away}, or name another one under `database:` in staffroom.yaml."
        )


def _of_one_moment(engine: Engine) -> Engine:
    """An engine whose transactions see all tables as they were when they began, as SQLite's do anyway."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prove(connection: Connection, manifest: Manifest) -> None:
    """Raises ``UserError`` where the file is damaged."""
    said = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if said != "ok" or broken is not None:
        raise UserError(_DAMAGED)
    for name, table in manifest.tables.items():
        if sum_of(connection, name, table.columns, without=_MARK if name == meta.name else "") != table:
            raise UserError(_DAMAGED)


def _mark_restored(engine: Engine, manifest: Manifest, now: datetime) -> None:
    """Let the next run find out what was said since, read everything anew, and make all pages anew."""
    with transaction(engine, writing=True) as connection:
        connection.execute(delete(meta).where(meta.c.name == _MARK))
        restored = Restored(taken=manifest.taken, at=now)
        put(connection, meta, [{"name": RESTORED, "value": msgspec.json.encode(restored)}])
        connection.execute(update(deliveries).values(owner=None, lease_until=None))
        connection.execute(update(page_marks).values(mark=""))
        connection.execute(delete(sweeps))


def _close_log(file: Path) -> None:
    """Leave one file: no write-ahead log beside it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").close()


def _no_pepper() -> bytes:
    raise UserError(_NO_BACKUP)


_NO_BACKUP = (
    "This is no backup that `staffroom backup` made, so nothing was done. If it is a copy of a database's file, put it "
    "in its place by hand, and enter again what people have asked since."
)
_DAMAGED = (
    "This backup is damaged: what is in it is not what was put in. Nothing was done. Copy it again from where it is "
    "kept, or take another one."
)
