"""Collect: read our threads, the hashtag and quotes, ask consent at the door, keep what may be kept, and place it.

Sweeps are the truth: each reads a chat's threads to the last reply. Parent edges are kept by us, because both
networks drop the subtree of a deleted post. Running it twice changes nothing.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from bot.domain.sweeps import check_interval, hashtag_window, sweep_due
from bot.errors import NetworkError, Refused, UserError
from bot.services.door import Door, readmit
from bot.services.placing import place_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
    for account, network in accounts.items():  # of two on one network each may know posts by ids of its own server
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
    door = Door(
        store=store,
        stored=stored,
        questions=frozenset(post.key for post in sent if post.kind == "question"),
        own=own,
        parents=dict(store.edges(chat.id)),
        seen={post.key for post in sent},
    )
    new = changed = gone = 0
    trouble = ""
    for source in _sources(network, stored, [post for post in sent if post.account == network.account], store, now):
        try:
            for batch in source:
                in_time = [post for post in batch if post.at < chat.ends_at + stored.series.late]
                result = store.upsert(door.admit(in_time), now)
                new, changed = new + result.new, changed + result.changed
        except NetworkError as error:  # a search that is down must not cost what the threads say
            trouble = trouble or str(error)
    try:
        gone = 0 if trouble else _look_up(store, network, _vanished(store, network, chat, door.seen), now).gone
    except NetworkError as error:
        trouble = str(error)
    last = due.swept.get(account)
    # After its end a chat is read so rarely that what a crash left unplaced can be placed each time.
    if new or changed or gone or last is None or now >= chat.ends_at or any(post.at >= last for post in sent):
        place_answers(store, stored, sent)
    if trouble:  # not read to its end, so it is read again soon, and a digest waits for it
        return Collected(new=new, changed=changed, troubles={account: trouble})
    store.swept(chat.id, network.account, now)
    return Collected(new=new, changed=changed, gone=gone, swept=(f"{chat.id}@{network.account}",))


def _sources(
    network: Network, stored: StoredChat, sent: Sequence[SentPost], store: Store, now: datetime
) -> tuple[Iterator[tuple[Post, ...]], ...]:
    """All that may be an answer: below each thread of ours, under the hashtag in its window, quoting a question."""
    opens, closes = hashtag_window(stored.series, stored.chat, _following(store, stored))
    questions = [post for post in sent if post.kind == "question"]

    def tagged() -> Iterator[tuple[Post, ...]]:
        for batch in network.tagged(stored.series.hashtag, opens) if opens <= now else ():
            yield tuple(post for post in batch if opens <= post.at < closes)

    return (
        (batch for post in _roots(sent) for batch in _unless_refused(network.sweep(post.ref))),
        tagged(),
        (batch for post in questions for batch in _unless_refused(network.quotes(post.ref))),
    )


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
    changed = store.upsert(readmit(store, result.posts), now).changed
    store.checked([post.ref for post in result.posts], now)
    gone = store.bury([store.key(ref.network, ref.id) for ref in result.gone], now)
    return Collected(changed=changed, gone=gone)
