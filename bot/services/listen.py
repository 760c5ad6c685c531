"""Listen: what a stream or an asking told is stored, with how far it was read, in one transaction.

An ``Ear`` belongs to one account. It remembers what it knows of the open chats from one batch to the next, so that a
burst of answers does not read a chat's edges each time. Sweeps are the truth (``collect``); this is only fast.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.domain.commands import named, read, read_host
from bot.domain.holding import preview_conversation
from bot.domain.mentions import mentions
from bot.domain.posts import PostRef, handle_id
from bot.domain.richtext import fold_tag
from bot.domain.sweeps import is_long, is_searched, listening, placing_due
from bot.errors import Refused, StaffroomError
from bot.ports import Heard, Spoiled, Wanted
from bot.services.collect import Collected
from bot.services.departing import end
from bot.services.door import Request
from bot.services.hosts import host_of
from bot.services.openchats import OpenChat, open_chats
from bot.services.placing import place_answers
from bot.services.readings import note_missed, note_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.posts import Post
    from bot.domain.records import Candidate
    from bot.ports import Network
    from bot.services.door import Door
    from bot.services.intake import Intake

STREAM, ASKED = "stream", "listen"
"""Names of an account's two cursors: how far its stream was read, and how far we asked."""

REFRESH = timedelta(seconds=30)
"""How long what is known of the open chats counts as fresh; sweeps add to it besides."""

WATCHED = timedelta(days=28)
"""Of whom something was kept in a chat that ended less than this ago, deletions are listened for."""

_EDGES = timedelta(seconds=5)
_REMEMBERED = timedelta(minutes=10)


class Asking(msgspec.Struct, frozen=True):
    """What to ask for where no stream tells: the question of each chat that is on, and hashtags to search for."""

    questions: tuple[PostRef, ...] = ()
    hashtags: tuple[str, ...] = ()


class Ear:
    """What one account hears, on its way into the store.

    ``take`` and ``place`` are for one thread at a time; ``wanted`` and ``asking`` may be called from another.

    Args:
        intake: what letting posts in needs.
        account: the account's key.
        handle: our handle there; empty if unknown.

    Attributes:
        gone: node keys of posts that we heard were deleted, with when (UTC), for the last ten minutes: a reading that
            began before must not bring them back.
    """

    def __init__(self, intake: Intake, account: str, handle: str = "") -> None:
        self.gone: dict[str, datetime] = {}
        self._intake = intake
        self._store = intake.store
        self._account = account
        self._network = intake.accounts[account]
        self._handle = handle
        self._chats: tuple[OpenChat, ...] = ()
        self._refreshed: datetime | None = None
        self._edges_read: datetime | None = None
        self._fresh: dict[str, int] = {}
        self._placed: dict[str, datetime] = {}

    # -- what to hear ----------------------------------------------------------------------------------------
    def wanted(self, now: datetime) -> Wanted:
        """What we want to hear of now."""
        chats = open_chats(self._store, self._account, now)
        hashtags = (
            chat.stored.series.hashtag for chat in chats if listening(chat.stored.series, chat.stored.chat, now)
        )
        gated = (post for chat in chats if chat.stored.series.threadgate for post in chat.mine(self._account))
        return Wanted(
            hashtags=frozenset(map(fold_tag, hashtags)),
            authors=self._store.kept_authors(self._network, now - WATCHED),
            closed=frozenset(post.ref.id for post in gated if post.kind == "question")
            if self._network == "bluesky"
            else frozenset(),
        )

    def asking(self, now: datetime) -> Asking:
        """What to ask for, besides what ``Network.listen`` tells, in chats of one evening that are on."""
        on = [chat for chat in open_chats(self._store, self._account, now) if asks(chat, now)]
        latest = ([post for post in chat.roots(self._account) if post.kind == "question"][-1:] for chat in on)
        hashtags = dict.fromkeys(chat.stored.series.hashtag for chat in on) if is_searched(self._network) else ()
        return Asking(questions=tuple(post.ref for posts in latest for post in posts), hashtags=tuple(hashtags))

    # -- what was heard --------------------------------------------------------------------------------------
    def take(self, heard: Heard, now: datetime, stream: str) -> Collected:
        """Store what was heard, and how far that was, in one transaction; then see to what was asked of us.

        Posts that make a mistake of ours show are set aside, so that they do not hold up all others for ever; a sweep
        meets them again. Doing the same again changes nothing.

        Args:
            heard: what came in.
            now: UTC.
            stream: which cursor it moves: ``STREAM`` or ``ASKED``.

        Raises:
            StoreError: nothing of it counts as heard; it can be tried again as it is.
        """
        try:
            return self._take(heard, now, stream)
        except StaffroomError:
            raise
        except Exception as error:
            if not heard.posts:
                raise
            return self._take_apart(heard, now, stream, error)

    def _take_apart(self, heard: Heard, now: datetime, stream: str, error: Exception) -> Collected:
        """Find the post that cannot be stored by halving, and set it aside."""
        if len(heard.posts) == 1:
            key = self._store.key(self._network, heard.posts[0].ref.id)
            spoiled = (*heard.spoiled, Spoiled(key, type(error).__name__))  # its message may repeat what was said
            self._take(msgspec.structs.replace(heard, posts=(), spoiled=spoiled), now, stream)
            return Collected(troubles={self._account: f"a post was set aside ({type(error).__name__})"})
        half = len(heard.posts) // 2
        before = Heard(heard.posts[:half], self._store.cursor(self._account, stream))
        first = self.take(before, now, stream)
        second = self.take(msgspec.structs.replace(heard, posts=heard.posts[half:]), now, stream)
        return first.and_(second)

    def _take(self, heard: Heard, now: datetime, stream: str) -> Collected:
        gone = {self._store.key(ref.network, ref.id) for ref in heard.gone}
        self._remember(gone, now)
        self._note(heard, now)
        latest = {post.ref.id: post for post in heard.posts if post.author.id != self._intake.ours(self._account)}
        for account in heard.ended:
            person = self._store.person(self._store.key(self._network, account))
            if person is not None:
                end(self._store, person.account, now)
        passed, requests = self._admit(tuple(latest.values()), now)
        stored = self._store.take_in(
            [candidate for _, _, batch in passed for candidate in batch],
            gone=gone,
            ended=[self._store.key(self._network, account) for account in heard.ended],
            account=self._account,
            stream=stream,
            # What is asked of us is seen to after it is stored: until then it does not count as heard.
            cursor=self._store.cursor(self._account, stream) if requests else heard.cursor,
            spoiled=heard.spoiled,
            now=now,
        )
        new, changed = stored.new, stored.changed
        for chat, door, batch in passed:
            originals = self._intake.originals(chat, door, batch, now)
            new, changed = new + originals.new, changed + originals.changed
            requests += [one for one in door.requests if one not in requests]
        self._intake.blocks(latest.values(), now)
        self._intake.attend(requests, now)
        if requests:
            self._store.save_cursor(self._account, stream, heard.cursor)
        if new or changed:
            for chat, _, batch in passed:
                self._fresh[chat.id] = self._fresh.get(chat.id, 0) + len(batch)
        return Collected(new=new, changed=changed, gone=len(gone))

    def _remember(self, gone: set[str], now: datetime) -> None:
        """Keep what is gone in mind for a while; a new dictionary, because another thread may be looking at the old."""
        if gone or self.gone:
            recent = {key: at for key, at in self.gone.items() if now - at < _REMEMBERED}
            self.gone = recent | dict.fromkeys(gone, now)

    def _note(self, heard: Heard, now: datetime) -> None:
        """Note which threads are to be read, before what was heard counts as heard."""
        if heard.missed:
            note_missed(self._store, self._account, now)
        if heard.threads:
            self._refresh(now)
        for remote in heard.threads:
            for prompt in {chat.thread_of(remote) for chat in self._chats} - {""}:
                note_thread(self._store, self._account, prompt, now)

    # -- whose is it -----------------------------------------------------------------------------------------
    def _admit(
        self, posts: Sequence[Post], now: datetime
    ) -> tuple[list[tuple[OpenChat, Door, list[Candidate]]], list[Request]]:
        """Let each post pass the doors of its chats; what belongs to none may still ask something of us."""
        if posts and (self._refreshed is None or now - self._refreshed >= REFRESH):
            self._refresh(now)
        homes: dict[str, list[Post]] = {}
        homeless = list(self._settle(posts, homes))
        if any(post.parent or post.root or post.quote for post in homeless):
            self._refresh(now)  # what it answers may just have been said, by us or by others
            homeless = list(self._settle(homeless, homes))
        requests = [request for post in homeless if (request := self._request(post))]
        passed = []
        for chat in self._chats:
            if chat.id in homes:
                door = self._intake.door(chat, self._account)
                passed.append((chat, door, door.admit(homes[chat.id])))
                requests += door.requests
        return passed, requests

    def _settle(self, posts: Sequence[Post], homes: dict[str, list[Post]]) -> Iterator[Post]:
        """Find the chats of posts; gives those that have none. A post's replies may come with it, in any order."""
        waiting = list(posts)
        while waiting:
            left = []
            for post in waiting:
                found = [chat for chat in self._chats if self._is_home(chat, post)]
                for chat in found:
                    homes.setdefault(chat.id, []).append(post)
                    chat.parents.setdefault(self._store.key(self._network, post.ref.id), "")
                if not found:
                    left.append(post)
            if len(left) == len(waiting):
                break
            waiting = left
        yield from waiting

    def _is_home(self, chat: OpenChat, post: Post) -> bool:
        if not chat.in_time(post):
            return False
        keys = [self._store.key(self._network, each) for each in (post.root, post.parent, post.quote, post.ref.id)]
        return chat.belongs(keys) or chat.tagged(post)

    def _refresh(self, now: datetime) -> None:
        """Read what is known of the open chats; their edges again only after a while."""
        known = {chat.id: chat.parents for chat in self._chats}
        chats = open_chats(self._store, self._account, now)
        stale = self._edges_read is None or now - self._edges_read >= _EDGES
        for chat in chats:
            chat.parents = known.get(chat.id, {})
            if stale or chat.id not in known:
                chat.know_edges()
        self._edges_read = now if stale else self._edges_read
        self._chats, self._refreshed = chats, now

    def _request(self, post: Post) -> Request | None:
        """What a post that belongs to no chat asks of us, if it is addressed to us."""
        own = self._intake.ours(self._account)
        if not self._addressed(post, own):
            return None
        languages = dict.fromkeys(tag for stored in self._store.chats() for tag in stored.series.languages)
        parent = self._store.key(self._network, post.parent)
        chat = self._previewed(post, parent)
        asked = read_host(post.text, tuple(languages)) if chat else None
        chat = chat if asked else ""
        asked = asked or read(post.text, tuple(languages), own=own, in_thread=False, own_handle=self._handle)
        if asked is None:
            return None
        return Request(
            asked=asked,
            post=post,
            key=self._store.key(self._network, post.ref.id),
            parent=parent,
            chat=chat,
            in_thread=False,
            account=self._account,
            named=named(post.text, tuple(languages), own=own, own_handle=self._handle),
        )

    def _previewed(self, post: Post, parent: str) -> str:
        """The chat about whose held digest we wrote to its host, who answers that privately with a post; else empty."""
        if post.visibility != "direct" or not post.parent:
            return ""
        stored = self._store.chat(self._store.cursor(self._account, preview_conversation(parent)))
        return stored.chat.id if stored and host_of(stored, post.author, self._intake.accounts) else ""

    def _addressed(self, post: Post, own: str) -> bool:
        """Whether a post is written to us, mentions us, or answers a post whose id tells that it is ours."""
        if post.visibility == "direct" or any(f"//{own}/" in each for each in (post.parent, post.root)):
            return True
        us = handle_id(self._handle)
        return any(
            mention.id == own or (self._handle and handle_id(mention.handle) == us) for mention in mentions(post.text)
        )

    # -- placing ---------------------------------------------------------------------------------------------
    def place(self, now: datetime, *, whole: bool = False) -> None:
        """Place the answers of chats that got some, not too often; all of them with ``whole``."""
        for chat in self._chats:
            fresh = self._fresh.get(chat.id, 0)
            if fresh and (whole or placing_due(self._placed.get(chat.id), now, fresh, len(chat.parents))):
                self._fresh.pop(chat.id)
                place_answers(self._store, chat.stored, chat.sent)
                self._placed[chat.id] = now


def asks(chat: OpenChat, now: datetime) -> bool:
    """Whether a chat's open question is asked for again and again: a slow chat's is read by sweeps."""
    stored = chat.stored
    return listening(stored.series, stored.chat, now) and not is_long(stored.chat)


def ask(network: Network, cursor: str, wanted: Wanted, asking: Asking, since: datetime) -> Heard:
    """Ask what came in, as far as asking tells: what is addressed to us, below open questions, under hashtags.

    Args:
        network: who is asked.
        cursor: how far we asked.
        wanted: what we want to hear of.
        asking: what to ask for besides.
        since: when we asked last, UTC, with some overlap: hashtags are searched from then on.

    Raises:
        NetworkError: it could not be asked.
    """
    heard = network.listen(cursor, wanted)
    posts = list(heard.posts)
    for ref in asking.questions:
        try:
            posts += [post for batch in network.sweep(ref) for post in batch]
        except Refused:  # our own post was taken down there
            continue
    for hashtag in asking.hashtags:
        posts += [post for batch in network.tagged(hashtag, since) for post in batch]
    return msgspec.structs.replace(heard, posts=tuple(posts))


def listen(ear: Ear, network: Network, cursor: str, now: datetime) -> Collected:
    """Ask once what came in since a cursor, and store it: what every tick does."""
    return ear.take(network.listen(cursor, ear.wanted(now)), now, ASKED)
