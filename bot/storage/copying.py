"""Copying all rows from one database into another, whichever kinds they are, and proving that none was changed.

A backup is a SQLite file, whatever it was made of: so what was on PostgreSQL can be put back into SQLite, and the other
way round. Both keep the same plain values (numbers, texts, bytes), which is what is compared.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Boolean
from sqlalchemy.exc import DataError

from bot.errors import StoreError
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Table

    Rows = list[tuple[Any, ...]]

_AT_ONCE = 1000
_BITS = 128

_encode = msgspec.msgpack.Encoder().encode


class Sum(msgspec.Struct, frozen=True):
    """What a table held: the columns that were copied, how many rows, and a sum over their values in any order."""

    columns: tuple[str, ...]
    rows: int
    sum: str


def copy_rows(source: Connection, target: Connection, leave_out: frozenset[str]) -> dict[str, Sum]:
    """Copy every row of every table that has the same columns on both sides; the target's are empty before.

    Args:
        source: read in one transaction, so that all of it is of one moment.
        target: written in one transaction.
        leave_out: names of tables that are not copied.

    Returns:
        What each table held.

    Raises:
        StoreError: a value does not fit the target.
    """
    sums = {}
    for table in metadata.sorted_tables:
        if table.name in leave_out:
            continue
        columns = tuple(str(column.name) for column in table.columns)
        adding = Adding(columns)
        for rows in read_rows(source, table.name, columns):
            adding.add(rows)
            _insert(target, table, rows)
        sums[str(table.name)] = adding.sum
    return sums


def sum_of(connection: Connection, table: str, columns: Sequence[str], without: str = "") -> Sum:
    """What a table holds in these columns, the row ``without`` (in its first column) left out."""
    adding = Adding(tuple(columns))
    for rows in read_rows(connection, table, columns):
        adding.add([row for row in rows if row[0] != without] if without else rows)
    return adding.sum


class Adding:
    """Adds up rows: each one's hash counts, their order does not, for databases sort differently."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._rows = 0
        self._total = 0

    def add(self, rows: Rows) -> None:
        """Add rows."""
        self._rows += len(rows)
        for row in rows:
            self._total += int.from_bytes(blake2b(_encode(row), digest_size=_BITS // 8).digest(), "big")

    @property
    def sum(self) -> Sum:
        """Of all rows so far."""
        return Sum(self._columns, self._rows, f"{self._total % (1 << _BITS):0{_BITS // 4}x}")


def read_rows(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[Rows]:
    """A table's rows, some at once, as plain values: truth as 1 and 0."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, columns))
    found = connection.exec_driver_sql(
        f"SELECT {names} FROM {quote(table)}",  # noqa: S608 - names of our own tables
        execution_options={"stream_results": True, "max_row_buffer": _AT_ONCE},
    )
    for rows in found.partitions(_AT_ONCE):
        yield [tuple(+value if isinstance(value, bool) else value for value in row) for row in rows]


def _insert(connection: Connection, table: Table, rows: Rows) -> None:
    if connection.dialect.name == "postgresql":
        truths = {at for at, column in enumerate(table.columns) if isinstance(column.type, Boolean)}
        rows = [tuple(bool(value) if at in truths else value for at, value in enumerate(row)) for row in rows]
    quote = connection.dialect.identifier_preparer.quote
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    names = ", ".join(quote(column.name) for column in table.columns)
    marks = ", ".join([mark] * len(table.columns))
    statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608 - as above
    try:
        connection.exec_driver_sql(statement, rows)
    except DataError as error:  # its own words would repeat the row
        raise StoreError(
            f"A row of the table {table.name} does not fit this database ({type(error.orig).__name__}). Nothing was "
            "put back. Restore into SQLite instead: the other kind of database takes it as it is."
        ) from None
