"""Figures for those who watch the bot, over both databases."""

from datetime import timedelta

import pytest
from contract.store_world import (
    BEFORE,
    START,
    candidate,
    chat,
    database_url,
    opened,
    save,
    say,
    store,
)

from bot.domain.errands import Errand
from bot.domain.places import PlaceState
from bot.domain.vitals import BUCKETS, Gauges, Lateness, Outgoing, Pending
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

DAY = timedelta(days=1)
OURS = ("sky", "masto")
EMPTY = Outgoing({"planned": 0, "frozen": 0, "sent": 0, "missed": 0, "refused": 0, "cancelled": 0})


def gauges(store: SqlStore, minutes: float, since: timedelta = -DAY) -> Gauges:
    now = START + timedelta(minutes=minutes)
    return store.gauges(OURS, now, START + since, DAY)


def states(**numbers: int) -> dict[str, int]:
    return {**EMPTY.states, **numbers}


def test_an_empty_store(store: SqlStore) -> None:
    assert gauges(store, 0) == Gauges(
        accounts={"sky": EMPTY, "masto": EMPTY}, held=0, posts=0, checked_since=None, worked_at=None
    )


def test_deliveries_by_account_and_state(store: SqlStore) -> None:
    one, _ = opened(store)
    store.expire(one.starts_at + timedelta(minutes=11))  # Mastodon's welcome was not said in its time
    found = gauges(store, 11).accounts
    assert found["sky"].states == states(sent=2, planned=2)
    assert found["masto"].states == states(missed=1, planned=3)


def test_an_account_that_is_no_longer_ours_is_left_out(store: SqlStore) -> None:
    opened(store)
    assert list(store.gauges(["sky"], START, START, DAY).accounts) == ["sky"]


def test_since_when_the_most_late_delivery_is_due(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    assert gauges(store, -1).accounts["sky"].due_since is None
    assert gauges(store, 0).accounts["sky"].due_since == one.starts_at
    say(store, f"{one.id}/welcome@sky", one.starts_at)
    assert gauges(store, 4).accounts["sky"].due_since is None
    assert gauges(store, 4).accounts["masto"].due_since == one.starts_at
    assert gauges(store, 6).accounts["sky"].due_since == one.starts_at + timedelta(minutes=5)
    store.cancel(one.id, one.starts_at)
    assert gauges(store, 6).accounts["masto"].due_since is None


@pytest.mark.parametrize("late", [0.0, 1.0, 1.000001, 119.5, 3600.0, 3600.5])
def test_how_late_what_was_sent_was(store: SqlStore, late: float) -> None:
    key = wrapped_up(store, late)
    assert key.endswith("wrap-up@sky")
    found = gauges(store, 300).accounts
    assert found["sky"].lateness == Lateness(1, late, tuple(int(late <= bucket) for bucket in BUCKETS))
    assert found["masto"].lateness == Lateness()


def wrapped_up(store: SqlStore, late: float) -> str:
    """A chat of which nothing but the last word was said, so many seconds late."""
    one = chat()
    save(store, one)
    store.expire(one.ends_at + timedelta(seconds=1))
    say(store, f"{one.id}/wrap-up@sky", one.ends_at + timedelta(seconds=late))
    return f"{one.id}/wrap-up@sky"


def test_lateness_is_counted_from_a_moment_on(store: SqlStore) -> None:
    """What was due before and went out after counts, up to the longest that anything is useful."""
    wrapped_up(store, 90)
    sent = timedelta(hours=1, seconds=90)
    assert gauges(store, 300, sent).accounts["sky"].lateness.count == 1
    assert gauges(store, 300, sent + timedelta(seconds=1)).accounts["sky"].lateness.count == 0
    short = store.gauges(OURS, START + DAY, START + sent, timedelta(seconds=89))
    assert short.accounts["sky"].lateness.count == 0


def test_several_are_added_up(store: SqlStore) -> None:
    opened(store)
    wrapped_up(store, 40)
    found = gauges(store, 300).accounts["sky"].lateness
    assert (found.count, found.seconds) == (3, 40.0)
    assert found.within == tuple(2 + (bucket >= 40) for bucket in BUCKETS)


def test_pending_errands_by_kind_and_since_when(store: SqlStore) -> None:
    later = START + timedelta(minutes=1)
    store.queue(
        [
            Errand("a", "sky", "delete", later),
            Errand("b", "sky", "delete", START),
            Errand("c", "sky", "tell", later, to="amy", text="Hello"),
            Errand("d", "masto", "like", START),
        ]
    )
    store.errand_again("b", later + DAY, "not now")
    store.errand_done("d", later)
    found = gauges(store, 2).accounts
    assert found["sky"].errands == {"delete": Pending(2, START), "tell": Pending(1, later)}
    assert found["masto"].errands == {}


def test_what_is_kept_and_held_and_since_when_it_is_unchecked(store: SqlStore) -> None:
    one, root = opened(store)
    early, now = START + timedelta(minutes=20), START + timedelta(minutes=30)
    first = candidate(store, one.id, "first", root)
    held = candidate(store, one.id, "held", root, hold=True, held="photo")
    bare = candidate(store, one.id, "bare", root, store=False, why="noarchive")
    gone = candidate(store, one.id, "gone", root)
    store.upsert([first, gone], early)
    store.upsert([held, bare], now)
    store.bury([gone.key], now)
    found, counts = gauges(store, 31), store.counts()
    assert (found.posts, found.held) == (counts["posts"], counts["held"]) == (2, 1)
    assert found.checked_since == store.oldest_check() == early
    store.checked([first.post.ref], now)
    assert gauges(store, 31).checked_since == now


def test_how_places_fare(store: SqlStore) -> None:
    behind = PlaceState(START, START + DAY, 3, START + DAY, "no answer")
    store.save_place("web", behind)
    store.save_place("git", PlaceState(START))
    assert gauges(store, 0).places == {"web": behind, "git": PlaceState(START)}


def test_when_run_or_tick_worked_last(store: SqlStore) -> None:
    store.beat("tick", BEFORE)
    assert gauges(store, 0).worked_at == BEFORE
    store.beat("run", BEFORE + DAY)
    store.beat("tick", BEFORE + DAY / 2)
    assert gauges(store, 0).worked_at == BEFORE + DAY
