"""How requests that overlap are noted; the rest is proved over all adapters by the contract."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import Busy, NetworkError, Refused, Unanswered, Unauthorized, Unavailable
from bot.networks.faring import Faring

START = datetime(2027, 1, 7, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faring(clock: Clock) -> Faring:
    return Faring(clock)


def fail(faring: Faring, error: NetworkError, where: str = "a", meanwhile: Callable[[], None] = lambda: None) -> None:
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(type(error)))
        stack.enter_context(faring.asking(where, login="needed"))
        meanwhile()
        raise error


def test_silence_begins_with_the_request_or_with_the_last_answer_beside_it(faring: Faring, clock: Clock) -> None:
    def meanwhile() -> None:
        clock.now += 5 * SECOND
        with faring.asking("a"):
            pass
        clock.now += 15 * SECOND

    fail(faring, Unanswered("stalled"), meanwhile=meanwhile)
    assert faring.condition().silent_since == START + 5 * SECOND
    with faring.asking("a"):
        pass
    began = clock.now
    fail(faring, Unanswered("stalled"), meanwhile=lambda: setattr(clock, "now", clock.now + 20 * SECOND))
    assert faring.condition().silent_since == began


def test_of_two_servers_the_longer_silence_counts(faring: Faring, clock: Clock) -> None:
    fail(faring, Unavailable("down"), "a")
    clock.now += SECOND
    fail(faring, Unavailable("down"), "b")
    assert faring.condition().silent_since == START
    with faring.asking("a"):
        pass
    assert faring.condition().silent_since == START + SECOND
    with faring.asking("b"):
        pass
    assert faring.condition().silent_since is None


@pytest.mark.parametrize("error", [Refused("no"), Busy("wait", 1.0), Unauthorized("who?")])
def test_every_refusal_is_an_answer(faring: Faring, error: NetworkError) -> None:
    fail(faring, Unanswered("lost"))
    fail(faring, error)
    assert faring.condition().silent_since is None


def test_a_mistake_of_ours_says_nothing_of_the_network(faring: Faring) -> None:
    fail(faring, Unanswered("lost"))
    with pytest.raises(ValueError, match="bug"), faring.asking("a"):
        raise ValueError("bug")
    assert faring.condition().silent_since == START


def test_only_what_needed_the_login_proves_it(faring: Faring, clock: Clock) -> None:
    fail(faring, Unauthorized("who?"))
    for login in ("none", "given"):
        clock.now += SECOND
        with faring.asking("a", login=login):  # type: ignore[arg-type]
            pass
        assert faring.condition().refused_since == START
    with faring.asking("a", login="needed"):
        pass
    assert faring.condition().refused_since is None


def test_a_request_without_login_cannot_be_refused_for_it(faring: Faring) -> None:
    with pytest.raises(Unauthorized), faring.asking("a"):
        raise Unauthorized("who?")
    assert faring.condition().refused_since is None
