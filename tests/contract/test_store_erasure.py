"""Who leaves is gone: from what is shown, and from the bytes of the database. Over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
import pytest
from contract.store_world import (
    END,
    LEASE,
    SECRET,
    START,
    TRACES,
    WHO,
    candidate,
    chat,
    database_url,
    digest_of,
    draft,
    opened,
    parts,
    planted,
    same_revision,
    save,
    say,
    sent,
    series,
    store,
    traces,
)

from bot.domain.consent import Wish
from bot.domain.records import Placed
from bot.errors import LeaseLost
from bot.ports import Stored
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)


def test_a_buried_post_leaves_a_tombstone_and_no_trace(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    gone, reply = planted(store, one.id, question), candidate(store, one.id, "reply")
    reply = msgspec.structs.replace(reply, parent=gone.key, post=msgspec.structs.replace(reply.post, media=()))
    store.upsert([gone, reply], NOW)
    store.place(one.id, {gone.key: [Placed(f"{one.id}/q1", "reply")]})
    assert traces(store, database_url) == list(TRACES)  # so that the search below is known to find
    assert not same_revision(store, one.id, lambda: store.bury([gone.key], NOW))
    assert traces(store, database_url) == []
    content = store.content(one.id)
    (tombstone,) = content.tombstones
    assert (tombstone.key, tombstone.parent, tombstone.root) == (gone.key, question, question)
    assert tombstone.at == START + timedelta(minutes=7)
    assert [each.key for each in content.answers] == [reply.key]
    assert store.edges(one.id)[gone.key] == question
    assert store.candidates(one.id) == (reply,)
    assert store.unchecked("bluesky", lambda _: END, 10) == (reply.post.ref,)
    assert store.counts()["tombstones"] == 1
    assert same_revision(store, one.id, lambda: store.bury([gone.key, "0" * 24], NOW))
    assert store.bury([], NOW) == 0


def test_bury_counts_what_it_turned(store: SqlStore) -> None:
    one, question = opened(store)
    store.upsert([candidate(store, one.id, name, question) for name in "ab"], NOW)
    keys = [each.key for each in store.candidates(one.id)]
    assert store.bury(keys[:1], NOW) == 1
    assert store.bury(keys, NOW) == 1
    assert store.bury(keys, NOW) == 0


def test_a_bare_node_never_had_words(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question, store=False, hold=True, why="noarchive")
    store.upsert([found], NOW)
    assert traces(store, database_url) == []
    assert store.content(one.id).tombstones[0].at == START + timedelta(minutes=7)


@pytest.mark.parametrize("why", ["noarchive", "stopped", "not-public", "removed", "dropped"])
def test_a_verdict_that_turned_erases_the_words(store: SqlStore, database_url: str, why: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    store.upsert([found], NOW)
    turned = msgspec.structs.replace(found, store=False, why=why)
    assert not same_revision(store, one.id, lambda: store.upsert([turned], NOW))
    assert traces(store, database_url) == []
    assert store.upsert([turned], NOW) == Stored(0, 0)
    assert len(store.content(one.id).tombstones) == 1


def test_an_account_stays_as_long_as_words_of_it_are_kept(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    first, second = planted(store, one.id, question), candidate(store, one.id, "b", question, author=WHO)
    store.upsert([first, second], NOW)
    store.bury([first.key], NOW)
    assert "Quux The Planted Name" in traces(store, database_url)
    store.bury([second.key], NOW)
    assert traces(store, database_url) == []


def test_a_tombstone_comes_back_when_the_post_is_public_again(store: SqlStore) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    store.upsert([found], NOW)
    store.bury([found.key], NOW)
    bare = msgspec.structs.replace(found, store=False, why="not-public")
    assert store.upsert([bare], NOW).new == 0
    assert store.content(one.id).answers == ()
    assert store.upsert([found], NOW) == Stored(0, 1)
    assert [each.post for each in store.content(one.id).answers] == [found.post]


def test_leaving_erases_at_once_and_only_joining_brings_back(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    store.upsert([found], NOW)
    account = store.key("bluesky", WHO.id)
    assert not same_revision(store, one.id, lambda: store.add_wish(account, Wish("stopped", "", NOW), "a reply"))
    assert traces(store, database_url) == []
    store.upsert([found], NOW)  # a sweep that began before the wish
    assert traces(store, database_url) == []
    assert store.upsert([found], NOW) == Stored(0, 0)
    store.add_wish(account, Wish("joined", "", NOW + timedelta(days=1)), "a reply")
    assert store.wishes([account])[account][0].kind == "stopped"  # wishes outlive what they erased
    store.upsert([msgspec.structs.replace(found, why="joined")], NOW + timedelta(days=1))
    assert [each.post for each in store.content(one.id).answers] == [found.post]


def test_an_older_wish_to_leave_that_arrives_late_changes_nothing(store: SqlStore) -> None:
    one, question = opened(store)
    store.upsert([planted(store, one.id, question)], NOW)
    account = store.key("bluesky", WHO.id)
    store.add_wish(account, Wish("joined", "", NOW), "a reply")
    store.add_wish(account, Wish("stopped", "edchat", NOW - timedelta(days=1)), "an older reply")
    assert len(store.content(one.id).answers) == 1


def test_leaving_one_series_keeps_the_other(store: SqlStore) -> None:
    one, question = opened(store)
    other = chat(slug="other")
    save(store, other, of=series("other"))
    here = planted(store, one.id, question)
    there = msgspec.structs.replace(here, chat=other.id)
    alone = candidate(store, one.id, "alone", question, author=WHO)
    store.upsert([here, there, alone], NOW)
    store.place(one.id, {here.key: [Placed(f"{one.id}/q1", "reply")]})
    store.add_wish(store.key("bluesky", WHO.id), Wish("stopped", "edchat", NOW), "a reply")
    assert store.content(one.id).answers == ()
    assert len(store.content(one.id).tombstones) == 2
    assert [each.post for each in store.content(other.id).answers] == [here.post]
    assert store.upsert([there], NOW) == Stored(0, 0) or store.content(one.id).answers == ()


def test_a_digest_that_has_not_left_is_composed_anew(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    store.upsert([found], NOW)
    delivery, _ = digest_of(store, NOW, found.key)
    store.freeze(delivery, "me", draft("root", SECRET, answer=found.key), parts("root", SECRET))
    store.bury([found.key], NOW)
    assert traces(store, database_url) == []
    with pytest.raises(LeaseLost):
        store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    again = store.claim("sky", "me", NOW, NOW + LEASE)
    assert again is not None
    assert (again.id, again.state, again.parts) == (delivery, "planned", ())
    assert store.content(one.id).picks == ()


def test_words_erased_while_a_digest_is_composed_are_not_frozen(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    store.upsert([found], NOW)
    delivery, _ = digest_of(store, NOW, found.key)
    store.bury([found.key], NOW)
    store.freeze(delivery, "me", draft("root", SECRET, answer=found.key), parts("root", SECRET))
    with pytest.raises(LeaseLost):
        store.leaving(delivery, "me", [0], NOW, NOW + LEASE)
    assert traces(store, database_url) == []
    assert next(each for each in store.deliveries() if each.id == delivery).state == "planned"


def test_a_digest_half_way_out_says_no_erased_words(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    store.upsert([found], NOW)
    delivery, _ = digest_of(store, NOW, found.key)
    store.freeze(delivery, "me", draft("root", SECRET, answer=found.key), parts("root", SECRET))
    store.leaving(delivery, "me", [0], NOW, NOW + LEASE)
    store.landed(delivery, "me", [sent("sky", delivery)], NOW)
    store.bury([found.key], NOW)
    assert traces(store, database_url) == []
    after = next(each for each in store.deliveries() if each.id == delivery)
    assert (after.state, len(after.parts), after.sent_at) == ("sent", 1, NOW)  # nothing is left to say
    with pytest.raises(LeaseLost):
        store.leaving(delivery, "me", [1], NOW, NOW + LEASE)


def test_a_digest_in_doubt_keeps_its_words_until_that_is_known(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    store.upsert([found], NOW)
    delivery, _ = digest_of(store, NOW, found.key)
    store.freeze(delivery, "me", draft("root", SECRET, answer=found.key), parts("root", SECRET))
    store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    store.bury([found.key], NOW)
    claimed = next(each for each in store.deliveries() if each.id == delivery)
    assert claimed.parts[1].payload == SECRET  # needed to find out what became of it
    assert store.landed(delivery, "me", [sent("sky", delivery, at) for at in (0, 1)], NOW)
    assert SECRET not in traces(store, database_url)
    assert store.sent_posts(one.id)[-1].answer == found.key  # so that our post can be found and removed


@pytest.mark.parametrize("end", ["not landed", "given up"])
def test_a_digest_that_did_not_land_drops_what_was_erased(store: SqlStore, database_url: str, end: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    store.upsert([found], NOW)
    delivery, _ = digest_of(store, NOW, found.key)
    store.freeze(delivery, "me", draft("root", SECRET, answer=found.key), parts("root", SECRET))
    store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    store.bury([found.key], NOW)
    if end == "given up":
        store.give_up(delivery, "me", "no such thread")
    else:
        store.not_landed(delivery, "me", [0, 1])
    assert SECRET not in traces(store, database_url)


def test_a_sent_digest_forgets_the_words_it_said(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    found, other = planted(store, one.id, question), candidate(store, one.id, "other", question)
    store.upsert([found, other], NOW)
    say(store, f"{one.id}/q2@sky", NOW, "root", "kept words", SECRET, answer=found.key)
    store.bury([found.key], NOW)
    assert SECRET not in traces(store, database_url)
    payloads = [part.payload for each in store.deliveries() if each.prompt == f"{one.id}/q2" for part in each.parts]
    assert payloads == ["root", "kept words", ""]
