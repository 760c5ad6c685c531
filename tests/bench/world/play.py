"""What teachers do in a chat, act by act, in every way in which an answer can be given, changed and taken back.

Of a hundred acts about seventy are answers and thirty are answers to answers, ever deeper; among them come posts that
must not be kept, edits, and deletions of leaves and of middles of threads.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.bench.world.teachers import WORKERS, MastodonCrowd, Said, Talk

Act = Callable[[Talk], object]

HEARD_WITHIN = 6.0
"""Seconds after which a stream must have told of a post."""

DEEPEST = 6
"""Levels of replies in everyday threads; what goes deeper is measured in ``bursts``."""

SAYINGS = (
    "We stopped marking every book and talk to five groups a lesson instead.",
    "One sentence that can be acted on tomorrow, read before the bell.",
    "A nod from across the room; the rest is in the lesson.",
    "Whole-class notes on one page, and time to use them.",
    "Honestly? Less of it, and nobody missed it.",
)


class Script:
    """Gives act after act; each call of ``next_act`` one more. Safe to use from several threads.

    Args:
        talk: whose acts they are.
        strangers: people of other servers have their say, too.
    """

    def __init__(self, talk: Talk, *, strangers: bool = True) -> None:
        self._talk = talk
        self._lock = threading.Lock()
        self._number = itertools.count()
        ways = _ON_BLUESKY if talk.network == "bluesky" else _ON_MASTODON
        self._ways = itertools.cycle([way for way in ways if strangers or way != "far"])
        self._sayings = itertools.cycle(SAYINGS)

    def next_act(self) -> Act:
        """An answer, in the next of the ways in which answers are given there."""
        with self._lock:
            number, way, saying = next(self._number), next(self._ways), next(self._sayings)
            lately = [one for one in self._talk.said[-60:] if one.stands and not one.orphaned_at]
        # Most answer the open question, the last that was asked; every sixth goes back to an earlier one.
        question = number % len(self._talk.questions) + 1 if number % 6 == 5 else len(self._talk.questions)
        if way == "far":
            return lambda talk: _from_afar(talk, question, saying, number)
        if way.startswith("nested"):
            deep = [one for one in lately if _level(one) < DEEPEST and one.kind in _REPLIES]
            above = deep[-1 - number % min(4, len(deep))] if deep else None
            return lambda talk: _answer(talk, way if above else "reply", question, saying, above)
        return lambda talk: _answer(talk, way, question, saying, None)


_ON_BLUESKY = ("reply", "nested", "reply", "hashtag", "nested", "reply", "nested", "quote", "nested", "hashtag")
_ON_MASTODON = (
    *(
        "reply",
        "nested",
        "reply",
        "hashtag",
        "nested",
        "unmentioned",
        "reply",
        "nested-unmentioned",
        "quote",
        "stranger",
    ),
    *("unlisted", "nested", "far", "hashtag", "nested", "unmentioned", "hashtag", "nested", "reply", "reply"),
)
_REPLIES = frozenset({"reply", "nested"})


def _answer(talk: Talk, way: str, question: int, saying: str, above: Said | None) -> Said:
    if way in ("reply", "nested"):
        return talk.say(way, talk.addressed(saying), question, reply=True, below=above)
    if way in ("unmentioned", "nested-unmentioned"):
        return talk.say(way, saying, question, reply=True, below=above, told=False)
    if way == "unlisted":
        return talk.say(way, talk.addressed(saying), question, reply=True, visibility="unlisted")
    if way == "quote":
        return talk.say(way, f"This, all of this: {saying}", question, quote=True)
    return talk.say(way, talk.labelled(saying, question), question)


def _from_afar(talk: Talk, question: int, saying: str, number: int) -> Said:
    """A stranger's reply to the bot, and another stranger's reply to that, which never arrives by itself.

    The bot's server fetches such replies when it is asked for the first one's thread, once in a quarter of an hour:
    what is said there later would be found then, and this evening is shorter.
    """
    assert isinstance(talk.crowd, MastodonCrowd)
    one, other = (talk.crowd.strangers[(number + step) % len(talk.crowd.strangers)] for step in (0, 1))
    first = talk.say("stranger", f"{talk.crowd.bot_afar} {saying}", question, reply=True, who=one)
    return talk.say("far", saying, question, below=first, who=other, told=False)


# -- what must not be kept ---------------------------------------------------------------------------------------
def decoys(talk: Talk, question: int) -> Iterator[Act]:
    """One of each kind of post that may not be archived, or that is no answer."""
    crowd = talk.crowd

    def reply(kind: str, text: str, **more: Any) -> Act:
        return lambda talk: talk.say(kind, talk.addressed(text), question, reply=True, public=False, **more)

    def alone(kind: str, text: str, **more: Any) -> Act:
        return lambda talk: talk.say(kind, talk.labelled(text, question), question, public=False, **more)

    yield reply("no-archive-bio", "My bio says that nobody keeps this.", who=crowd.shy)
    yield alone("no-archive-bio", "My bio says so, too.", who=crowd.shy)
    yield reply("no-archive-post", "Between us. #noarchive")
    yield reply("unwilling", "Robots are not welcome here.", who=crowd.unwilling)
    yield alone("blocked", "I block this account.", who=crowd.blocker)
    yield lambda talk: talk.say("elsewhere", "Lunch was good, and answers nothing.", question, public=False)
    yield lambda talk: talk.say("almost", f"A{question}: a longer hashtag {talk.tag}s", question, public=False)
    if talk.network == "bluesky":
        yield reply("blocked", "I block this account.", who=crowd.blocker)
    else:
        yield reply("followers", "For my followers and you.", visibility="private")
        yield reply("direct", "For you alone.", visibility="direct")
        yield alone("followers", "For my followers.", visibility="private")


# -- what is taken back ------------------------------------------------------------------------------------------
def changes(talk: Talk, share: float) -> Iterator[Act]:
    """Deletions of leaves and of middles of threads, and edits: each of about ``share`` of what stands here."""
    standing = [one for one in talk.standing() if not one.orphaned_at and one.kind not in ("stranger", "far")]
    many = max(2, round(len(standing) * share))
    parents = {one.above for one in standing}
    leaves = [one for one in standing if one not in parents]
    middles = [one for one in standing if one in parents and _level(one) <= 2]
    going = [*_spread(leaves, many), *_spread(middles, max(2, many // 2))]
    for said in going:
        yield lambda talk, said=said: talk.delete(said)
    if talk.network == "mastodon":
        for said in _spread([one for one in leaves if one not in going], many):
            yield lambda talk, said=said: talk.edit(said, _otherwise(talk, said))


def orphans(talk: Talk, many: int) -> None:
    """Replies whose parent goes before any thread is read: only who is told by the network can know of them.

    The parents stand for as long as hearing of them may take.
    """
    below = []
    for number in range(many):
        question = number % len(talk.questions) + 1
        middle = talk.say("reply", talk.addressed("Wrong account, sorry."), question, reply=True)
        below.append(talk.say("orphan", talk.addressed("I stand by what I say under it."), question, below=middle))
    time.sleep(HEARD_WITHIN)
    for one in below:
        assert one.above is not None
        talk.delete(one.above)


def _otherwise(talk: Talk, said: Said) -> str:
    """Other words, given in the same way."""
    if said.kind == "hashtag":
        return talk.labelled("I think otherwise.", said.question)
    return talk.addressed("I think otherwise.") if said.told else "I think otherwise."


def _spread(some: Sequence[Said], many: int) -> list[Said]:
    """So many of them, from all over the evening."""
    return list(some[:: max(1, len(some) // many)][:many]) if some else []


def _level(said: Said) -> int:
    return 1 if said.above is None else 1 + _level(said.above)


# -- acting ------------------------------------------------------------------------------------------------------
def perform(talk: Talk, acts: Iterator[Act]) -> None:
    """Carry acts out, several teachers at a time, as fast as their server lets them."""
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                act = next(acts, None)
            if act is None:
                return
            act(talk)

    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(work) for _ in range(WORKERS)]:
            done.result()


def pace(talk: Talk, acts: Iterator[Act], seconds: float) -> None:
    """Carry acts out evenly over so many seconds."""
    all_acts = list(acts)
    start = time.monotonic()
    for number, act in enumerate(all_acts):
        time.sleep(max(0.0, start + seconds * number / len(all_acts) - time.monotonic()))
        act(talk)


def everywhere(talks: Sequence[Talk], do: Callable[[Talk], None]) -> None:
    """Let both networks' teachers act at the same time."""
    with ThreadPoolExecutor(len(talks)) as pool:
        for done in [pool.submit(do, talk) for talk in talks]:
            done.result()
