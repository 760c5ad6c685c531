"""What people ask of us, and what it does to what is stored, at once and in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, update

from bot.domain.consent import standing_wish
from bot.domain.copying import may_show
from bot.domain.naming import naming
from bot.domain.takingpart import RECORD_WRITTEN, TOLD_OF_RECORDS
from bot.ports import Person
from bot.storage import codec
from bot.storage.base import Base, bump, chats_of, chunks, ids_of, inserting, note
from bot.storage.downloads import end_downloads_of, forget_errands
from bot.storage.engine import take_turns
from bot.storage.erasing import NOWHERE, erase, withdraw
from bot.storage.linked import part_from_all
from bot.storage.people import named_by, wishes_of, wishes_under
from bot.storage.picking import unpick
from bot.storage.pictures import JOINED, empty, tend
from bot.storage.scrubbing import begin_again, blot_out, repeating, scrub
from bot.storage.signups import take_off_lists
from bot.storage.tables import accounts, chat_posts, chats, consents, cursors, left_out, posts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from bot.domain.consent import Wish, WishKind

ASKED = "asked"
"""The hold (``consent.Hold``) of whom asked to wait."""


class Wishes(Base):
    """The store's methods about wishes and the people who have them."""

    def wishes(self, account_keys: Collection[str]) -> Mapping[str, tuple[Wish, ...]]:
        """What was asked of us under these keys, in order of time; ``()`` where nothing."""
        with self._reading() as connection:
            return wishes_under(connection, account_keys)

    def add_wish(self, account_key: str, wish: Wish, source: str) -> None:
        """Remember a wish as an event; the same event twice is one. What follows from it is done at once.

        Where the account's latest wish is now to leave, the words of its posts go, and where they were that were left
        out. Where it is to wait, its answers are held; where it is to be kept, they are not held for that any more.
        Another wish about how it is called makes its chats' pages anew, and digests that have not left.
        """
        row = {"account": account_key, "kind": wish.kind, "series": wish.series, "at": wish.at, "source": source}
        with self._writing() as connection:
            take_turns(connection)
            connection.execute(inserting(connection, consents).on_conflict_do_nothing(), row)
            note(connection, "wish", at=wish.at, key=account_key, what=wish.kind, series=wish.series)
            self._carry_out(connection, account_key, wish.kind)

    def _carry_out(self, connection: Connection, account_key: str, kind: WishKind) -> None:
        """Do what follows from all wishes known now, where one of this kind was added last."""
        if kind in ("record", "research", "noresearch"):  # it changes nothing that is kept or shown
            return
        people = {
            key: (key, self._called(account))
            for key, account in named_by(connection, account_key, self._called).items()
        }
        if kind in ("stopped", "gone"):
            for key in {account_key, *people}:
                self._forget_records(connection, key)
            self._erased |= take_off_lists(connection, {account_key, *people})
            both = {account_key, *people, *(called for _, called in people.values())} - {""}
            self._erased |= part_from_all(connection, both, self.key)
        if kind == "stopped":
            self._forget_addresses(connection, account_key)
        for person, wishes in wishes_of(connection, people).items():
            self._erased = True  # a digest, if nothing else, may lose words
            if kind == "stopped":
                self._let_go(connection, person, wishes)
            elif kind in ("paused", "joined"):
                _hold_back(connection, person, wishes)
                _join(connection, person, wishes)
            else:
                if not may_show(naming(wishes)):
                    empty(connection, person)
                _call_otherwise(connection, person, digests=kind not in ("listed", "unlisted"))

    def _forget_records(self, connection: Connection, account_key: str) -> None:
        """Forget what tells who asked for a record and has not left yet, when one was written, and where one waits."""
        written = cursors.c.account == account_key, cursors.c.stream == RECORD_WRITTEN
        connection.execute(delete(cursors).where(*written))
        self._erased |= end_downloads_of(connection, [account_key])
        self._erased |= forget_errands(connection, TOLD_OF_RECORDS, account_key)

    def person(self, account_key: str) -> Person | None:
        """All that is kept about an account, for its owner; ``None`` if nothing is. Posts in order of (time, chat)."""
        with self._reading() as connection:
            data = connection.scalar(select(accounts.c.data).where(accounts.c.key == account_key))
            if data is None:
                return None
            account = codec.account_from(data)
            query = (
                select(chat_posts.c.chat, posts.c.data, posts.c.at)
                .join(posts, posts.c.id == chat_posts.c.post)
                .where(posts.c.account == account_key, chat_posts.c.store, posts.c.state == "kept")
                .order_by(posts.c.at, posts.c.key, chat_posts.c.chat)
            )
            said = tuple(
                (row.chat, codec.post_from(row.data, account, row.at)) for row in connection.execute(query).all()
            )
            asked = wishes_of(connection, {account_key: (account_key, self._called(account))})
            return Person(account, said, tuple(sorted(asked.get(account_key, ()), key=lambda wish: wish.at)))

    def answers_of(self, account_key: str, chat: str) -> tuple[str, ...]:
        """Node keys of an account's kept posts in a chat, newest first."""
        query = (
            select(posts.c.key)
            .join(chat_posts, chat_posts.c.post == posts.c.id)
            .where(posts.c.account == account_key, posts.c.state == "kept")
            .where(chat_posts.c.chat == chat, chat_posts.c.store)
            .order_by(posts.c.at.desc(), posts.c.key)
        )
        with self._reading() as connection:
            return tuple(connection.scalars(query))

    def author_of(self, key: str) -> str:
        """Key of the account that wrote a kept post (by node key); empty if it is not kept."""
        with self._reading() as connection:
            kept = select(posts.c.account).where(posts.c.key == key, posts.c.state == "kept")
            return connection.scalar(kept) or ""

    def _forget_addresses(self, connection: Connection, account_key: str) -> None:
        """Forget where posts are that were left out, where they stand in a series that their author left."""
        query = (
            select(left_out.c.post, left_out.c.author, left_out.c.called, chats.c.series)
            .join(chat_posts, chat_posts.c.post == left_out.c.post)
            .join(chats, chats.c.id == chat_posts.c.chat)
            .where(or_(left_out.c.author == account_key, left_out.c.called == account_key))
        )
        rows = connection.execute(query).all()
        asked = wishes_of(connection, {row.author: (row.author, row.called) for row in rows})
        gone = {row.post for row in rows if standing_wish(asked.get(row.author, ()), row.series) == "stopped"}
        if gone:
            self._erased = True
            connection.execute(delete(left_out).where(left_out.c.post.in_(sorted(gone))))

    def _let_go(self, connection: Connection, person: str, wishes: tuple[Wish, ...]) -> None:
        """Erase what an account said in the series it left."""
        left: dict[str, list[str]] = {}
        keys: set[str] = set()
        for row in _said_by(connection, person):
            if standing_wish(wishes, row.series) == "stopped":
                left.setdefault(row.chat, []).append(row.key)
                keys.add(row.key)
        if not keys:
            return
        self._erased = True
        touched = chats_of(connection, keys)
        _compare_anew(connection, keys)
        for chat, some in left.items():
            for each in chunks(some):
                here = update(chat_posts).where(chat_posts.c.chat == chat, chat_posts.c.post.in_(ids_of(each)))
                connection.execute(here.values(**NOWHERE, why="stopped"))
            withdraw(connection, chat, some)
        still: set[str] = set()
        for each in chunks(keys):
            elsewhere = select(posts.c.key).join(chat_posts, chat_posts.c.post == posts.c.id)
            still.update(connection.scalars(elsewhere.where(posts.c.key.in_(each), chat_posts.c.store)))
        erase(connection, dict.fromkeys(keys - still, "erased"))
        bump(connection, touched)


def _said_by(connection: Connection, person: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """Where an account's kept posts stand: chat, key, number, series, why they are kept, whether and why held there."""
    query = (
        select(chat_posts.c.chat, posts.c.key, posts.c.id, chats.c.series, chat_posts.c.hold, chat_posts.c.held)
        .add_columns(chat_posts.c.why)
        .join(posts, posts.c.id == chat_posts.c.post)
        .join(chats, chats.c.id == chat_posts.c.chat)
        .where(posts.c.account == person, chat_posts.c.store)
    )
    return connection.execute(query).all()


def _hold_back(connection: Connection, person: str, wishes: tuple[Wish, ...]) -> None:
    """Hold what an account said where it asked to wait, and do not hold it for that where it asked to be kept."""
    changed: dict[str, set[str]] = {}
    for row in _said_by(connection, person):
        wish = standing_wish(wishes, row.series)
        reasons = row.held.split()
        if row.hold and not reasons:  # why it is held is told by the next look-up, this wish with it
            continue
        if wish == "paused" and ASKED not in reasons:
            values = {"hold": True, "held": " ".join((*reasons, ASKED))}
        elif wish == "joined" and ASKED in reasons:
            others = [reason for reason in reasons if reason != ASKED]
            values = {"hold": bool(others), "held": " ".join(others)}
        else:
            continue
        here = update(chat_posts).where(chat_posts.c.chat == row.chat, chat_posts.c.post == row.id)
        connection.execute(here.values(values))
        changed.setdefault(row.chat, set()).add(row.key)
        if wish == "paused":
            unpick(connection, [row.key], row.chat)
            end_downloads_of(connection, [person])
    _compare_anew(connection, {key for keys in changed.values() for key in keys})
    for chat, keys in changed.items():
        scrub(connection, repeating(connection, keys, chat))
    begin_again(connection, changed)
    bump(connection, changed)


def _join(connection: Connection, person: str, wishes: tuple[Wish, ...]) -> None:
    """What is kept of an account stands by its consent from now on where it joined, as the next look-up would say.

    What may be copied of its pictures, and what not any more, follows.
    """
    keys: set[str] = set()
    for row in _said_by(connection, person):
        if standing_wish(wishes, row.series) == "joined" and row.why != JOINED:
            here = update(chat_posts).where(chat_posts.c.chat == row.chat, chat_posts.c.post == row.id)
            connection.execute(here.values(why=JOINED))
            keys.add(row.key)
    _compare_anew(connection, keys)
    tend(connection, {row.key for row in _said_by(connection, person)})


def _call_otherwise(connection: Connection, person: str, *, digests: bool) -> None:
    """Make anew what names an account: its chats' pages, and ``digests`` that have not left."""
    said = _said_by(connection, person)
    touched = {row.chat for row in said}
    if digests:
        blot_out(connection, {row.key for row in said}, sent=False)
        begin_again(connection, touched)
    bump(connection, touched)


def _compare_anew(connection: Connection, keys: Collection[str]) -> None:
    """Let these posts be compared when they are seen next, though they look as they did."""
    for some in chunks(keys):
        connection.execute(update(posts).where(posts.c.key.in_(some)).values(fingerprint=None))
