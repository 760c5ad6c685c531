"""Writing a batch of collected posts inside a transaction, and what to do where one of them spoils it.

Most of a batch was seen before and costs one comparison; see ``ingest.Comparison``, which says what to write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from bot.ports import Stored
from bot.storage import codec
from bot.storage.base import Base, bump, chunks, note, put
from bot.storage.bulk import insert_rows, read_rows, unequal_rows, update_rows
from bot.storage.downloads import end_downloads_of
from bot.storage.engine import take_turns
from bot.storage.erasing import erase, forget_authors, withdraw
from bot.storage.ingest import Before, Comparison, LeftOut, Node, Place, Work
from bot.storage.pictures import tend
from bot.storage.scrubbing import repeating, scrub
from bot.storage.tables import accounts, chat_posts, left_out, posts, set_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.domain.records import Candidate

_SPOILING = (ValueError, OverflowError, StatementError)
"""What comes of a value that cannot be encoded or stored: a lone surrogate, NUL, a chat that is not there any more.
``_spoilt`` tells those from a database that is out of order; a mistake of ours keeps its traceback."""


class Spoilt(NamedTuple):
    """One post that could not be stored: which, and why, in words that repeat nothing of it."""

    event: str
    error: str


class Batches(Base):
    """Storing batches, for the store's methods that do."""

    def _store(
        self, batch: Sequence[Candidate], now: datetime, rest: Callable[[Connection, Sequence[Spoilt]], None]
    ) -> Stored:
        """Store a batch and the ``rest`` in one transaction; where one post spoils the batch, all others.

        Args:
            batch: candidates.
            now: UTC.
            rest: writes what belongs to it; gets what could not be stored.
        """
        try:
            ready = Comparison(batch, self.key, now)  # before anybody has to wait for us
            with self._writing() as connection:
                take_turns(connection)
                stored = self._written(connection, ready)
                rest(connection, ())
                return stored
        except _SPOILING as error:
            if not _spoilt(error):
                raise
        with self._writing() as connection:
            take_turns(connection)
            stored, spoilt = self._one_by_one(connection, batch, now)
            rest(connection, spoilt)
            return stored

    def _one_by_one(
        self, connection: Connection, batch: Sequence[Candidate], now: datetime
    ) -> tuple[Stored, tuple[Spoilt, ...]]:
        """Store what can be stored of a batch, halved until what spoils it is alone."""
        if not batch:
            return Stored(0, 0), ()
        try:
            with connection.begin_nested():
                return self._written(connection, Comparison(batch, self.key, now)), ()
        except _SPOILING as error:
            if not _spoilt(error):
                raise
            if len(batch) == 1:
                return Stored(0, 0), (_said(batch[0], error),)
        halves = (batch[: len(batch) // 2], batch[len(batch) // 2 :])
        (one, first), (other, second) = (self._one_by_one(connection, half, now) for half in halves)
        return Stored(one.new + other.new, one.changed + other.changed), first + second

    def _written(self, connection: Connection, comparison: Comparison) -> Stored:
        """Compare a batch with what is stored, and write what differs."""
        different = _different(connection, comparison)
        if not different:
            return Stored(0, 0)
        ids = [node.id for node in different.values() if node]
        left = [node.id for node in different.values() if node and node.state != "kept"]
        before = Before(_places(connection, ids), _left_out(connection, left))
        last = connection.exec_driver_sql("SELECT MAX(id) FROM posts").scalar() or 0
        work = comparison.compare(different, before, last)
        _note(connection, work, different)
        touched = _save_authors(connection, work.authors)
        insert_rows(connection, posts, work.nodes)
        insert_rows(connection, chat_posts, _bound(connection, work.places))
        if work.renewed or work.moved:
            _renew(connection, work, different)
        if work.erased:
            erase(connection, work.erased)
        if work.let_in:
            connection.execute(delete(left_out).where(left_out.c.post == bindparam("this")), _these(work.let_in))
        if work.erased or work.let_in or work.withdrawn or work.hidden:
            self._erased = True
        put(connection, left_out, [row._asdict() for row in work.left_out])
        if authors := _shown_otherwise(work, different):
            self._erased |= end_downloads_of(connection, authors)
        self._erased |= tend(connection, work.changed | {node.key for node in work.nodes if _has_media(node)})
        bump(connection, touched | work.visible | _holding_up(connection, work.unseen))
        return Stored(new=len(work.nodes), changed=len(work.changed))


def _note(connection: Connection, work: Work, before: Mapping[str, Node | None]) -> None:
    """Put into the list of erasures what of this work takes words away, and what lets them in again."""
    for key, state in sorted(work.erased.items()):
        note(connection, "gone", key=key, what=state)
    for node, old in _reworded(work, before):
        note(connection, "edited" if old.state == "kept" else "again", key=node.key)
    for chat, keys in sorted(work.withdrawn.items()):
        for key in sorted(set(keys) - set(work.erased)):
            note(connection, "withdrawn", key=key, chat=chat)
    for chat, keys in sorted(work.hidden.items()):
        for key in sorted(keys):
            note(connection, "held", key=key, chat=chat)


def _reworded(work: Work, before: Mapping[str, Node | None]) -> Iterator[tuple[Node, Node]]:
    """Kept nodes whose words are others than before, each with what it was."""
    for node in work.renewed:
        old = before[node.key]
        if node.state == "kept" and old is not None and old.data != node.data:
            yield node, old


def _shown_otherwise(work: Work, before: Mapping[str, Node | None]) -> set[str]:
    """Authors (by account key) of kept words that were edited, or may not be shown in a chat any more."""
    hidden = {key for keys in (*work.hidden.values(), *work.withdrawn.values()) for key in keys}
    nodes = [old for _, old in _reworded(work, before)]
    nodes += [old for key in hidden if (old := before[key]) is not None]
    return {old.account for old in nodes if old.account is not None}


def _has_media(node: Node) -> bool:
    return node.data is not None and '"media":[' in node.data


def put_aside(connection: Connection, account: str, spoilt: Sequence[tuple[str, str]], now: datetime) -> None:
    """Remember what could not be read or stored: (event, error) of an account of ours; the same event is one row."""
    for event, error in spoilt:
        row = {"account": account, "event": codec.plain(event), "error": codec.plain(error), "at": now}
        put(connection, set_aside, [row])


def _spoilt(error: Exception) -> bool:
    """Whether an error lies in what was to be stored; otherwise in the database or in us."""
    if isinstance(error, StatementError):
        return isinstance(error, (DataError, IntegrityError)) or isinstance(error.orig, (ValueError, OverflowError))
    return True


def _said(each: Candidate, error: Exception) -> Spoilt:
    cause = error.orig if isinstance(error, StatementError) and error.orig else error
    reason = f": {cause.reason}" if isinstance(cause, UnicodeEncodeError) else ""  # says nothing of the text
    return Spoilt(f"{each.post.ref.network} {each.key}", f"{type(cause).__name__}{reason}")


def _these(ids: Collection[int]) -> list[dict[str, int]]:
    return [{"this": each} for each in ids]


def _left_out(connection: Connection, ids: Sequence[int]) -> dict[int, LeftOut]:
    return {row[0]: LeftOut(*row) for row in read_rows(connection, left_out, LeftOut._fields, "post", ids)}


def _different(connection: Connection, comparison: Comparison) -> dict[str, Node | None]:
    """What ``Comparison.compare`` needs to know of the nodes that are not stored just as they were collected."""
    unequal = unequal_rows(connection, posts, "fingerprint", comparison.fingerprints)
    found: dict[str, Node | None] = dict.fromkeys([*unequal, *comparison.several])
    known = [key for key, is_there in unequal.items() if is_there]
    for row in read_rows(connection, posts, Node._fields, "key", [*known, *comparison.several]):
        found[row[1]] = Node(*row)
    return found


def _places(connection: Connection, ids: Sequence[int]) -> dict[int, list[Place]]:
    found: dict[int, list[Place]] = {}
    for row in read_rows(connection, chat_posts, Place._fields, "post", ids):
        place = Place(*row)
        found.setdefault(place.post, []).append(place)
    return found


def _save_authors(connection: Connection, authors: Mapping[str, str]) -> set[str]:
    """Store who wrote the batch; gives the chats of those who call themselves otherwise than before."""
    unequal = unequal_rows(connection, accounts, "data", authors)
    put(connection, accounts, [{"key": key, "data": authors[key]} for key in sorted(unequal)])
    renamed = [key for key, is_there in unequal.items() if is_there]
    touched: set[str] = set()
    for some in chunks(renamed):
        query = select(chat_posts.c.chat).join(posts, posts.c.id == chat_posts.c.post).distinct()
        touched.update(connection.scalars(query.where(posts.c.account.in_(some), chat_posts.c.store)))
    return touched


def _renew(connection: Connection, work: Work, before: Mapping[str, Node | None]) -> None:
    update_rows(connection, posts, work.renewed)
    update_rows(connection, chat_posts, _bound(connection, work.moved))
    if work.moved:
        # Whatever was collected of these last, it was not for all of their chats.
        moved = {place.post for place in work.moved} - {node.id for node in work.renewed}
        unknown = update(posts).where(posts.c.id == bindparam("this")).values(fingerprint=None)
        connection.execute(unknown, _these(sorted(moved))) if moved else None
    for chat, keys in work.withdrawn.items():
        withdraw(connection, chat, keys)
    for chat, keys in work.hidden.items():
        scrub(connection, repeating(connection, keys, chat))
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


def _bound(connection: Connection, places: Sequence[Place]) -> Sequence[tuple[Any, ...]]:
    """Places as the driver takes them: SQLite has no booleans, and its driver asks long what to make of each."""
    if connection.dialect.name != "sqlite":
        return places
    return [
        (chat, post, +in_thread, +store, +hold, +search, why, held)
        for chat, post, in_thread, store, hold, search, why, held in places
    ]
