"""Who is one person: said from both sides, in time, and not taken back by either."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.linked import (
    CONFIRMED_WITHIN,
    Claim,
    ClaimKind,
    Link,
    asking,
    asks,
    links,
    of_no_use,
    person_of,
    persons,
    waiting,
    whose,
)

START = datetime(2027, 1, 7, 20, tzinfo=UTC)


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def also(by: str, other: str, day: float = 0) -> Claim:
    return Claim("also", by, other, at(day))


def ends(by: str, other: str = "", day: float = 0) -> Claim:
    return Claim("not", by, other, at(day))


@pytest.mark.parametrize(
    ("said", "since"),
    [
        ([], None),
        ([also("a", "b")], None),
        ([also("b", "a")], None),
        ([also("a", "a")], None),
        ([also("a", "b"), also("b", "a", 1)], 1),
        ([also("b", "a"), also("a", "b", 2)], 2),
        ([also("a", "b"), also("b", "a", 30)], 30),
        ([also("a", "b"), also("b", "a", 30.001)], None),
        ([also("a", "b"), also("a", "b", 29), also("b", "a", 31)], 31),
        ([also("a", "b"), also("b", "a", 1), also("a", "b", 2), also("b", "a", 60)], 1),
        ([also("a", "b"), also("b", "c"), also("c", "a")], None),
        ([also("a", "b"), also("c", "a")], None),
        # what ends it, from either side, naming the other or none
        ([also("a", "b"), also("b", "a", 1), ends("a", "b", 2)], None),
        ([also("a", "b"), also("b", "a", 1), ends("b", "a", 2)], None),
        ([also("a", "b"), also("b", "a", 1), ends("a", day=2)], None),
        ([also("a", "b"), also("b", "a", 1), ends("b", day=2)], None),
        ([also("a", "b"), also("b", "a", 1), ends("a", "c", 2), ends("c", "a", 2), ends("c", day=2)], 1),
        # at one moment the end counts, and what was said before it counts no more
        ([also("a", "b"), also("b", "a", 1), ends("a", "b", 1)], None),
        ([also("a", "b", 1), also("b", "a", 1), ends("a", "b", 1)], None),
        ([also("a", "b", 1), also("b", "a", 1), ends("a", "b", 2), ends("a", "b", 0)], None),
        ([also("a", "b"), ends("a", "b", 1), also("b", "a", 2)], None),
        ([also("a", "b"), ends("b", "a", 1), also("b", "a", 2)], None),
        ([also("a", "b"), ends("b", day=1), also("b", "a", 2), also("a", "b", 3)], 3),
        ([also("a", "b", 2), also("b", "a", 3), ends("a", "b", 1), ends("a", "b", 0)], 3),
    ],
)
def test_both_have_to_say_it_in_time_and_either_ends_it(said: Sequence[Claim], since: float | None) -> None:
    expected = () if since is None else (Link("a", "b", at(since)),)
    assert links(said) == links(tuple(reversed(said))) == expected
    assert persons(said) == ({"a": ("a", "b"), "b": ("a", "b")} if expected else {})


def test_links_are_told_in_order_and_join_more_than_two() -> None:
    said = [also("c", "b"), also("b", "c", 1), also("b", "a", 2), also("a", "b", 3), also("z", "y"), also("y", "z")]
    assert links(said) == (Link("a", "b", at(3)), Link("b", "c", at(1)), Link("y", "z", at(0)))
    together = persons(said)
    assert together == dict.fromkeys("abc", ("a", "b", "c")) | dict.fromkeys("yz", ("y", "z"))
    assert [person_of(together, key) for key in "bq"] == [("b", "a", "c"), ("q",)]
    assert [whose(together, key) for key in "acyq"] == ["a", "a", "y", "q"]
    assert persons([*said, ends("b", "a", 4)])["b"] == ("b", "c")


def test_two_groups_become_one_by_one_link() -> None:
    pairs = [("a", "d"), ("b", "c"), ("c", "d")]
    said = [claim for one, other in pairs for claim in (also(one, other), also(other, one))]
    assert persons(said) == dict.fromkeys("abcd", ("a", "b", "c", "d"))


@pytest.mark.parametrize(
    ("said", "day", "left"),
    [
        ([also("a", "b"), also("a", "b", 2), also("a", "c", 1)], 30, [also("a", "c", 1), also("a", "b", 2)]),
        ([also("a", "b", 2)], 32, [also("a", "b", 2)]),
        ([also("a", "b", 2)], 32.001, []),
        ([also("a", "b"), also("b", "a", 1)], 2, []),
        ([also("b", "a"), also("a", "b", 1)], 2, []),
        ([also("a", "b"), ends("b", day=1)], 2, []),
        ([also("b", "z"), also("a", "z")], 2, [also("a", "z"), also("b", "z")]),
    ],
)
def test_what_the_other_side_may_still_confirm_waits(said: Sequence[Claim], day: float, left: list[Claim]) -> None:
    assert list(waiting(said, at(day))) == left


@pytest.mark.parametrize(
    ("said", "day", "gone"),
    [
        ([also("a", "b")], 30, []),
        ([also("a", "b")], 30.001, [0]),
        ([also("a", "b"), also("b", "a", 1)], 300, []),
        ([also("b", "a"), also("a", "b", 1)], 300, []),
        ([also("a", "b"), also("b", "a", 1), ends("a", "b", 2)], 3, [0, 1]),
        ([also("a", "b"), also("b", "a", 1), ends("a", "b", 2), also("b", "a", 4)], 5, [0, 1]),
        ([ends("a", "b", 2)], 32, []),
        ([ends("a", "b", 2)], 32.001, [0]),
        ([ends("a", day=2), also("a", "b", 3), also("b", "a", 4)], 40, [0]),
    ],
)
def test_what_counts_no_more_is_of_no_use(said: Sequence[Claim], day: float, gone: list[int]) -> None:
    assert of_no_use(said, at(day)) == tuple(said[place] for place in gone)


_KEYS = st.sampled_from("abc")
_KINDS: st.SearchStrategy[ClaimKind] = st.sampled_from(["also", "also", "not"])
_CLAIMS = st.lists(
    st.builds(Claim, _KINDS, _KEYS, _KEYS, st.integers(0, 400).map(at)).filter(lambda one: one.by != one.other)
)


@given(_CLAIMS, st.integers(0, 400))
def test_to_forget_what_is_of_no_use_changes_nothing(said: list[Claim], day: int) -> None:
    known = [claim for claim in said if claim.at <= at(day)]
    useless = set(of_no_use(known, at(day)))
    kept = [claim for claim in known if claim not in useless]
    assert persons(kept) == persons(known)
    assert waiting(kept, at(day)) == waiting(known, at(day))
    assert of_no_use(kept, at(day)) == ()
    # and nothing that is still taken in comes out otherwise for it
    later = [claim for claim in said if claim.at > at(day) and claim.at <= at(day) + CONFIRMED_WITHIN]
    assert persons([*kept, *later]) == persons([*known, *later])


@given(_CLAIMS, st.integers(0, 400), _KEYS)
def test_who_said_only_this_account_is_alone(said: list[Claim], day: int, who: str) -> None:
    assert who not in persons([*said, ends(who, day=401)])
    assert all(who in (link.one, link.other) for link in links(said) if link not in links([*said, ends(who, day=day)]))


@pytest.mark.parametrize("kind", ["also", "not"])
def test_an_errand_tells_for_which_claim_it_is_done(kind: ClaimKind) -> None:
    assert asks(asking(kind, "4e4e", "1a", "2b")) == (kind, "1a", "2b")
    assert asking(kind, "4e4e", "1a", "2b") != asking(kind, "5f5f", "1a", "2b")
