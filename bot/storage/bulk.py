"""Many rows at once: read, compared, inserted, updated.

These statements go to the driver as they are, and times as the whole microseconds they are stored as: SQLAlchemy's own
handling of each value would cost as much again as SQLite does (tests/bench/ingest_sqlite.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.exc import DBAPIError

from bot.storage import codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import psycopg
    from sqlalchemy import Connection, Row, Table


def read_rows(
    connection: Connection, table: Table, names: Sequence[str], by: str, values: Sequence[Any]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """These columns of the rows in which ``by`` has one of these values."""
    quote, mark = _dialect(connection)
    for start in range(0, len(values), 500):
        some = tuple(values[start : start + 500])
        marks = ", ".join([mark] * len(some))
        columns = ", ".join(map(quote, names))
        statement = f"SELECT {columns} FROM {quote(table.name)} WHERE {quote(by)} IN ({marks})"  # noqa: S608 - names of our own tables, values apart
        yield from connection.exec_driver_sql(statement, some)


def unequal_rows(connection: Connection, table: Table, column: str, values: Mapping[str, Any]) -> dict[str, bool]:
    """Keys of rows in which ``column`` has another value than the one given here, and whether there is such a row.

    The database compares, so that nothing is read of the rows that are equal.
    """
    if not values:
        return {}
    quote, mark = _dialect(connection)
    if connection.dialect.name == "sqlite":
        given = "json_each(?) AS given"
        parameters: tuple[Any, ...] = (codec.to_json(values),)  # its keys sorted, as they stand in the index
        unequal = "IS NOT"
    else:
        kind = table.c[column].type.compile(connection.dialect)
        given = f"unnest({mark}::text[], {mark}::{kind}[]) AS given (key, value)"
        parameters = (list(values), list(values.values()))
        unequal = "IS DISTINCT FROM"
    statement = (
        f"SELECT given.key, stored.key IS NOT NULL FROM {given} "  # noqa: S608 - as above
        f"LEFT JOIN {quote(table.name)} AS stored ON stored.key = given.key "
        f"WHERE stored.{quote(column)} {unequal} given.value"
    )
    return {key: bool(is_there) for key, is_there in connection.exec_driver_sql(statement, parameters).all()}


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert whole rows, given in the order of the table's columns."""
    if not rows:
        return
    quote, mark = _dialect(connection)
    names = ", ".join(quote(column.name) for column in table.columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {quote(table.name)} ({names}) FROM STDIN", rows)
    else:
        marks = ", ".join([mark] * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})", list(rows))  # noqa: S608 - as above


def update_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Give rows, found by their key, these values; rows as for ``insert_rows``."""
    if rows:
        quote, mark = _dialect(connection)
        columns = list(enumerate(table.columns))
        keys = [(at, column) for at, column in columns if column.primary_key]
        others = [(at, column) for at, column in columns if not column.primary_key]
        sets = ", ".join(f"{quote(column.name)} = {mark}" for _, column in others)
        where = " AND ".join(f"{quote(column.name)} = {mark}" for _, column in keys)
        order = [at for at, _ in (*others, *keys)]
        statement = f"UPDATE {quote(table.name)} SET {sets} WHERE {where}"  # noqa: S608 - as above
        connection.exec_driver_sql(statement, [tuple(row[at] for at in order) for row in rows])


def _copy(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows as a stream, the fastest way into PostgreSQL (https://www.psycopg.org/psycopg3/docs/basic/copy.html).

    Raises:
        DBAPIError: as any other statement would; without the rows in it.
    """
    dialect = connection.dialect
    assert dialect.dbapi is not None  # noqa: S101 - an engine's dialect has its driver
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except dialect.dbapi.Error as error:
        raise DBAPIError.instance(
            statement, None, error, dialect.dbapi.Error, hide_parameters=True, dialect=dialect
        ) from error


def _dialect(connection: Connection) -> tuple[Callable[[str], str], str]:
    """How this database quotes a name, and how its driver marks a value."""
    return connection.dialect.identifier_preparer.quote, "?" if connection.dialect.name == "sqlite" else "%s"
