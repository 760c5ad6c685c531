"""Outbox and collecting against a small model, under whatever people, networks and crashes do, in 100,000 steps.

The real store and services run over networks in memory. A step is something that happens in the world (a teacher
writes, a moderator edits, an answer is lost, time passes) or something that a bot does, to its end or until it dies.
"""

import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, wraps
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from chaos.model import Model, Saying
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from services.stage import NoPages, Nowhere, no_picture, phrase
from sqlalchemy import Connection, event

from bot.clock import SteppedClock
from bot.domain.alarms import Watchwords
from bot.domain.outbox import DELIVERY_MOVES, Draft, DraftPost, Part
from bot.domain.posts import NetworkName, Post
from bot.domain.richtext import RichText, detect
from bot.domain.schedule import ChatEntry, OnlyDates, Prompt, Question, Repeat, Series
from bot.errors import Busy, NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.ports import Sent
from bot.services.collect import collect
from bot.services.deliver import Deliverer
from bot.services.digest import digest
from bot.services.listen import ASKED, listen
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.tick import LEASE, House, find_errands, replan, run_errands_of, tidy

STEPS = 100_000
SHARES = 4
LONG = 800
"""Steps of one play: enough for an evening with two chats."""

START = datetime(2027, 1, 7, 19, 58, tzinfo=UTC)
END = datetime(2027, 1, 7, 23, 30, tzinfo=UTC)
LATER = END + timedelta(hours=2)
"""Until then a bot may go on with what is left."""
CHATS = ("edchat/2027-01-07", "edchat/2027-01-07-london")
WINDOWS = {  # the first chat's hashtag is the second one's from an hour before that one, but not before its own end
    CHATS[0]: (datetime(2027, 1, 7, 19, tzinfo=UTC), datetime(2027, 1, 7, 20, 30, tzinfo=UTC)),
    CHATS[1]: (datetime(2027, 1, 7, 20, tzinfo=UTC), datetime(2027, 1, 8, 21, 30, tzinfo=UTC)),
}
NETWORKS: tuple[NetworkName, ...] = ("bluesky", "mastodon")
ORDER = ("welcome", "q1", "q2", "wrap-up", "digest")
ENTRY = ChatEntry(date(2027, 1, 7), "Feedback", (Question("What works?"), Question("And now?")))
SERIES = Series(
    slug="edchat",
    title="Ed Chat",
    hashtag="EdChat",
    timezone="Europe/London",
    rhythm=OnlyDates(),
    at=time(20),
    length=timedelta(minutes=30),
    accounts=NETWORKS,
    announce=(),
    archive="everyone",
    grace=timedelta(minutes=10),
    late=timedelta(days=1),
    repeats=(Repeat(time(21), "Europe/London"),),
    chats=(ENTRY,),
)
WITHOUT_SECOND = msgspec.structs.replace(SERIES, repeats=())


class Killed(BaseException):
    """Stands for SIGKILL: nothing of this process runs any more."""


class Composer:
    """Says which prompt it is, and what the moderator's wording is now."""

    def compose(self, prompt: Prompt, stored: Any, network: NetworkName, limits: Any, **given: Any) -> Draft:
        del network, limits
        wording = stored.chat.questions[0].ask
        posts = [DraftPost(detect(f"{prompt.id} 0 {wording}"))]
        if prompt.kind == "wrap-up":
            posts.append(DraftPost(detect(f"{prompt.id} 1"), reply_to=0, visibility="unlisted"))
        for number, pick in enumerate(given["content"].picks if given["content"] else (), start=1):
            posts.append(DraftPost(detect(f"{prompt.id} {number} {pick.answer}"), reply_to=0, answer=pick.answer))
        return Draft(tuple(posts), ("en",), prompt.at)


class World:
    """Two networks, a store, whatever waits to go wrong, and the model beside it all."""

    def __init__(self, folder: Path) -> None:
        self.clock = SteppedClock(START)
        self.model = Model(windows=WINDOWS)
        self.series = SERIES
        self.journal: list[tuple[NetworkName, str, int, datetime, str]] = []
        self.faults: dict[NetworkName, list[str]] = {name: [] for name in NETWORKS}
        self.bomb: tuple[int, Callable[[str], None]] | None = None
        self.on_their_way: list[tuple[datetime, Callable[[], object]]] = []
        file = folder / "staffroom.db"
        file.write_bytes(_template())
        self.store = _Store.over(file, self.point)
        self.rows = sqlite3.connect(file, isolation_level=None)
        self.servers = {name: _Server(name, self) for name in NETWORKS}
        self.networks = {name: _Account(name, self) for name in NETWORKS}
        self.owners = 0
        self.house = self.new_process()

    def close(self) -> None:
        self.rows.close()
        self.store.close()

    def new_process(self) -> House:
        """A bot that has just taken the lock, and remembers nothing."""
        self.owners += 1
        owner = f"bot-{self.owners}"
        self.store.free_leases(owner)
        return self._house(owner)

    def _house(self, owner: str) -> House:
        return House(
            store=self.store,
            accounts={name: name for name in NETWORKS},
            network=self.networks.__getitem__,  # type: ignore[arg-type]
            own_id=lambda key: self.networks[key]._me.id,  # type: ignore[index]
            deliverer=Deliverer(
                store=self.store,
                composer=Composer(),
                picture=no_picture,
                clock=self.clock,
                owner=owner,
                rng=random.Random(7),
            ),
            series=lambda: (self.series,),
            renderer=NoPages(),
            target=Nowhere(),
            clock=self.clock,
            owner=owner,
            watch=Watchwords(),
            phrase=phrase,
            own_handle=lambda key: self.networks[key]._me.handle,  # type: ignore[index]
            parallel=False,
        )

    def point(self, where: str) -> None:
        """Something is about to happen, or has happened: the place where a bot may die, or be overtaken."""
        if self.bomb is None:
            return
        left, act = self.bomb
        if left:
            self.bomb = (left - 1, act)
        elif where != "in a transaction" or act is _die:
            self.bomb = None
            act(where)

    def pass_time(self, seconds: float, until: datetime = END) -> None:
        """Time passes, at most until then, and what was on its way arrives."""
        self.clock.move_to(min(until, self.clock.now() + timedelta(seconds=seconds)))
        arrived = [act for at, act in self.on_their_way if at <= self.clock.now()]
        self.on_their_way = [one for one in self.on_their_way if one[0] > self.clock.now()]
        for act in arrived:
            with suppress(Unavailable):
                act()


def _die(_where: str) -> None:
    raise Killed


class _Store(SqlStore):
    """The real store, over a file that need not outlive a power cut, with a point around each commit."""

    point: Callable[[str], None]

    @classmethod
    def over(cls, file: Path, point: Callable[[str], None]) -> "_Store":
        opened = open_store(f"sqlite:///{file}", pepper_source=lambda: b"p" * 32)
        event.listen(opened._engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF").close())
        opened._engine.dispose()
        store = cls(opened._engine, opened._pepper)
        store.point = point
        return store

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with super()._writing() as connection:
            yield connection
            self.point("in a transaction")
        self.point("committed")


@cache
def _template() -> bytes:
    """An empty database that refuses every move of a delivery that the declared graph does not have."""
    allowed = " OR ".join(
        f"(old.state = '{before}' AND new.state = '{after}')"
        for before, moves in DELIVERY_MOVES.items()
        for after in moves
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "template.db")
        migrate(f"sqlite:///{file}")
        open_store(f"sqlite:///{file}", pepper_source=lambda: b"p" * 32).close()
        with sqlite3.connect(file) as rows:
            rows.execute(f"""
                CREATE TRIGGER only_declared_moves BEFORE UPDATE OF state ON deliveries
                WHEN old.state <> new.state AND NOT ({allowed})
                BEGIN SELECT RAISE(ABORT, 'a move that the graph does not have'); END""")
            rows.execute("""
                CREATE TRIGGER sent_is_sent BEFORE UPDATE ON parts
                WHEN old.state = 'sent' AND (new.state <> 'sent' OR new.remote IS NOT old.remote)
                BEGIN SELECT RAISE(ABORT, 'a part that was sent is not any more'); END""")
        rows.close()
        return file.read_bytes()


class _Server(SandboxServer):
    """A network that writes a journal of what we said. Mastodon's forgets idempotency keys, as some servers do."""

    def __init__(self, name: NetworkName, world: World) -> None:
        super().__init__(name, world.clock.now)
        self._world = world

    def write(self, account: str, text: RichText, *, key: str = "", **given: Any) -> Post:
        known = self.by_key(account, key) if key else None
        if known and self.name == "bluesky":
            return known
        post = super().write(account, text, **given)
        if key:
            self._by_key[account, key] = post.ref.id
        if text.text.startswith("edchat/"):
            prompt, number = text.text.split(" ")[:2]
            self._world.journal.append((self.name, prompt, int(number), self.now(), post.ref.id))
            self._world.model.ours[post.ref.id] = prompt.rpartition("/")[0]
            self._world.model.standing.add(post.ref.id)
        return post

    def delete(self, post: str) -> None:
        super().delete(post)
        self._world.model.standing.discard(post)


class _Account(Sandbox):
    """Our account, whose requests may be lost, refused, or answered by nobody."""

    def __init__(self, name: NetworkName, world: World) -> None:
        self._world = world
        super().__init__(name, world.servers[name], "staffroom")

    def send(self, group: Sequence[Part], parts: Sequence[Part], blob: Callable[[str], bytes]) -> tuple[Sent, ...]:
        world = self._world
        world.point("before sending")
        waiting = world.faults[self.name]
        fault = waiting.pop(0) if waiting else ""
        if fault in ("refused", "busy", "unavailable", "unauthorized"):
            raise {
                "refused": Refused("no"),
                "busy": Busy("wait", 7.0),
                "unavailable": Unavailable("down"),
                "unauthorized": Unauthorized("who are you"),
            }[fault]
        if fault == "never there":
            raise Unanswered("nothing left")
        if fault == "late":  # it takes effect, but only when nobody waits for its answer any more
            delay = timedelta(seconds=1 if self.atomic else 25)
            world.on_their_way.append(
                (world.clock.now() + delay, lambda: super(_Account, self).send(group, parts, blob))
            )
            raise Unanswered("timed out")
        sent = super().send(group, parts, blob)
        world.point("sent")
        if fault == "lost":
            raise Unanswered("the answer was lost")
        return sent

    def find(self, group: Sequence[Part], parts: Sequence[Part]) -> tuple[Sent, ...]:
        self._world.point("looking")
        return super().find(group, parts)


def _deliver(world: World, name: NetworkName) -> None:
    world.house.deliverer.deliver(world.networks[name])


def _listen(world: World, name: NetworkName) -> None:
    house = world.house
    cursor = house.store.cursor(name, ASKED)
    try:
        listen(house.ear(name), world.networks[name], cursor, world.clock.now())
    except NetworkError:
        return
    house.ear(name).place(world.clock.now(), whole=True)


def _collect(world: World, name: NetworkName, *, everything: bool = False) -> None:
    house = world.house
    collect(
        house.store,
        {name: name},
        house.network,
        world.clock.now(),
        ours=house.own_id,
        watch=house.watch,
        phrase=house.phrase,
        handles=house.own_handle,
        everything=everything,
    )


def _plan(world: World, _name: NetworkName) -> None:
    replan(world.house, [])


def _digest(world: World, _name: NetworkName) -> None:
    world.store.expire(world.clock.now())
    digest(world.store, world.house.accounts, world.clock.now())


def _run_errands(world: World, name: NetworkName) -> None:
    find_errands(world.house)
    run_errands_of(world.house, name, [])


def _tidy(world: World, _name: NetworkName) -> None:
    tidy(world.house, [])


DUE = """
    SELECT DISTINCT account FROM deliveries AS one WHERE state IN ('planned', 'frozen') AND at <= :now
    AND coalesce(retry_at, 0) <= :now AND coalesce(lease_until, 0) <= :now
    AND (useful_until > :now OR EXISTS (SELECT 1 FROM parts WHERE delivery = one.id AND state <> 'ready'))
    AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.chat = one.chat AND earlier.account = one.account
        AND earlier."order" < one."order" AND earlier.state IN ('planned', 'frozen'))"""

VERBS: dict[str, Callable[[World, NetworkName], None]] = {
    "deliver": _deliver,
    "listen": _listen,
    "collect": _collect,
    "plan": _plan,
    "digest": _digest,
    "errands": _run_errands,
    "tidy": _tidy,
}
DONE = st.sampled_from(("deliver", "deliver", *VERBS))
"""Delivering is what most can happen to."""
WHICH = st.sampled_from(NETWORKS)
PICK = st.integers(0, 99)
WHO = st.integers(0, 3)
MEANWHILE = st.sampled_from((0, 3, 20, 90))


def happening(**drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule for something that happens in the world, some seconds later; the bot may be awake meanwhile."""

    def make(act: Callable[..., None]) -> Any:
        @rule(seconds=MEANWHILE, awake=st.booleans(), **drawn)
        @wraps(act)
        def step(self: "Evening", seconds: int, awake: bool, **given: Any) -> None:
            self.meanwhile(seconds, awake=awake)
            act(self, **given)

        return step

    return make


class Evening(RuleBasedStateMachine):
    """Everything that may happen on an evening with two chats, in any order."""

    steps = 0
    happened: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="staffroom-machine-")
        self.world = World(Path(self.folder.name))
        self.read = 0
        self.heard: Counter[tuple[str, str, int]] = Counter()
        self.latest: dict[tuple[str, str], int] = {}
        self.revived: set[str] = set()
        self.ended: Counter[tuple[NetworkName, int]] = Counter()
        replan(self.world.house, [])

    # -- the world ----------------------------------------------------------------------------------------
    def meanwhile(self, seconds: int, *, awake: bool) -> None:
        """Time passes; where something is due by then and the bot is awake, it says it."""
        world = self.world
        world.pass_time(seconds)
        if awake:
            self._say_what_is_due()

    def _say_what_is_due(self) -> None:
        now = int(self.world.clock.now().timestamp() * 1e6)
        for (name,) in self.world.rows.execute(DUE, {"now": now}).fetchall():
            _deliver(self.world, name)

    @happening(seconds_more=st.sampled_from((30, 240, 1200)))
    def time_passes(self, seconds_more: int) -> None:
        self.world.pass_time(seconds_more)

    @happening(name=WHICH, who=WHO, pick=PICK)
    def a_teacher_answers(self, name: NetworkName, who: int, pick: int) -> None:
        if above := self._prompt(name, pick):
            self._say(name, who, "What I do is this", above, "reply")

    @happening(name=WHICH, who=WHO, pick=PICK)
    def a_teacher_quotes_a_question(self, name: NetworkName, who: int, pick: int) -> None:
        if above := self._prompt(name, pick, "/q"):
            self._say(name, who, "What I do is this", above, "quote")

    @happening(name=WHICH, who=WHO, pick=PICK)
    def a_teacher_answers_followers_only(self, name: NetworkName, who: int, pick: int) -> None:
        if above := self._prompt(name, pick):
            self._say(name, who, "What I do is this", above, "quiet")

    @happening(name=WHICH, who=WHO, pick=PICK)
    def a_teacher_answers_a_teacher(self, name: NetworkName, who: int, pick: int) -> None:
        if above := self._answer(name, pick):
            self._say(name, who, "So do I", above, "reply")

    @happening(name=WHICH, who=WHO)
    def a_teacher_writes_under_the_hashtag(self, name: NetworkName, who: int) -> None:
        self._say(name, who, "A1 What I do is this", "", "tag")

    @happening(pick=PICK, words=st.sampled_from(("plain", "noarchive")))
    def a_teacher_edits(self, pick: int, words: Any) -> None:
        remote = self._answer("", pick)
        if remote:
            one = self.world.model.said[remote]
            one.words = words
            text = f"What I do {pick} #{'NoArchive' if words == 'noarchive' else 'teaching'}"
            self._server(one).edit(remote, detect(text + (" #EdChat" if one.tagged else "")))

    @happening(pick=PICK)
    def a_teacher_deletes(self, pick: int) -> None:
        remote = self._answer("", pick)
        if remote:
            one = self.world.model.said[remote]
            self._server(one).delete(remote)
            one.gone = True

    @happening(name=WHICH, who=WHO, pick=PICK, leaving=st.booleans())
    def a_teacher_leaves_or_joins(self, name: NetworkName, who: int, pick: int, *, leaving: bool) -> None:
        above = self._prompt(name, pick)
        if above:
            one = self._say(name, who, "REMOVE ME" if leaving else "KEEP MY ANSWERS", above, "request")
            self.world.model.wishes.setdefault(one.author, []).append((one.at, leaving))

    @happening(pick=PICK)
    def a_teacher_takes_an_answer_back(self, pick: int) -> None:
        model = self.world.model
        remote = self._answer("", pick)
        if remote and model.said[remote].above in model.ours:
            one = model.said[remote]
            who = int(one.author.rpartition("teacher")[2][0])
            self._say(one.network, who, "REMOVE THIS", remote, "request")
            model.taken_back.add(remote)

    @happening(name=WHICH, who=WHO, often=st.integers(0, 9))
    def an_account_ends(self, name: NetworkName, who: int, often: int) -> None:
        server, account = self.world.servers[name], self._account(name, who)
        if often == 0:
            for one in self.world.model.said.values():
                one.gone |= one.author == account
            server.end_account(account)
            self.ended[name, who] += 1

    @happening(name=WHICH, fault=st.sampled_from(("lost", "never there", "late")))
    def an_answer_will_be_lost(self, name: NetworkName, fault: str) -> None:
        self.world.faults[name] = [*self.world.faults[name], fault][-3:]

    @happening(name=WHICH, fault=st.sampled_from(("refused", "busy", "unavailable", "unauthorized")))
    def a_request_will_go_wrong(self, name: NetworkName, fault: str) -> None:
        self.world.faults[name] = [*self.world.faults[name], fault][-3:]

    @happening(name=WHICH, offline=st.booleans())
    def a_network_goes_or_comes_back(self, name: NetworkName, *, offline: bool) -> None:
        self.world.servers[name].offline = offline

    @happening(what=st.sampled_from(("word", "move", "take out", "put back", "cancel")), pick=PICK)
    def a_moderator_edits(self, what: str, pick: int) -> None:
        world = self.world
        (entry,) = world.series.chats
        first, second = entry.questions
        if what == "word":
            self.revived |= set(CHATS)
            first = msgspec.structs.replace(first, ask=f"What works, wording {pick}?")
        elif what == "move":
            second = msgspec.structs.replace(second, offset=timedelta(minutes=10 + pick % 15))
        elif what == "cancel" and pick < 20:  # nothing brings it back, so not too often
            world.store.cancel(CHATS[pick % 2], world.clock.now())
        repeats = {"take out": (), "put back": SERIES.repeats}.get(what, world.series.repeats)
        world.model.replanned |= not repeats
        changed = msgspec.structs.replace(entry, questions=(first, second))
        world.series = msgspec.structs.replace(world.series, repeats=repeats, chats=(changed,))

    # -- the bot ------------------------------------------------------------------------------------------
    @rule(verb=DONE, name=WHICH, seconds=st.sampled_from((0, 2, 20, 120, 600)))
    def the_bot_works(self, verb: str, name: NetworkName, seconds: int) -> None:
        self.world.pass_time(seconds)
        if verb == "listen" and seconds == 20:  # streams tell again what they told
            cursor = int(self.world.store.cursor(name, ASKED) or 0)
            self.world.store.save_cursor(name, ASKED, str(max(0, cursor - 20)))
        self._work(verb, name)

    @rule(verb=DONE, name=WHICH, after=st.integers(0, 12))
    def the_bot_dies(self, verb: str, name: NetworkName, after: int) -> None:
        self._wait_until_something_is_due(name)
        self.world.bomb = (after, _die)
        try:
            self._work(verb, name)
        except Killed:
            self.happened["died"] += 1
            self.world.house = self.world.new_process()
        self.world.bomb = None

    @rule(name=WHICH, after=st.integers(0, 6), asleep=st.sampled_from((0, 5, 40, 200)))
    def two_bots_at_once(self, name: NetworkName, after: int, asleep: int) -> None:
        """One is overtaken in the middle of its work; after a long sleep by one that took the lock."""
        world, other = self.world, self.world._house("other")
        self._wait_until_something_is_due(name)

        def overtake(where: str) -> None:
            # A request that leaves only after so long is what the idempotency key is for, which this server forgets.
            seconds = asleep if where in ("sent", "looking") else min(asleep, 20)
            world.pass_time(seconds)
            if timedelta(seconds=seconds) > LEASE:
                world.store.free_leases("other")
            other.deliverer.deliver(world.networks[name])
            self.happened["overtaken"] += 1

        world.bomb = (after, overtake)
        self._work("deliver", name)
        world.bomb = None

    def _wait_until_something_is_due(self, name: NetworkName) -> None:
        """Most moments of an evening are idle; nothing can go wrong in those."""
        planned = "SELECT min(at) FROM deliveries WHERE state = 'planned' AND account = ?"
        (at,) = self.world.rows.execute(planned, (name,)).fetchone()
        wait = at / 1e6 - self.world.clock.now().timestamp() if at else 0.0
        if 0.0 < wait <= 1200.0:
            self.world.pass_time(wait)

    def _work(self, verb: str, name: NetworkName) -> None:
        self.happened[verb] += 1
        VERBS[verb](self.world, name)

    # -- what always holds --------------------------------------------------------------------------------
    @invariant()
    def nothing_is_said_twice_and_all_in_order(self) -> None:
        Evening.steps += 1  # this is looked at after each step
        self._hear()

    def _hear(self) -> None:
        world = self.world
        for name, prompt, number, at, _ in world.journal[self.read :]:
            chat, _, key = prompt.rpartition("/")
            self.heard[name, prompt, number] += 1
            assert self.heard[name, prompt, number] == 1, f"{prompt} {number} was said twice on {name}"
            place = ORDER.index(key)
            if chat not in self.revived:  # a refused question whose words were changed comes after the next one
                assert place >= self.latest.get((name, chat), 0), f"{prompt} came too late on {name}"
            self.latest[name, chat] = max(place, self.latest.get((name, chat), 0))
            (due,) = world.rows.execute("SELECT min(at) FROM prompts WHERE id = ?", (prompt,)).fetchone()
            assert at >= datetime.fromtimestamp(due / 1e6, UTC) or self._was_moved(prompt), f"{prompt} came too early"
        self.read = len(world.journal)

    def _was_moved(self, prompt: str) -> bool:
        return prompt.endswith("/q2")

    def teardown(self) -> None:
        try:
            self._settle()
            self._compare()
        finally:
            self.world.close()
            self.folder.cleanup()

    def _settle(self) -> None:
        """Everything works again; the bot does all that is due."""
        world = self.world
        world.bomb, world.faults = None, {name: [] for name in NETWORKS}
        world.pass_time(30, LATER)
        for name in NETWORKS:
            world.servers[name].offline = False
        for _ in range(8):
            replan(world.house, [])
            world.store.expire(world.clock.now())
            self._say_what_is_due()
            due = world.store.next_due(world.clock.now())
            if due is None or due > world.clock.now() + timedelta(minutes=6):
                break
            world.pass_time(max(1.0, (due - world.clock.now()).total_seconds()), LATER)
        for name in NETWORKS:
            _listen(world, name)
        for _ in range(2 if world.model.wishes else 1):  # what is asked in one reading lets others in with the next
            for name in NETWORKS:
                _collect(world, name, everything=True)
        find_errands(world.house)
        for name in NETWORKS:
            run_errands_of(world.house, name, [])
        self._hear()

    def _compare(self) -> None:
        world, now = self.world, self.world.clock.now()
        stored = {remote for (remote,) in world.rows.execute("SELECT remote FROM parts WHERE state = 'sent'")}
        known = {msgspec.json.decode(remote)["id"] for remote in stored}
        there = {remote: f"{name} {prompt} {number}" for name, prompt, number, _, remote in world.journal}
        assert known == set(there), f"not known to the store: {[there[one] for one in there if one not in known]}"
        for one in world.store.deliveries():
            unsaid = one.state in ("planned", "frozen") and one.at <= now < one.useful_until
            assert not unsaid, f"{one.id} was not said"
            assert (one.state == "sent") <= all(part.state == "sent" for part in one.parts)
        shown: set[str] = set()
        for chat in CHATS:
            must, may = ({self._key(one) for one in ids} for ids in world.model.shown(chat))
            content = {one.key for one in world.store.content(chat).answers} if world.store.chat(chat) else set()
            lost = [
                (world.model.said[one], self._stored(one))
                for one in world.model.shown(chat)[0]
                if self._key(one) not in content
            ]
            assert must <= content, f"answers are lost in {chat}: {lost}"
            wrong = [
                (one, self._stored(key)) for key, one in world.model.said.items() if self._key(key) in content - may
            ]
            assert content <= may, f"shown in {chat}, and may not be: {wrong}"
            shown |= content
        leavers = {one.author for one in world.model.said.values() if world.model.left(one.author)}
        for author in leavers:
            key = world.store.key(_network_of(author), author)
            assert world.store.person(key) is None, "somebody who left is kept"
        for name in NETWORKS:
            for post in world.servers[name].posts_of(world.networks[name]._me.id):
                words = post.text.text.split(" ")
                if words[0].endswith("/digest") and int(words[1]) > 0:
                    assert words[2] in shown, "a digest still repeats what may not be shown"

    def _stored(self, remote: str) -> str:
        """What the store has of a teacher's post, for whoever reads a failure."""
        query = "SELECT state, chat, store, why, held FROM posts JOIN chat_posts ON post = id WHERE key = ?"
        return repr(self.world.rows.execute(query, (self._key(remote),)).fetchall())

    # -- small things -------------------------------------------------------------------------------------
    def _key(self, remote: str) -> str:
        return self.world.store.key(self.world.model.said[remote].network, remote)

    def _server(self, one: Saying) -> _Server:
        return self.world.servers[one.network]  # type: ignore[index]

    def _account(self, name: NetworkName, who: int) -> str:
        handle = f"teacher{who}" + "x" * self.ended[name, who]  # who comes back comes as somebody else
        return self.world.servers[name].create_account(handle, f"Teacher {who}").id

    def _prompt(self, name: NetworkName, pick: int, kind: str = "/") -> str:
        """One of our prompts on a network; empty where there is none yet."""
        said = [remote for there, prompt, _, _, remote in self.world.journal if there == name and kind in prompt]
        found = [remote for remote in said if remote in self.world.model.standing]
        return found[pick % len(found)] if found else ""

    def _answer(self, name: str, pick: int) -> str:
        """An answer that stands (on a network); empty where there is none."""
        said = self.world.model.said
        found = [
            remote
            for remote, one in said.items()
            if not one.gone and one.words != "request" and (not name or (one.network == name and one.root))
        ]
        return found[pick % len(found)] if found else ""

    def _say(self, name: str, who: int, text: str, above: str, kind: str) -> Saying:
        world = self.world
        server = world.servers[name]  # type: ignore[index]
        post = server.write(
            self._account(name, who),  # type: ignore[arg-type]
            detect(f"{text} #EdChat" if kind == "tag" else text),
            parent=above if kind not in ("tag", "quote") else "",
            quote=above if kind == "quote" else "",
            visibility="followers" if kind == "quiet" else "public",
        )
        one = Saying(
            network=name,
            author=post.author.id,
            at=post.at,
            above=post.parent,
            root=post.root,
            quotes=post.quote,
            tagged=kind == "tag",
            public=kind != "quiet",
            words="request" if kind == "request" else "plain",
        )
        world.model.said[post.ref.id] = one
        return one


def _network_of(author: str) -> str:
    return "bluesky" if author.startswith("did:") else "mastodon"


@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_happens_nothing_is_said_twice_lost_or_kept_against_a_wish(share: int) -> None:
    del share  # each is another chance; shared out so that workers can take one each
    Evening.steps = 0
    Evening.happened.clear()
    once = settings(
        max_examples=40,
        stateful_step_count=LONG,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while Evening.steps < STEPS // SHARES:
        run_state_machine_as_test(Evening, settings=once)  # type: ignore[no-untyped-call]
    print(f"{Evening.steps} steps: {dict(Evening.happened)}")
    assert set(Evening.happened) >= {*VERBS, "died", "overtaken"}
