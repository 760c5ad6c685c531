"""A series' history for figures about it: who answered whom, by codes, without a word of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, or_, select

from bot.domain.chats import pulse_of
from bot.domain.chronicle import Chronicle, Contribution
from bot.domain.followups import TAG as INTENTION
from bot.domain.followups import asked_about, is_intention
from bot.domain.linked import whose
from bot.domain.naming import naming
from bot.domain.reflecting import TAG as REFLECTION
from bot.domain.reflecting import is_reflection
from bot.storage import codec
from bot.storage.base import IS_EVENT, Base, chats_where, stored_chats
from bot.storage.linked import persons_in
from bot.storage.people import wishes_of
from bot.storage.tables import accounts, answers, chat_posts, chats, deliveries, parts, posts, prompts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from bot.domain.posts import NetworkName


_CHATS = chats_where(chats.c.series == bindparam("series"), ~IS_EVENT)


class Chronicling(Base):
    """The store's method for figures about a series."""

    def chronicle(self, series: str) -> Chronicle:
        """What a series' chats left behind, read in one transaction: only of what may be shown now.

        Linked accounts have one code. Who asked for initials or no name gets another one in every chat, as on the
        pages, and is one person with nobody: else a figure could follow them after all.
        """
        with self._reading() as connection:
            stored = stored_chats(connection, _CHATS, series=series)
            asked, networks = _asked(connection, series)
            for one in stored:
                if one.chat.id in asked:
                    asked[one.chat.id] -= {f"{one.chat.id}/q{pulse_of(one.chat)}"}
            later = self._follow_ups(connection, series)
            about = {key: answer for of_chat in later.values() for key, answer in of_chat.items()}
            contributions = self._contributions(connection, series, about)
            asked_later = {chat: tuple(of_chat.values()) for chat, of_chat in later.items()}
            return Chronicle(stored, asked, networks, contributions, asked_later)

    def _follow_ups(self, connection: Connection, series: str) -> dict[str, dict[str, str]]:
        """By chat, node keys of the follow-ups that are out (of each its first post), with the answer of each."""
        query = (
            select(deliveries.c.chat, prompts.c.answer, parts.c.remote)
            .join(prompts, prompts.c.id == deliveries.c.prompt)
            .join(parts, parts.c.delivery == deliveries.c.id)
            .where(deliveries.c.series == series, prompts.c.answer != "")
            .where(parts.c.kind == "post", parts.c.post == 0, parts.c.state == "sent")
            .order_by(deliveries.c.id)
        )
        found: dict[str, dict[str, str]] = {}
        for row in connection.execute(query):
            ref = codec.remote_from(row.remote)
            if ref is not None:
                found.setdefault(row.chat, {})[self.key(ref.network, ref.id)] = row.answer
        return found

    def _contributions(
        self, connection: Connection, series: str, follow_ups: Mapping[str, str]
    ) -> tuple[Contribution, ...]:
        placed = _placed(connection, series)
        trying, reflecting = _tagged(connection, series)
        query = (
            select(chat_posts.c.chat, posts.c.id, posts.c.key, posts.c.parent, posts.c.account, posts.c.network)
            .join(posts, posts.c.id == chat_posts.c.post)
            .join(chats, chats.c.id == chat_posts.c.chat)
            .where(chats.c.series == series, chat_posts.c.store, ~chat_posts.c.hold, posts.c.state == "kept")
            .order_by(chat_posts.c.chat, posts.c.id)
        )
        rows = connection.execute(query).all()
        shy = self._unnamed(connection, {row.account for row in rows})
        everybody = persons_in(connection)
        parents = {row.key: row.parent for row in rows} | dict(follow_ups) if follow_ups else {}
        return tuple(
            Contribution(
                chat=row.chat,
                key=row.key,
                parent=row.parent,
                by=self.key(row.chat, row.account) if row.account in shy else whose(everybody, row.account),
                followed=row.account not in shy,
                network=row.network,
                questions=placed.get((row.chat, row.id), ()),
                tries=row.id in trying,
                reflects=row.id in reflecting,
                about=asked_about(row.key, parents, follow_ups),
            )
            for row in rows
        )

    def _unnamed(self, connection: Connection, authors: set[str]) -> set[str]:
        """Which of these accounts (keys) go by initials or without a name."""
        every = connection.execute(select(accounts.c.key, accounts.c.data))
        keys = {row.key: (row.key, self._called(codec.account_from(row.data))) for row in every if row.key in authors}
        return {key for key, wishes in wishes_of(connection, keys).items() if naming(wishes) != "named"}


def _asked(connection: Connection, series: str) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[NetworkName]]]:
    """The questions of a series that are out, and the networks where they are, by chat."""
    query = (
        select(deliveries.c.chat, deliveries.c.prompt, deliveries.c.network)
        .join(prompts, prompts.c.id == deliveries.c.prompt)
        .join(parts, parts.c.delivery == deliveries.c.id)
        .where(deliveries.c.series == series, prompts.c.kind == "question")
        .where(parts.c.kind == "post", parts.c.state == "sent")
        .distinct()
    )
    asked: dict[str, frozenset[str]] = {}
    networks: dict[str, frozenset[NetworkName]] = {}
    for row in connection.execute(query):
        asked[row.chat] = asked.get(row.chat, frozenset()) | {row.prompt}
        networks[row.chat] = networks.get(row.chat, frozenset()) | {row.network}
    return asked, networks


def _tagged(connection: Connection, series: str) -> tuple[set[int], set[int]]:
    """Numbers of the posts of a series' chats: in which somebody says what they will try, and what they learned."""
    written = func.lower(posts.c.data)
    query = (
        select(posts.c.id, posts.c.data)
        .join(chat_posts, chat_posts.c.post == posts.c.id)
        .join(chats, chats.c.id == chat_posts.c.chat)
        .where(chats.c.series == series, posts.c.state == "kept")
        .where(or_(written.contains(INTENTION), written.contains(REFLECTION)))
    )
    texts = {row.id: codec.text_in(row.data) for row in connection.execute(query)}
    return {one for one in texts if is_intention(texts[one])}, {one for one in texts if is_reflection(texts[one])}


def _placed(connection: Connection, series: str) -> dict[tuple[str, int], tuple[str, ...]]:
    """The questions that each post of a series' chats answers."""
    query = (
        select(answers.c.chat, answers.c.post, answers.c.question)
        .join(chats, chats.c.id == answers.c.chat)
        .where(chats.c.series == series)
        .order_by(answers.c.chat, answers.c.post, answers.c.question)
    )
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for row in connection.execute(query):
        found[row.chat, row.post] = (*found.get((row.chat, row.post), ()), row.question)
    return found
