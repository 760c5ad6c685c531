"""What may be shown: a chat's content, figures, its digest, and which pages were made of what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, delete, exists, func, select, type_coerce

from bot.domain.holding import wanted_by
from bot.domain.naming import as_called, naming
from bot.domain.posts import Tombstone
from bot.domain.records import Answer, ChatContent, ChatFigures, Pick, Placed
from bot.domain.sweeps import PATIENCE
from bot.errors import StoreError
from bot.storage import codec
from bot.storage.base import (
    CHAT,
    IS_EVENT,
    Base,
    among,
    bump,
    chats_where,
    chunks,
    inserting,
    put,
    restored_in,
    stored_chats,
)
from bot.storage.collecting import sent_in
from bot.storage.columns import Moment
from bot.storage.digests import said_in, save_picks
from bot.storage.engine import take_turns
from bot.storage.erasing import minute
from bot.storage.ingest import SILENT
from bot.storage.people import wishes_of
from bot.storage.pictures import copies_in
from bot.storage.plans import add_deliveries
from bot.storage.polls import counted_in
from bot.storage.signups import coming_to
from bot.storage.tables import (
    accounts,
    answers,
    chat_posts,
    chats,
    copies,
    deliveries,
    digests,
    page_marks,
    parts,
    picks,
    posts,
    prompts,
    series,
)
from bot.storage.unnaming import without_names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine, Row, Select

    from bot.domain.copying import Copy
    from bot.domain.naming import Naming
    from bot.domain.outbox import Delivery
    from bot.domain.posts import Account, Post
    from bot.domain.prompts import Prompt
    from bot.domain.records import StoredChat
    from bot.storage.erasures import Erasures

STALE = timedelta(days=7)
"""A digest that could not be written within this long after its grace time is not written any more."""

_ROWS: Select[Any] = (
    select(posts.c.id, posts.c.key, posts.c.parent, posts.c.root, posts.c.at, posts.c.state, posts.c.account)
    .add_columns(posts.c.data, accounts.c.data.label("author"))
    .add_columns(chat_posts.c.in_thread, chat_posts.c.store, chat_posts.c.hold, chat_posts.c.search)
    .add_columns(chat_posts.c.why)
    .select_from(chat_posts)
    .join(posts, posts.c.id == chat_posts.c.post)
    .outerjoin(accounts, accounts.c.key == posts.c.account)
    .where(chat_posts.c.chat == bindparam("chat"))
    .order_by(posts.c.at, posts.c.key)
)
_PLACED = (
    select(answers.c.post, answers.c.question, answers.c.how)
    .outerjoin(prompts, prompts.c.id == answers.c.question)
    .where(answers.c.chat == bindparam("chat"))
    .order_by(prompts.c.number, answers.c.question)
)
_PICKS = (
    select(picks)
    .where(picks.c.chat == bindparam("chat"), ~exists().where(digests.c.chat == picks.c.chat))
    .order_by(picks.c.position)
)
_DIGEST_OF = select(prompts.c.id).where(prompts.c.chat == bindparam("chat"), prompts.c.kind == "digest")
_MATCHED = select(copies.c.copy).where(among(copies.c.copy), copies.c.original != "")
_REVISIONS = select(chats.c.id, chats.c.revision).order_by(chats.c.id)
_FIGURES = (
    select(
        chat_posts.c.chat,
        func.count(posts.c.account.distinct()).label("people"),
        func.count().label("answers"),
        func.sum(posts.c.links).label("links"),
        func.max(posts.c.at).label("latest"),
    )
    .join(posts, posts.c.id == chat_posts.c.post)
    .where(among(chat_posts.c.chat), chat_posts.c.store, ~chat_posts.c.hold, posts.c.state == "kept")
    .group_by(chat_posts.c.chat)
)
_NOBODY = ChatFigures(0, 0, 0, None)
_DUE = type_coerce(chats.c.ends_at + series.c.grace, Moment)
_DIGEST_DUE = chats_where(
    ~chats.c.cancelled,
    chats.c.taken_out_at.is_(None),
    bindparam("now", type_=Moment) >= _DUE,
    bindparam("stale", type_=Moment) < _DUE,
    exists().where(
        deliveries.c.chat == chats.c.id,
        prompts.c.id == deliveries.c.prompt,
        prompts.c.kind == "question",
        parts.c.delivery == deliveries.c.id,
        parts.c.kind == "post",
        parts.c.state == "sent",
    ),
    ~exists().where(prompts.c.chat == chats.c.id, prompts.c.kind == "digest"),
    ~exists().where(digests.c.chat == chats.c.id),
    ~IS_EVENT,  # what people took home is asked about later, and no digest sums it up
)
_MARKS = select(page_marks)


class Pages(Base):
    """The store's methods for ``digest`` and ``archive``; see ``Base`` for the arguments."""

    def __init__(self, engine: Engine, pepper: bytes, erasures: Erasures | None = None) -> None:
        super().__init__(engine, pepper, erasures)
        self._counted: Mapping[str, tuple[int, ChatFigures]] = {}  # by chat: its revision, and its figures then

    def content(self, chat: str) -> ChatContent:
        """All that may be shown of a chat. There is no other way to read answers for people to see.

        Answers are stored and not held. Whatever else stands in the thread of one of our questions, or above a shown
        answer, leaves a tombstone: it holds the thread together and says nothing. Who asked for initials or no name is
        called so, and times that were made less exact may change the order.

        Raises:
            StoreError: there is no such chat.
        """
        with self._reading() as connection:
            stored = next(iter(stored_chats(connection, CHAT, chat=chat)), None)
            if stored is None:
                raise StoreError(f"There is no chat {chat} in the database. `staffroom plan` lists those there are.")
            rows = connection.execute(_ROWS, {"chat": chat}).all()
            placed = _placed_in(connection, chat)
            shown = {row.key: row for row in rows if _shown(row)}
            chosen = connection.execute(_PICKS, {"chat": chat}).all()
            copied = copies_in(connection, chat)
            written_by = {row.account: row.author for row in shown.values()}
            authors = {account: codec.account_from(data) for account, data in written_by.items()}
            said = [
                _answer(row, authors[row.account], placed.get(row.id, ()), copied.get(row.id, ()))
                for row in shown.values()
            ]
            called = self._how_called(connection, chat, authors)
            if called:
                shy = [authors[account] for account in called]
                said = [
                    msgspec.structs.replace(each, post=_as_asked(each.post, called.get(row.account), shy))
                    for row, each in zip(shown.values(), said, strict=True)
                ]
            return ChatContent(
                stored=stored,
                sent=sent_in(connection, chat, self.key),
                answers=tuple(sorted(said, key=lambda each: (each.post.at, each.key)) if called else said),
                tombstones=_tombstones(rows, shown),
                picks=tuple(Pick(row.question, row.answer, row.why) for row in chosen if row.answer in shown),
                left_out=_left_out(connection, rows),
                intro=_intro(connection, chat),
                polls=counted_in(connection, chat),
                coming=coming_to(connection, chat) if stored.chat.event else 0,
            )

    def _how_called(
        self, connection: Connection, chat: str, authors: Mapping[str, Account]
    ) -> dict[str, tuple[Naming, str]]:
        """Of these authors (by account key) those who asked not to be named: how, and an alias for this chat alone."""
        asked = wishes_of(connection, {key: (key, self._called(account)) for key, account in authors.items()})
        found = {key: (naming(wishes), f"person-{self.key(chat, key)[:8]}") for key, wishes in asked.items()}
        return {key: how for key, how in found.items() if how[0] != "named"}

    def figures(self) -> Mapping[str, ChatFigures]:
        """Counts of shown answers by chat id, of every chat.

        A chat is counted again only when its revision grew: counting all 60,000 answers of 200 chats each time was a
        sixth of what one more answer cost the archive.
        """
        known, found = self._counted, dict[str, tuple[int, ChatFigures]]()
        with self._reading() as connection:
            for chat, revision in connection.execute(_REVISIONS).all():
                counted = known.get(chat)
                found[chat] = counted if counted and counted[0] == revision else (revision, _NOBODY)
            for some in chunks([chat for chat, counted in found.items() if counted is not known.get(chat)]):
                for row in connection.execute(_FIGURES, {"some": some}):
                    figures = ChatFigures(row.people, row.answers, int(row.links), row.latest)
                    found[row.chat] = (found[row.chat][0], figures)
        self._counted = found
        return {chat: figures for chat, (_, figures) in found.items()}

    def digest_due(self, now: datetime) -> tuple[StoredChat, ...]:
        """Chats past end and grace that had a question sent and are not cancelled.

        None that has a digest prompt or whose digest is held, nor that was taken out of its series, nor whose digest
        would be ``STALE``, nor for a while one on an account that is not settled since the store was put back.
        """
        with self._reading() as connection:
            found = stored_chats(connection, _DIGEST_DUE, now=now, stale=now - STALE)
            restored = restored_in(connection)
            if restored is None or now >= restored.at + PATIENCE:
                return found
            return tuple(stored for stored in found if set(stored.series.accounts) <= set(restored.settled))

    def save_digest(self, prompt: Prompt, deliveries: Sequence[Delivery], picks: Sequence[Pick], now: datetime) -> None:  # noqa: ARG002 - the port's signature
        """Store a digest prompt, its deliveries and what it chose, all at once; it is not held any more.

        A second time changes nothing. What was chosen but may not be shown any more by now is left out.
        """
        with self._writing() as connection:
            take_turns(connection)  # whoever erases posts changes picks and held digests, too
            statement = inserting(connection, prompts).on_conflict_do_nothing().returning(prompts.c.id)
            if connection.execute(statement, codec.prompt_row(prompt)).one_or_none() is None:
                return
            restored = restored_in(connection)
            notes = restored.notes if restored else {}
            add_deliveries(connection, [_unless_noted(delivery, notes) for delivery in deliveries])
            save_picks(connection, prompt.chat, picks)
            connection.execute(delete(digests).where(digests.c.chat == prompt.chat))
            bump(connection, [prompt.chat])

    def page_marks(self) -> Mapping[str, str]:
        """Fingerprint of the inputs from which each page (path) was last made."""
        with self._reading() as connection:
            return {row.path: row.mark for row in connection.execute(_MARKS)}

    def save_page_marks(self, marks: Mapping[str, str], gone: Collection[str]) -> None:
        """Remember fingerprints, forget those of pages that are gone."""
        with self._writing() as connection:
            put(connection, page_marks, [{"path": path, "mark": mark} for path, mark in sorted(marks.items())])
            self._erased |= bool(gone)  # a picture's path has the name of its bytes in it
            for some in chunks(set(gone) - set(marks)):
                connection.execute(delete(page_marks).where(page_marks.c.path.in_(some)))


def _unless_noted(delivery: Delivery, notes: Mapping[str, str]) -> Delivery:
    """A delivery as it is to be stored: missed, where it was seen that it is out already."""
    why = notes.get(delivery.id)
    return msgspec.structs.replace(delivery, state="missed", error=codec.plain(why)) if why else delivery


def _as_asked(post: Post, how: tuple[Naming, str] | None, shy: Sequence[Account]) -> Post:
    """A post with its author called as asked, and without the handles of those who asked not to be named."""
    text = without_names(post.text, post.ref, post.author, shy)
    post = post if text == post.text else msgspec.structs.replace(post, text=text)
    return as_called(post, *how) if how else post


def _shown(row: Row[Any]) -> bool:
    return row.state == "kept" and row.store and not row.hold


def _placed_in(connection: Connection, chat: str) -> dict[int, tuple[Placed, ...]]:
    found: dict[int, tuple[Placed, ...]] = {}
    for post, question, how in connection.execute(_PLACED, {"chat": chat}):
        found[post] = (*found.get(post, ()), Placed(question, how))
    return found


def _answer(row: Row[Any], author: Account, placed: tuple[Placed, ...], copied: tuple[Copy, ...]) -> Answer:
    post = codec.post_from(row.data, author, row.at)
    return Answer(row.key, row.parent, row.root, post, placed, row.search, copied)


def _tombstones(rows: Sequence[Row[Any]], shown: Mapping[str, Row[Any]]) -> tuple[Tombstone, ...]:
    parent_of = {row.key: row.parent for row in rows}
    above: set[str] = set()
    for key in shown:
        parent = parent_of[key]
        while parent in parent_of and parent not in above:
            above.add(parent)
            parent = parent_of[parent]
    found = [
        Tombstone(key=row.key, parent=row.parent, root=row.root, at=minute(row.at))
        for row in rows
        if row.key not in shown and ((row.in_thread and row.why not in SILENT) or row.key in above)
    ]
    return tuple(sorted(found, key=lambda each: (each.at, each.key)))


def _intro(connection: Connection, chat: str) -> str:
    """The hosts' own words, from the moment on when the digest they are for is no longer held."""
    written = connection.scalar(_DIGEST_OF, {"chat": chat})
    return "" if written is None else wanted_by(said_in(connection, chat)).intro


def _left_out(connection: Connection, rows: Sequence[Row[Any]]) -> int:
    """How many posts in the threads of our questions are not archived; requests and matched copies are no answers."""
    bare = {row.key for row in rows if row.state == "bare" and row.in_thread and row.why not in ("request", "gone")}
    matched: set[str] = set()
    for some in chunks(bare):
        matched.update(connection.scalars(_MATCHED, {"some": some}))
    return len(bare - matched)
