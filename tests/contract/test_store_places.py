"""How places fare where the archive stands too. Over SQLite and PostgreSQL."""

from datetime import timedelta

from contract.store_world import PEPPER, START, database_url, store

from bot.domain.places import PlaceState
from bot.storage.store import SqlStore, open_store

__all__ = ["database_url", "store"]  # fixtures

FAILING = PlaceState(START, START + timedelta(hours=1), 3, START + timedelta(hours=2), "no answer: « oh »\0")


def test_how_a_place_fares_is_kept_changed_and_forgotten(store: SqlStore, database_url: str) -> None:
    assert store.places() == {}
    store.save_place("web", FAILING)
    store.save_place("a-very-long-name-for-a-place-1", PlaceState(START))
    other = open_store(database_url, pepper_source=lambda: PEPPER)
    found = other.places()
    assert found["web"].error == "no answer: « oh »"
    assert (found["web"].failing_since, found["web"].attempts) == (FAILING.failing_since, 3)
    assert found["a-very-long-name-for-a-place-1"] == PlaceState(START)
    other.close()
    store.save_place("web", PlaceState(START + timedelta(hours=3)))
    store.save_place("a-very-long-name-for-a-place-1", None)
    store.save_place("never-there", None)
    assert store.places() == {"web": PlaceState(START + timedelta(hours=3))}
