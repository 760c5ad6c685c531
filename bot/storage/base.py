"""What all parts of the store share: transactions, this database's secret, and a few statements."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.posts import handle_id, node_key
from bot.domain.restoring import Restored
from bot.domain.teachmeets import event_id
from bot.storage import codec
from bot.storage.engine import empty_wal, transaction
from bot.storage.erasures import Line
from bot.storage.tables import chat_posts, chats, meta, parts, posts, series

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, Table

    from bot.domain.outbox import Part
    from bot.domain.posts import Account
    from bot.domain.records import StoredChat
    from bot.domain.series import Series
    from bot.storage.erasures import Erasures, LineKind

ERASED = "erased"
"""Name in ``meta``: something was erased since the database was last tidied."""

RESTORED = "restored"
"""Name in ``meta``: this store was put back from a backup, and what was found out since."""

_LEAVING = "staffroom_leaving"

_CHUNK = 500
"""Values in one ``IN (…)``: SQLite takes 32,766, short statements are compiled faster."""

_restored = msgspec.json.Decoder(Restored)


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """``column IN (…)`` for a statement that is made once; the values come with each execution, as ``some``."""
    return column.in_(bindparam("some", expanding=True))


# To make a statement takes five times as long as to run it, so those that are run all the time are made once.
_SERIES = select(series.c.slug, series.c.data).where(among(series.c.slug))
_WAS_RESTORED = select(meta.c.value).where(meta.c.name == RESTORED)
_PARTS = select(parts).where(among(parts.c.delivery)).order_by(parts.c.delivery, parts.c.position)
_DROPPING_PARTS = delete(parts).where(among(parts.c.delivery))
_BUMPING = update(chats).where(among(chats.c.id)).values(revision=chats.c.revision + 1)
_SHOWN = (
    select(posts.c.key)
    .join(chat_posts, chat_posts.c.post == posts.c.id)
    .where(among(posts.c.key), posts.c.state == "kept")
    .where(chat_posts.c.chat == bindparam("chat"), chat_posts.c.store, ~chat_posts.c.hold)
)


class Base:
    """The database and its secret; the classes that make up the store inherit from it.

    Args:
        engine: see ``engine.connect``.
        pepper: this database's secret for node keys.
        erasures: the list in which it stands what left; ``None`` for a database that is never put back.
    """

    def __init__(self, engine: Engine, pepper: bytes, erasures: Erasures | None = None) -> None:
        self._engine = engine
        self._pepper = pepper
        self._erasures = erasures
        self._erased = False  # something was erased and may still stand in the write-ahead log

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with transaction(self._engine, writing=False) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with transaction(self._engine, writing=True) as connection:
            connection.info.pop(_LEAVING, None)
            yield connection
            if self._erased and connection.dialect.name == "sqlite":
                marked = inserting(connection, meta).on_conflict_do_nothing()
                connection.execute(marked, {"name": ERASED, "value": b"1"})  # for ``tidy``, whichever process runs it
            left: list[tuple[LineKind, dict[str, Any]]] = connection.info.pop(_LEAVING, [])
            if left and self._erasures is not None:  # before the commit: a crash may list too much, never too little
                now = self._erasures.now()
                self._erasures.add([Line(kind, **({"at": now} | values)) for kind, values in left])
        if self._erased:
            self._erased = not empty_wal(self._engine)

    def key(self, network: str, remote_id: str) -> str:
        """``posts.node_key`` with this database's secret."""
        return node_key(self._pepper, network, remote_id)

    @property
    def database(self) -> str:
        """What this database is called in the list of erasures; who puts back a backup of it has the same."""
        return self.key("list", "of erasures")

    def _called(self, account: Account) -> str:
        """The key under which a wish may be remembered where only somebody's handle was known."""
        return self.key(account.network, handle_id(account.handle)) if account.handle else ""

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()


def note(connection: Connection, kind: LineKind, **values: Any) -> None:  # noqa: ANN401 - a line's fields
    """Put into the list of erasures, when this transaction is committed, what leaves with it (``erasures.Line``)."""
    connection.info.setdefault(_LEAVING, []).append((kind, values))


def chunks(values: Collection[str]) -> Iterator[Sequence[str]]:
    """Cut values into lists short enough for one ``IN (…)``; sorted, so that rows are locked in one order."""
    ordered = sorted(values)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def inserting(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ``ON CONFLICT``; both databases write it alike, SQLAlchemy has one class for each."""
    return _inserting(connection.dialect.name, table)


def _inserting(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def put(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    first: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows, or give the ones that are there these values; ``first`` is added to new rows only."""
    if not rows:
        return
    statement = _putting(connection.dialect.name, table, tuple(rows[0]))
    connection.execute(statement, [{**row, **(first or {})} for row in rows])


@lru_cache(256)
def _putting(dialect: str, table: Table, names: tuple[str, ...]) -> sqlite.Insert | postgresql.Insert:
    keys = [column.name for column in table.primary_key]
    statement = _inserting(dialect, table)
    values = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=values)


def bump(connection: Connection, ids: Collection[str]) -> None:
    """Note that something a page could show has changed in these chats."""
    for some in chunks(set(ids)):
        connection.execute(_BUMPING, {"some": some})


def ids_of(keys: Sequence[str]) -> Select[int]:
    """Numbers of the rows that have these node keys, for use inside another statement."""
    return select(posts.c.id).where(posts.c.key.in_(keys))


def chats_of(connection: Connection, post_keys: Collection[str]) -> set[str]:
    """Ids of the chats in which these posts stand."""
    found: set[str] = set()
    for some in chunks(post_keys):
        found.update(
            connection.scalars(select(chat_posts.c.chat).where(chat_posts.c.post.in_(ids_of(some))).distinct())
        )
    return found


def chats_where(*where: ColumnElement[bool]) -> Select[Any]:
    """A statement for ``stored_chats``, to be made once; it may ask for columns of ``chats`` and of ``series``."""
    of_series = chats.join(series, series.c.slug == chats.c.series)
    return select(chats).select_from(of_series).where(*where).order_by(chats.c.starts_at, chats.c.id)


IS_EVENT = chats.c.id.like(event_id("%", "%"))
"""Whether a row of ``chats`` stands for an event."""

CHAT = chats_where(chats.c.id == bindparam("chat"))
"""One chat by its id, ``chat``."""


def stored_chats(connection: Connection, query: Select[Any], **values: object) -> tuple[StoredChat, ...]:
    """Chats of a statement of ``chats_where`` with their series, in order of start; each series is read once."""
    rows = connection.execute(query, values).all()
    known: dict[str, Series] = {}
    for some in chunks({row.series for row in rows}):  # not beside each chat: a series names all of its chats
        for each in connection.execute(_SERIES, {"some": some}):
            known[each.slug] = codec.series_from(each.data)
    return tuple(codec.stored_chat(row, known[row.series]) for row in rows)


def restored_in(connection: Connection) -> Restored | None:
    """That this store was put back from a backup; ``None`` where it never was."""
    data = connection.scalar(_WAS_RESTORED)
    return None if data is None else _restored.decode(data)


def parts_of(connection: Connection, delivery_ids: Collection[str]) -> dict[str, tuple[Part, ...]]:
    """Parts in order, by delivery; deliveries without any are left out."""
    found: dict[str, list[Row[Any]]] = {}
    for some in chunks(delivery_ids):
        for row in connection.execute(_PARTS, {"some": some}):
            found.setdefault(row.delivery, []).append(row)
    return {delivery: tuple(codec.part_from(row) for row in rows) for delivery, rows in found.items()}


def drop_parts(connection: Connection, delivery_ids: Collection[str]) -> None:
    """Forget the parts of deliveries that start anew."""
    for some in chunks(delivery_ids):
        connection.execute(_DROPPING_PARTS, {"some": some})


def shown_in(connection: Connection, chat: str, post_keys: Collection[str]) -> set[str]:
    """Which of these posts may be shown in a chat: kept there, and not held."""
    found: set[str] = set()
    for some in chunks(post_keys):
        found.update(connection.scalars(_SHOWN, {"some": some, "chat": chat}))
    return found
