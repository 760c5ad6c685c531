"""The log of decisions. Over SQLite and PostgreSQL."""

from datetime import timedelta

from contract.store_world import END, database_url, store

from bot.domain.consent import Ruling
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]  # fixtures

ONE, OTHER = "a" * 24, "b" * 24


def test_decisions_are_told_newest_first_and_none_is_lost(store: SqlStore) -> None:
    assert store.rulings_log(9) == ()
    first, later = Ruling("hidden", 0, END), Ruling("released", (1 << 63) - 1, END + timedelta(minutes=1))
    store.rule(ONE, later, "only a wall, « mur »", "dan")
    store.rule(ONE, first, "looked odd", "eve")
    store.rule(OTHER, Ruling("dropped", 7, END), "names a pupil", "dan")
    assert store.rulings_log(9) == (
        (ONE, later, "only a wall, « mur »", "dan"),
        (ONE, first, "looked odd", "eve"),
        (OTHER, Ruling("dropped", 7, END), "names a pupil", "dan"),
    )
    assert [key for key, *_ in store.rulings_log(2)] == [ONE, ONE]
    assert store.rulings_log(0) == ()
