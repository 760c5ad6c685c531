"""Badges in the store: each number once, found by any key of its account, a revoked one by none; on both databases."""

from datetime import timedelta
from pathlib import Path

from contract.backup_world import TAKEN, back_up, put_back
from contract.store_world import PEPPER, database_url, everything, on_disk, store

from bot.domain.badges import Badge, Issuer, PublicKey
from bot.storage.erasures import Erasures, read_list
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store

__all__ = ["database_url", "store"]  # fixtures


def test_a_number_is_given_once(store: SqlStore) -> None:
    assert store.add_badge(Badge(20, ("a", "b")))
    assert not store.add_badge(Badge(20, ("c",)))
    assert store.add_badge(Badge(3, ("c",)))
    assert store.badges() == (Badge(3, ("c",)), Badge(20, ("a", "b")))
    store.drop_badge(2)
    store.drop_badge(20)
    assert store.badges() == (Badge(3, ("c",)),)


def test_any_key_revokes_all_badges_of_its_account_and_is_forgotten_with_it(store: SqlStore, database_url: str) -> None:
    for badge in (Badge(1, ("mine", "my-handle")), Badge(2, ("my-handle",)), Badge(3, ("other",))):
        store.add_badge(badge)
    assert store.revoke_badges(["my-handle", "nobody"]) == 2
    assert store.badges() == (Badge(1, (), revoked=True), Badge(2, (), revoked=True), Badge(3, ("other",)))
    assert store.revoke_badges(["mine", "my-handle"]) == 0
    assert store.revoke_badges([]) == 0
    assert "my-handle" not in everything(store)
    assert not any(b"my-handle" in file for file in on_disk(database_url))


def test_what_is_published_is_the_last_that_was_said(store: SqlStore) -> None:
    assert store.issuer() is None
    store.save_issuer(Issuer((PublicKey("one", "x"),), "a.b.c"))
    last = Issuer((PublicKey("two", "y"), PublicKey("one", "x")), "d.e.f")
    store.save_issuer(last)
    assert store.issuer() == last
    assert store.badges() == ()


def test_a_backup_that_is_put_back_knows_what_was_made_and_revoked_since(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'first.db'}"
    listed = Erasures(tmp_path / "erasures", lambda: TAKEN + timedelta(minutes=5))
    migrate(url)
    first = open_store(url, pepper_source=lambda: PEPPER, erasures=listed)
    for badge in (Badge(1, ("mine",)), Badge(2, ("other",))):
        first.add_badge(badge)
    file = back_up(url, tmp_path)
    first.revoke_badges(["mine"])
    for badge in (Badge(3, ("mine", "my-handle")), Badge(4, ("third",)), Badge(2, ("nobody",)), Badge(3, ("nobody",))):
        first.add_badge(badge)
    first.revoke_badges(["third"])
    again = put_back(file, f"sqlite:///{tmp_path / 'second.db'}", read_list(listed.path, first.database))
    assert again.badges() == first.badges()
    assert [one.number for one in again.badges() if one.revoked] == [1, 4]
    assert again.revoke_badges(["my-handle"]) == 1
    for opened in (first, again):
        opened.close()


def test_a_badge_that_nobody_got_stays_forgotten_in_a_backup_that_is_put_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'first.db'}"
    listed = Erasures(tmp_path / "erasures", lambda: TAKEN + timedelta(minutes=5))
    migrate(url)
    first = open_store(url, pepper_source=lambda: PEPPER, erasures=listed)
    first.add_badge(Badge(1, ("mine",)))
    first.add_badge(Badge(2, ("mine",)))
    file = back_up(url, tmp_path)
    first.drop_badge(2)  # also one that the backup knows
    first.add_badge(Badge(3, ("mine",)))
    first.drop_badge(3)
    first.add_badge(Badge(4, ("mine",)))
    first.drop_badge(4)
    first.add_badge(Badge(4, ("other",)))  # its number was free again
    first.add_badge(Badge(5, ("third",)))
    first.revoke_badges(["third"])
    again = put_back(file, f"sqlite:///{tmp_path / 'second.db'}", read_list(listed.path, first.database))
    assert again.badges() == first.badges() == (Badge(1, ("mine",)), Badge(4, ("other",)), Badge(5, (), revoked=True))
    for opened in (first, again):
        opened.close()
