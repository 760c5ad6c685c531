"""Collect: read our threads, the hashtag and quotes, ask consent at the door, keep what may be kept, and place it.

Sweeps are the truth: a full one reads a chat's threads to the last reply. Where a stream tells what is said, they only
make sure of it, thread by thread (``domain.sweeps.to_read``). Parent edges are kept by us, because both networks drop
the subtree of a deleted post. Running it twice changes nothing.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from bot.domain.followups import awaited, reading_due
from bot.domain.sweeps import (
    Reading,
    Readings,
    Rhythm,
    check_interval,
    has_polls,
    is_over,
    is_searched,
    listening,
    to_read,
)
from bot.errors import NetworkError, Refused, UserError
from bot.services.departing import see_off
from bot.services.door import readmit
from bot.services.intake import Intake
from bot.services.openchats import OpenChat
from bot.services.placing import place_answers
from bot.services.polls import polls_to_read, read_polls
from bot.services.readings import note_hashtag_read, note_thread_read, readings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.alarms import Watchwords
    from bot.domain.posts import NetworkName, Post, PostRef
    from bot.domain.records import SentPost
    from bot.ports import Due, Network, Store
    from bot.ports.phrases import Phrase
    from bot.services.door import Door

LOOK_UPS = 200
"""How many posts one run looks up on each account, oldest first."""


class Collected(msgspec.Struct, frozen=True):
    """What a run found: posts seen for the first time, changed, gone; and what went wrong, by account."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    swept: tuple[str, ...] = ()
    troubles: dict[str, str] = {}

    def and_(self, other: Collected) -> Collected:
        """Both together."""
        return Collected(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            gone=self.gone + other.gone,
            swept=self.swept + other.swept,
            troubles={**self.troubles, **other.troubles},
        )


def collect(
    store: Store,
    accounts: Mapping[str, NetworkName],
    networks: Callable[[str], Network],
    now: datetime,
    *,
    ours: Callable[[str], str],
    watch: Watchwords,
    phrase: Phrase,
    handles: Callable[[str], str] = lambda _account: "",
    rhythm: Callable[[str], Rhythm] = lambda _account: "swept",
    gone: Callable[[str], Collection[str]] = lambda _account: (),
    everything: bool = False,
) -> Collected:
    """Read what of each open chat is due, on each of its accounts, then look up what is due to be checked.

    Args:
        store: the truth.
        accounts: our account keys, each with its network.
        networks: gives the adapter for an account key; called only where something is to be read.
        now: UTC.
        ours: gives our own ``Account.id`` for an account key; our own posts are no answers.
        watch: what makes a person look at an answer.
        phrase: words of ours for those who ask something.
        handles: gives our own handle for an account key, asked after ``ours``; empty if unknown.
        rhythm: says how we know on an account what is said: by a stream, by asking, or by these sweeps alone.
        gone: gives node keys of posts that a stream said were deleted just now: what was read before is not kept.
        everything: read all open chats whole, due or not.
    """
    intake = Intake(
        store=store, accounts=accounts, networks=networks, ours=ours, watch=watch, phrase=phrase, handles=handles
    )
    total = Collected()
    opened = store.collecting(now)
    for due in opened:
        for account in (key for key in due.stored.series.accounts if key in accounts):
            searched = is_searched(accounts[account])
            reading = _due(store, due, account, now, rhythm(account), searched=searched, everything=everything)
            if reading.begun:
                store.swept(due.stored.chat.id, account, now)
            elif reading:
                work = partial(_sweep, intake, due, account, now, reading, gone)
                total = total.and_(_guarded(account, work))
    for account in (key for key, network in accounts.items() if has_polls(network)):
        if polls := polls_to_read(store, opened, account, now, everything=everything):
            total = total.and_(_guarded(account, partial(_read_polls, intake, account, polls, now)))
    for account, network in accounts.items():  # of two on one network each may know posts by ids of its own server
        refs = store.unchecked(network, lambda chat: now - check_interval(chat, now), LOOK_UPS)
        guests = store.invited(network, LOOK_UPS)
        for some in (refs, guests):
            if some:
                total = total.and_(_guarded(account, partial(_check, intake, account, some, now)))
    return total


def _due(
    store: Store, due: Due, account: str, now: datetime, rhythm: Rhythm, *, searched: bool, everything: bool
) -> Reading:
    """What of a chat is due on an account; more is asked of the store only where it matters."""
    series, chat = due.stored.series, due.stored.chat
    if is_over(series, chat, now):
        return _awaited(store, due, account, now, everything=everything)
    if everything:
        return Reading(everything=True)
    if rhythm == "swept" or not listening(series, chat, now):
        whole = to_read(series, chat, (), Readings(everything=due.swept.get(account)), now, "swept")
        return whole or _awaited(store, due, account, now, everything=False)
    known = OpenChat.of(store, due)
    done = readings_of(store, known, account)
    return to_read(series, chat, known.mine(account), done, now, rhythm, searched=searched)


def _awaited(store: Store, due: Due, account: str, now: datetime, *, everything: bool) -> Reading:
    """What people tell us later, under follow-ups, as far as that is to be read."""
    asked = awaited(store.sent_posts(due.stored.chat.id), account, now)
    if not asked:
        return Reading()
    done = readings_of(store, OpenChat.of(store, due), account)
    prompts = tuple(dict.fromkeys(one.prompt for one in asked))
    read = [done.threads[prompt] for prompt in prompts if prompt in done.threads]
    last = min(read) if len(read) == len(prompts) else None
    told = last is not None and any(done.named.get(prompt, last) > last for prompt in prompts)
    return Reading(threads=prompts) if everything or told or reading_due(asked, last, now) else Reading()


def _sweep(  # noqa: PLR0917 - called in one place, above
    intake: Intake,
    due: Due,
    account: str,
    now: datetime,
    reading: Reading,
    gone: Callable[[str], Collection[str]],
) -> Collected:
    return _Sweep(intake, OpenChat.of(intake.store, due), account, now, reading, gone).run()


def _read_polls(intake: Intake, account: str, polls: Mapping[str, PostRef], now: datetime) -> Collected:
    read_polls(intake.store, intake.networks(account), polls, now)
    return Collected()


def _guarded(account: str, work: Callable[[], Collected]) -> Collected:
    """One account's trouble is noted and never stops another's work."""
    try:
        return work()
    except (NetworkError, UserError) as error:
        return Collected(troubles={account: str(error)})


class _Sweep:
    """One chat, read on one account, as far as is due."""

    def __init__(  # noqa: PLR0917 - built in one place, above
        self,
        intake: Intake,
        chat: OpenChat,
        account: str,
        now: datetime,
        reading: Reading,
        gone: Callable[[str], Collection[str]],
    ) -> None:
        self._intake = intake
        self._store = intake.store
        self._chat = chat
        self._account = account
        self._now = now
        self._reading = reading
        self._gone = gone
        self._found = Collected()

    def run(self) -> Collected:
        """Read it, keep what may be kept, and place it."""
        chat, now = self._chat, self._now
        network = self._intake.networks(self._account)
        chat.parents = {}
        chat.know_edges()
        door = self._intake.door(chat, self._account)
        trouble = ""
        for source in self._sources(network):
            try:
                self._read(source, door)
            except NetworkError as error:  # a search that is down must not cost what the threads say
                trouble = trouble or str(error)
        try:
            if not trouble:
                missing = self._vanished(network, door.seen)
                self._found = self._found.and_(_look_up(self._intake, network, missing, now))
        except NetworkError as error:
            trouble = str(error)
        self._place()
        if trouble:  # not read to its end, so it is read again soon, and a digest waits for it
            found = msgspec.structs.replace(self._found, troubles={self._account: trouble})
        else:
            self._note_read()
            found = msgspec.structs.replace(self._found, swept=(f"{chat.id}@{self._account}",))
        self._intake.attend(door.requests, now)  # last: it may ask for another sweep
        return found

    def _read(self, source: Iterator[tuple[Post, ...]], door: Door) -> None:
        for batch in source:
            candidates = door.admit([post for post in batch if self._chat.in_time(post)])
            stored = self._store.upsert(candidates, self._now)
            # A stream may have told of a deletion while this was being read.
            buried = {each.key for each in candidates}.intersection(self._gone(self._account))
            gone = self._store.bury(buried, self._now) if buried else 0
            originals = self._intake.originals(self._chat, door, candidates, self._now)
            self._intake.blocks(batch, self._now)
            self._found = self._found.and_(
                Collected(new=stored.new + originals.new, changed=stored.changed + originals.changed, gone=gone)
            )

    def _sources(self, network: Network) -> tuple[Iterator[tuple[Post, ...]], ...]:
        """What may be an answer, as far as it is due: below our threads, under the hashtag, quoting a question."""
        chat, whole = self._chat, self._reading.everything
        threads = (batch for post in self._threads() for batch in _unless_refused(network.sweep(post.ref)))
        questions = [post for post in chat.mine(self._account) if post.kind == "question"] if whole else []

        def tagged() -> Iterator[tuple[Post, ...]]:
            if chat.opens <= self._now and (whole or self._reading.hashtag):
                for batch in network.tagged(chat.stored.series.hashtag, chat.opens):
                    yield tuple(post for post in batch if chat.opens <= post.at < chat.closes)

        quotes = (batch for post in questions for batch in _unless_refused(network.quotes(post.ref)))
        return (threads, tagged(), quotes)

    def _threads(self) -> tuple[SentPost, ...]:
        """The roots of the threads that are due."""
        roots = self._chat.roots(self._account)
        return roots if self._reading.everything else tuple(one for one in roots if one.prompt in self._reading.threads)

    def _vanished(self, network: Network, seen: Collection[str]) -> tuple[PostRef, ...]:
        """Stored posts of this network that the sweep did not meet: deleted, hidden, or outside what it reads."""
        roots = {post.key for post in self._threads()}
        if not roots and not self._reading.everything:
            return ()
        missing = (
            one.post.ref
            for one in self._store.candidates(self._chat.id)
            if one.key not in seen and one.post.ref.network == network.name
            if self._reading.everything or one.root in roots or self._chat.hangs_under(one.key, roots)
        )
        return tuple(itertools.islice(missing, LOOK_UPS))

    def _place(self) -> None:
        # After its end a chat is read so rarely that what a crash left unplaced can be placed each time.
        found, last = self._found, self._chat.swept.get(self._account)
        over = self._now >= self._chat.stored.chat.ends_at
        if (
            found.new
            or found.changed
            or found.gone
            or last is None
            or over
            or any(p.at >= last for p in self._chat.sent)
        ):
            place_answers(self._store, self._chat.stored, self._chat.sent)

    def _note_read(self) -> None:
        store, chat, account, now = self._store, self._chat, self._account, self._now
        if self._reading.everything:
            store.swept(chat.id, account, now)
            return
        for prompt in self._reading.threads:
            note_thread_read(store, account, prompt, now)
        if self._reading.hashtag:
            note_hashtag_read(store, account, chat.id, now)


def _unless_refused(batches: Iterator[tuple[Post, ...]]) -> Iterator[tuple[Post, ...]]:
    """Pass batches on; a thread of ours that was taken down there has no answers to read, the others still have."""
    try:
        yield from batches
    except Refused:
        return


def _check(intake: Intake, account: str, refs: Sequence[PostRef], now: datetime) -> Collected:
    """Look up posts that were not looked at for long, or whose authors let us keep them after all."""
    return _look_up(intake, intake.networks(account), refs, now)


def _look_up(intake: Intake, network: Network, refs: Sequence[PostRef], now: datetime) -> Collected:
    """Ask for posts by id: those that are gone become tombstones, all others are decided about anew."""
    if not refs:
        return Collected()
    store, result = intake.store, network.look_up(refs)
    intake.blocks(result.posts, now)
    stored = store.upsert(readmit(store, result.posts, intake.watch), now)
    store.checked([post.ref for post in result.posts], now)
    missing = [store.key(ref.network, ref.id) for ref in result.gone]
    gone = see_off(store, network, missing, now) + store.bury(missing, now)
    learned = {ref.id for ref in result.gone} | {post.ref.id for post in result.posts}
    store.unanswered([ref for ref in refs if ref.id not in learned], now)
    return Collected(new=stored.new, changed=stored.changed, gone=gone)
