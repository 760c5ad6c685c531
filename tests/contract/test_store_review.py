"""Held answers, rulings, errands, beats. Over SQLite and PostgreSQL."""

import threading
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from contract.store_world import (
    END,
    START,
    candidate,
    database_url,
    everything,
    opened,
    save,
    series,
    store,
)
from sqlalchemy import func, select

from bot.domain.consent import Ruling
from bot.domain.errands import Errand
from bot.domain.posts import PostRef
from bot.ports import Held
from bot.storage.store import SqlStore
from bot.storage.tables import copies, errands, rulings

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def test_what_waits_for_a_person(store: SqlStore) -> None:
    one, root = opened(store)
    late = candidate(store, one.id, "late", root, hold=True, held="photo pupil", at=START + 9 * MINUTE)
    early = candidate(store, one.id, "early", root, hold=True, held="asked")
    gone = candidate(store, one.id, "gone", root, hold=True, held="harm")
    store.upsert([late, early, gone, candidate(store, one.id, "shown", root)], NOW)
    store.bury([gone.key], NOW)
    assert store.held() == (
        Held(one.id, early.key, early.post, ("asked",)),
        Held(one.id, late.key, late.post, ("photo", "pupil")),
    )
    assert {each.key: each.held for each in store.candidates(one.id)}[late.key] == "photo pupil"
    store.upsert([msgspec.structs.replace(late, hold=False, held="")], NOW)
    assert [each.key for each in store.held()] == [early.key]


def test_reasons_of_a_post_that_is_not_kept_are_forgotten(store: SqlStore) -> None:
    one, root = opened(store)
    found = candidate(store, one.id, "a", root, hold=True, held="harm")
    store.upsert([found], NOW)
    store.upsert([msgspec.structs.replace(found, store=False, hold=True, why="noarchive")], NOW)
    assert store.held() == ()
    assert "harm" not in everything(store)


def test_another_reason_to_hold_is_stored_and_changes_no_page(store: SqlStore) -> None:
    one, root = opened(store)
    found = candidate(store, one.id, "a", root, hold=True, held="photo")
    store.upsert([found], NOW)
    before = store.chat(one.id)
    store.upsert([msgspec.structs.replace(found, held="photo harm")], NOW)
    assert store.chat(one.id) == before
    assert [each.reasons for each in store.held()] == [("photo", "harm")]


def logged(store: SqlStore) -> int:
    with store._reading() as connection:
        return connection.scalar(select(func.count()).select_from(rulings)) or 0


def test_the_latest_ruling_counts_and_all_are_kept(store: SqlStore) -> None:
    key, other = "a" * 24, "b" * 24
    words = 2**63 - 1
    store.rule(key, Ruling("released", words, NOW), "only a desk", "dan")
    store.rule(key, Ruling("hidden", 0, NOW - MINUTE), "looked odd", "eve")
    store.rule(other, Ruling("dropped", 7, NOW), "spam", "dan")
    assert store.rulings([key, other, "c" * 24]) == {
        key: Ruling("released", words, NOW),
        other: Ruling("dropped", 7, NOW),
    }
    assert store.rulings([]) == {}
    assert logged(store) == 3


def test_of_two_rulings_at_one_moment_the_one_told_last_counts(store: SqlStore) -> None:
    key = "a" * 24
    for kind in ("hidden", "released", "removed"):
        store.rule(key, Ruling(kind, 1, NOW), "why", "dan")  # type: ignore[arg-type]
    assert store.rulings([key])[key].kind == "removed"
    store.rule(key, Ruling("removed", 1, NOW), "why", "dan")
    store.rule(key, Ruling("hidden", 1, NOW), "why", "dan")
    assert logged(store) == 3  # the same events again
    store.rule(key, Ruling("hidden", 2, NOW), "why", "dan")
    assert (store.rulings([key])[key].kind, logged(store)) == ("hidden", 4)


REF = PostRef("mastodon", "else.example/77", url="https://else.example/@quuxwho/77")


def errand(name: str, **changes: Any) -> Errand:
    base = Errand(f"answer:{name}", "masto", "answer", NOW, REF, "@quuxwho@else.example", "Planted words?")
    return msgspec.structs.replace(base, **changes)


def due(store: SqlStore, now: datetime = NOW, limit: int = 10) -> list[str]:
    return [each.id.partition(":")[2] for each in store.errands("masto", now, limit)]


def test_an_errand_that_was_queued_is_not_queued_again(store: SqlStore) -> None:
    first, second = errand("a"), errand("b", ref=None, kind="tell", at=NOW - MINUTE)
    assert store.queue([first, first]) == 1
    assert store.queue([second, msgspec.structs.replace(first, text="other words")]) == 1
    assert store.queue([]) == 0
    assert store.errands("masto", NOW, 10) == (second, first)
    assert due(store, limit=1) == ["b"]
    assert due(store, NOW - MINUTE) == ["b"]
    assert store.errands("sky", NOW, 10) == ()
    store.errand_done(first.id, NOW)
    assert store.queue([first]) == 0
    assert due(store) == ["b"]


def test_an_errand_is_tried_again_when_its_time_comes(store: SqlStore) -> None:
    store.queue([errand("a"), errand("b")])
    store.errand_again("answer:a", NOW + MINUTE, "busy\0")
    assert due(store) == ["b"]
    assert due(store, NOW + MINUTE) == ["a", "b"]
    assert [each.attempts for each in store.errands("masto", NOW + MINUTE, 10)] == [1, 0]


@pytest.mark.parametrize("error", ["", f"404 for {REF.url}: @quuxwho@else.example never said Planted words?"])
def test_a_done_errand_holds_no_address_no_handle_and_no_words(store: SqlStore, database_url: str, error: str) -> None:
    store.queue([errand("a")])
    assert "quuxwho" in everything(store)
    store.errand_done("answer:a", NOW, error)
    left = everything(store)
    assert ("404" in left) == bool(error)
    files = [left.encode()]
    if database_url.startswith("sqlite"):
        files += [path.read_bytes() for path in store_files(database_url)]
    for planted in ("quuxwho", "Planted", "else.example/77"):
        assert not any(planted.encode() in each for each in files)
    store.errand_again("answer:a", NOW, "too late")
    store.errand_done("answer:a", NOW, "again")
    assert due(store, NOW + DAY) == []
    assert "again" not in everything(store)


def store_files(database_url: str) -> Any:
    from pathlib import Path

    path = Path(database_url.removeprefix("sqlite:///"))
    return path.parent.glob(f"{path.name}*")


def test_errands_are_forgotten_two_months_later(store: SqlStore) -> None:
    store.queue([errand("done"), errand("never"), errand("delete", kind="delete"), errand("new", at=NOW + DAY)])
    store.errand_done("answer:done", NOW)
    store.forget_old(NOW + 60 * DAY - MINUTE)
    assert due(store, NOW + DAY) == ["delete", "never", "new"]
    store.forget_old(NOW + 60 * DAY)
    assert due(store, NOW + DAY) == ["delete", "new"]  # a post of ours that is to be deleted is never forgotten
    with store._reading() as connection:
        assert connection.scalar(select(func.count()).select_from(errands)) == 2


def test_what_is_forgotten_altogether_leaves_no_ruling_and_no_copy(store: SqlStore) -> None:
    one, root = opened(store)
    save(store, one, of=series(keep=DAY))
    kept = candidate(store, one.id, "kept", root)
    copy = candidate(store, one.id, "copy", root, store=False, why="bridge-copy")
    store.upsert([kept, copy], NOW)
    store.save_copies({copy.key: kept.key})
    store.rule(kept.key, Ruling("released", 1, NOW), "why", "dan")
    assert store.forget_old(END + DAY) == (one.id,)
    with store._reading() as connection:
        for table in (rulings, copies):
            assert connection.scalar(select(func.count()).select_from(table)) == 0


def test_the_last_twenty_beats_are_kept(store: SqlStore) -> None:
    assert store.beats("run") == ()
    for number in range(23):
        store.beat("run", NOW + number * MINUTE)
    store.beat("tick", NOW)
    assert store.beats("run") == tuple(NOW + number * MINUTE for number in range(3, 23))
    assert store.beats("tick") == (NOW,)


def test_no_beat_is_lost_to_another(store: SqlStore) -> None:
    threads = [
        threading.Thread(target=lambda: [store.beat("tick", NOW + each * MINUTE) for each in range(5)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.beats("tick")) == 15
