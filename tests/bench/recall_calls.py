"""How many requests a chat of an hour costs: eight questions and hundreds of answers, counted at the servers.

The loop's own duties and its listening, driven on a stepped clock: each duty is done when it asked to be done, as the
bell of ``staffroom run`` would ring, and each asking every 25 seconds, while the hour passes within a minute or two.
What teachers say one by one is waited for where a stream tells of it: so each answer is a batch of its own, as at the
pace of a chat, and nothing is asked once for two that would be asked twice.

The floor of ``calls_stream``: one connection for each stream, and each question's thread read once. In polling: three
things to ask every 25 seconds (what is addressed to us, the hashtag, the open question), and each thread and the
hashtag once. What consent must know of authors and threads (profiles, relationships, gates) and look-ups for deletion
are counted apart and printed; so is what the bot says. Strangers on other servers are left out: asking after their
replies is no part of the floor.

``latency_unmentioned``: how long, on the chat's clock, a Mastodon reply that mentions nobody waits for the reading at
the end of its question's turn; the limit is the longest turn, and a bell of 20 seconds.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import bot.networks.bluesky.streaming as bluesky_streaming
from bot.clock import SteppedClock
from bot.domain.sweeps import ASKING
from bot.listening import Pace
from bot.listening.writer import Writer
from bot.runner import Loop
from bot.services.tellings import Told
from bot.tick import House
from tests.bench.world import bulk, play
from tests.bench.world.evening import NETWORKS, QUESTIONS, Evening, FaultProxy, Seen, proxies, unasked
from tests.bench.world.teachers import BlueskyCrowd, Said, Talk
from tests.bench.world.truth import Watch, p99, shown_marks

Way = Literal["stream", "polling"]

ONE_BY_ONE = 6  # answers to each question on each network
AT_ONCE = 24  # and so many more at the end of its turn
BELL = 20.0
FLOOR = {"bluesky": 1 + QUESTIONS, "mastodon": 2 + QUESTIONS}
ENDPOINTS = 3
GOAL = 1.1
HEARD_WITHIN = 20.0  # seconds, on a busy machine

SAYING = re.compile(r"applyWrites|createRecord|putRecord|deleteRecord|uploadBlob|/media")
CONSENT = re.compile(r"getProfiles|getRelationships|getPosts\b|getRecord|accounts/relationships")
LOOKING_UP = re.compile(r"/api/v1/statuses(\?|/\d+$|/\d+\?)")
HOUSEKEEPING = re.compile(
    r"Session|describeServer|_health|verify_credentials|/instance|/streaming|nodeinfo|resolveHandle"
)


def rows() -> list[dict[str, Any]]:
    """The table's rows."""
    ways: tuple[Way, ...] = ("stream", "polling")
    hours = [_Hour(way) for way in ways]
    with ThreadPoolExecutor(len(hours)) as pool:
        for done in [pool.submit(hour.run) for hour in hours]:
            done.result()
    return [row for hour in hours for row in hour.rows()]


class _Hour:
    """One chat, from a quarter of an hour before its start to its close."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._seen: dict[str, list[Seen]] = {}
        self._connections: dict[str, int] = dict.fromkeys(NETWORKS, 0)
        self._answers: dict[str, int] = {}
        self._waits: list[float] = []
        self._turn = 0.0

    def run(self) -> None:
        """Let the hour pass."""
        with ExitStack() as stack:
            start = datetime.now(UTC) - timedelta(minutes=75)
            between = stack.enter_context(proxies())
            made = stack.enter_context(unasked(start, **{name: proxy.url for name, proxy in between.items()}))
            made.clock = SteppedClock(made.starts_at - timedelta(minutes=16))
            talks = made.talks()
            for talk in talks:
                if isinstance(talk.crowd, BlueskyCrowd):
                    talk.crowd.clock = made.clock.now
            house = stack.enter_context(made.house(made.folder, deaf=self._way == "polling"))
            watch = stack.enter_context(Watch(made.folder))
            stack.enter_context(_one_by_one())
            evening = _Evening(made, house, talks, watch, self._way, between)
            evening.run()
            self._seen = {name: proxy.requests()[evening.before[name] :] for name, proxy in between.items()}
            self._connections = evening.connections
            self._answers = {talk.network: len(talk.standing()) for talk in talks}
            self._waits, self._turn = evening.waits, evening.longest_turn

    def rows(self) -> list[dict[str, Any]]:
        """The rows of this hour."""
        found = [self._calls(network) for network in NETWORKS]
        if self._way == "stream":
            found.append(self._unmentioned())
        return found

    def _calls(self, network: str) -> dict[str, Any]:
        kinds = Counter(_kind(one) for one in self._seen[network])
        reading = Counter(_endpoint(one) for one in self._seen[network] if _kind(one) == "reading")
        ours = kinds["reading"] + self._connections[network]
        print(
            f"{self._way}, {network}: {self._answers[network]} answers; {self._connections[network]} streams, "
            f"read {dict(reading)}; apart from these {dict(kinds - Counter(reading=kinds['reading']))}",
            file=sys.stderr,
        )
        polled = round(3600 / ASKING.total_seconds()) * ENDPOINTS + QUESTIONS + 1
        reference = FLOOR[network] if self._way == "stream" else polled
        return {
            "name": f"calls_{self._way}_{network}",
            "ours": ours,
            "reference": reference,
            "reference_name": "streams, and each thread once"
            if self._way == "stream"
            else f"{ENDPOINTS} things asked every {ASKING.seconds} s, and each thread and the hashtag once",
            "unit": "requests in an hour",
            "ratio": round(ours / reference, 2),
            "goal": GOAL,
            "better": "lower",
        }

    def _unmentioned(self) -> dict[str, Any]:
        limit = self._turn + BELL
        return {
            "name": "latency_unmentioned",
            "ours": round(p99(self._waits), 1),
            "reference": limit,
            "reference_name": f"the longest turn of a question and a bell; p99 of {len(self._waits)} Mastodon replies",
            "unit": "seconds on the chat's clock",
            "ratio": round(p99(self._waits) / limit, 2),
            "goal": 1.0,
            "better": "lower",
        }


class _Evening:
    """Duties and teachers taking turns on the stepped clock."""

    def __init__(  # noqa: PLR0917 - built in one place, above
        self,
        made: Evening,
        house: House,
        talks: list[Talk],
        watch: Watch,
        way: Way,
        proxies: dict[str, FaultProxy],
    ) -> None:
        self._made, self._house, self._talks, self._watch, self._way = made, house, talks, watch, way
        self._proxies = proxies
        self._clock = made.clock
        self._loop = Loop(house, self._told, pace=Pace(look=0.05, known=0.0))
        self._due: dict[str, tuple[datetime, Callable[[], datetime]]] = {}
        self._open: dict[Said, datetime] = {}
        self.before: dict[str, int] = dict.fromkeys(NETWORKS, 0)
        self.connections: dict[str, int] = dict.fromkeys(NETWORKS, 0)
        self.waits: list[float] = []
        self.longest_turn = 0.0

    def run(self) -> None:
        """From before the start until the readings of the close are done."""
        loop = self._loop
        self._add("house", loop._keep_house)
        for account in self._house.accounts:
            self._add(f"deliver:{account}", partial(loop._deliver, account))
            self._add(f"collect:{account}", partial(loop._collect, account))
            self._add(f"errands:{account}", partial(loop._run_errands, account))
        if self._way == "stream":
            self._step_to(self._made.starts_at - timedelta(minutes=14))
            loop._listening.start()
            self._made.wait_for_streams()
        else:
            for account in self._house.accounts:
                self._add(f"ask:{account}", partial(self._ask, account))
        try:
            self._step_to(self._made.starts_at)
            self.before = {name: len(proxy.requests()) for name, proxy in self._proxies.items()}
            self._questions()
            self._step_to(self._made.ends_at + timedelta(minutes=1))
            if self._way == "stream":
                self.connections = dict(self._made.connections())
        finally:
            loop._listening.stop()
            if self._way == "stream":
                loop._listening.join(30)

    def _questions(self) -> None:
        asked = {
            one.at for one in self._house.store.deliveries(self._made.chat) if "/q" in one.id and "@bluesky" in one.id
        }
        turns = [*sorted(asked), self._made.ends_at]
        scripts = {talk.network: play.Script(talk, strangers=False) for talk in self._talks}
        for number, (opens, closes) in enumerate(pairwise(turns), start=1):
            self.longest_turn = max(self.longest_turn, (closes - opens).total_seconds())
            self._step_to(opens + timedelta(seconds=2))
            self._made.note_question(number)
            for one in range(1, ONE_BY_ONE + 1):
                self._step_to(opens + (closes - opens) * one / (ONE_BY_ONE + 2))
                said = [scripts[talk.network].next_act()(talk) for talk in self._talks]
                self._wait([each for each in said if isinstance(each, Said)])
                self._say_unmentioned(number)
            play.everywhere(self._talks, lambda talk, question=number: bulk.reply_at_once(talk, question, AT_ONCE))
            self._made.places.bluesky.settle()
            self._wait([each for talk in self._talks for each in talk.said])

    def _say_unmentioned(self, number: int) -> None:
        """A reply to the open question of which the network says nothing."""
        [talk] = [one for one in self._talks if one.network == "mastodon"]
        said = talk.say("unmentioned", "Nobody is told of this.", number, reply=True, told=False)
        self._open[said] = self._clock.now()

    def _wait(self, said: list[Said]) -> None:
        """What a stream tells of is waited for, where each batch asks something of the network."""
        if self._way == "stream":
            told = [one.mark for one in said if one.told and one.network == "bluesky"]
            self._watch.wait_for(lambda: told, HEARD_WITHIN)

    def _add(self, name: str, duty: Callable[[], datetime]) -> None:
        self._due[name] = (self._clock.now(), duty)

    def _step_to(self, moment: datetime) -> None:
        """Do what is due until then, in order, each duty when it asked to be done again."""
        while True:
            name, (at, duty) = min(self._due.items(), key=lambda one: one[1][0])
            if at > moment:
                break
            self._clock.move_to(at)
            self._due[name] = (duty(), duty)
            if name.startswith("collect:mastodon"):
                self._note_found()
        self._clock.move_to(moment)

    def _ask(self, account: str) -> datetime:
        """What the listening thread does where no stream tells, without the thread."""
        listener = self._loop._listening._listeners[account]
        reader, writer = listener.reader, listener.writer
        on, evening = reader._on()
        reader._ask(on=on, evening=evening)
        while items := _waiting(writer):
            writer._store(items)
        return self._clock.now() + ASKING

    def _note_found(self) -> None:
        """Of unmentioned replies that are kept by now: how long they waited."""
        if self._open:
            shown = set(shown_marks(self._house, self._made.chat))
            for one in [one for one in self._open if one.mark in shown]:
                self.waits.append((self._clock.now() - self._open.pop(one)).total_seconds())

    def _told(self, line: str) -> None:
        if "new answers" not in line and not line.startswith(("pages", "sent")):
            print(f"{self._way}: {line}", file=sys.stderr)


def _waiting(writer: Writer) -> list[Told]:
    return [] if writer._queue.empty() else writer._next()


@contextmanager
def _one_by_one() -> Iterator[None]:
    """Let the Bluesky stream gather for a moment only, so that each answer is proved by itself."""
    usual = bluesky_streaming._GATHERED
    bluesky_streaming._GATHERED = 0.05
    try:
        yield
    finally:
        bluesky_streaming._GATHERED = usual


def _kind(seen: Seen) -> str:
    if HOUSEKEEPING.search(seen.path):
        return "login"
    if SAYING.search(seen.path) or (seen.method == "POST" and "statuses" in seen.path):
        return "saying"
    if CONSENT.search(seen.path):
        return "consent"
    return "look-ups" if LOOKING_UP.search(seen.path) else "reading"


def _endpoint(seen: Seen) -> str:
    path = seen.path.partition("?")[0]
    return re.sub(r"/\d+", "", path.rpartition("/xrpc/")[2].removeprefix("/api/"))


if __name__ == "__main__":
    began = time.monotonic()
    for row in rows():
        print(row)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
