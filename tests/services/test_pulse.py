"""The loop's own signs of life: what it says of itself while it works, and while something hangs."""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from services.stage import Stage
from services.test_listening import PATIENCE, QUICK, Gate, answer, eventually, listening

from bot.domain import vitals
from bot.runner import Loop
from bot.tick import House


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.at(-60)
    for minutes in (0, 5):
        stage.at(minutes)
    return stage


@contextmanager
def running(house: House, **extra: Callable[[], datetime]) -> Iterator[Loop]:
    loop = Loop(house, lambda _: None, pace=QUICK, extra=extra)
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield loop
    finally:
        loop.stop()
        thread.join(PATIENCE)


def test_a_loop_that_works(stage: Stage) -> None:
    with running(stage.house) as loop:
        eventually(lambda: loop.pulse().lock_age is not None)
        eventually(lambda: {one.mode for one in loop.pulse().hearing.values()} == {"stream"})
        assert loop.pulse().stuck == ()
        eventually(lambda: all(one.lag is not None for one in loop.pulse().hearing.values()))


def test_before_it_runs_nothing_is_said(stage: Stage) -> None:
    pulse = Loop(stage.house, print).pulse()
    assert (pulse.lock_age, pulse.stuck) == (None, ())
    assert {(one.mode, one.lag) for one in pulse.hearing.values()} == {("off", None)}


def test_a_duty_that_hangs_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "STUCK", 0.05)
    hangs = threading.Event()

    def duty() -> datetime:
        hangs.wait(PATIENCE)
        return stage.clock.now() + timedelta(hours=1)

    with running(stage.house, hanging=duty) as loop:
        eventually(lambda: any(line.startswith("hanging has been under way") for line in loop.pulse().stuck))
        hangs.set()
        eventually(lambda: not any("hanging" in line for line in loop.pulse().stuck))


def test_a_lock_that_hangs_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the database's computer is gone without a word."""
    monkeypatch.setattr(vitals, "LOCK_STUCK", 0.05)
    hangs = threading.Event()

    class Hanging:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.store, name)

        def hold_lock(self, *args: Any) -> bool:
            hangs.wait(PATIENCE)
            return stage.store.hold_lock(*args)

    with running(dataclasses.replace(stage.house, store=Hanging())) as loop:  # type: ignore[arg-type]
        eventually(lambda: any(line.startswith("lock has been under way") for line in loop.pulse().stuck))
        assert loop.pulse().lock_age is None
        hangs.set()
        eventually(lambda: loop.pulse().lock_age is not None)


def test_bells_that_no_longer_ring_are_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "OVERDUE", -PATIENCE)
    with running(stage.house) as loop:
        eventually(lambda: loop.pulse().lock_age is not None)
        eventually(lambda: any("should have begun" in line for line in loop.pulse().stuck))


def test_a_duty_that_dies_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with an error, after which it is done again, but for good."""
    monkeypatch.setattr(vitals, "OVERDUE", 0.05)

    class Dying(BaseException):
        pass

    def duty() -> datetime:
        raise Dying

    with running(stage.house, dying=duty) as loop:
        eventually(lambda: any(line.startswith("dying should have begun") for line in loop.pulse().stuck))


def test_a_listening_thread_that_ended_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(stage.house) as loop:
        eventually(lambda: loop.pulse().lock_age is not None)
        listener = loop._listening._listeners["bluesky"]
        monkeypatch.setattr(listener, "_reading", dead())
        assert loop.pulse().stuck == ("listening on bluesky has ended",)


def dead() -> threading.Thread:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    return thread


def test_the_lag_grows_while_nothing_can_be_stored(stage: Stage) -> None:
    gate = Gate(stage.store)
    with listening(dataclasses.replace(stage.house, store=gate, ears={})) as live:  # type: ignore[arg-type]
        eventually(lambda: live.rhythm("bluesky") == "told")
        eventually(lambda: live.hearing("bluesky").lag is not None)
        gate.open.clear()
        answer(stage, "bluesky", "held up")
        eventually(lambda: gate.waiting)
        held = live.hearing("bluesky").lag
        assert held is not None
        eventually(lambda: (live.hearing("bluesky").lag or 0.0) > held + 0.3)
        gate.open.set()
        eventually(lambda: (live.hearing("bluesky").lag or 0.0) < held + 0.3)


def test_no_lag_is_told_where_no_chat_is_on(stage: Stage) -> None:
    with listening(stage.house) as live:
        eventually(lambda: live.hearing("mastodon").lag is not None)
        stage.clock.move_to(stage.clock.now() + timedelta(days=30))
        eventually(lambda: live.hearing("mastodon").lag is None)
