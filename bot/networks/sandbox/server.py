"""The sandbox's server side: accounts and posts in memory, as a network's own database would hold them.

It plays Bluesky or Mastodon by name, and keeps both networks' awkward habit: when a post in the middle of a thread is
deleted, a thread read from its root no longer shows what hangs below, though each of those can still be asked for.
"""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from bot.domain.posts import Account, Media, NetworkName, Post, PostRef, Signals, Visibility
from bot.domain.richtext import RichText, hashtags
from bot.errors import Refused, Unanswered, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.domain.outbox import Poll

HOST = {"bluesky": "bluesky.example", "mastodon": "mastodon.example"}
"""Names that never resolve to anybody's server (RFC 2606)."""


class Fault(msgspec.Struct):
    """A fault waiting for its request: the request takes effect, its answer is lost. ``fired`` counts the strikes."""

    fired: int = 0


class Event(NamedTuple):
    """Something that happened: a post was written or edited (its id), deleted (what it was), or an account ended."""

    kind: Literal["post", "gone", "ended"]
    id: str
    was: Post | None = None


class SandboxPoll(msgspec.Struct):
    """A poll in memory: its options, when it ends (UTC), and which option each account chose."""

    options: tuple[str, ...]
    ends_at: datetime
    chosen: dict[str, int] = {}


class SandboxServer:
    """One network in memory. Several threads may use it at once.

    Args:
        name: which network it plays.
        now: gives the time, aware UTC.

    Attributes:
        offline: nothing answers.
        streams: whether it has streams at all.
        silent: streams that are open say nothing any more, not even that they live.
        files: the bytes of pictures, by ``Media.key``.
        messages: what was written to people privately beside posts: (from, to, text), by key.
    """

    def __init__(self, name: NetworkName, now: Callable[[], datetime]) -> None:
        self.name = name
        self.now = now
        self.offline = False
        self.streams = True
        self.silent = False
        self.messages: dict[str, tuple[str, str, str]] = {}
        self.files: dict[str, bytes] = {}
        self._happened = threading.Condition()
        self._log: list[Event] = []
        self._breaks = 0
        self._likes: dict[str, set[str]] = {}
        self._by_author: dict[str, list[str]] = {}
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)
        self._accounts: dict[str, Account] = {}
        self._posts: dict[str, Post] = {}
        self._children: dict[str, list[str]] = {}
        self._tagged: dict[str, list[str]] = {}
        self._quoting: dict[str, list[str]] = {}
        self._by_key: dict[tuple[str, str], str] = {}
        self._polls: dict[str, SandboxPoll] = {}

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
        poll: Poll | None = None,
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
            self._polls[remote] = SandboxPoll(poll.options, self.now() + timedelta(seconds=poll.seconds))
        if key:
            self._by_key[account, key] = remote
        self._tell(Event("post", remote))
        return post

    def edit(self, post: str, text: RichText) -> None:
        """Change a post's words."""
        self._posts[post] = msgspec.structs.replace(self._posts[post], text=text, edited_at=self.now())
        self._tell(Event("post", post))

    def delete(self, post: str) -> None:
        """Delete a post; what hangs below stays, but threads read from above no longer reach it."""
        self._tell(Event("gone", post, self._posts.pop(post)))

    def end_account(self, account: str) -> None:
        """An account deletes itself, with all it said."""
        for post in self.posts_of(account):
            del self._posts[post.ref.id]
        del self._accounts[account]
        self._tell(Event("ended", account))

    def like(self, account: str, post: str) -> None:
        """Like a post; twice is once."""
        self._likes.setdefault(post, set()).add(account)

    def likes(self, account: str, post: str) -> int:
        """How often an account likes a post: once or never."""
        return int(account in self._likes.get(post, ()))

    def has_poll(self, post: str) -> bool:
        """Whether a post has a poll."""
        return post in self._polls

    def vote(self, account: str, post: str, option: int) -> None:
        """Choose an option of a post's poll, by its index: once, and before it ends."""
        poll = self._polls[post]
        if account in poll.chosen or self.now() >= poll.ends_at or not 0 <= option < len(poll.options):
            message = "that vote does not count"
            raise Refused(message)
        poll.chosen[account] = option

    def _index(self, post: Post) -> None:
        self._by_author.setdefault(post.author.id, []).append(post.ref.id)
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
        return tuple(self._posts[post] for post in self._by_author.get(account, ()) if post in self._posts)

    def poll_of(self, post: str) -> SandboxPoll | None:
        """A post's poll, if it has one and is not gone."""
        return self._polls.get(post) if post in self._posts else None

    def at_address(self, address: str) -> Post | None:
        """The post that has this web address or ``uri``."""
        same = (post.ref.id for post in list(self._posts.values()) if address in (post.ref.url, post.uri))
        return self.get(next(same, ""))

    def account_called(self, handle: str) -> Account | None:
        """The account with a handle, letters' case and a leading ``@`` aside, or with an id."""
        if handle in self._accounts:
            return self._accounts[handle]
        asked = handle.lstrip("@").casefold()
        named = (one for one in list(self._accounts.values()) if one.handle.lstrip("@").casefold() == asked)
        return next(named, None)

    # -- what happened ---------------------------------------------------------------------------------------
    def _tell(self, event: Event) -> None:
        with self._happened:
            self._log.append(event)
            self._happened.notify_all()

    def events(self, after: int, most: int) -> Sequence[Event]:
        """What happened since the ``after``-th event, at most so much of it."""
        return self._log[after : after + most]

    def await_event(self, after: int, seconds: float) -> None:
        """Wait until something happens after the ``after``-th event, for so long at most."""
        with self._happened:
            if len(self._log) <= after or self.silent:
                self._happened.wait(seconds)

    @property
    def latest(self) -> int:
        """How many events there were."""
        return len(self._log)

    @property
    def breaks(self) -> int:
        """How often streams were broken."""
        return self._breaks

    def break_streams(self) -> None:
        """Break every stream that is open now."""
        with self._happened:
            self._breaks += 1
            self._happened.notify_all()

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
