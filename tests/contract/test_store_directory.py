"""Who asked what, and who is listed. Over SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from contract.store_world import START, candidate, database_url, opened, store, teacher

from bot.domain.consent import Wish, WishKind
from bot.domain.posts import Account, PostRef, handle_id
from bot.domain.records import Candidate
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
AMY, BEN = teacher("amy"), teacher("ben")


def says(store: SqlStore, of: str, who: Account) -> Candidate:
    found = candidate(store, of, who.name, author=who)
    ref = PostRef("bluesky", f"at://{who.id}/app.bsky.feed.post/1")
    return msgspec.structs.replace(
        found, post=msgspec.structs.replace(found.post, ref=ref), key=store.key("bluesky", ref.id)
    )


def by_id(store: SqlStore, who: Account) -> str:
    return store.key(who.network, who.id)


def by_handle(store: SqlStore, who: Account) -> str:
    return store.key(who.network, handle_id(who.handle))


def ask(store: SqlStore, key: str, *kinds: WishKind, minute: int = 0) -> None:
    for number, kind in enumerate(kinds):
        store.add_wish(key, Wish(kind, "", NOW + timedelta(minutes=minute + number)), "a test")


@pytest.fixture
def said(store: SqlStore) -> SqlStore:
    """Two people of whom words are kept."""
    one, _ = opened(store)
    store.upsert([says(store, one.id, AMY), says(store, one.id, BEN)], NOW)
    return store


def test_nobody_is_listed_who_did_not_ask(said: SqlStore) -> None:
    assert said.listed() == ()
    assert said.wishing() == ()


@pytest.mark.parametrize("key_of", [by_id, by_handle])
def test_who_asked_is_listed_by_id_or_by_handle(said: SqlStore, key_of: Callable[[SqlStore, Account], str]) -> None:
    ask(said, key_of(said, AMY), "listed")
    assert said.listed() == (AMY,)


@pytest.mark.parametrize(
    ("kinds", "stands"),
    [
        (("listed", "unlisted"), False),
        (("unlisted", "listed"), True),
        (("listed", "nameless"), False),
        (("listed", "initials"), False),
        (("nameless", "listed"), False),
        (("nameless", "named", "listed"), True),
        (("listed", "joined"), True),
        (("listed", "stopped"), False),
    ],
)
def test_only_by_name_and_only_whoever_still_wants_it(
    said: SqlStore, kinds: tuple[WishKind, ...], stands: bool
) -> None:
    ask(said, by_id(said, AMY), *kinds)
    assert said.listed() == ((AMY,) if stands else ())


def test_of_whom_no_words_are_kept_nobody_is_named(said: SqlStore) -> None:
    for key in (by_id(said, AMY), by_handle(said, AMY)):
        ask(said, key, "listed", "stopped")
    ask(said, by_handle(said, BEN), "joined", minute=5)
    ask(said, said.key("mastodon", handle_id("@new@social.example.org")), "initials", minute=9)
    found = said.wishing()
    assert {account: [wish.kind for wish in wishes] for account, wishes in found if account} == {BEN: ["joined"]}
    assert sorted([wish.kind for wish in wishes] for account, wishes in found if not account) == [
        ["initials"],
        ["listed", "stopped"],
    ]
    assert said.listed() == ()
