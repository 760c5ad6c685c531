"""A series' history for figures: what is shown, by codes, over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
import pytest
from contract.store_world import START, candidate, chat, database_url, opened, planted, save, series, store, teacher

from bot.domain.consent import Wish, WishKind
from bot.domain.records import Placed
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)


def test_only_what_is_shown_is_in_it(store: SqlStore) -> None:
    one, question = opened(store)
    top = candidate(store, one.id, "top", question)
    below = candidate(store, one.id, "below", top.key, author=teacher("ben"))
    held = candidate(store, one.id, "held", question, hold=True)
    bare = candidate(store, one.id, "bare", question, store=False, why="noindex")
    store.upsert([top, below, held, bare], NOW)
    store.place(one.id, {top.key: [Placed(f"{one.id}/q1", "reply"), Placed(f"{one.id}/q2", "label")]})
    found = store.chronicle("edchat")
    by_key = {each.key: each for each in found.contributions}
    assert set(by_key) == {top.key, below.key}
    assert by_key[top.key].questions == (f"{one.id}/q1", f"{one.id}/q2")
    assert by_key[below.key].questions == ()
    assert by_key[below.key].parent == top.key
    assert {each.network for each in found.contributions} == {"bluesky"}
    assert by_key[top.key].by != by_key[below.key].by
    assert found.chats == store.chats("edchat")
    assert found.asked == {one.id: {f"{one.id}/q1"}}
    assert found.networks == {one.id: {"bluesky"}}


def test_another_series_is_not_in_it(store: SqlStore) -> None:
    one, question = opened(store)
    store.upsert([candidate(store, one.id, "top", question)], NOW)
    save(store, chat(slug="other"), of=series("other"))
    found = store.chronicle("other")
    assert [each.chat.series for each in found.chats] == ["other"]
    assert (found.asked, found.contributions) == ({}, ())
    assert store.chronicle("nothing").chats == ()


@pytest.mark.parametrize(
    ("kinds", "followed"),
    [((), True), (("initials",), False), (("nameless",), False), (("nameless", "named"), True)],
)
def test_who_goes_without_a_name_has_another_code_in_every_chat(
    store: SqlStore, kinds: tuple[WishKind, ...], followed: bool
) -> None:
    save(store, chat(7), chat(8))
    said = [candidate(store, chat(day).id, f"{day}-{number}") for day in (7, 8) for number in (1, 2)]
    store.upsert(said, NOW)
    who = store.key("bluesky", teacher().id)
    for number, kind in enumerate(kinds):
        store.add_wish(who, Wish(kind, "", NOW + timedelta(hours=number)), "test")
    found = store.chronicle("edchat").contributions
    codes = {each.chat: {one.by for one in found if one.chat == each.chat} for each in found}
    assert [len(of_chat) for of_chat in codes.values()] == [1, 1]
    assert (codes[chat(7).id] == codes[chat(8).id]) is followed
    assert {each.followed for each in found} == {followed}
    assert (who in {each.by for each in found}) is followed


def test_no_word_name_or_address_is_in_it_and_nothing_of_who_left(store: SqlStore) -> None:
    one, question = opened(store)
    gone = planted(store, one.id, question)
    store.upsert([gone], NOW)
    found = repr(msgspec.to_builtins(store.chronicle("edchat").contributions))
    assert gone.key in found
    assert not any(trace in found for trace in ("quuxwho", "Quux", "Xyzzy", "https://"))
    store.add_wish(store.key("bluesky", gone.post.author.id), Wish("stopped", "", NOW), "test")
    assert store.chronicle("edchat").contributions == ()
