"""Types of columns that mean the same on SQLite and PostgreSQL: moments, lengths of time, numbers of rows.

Moments are whole microseconds since 1970 in a 64-bit integer: SQLite has no time of its own and PostgreSQL's answers in
the session's zone, while an integer sorts, compares and adds the same on both and cannot lose its zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Integer
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970 of an aware time; a naive one raises ``TypeError``."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(value: int) -> datetime:
    """The aware UTC time of ``micros``."""
    return _EPOCH + value * _MICROSECOND


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as ``micros``; comes back in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102 - SQLAlchemy's signature
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102 - the same
        return None if value is None else moment_of(value)


class Stretch(TypeDecorator[timedelta]):
    """A length of time, kept as whole microseconds, so that it may be added to a ``Moment`` in a query."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002, D102 - the same
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002, D102 - the same
        return None if value is None else value * _MICROSECOND


Number = BigInteger().with_variant(Integer, "sqlite")
"""The number of a row: SQLite numbers its rows by a column of the type INTEGER and no other
(https://www.sqlite.org/lang_createtable.html#rowid)."""
