"""What the next request makes, and how long to wait after one that failed."""

import random
from datetime import timedelta
from typing import Literal, get_args

import pytest

from bot.domain.outbox import DELIVERY_MOVES, DeliveryState, Part, PartState, backoff, in_doubt, may_move, next_group


class Always(random.Random):
    """Randomness that is known."""

    def __init__(self, share: float) -> None:
        super().__init__(0)
        self.share = share

    def random(self) -> float:
        return self.share


KINDS: dict[str, Literal["media", "post", "gate"]] = {"m": "media", "p": "post", "g": "gate"}
STATES: dict[str, PartState] = {" ": "ready", "?": "unknown", "!": "sent"}


def parts(spelled: str) -> tuple[Part, ...]:
    """``m! p? g `` is a picture that was sent, a post in doubt and a gate that is ready."""
    pairs = [spelled[at : at + 2] for at in range(0, len(spelled), 2)]
    return tuple(Part(at, KINDS[kind], f"k{at}", "", state=STATES[state]) for at, (kind, state) in enumerate(pairs))


@pytest.mark.parametrize(
    ("spelled", "atomic", "one_by_one"),
    [
        ("", (), ()),
        ("p ", (0,), (0,)),
        ("p p g ", (0, 1, 2), (0,)),
        ("m m p g ", (0,), (0,)),
        ("m!m p p ", (1,), (1,)),
        ("m!m?p p ", (1,), (1,)),
        ("m!m!p p ", (2, 3), (2,)),
        ("p!p p g ", (1, 2, 3), (1,)),
        ("p!p?p ", (1, 2), (1,)),
        ("m!p!g!", (), ()),
    ],
)
def test_the_next_request_makes(spelled: str, atomic: tuple[int, ...], one_by_one: tuple[int, ...]) -> None:
    made = parts(spelled)
    assert tuple(part.position for part in next_group(made, atomic=True)) == atomic
    assert tuple(part.position for part in next_group(made, atomic=False)) == one_by_one


@pytest.mark.parametrize(
    ("spelled", "doubt"), [("", False), ("p p ", False), ("p!p ", False), ("p p?", True), ("p?p!", True)]
)
def test_doubt_is_of_what_left_without_an_answer(spelled: str, doubt: bool) -> None:
    assert in_doubt(parts(spelled)) is doubt


@pytest.mark.parametrize(
    ("attempts", "first", "whole"),
    [
        (1, None, 5),
        (2, None, 10),
        (3, None, 20),
        (6, None, 160),
        (7, None, 300),
        (10**9, None, 300),
        (1, 1.0, 1),
        (4, 1.0, 8),
        (10, 1.0, 300),
    ],
)
def test_waiting_doubles_up_to_five_minutes_and_half_of_it_is_chance(
    attempts: int, first: float | None, whole: float
) -> None:
    given = {} if first is None else {"first": first}
    waits = [backoff(attempts, Always(share), **given).total_seconds() for share in (0.0, 0.5, 1.0)]
    assert waits == [whole / 2, whole * 3 / 4, whole]


def test_another_longest_wait() -> None:
    assert backoff(9, Always(1.0), most=60.0) == timedelta(minutes=1)


def test_what_was_sent_stays_sent_and_only_what_is_frozen_is_sent() -> None:
    states = get_args(DeliveryState)
    assert set(DELIVERY_MOVES) == set(states)
    assert [after for after in states if may_move("sent", after)] == []
    assert [before for before in states if may_move(before, "sent")] == ["frozen"]
    assert [before for before in states if may_move(before, before)] == []
