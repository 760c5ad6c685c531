"""Carrying out again, in a backup, what left after it was made: before a word of it reaches a database in use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, delete, exists, select, update

from bot.domain.consent import Wish, standing_wish
from bot.domain.linked import Claim
from bot.domain.mentions import unname
from bot.domain.posts import handle_id
from bot.storage import codec
from bot.storage.badges import replay_badges
from bot.storage.base import bump, chats_of, chunks, ids_of, inserting
from bot.storage.erasing import NOWHERE, bury_posts, erase, withdraw
from bot.storage.following import end_again
from bot.storage.keeping import Keeping
from bot.storage.linked import end_links
from bot.storage.people import wishes_of
from bot.storage.permitting import decline_again
from bot.storage.picking import unpick
from bot.storage.pictures import drop
from bot.storage.plans import Plans
from bot.storage.scrubbing import blot_out, repeating, scrub
from bot.storage.signups import sign_off_again
from bot.storage.tables import accounts, chat_posts, chats, consents, left_out, posts, rulings
from bot.storage.wishes import Wishes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from bot.domain.consent import WishKind
    from bot.domain.posts import PostRef
    from bot.domain.richtext import Mention
    from bot.storage.erasures import Line

BEFORE = timedelta(days=1)
"""How long before a backup was made a line may have been written for something that is not in it yet: clocks differ."""

SOURCE = "the list of erasures"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Replaying(Plans, Wishes, Keeping):
    """The store's method for what the list of erasures tells."""

    def replay(self, lines: Sequence[Line], taken: datetime, now: datetime) -> int:
        """Carry out what a list tells; gives how many of its lines are not older than the backup.

        The last word about each post counts, and the later of leaving and joining, as in life. Where words were edited,
        held, or let in again since, the old ones are held until they were looked up: that decides anew.

        Args:
            lines: of the list, in their order.
            taken: when the backup was made, UTC.
            now: UTC.
        """
        since = [line for line in lines if line.at >= taken - BEFORE]
        asked = [line for line in lines if line.kind in ("wish", "ruling")]  # all: one event twice is one
        with self._writing() as connection:
            self._forget_chats(connection, {line.chat for line in since if line.kind == "forgotten"})
            _remember(connection, asked)
            self._take_out(connection, since)
            end_again(connection, [(line.key, line.at) for line in since if line.kind == "unfollowed"])
            sign_off_again(connection, [line for line in since if line.kind == "signed-off"])
            ended = [Claim("not", line.key, line.what, line.at) for line in lines if line.kind == "unlinked"]
            end_links(connection, ended, SOURCE)
            self._forget_claims(connection, now)
            decline_again(connection, [(line.key, line.what, line.at) for line in since if line.kind == "declined"])
            for key, kind in dict.fromkeys((line.key, line.what) for line in asked if line.kind == "wish"):
                self._carry_out(connection, key, cast("WishKind", kind))
            self._unname_everywhere(connection)
            replay_badges(connection, since)
            bump(connection, connection.scalars(select(chats.c.id)).all())
            self._erased = True
        for chat in sorted({line.chat for line in since if line.kind == "cancelled"}):
            self.cancel(chat, now)
        self.forget_old(now)
        return len(since)

    def _forget_chats(self, connection: Connection, ids: Collection[str]) -> None:
        for chat in sorted(set(ids) & set(connection.scalars(select(chats.c.id)))):
            self._forget(connection, chat)

    def _take_out(self, connection: Connection, lines: Sequence[Line]) -> None:
        """Take out words by node key, where the last line about them says so."""
        last = {line.key: line for line in lines if line.kind in ("gone", "again")}
        gone = {key: line.what for key, line in last.items() if line.kind == "gone"}
        joined = self._joined(connection, [key for key, state in gone.items() if state == "erased"])
        bury_posts(connection, {key for key, state in gone.items() if state == "buried"})
        others = {key: state for key, state in gone.items() if state != "buried" and key not in joined}
        erase(connection, _kept(connection, others))
        for some in chunks(others):
            connection.execute(delete(left_out).where(left_out.c.post.in_(ids_of(some))))
        withdrawn: dict[str, list[str]] = {}
        for line in lines:
            if line.kind == "withdrawn":
                withdrawn.setdefault(line.chat, []).append(line.key)
        for chat, keys in withdrawn.items():
            _withdraw(connection, chat, keys)
        again = {key for key, line in last.items() if line.kind == "again"}
        _hold(connection, again | joined | {line.key for line in lines if line.kind in ("edited", "held")})

    def _joined(self, connection: Connection, keys: Collection[str]) -> set[str]:
        """Of these posts those whose author's latest wish, wherever they stand, is to be kept."""
        query = (
            select(posts.c.key, chats.c.series, accounts.c.key.label("author"), accounts.c.data)
            .join(accounts, accounts.c.key == posts.c.account)
            .join(chat_posts, chat_posts.c.post == posts.c.id)
            .join(chats, chats.c.id == chat_posts.c.chat)
        )
        found: dict[str, set[bool]] = {}
        for some in chunks(keys):
            rows = connection.execute(query.where(posts.c.key.in_(some))).all()
            people = {row.author: (row.author, self._called(codec.account_from(row.data))) for row in rows}
            asked = wishes_of(connection, people)
            for row in rows:
                wish = standing_wish(asked.get(row.author, ()), row.series)
                found.setdefault(row.key, set()).add(wish == "joined")
        return {key for key, joined in found.items() if joined == {True}}

    def _unname_everywhere(self, connection: Connection) -> None:
        """Take everybody who left, or ended, out of what others said: as the door does, for all that is kept."""
        left: dict[str, list[Wish]] = {}
        for row in connection.execute(select(consents)):
            left.setdefault(row.account, []).append(Wish(kind=row.kind, series=row.series, at=row.at))
        if not any(wish.kind in ("stopped", "gone") for wishes in left.values() for wish in wishes):
            return
        query = (
            select(posts.c.id, posts.c.key, posts.c.data, chats.c.series)
            .join(chat_posts, chat_posts.c.post == posts.c.id)
            .join(chats, chats.c.id == chat_posts.c.chat)
            .where(posts.c.state == "kept", chat_posts.c.store, posts.c.data.contains("@"))
            .order_by(posts.c.id)
        )
        words: dict[int, dict[str, Any]] = {}
        keys: set[str] = set()
        for row in connection.execute(query):
            data = words[row.id]["words"] if row.id in words else row.data
            text = codec.text_in(data)
            has_left = partial(self._has_left, ref=codec.ref_in(row.data), series=row.series, asked=left)
            shown = unname(text, has_left)
            if shown != text:
                words[row.id] = {"this": row.id, "words": codec.with_text(data, shown)}
                keys.add(row.key)
        if words:
            this = update(posts).where(posts.c.id == bindparam("this"))
            connection.execute(this.values(data=bindparam("words"), fingerprint=None), list(words.values()))
            blot_out(connection, keys, sent=True)

    def _has_left(self, mention: Mention, ref: PostRef, series: str, asked: Mapping[str, list[Wish]]) -> bool:
        names = [mention.id, handle_id(mention.handle)] if mention.handle else [mention.id]
        wishes = [wish for name in names if name for wish in asked.get(self.key(ref.network, name), ())]
        return any(wish.kind == "gone" for wish in wishes) or standing_wish(wishes, series) == "stopped"


def _remember(connection: Connection, asked: Sequence[Line]) -> None:
    """Store wishes and decisions; what is there already stays as it is."""
    wishes = [
        {"account": line.key, "kind": line.what, "series": line.series, "at": line.at, "source": SOURCE}
        for line in asked
        if line.kind == "wish"
    ]
    decided = [
        {"post": line.key, "at": line.at, "kind": line.what, "words": line.words, "reason": "", "by": SOURCE}
        for line in asked
        if line.kind == "ruling"
    ]
    for table, rows in ((consents, wishes), (rulings, decided)):
        if rows:
            connection.execute(inserting(connection, table).on_conflict_do_nothing(), rows)


def _kept(connection: Connection, states: Mapping[str, str]) -> dict[str, str]:
    """Those of these nodes whose words are here."""
    found: set[str] = set()
    for some in chunks(states):
        found.update(connection.scalars(select(posts.c.key).where(posts.c.key.in_(some), posts.c.state == "kept")))
    return {key: state for key, state in states.items() if key in found}


def _withdraw(connection: Connection, chat: str, keys: Sequence[str]) -> None:
    """Take posts out of one chat; their words go where no other one keeps them."""
    for some in chunks(keys):
        here = update(chat_posts).where(chat_posts.c.chat == chat, chat_posts.c.post.in_(ids_of(some)))
        connection.execute(here.values(NOWHERE))
    withdraw(connection, chat, keys)
    still = exists().where(chat_posts.c.post == posts.c.id, chat_posts.c.store)
    alone: set[str] = set()
    for some in chunks(keys):
        gone = select(posts.c.key).where(posts.c.key.in_(some), posts.c.state == "kept", ~still)
        alone.update(connection.scalars(gone))
    erase(connection, dict.fromkeys(alone, "bare"))


def _hold(connection: Connection, keys: Collection[str]) -> None:
    """Show posts to nobody until they were looked up, which comes before all others'."""
    for some in chunks(keys):
        known = select(posts.c.id).where(posts.c.key.in_(some), posts.c.state == "kept")
        held = update(chat_posts).where(chat_posts.c.post.in_(known), chat_posts.c.store)
        connection.execute(held.values(hold=True))
        anew = update(posts).where(posts.c.key.in_(some), posts.c.state == "kept")
        connection.execute(anew.values(fingerprint=None, checked_at=_NEVER))
    drop(connection, keys)
    unpick(connection, keys)
    for chat in sorted(chats_of(connection, keys)):
        scrub(connection, repeating(connection, keys, chat))
