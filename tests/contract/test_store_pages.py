"""The store's contract for digest, archive and running, over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
import pytest
from contract.store_world import (
    END,
    LEASE,
    START,
    candidate,
    chat,
    database_url,
    deliveries,
    opened,
    same_revision,
    save,
    say,
    series,
    store,
    teacher,
)

from bot.domain.posts import Tombstone
from bot.domain.prompts import Prompt
from bot.domain.records import ChatFigures, Pick
from bot.errors import StoreError
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
DIGEST_AT = END + timedelta(hours=2)


def digest(of: str) -> Prompt:
    return Prompt(f"{of}/digest", of, "digest", 0, 4, DIGEST_AT, DIGEST_AT + timedelta(days=7))


def test_content_shows_stored_answers_in_order_and_nothing_else(store: SqlStore) -> None:
    one, question = opened(store)
    late = candidate(store, one.id, "late", question, at=START + timedelta(minutes=9))
    early = candidate(store, one.id, "early", question)
    held = candidate(store, one.id, "held", question, hold=True)
    bare = candidate(store, one.id, "bare", question, store=False, why="noindex")
    store.upsert([late, early, held, bare], NOW)
    content = store.content(one.id)
    assert [each.key for each in content.answers] == [early.key, late.key]
    assert [each.post for each in content.answers] == [early.post, late.post]
    assert [each.search for each in content.answers] == [True, True]
    minute = START + timedelta(minutes=7)
    tombs = [Tombstone(each.key, question, question, minute) for each in (held, bare)]
    assert content.tombstones == tuple(sorted(tombs, key=lambda each: each.key))
    assert content.sent == store.sent_posts(one.id)
    assert content.stored == store.chat(one.id)
    with pytest.raises(StoreError, match="no chat"):
        store.content("edchat/none")


def test_a_tombstone_stands_only_where_it_holds_something_up(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    top = candidate(store, one.id, "top", store=False, why="noindex")
    middle = candidate(store, one.id, "middle", top.key, store=False, why="noindex", in_thread=False)
    leaf = candidate(store, one.id, "leaf", middle.key, in_thread=False)
    alone = candidate(store, one.id, "alone", store=False, why="noindex")
    store.upsert([alone], NOW)
    assert store.content(one.id).tombstones == ()
    store.upsert([top, middle, leaf], NOW)
    assert {each.key for each in store.content(one.id).tombstones} == {top.key, middle.key}
    store.bury([leaf.key], NOW)
    assert store.content(one.id).tombstones == ()


def test_a_loop_of_parents_ends(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    first = candidate(store, one.id, "a", "0" * 24, in_thread=False)
    second = candidate(store, one.id, "b", first.key, in_thread=False, store=False, why="noindex")
    store.upsert([msgspec.structs.replace(first, parent=second.key), second], NOW)
    content = store.content(one.id)
    assert [each.key for each in content.answers] == [first.key]
    assert [each.key for each in content.tombstones] == [second.key]


def test_figures_count_what_is_shown(store: SqlStore) -> None:
    one, question = opened(store)
    empty = chat(14)
    save(store, one, empty, now=NOW)
    ben = teacher("ben")
    store.upsert(
        [
            candidate(store, one.id, "a", question),
            candidate(store, one.id, "b", question, at=START + timedelta(minutes=50)),
            candidate(store, one.id, "c", question, author=ben),
            candidate(store, one.id, "d", question, author=teacher("cat"), hold=True),
            candidate(store, one.id, "e", question, store=False, why="noindex"),
        ],
        NOW,
    )
    assert store.figures() == {
        one.id: ChatFigures(people=2, answers=3, links=3, latest=START + timedelta(minutes=50)),
        empty.id: ChatFigures(0, 0, 0, None),
    }


def test_only_a_chat_that_changed_is_counted_again(store: SqlStore) -> None:
    one, question = opened(store)
    other = chat(14)
    save(store, one, other, now=NOW)
    first, second = candidate(store, one.id, "a", question), candidate(store, one.id, "b", question)
    store.upsert([first], NOW)
    before = store.figures()
    store.upsert([second], NOW)
    grown = store.figures()
    assert (before[one.id].answers, grown[one.id].answers) == (1, 2)
    assert grown[other.id] is before[other.id]
    store.bury([first.key], NOW)
    left = store.figures()
    assert (left[one.id].answers, left[one.id].links) == (1, grown[one.id].links - before[one.id].links)
    store.bury([second.key], NOW)
    assert store.figures()[one.id] == ChatFigures(0, 0, 0, None)
    save(store, one, other, chat(21), now=NOW)
    assert set(store.figures()) == {one.id, other.id, chat(21).id}


def test_a_digest_is_due_from_the_end_of_grace_for_a_week(store: SqlStore) -> None:
    one, _ = opened(store)
    assert store.digest_due(DIGEST_AT - timedelta(microseconds=1)) == ()
    assert store.digest_due(DIGEST_AT) == (store.chat(one.id),)
    assert store.digest_due(DIGEST_AT + timedelta(days=7) - timedelta(seconds=1)) != ()
    assert store.digest_due(DIGEST_AT + timedelta(days=7)) == ()
    store.cancel(one.id, NOW)
    assert store.digest_due(DIGEST_AT) == ()


def test_no_digest_without_a_question(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    say(store, f"{one.id}/welcome@sky", START)
    assert store.digest_due(DIGEST_AT) == ()


def test_a_digest_is_saved_once(store: SqlStore) -> None:
    one, question = opened(store)
    first, second = candidate(store, one.id, "a", question), candidate(store, one.id, "b", question)
    store.upsert([first, second], NOW)
    prompt = digest(one.id)
    picks = (Pick(f"{one.id}/q1", second.key, "a link"), Pick(f"{one.id}/q1", first.key, "long"))
    assert not same_revision(store, one.id, lambda: store.save_digest(prompt, deliveries((prompt,)), picks, DIGEST_AT))
    assert store.prompt(prompt.id) == prompt
    assert store.content(one.id).picks == picks
    assert store.digest_due(DIGEST_AT) == ()
    before = store.deliveries(one.id)
    assert same_revision(store, one.id, lambda: store.save_digest(prompt, deliveries((prompt,)), picks[:1], DIGEST_AT))
    assert (store.deliveries(one.id), store.content(one.id).picks) == (before, picks)


def test_a_later_plan_keeps_the_digest(store: SqlStore) -> None:
    one, _ = opened(store)
    prompt = digest(one.id)
    store.save_digest(prompt, deliveries((prompt,)), (), DIGEST_AT)
    save(store, one, now=DIGEST_AT)
    assert {each.state for each in store.deliveries(one.id) if each.prompt == prompt.id} == {"planned"}
    assert store.claim("sky", "me", DIGEST_AT, DIGEST_AT + LEASE) is None  # what comes before it is still open
    store.expire(DIGEST_AT)
    save(store, now=DIGEST_AT)
    assert {each.state for each in store.deliveries(one.id) if each.prompt == prompt.id} == {"cancelled"}


def test_a_plan_brings_no_digest(store: SqlStore) -> None:
    one = chat()
    said = (digest(one.id),)
    store.save_plan(series(), (one,), said, deliveries(said), START)
    assert store.deliveries() == ()
    assert store.prompt(said[0].id) is None


def test_picks_that_may_not_be_shown_are_not_given(store: SqlStore) -> None:
    one, question = opened(store)
    found = candidate(store, one.id, "a", question)
    store.upsert([found], NOW)
    store.save_digest(digest(one.id), (), (Pick(f"{one.id}/q1", found.key, "why"),), DIGEST_AT)
    store.upsert([msgspec.structs.replace(found, hold=True)], NOW)
    assert store.content(one.id).picks == ()
    store.upsert([found], NOW)
    assert len(store.content(one.id).picks) == 1


def test_page_marks(store: SqlStore) -> None:
    assert store.page_marks() == {}
    store.save_page_marks({"index.html": "1", "a.html": "2"}, ())
    store.save_page_marks({"index.html": "3"}, ["a.html", "never.html"])
    assert store.page_marks() == {"index.html": "3"}
    store.save_page_marks({}, ())
    assert store.page_marks() == {"index.html": "3"}


def test_a_named_lock_has_one_holder(store: SqlStore) -> None:
    later = START + LEASE
    assert store.lock_owner("run", START) == ""
    assert store.hold_lock("run", "me", START, later)
    assert store.lock_owner("run", START) == "me"
    assert not store.hold_lock("run", "you", START, later)
    assert store.hold_lock("other", "you", START, later)
    assert store.hold_lock("run", "me", START, later + LEASE)  # renewed
    assert not store.hold_lock("run", "you", later, later + LEASE)
    assert store.hold_lock("run", "you", later + LEASE, later + 2 * LEASE)  # ran out
    store.drop_lock("run", "me")  # not ours any more
    assert not store.hold_lock("run", "me", later + LEASE, later + 2 * LEASE)
    store.drop_lock("run", "you")
    assert store.hold_lock("run", "me", later + LEASE, later + 2 * LEASE)
    assert store.lock_owner("run", later + 2 * LEASE) == ""


def test_counts(store: SqlStore) -> None:
    one, question = opened(store)
    kept, held, gone = (candidate(store, one.id, name, question) for name in "abc")
    bare = candidate(store, one.id, "d", question, store=False, why="noindex")
    store.upsert([kept, msgspec.structs.replace(held, hold=True), gone, bare], NOW)
    store.bury([gone.key], NOW)
    counts = store.counts()
    assert (counts["posts"], counts["held"], counts["tombstones"]) == (2, 1, 1)
    assert (counts["deliveries.sent"], counts["deliveries.planned"], counts["deliveries.missed"]) == (2, 6, 0)


def test_a_rehearsal_never_takes_a_real_database(store: SqlStore) -> None:
    assert not store.is_rehearsal()
    assert store.mark_rehearsal()
    assert store.is_rehearsal()
    save(store, chat())
    assert store.mark_rehearsal()


def test_a_real_database_is_never_marked(store: SqlStore) -> None:
    save(store, chat())
    assert not store.mark_rehearsal()
    assert not store.is_rehearsal()
