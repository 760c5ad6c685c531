"""Collect: read our threads, the hashtag and quotes, ask consent at the door, keep what may be kept, and place it.

Sweeps are the truth: each reads a chat's threads to the last reply. Parent edges are kept by us, because both
networks drop the subtree of a deleted post. Running it twice changes nothing.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from bot.domain import consent
from bot.domain.answers import AskedQuestion, attribute
from bot.domain.answers import Candidate as Found
from bot.domain.records import Candidate, Placed
from bot.domain.richtext import hashtags
from bot.domain.sweeps import check_interval, hashtag_window, sweep_due
from bot.errors import NetworkError, Refused, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.posts import NetworkName, Post, PostRef
    from bot.domain.records import SentPost, StoredChat
    from bot.domain.schedule import Chat
    from bot.ports import Due, Network, Store

LOOK_UPS = 200
"""How many posts one run looks up on each account, oldest first."""


class Collected(msgspec.Struct, frozen=True):
    """What a run found: posts seen for the first time, changed, gone; and what went wrong, by account."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    swept: tuple[str, ...] = ()
    troubles: dict[str, str] = {}


def collect(
    store: Store,
    accounts: Mapping[str, NetworkName],
    networks: Callable[[str], Network],
    now: datetime,
    *,
    ours: Callable[[str], str],
    everything: bool = False,
) -> Collected:
    """Sweep every chat whose time has come, on each of its accounts, then look up what is due to be checked.

    Args:
        store: the truth.
        accounts: our account keys, each with its network.
        networks: gives the adapter for an account key; called only where something is to be read.
        now: UTC.
        ours: gives our own ``Account.id`` for an account key; our own posts are no answers.
        everything: sweep all open chats, due or not.
    """
    total = Collected()
    for due in store.collecting(now):
        for account in due.stored.series.accounts:
            if account not in accounts:
                continue
            if everything or sweep_due(due.stored.series, due.stored.chat, due.swept.get(account), now):
                work = partial(_sweep, store, networks, due, now, account, ours)
                total = _add(total, _guarded(account, work))
    for network, account in {network: account for account, network in accounts.items()}.items():
        refs = store.unchecked(network, lambda chat: now - check_interval(chat, now), LOOK_UPS)
        if refs:
            total = _add(total, _guarded(account, partial(_check, store, networks, account, refs, now)))
    return total


def _guarded(account: str, work: Callable[[], Collected]) -> Collected:
    """One account's trouble is noted and never stops another's work."""
    try:
        return work()
    except (NetworkError, UserError) as error:
        return Collected(troubles={account: str(error)})


def _add(one: Collected, other: Collected) -> Collected:
    return Collected(
        new=one.new + other.new,
        changed=one.changed + other.changed,
        gone=one.gone + other.gone,
        swept=one.swept + other.swept,
        troubles={**one.troubles, **other.troubles},
    )


@dataclass(frozen=True, slots=True)
class _Door:
    """Where each post of one chat passes: is it ours to ask about, in which thread does it stand, may it be kept?"""

    store: Store
    stored: StoredChat
    questions: frozenset[str]
    """Node keys of our questions."""
    own: str
    """Id of our own account on the network that is read."""
    parents: dict[str, str]
    seen: set[str]

    def admit(self, batch: Sequence[Post]) -> list[Candidate]:
        """The batch as candidates with their verdicts; our own posts and those seen before left out."""
        keys = [self.store.key(post.ref.network, post.ref.id) for post in batch]
        fresh = [
            (key, post)
            for key, post in zip(keys, batch, strict=True)
            if key not in self.seen and post.author.id != self.own
        ]
        self.seen.update(keys)
        for key, post in fresh:
            self.parents[key] = self.store.key(post.ref.network, post.parent)
        authors = {post.author.id: self.store.key(post.ref.network, post.author.id) for _, post in fresh}
        wishes = self.store.wishes(authors.values())
        return [self._candidate(key, post, wishes.get(authors[post.author.id], ())) for key, post in fresh]

    def _candidate(self, key: str, post: Post, wishes: Iterable[consent.Wish]) -> Candidate:
        root = self.store.key(post.ref.network, post.root)
        return candidate(
            self.stored,
            post,
            key=key,
            parent=self.parents[key],
            root=root,
            quote=self.store.key(post.ref.network, post.quote),
            in_thread=root in self.questions or self._climbs_to_question(key),
            wishes=wishes,
        )

    def _climbs_to_question(self, key: str) -> bool:
        """Whether parent edges lead from a post to one of our questions; a loop leads nowhere."""
        passed: set[str] = set()
        while key and key not in passed:
            passed.add(key)
            key = self.parents.get(key, "")
            if key in self.questions:
                return True
        return False


def _sweep(  # noqa: PLR0917 - called in one place, above
    store: Store,
    networks: Callable[[str], Network],
    due: Due,
    now: datetime,
    account: str,
    ours: Callable[[str], str],
) -> Collected:
    """Read one chat on one account to the last reply, and place what was found."""
    network, own = networks(account), ours(account)
    stored, chat = due.stored, due.stored.chat
    sent = store.sent_posts(chat.id)
    door = _Door(
        store=store,
        stored=stored,
        questions=frozenset(post.key for post in sent if post.kind == "question"),
        own=own,
        parents=dict(store.edges(chat.id)),
        seen={post.key for post in sent},
    )
    new = changed = 0
    for batch in _posts_of(network, stored, [post for post in sent if post.account == network.account], store, now):
        result = store.upsert(door.admit(batch), now)
        new, changed = new + result.new, changed + result.changed
    gone = _look_up(store, network, _vanished(store, network, chat, door.seen), now).gone
    last = due.swept.get(account)
    if new or changed or gone or last is None or any(post.at >= last for post in sent):
        place_answers(store, stored, sent)
    store.swept(chat.id, network.account, now)
    return Collected(new=new, changed=changed, gone=gone, swept=(f"{chat.id}@{network.account}",))


def _posts_of(
    network: Network, stored: StoredChat, sent: Sequence[SentPost], store: Store, now: datetime
) -> Iterator[tuple[Post, ...]]:
    """All that may be an answer: below each thread of ours, under the hashtag in its window, quoting a question."""
    for post in _roots(sent):
        yield from _unless_refused(network.sweep(post.ref))
    following = _following(store, stored)
    opens, closes = hashtag_window(stored.series, stored.chat, following)
    if opens <= now:
        for batch in network.tagged(stored.series.hashtag, opens):
            yield tuple(post for post in batch if opens <= post.at < closes)
    for post in sent:
        if post.kind == "question":
            yield from _unless_refused(network.quotes(post.ref))


def _roots(sent: Sequence[SentPost]) -> tuple[SentPost, ...]:
    """The first post of each thread of ours; a reminder stands in its question's thread already."""
    first: dict[str, SentPost] = {}
    for post in sorted(sent, key=lambda one: one.position):
        if post.kind != "reminder":
            first.setdefault(post.prompt, post)
    return tuple(first.values())


def _unless_refused(batches: Iterator[tuple[Post, ...]]) -> Iterator[tuple[Post, ...]]:
    """Pass batches on; a thread of ours that was taken down there has no answers to read, the others still have."""
    try:
        yield from batches
    except Refused:
        return


def _following(store: Store, stored: StoredChat) -> Chat | None:
    """The series' next chat after this one, whose evening ends this one's claim on the hashtag."""
    later = (other.chat for other in store.chats(stored.series.slug) if not other.cancelled)
    return next((chat for chat in later if chat.starts_at > stored.chat.starts_at), None)


def _vanished(store: Store, network: Network, chat: Chat, seen: Collection[str]) -> tuple[PostRef, ...]:
    """Stored posts of this network that the sweep did not meet: deleted, hidden, or outside what it reads."""
    missing = (one.post.ref for one in store.candidates(chat.id) if one.key not in seen)
    return tuple(itertools.islice((ref for ref in missing if ref.network == network.name), LOOK_UPS))


def _check(
    store: Store, networks: Callable[[str], Network], account: str, refs: Sequence[PostRef], now: datetime
) -> Collected:
    """Look up posts that were not looked at for long."""
    return _look_up(store, networks(account), refs, now)


def _look_up(store: Store, network: Network, refs: Sequence[PostRef], now: datetime) -> Collected:
    """Ask for posts by id: those that are gone become tombstones, all others are decided about anew."""
    if not refs:
        return Collected()
    result = network.look_up(refs)
    changed = store.upsert(_readmit(store, result.posts), now).changed
    store.checked([post.ref for post in result.posts], now)
    gone = store.bury([store.key(ref.network, ref.id) for ref in result.gone], now)
    return Collected(changed=changed, gone=gone)


def _readmit(store: Store, posts: Sequence[Post]) -> list[Candidate]:
    """Posts that are stored, as they are now, with new verdicts for every chat in which they stand."""
    keys = {store.key(post.ref.network, post.ref.id): post for post in posts}
    authors = {post.author.id: store.key(post.ref.network, post.author.id) for post in posts}
    wishes = store.wishes(authors.values())
    chats: dict[str, StoredChat | None] = {}
    found = []
    for key, places in store.standing(keys).items():
        for place in places:
            stored = chats.setdefault(place.chat, store.chat(place.chat))
            if stored is not None:
                found.append(
                    candidate(
                        stored,
                        keys[key],
                        key=key,
                        parent=place.parent,
                        root=place.root,
                        quote=place.quote,
                        in_thread=place.in_thread,
                        wishes=wishes.get(authors[keys[key].author.id], ()),
                    )
                )
    return found


def candidate(
    stored: StoredChat,
    post: Post,
    *,
    key: str,
    parent: str,
    root: str,
    quote: str,
    in_thread: bool,
    wishes: Iterable[consent.Wish],
) -> Candidate:
    """A post on its way into the store, with the verdict of ``consent.decide``."""
    series = stored.series
    verdict = consent.decide(post, series=series.slug, basis=series.archive, in_thread=in_thread, wishes=wishes)
    return Candidate(
        chat=stored.chat.id,
        post=post,
        key=key,
        parent=parent,
        root=root,
        quote=quote,
        in_thread=in_thread,
        store=verdict.store,
        hold=verdict.hold,
        search=verdict.search,
        why=verdict.why,
    )


def place_answers(store: Store, stored: StoredChat, sent: Sequence[SentPost]) -> int:
    """Say of every stored post of a chat which questions it answers; gives how many posts changed place."""
    chat = stored.chat
    questions = asked_questions(stored, sent)
    kept = store.candidates(chat.id)
    found = [
        Found(
            key=one.key,
            parent=one.parent,
            root=one.root,
            quote=one.quote,
            text=one.post.text.text,
            hashtags=hashtags(one.post.text),
            at=one.post.at,
        )
        for one in kept
    ]
    placed = attribute(
        found,
        questions,
        stored.series.hashtag,
        store.edges(chat.id),
        languages=stored.series.languages,
        ours={post.key: chat.id for post in sent if post.kind != "question"},
    )
    return store.place(
        chat.id,
        {key: tuple(Placed(question=one.question, how=one.how) for one in places) for key, places in placed.items()},
    )


def asked_questions(stored: StoredChat, sent: Sequence[SentPost]) -> tuple[AskedQuestion, ...]:
    """The chat's questions that were asked, each with the keys of its posts on all accounts."""
    keys: dict[str, list[SentPost]] = {}
    for post in sent:
        if post.kind == "question":
            keys.setdefault(post.prompt, []).append(post)
    return tuple(
        AskedQuestion(
            id=prompt,
            number=posts[0].number,
            chat=stored.chat.id,
            keys=tuple(post.key for post in posts),
            opened_at=min(post.at for post in posts),
            closes_at=stored.chat.ends_at + stored.series.late,
        )
        for prompt, posts in keys.items()
    )
