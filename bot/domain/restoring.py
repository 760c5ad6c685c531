"""What was said since a backup was made: our posts as a network has them on one side, what was to be said on the other.

A store that was put back to a moment in mid-chat does not know of anything that left afterwards. Each thread of ours is
explained by what it says, where it hangs and when; never twice beats never lost.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.patterns import ZERO_WIDTH_SPACE
from bot.domain.posts import PostRef
from bot.domain.records import Said

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

SLACK = timedelta(minutes=10)
"""How far a post's time may lie outside its prompt's useful life: clocks differ, and what was begun is finished."""

FAR = timedelta(hours=12)
"""The same for a thread that says it word by word: only last week's must not be taken for this week's."""

NEAR = timedelta(minutes=2)
"""How near to its prompt's time a thread of other words is taken for it, where nothing else explains the thread."""

ALIKE = 0.5
"""Which share of their words two texts have in common where one is the other, changed since."""

_MENTIONED = re.compile(r"(?<![\w/])@([\w.-]*\w)@[\w.-]*\w(?::\d+)?")
_WORD = re.compile(r"\w+")


class Restored(msgspec.Struct, frozen=True):
    """That a store was put back from a backup.

    Attributes:
        taken: when the backup was made, UTC.
        at: when it was put back, UTC.
        settled: keys of our accounts on which it is known what was said in between.
        notes: by delivery, why a digest that comes to be written is not to be posted: it is out there already.
    """

    taken: datetime
    at: datetime
    settled: tuple[str, ...] = ()
    notes: dict[str, str] = {}


class WantedPost(msgspec.Struct, frozen=True):
    """One post of a thread that was to be said.

    Attributes:
        texts: its words, in each way in which a network may give them back.
        parent: index of the post it replies to; ``None`` for the first.
        known: its address, where the store knows that it is out.
    """

    texts: tuple[str, ...]
    parent: int | None = None
    known: PostRef | None = None


class WantedThread(msgspec.Struct, frozen=True):
    """A delivery that may have been said since.

    Attributes:
        delivery: its id; ``chat`` and ``order`` as there.
        at, until: from when to when it was of use, UTC.
        posts: the first is the root.
        under: ``PostRef.id`` of the post it hangs under; empty for a thread of its own.
        waiting: the store would still say it; what it gave up is only looked for word by word.
        digest: its words depend on answers that the store does not know any more.
        written: it is in the outbox; else only a guess at a digest that may have been written since.
    """

    delivery: str
    chat: str
    order: int
    at: datetime
    until: datetime
    posts: tuple[WantedPost, ...]
    under: str = ""
    waiting: bool = True
    digest: bool = False
    written: bool = True


How = Literal["said", "begun", "otherwise", "perhaps", "passed", "unsaid"]


class Outcome(msgspec.Struct, frozen=True):
    """What became of a delivery.

    Attributes:
        delivery: its id.
        how: ``said``: all of it is there. ``begun``: a part of it, word by word. ``otherwise``: in words that were
            changed since. ``perhaps``: a thread is there that nothing else explains. ``passed``: it is not there and
            what comes after it in its chat is. ``unsaid``: it is certainly not there.
        posts: what was found of it, by index; for ``otherwise`` the whole thread, ``perhaps`` its root.
    """

    delivery: str
    how: How
    posts: dict[int, Said] = {}


def normal(text: str) -> str:
    """What two spellings of one text have in common: no servers in mentions, no invisible marks, single blanks."""
    plain = _MENTIONED.sub(r"@\1", text.replace(ZERO_WIDTH_SPACE, ""))
    return " ".join(unicodedata.normalize("NFC", plain).split())


def outcomes(
    wanted: Sequence[WantedThread], said: Iterable[Said], known: Collection[str], passed: Mapping[str, int]
) -> tuple[Outcome, ...]:
    """Say what became of each delivery, in the order given.

    Args:
        wanted: what may have been said since the backup.
        said: our posts on the network since then and a while before.
        known: ids of our posts that the store knows.
        passed: by chat, the highest order of what is known to be out.
    """
    match = _Match(said, known)
    inorder = sorted(wanted, key=lambda one: (one.at, one.order, one.delivery))
    match.word_by_word(inorder)
    for one in inorder:
        match.by_place(one)
    match.changed_since([one for one in inorder if one.waiting])
    match.left_over([one for one in inorder if one.waiting])
    farthest = dict(passed)
    for one in inorder:
        if one.delivery in match.how and not one.digest:
            farthest[one.chat] = max(farthest.get(one.chat, -1), one.order)
    return tuple(match.outcome(one, farthest.get(one.chat, -1)) for one in wanted)


class _Match:
    """Our posts, each of which explains one post that was wanted, or none."""

    def __init__(self, said: Iterable[Said], known: Collection[str]) -> None:
        self._said = sorted((one for one in said if not one.private), key=lambda one: (one.at, one.ref.id))
        self._free = {one.ref.id for one in self._said if one.ref.id not in known}
        self._found: dict[str, dict[int, Said]] = {}
        self.how: dict[str, How] = {}

    def outcome(self, one: WantedThread, farthest: int) -> Outcome:
        how = self.how.get(one.delivery)
        if how is None:
            gone_by = one.waiting and not one.digest and one.order < farthest
            return Outcome(one.delivery, "passed" if gone_by else "unsaid")
        return Outcome(one.delivery, how, self._found[one.delivery])

    def word_by_word(self, wanted: Sequence[WantedThread]) -> None:
        """Find the threads that say just this, where they would hang; of several the nearest in time."""
        pairs = [
            (abs(each.at - one.at), one, each)
            for one in wanted
            if not one.posts[0].known
            for each in self._unexplained(one.under)
            if _says(each, one.posts[0]) and _in_time(each, one, FAR)
        ]
        pairs.sort(key=lambda pair: (pair[0], pair[1].at, pair[1].delivery, pair[2].at, pair[2].ref.id))
        for _, one, each in pairs:
            if one.delivery not in self._found and each.ref.id in self._free:
                self._found[one.delivery] = {0: each}
                self._free.discard(each.ref.id)
        for one in wanted:
            self._fill(one, word_by_word=True)

    def by_place(self, one: WantedThread) -> None:
        """Under a root that was found, what else hangs there is the rest, in order, however its words look now."""
        ids = self._ids(one)
        if not ids:
            return
        others = [each for above in ids.values() for each in self._unexplained(above)]
        if one.digest and (others or not one.written):  # it repeats answers that are not known here
            self._perhaps(one, self._found.get(one.delivery, {}).get(0), others)
            return
        self._fill(one, word_by_word=False)
        if one.delivery in self._found:
            self.how[one.delivery] = "said" if len(self._ids(one)) == len(one.posts) else "begun"

    def _fill(self, one: WantedThread, *, word_by_word: bool) -> None:
        """Find what hangs under posts that are known or were found: what says just this, or else whatever is there."""
        found, ids = self._found.get(one.delivery, {}), self._ids(one)
        for at, post in enumerate(one.posts):
            if at in ids or post.parent is None or post.parent not in ids:
                continue
            hanging = self._unexplained(ids[post.parent])
            below = next((each for each in hanging if not word_by_word or _says(each, post)), None)
            if below is not None:
                found[at] = below
                ids[at] = below.ref.id
                self._free.discard(below.ref.id)
        if found:
            self._found[one.delivery] = found

    def _ids(self, one: WantedThread) -> dict[int, str]:
        """Ids of a thread's posts that are known or were found, by index."""
        ids = {at: post.known.id for at, post in enumerate(one.posts) if post.known}
        return ids | {at: each.ref.id for at, each in self._found.get(one.delivery, {}).items()}

    def changed_since(self, wanted: Sequence[WantedThread]) -> None:
        """Find threads whose words are mostly these: a moderator changed them, or they named what was not known yet."""
        pairs = [
            (alike, one, each)
            for one in wanted
            if one.delivery not in self.how and not one.posts[0].known
            for each in self._unexplained(one.under)
            if _in_time(each, one)
            and (alike := max((likeness(each.text, text) for text in one.posts[0].texts), default=0)) >= ALIKE
        ]
        pairs.sort(key=lambda pair: (-pair[0], abs(pair[2].at - pair[1].at), pair[1].at, pair[1].delivery))
        for _, one, each in pairs:
            if one.delivery not in self.how and each.ref.id in self._free:
                self._otherwise(one, each)

    def left_over(self, wanted: Sequence[WantedThread]) -> None:
        """What nothing explains so far, at the time of something that was to be said, was that."""
        for digest in (False, True):
            for one in wanted:
                if one.delivery in self.how or one.digest != digest or one.posts[0].known:
                    continue
                near = [
                    each
                    for each in self._unexplained(one.under)
                    if (_in_time(each, one) if digest else abs(each.at - one.at) <= NEAR)
                ]
                if near:
                    self._otherwise(one, min(near, key=lambda each: abs(each.at - one.at)))

    def _otherwise(self, one: WantedThread, root: Said) -> None:
        thread = list(self._below(root))
        if one.digest:
            self._perhaps(one, root, thread)
            return
        self._free.difference_update(each.ref.id for each in thread)
        self._found[one.delivery] = dict(enumerate(thread))
        self.how[one.delivery] = "otherwise"

    def _perhaps(self, one: WantedThread, root: Said | None, thread: Sequence[Said]) -> None:
        self._free.difference_update(each.ref.id for each in thread)
        self._found[one.delivery] = {0: root if root is not None else thread[0]}
        self.how[one.delivery] = "perhaps"

    def _unexplained(self, above: str) -> Iterator[Said]:
        """Our free posts under a post of ours, or without any above them, oldest first."""
        return (each for each in self._said if each.parent == above and each.ref.id in self._free)

    def _below(self, root: Said) -> Iterator[Said]:
        """A free thread of ours, from its root on, oldest first."""
        inside = {root.ref.id}
        for each in self._said:
            if each.ref.id in self._free and (each.ref.id in inside or each.parent in inside):
                inside.add(each.ref.id)
                yield each


def likeness(one: str, other: str) -> float:
    """Which share of all words of two texts stand in both, 0 to 1."""
    here, there = (frozenset(_WORD.findall(normal(text).casefold())) for text in (one, other))
    return len(here & there) / len(here | there) if here | there else 0.0


def _says(each: Said, post: WantedPost) -> bool:
    return normal(each.text) in map(normal, post.texts)


def _in_time(each: Said, one: WantedThread, slack: timedelta = SLACK) -> bool:
    return one.at - slack <= each.at <= one.until + slack
