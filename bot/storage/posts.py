"""Collected posts: stored in batches, looked up again, placed under questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, select, update

from bot.domain.records import Candidate, Placed
from bot.ports import Stored
from bot.storage import codec
from bot.storage.base import Base, bump, chunks, put, stored_chats
from bot.storage.engine import take_turns
from bot.storage.erasing import erase, forget_authors, withdraw
from bot.storage.ingest import Comparison, Node, Place, Work
from bot.storage.tables import accounts, answers, chat_posts, chats, posts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Table

    from bot.domain.posts import NetworkName, PostRef
    from bot.domain.schedule import Chat


class Posts(Base):
    """The store's methods about collected posts."""

    def upsert(self, batch: Sequence[Candidate], now: datetime) -> Stored:
        """Store a batch: words where the verdict allows, a bare node (keys and times) where not. Idempotent.

        A post that was stored and may not be any more becomes a bare node; a tombstone stays one, unless the post is
        seen again publicly and was not erased by its author's wish (a later JOIN of the same author counts as that
        wish taken back). A parent once known stays known. Only real differences are written and counted.
        """
        if not batch:
            return Stored(0, 0)
        comparison = Comparison(batch, self.key, now)  # before anybody has to wait for us
        with self._writing() as connection:
            take_turns(connection)
            different = _different(connection, comparison)
            if not different:
                return Stored(0, 0)
            places = _places(connection, [node.id for node in different.values() if node])
            last = connection.exec_driver_sql("SELECT MAX(id) FROM posts").scalar() or 0
            work = comparison.compare(different, places, last)
            touched = _save_authors(connection, work.authors)
            _insert(connection, posts, work.nodes)
            _insert(connection, chat_posts, _bound(connection, work.places))
            if work.renewed or work.moved:
                _renew(connection, work, different)
            if work.erased:
                self._erased = True
                erase(connection, work.erased)
            bump(connection, touched | work.visible | _holding_up(connection, work.unseen))
            return Stored(new=len(work.nodes), changed=len(work.changed))

    def candidates(self, chat: str) -> tuple[Candidate, ...]:
        """All stored posts of a chat whose words are kept, for attribution, in order of (time, key)."""
        query = (
            select(posts, chat_posts, accounts.c.data.label("author"))
            .join(posts, posts.c.id == chat_posts.c.post)
            .join(accounts, accounts.c.key == posts.c.account)
            .where(chat_posts.c.chat == chat, chat_posts.c.store, posts.c.state == "kept")
            .order_by(posts.c.at, posts.c.key)
        )
        with self._reading() as connection:
            return tuple(
                Candidate(
                    chat=chat,
                    post=codec.post_from(row.data, codec.account_from(row.author), row.at),
                    key=row.key,
                    parent=row.parent,
                    root=row.root,
                    quote=row.quote,
                    in_thread=row.in_thread,
                    store=row.store,
                    hold=row.hold,
                    search=row.search,
                    why=row.why,
                )
                for row in connection.execute(query)
            )

    def edges(self, chat: str) -> Mapping[str, str]:
        """Node key → parent's node key (empty if none), of every node of a chat, words kept or not."""
        query = (
            select(posts.c.key, posts.c.parent)
            .join(chat_posts, chat_posts.c.post == posts.c.id)
            .where(chat_posts.c.chat == chat)
        )
        with self._reading() as connection:
            return {row.key: row.parent for row in connection.execute(query)}

    def place(self, chat: str, placed: Mapping[str, Sequence[Placed]]) -> int:
        """Replace the questions that posts (by node key) answer; gives how many posts changed.

        Posts that are not named keep theirs; posts whose words are not kept in this chat have none.
        """
        with self._writing() as connection:
            take_turns(connection)
            before: dict[int, dict[str, str]] = {}
            for row in connection.execute(select(answers).where(answers.c.chat == chat)):
                before.setdefault(row.post, {})[row.question] = row.how
            here = select(posts.c.key, posts.c.id).join(chat_posts, chat_posts.c.post == posts.c.id)
            kept_here = connection.execute(here.where(chat_posts.c.chat == chat, chat_posts.c.store))
            after = {
                row.id: {each.question: each.how for each in placed[row.key]} for row in kept_here if row.key in placed
            }
            changed = {post: found for post, found in after.items() if before.get(post, {}) != found}
            gone = delete(answers).where(answers.c.chat == chat, answers.c.post == bindparam("this"))
            if changed:
                connection.execute(gone, [{"this": post} for post in changed])
            rows = [
                {"chat": chat, "post": post, "question": question, "how": how}
                for post, found in changed.items()
                for question, how in found.items()
            ]
            if rows:
                connection.execute(answers.insert(), rows)
            if changed:
                bump(connection, [chat])
            return len(changed)

    def unchecked(self, network: NetworkName, before: Callable[[Chat], datetime], limit: int) -> tuple[PostRef, ...]:
        """Stored posts not looked up since ``before`` their chat says, oldest first.

        Chats that share a limit are asked for together, so that what is not due is not even read.
        """
        found: dict[str, tuple[datetime, str]] = {}
        with self._reading() as connection:
            limits: dict[datetime, list[str]] = {}
            for stored in stored_chats(connection, exists().where(chat_posts.c.chat == chats.c.id, chat_posts.c.store)):
                limits.setdefault(before(stored.chat), []).append(stored.chat.id)
            for moment, ids in limits.items():
                for some in chunks(ids):
                    query = (
                        select(posts.c.key, posts.c.checked_at, posts.c.data)
                        .join(chat_posts, chat_posts.c.post == posts.c.id)
                        .where(chat_posts.c.chat.in_(some), chat_posts.c.store, posts.c.network == network)
                        .where(posts.c.state == "kept", posts.c.checked_at < moment)
                        .order_by(posts.c.checked_at, posts.c.key)
                        .limit(limit)
                    )
                    found |= {row.key: (row.checked_at, row.data) for row in connection.execute(query)}
        oldest = sorted(found, key=lambda key: (found[key][0], key))[:limit]
        return tuple(codec.ref_in(found[key][1]) for key in oldest)

    def checked(self, refs: Iterable[PostRef], now: datetime) -> None:
        """Note that these posts were looked up."""
        keys = sorted({self.key(ref.network, ref.id) for ref in refs})
        if keys:
            statement = update(posts).where(posts.c.key == bindparam("this"), posts.c.state == "kept")
            with self._writing() as connection:
                connection.execute(statement.values(checked_at=now), [{"this": key} for key in keys])


# -- statements of a batch -----------------------------------------------------------------------------------------


def _different(connection: Connection, comparison: Comparison) -> dict[str, Node | None]:
    """What ``Comparison.compare`` needs to know of the nodes that are not stored just as they were collected."""
    unequal = _unequal(connection, posts, "fingerprint", comparison.fingerprints)
    found: dict[str, Node | None] = dict.fromkeys([*unequal, *comparison.several])
    known = [key for key, is_there in unequal.items() if is_there]
    for row in _read(connection, posts, Node._fields, "key", [*known, *comparison.several]):
        found[row[1]] = Node(*row)
    return found


def _places(connection: Connection, ids: Sequence[int]) -> dict[int, list[Place]]:
    found: dict[int, list[Place]] = {}
    for row in _read(connection, chat_posts, Place._fields, "post", ids):
        place = Place(*row)
        found.setdefault(place.post, []).append(place)
    return found


def _save_authors(connection: Connection, authors: Mapping[str, str]) -> set[str]:
    """Store who wrote the batch; gives the chats of those who call themselves otherwise than before."""
    unequal = _unequal(connection, accounts, "data", authors)
    put(connection, accounts, [{"key": key, "data": authors[key]} for key in sorted(unequal)])
    renamed = [key for key, is_there in unequal.items() if is_there]
    touched: set[str] = set()
    for some in chunks(renamed):
        query = select(chat_posts.c.chat).join(posts, posts.c.id == chat_posts.c.post).distinct()
        touched.update(connection.scalars(query.where(posts.c.account.in_(some), chat_posts.c.store)))
    return touched


def _renew(connection: Connection, work: Work, before: Mapping[str, Node | None]) -> None:
    _update(connection, posts, work.renewed)
    _update(connection, chat_posts, _bound(connection, work.moved))
    if work.moved:
        # Whatever was collected of these last, it was not for all of their chats.
        moved = {place.post for place in work.moved} - {node.id for node in work.renewed}
        unknown = update(posts).where(posts.c.id == bindparam("this")).values(fingerprint=None)
        connection.execute(unknown, [{"this": post} for post in sorted(moved)]) if moved else None
    for chat, keys in work.withdrawn.items():
        withdraw(connection, chat, keys)
    former = {old.account for node in work.renewed if (old := before[node.key])}
    forget_authors(connection, {account for account in former if account} - {node.account for node in work.renewed})


def _holding_up(connection: Connection, unseen: Collection[tuple[str, str]]) -> set[str]:
    """Chats in which some of these nodes (chat, key), shown to nobody themselves, have replies that may be shown."""
    by_chat: dict[str, list[str]] = {}
    for chat, key in unseen:
        by_chat.setdefault(chat, []).append(key)
    found: set[str] = set()
    for chat, keys in by_chat.items():
        for some in chunks(keys):
            query = select(posts.c.key).join(chat_posts, chat_posts.c.post == posts.c.id)
            replies = query.where(chat_posts.c.chat == chat, posts.c.parent.in_(some)).limit(1)
            found.update((chat,) if connection.scalar(replies) else ())
    return found


# The statements below go to the driver as they are, and times as the whole microseconds they are stored as:
# SQLAlchemy's own handling of each value would cost as much again as SQLite does (tests/bench/ingest_sqlite.py).


def _read(
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


def _unequal(connection: Connection, table: Table, column: str, values: Mapping[str, Any]) -> dict[str, bool]:
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


def _bound(connection: Connection, places: Sequence[Place]) -> Sequence[tuple[Any, ...]]:
    """Places as the driver takes them: SQLite has no booleans, and its driver asks long what to make of each."""
    if connection.dialect.name != "sqlite":
        return places
    return [
        (chat, post, +in_thread, +store, +hold, +search, why)
        for chat, post, in_thread, store, hold, search, why in places
    ]


def _insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert whole rows, given in the order of the table's columns."""
    if rows:
        quote, mark = _dialect(connection)
        names = ", ".join(quote(column.name) for column in table.columns)
        marks = ", ".join([mark] * len(table.columns))
        connection.exec_driver_sql(f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})", list(rows))  # noqa: S608 - as above


def _update(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Give rows, found by their key, these values; rows as for ``_insert``."""
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


def _dialect(connection: Connection) -> tuple[Callable[[str], str], str]:
    """How this database quotes a name, and how its driver marks a value."""
    return connection.dialect.identifier_preparer.quote, "?" if connection.dialect.name == "sqlite" else "%s"
