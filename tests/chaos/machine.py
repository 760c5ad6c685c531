"""A Hypothesis state machine: everything that may happen on an evening with two chats, in any order."""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import msgspec
from chaos.machine_judge import check_figures, check_leavers, compare, settle
from chaos.machine_mishaps import NETWORKS, Killed, die
from chaos.machine_networks import CERTAIN, DOUBTFUL
from chaos.machine_store import Database
from chaos.machine_verbs import VERBS, hear_again, say_what_is_due, wait_until_something_is_due
from chaos.machine_world import CHATS, SERIES, World
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.domain.posts import NetworkName
from bot.domain.richtext import detect
from bot.tick import LEASE, replan

# Fewer draws are quicker, so what belongs together is drawn together.
VERB = st.sampled_from(("deliver", "deliver", *VERBS))
"""Delivering is what most can happen to."""
WHICH = st.sampled_from(NETWORKS)
WHO = st.sampled_from([(name, who) for name in NETWORKS for who in range(4)])
"""A teacher: the network, and which of four."""
PICK = st.integers(0, 99)
MEANWHILE = st.sampled_from([(seconds, awake) for seconds in (0, 3, 20, 90) for awake in (False, True)])
"""So many seconds pass first, and the bot is awake, or not."""
FIGURES_EACH = 4
"""Steps between two looks at the figures: so several things may happen to a chat after it was counted."""

Who = tuple[NetworkName, int]


def happening(**drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule for something that happens in the world, some seconds later; the bot may be awake meanwhile."""

    def make(act: Callable[..., None]) -> Any:
        @rule(meanwhile=MEANWHILE, **drawn)
        @wraps(act)
        def step(self: "Evening", meanwhile: tuple[int, bool], **given: Any) -> None:
            seconds, awake = meanwhile
            self.world.pass_time(seconds)
            if awake:
                say_what_is_due(self.world)
            act(self, **given)

        return step

    return make


class Evening(RuleBasedStateMachine):
    """One play.

    Args:
        database: where the store lives.
        tally: counts steps, plays that were judged at their end, and what happened in them.
    """

    def __init__(self, database: Database, tally: Counter[str]) -> None:
        super().__init__()
        self.tally = tally
        self.outside = sys.exc_info()[1]
        self.world = World(database)

    @initialize(luck=st.integers(0, 2**16 - 1))
    def the_evening_begins(self, luck: int) -> None:
        assume(luck)  # Hypothesis always tries the simplest play first, in which nothing happens
        self.world.luck.seed(luck)
        replan(self.world.house, [])

    # -- the world -------------------------------------------------------------------------------------------
    @happening(more=st.sampled_from((30, 240, 1200)))
    def time_passes(self, more: int) -> None:
        self.world.pass_time(more)

    @happening(who=WHO, pick=PICK)
    def a_teacher_answers(self, who: Who, pick: int) -> None:
        if above := self.world.a_prompt(who[0], pick):
            self._say(who, "What I do is this", above, "reply")

    @happening(who=WHO, pick=PICK)
    def a_teacher_quotes_a_question(self, who: Who, pick: int) -> None:
        if above := self.world.a_prompt(who[0], pick, "/q"):
            self._say(who, "What I do is this", above, "quote")

    @happening(who=WHO, pick=PICK)
    def a_teacher_answers_followers_only(self, who: Who, pick: int) -> None:
        if above := self.world.a_prompt(who[0], pick):
            self._say(who, "What I do is this", above, "quiet")

    @happening(who=WHO, pick=PICK)
    def a_teacher_answers_a_teacher(self, who: Who, pick: int) -> None:
        if above := self.world.an_answer(pick, lambda one: one.network == who[0] and one.root):
            self._say(who, "So do I", above, "reply")

    @happening(who=WHO)
    def a_teacher_writes_under_the_hashtag(self, who: Who) -> None:
        self._say(who, "A1 What I do is this", "", "tag")

    @happening(pick=PICK, words=st.sampled_from(("plain", "noarchive")))
    def a_teacher_edits(self, pick: int, words: Any) -> None:
        if remote := self.world.an_answer(pick):
            one = self.world.model.said[remote]
            one.words = words
            text = f"What I do {pick} #{'NoArchive' if words == 'noarchive' else 'teaching'}"
            self.world.servers[one.network].edit(remote, detect(text + (" #EdChat" if one.tagged else "")))

    @happening(pick=PICK)
    def a_teacher_deletes(self, pick: int) -> None:
        if remote := self.world.an_answer(pick):
            one = self.world.model.said[remote]
            self.world.servers[one.network].delete(remote)
            one.gone = True

    @happening(who=WHO, pick=PICK, leaving=st.booleans())
    def a_teacher_leaves_or_joins(self, who: Who, pick: int, *, leaving: bool) -> None:
        if above := self.world.a_prompt(who[0], pick):
            text = "REMOVE ME" if leaving else "KEEP MY ANSWERS"
            one = self.world.say(who[0], self.world.account(*who), text, above, "request")
            self.world.model.wishes.setdefault(one.author, []).append((one.at, leaving))

    @happening(pick=PICK)
    def a_teacher_takes_an_answer_back(self, pick: int) -> None:
        model = self.world.model
        remote = self.world.an_answer(pick)
        if remote and model.said[remote].above in model.ours:
            one = model.said[remote]
            self.world.say(one.network, one.author, "REMOVE THIS", remote, "request")
            model.taken_back.add(remote)

    @happening(who=WHO, often=st.integers(0, 9))
    def an_account_ends(self, who: Who, often: int) -> None:
        if often == 0:
            self.world.end_account(*who)

    @happening(name=WHICH, fault=st.sampled_from(DOUBTFUL))
    def an_answer_will_be_lost(self, name: NetworkName, fault: str) -> None:
        self.world.mishaps.add(name, fault)

    @happening(name=WHICH, fault=st.sampled_from(tuple(CERTAIN)))
    def a_request_will_go_wrong(self, name: NetworkName, fault: str) -> None:
        self.world.mishaps.add(name, fault)

    @happening(name=WHICH, offline=st.booleans())
    def a_network_goes_or_comes_back(self, name: NetworkName, *, offline: bool) -> None:
        self.world.servers[name].offline = offline

    @happening(what=st.sampled_from(("word", "move", "take out", "put back", "cancel")), pick=PICK)
    def a_moderator_edits(self, what: str, pick: int) -> None:
        world = self.world
        (entry,) = world.series.chats
        first, second = entry.questions
        if what == "word":
            world.said.revived |= set(CHATS)
            first = msgspec.structs.replace(first, ask=f"What works, wording {pick}?")
        elif what == "move":
            second = msgspec.structs.replace(second, offset=timedelta(minutes=10 + pick % 15))
        elif what == "cancel" and pick < 20:  # nothing brings it back, so not too often
            world.store.cancel(CHATS[pick % 2], world.clock.now())
        repeats = {"take out": (), "put back": SERIES.repeats}.get(what, world.series.repeats)
        world.model.replanned |= not repeats
        changed = msgspec.structs.replace(entry, questions=(first, second))
        world.series = msgspec.structs.replace(world.series, repeats=repeats, chats=(changed,))

    # -- the bot ---------------------------------------------------------------------------------------------
    @rule(verb=VERB, name=WHICH, seconds=st.sampled_from((0, 2, 20, 120, 600)))
    def the_bot_works(self, verb: str, name: NetworkName, seconds: int) -> None:
        self.world.pass_time(seconds)
        if verb == "listen" and seconds == 20:
            hear_again(self.world, name)
        self._work(verb, name)

    @rule(verb=VERB, name=WHICH, after=st.integers(0, 12))
    def the_bot_dies(self, verb: str, name: NetworkName, after: int) -> None:
        wait_until_something_is_due(self.world, name)
        self.world.mishaps.arm(after, die)
        try:
            self._work(verb, name)
        except Killed:
            self.tally["died"] += 1
            self.world.house = self.world.new_process()
        self.world.mishaps.disarm()

    @rule(name=WHICH, after=st.integers(0, 6), asleep=st.sampled_from((0, 5, 40, 200)))
    def two_bots_at_once(self, name: NetworkName, after: int, asleep: int) -> None:
        """One is overtaken in the middle of its work; after a long sleep by one that took the lock."""
        world, other = self.world, self.world.open_house("other")
        wait_until_something_is_due(world, name)

        def overtake(where: str) -> None:
            # A request that leaves only after so long is what the idempotency key is for, which this server forgets.
            seconds = asleep if where in ("sent", "looking") else min(asleep, 20)
            world.pass_time(seconds)
            if timedelta(seconds=seconds) > LEASE:
                world.store.free_leases("other")
            other.deliverer.deliver(world.networks[name])
            self.tally["overtaken"] += 1

        world.mishaps.arm(after, overtake)
        self._work("deliver", name)
        world.mishaps.disarm()

    def _work(self, verb: str, name: NetworkName) -> None:
        self.tally[verb] += 1
        VERBS[verb](self.world, name)

    def _say(self, who: Who, text: str, above: str, kind: str) -> None:
        self.world.say(who[0], self.world.account(*who), text, above, kind)

    # -- what always holds -----------------------------------------------------------------------------------
    @invariant()
    def all_is_well(self) -> None:
        self.tally["steps"] += 1  # this is looked at after each step
        self.world.said.check(self.world.rows)
        check_leavers(self.world.rows)
        if self.tally["steps"] % FIGURES_EACH == 0:
            check_figures(self.world)

    def teardown(self) -> None:
        if sys.exc_info()[1] is self.outside:  # else it did not come to its end
            settle(self.world)
            compare(self.world)
            self.tally["plays"] += 1
