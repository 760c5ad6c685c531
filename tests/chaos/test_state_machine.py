"""Outbox and collecting against a small model, under whatever people, networks and crashes do.

The real store and services run over networks in memory. A step is something that happens in the world (a teacher
writes, a moderator edits, an answer is lost, time passes) or something that a bot does, to its end or until it dies.
"""

import gc
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.machine import Evening
from chaos.machine_store import Database
from chaos.machine_verbs import VERBS
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture import engine
from hypothesis.stateful import run_state_machine_as_test

STEPS = int(os.environ.get("STAFFROOM_STEPS", "10000"))
"""`make test STEPS=100000`, as before anything lands, takes more."""
SHARES = 4
LONG = 400
"""Steps of one play: by then an evening with two chats is over, as a rule."""
ROUND = 9
"""Plays of one run of Hypothesis. After ten it varies what it drew: in plays so long, copies with a step changed."""


SHRINKING = 90
"""Seconds in which a failure is made small, after which it is told as small as it is by then."""


@pytest.fixture
def shrinking_soon_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis has no setting for this; where it has none of that name any more, it takes its own time."""
    monkeypatch.setattr(engine, "MAX_SHRINKING_SECONDS", SHRINKING, raising=False)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def rarely_collecting() -> Iterator[None]:
    """Python looks for garbage in cycles less often: else a third of the time goes into that."""
    before = gc.get_threshold()
    gc.freeze()  # and stays so: who unfroze this, unfroze all collected tests as well, for whatever comes afterwards
    gc.set_threshold(50_000, 20, 100)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("rarely_collecting", "shrinking_soon_ends")
@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_happens_nothing_is_said_twice_lost_or_kept_against_a_wish(
    share: int, database: Database, request: pytest.FixtureRequest
) -> None:
    tally: Counter[str] = Counter()
    luck = request.config.getoption("--hypothesis-seed") or (1 if settings().derandomize else random.getrandbits(32))

    def evening() -> Evening:
        return Evening(database, tally)

    while (left := STEPS // SHARES - tally["steps"]) > 0:
        once = settings(
            max_examples=min(ROUND, left // LONG + 1),
            stateful_step_count=LONG,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(seed(f"{luck} {share} {left}")(evening), settings=once)
    print(f"share {share} of {luck}: {dict(tally)}")
    assert set(tally) >= {*VERBS, "died", "overtaken"}
