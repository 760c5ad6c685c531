"""Badges in the store: each number once, found by any key of its account, a revoked one by none; on both databases."""

from contract.store_world import database_url, everything, store

from bot.domain.badges import Badge, Issuer, PublicKey
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]  # fixtures


def test_a_number_is_given_once(store: SqlStore) -> None:
    assert store.add_badge(Badge(20, ("a", "b")))
    assert not store.add_badge(Badge(20, ("c",)))
    assert store.add_badge(Badge(3, ("c",)))
    assert store.badges() == (Badge(3, ("c",)), Badge(20, ("a", "b")))
    store.drop_badge(2)
    store.drop_badge(20)
    assert store.badges() == (Badge(3, ("c",)),)


def test_any_key_revokes_all_badges_of_its_account_and_is_forgotten_with_it(store: SqlStore) -> None:
    for badge in (Badge(1, ("mine", "my-handle")), Badge(2, ("my-handle",)), Badge(3, ("other",))):
        store.add_badge(badge)
    assert store.revoke_badges(["my-handle", "nobody"]) == 2
    assert store.badges() == (Badge(1, (), revoked=True), Badge(2, (), revoked=True), Badge(3, ("other",)))
    assert store.revoke_badges(["mine", "my-handle"]) == 0
    assert store.revoke_badges([]) == 0
    assert "my-handle" not in everything(store)


def test_what_is_published_is_the_last_that_was_said(store: SqlStore) -> None:
    assert store.issuer() is None
    store.save_issuer(Issuer((PublicKey("one", "x"),), "a.b.c"))
    last = Issuer((PublicKey("two", "y"), PublicKey("one", "x")), "d.e.f")
    store.save_issuer(last)
    assert store.issuer() == last
    assert store.badges() == ()
