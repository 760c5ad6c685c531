"""Listening live: two threads for each account, a queue between them, and whatever breaks on the way."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from services.stage import CHAT, START, Stage

from bot.domain.posts import NetworkName
from bot.domain.richtext import detect
from bot.errors import Busy, StoreError, Unavailable
from bot.listening import Listening, Pace
from bot.ports import Heard, Network
from bot.runner import Loop
from bot.services.listen import STREAM
from bot.services.openchats import open_chats
from bot.services.readings import readings_of
from bot.tick import House

PATIENCE = 60.0
"""Seconds after which what a test waits for counts as not coming."""

QUICK = Pace(look=0.02, known=0.05, silence=5.0, refused=600.0, asking=0.05, longest=0.05, tell=0.0)


def eventually(so: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.01)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.at(-60)
    for minutes in (0, 5, 25):
        stage.at(minutes)
    return stage


@contextmanager
def listening(house: House, told: list[str] | None = None, pace: Pace = QUICK) -> Iterator[Listening]:
    """Listen until the block ends, and see to it that every thread does."""
    live = Listening(house, (told if told is not None else []).append, pace)
    live.start()
    try:
        yield live
    finally:
        live.stop()
        assert live.join(PATIENCE)


def answer(stage: Stage, network: NetworkName, text: str, number: int = 1) -> str:
    server = stage.servers[network]
    amy = server.create_account("amy")
    return server.write(amy.id, detect(text), parent=stage.asked(network, number)).ref.id


def shown(stage: Stage) -> dict[str, list[str]]:
    content = stage.store.content(CHAT)
    return {
        each.post.text.text: [place.question.rpartition("/")[2] for place in each.placed] for each in content.answers
    }


def connected(stage: Stage, live: Listening, *accounts: str) -> None:
    """Wait until the streams (all of them, or these) are followed, and their first sign of life is stored."""
    keys = accounts or tuple(stage.networks)
    eventually(lambda: all(live.rhythm(key) == "told" and stage.store.cursor(key, STREAM) for key in keys))


class Gate:
    """A store in front of the real one whose ``take_in`` waits, or fails, as long as a test wants it to."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.open = threading.Event()
        self.open.set()
        self.broken = False
        self.waiting = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def take_in(self, *args: Any, **given: Any) -> Any:
        self.waiting += 1
        assert self.open.wait(PATIENCE)
        if self.broken:
            raise StoreError("the disk is full")
        return self._store.take_in(*args, **given)


def test_what_is_said_on_both_networks_is_heard_and_placed(stage: Stage) -> None:
    told: list[str] = []
    with listening(stage.house, told) as live:
        connected(stage, live)
        answer(stage, "bluesky", "from one network")
        gone = answer(stage, "mastodon", "said and deleted")
        answer(stage, "mastodon", "from the other", 2)
        eventually(lambda: len(shown(stage)) == 3)
        stage.servers["mastodon"].delete(gone)
        eventually(lambda: len(shown(stage)) == 2)
    assert shown(stage) == {"from one network": ["q1"], "from the other": ["q2"]}
    assert sum("new answers heard" in line for line in told) >= 2


def test_while_the_database_is_slow_the_reader_waits_and_nothing_is_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.networks.sandbox.hearing.AT_ONCE", 1)
    store = Gate(stage.store)
    house = dataclasses.replace(stage.house, store=store, ears={})
    with listening(house, pace=Pace(look=0.02, known=0.05, batch=1, waiting=2)) as live:
        connected(stage, live)
        reader = live._listeners["bluesky"].reader
        store.waiting = 0
        store.open.clear()
        for number in range(20):
            answer(stage, "bluesky", f"answer {number}")
        eventually(lambda: store.waiting and reader._queue.full() and reader._is_waiting)
        time.sleep(0.5)  # whatever it would still take, it has taken
        assert int(reader._cursors[STREAM]) <= stage.servers["bluesky"].latest - 20 + 4
        assert live.rhythm("bluesky") == "told"
        store.open.set()
        eventually(lambda: len(shown(stage)) == 20)


def test_what_was_read_and_not_stored_when_the_process_died_is_heard_again(stage: Stage) -> None:
    store = Gate(stage.store)
    house = dataclasses.replace(stage.house, store=store, ears={})
    told: list[str] = []
    with listening(house, told) as live:
        connected(stage, live)
        store.broken = True
        answer(stage, "bluesky", "read and not stored")
        eventually(lambda: any("the disk is full" in line for line in told))
    assert shown(stage) == {}
    with listening(stage.open("two")) as live:
        connected(stage, live)
        eventually(lambda: shown(stage))
    assert shown(stage) == {"read and not stored": ["q1"]}


def test_a_store_that_fails_for_a_while_is_tried_again_and_told_of_once(stage: Stage) -> None:
    store = Gate(stage.store)
    house = dataclasses.replace(stage.house, store=store, ears={})
    told: list[str] = []
    with listening(house, told) as live:
        connected(stage, live)
        store.broken = True
        store.waiting = 0
        answer(stage, "mastodon", "in spite of it")
        eventually(lambda: store.waiting >= 3)
        store.broken = False
        eventually(lambda: shown(stage))
    assert len([line for line in told if "the disk is full" in line]) == 1


def test_a_broken_stream_is_connected_again_and_goes_on_where_it_was(stage: Stage) -> None:
    told: list[str] = []
    with listening(stage.house, told) as live:
        connected(stage, live)
        for number in range(3):
            stage.servers["bluesky"].offline = True
            eventually(lambda: live.rhythm("bluesky") == "swept")
            answer(stage, "bluesky", f"while it is away {number}")
            stage.servers["bluesky"].offline = False
            eventually(lambda: live.rhythm("bluesky") == "told")
            eventually(lambda number=number: len(shown(stage)) == number + 1)
        assert live.rhythm("mastodon") == "told"
    assert any("bluesky" in line for line in told)


def test_after_a_gap_everything_is_due_to_be_read(stage: Stage) -> None:
    def missed() -> bool:
        [chat] = open_chats(stage.store, "bluesky", stage.clock.now())
        return readings_of(stage.store, chat, "bluesky").missed == stage.clock.now()

    with listening(stage.house) as live:
        connected(stage, live)
        eventually(missed)  # what came before it first listened
        stage.clock.move_to(stage.clock.now() + timedelta(seconds=5))
        stage.servers["bluesky"].break_streams()
        answer(stage, "bluesky", "after a moment")
        eventually(lambda: shown(stage))
        assert not missed()
        stage.servers["bluesky"].offline = True
        eventually(lambda: live.rhythm("bluesky") == "swept")
        stage.clock.move_to(stage.clock.now() + timedelta(minutes=1))
        stage.servers["bluesky"].offline = False
        eventually(missed)


def test_where_there_is_no_stream_we_ask(stage: Stage) -> None:
    stage.servers["mastodon"].streams = False
    with listening(stage.house) as live:
        eventually(lambda: live.rhythm("mastodon") == "asked")
        answer(stage, "mastodon", "an answer", 2)
        eventually(lambda: shown(stage))
        eventually(lambda: live.rhythm("bluesky") == "told")


def test_a_network_that_asks_us_to_wait_is_left_alone_for_so_long(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def listen(cursor: str, wanted: object) -> Heard:
        asked.append(f"{cursor}{wanted}")
        raise Busy("too many", 3600)

    stage.servers["mastodon"].streams = False
    monkeypatch.setattr(stage.networks["mastodon"], "listen", listen)
    with listening(stage.house) as live:
        eventually(lambda: asked)
        reader = live._listeners["mastodon"].reader
        eventually(lambda: reader._ask_at > time.monotonic() + 1000)
        time.sleep(0.3)  # six times as long as it would wait otherwise
        assert len(asked) == 1
        assert live.rhythm("mastodon") == "swept"


def test_a_silent_stream_is_no_longer_trusted(stage: Stage) -> None:
    with listening(stage.house, pace=Pace(look=0.02, known=0.05, silence=0.5)) as live:
        stage.servers["bluesky"].silent = True
        eventually(lambda: live.rhythm("bluesky") == "swept")


def test_without_a_chat_there_is_no_stream_but_who_turns_to_us_is_heard(stage: Stage) -> None:
    answer(stage, "bluesky", "kept for a while")
    stage.at(26)
    assert shown(stage)
    stage.clock.move_to(START + timedelta(days=90))
    with listening(stage.house) as live:
        server = stage.servers["bluesky"]
        me = stage.networks["bluesky"].identity()
        server.write(server.create_account("amy").id, detect("REMOVE ME"), parent=stage.asked("bluesky", 1))
        eventually(lambda: not shown(stage))
        assert live.rhythm("bluesky") == "swept"
        assert stage.store.cursor("bluesky", STREAM) == ""
        assert me.id


def test_an_account_that_cannot_be_used_is_told_once_and_holds_up_no_other(stage: Stage) -> None:
    def network(account: str) -> Network:
        if account == "mastodon":
            raise Unavailable("mastodon does not answer")
        return stage.networks[account]

    told: list[str] = []
    with listening(dataclasses.replace(stage.house, network=network, ears={}), told) as live:
        connected(stage, live, "bluesky")
        answer(stage, "bluesky", "all the same")
        eventually(lambda: shown(stage))
        assert live.rhythm("mastodon") == "swept"
    assert told.count("mastodon does not answer") + told.count("mastodon: mastodon does not answer") <= 2


def test_a_stream_with_a_mistake_of_ours_in_it_does_not_end_listening(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = 3

    def stream(cursor: str, wanted: Any, stopping: Any, plain: Any = stage.networks["bluesky"].stream) -> Any:
        nonlocal broken
        broken -= 1
        if broken >= 0:
            raise ZeroDivisionError
        return plain(cursor, wanted, stopping)

    monkeypatch.setattr(stage.networks["bluesky"], "stream", stream)
    with listening(stage.house) as live:
        connected(stage, live)
        answer(stage, "bluesky", "at last")
        eventually(lambda: shown(stage))


def test_the_whole_loop_says_hears_reads_and_stops(stage: Stage) -> None:
    told: list[str] = []
    loop = Loop(stage.house, told.append, pace=QUICK)
    ended: list[bool] = []
    stage.clock.move_to(START + timedelta(minutes=45))
    running = threading.Thread(target=lambda: ended.append(loop.run()))
    running.start()
    try:
        connected(stage, loop._listening)  # what was said before is found when the question's turn ends
        for name in stage.networks:
            # Only what the store knows to be ours counts at once; what answers it earlier waits for the turn's end.
            eventually(lambda name=name: any(o.account == name and o.number == 3 for o in stage.store.sent_posts(CHAT)))
            answer(stage, name, f"{name} answers", 3)
        eventually(
            lambda: shown(stage) == {f"{name} answers": ["q3"] for name in stage.networks}
        )  # stored, then placed
        eventually(lambda: stage.store.beats("run"))
    finally:
        loop.stop()
        running.join(PATIENCE)
    assert ended == [True]
    names = {thread.name for thread in threading.enumerate()}
    assert not any("bluesky" in name or "mastodon" in name for name in names)
