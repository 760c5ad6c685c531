"""Taking somebody who left out of what other people said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select, update

from bot.domain.mentions import unname
from bot.domain.posts import handle_id
from bot.storage import codec
from bot.storage.base import Base, bump, chats_of
from bot.storage.downloads import end_downloads_of
from bot.storage.engine import take_turns
from bot.storage.scrubbing import begin_again, blot_out
from bot.storage.tables import accounts, posts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from sqlalchemy import ColumnElement, Row

    from bot.domain.posts import Account, PostRef
    from bot.domain.richtext import Mention, RichText


class Unnaming(Base):
    """The store's method about mentions of somebody who left."""

    def unname(self, account: Account) -> int:
        """Take an account's handle out of all other people's kept posts that mention it; gives how many.

        What digests repeat of those posts goes, too: one that has not left is composed anew, one that is out loses the
        words in our copy. A record with such words that waits to be fetched ends.
        """
        query = (
            select(posts.c.id, posts.c.key, posts.c.data, posts.c.account, accounts.c.data.label("author"))
            .join(accounts, accounts.c.key == posts.c.account)
            .where(posts.c.state == "kept", posts.c.network == account.network)
            .where(posts.c.account != self.key(account.network, account.id), _may_mention(account))
            .order_by(posts.c.id)
        )
        with self._writing() as connection:
            take_turns(connection)
            found = connection.execute(query).all()
            changed = {row.key: words for row in found if (words := _without(row, account))}
            rows, keys = list(changed.values()), set(changed)
            if not rows:
                return 0
            self._erased = True
            this = update(posts).where(posts.c.id == bindparam("this"))
            connection.execute(this.values(data=bindparam("words"), fingerprint=None), rows)
            blot_out(connection, keys, sent=True)
            end_downloads_of(connection, {row.account for row in found if row.key in changed})
            touched = chats_of(connection, keys)
            begin_again(connection, touched)
            bump(connection, touched)
            return len(rows)


def _without(row: Row[*tuple[Any, ...]], account: Account) -> dict[str, Any] | None:
    """A post's new words; ``None`` where they do not mention the account after all."""
    text = codec.text_in(row.data)
    shown = without_names(text, codec.ref_in(row.data), codec.account_from(row.author), [account])
    return None if shown == text else {"this": row.id, "words": codec.with_text(row.data, shown)}


def without_names(text: RichText, ref: PostRef, author: Account, shy: Iterable[Account]) -> RichText:
    """A post's words without these accounts' handles.

    Args:
        text: the words.
        ref: where the post was read.
        author: who wrote it: a handle without a server means one on theirs, or where it was read.
        shy: who is not to be named.
    """
    if "@" not in text.text:
        return text
    read_at = ref.id.partition("/")[0] if ref.network == "mastodon" else ""
    servers = {_server(author.handle), read_at} - {""}
    meant = [_meant(account, servers) for account in shy if account.network == ref.network]
    return unname(text, lambda mention: any(means(mention) for means in meant))


def _meant(account: Account, where: Collection[str]) -> Callable[[Mention], bool]:
    """Whether a mention means the account; a handle without its server means one on a server ``where`` it was said."""
    full = handle_id(account.handle)
    server = _server(account.handle)
    short = handle_id(account.handle.lstrip("@").partition("@")[0]) if server in where else full

    def meant(mention: Mention) -> bool:
        return (mention.id != "" and mention.id == account.id) or handle_id(mention.handle) in (full, short)

    return meant


def _server(handle: str) -> str:
    """The server's part of a handle (``@name@server``); empty where it has none, as on Bluesky."""
    return handle.lstrip("@").partition("@")[2].casefold()


def _may_mention(account: Account) -> ColumnElement[bool]:
    """What the database can tell quickly: whether the words hold the account's id, or the name it is called by.

    Databases fold the case of ASCII letters alone; any other name is looked for in all posts that mention somebody.
    """
    name = account.handle.lstrip("@").partition("@")[0]
    wanted = name if name.isascii() else "@"
    return or_(*(posts.c.data.icontains(each, autoescape=True) for each in (codec.inside(account.id), wanted) if each))
