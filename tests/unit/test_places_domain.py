"""What is to change at a place, in which order, and when it is tried again."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import places
from bot.domain.places import Changes, PlaceState, changes, failed, waits, well

NOW = datetime(2027, 1, 7, 20, tzinfo=UTC)

A, B = "edchat/2027-01-07/index.html", "edchat/2027-01-14/index.html"
DATA, LOOK, HOME = "edchat/2027-01-07/chat.json", "look.css", "index.html"


@pytest.mark.parametrize(
    ("there", "wanted", "expected"),
    [
        ({}, {}, Changes((), ())),
        ({A: "1"}, {A: "1"}, Changes((), ())),
        ({A: "1", DATA: "1"}, {}, Changes((DATA, A), ())),
        ({}, {HOME: "1", A: "1", DATA: "1"}, Changes((), ((DATA,), (A,), (HOME,)))),
        ({A: "1", HOME: "1"}, {A: "2", HOME: "2", B: "1", LOOK: "1"}, Changes((), ((LOOK,), (B,), (A,), (HOME,)))),
        ({A: ""}, {A: "2"}, Changes((), ((A,),))),
        ({B: "1", DATA: "1"}, {DATA: "2", LOOK: "1"}, Changes((B,), ((DATA, LOOK),))),
    ],
)
def test_removals_then_data_then_new_pages_then_those_that_lead_to_them(
    there: dict[str, str], wanted: dict[str, str], expected: Changes
) -> None:
    assert changes(there, wanted) == expected


def test_in_a_long_upload_what_is_out_of_date_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MANY", 3)
    there = {A: "1", DATA: "1", HOME: "1"}
    wanted = {A: "2", DATA: "2", HOME: "2", B: "1", LOOK: "1"}
    assert changes(there, wanted).put == ((DATA,), (A, HOME), (LOOK,), (B,))
    assert changes({A: "1", DATA: "1"}, wanted).put == ((DATA,), (A,), (LOOK,), (B,), (HOME,))
    monkeypatch.setattr(places, "MANY", len(wanted))
    assert changes(there, wanted).put == ((DATA, LOOK), (B,), (A,), (HOME,)), "just as many are no long upload"


FILES = st.dictionaries(
    st.sampled_from([A, B, DATA, LOOK, HOME, "feed.xml", "about/index.html"]), st.sampled_from("12")
)


@given(FILES, FILES, st.integers(0, 8))
def test_afterwards_all_that_is_wanted_is_there_and_nothing_else(
    there: dict[str, str], wanted: dict[str, str], many: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "MANY", many)
        found = changes(there, wanted)
    after = {path: mark for path, mark in there.items() if path not in found.gone}
    put = [path for group in found.put for path in group]
    assert len(put) == len(set(put))
    assert found.count == len(put) + len(found.gone)
    assert all(after.get(path) != wanted[path] for path in put)
    assert after | {path: wanted[path] for path in put} == wanted


def test_waits_grow_and_end_with_success() -> None:
    rng, state, now = random.Random(1), well(NOW), NOW
    seen = []
    for _ in range(9):
        state = failed(state, "no answer", now, rng)
        assert state.retry_at is not None
        seen.append(state.retry_at - now)
        assert waits(state, now)
        assert not waits(state, state.retry_at)
        now = state.retry_at
    assert (state.failing_since, state.done_at, state.attempts, state.error) == (NOW, NOW, 9, "no answer")
    assert timedelta(seconds=15) <= seen[0] <= timedelta(seconds=30)
    assert timedelta(minutes=7) <= seen[-1] <= timedelta(minutes=15)
    assert not waits(well(now), now)
    assert not waits(PlaceState(), now)
    assert not waits(PlaceState(failing_since=now), now), "nothing says until when"


def test_a_clock_that_was_put_back_does_not_make_the_wait_longer() -> None:
    state = failed(PlaceState(), "no answer", NOW, random.Random(1))
    assert not waits(state, NOW - timedelta(hours=1))
