"""Pictures of participants: which are to be copied, the copies, and their end.

A row stands here only while its answer is shown somewhere by its author's consent, and a person released it with
exactly this file attached. Whatever ends that deletes the row in the same transaction: ``drop`` asks only where the
answer stands, so that no way of erasing has to know why.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, insert, or_, select, update

from bot.domain.alarms import words_read
from bot.domain.copying import Copy, ToCopy, may_show, wanted
from bot.domain.naming import naming
from bot.storage import codec
from bot.storage.base import Base, bump, chats_of, chunks, ids_of
from bot.storage.engine import take_turns
from bot.storage.people import wishes_of
from bot.storage.tables import accounts, chat_posts, pictures, posts, rulings

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, Connection, Row

    from bot.domain.posts import NetworkName

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
JOINED = "joined"
MOST_LOOKED_AT = 1000
"""Pictures of which it is asked at once whose they are: those of who asked for no name are passed over."""

_MEDIA = '"media":['
_BY_CONSENT = (chat_posts.c.store, ~chat_posts.c.hold, chat_posts.c.why == JOINED)
_COPIES = (
    select(pictures.c.post, pictures.c.position, pictures.c.sha256, pictures.c.width, pictures.c.height)
    .join(chat_posts, chat_posts.c.post == pictures.c.post)
    .where(chat_posts.c.chat == bindparam("chat"), *_BY_CONSENT)
    .where(or_(pictures.c.sha256.is_not(None), pictures.c.retry_at.is_(None)))
    .order_by(pictures.c.post, pictures.c.position)
)
_WANTED = (
    select(pictures, posts.c.key.label("node"), posts.c.data.label("words"), posts.c.account)
    .add_columns(accounts.c.data.label("author"))
    .join(posts, posts.c.id == pictures.c.post)
    .join(accounts, accounts.c.key == posts.c.account)
    .where(posts.c.state == "kept", posts.c.network == bindparam("network"))
    .where(pictures.c.retry_at <= bindparam("now"))
    .order_by(pictures.c.retry_at, pictures.c.post, pictures.c.position)
    .limit(MOST_LOOKED_AT)
)
_COPIED = select(pictures.c.post).where(pictures.c.sha256.is_not(None))
_ALL_SHOWN = (
    select(chat_posts.c.chat, pictures.c.sha256)
    .join(pictures, pictures.c.post == chat_posts.c.post)
    .where(*_BY_CONSENT, chat_posts.c.post.in_(_COPIED))  # else SQLite begins with all posts, and not with few pictures
    .where(pictures.c.sha256.is_not(None))
    .distinct()
    .order_by(chat_posts.c.chat, pictures.c.sha256)
)


def shown_by_consent(post: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column of another table
    """Whether a post (its number's column) is shown somewhere by its author's consent."""
    return exists().where(chat_posts.c.post == post, *_BY_CONSENT)


def drop(connection: Connection, keys: Collection[str]) -> bool:
    """Delete the pictures of those of these posts (by node key) that may not have any now; whether there were some."""
    found = False
    for some in chunks(keys):
        theirs = delete(pictures).where(pictures.c.post.in_(ids_of(some)), ~shown_by_consent(pictures.c.post))
        found |= connection.execute(theirs).rowcount > 0
    return found


def tend(connection: Connection, keys: Collection[str]) -> bool:
    """The same for posts that changed; and note what is to be copied of them. Gives whether pictures were deleted."""
    found = drop(connection, keys)
    for some in chunks(keys):
        query = (
            select(posts.c.id, posts.c.key, posts.c.data, posts.c.at, accounts.c.data.label("author"))
            .join(accounts, accounts.c.key == posts.c.account)
            .where(posts.c.key.in_(some), posts.c.state == "kept", posts.c.data.contains(_MEDIA))
            .where(shown_by_consent(posts.c.id))
            .order_by(posts.c.id)
        )
        rows = connection.execute(query).all()
        read = _read(connection, [row.key for row in rows])
        for row in rows:
            found |= _note(connection, row, read.get(row.key))
    return found


def _read(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """By node key, the fingerprint of what was released, for posts whose latest ruling is a release."""
    latest: dict[str, int | None] = {}
    for some in chunks(keys):
        query = select(rulings.c.post, rulings.c.kind, rulings.c.words).where(rulings.c.post.in_(some))
        for row in connection.execute(query.order_by(rulings.c.at)):
            latest[row.post] = row.words if row.kind == "released" else None
    return {key: words for key, words in latest.items() if words is not None}


def _note(connection: Connection, row: Row[*tuple[Any, ...]], read: int | None) -> bool:
    """Bring the rows of one post in line with what is attached to it; whether any was deleted."""
    post = codec.post_from(row.data, codec.account_from(row.author), row.at)
    may = read is not None and read == words_read(post)
    labels = (*post.labels, *post.author.signals.labels)
    wants = wanted(post.media, warning=post.warning, labels=labels) if may else {}
    asked = select(pictures.c.position, pictures.c.key).where(pictures.c.post == row.id)
    there = {one.position: one.key for one in connection.execute(asked)}
    gone = [position for position, key in there.items() if wants.get(position) != key]
    if gone:
        connection.execute(delete(pictures).where(pictures.c.post == row.id, pictures.c.position.in_(gone)))
    new = [
        {"post": row.id, "position": position, "key": codec.plain(key), **_NOTHING}
        for position, key in wants.items()
        if position not in there or position in gone
    ]
    if new:
        connection.execute(insert(pictures), new)
    return bool(gone)


_NOTHING = {"attempts": 0, "retry_at": AT_ONCE, "sha256": None, "width": 0, "height": 0, "data": None}


def empty(connection: Connection, account: str) -> None:
    """Delete the bytes of all pictures of an account; they are copied again if it may be shown with them again."""
    theirs = select(posts.c.id).where(posts.c.account == account)
    connection.execute(update(pictures).where(pictures.c.post.in_(theirs)).values(_NOTHING))


def copies_in(connection: Connection, chat: str) -> dict[int, tuple[Copy, ...]]:
    """What was copied, or given up, of the answers that are shown in a chat by consent, by their numbers."""
    found: dict[int, tuple[Copy, ...]] = {}
    for row in connection.execute(_COPIES, {"chat": chat}):
        copy = Copy(row.position, row.sha256 or "", row.width, row.height)
        found[row.post] = (*found.get(row.post, ()), copy)
    return found


class Pictures(Base):
    """The store's methods about pictures of participants."""

    def pictures_wanted(self, network: NetworkName, now: datetime, limit: int) -> tuple[ToCopy, ...]:
        """What is to be copied now from a network, longest due first; of who asked for no name, nothing."""
        with self._reading() as connection:
            rows = connection.execute(_WANTED, {"network": network, "now": now}).all()
            if not rows:
                return ()
            shy = self._shy(connection, {row.account: row.author for row in rows})
        due = [row for row in rows if row.account not in shy][:limit]
        return tuple(ToCopy(row.node, row.position, row.key, codec.ref_in(row.words), row.attempts) for row in due)

    def picture_copied(self, one: ToCopy, data: bytes, sha256: str, width: int, height: int) -> bool:
        """Keep the copy of a picture; false, and nothing kept, where it may not be kept any more."""
        values = {"sha256": sha256, "width": width, "height": height, "data": data, "retry_at": None}
        return self._settle(one, values)

    def picture_lost(self, one: ToCopy, retry_at: datetime | None) -> None:
        """It could not be had; to be tried again then, or (``None``) left where it is, which its answer then says."""
        self._settle(one, {"attempts": one.attempts + 1, "retry_at": retry_at})

    def _settle(self, one: ToCopy, values: dict[str, Any]) -> bool:
        with self._writing() as connection:
            take_turns(connection)
            author = (
                select(posts.c.id, accounts.c.key, accounts.c.data)
                .join(accounts, accounts.c.key == posts.c.account)
                .where(posts.c.key == one.post, posts.c.state == "kept", shown_by_consent(posts.c.id))
            )
            row = connection.execute(author).one_or_none()
            if row is None or self._shy(connection, {row.key: row.data}):
                return False
            this = (pictures.c.post == row.id, pictures.c.position == one.position, pictures.c.key == one.key)
            waits = (pictures.c.retry_at.is_not(None), pictures.c.attempts == one.attempts)
            settled = connection.execute(update(pictures).where(*this, *waits).values(values)).rowcount > 0
            if settled and values["retry_at"] is None:
                bump(connection, chats_of(connection, [one.post]))
            return settled

    def pictures_shown(self) -> Mapping[str, tuple[str, ...]]:
        """The copies (SHA-256) that the pages of each chat show, by chat id; those without any are left out."""
        found: dict[str, tuple[str, ...]] = {}
        with self._reading() as connection:
            for row in connection.execute(_ALL_SHOWN):
                found[row.chat] = (*found.get(row.chat, ()), row.sha256)
        return found

    def picture(self, sha256: str) -> bytes:
        """A copy's bytes; nothing where there is none any more."""
        with self._reading() as connection:
            query = select(pictures.c.data).where(pictures.c.sha256 == sha256).limit(1)
            return connection.scalar(query) or b""

    def _shy(self, connection: Connection, authors: Mapping[str, str]) -> set[str]:
        """Of these accounts (key → JSON) those who asked not to be named."""
        called = {key: (key, self._called(codec.account_from(data))) for key, data in authors.items()}
        asked = wishes_of(connection, called)
        return {key for key, wishes in asked.items() if not may_show(naming(wishes))}
