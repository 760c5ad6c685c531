"""What the store remembers of records that wait to be fetched, on both databases."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from contract.store_world import END, START, candidate, database_url, opened, store, teacher

from bot.domain.consent import Wish, WishKind
from bot.domain.downloads import TOLD_OF_DOWNLOADS, Download
from bot.domain.errands import Errand
from bot.domain.linked import Claim
from bot.domain.richtext import RichText
from bot.domain.takingpart import RECORD_WRITTEN
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]  # fixtures

NOW = END + timedelta(days=1)
PERSON = teacher()


def waits(store: SqlStore, name: str, account: str = "") -> Download:
    return Download(account or store.key(PERSON.network, PERSON.id), name, NOW + timedelta(days=7), "en")


def telling(download: Download) -> Errand:
    number = f"{TOLD_OF_DOWNLOADS}{download.name}:{download.account}"
    return Errand(number, "bluesky", "tell", NOW, to="@amy", text="https://records.example.org/secret")


def test_one_waits_for_each_account_and_the_later_one_counts(store: SqlStore) -> None:
    first, second, other = waits(store, "b"), waits(store, "a"), waits(store, "c", "another")
    for one in (first, other):
        store.offer(one)
        store.queue([telling(one)])
    store.offer(second)
    assert store.downloads() == (second, other)
    assert [one.id for one in store.errands("bluesky", NOW, 9)] == [telling(other).id]


def test_ended_ones_are_forgotten_and_no_other(store: SqlStore) -> None:
    first, other = waits(store, "a"), waits(store, "c", "another")
    for one in (first, other):
        store.offer(one)
    store.end_downloads(["a", "nothing"])
    assert store.downloads() == (other,)
    store.end_downloads([])
    assert store.downloads() == (other,)


def test_what_replaced_an_ended_one_stays(store: SqlStore) -> None:
    later = msgspec.structs.replace(waits(store, "a"), name="b")
    store.offer(waits(store, "a"))
    store.offer(later)
    store.end_downloads(["a"])
    assert store.downloads() == (later,)


def test_it_goes_with_any_account_whose_words_stand_in_it(store: SqlStore) -> None:
    owner = msgspec.structs.replace(waits(store, "a", "another"), others=(store.key(PERSON.network, PERSON.id),))
    store.offer(owner)
    store.queue([telling(owner)])
    store.save_cursor("another", RECORD_WRITTEN, NOW.isoformat())
    store.add_wish(owner.others[0], Wish("stopped", "", NOW), "a test")
    assert (store.downloads(), store.errands("bluesky", NOW, 9)) == ((), ())
    assert store.cursor("another", RECORD_WRITTEN) == "", "the other account waits for a record again"


@pytest.mark.parametrize(("kind", "left"), [("stopped", 0), ("gone", 0), ("paused", 1), ("record", 1)])
def test_it_goes_with_who_leaves(store: SqlStore, kind: WishKind, left: int) -> None:
    mine, other = waits(store, "a"), waits(store, "c", "another")
    for one in (mine, other):
        store.offer(one)
        store.queue([telling(one)])
    store.add_wish(mine.account, Wish(kind, "", NOW), "a test")
    assert len(store.downloads()) == len(store.errands("bluesky", NOW, 9)) == 1 + left


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"text": RichText("Quite another thing.")}, []),
        ({"hold": True}, []),
        ({"store": False, "search": False, "why": "noarchive"}, []),
        ({"search": False}, ["a"]),
        ({}, ["a"]),
    ],
    ids=["edited", "held", "not kept", "not searched", "the same"],
)
def test_it_goes_when_words_in_it_are_edited_or_may_not_be_shown_any_more(
    store: SqlStore, changes: dict[str, Any], left: list[str]
) -> None:
    chat, question = opened(store)
    said = candidate(store, chat.id, "said", question)
    store.upsert([said], START)
    mine, other = waits(store, "a"), waits(store, "c", "another")
    for one in (mine, other):
        store.offer(one)
        store.queue([telling(one)])
        store.save_cursor(one.account, RECORD_WRITTEN, NOW.isoformat())
    store.upsert([candidate(store, chat.id, "said", question, **changes)], NOW)
    assert [one.name for one in store.downloads()] == [*left, "c"]
    assert len(store.errands("bluesky", NOW, 9)) == len(left) + 1
    assert bool(store.cursor(mine.account, RECORD_WRITTEN)) == bool(left), "they wait for a record again"


def test_it_stays_when_an_answer_comes_that_it_does_not_have(store: SqlStore) -> None:
    chat, question = opened(store)
    store.offer(waits(store, "a"))
    store.upsert([candidate(store, chat.id, "said", question)], NOW)
    assert [one.name for one in store.downloads()] == ["a"]


def offered(store: SqlStore, *some: Download) -> None:
    for one in some:
        store.offer(one)
        store.queue([telling(one)])
        store.save_cursor(one.account, RECORD_WRITTEN, NOW.isoformat())


def test_it_goes_when_somebody_leaves_whom_words_in_it_name(store: SqlStore) -> None:
    chat, question = opened(store)
    text = RichText("As @zoe.bsky.social said: five silent minutes.")
    store.upsert([candidate(store, chat.id, "said", question, text=text)], START)
    mine, other = waits(store, "a"), waits(store, "c", "another")
    offered(store, mine, other)
    store.unname(teacher("yan"))
    assert len(store.downloads()) == 2
    store.unname(teacher("zoe"))
    assert [one.name for one in store.downloads()] == ["c"]
    assert [one.id for one in store.errands("bluesky", NOW, 9)] == [telling(other).id]
    assert store.cursor(mine.account, RECORD_WRITTEN) == "", "its owner waits for a record again"


@pytest.mark.parametrize(("kind", "left"), [("paused", ["c"]), ("joined", ["a", "c"])])
def test_it_goes_when_its_owner_asks_that_their_answers_wait(store: SqlStore, kind: WishKind, left: list[str]) -> None:
    chat, question = opened(store)
    store.upsert([candidate(store, chat.id, "said", question)], START)
    mine = waits(store, "a")
    offered(store, mine, waits(store, "c", "another"))
    store.add_wish(mine.account, Wish(kind, "", NOW), "a test")
    assert [one.name for one in store.downloads()] == left


@pytest.mark.parametrize(("by", "other"), [("one", "two"), ("two", "one"), ("two", "")])
def test_one_of_two_accounts_goes_when_they_are_one_person_no_more(store: SqlStore, by: str, other: str) -> None:
    for day, (who, whom) in enumerate([("one", "two"), ("two", "one"), ("six", "ten"), ("ten", "six")]):
        store.add_claim(Claim("also", who, whom, START + timedelta(days=day)), "a test", NOW)
    both = msgspec.structs.replace(waits(store, "a", "one"), others=("two",))
    alone = waits(store, "b", "two")
    others = msgspec.structs.replace(waits(store, "c", "six"), others=("ten",))
    offered(store, both, alone, others)
    store.add_claim(Claim("not", by, other, NOW), "a test", NOW)
    assert store.downloads() == (alone, others)
    assert len(store.errands("bluesky", NOW, 9)) == 2
    assert store.cursor("one", RECORD_WRITTEN) == ""
