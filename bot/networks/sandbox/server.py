"""The sandbox's server side: accounts and posts in memory, as a network's own database would hold them.

It plays Bluesky or Mastodon by name, and keeps both networks' awkward habit: when a post in the middle of a thread is
deleted, a thread read from its root no longer shows what hangs below, though each of those can still be asked for.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.posts import Account, Media, NetworkName, Post, PostRef, Signals, Visibility
from bot.domain.richtext import RichText, hashtags
from bot.errors import Unanswered, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

HOST = {"bluesky": "bluesky.example", "mastodon": "mastodon.example"}
"""Names that never resolve to anybody's server (RFC 2606)."""


class Fault(msgspec.Struct):
    """A fault waiting for its request: the request takes effect, its answer is lost. ``fired`` counts the strikes."""

    fired: int = 0


class SandboxServer:
    """One network in memory.

    Args:
        name: which network it plays.
        now: gives the time, aware UTC.
    """

    def __init__(self, name: NetworkName, now: Callable[[], datetime]) -> None:
        self.name = name
        self.now = now
        self.offline = False
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)
        self._accounts: dict[str, Account] = {}
        self._posts: dict[str, Post] = {}
        self._children: dict[str, list[str]] = {}
        self._tagged: dict[str, list[str]] = {}
        self._quoting: dict[str, list[str]] = {}
        self._by_key: dict[tuple[str, str], str] = {}
        self._polls: dict[str, tuple[str, ...]] = {}

    # -- accounts --------------------------------------------------------------------------------------------
    def create_account(self, handle: str, name: str = "", signals: Signals | None = None) -> Account:
        """A new account, or the same again for the same handle; on Mastodon the handle gets its server."""
        if self.name == "mastodon":
            full = handle if handle.count("@") > 1 else f"@{handle.lstrip('@')}@{HOST[self.name]}"
            remote, url = f"https://{HOST[self.name]}/users/{handle.lstrip('@')}", f"https://{HOST[self.name]}/{full}"
        else:
            full = handle if "." in handle else f"{handle}.{HOST[self.name]}"
            remote, url = f"did:web:{full}", f"https://{HOST[self.name]}/profile/{full}"
        account = Account(self.name, remote, full, name or handle, url, signals or Signals())
        return self._accounts.setdefault(account.id, account)

    def change_signals(self, account: str, signals: Signals) -> None:
        """An account says something else about being shown from now on."""
        self._accounts[account] = msgspec.structs.replace(self._accounts[account], signals=signals)

    # -- writing ---------------------------------------------------------------------------------------------
    def write(
        self,
        account: str,
        text: RichText,
        *,
        parent: str = "",
        quote: str = "",
        key: str = "",
        visibility: Visibility = "public",
        languages: tuple[str, ...] = (),
        warning: str = "",
        media: tuple[Media, ...] = (),
        poll: tuple[str, ...] = (),
    ) -> Post:
        """Post as an account. The same ``key`` again (of the same account) gives the post it made the first time."""
        if key and (known := self._by_key.get((account, key))):
            return self._posts[known]
        number = next(self._numbers)
        home = self._accounts[account].handle
        if self.name == "mastodon":
            remote, url = f"{HOST[self.name]}/{number}", f"https://{HOST[self.name]}/{home}/{number}"
        else:
            remote = f"at://{account}/app.bsky.feed.post/{number:013d}"
            url = f"https://{HOST[self.name]}/profile/{home}/post/{number:013d}"
        above = self._posts.get(parent)
        post = Post(
            ref=PostRef(self.name, remote, url=url),
            author=self._accounts[account],
            text=text,
            at=self.now(),
            parent=parent,
            root=(above.root or above.ref.id) if above else "",
            quote=quote,
            visibility=visibility,
            languages=languages,
            warning=warning,
            media=media,
            uri=remote,
        )
        self._posts[remote] = post
        self._index(post)
        if poll:
            self._polls[remote] = poll
        if key:
            self._by_key[account, key] = remote
        return post

    def edit(self, post: str, text: RichText) -> None:
        """Change a post's words."""
        self._posts[post] = msgspec.structs.replace(self._posts[post], text=text, edited_at=self.now())

    def delete(self, post: str) -> None:
        """Delete a post; what hangs below stays, but threads read from above no longer reach it."""
        del self._posts[post]

    def _index(self, post: Post) -> None:
        if post.parent:
            self._children.setdefault(post.parent, []).append(post.ref.id)
        if post.quote:
            self._quoting.setdefault(post.quote, []).append(post.ref.id)
        for tag in hashtags(post.text):
            self._tagged.setdefault(tag, []).append(post.ref.id)

    # -- reading ---------------------------------------------------------------------------------------------
    def get(self, post: str) -> Post | None:
        """A post by id, with its author's signals of now; ``None`` if it is gone."""
        found = self._posts.get(post)
        return msgspec.structs.replace(found, author=self._accounts[found.author.id]) if found else None

    def below(self, root: str) -> Iterator[Post]:
        """All that a thread read from ``root`` shows."""
        waiting = list(self._children.get(root, ()))
        while waiting:
            remote = waiting.pop()
            if post := self.get(remote):
                yield post
                waiting.extend(self._children.get(remote, ()))

    def listed(self, kind: Literal["tagged", "quoting"], name: str) -> Iterator[Post]:
        """Posts under a hashtag (folded), or quoting a post."""
        index = self._tagged if kind == "tagged" else self._quoting
        for remote in index.get(name, ()):
            if post := self.get(remote):
                yield post

    def by_key(self, account: str, key: str) -> Post | None:
        """The post that an account's key made, if any."""
        return self._posts.get(self._by_key.get((account, key), ""))

    def posts_of(self, account: str) -> tuple[Post, ...]:
        """All posts of an account, oldest first."""
        return tuple(post for post in self._posts.values() if post.author.id == account)

    def poll_of(self, post: str) -> tuple[str, ...]:
        """The options of a post's poll; empty if it has none."""
        return self._polls.get(post, ())

    def latest(self, after: int) -> Iterator[tuple[int, Post]]:
        """Every post since the ``after``-th, with its number."""
        for number, remote in enumerate(list(self._posts), start=1):
            if number > after and (post := self.get(remote)):
                yield number, post

    # -- faults ----------------------------------------------------------------------------------------------
    def reachable(self) -> None:
        """Raise ``Unavailable`` while the network is unplugged."""
        if self.offline:
            message = f"{HOST[self.name]} cannot be reached"
            raise Unavailable(message)

    def lose_next_answer(self) -> Fault:
        """Let the next request that writes take effect without an answer."""
        self._faults.append(Fault())
        return self._faults[-1]

    def answered(self) -> None:
        """Raise ``Unanswered`` where a fault waits."""
        if self._faults:
            self._faults.pop(0).fired += 1
            message = f"{HOST[self.name]} did not answer"
            raise Unanswered(message)
