"""What a digest chooses and holds, what hosts said about it, and how people fared in earlier ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, delete, exists, func, select, update

from bot.domain.holding import HeldDigest, HostSaying
from bot.domain.linked import whose
from bot.domain.records import Pick, Quoted
from bot.domain.sweeps import PATIENCE
from bot.storage.base import Base, among, chats_where, inserting, put, restored_in, stored_chats
from bot.storage.engine import take_turns
from bot.storage.errands import errand_row
from bot.storage.linked import persons_in
from bot.storage.tables import chat_posts, chats, digests, errands, host_sayings, picks, posts, prompts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from bot.domain.errands import Errand
    from bot.domain.holding import Saying

_NEXT = timedelta(microseconds=1)
_SHOWN: tuple[ColumnElement[bool], ...] = (chat_posts.c.store, ~chat_posts.c.hold, posts.c.state == "kept")

_SPEAKING = chats_where(among(chats.c.id), ~chats.c.cancelled, chats.c.taken_out_at.is_(None))
_HELD = select(digests).order_by(digests.c.at, digests.c.chat)
_SAID = select(host_sayings).where(host_sayings.c.chat == bindparam("chat")).order_by(host_sayings.c.at)


class Digests(Base):
    """The store's methods about digests on their way out."""

    def quoted(self, chat: str) -> Quoted:
        """How the authors of a chat's shown answers fared in earlier chats of its series.

        Only of what is shown now: who left, or whose answers are not kept any more, was never there.
        """
        mine = select(chats.c.series, chats.c.starts_at).where(chats.c.id == chat)
        shown = select(posts.c.key, posts.c.account).join(chat_posts, chat_posts.c.post == posts.c.id).where(*_SHOWN)
        with self._reading() as connection:
            row = connection.execute(mine).one_or_none()
            if row is None:
                return Quoted()
            earlier = (chats.c.series == row.series, chats.c.starts_at < row.starts_at)
            said = (
                select(posts.c.account)
                .join(chat_posts, chat_posts.c.post == posts.c.id)
                .join(chats, chats.c.id == chat_posts.c.chat)
                .where(*_SHOWN, *earlier)
            )
            persons = persons_in(connection)
            known = {whose(persons, account) for account in connection.scalars(said.distinct())}
            repeated = (
                said.join(picks, (picks.c.chat == chats.c.id) & (picks.c.answer == posts.c.key))
                .where(~_held(picks.c.chat))
                .add_columns(func.max(chats.c.starts_at).label("last"))
                .group_by(posts.c.account)
            )
            last: dict[str, datetime] = {}
            for one in connection.execute(repeated):
                person = whose(persons, one.account)
                last[person] = max(one.last, last.get(person, one.last))
            here = connection.execute(shown.where(chat_posts.c.chat == chat).order_by(posts.c.key)).all()
        authors = {one.key: whose(persons, one.account) for one in here}
        return Quoted(
            last={key: last[person] for key, person in authors.items() if person in last},
            newcomers=frozenset(key for key, person in authors.items() if known and person not in known),
            persons={one.key: authors[one.key] for one in here if one.account in persons},
        )

    def hold_digest(self, chat: str, picks: Sequence[Pick], at: datetime, until: datetime) -> bool:
        """Keep what was chosen for a chat's digest until then; false, and nothing done, where it has one already."""
        written = exists().where(prompts.c.chat == chat, prompts.c.kind == "digest")
        with self._writing() as connection:
            take_turns(connection)
            if connection.scalar(select(written)):
                return False
            statement = inserting(connection, digests).on_conflict_do_nothing().returning(digests.c.chat)
            row = {"chat": chat, "at": at, "until": until, "told": False}
            if connection.execute(statement, row).one_or_none() is None:
                return False
            save_picks(connection, chat, picks)
            return True

    def held_digests(self, now: datetime) -> tuple[HeldDigest, ...]:
        """Digests that are held, oldest first, of chats that may still speak; stopped ones, too.

        For a while none on an account that is not settled since the store was put back: it may be out.
        """
        with self._reading() as connection:
            found = held_in(connection)
            if not found:
                return ()
            restored = restored_in(connection)
            unsettled = restored is not None and now < restored.at + PATIENCE
            settled = set(restored.settled) if restored is not None else set()
            speaking = {
                stored.chat.id
                for stored in stored_chats(connection, _SPEAKING, some=[one.chat for one in found])
                if not unsettled or set(stored.series.accounts) <= settled
            }
            return tuple(one for one in found if one.chat in speaking)

    def held_digest(self, chat: str) -> HeldDigest | None:
        """One chat's held digest; ``None`` where it has none."""
        with self._reading() as connection:
            return next(iter(held_in(connection, _HELD.where(digests.c.chat == chat))), None)

    def choose_again(self, chat: str, picks: Sequence[Pick]) -> bool:
        """Let a held digest have other picks; false, and nothing done, where none is held."""
        with self._writing() as connection:
            take_turns(connection)
            if connection.scalar(select(digests.c.chat).where(digests.c.chat == chat)) is None:
                return False
            save_picks(connection, chat, picks)
            return True

    def send_preview(self, held: HeldDigest, errands: Sequence[Errand]) -> bool:
        """Queue what a chat's hosts are to be sent of its held digest, once.

        False, and nothing done, where other answers are held by now.
        """
        with self._writing() as connection:
            take_turns(connection)  # nobody erases a post of which the address is being queued
            now = held_in(connection, _HELD.where(digests.c.chat == held.chat, ~digests.c.told))
            if [one.picks for one in now] != [held.picks]:
                return False
            statement = inserting(connection, _errands).on_conflict_do_nothing()
            for errand in errands:
                connection.execute(statement, errand_row(errand))
            connection.execute(update(digests).where(digests.c.chat == held.chat).values(told=True))
            return True

    def host_says(self, chat: str, saying: HostSaying) -> None:
        """Remember what a host said about a chat's digest, as an event; of two at one moment both are kept."""
        with self._writing() as connection:
            take_turns(connection)
            later = select(host_sayings.c.at).where(host_sayings.c.chat == chat, host_sayings.c.at >= saying.at)
            taken, at = set(connection.scalars(later)), saying.at
            while at in taken:
                at += _NEXT
            values = {"chat": chat, "at": at, "kind": saying.kind, "answer": saying.answer, "words": saying.words}
            connection.execute(host_sayings.insert(), values | {"reason": saying.reason, "by": saying.by})

    def host_said(self, chat: str) -> tuple[HostSaying, ...]:
        """All that hosts said about a chat's digest, in order of time."""
        with self._reading() as connection:
            return said_in(connection, chat)

    def host_log(self, limit: int) -> tuple[tuple[str, HostSaying], ...]:
        """What hosts said about digests, newest first, each with its chat's id."""
        query = select(host_sayings).order_by(host_sayings.c.at.desc(), host_sayings.c.chat).limit(limit)
        with self._reading() as connection:
            return tuple((row.chat, _saying(row)) for row in connection.execute(query))


_picks, _errands = picks, errands  # methods have arguments of these names, as the port says


def held_in(connection: Connection, query: Select[Any] | None = None) -> tuple[HeldDigest, ...]:
    """Held digests, oldest first, with what they chose and may still be shown; all, or those of ``_HELD.where(…)``."""
    rows = connection.execute(_HELD if query is None else query).all()
    if not rows:
        return ()
    query = (
        select(picks)
        .join(posts, posts.c.key == picks.c.answer)
        .join(chat_posts, (chat_posts.c.post == posts.c.id) & (chat_posts.c.chat == picks.c.chat))
        .where(picks.c.chat.in_([row.chat for row in rows]), *_SHOWN)
        .order_by(picks.c.position)
    )
    chosen: dict[str, list[Pick]] = {}
    for row in connection.execute(query):
        chosen.setdefault(row.chat, []).append(Pick(row.question, row.answer, row.why))
    return tuple(HeldDigest(row.chat, row.at, row.until, tuple(chosen.get(row.chat, ())), row.told) for row in rows)


def said_in(connection: Connection, chat: str) -> tuple[HostSaying, ...]:
    """All that hosts said about a chat's digest, in order of time."""
    return tuple(_saying(row) for row in connection.execute(_SAID, {"chat": chat}))


def save_picks(connection: Connection, chat: str, chosen: Sequence[Pick]) -> None:
    """Let these be what a chat's digest chose, in place of all others."""
    connection.execute(delete(_picks).where(_picks.c.chat == chat))
    rows = [
        {"chat": chat, "position": position, "question": pick.question, "answer": pick.answer, "why": pick.why}
        for position, pick in enumerate(chosen)
    ]
    put(connection, _picks, rows)


def _held(chat: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(digests.c.chat == chat)


def _saying(row: Row[Any]) -> HostSaying:
    kind = cast("Saying", row.kind)
    return HostSaying(row.at, kind, row.by, reason=row.reason, answer=row.answer, words=row.words)
