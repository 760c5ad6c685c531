"""Connections to SQLite and PostgreSQL, set up so that a transaction means the same on both.

SQLite: the driver's own transaction handling is off and a writer begins with ``BEGIN IMMEDIATE``, because a deferred
one that turns into a writer fails at once when somebody else wrote in between, however long the busy timeout
(https://www.sqlite.org/lang_transaction.html). WAL lets readers go on meanwhile. ``secure_delete`` overwrites what is
erased with zeros. PostgreSQL: read committed; writers of posts take turns by an advisory lock (``take_turns``).
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
)

from bot.errors import StoreError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_BUSY_MILLISECONDS = 15_000
_TIDYING_MILLISECONDS = 500  # tidying can wait for another time, and nobody should wait for it
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)
WRITING = "writing"
"""Name in a connection's ``info``: whether its transaction is there to write."""

_UNREADABLE = (
    "The database's URL cannot be read. Write sqlite:///staffroom.db, or postgresql://user@host/name; an @ in a "
    "password is written %40."
)
_TURNS = 0x57AFF  # any fixed number that no other program locks in this database


def connect(url: str) -> Engine:
    """Make an engine for a SQLAlchemy URL: ``sqlite:///path`` or ``postgresql+psycopg://…`` (no connection yet).

    Raises:
        UserError: a URL that cannot be read, another kind of database, SQLite without a file, or no driver for it.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a plain ValueError
        raise UserError(_UNREADABLE) from error
    backend = parsed.get_backend_name()
    if backend == "postgresql" and "@" in f"{parsed.host}{parsed.database}":
        # A password's @ ended it early: what follows would be told as the host's name.
        raise UserError(_UNREADABLE)
    if backend == "postgresql":
        # Plain postgresql:// would mean the older driver, which we do not install.
        parsed = parsed.set(drivername="postgresql+psycopg")
    elif backend != "sqlite":
        raise UserError(f"Staffroom keeps its data in SQLite or PostgreSQL, not in {backend}.")
    elif parsed.database in (None, "", ":memory:"):
        raise UserError("SQLite needs a file: write sqlite:///staffroom.db. In memory everything would be lost.")
    try:
        engine = create_engine(
            parsed,
            hide_parameters=True,  # they are people's words, and secrets
            pool_pre_ping=backend == "postgresql",  # a server that was started anew costs nobody a step
        )
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise UserError("PostgreSQL needs one more package: pip install 'staffroom[postgres]'.") from error
    if backend == "sqlite":
        event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Give one SQLite connection its settings (https://www.sqlite.org/pragma.html)."""
    connection.isolation_level = None  # the driver begins nothing by itself; ``transaction`` does
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


@contextmanager
def transaction(engine: Engine, *, writing: bool) -> Iterator[Connection]:
    """One transaction, committed at the end and rolled back on any error.

    Raises:
        StoreError: the database is missing, read-only, full, locked or unreachable, or its URL has an option that the
            driver does not know. A mistake of ours in SQL or a broken constraint keeps its own traceback.
    """
    try:
        with engine.connect() as connection, connection.begin():
            connection.info[WRITING] = writing
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
            yield connection
    except DBAPIError as error:
        # A plain DatabaseError is SQLite's word for a file that is no database, or a damaged one.
        # A ProgrammingError without a statement is an option in the URL that the driver does not know.
        unknown = isinstance(error, ProgrammingError) and error.statement is None
        if isinstance(error, (OperationalError, InterfaceError)) or type(error) is DatabaseError or unknown:
            raise StoreError(_explain(engine, error)) from error
        raise


def _explain(engine: Engine, error: DBAPIError) -> str:
    """What the driver said, and where, without the statement and without a password."""
    said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    where = engine.url.render_as_string(hide_password=True)
    if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
        said = (
            f"another program has been writing to it for more than {_BUSY_MILLISECONDS // 1000} s. If that is a "
            f"Staffroom that was stopped in mid-write, let it go on or end it; `fuser {engine.url.database}` names it"
        )
    return f"The database {where} cannot be used: {said}. Nothing of this step was stored; it can be tried again."


def take_turns(connection: Connection) -> None:
    """Let one transaction at a time write posts, as SQLite does anyway; the lock goes with the transaction.

    A batch is read, compared and written; two of them at once could both miss what the other adds
    (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURNS})")


def empty_wal(engine: Engine) -> bool:
    """Move SQLite's write-ahead log into the database and cut it to nothing; true when no byte stayed behind.

    The log still holds the pages as they were before an erasure. False while a reader holds on to an old page.
    PostgreSQL frees erased rows by its own vacuum.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()  # a checkpoint cannot run inside the transaction SQLAlchemy would begin
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        row = cursor.fetchone()  # busy, pages in the log, pages moved
        cursor.close()
    finally:
        connection.close()
    return row is not None and not row[0]


def shrink(engine: Engine) -> bool:
    """Write SQLite's file anew without its free pages (``VACUUM``); false where somebody else is writing.

    Others may go on reading meanwhile (https://www.sqlite.org/lang_vacuum.html).

    Raises:
        StoreError: it cannot be done, for example because there is no room for a copy.
    """
    connection = engine.raw_connection()  # it cannot run inside a transaction
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_TIDYING_MILLISECONDS}")
        try:
            cursor.execute("VACUUM")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                return False
            where = engine.url.render_as_string(hide_password=True)
            raise StoreError(
                f"The database {where} could not be tidied: {error}. Nothing is lost; it takes as much free room on "
                "the disk as the database is large."
            ) from error
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            cursor.close()
    finally:
        connection.close()
    empty_wal(engine)
    return True


def prepare_file(engine: Engine) -> None:
    """Make SQLite's file, readable by its owner alone, before SQLite would make it for everybody.

    One that was copied here by hand is closed to others as well, with the log beside it.
    """
    if engine.dialect.name != "sqlite" or engine.url.database is None:
        return
    path = Path(engine.url.database)
    if str(path).startswith("file:"):  # an SQLite URI: whoever writes one sees to its file
        return
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"The database file {path} cannot be written: {error.strerror}.") from error
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with suppress(FileNotFoundError, PermissionError):  # not there; or somebody else's, who gave it to us
            if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                file.chmod(0o600)
