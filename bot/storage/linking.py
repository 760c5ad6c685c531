"""The links that people shared, of many chats at once and without the words around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.domain.records import SharedLink
from bot.storage import codec
from bot.storage.base import Base, chunks
from bot.storage.tables import chat_posts, posts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Linking(Base):
    """The store's method about links."""

    def shared_links(self, chats: Collection[str]) -> Mapping[str, tuple[SharedLink, ...]]:
        """The links in these chats' shown answers, by chat id, in order of time; those without any are left out.

        Of each answer no more is read than its text, for what it links to. A link is the same whatever its author, or
        whoever is named beside it, asked to be called.
        """
        found: dict[str, list[SharedLink]] = {}
        with self._reading() as connection:
            for some in chunks(set(chats)):
                query = (
                    select(chat_posts.c.chat, posts.c.account, posts.c.data)
                    .join(posts, posts.c.id == chat_posts.c.post)
                    .where(chat_posts.c.chat.in_(some), chat_posts.c.store, ~chat_posts.c.hold)
                    .where(posts.c.state == "kept", posts.c.links > 0)
                    .order_by(chat_posts.c.chat, posts.c.at, posts.c.key)
                )
                for row in connection.execute(query):
                    uris = codec.open_links(row.data)
                    found.setdefault(row.chat, []).extend(SharedLink(uri, row.account or "") for uri in uris)
        return {chat: tuple(links) for chat, links in found.items() if links}
