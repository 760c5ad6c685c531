"""A chat that is open for answers: what we said in it, which posts belong to it, and the door into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.followups import asked_about, follow_ups_in
from bot.domain.richtext import fold_tag, hashtags
from bot.domain.sweeps import hashtag_window
from bot.services.door import Door

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from bot.domain.alarms import Watchwords
    from bot.domain.chats import Chat
    from bot.domain.posts import Post
    from bot.domain.records import SentPost, StoredChat
    from bot.ports import Due, Store


@dataclass(slots=True)
class OpenChat:
    """One of ``store.collecting``, with what deciding about its posts needs.

    Attributes:
        store: the truth.
        stored: the chat and its series.
        swept: when each account was last swept, UTC.
        sent: our posts in it on all accounts, in order of time.
        opens, closes: between which times (UTC, end excluded) a post with the hashtag counts for it.
        parents: node key to its parent's, of every node that is known; empty until ``know_edges``.
    """

    store: Store
    stored: StoredChat
    swept: dict[str, datetime]
    sent: tuple[SentPost, ...]
    opens: datetime
    closes: datetime
    parents: dict[str, str] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    """Node keys of our posts in it."""
    questions: frozenset[str] = frozenset()
    """Node keys of our questions."""
    follow_ups: Mapping[str, str] = field(default_factory=dict)
    """Node keys of our follow-ups, each with that of the answer it asks about."""

    @classmethod
    def of(cls, store: Store, due: Due) -> OpenChat:
        """Read what is to be known of a chat, all but its edges."""
        stored = due.stored
        sent = store.sent_posts(stored.chat.id)
        opens, closes = hashtag_window(stored.series, stored.chat, _following(store, stored))
        return cls(
            store=store,
            stored=stored,
            swept=due.swept,
            sent=sent,
            opens=opens,
            closes=closes,
            ours=frozenset(post.key for post in sent),
            questions=frozenset(post.key for post in sent if post.kind == "question"),
            follow_ups=follow_ups_in(sent),
        )

    @property
    def id(self) -> str:
        """The chat's id."""
        return self.stored.chat.id

    def know_edges(self) -> None:
        """Read the edges of every node of the chat; what is known besides stays known.

        Follow-ups have an edge, too: they hang under answers, in whose threads their own answers stand.
        """
        self.parents |= {**self.store.edges(self.id), **self.follow_ups}

    def mine(self, account: str) -> list[SentPost]:
        """Our posts on one account."""
        return [post for post in self.sent if post.account == account]

    def roots(self, account: str) -> tuple[SentPost, ...]:
        """The first post of each thread of ours; a reminder stands in its question's thread already."""
        first: dict[str, SentPost] = {}
        for post in sorted(self.mine(account), key=lambda one: one.position):
            if post.kind != "reminder":
                first.setdefault(post.prompt, post)
        return tuple(first.values())

    def thread_of(self, remote: str) -> str:
        """The prompt (by id) in whose thread a post of ours stands, by its remote id; empty if it is none of ours."""
        post = next((post for post in self.sent if post.ref.id == remote), None)
        if post is None or post.kind != "reminder":
            return post.prompt if post else ""
        question = (one for one in self.sent if one.kind == "question" and one.number == post.number)
        return next((one.prompt for one in question if one.account == post.account), "")

    def in_time(self, post: Post) -> bool:
        """Whether a post came before the chat's window closed, or is what its author tells when we ask them later."""
        return post.at < self.stored.chat.ends_at + self.stored.series.late or self.is_outcome(post)

    def is_outcome(self, post: Post) -> bool:
        """Whether a post stands under a follow-up of ours, by the author of the answer that it asks about."""
        if not self.follow_ups or not post.parent:
            return False
        network, key = post.ref.network, self.store.key(post.ref.network, post.ref.id)
        parents = self.parents | {key: self.store.key(network, post.parent)}
        about = asked_about(key, parents, self.follow_ups)
        return bool(about) and self.store.author_of(about) == self.store.key(post.author.network, post.author.id)

    def tagged(self, post: Post) -> bool:
        """Whether a public post has the chat's hashtag, in its window."""
        if post.visibility != "public" or not self.opens <= post.at < self.closes:
            return False
        return fold_tag(self.stored.series.hashtag) in {fold_tag(tag) for tag in hashtags(post.text)}

    def belongs(self, keys: Collection[str]) -> bool:
        """Whether one of these node keys (of a post, or of what it answers or quotes) is known in the chat."""
        return any(key in self.ours or key in self.parents for key in keys if key)

    def hangs_under(self, key: str, roots: Collection[str]) -> bool:
        """Whether known edges lead from a node up to one of these; a loop leads nowhere."""
        passed: set[str] = set()
        while key and key not in passed:
            passed.add(key)
            key = self.parents.get(key, "")
            if key in roots:
                return True
        return False

    def door(self, own: str, own_handle: str, account: str, watch: Watchwords) -> Door:
        """The door into it for what one account of ours reads.

        Args:
            own: our ``Account.id``.
            own_handle: our handle; empty if unknown.
            account: its key.
            watch: what makes a person look at an answer.
        """
        return Door(
            store=self.store,
            stored=self.stored,
            questions=self.questions,
            own=own,
            account=account,
            watch=watch,
            own_handle=own_handle,
            parents=self.parents,
            seen=set(self.ours),
        )


def open_chats(store: Store, account: str, now: datetime) -> tuple[OpenChat, ...]:
    """The chats of an account that are open for answers."""
    return tuple(OpenChat.of(store, due) for due in store.collecting(now) if account in due.stored.series.accounts)


def _following(store: Store, stored: StoredChat) -> Chat | None:
    """The series' next chat after this one, whose evening ends this one's claim on the hashtag."""
    chats = store.chats(stored.series.slug)
    later = (other.chat for other in chats if not other.cancelled and other.chat.event is None)
    return next((chat for chat in later if chat.starts_at > stored.chat.starts_at), None)
