"""What counts as not being well."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.vitals import LATE, LOCK_STUCK, OVERDUE, STUCK, Gauges, Outgoing, Pulse, Rounds, troubles

NOW = datetime(2027, 1, 7, 20, 0, tzinfo=UTC)
STATES = dict.fromkeys(("planned", "frozen", "sent", "missed", "refused", "cancelled"), 0)
WELL = Pulse(lock_age=9.0, stuck=(), hearing={})


def gauges(**late: timedelta) -> Gauges:
    accounts = {account: Outgoing(STATES, due_since=NOW - by) for account, by in late.items()}  # type: ignore[arg-type]
    return Gauges(accounts | {"quiet": Outgoing(STATES)}, held=0, posts=0, checked_since=None, worked_at=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pulse", "found", "expected"),
    [
        (WELL, gauges(), ()),
        (None, gauges(sky=LATE), ()),
        (Pulse(30.0, (), {}), gauges(), ()),
        (Pulse(31.0, (), {}), gauges(), ("the right to post was last renewed 31 seconds ago",)),
        (Pulse(None, (), {}), gauges(), ("the right to post was not renewed yet",)),
        (Pulse(1.0, ("house hangs",), {}), gauges(), ("house hangs",)),
        (WELL, None, ("the database does not answer",)),
        (None, None, ("the database does not answer",)),
        (WELL, gauges(sky=LATE + timedelta(seconds=1)), ("sky: something is 121 seconds late",)),
        (
            Pulse(40.0, ("x hangs",), {}),
            gauges(sky=2 * LATE, masto=3 * LATE),
            (
                "x hangs",
                "the right to post was last renewed 40 seconds ago",
                "sky: something is 240 seconds late",
                "masto: something is 360 seconds late",
            ),
        ),
    ],
)
def test_troubles(pulse: Pulse | None, found: Gauges | None, expected: tuple[str, ...]) -> None:
    assert troubles(pulse, found, NOW) == expected


def test_a_duty_that_takes_too_long_is_stuck() -> None:
    rounds = Rounds()
    rounds.due("house", 100.0)
    rounds.begin("house", 100.0)
    assert rounds.stuck(100.0 + STUCK) == ()
    assert rounds.stuck(101.0 + STUCK) == ("house has been under way for 901 seconds",)
    rounds.end("house", 1001.0)
    assert rounds.stuck(1001.0) == ()


def test_the_lock_may_take_less_time_than_others() -> None:
    rounds = Rounds()
    rounds.begin("lock", 0.0)
    rounds.begin("house", 0.0)
    assert rounds.stuck(LOCK_STUCK) == ()
    assert rounds.stuck(LOCK_STUCK + 1) == ("lock has been under way for 61 seconds",)


def test_a_bell_that_does_not_ring_is_noticed() -> None:
    rounds = Rounds()
    rounds.due("deliver:sky", 20.0)
    assert rounds.stuck(20.0 + OVERDUE) == ()
    assert rounds.stuck(21.0 + OVERDUE) == ("deliver:sky should have begun 61 seconds ago",)
    rounds.due("deliver:sky", 200.0)
    assert rounds.stuck(100.0) == ()


def test_a_duty_that_is_never_due_again_is_noticed() -> None:
    """Whatever kills it between its end and its next alarm."""
    rounds = Rounds()
    rounds.due("deliver:sky", 20.0)
    rounds.begin("deliver:sky", 20.0)
    rounds.end("deliver:sky", 21.0)
    assert rounds.stuck(22.0 + OVERDUE) == ("deliver:sky should have begun 61 seconds ago",)


def test_a_duty_that_ends_without_a_beginning_is_due_all_the_same() -> None:
    rounds = Rounds()
    rounds.end("house", 5.0)
    assert rounds.stuck(6.0 + OVERDUE) == ("house should have begun 61 seconds ago",)
