"""The loop's bells: they ring again whatever the clock does, and ask nobody more often than is kind."""

import dataclasses
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.schedulers.base import STATE_STOPPED
from services.stage import Stage

from bot.errors import Unavailable
from bot.ports import Clock, Network
from bot.runner import SAFETY, Loop
from bot.tick import tick


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_bells_ring_although_the_clock_was_put_back(stage: Stage) -> None:
    loop, rang = Loop(stage.house, print), threading.Event()
    loop._bell.start()

    def duty() -> datetime:
        rang.set()
        return stage.clock.now() + timedelta(days=1)

    try:
        loop._ring("test", duty, timedelta(hours=1))
        now, elapsed = loop._mind_clock(datetime.now(UTC), time.monotonic())
        [job] = loop._bell.get_jobs()
        assert job.next_run_time > now + timedelta(minutes=50)  # the clock goes as it should: nothing is touched
        loop._mind_clock(now + timedelta(hours=1), elapsed)
        assert rang.wait(30)
    finally:
        loop.stop()
        loop._bell.get_jobs()  # waits until the bell that rings now has rung: stopping in its middle upsets APScheduler
        loop._silence()


class StopsThere:
    """A clock at which the loop is stopped while a bell, having rung, sets its next alarm."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.loop: Loop | None = None
        self.ringing: threading.Thread | None = None

    def now(self) -> datetime:
        if self.loop is not None and threading.current_thread() is self.ringing:
            self.loop.stop()
            ends = time.monotonic() + 20
            while self.loop._bell.state != STATE_STOPPED and time.monotonic() < ends:
                time.sleep(0.01)
            time.sleep(0.1)  # it takes its locks right after it says that it is stopped
        return self._clock.now()


def test_it_can_be_stopped_while_a_bell_sets_its_next_alarm(stage: Stage) -> None:
    clock = StopsThere(stage.clock)

    def duty() -> datetime:
        clock.ringing = threading.current_thread()
        return stage.clock.now()

    clock.loop = Loop(dataclasses.replace(stage.house, clock=clock), print, extra={"test": duty})
    assert clock.loop.run()


def test_an_account_that_cannot_be_used_is_not_asked_every_second(stage: Stage) -> None:
    tick(stage.house)
    stage.clock.move_to(stage.clock.now() + timedelta(hours=1))
    told: list[str] = []

    def network(account: str) -> Network:
        raise Unavailable(f"{account} does not answer")

    loop = Loop(dataclasses.replace(stage.house, network=network), told.append)
    assert loop._deliver("bluesky") == stage.clock.now() + SAFETY
    assert loop._deliver("bluesky") == stage.clock.now() + SAFETY
    assert told == ["bluesky: bluesky does not answer"]
    Loop(stage.house, told.append)._deliver("bluesky")
    assert stage.said("bluesky") == ["announce-1h"]
