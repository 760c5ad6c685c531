"""Posts that were left out: where they are is known while their author may still ask us to keep them, and no longer."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from contract.store_world import (
    END,
    SECRET,
    START,
    WHO,
    candidate,
    chat,
    database_url,
    opened,
    planted,
    same_revision,
    save,
    say,
    series,
    store,
    teacher,
    traces,
)
from sqlalchemy import func, select

from bot.domain.consent import REACHABLE, Wish
from bot.domain.posts import PostRef, handle_id
from bot.domain.records import Candidate
from bot.ports import Standing, Stored
from bot.storage.ingest import EVERYWHERE
from bot.storage.store import SqlStore
from bot.storage.tables import left_out

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
CLOSED = END + timedelta(days=3)
HOUR = timedelta(hours=1)


def left(store: SqlStore, of: str, root: str, **changes: Any) -> Candidate:
    """A planted post that may not be kept for now."""
    return planted(store, of, root, **{"store": False, "why": "not-joined"} | changes)


def but(each: Candidate, why: str, **changes: Any) -> Candidate:
    return msgspec.structs.replace(each, why=why, **changes)


def references(store: SqlStore) -> int:
    with store._reading() as connection:
        return connection.scalar(select(func.count()).select_from(left_out)) or 0


@pytest.fixture
def who(store: SqlStore) -> str:
    return store.key("bluesky", WHO.id)


@pytest.mark.parametrize("why", sorted(REACHABLE))
def test_only_the_address_is_kept_and_goes_when_the_window_closes(store: SqlStore, database_url: str, why: str) -> None:
    one, root = opened(store)
    found = left(store, one.id, root, why=why)
    assert store.upsert([found], NOW) == Stored(1, 0)
    assert store.upsert([found], NOW) == Stored(0, 0)
    assert traces(store, database_url) == ["quuxwho", "planted-rkey"]
    assert store.standing([found.key]) == {found.key: (Standing(one.id, root, root, "", in_thread=True),)}
    assert store.forget_left_out(CLOSED - timedelta(microseconds=1)) == 0
    assert references(store) == 1
    assert store.forget_left_out(CLOSED) == 1
    assert traces(store, database_url) == []
    assert store.standing([found.key]) == {}
    assert store.forget_left_out(CLOSED) == 0


def test_an_address_stays_while_one_of_its_chats_is_open(store: SqlStore) -> None:
    one, two = chat(7), chat(14)
    save(store, one, two)
    found = left(store, one.id, "")
    store.upsert([found, msgspec.structs.replace(found, chat=two.id)], NOW)
    assert [each.chat for each in store.standing([found.key])[found.key]] == [one.id, two.id]
    assert store.forget_left_out(CLOSED) == 0
    assert store.forget_left_out(CLOSED + timedelta(days=7)) == 1


@pytest.mark.parametrize("why", [*sorted(EVERYWHERE), "stopped", "request"])
def test_of_others_not_even_the_address_is_kept(store: SqlStore, database_url: str, why: str) -> None:
    one, root = opened(store)
    found = left(store, one.id, root, why=why)
    store.upsert([found], NOW)
    assert traces(store, database_url) == []
    store.upsert([but(found, "not-joined")], NOW)
    assert references(store) == 1
    store.upsert([found], NOW)
    assert references(store) == 0
    assert traces(store, database_url) == []


@pytest.mark.parametrize("why", [*sorted(EVERYWHERE), "stopped"])
def test_a_reason_that_lies_in_the_post_or_its_author_ends_it_in_every_chat(store: SqlStore, why: str) -> None:
    one, two = chat(7), chat(14)
    save(store, one, two)
    here, there = left(store, one.id, ""), left(store, two.id, "")
    store.upsert([here, there], NOW)
    store.upsert([but(there, why)], NOW)
    assert references(store) == 0


def test_words_that_may_not_be_kept_any_more_leave_the_address(store: SqlStore, database_url: str) -> None:
    one, root = opened(store)
    kept = planted(store, one.id, root)
    store.upsert([kept], NOW)
    store.upsert([but(kept, "noindex", store=False)], NOW)
    assert traces(store, database_url) == ["quuxwho", "planted-rkey"]
    store.upsert([kept], NOW)
    assert references(store) == 0
    assert [each.post for each in store.content(one.id).answers] == [kept.post]


def test_a_deletion_takes_the_address_and_the_count_with_it(store: SqlStore, database_url: str) -> None:
    one, root = opened(store)
    found = left(store, one.id, root)
    store.upsert([found], NOW)
    assert store.content(one.id).left_out == 1
    assert not same_revision(store, one.id, lambda: store.bury([found.key], NOW))
    assert traces(store, database_url) == []
    assert store.content(one.id).left_out == 0
    assert store.counts()["tombstones"] == 0  # its words were never kept
    assert same_revision(store, one.id, lambda: store.bury([found.key], NOW))
    assert not same_revision(store, one.id, lambda: store.upsert([found], NOW))  # it is there again
    assert store.content(one.id).left_out == 1


@pytest.mark.parametrize("handle", [False, True])
def test_who_joins_is_invited(store: SqlStore, who: str, *, handle: bool) -> None:
    one, root = opened(store)
    found = left(store, one.id, root)
    store.upsert([found, left_by_ben(store, one.id, root)], NOW)
    assert store.invited("bluesky", 10) == ()
    key = store.key("bluesky", handle_id(f"@{WHO.handle.upper()}")) if handle else who
    store.add_wish(key, Wish("joined", "edchat", NOW), "a reply")
    assert store.invited("bluesky", 10) == (found.post.ref,)
    assert store.invited("mastodon", 10) == ()
    assert store.invited("bluesky", 0) == ()
    store.upsert([but(found, "joined", store=True)], NOW)
    assert store.invited("bluesky", 10) == ()
    assert references(store) == 1  # the other's


def left_by_ben(store: SqlStore, of: str, root: str) -> Candidate:
    return candidate(store, of, "ben", root, author=teacher("ben"), store=False, why="not-joined")


def test_joining_another_series_invites_nobody(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    save(store, chat(slug="other"), of=series("other"))
    store.upsert([left(store, one.id, root)], NOW)
    store.add_wish(who, Wish("joined", "other", NOW), "a reply")
    assert store.invited("bluesky", 10) == ()
    store.add_wish(who, Wish("joined", "", NOW + HOUR), "a reply")
    assert len(store.invited("bluesky", 10)) == 1


@pytest.mark.parametrize("handle", [False, True])
def test_who_leaves_has_no_address_here(store: SqlStore, database_url: str, who: str, *, handle: bool) -> None:
    one, root = opened(store)
    store.upsert([left(store, one.id, root), left_by_ben(store, one.id, root)], NOW)
    key = store.key("bluesky", handle_id(WHO.handle)) if handle else who
    store.add_wish(key, Wish("stopped", "other", NOW), "a reply")
    assert references(store) == 2
    store.add_wish(key, Wish("stopped", "", NOW), "a reply")
    assert traces(store, database_url) == []
    assert references(store) == 1


def test_the_later_of_joining_and_leaving_counts_in_both_orders(store: SqlStore, database_url: str, who: str) -> None:
    one, root = opened(store)
    found = left(store, one.id, root)
    store.upsert([found], NOW)
    store.add_wish(who, Wish("joined", "edchat", NOW + HOUR), "a reply")
    store.add_wish(who, Wish("stopped", "edchat", NOW), "an older reply, read later")
    assert store.invited("bluesky", 10) == (found.post.ref,)
    store.add_wish(who, Wish("stopped", "edchat", NOW + 2 * HOUR), "a reply")
    assert store.invited("bluesky", 10) == ()
    assert traces(store, database_url) == []
    store.add_wish(who, Wish("joined", "edchat", NOW + 3 * HOUR), "a reply")
    assert store.invited("bluesky", 10) == ()  # where it was is not known any more: a sweep finds it again
    store.upsert([but(found, "joined", store=True)], NOW)
    assert [each.post for each in store.content(one.id).answers] == [found.post]


def test_those_that_cannot_be_looked_up_wait_behind_the_others(store: SqlStore) -> None:
    one, root = opened(store)
    batch = [left_by_ben(store, one.id, root), candidate(store, one.id, "b", root, store=False, why="noindex")]
    store.upsert(batch, NOW)
    for each in batch:
        store.add_wish(store.key("bluesky", each.post.author.id), Wish("joined", "", NOW), "a reply")
    first, second = store.invited("bluesky", 10)
    store.unanswered([first], NOW)
    assert store.invited("bluesky", 10) == (second, first)
    assert store.invited("bluesky", 1) == (second,)


def test_what_is_kept_in_one_chat_and_left_out_in_another_stands_in_both(store: SqlStore) -> None:
    one, two, three = chat(7), chat(14), chat(21)
    save(store, one, two, three)
    here = candidate(store, one.id, "a")
    there = msgspec.structs.replace(here, chat=two.id, store=False, why="not-joined")
    stopped = msgspec.structs.replace(there, chat=three.id, why="stopped")
    store.upsert([here, there, stopped], NOW)
    assert [each.chat for each in store.standing([here.key])[here.key]] == [one.id, two.id]
    assert references(store) == 0


def test_copies_are_known_by_their_originals(store: SqlStore) -> None:
    one, root = opened(store)
    original = candidate(store, one.id, "original", root)
    copy = candidate(store, one.id, "copy", root, store=False, why="bridge-copy")
    alone = candidate(store, one.id, "alone", root, store=False, why="bridge-copy")
    store.upsert([original, copy, alone], NOW)
    store.save_copies({copy.key: original.key})
    assert store.copies([copy.key, alone.key, original.key]) == {copy.key: original.key}
    content = store.content(one.id)
    assert content.left_out == 1  # the copy is archived as its original
    assert content.tombstones == ()
    both = {alone.key: original.key, copy.key: original.key}
    assert not same_revision(store, one.id, lambda: store.save_copies(both))
    assert store.content(one.id).left_out == 0
    assert same_revision(store, one.id, lambda: store.save_copies(both))


def test_requests_and_copies_leave_a_place_only_where_something_hangs_below(store: SqlStore) -> None:
    one, root = opened(store)
    request = candidate(store, one.id, "request", root, store=False, why="request")
    copy = candidate(store, one.id, "copy", root, store=False, why="bridge-copy")
    assert same_revision(store, one.id, lambda: store.upsert([request], NOW))
    store.upsert([copy], NOW)
    content = store.content(one.id)
    assert (content.tombstones, content.left_out) == ((), 1)
    reply = candidate(store, one.id, "reply", request.key)
    store.upsert([reply], NOW)
    assert [each.key for each in store.content(one.id).tombstones] == [request.key]
    other = but(request, "not-joined")
    assert not same_revision(store, one.id, lambda: store.upsert([other], NOW))
    assert store.content(one.id).left_out == 2


def test_left_out_counts_what_stands_in_our_threads_and_nothing_else(store: SqlStore) -> None:
    one, root = opened(store)
    buried = candidate(store, one.id, "buried", root)
    store.upsert(
        [
            candidate(store, one.id, "shown", root),
            candidate(store, one.id, "held", root, hold=True, held="photo"),
            candidate(store, one.id, "bare", root, store=False, why="noindex"),
            candidate(store, one.id, "noarchive", root, store=False, why="noarchive"),
            candidate(store, one.id, "elsewhere", store=False, why="outside-our-threads"),
            buried,
        ],
        NOW,
    )
    store.bury([buried.key], NOW)
    assert store.content(one.id).left_out == 2


def test_our_posts_that_repeat_others_are_found(store: SqlStore) -> None:
    one, root = opened(store)
    first, second = candidate(store, one.id, "a", root), candidate(store, one.id, "b", root)
    store.upsert([first, second], NOW)
    say(store, f"{one.id}/q2@sky", NOW, "root", SECRET, answer=first.key)
    assert store.repeating([first.key, second.key]) == (
        ("sky", PostRef("bluesky", f"{one.id}/q2@sky#1", url="https://example.org/1")),
    )
    assert store.repeating([second.key]) == store.repeating([]) == ()
