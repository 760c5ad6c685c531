"""What a stream tells, taken in whole or not at all; look-ups that get no answer. Over SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from contract.store_world import (
    END,
    START,
    TRACES,
    WHO,
    candidate,
    chat,
    database_url,
    everything,
    opened,
    planted,
    same_revision,
    save,
    series,
    store,
    teacher,
    traces,
)
from sqlalchemy import select

from bot.domain.posts import PostRef
from bot.domain.records import Candidate
from bot.domain.richtext import RichText
from bot.domain.sweeps import CLOSING
from bot.errors import StoreError
from bot.ports import Spoiled, Stored
from bot.storage import live
from bot.storage.store import SqlStore
from bot.storage.tables import set_aside

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)


def take_in(store: SqlStore, *batch: Candidate, cursor: str = "7", **more: Any) -> Stored:
    told: dict[str, Any] = {"gone": (), "ended": (), "spoiled": (), "now": NOW} | more
    return store.take_in(batch, account="sky", stream="live", cursor=cursor, **told)


def aside(store: SqlStore) -> list[tuple[str, str, str]]:
    with store._reading() as connection:
        rows = connection.execute(select(set_aside).order_by(set_aside.c.account, set_aside.c.event))
        return [(row.account, row.event, row.error) for row in rows]


def shown(store: SqlStore, of: str) -> list[str]:
    return [each.key for each in store.content(of).answers]


def test_rows_and_cursor_are_stored_together(store: SqlStore) -> None:
    one, question = opened(store)
    new, old = candidate(store, one.id, "new", question), candidate(store, one.id, "old", question)
    store.upsert([old], NOW)
    spoiled = [Spoiled("1725911162329308", "no record"), Spoiled("1725911162329308", "no record, again")]
    assert take_in(store, new, gone=[old.key, "0" * 24], spoiled=spoiled) == Stored(1, 0)
    assert shown(store, one.id) == [new.key]
    assert store.cursor("sky", "live") == "7"
    assert aside(store) == [("sky", "1725911162329308", "no record, again")]
    assert take_in(store, cursor="8") == Stored(0, 0)
    assert store.cursor("sky", "live") == "8"
    assert take_in(store, new, cursor="9") == Stored(0, 0)  # told again after a crash


def test_what_came_and_went_at_once_leaves_nothing(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    found = planted(store, one.id, question)
    take_in(store, found, gone=[found.key])
    assert traces(store, database_url) == []
    assert [each.key for each in store.content(one.id).tombstones] == [found.key]


def test_an_account_that_ended_leaves_nothing(store: SqlStore, database_url: str) -> None:
    one, question = opened(store)
    other = candidate(store, one.id, "other", question, author=teacher("ben"))
    other = msgspec.structs.replace(other, post=msgspec.structs.replace(other.post, media=()))
    left_out = candidate(store, one.id, "quuxwho-left", question, author=WHO, store=False, why="noindex")
    store.upsert([planted(store, one.id, question), other, left_out], NOW)
    assert traces(store, database_url) == list(TRACES)
    assert "quuxwho-left" in everything(store)
    assert not same_revision(
        store, one.id, lambda: take_in(store, ended=[store.key("bluesky", WHO.id), store.key("bluesky", "did:plc:no")])
    )
    assert traces(store, database_url) == []
    assert shown(store, one.id) == [other.key]


@contextmanager
def broken(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[..., object]) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(live, name, act)
        yield


def test_a_transaction_that_fails_in_the_middle_leaves_neither(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, question = opened(store)
    old = candidate(store, one.id, "old", question)
    take_in(store, old)
    new = candidate(store, one.id, "new", question)

    def no_room(*_: object) -> None:
        raise StoreError("disk full")

    for name in ("bury_posts", "put_aside", "put"):  # before each of the steps after the batch
        with broken(monkeypatch, name, no_room), pytest.raises(StoreError, match="disk full"):
            take_in(store, new, gone=[old.key], cursor="8", spoiled=[Spoiled("1", "x")])
        assert shown(store, one.id) == [old.key]
        assert store.cursor("sky", "live") == "7"
        assert aside(store) == []
    take_in(store, new, gone=[old.key], cursor="8", spoiled=[Spoiled("1", "x")])
    assert (shown(store, one.id), store.cursor("sky", "live")) == ([new.key], "8")


def but(each: Candidate, **changes: Any) -> Candidate:
    return msgspec.structs.replace(each, post=msgspec.structs.replace(each.post, **changes))


@pytest.mark.parametrize("road", ["take_in", "upsert"])
@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize("at", [0, 3, 6])
def test_one_that_cannot_be_stored_is_set_aside_and_the_rest_is_kept(
    store: SqlStore, road: str, size: int, at: int
) -> None:
    one, question = opened(store)
    batch = [candidate(store, one.id, f"p{number}", question) for number in range(size)]
    spoilt = batch[at % size]
    batch[at % size] = but(spoilt, text=RichText("Xyzzy half a character \ud800"))
    first = take_in(store, *batch) if road == "take_in" else store.upsert(batch, NOW)
    assert first == Stored(size - 1, 0)
    assert sorted(shown(store, one.id)) == sorted({each.key for each in batch} - {spoilt.key})
    ((account, event, error),) = aside(store)
    assert account == ("sky" if road == "take_in" else "")
    assert event == f"bluesky {spoilt.key}"
    assert error == "UnicodeEncodeError: surrogates not allowed"
    assert "Xyzzy" not in everything(store)
    assert store.cursor("sky", "live") == ("7" if road == "take_in" else "")


def test_a_value_the_database_refuses_is_set_aside(store: SqlStore) -> None:
    one, question = opened(store)
    good, nul = candidate(store, one.id, "a", question), candidate(store, one.id, "b", question, why="a\0b")
    nowhere = candidate(store, "edchat/none", "c", question)
    take_in(store, good, nul, nowhere, spoiled=[Spoiled("e\0\ud800", "why\0")])
    assert good.key in shown(store, one.id)
    events = [event for _, event, _ in aside(store)]
    assert f"bluesky {nowhere.key}" in events  # a chat that is not there any more
    if store._engine.dialect.name == "postgresql":
        assert f"bluesky {nul.key}" in events
    assert "e?" in events
    assert store.cursor("sky", "live") == "7"


def test_a_mistake_of_ours_keeps_its_traceback(store: SqlStore) -> None:
    one, question = opened(store)
    naive = candidate(store, one.id, "a", question, at=START.replace(tzinfo=None))
    with pytest.raises(TypeError):
        take_in(store, naive)
    assert aside(store) == []
    assert store.cursor("sky", "live") == ""


def test_of_whom_words_are_kept(store: SqlStore) -> None:
    one, question = opened(store)
    ben, cat = teacher("ben"), teacher("cat")
    store.upsert(
        [
            candidate(store, one.id, "a", question),
            candidate(store, one.id, "b", question, author=ben, hold=True),
            candidate(store, one.id, "c", question, author=cat, store=False, why="noindex"),
        ],
        NOW,
    )
    assert store.kept_authors("bluesky", END - timedelta(seconds=1)) == {"did:plc:amy", ben.id}
    assert store.kept_authors("bluesky", END) == frozenset()
    assert store.kept_authors("mastodon", START) == frozenset()


def test_a_series_is_swept_again(store: SqlStore) -> None:
    one, _ = opened(store)
    save(store, chat(slug="other"), of=series("other"))
    store.swept(one.id, "sky", NOW)
    store.sweep_again("other")
    assert [due.swept for due in store.collecting(NOW)] == [{"sky": NOW}]
    store.sweep_again("edchat")
    assert [due.swept for due in store.collecting(NOW)] == [{}]
    store.swept(one.id, "sky", NOW)
    store.sweep_again("")
    assert [due.swept for due in store.collecting(END + series().late + CLOSING / 2)] == [{}]


def test_posts_that_cannot_be_looked_up_do_not_starve_the_others(store: SqlStore) -> None:
    one, question = opened(store)
    mute = [candidate(store, one.id, f"mute{number}", question) for number in range(3)]
    store.upsert(mute, NOW)
    other = candidate(store, one.id, "other", question)
    store.upsert([other], NOW + timedelta(minutes=1))
    due, later = NOW + timedelta(minutes=2), NOW + timedelta(hours=2)

    def unchecked(limit: int) -> set[PostRef]:
        return set(store.unchecked("bluesky", lambda _: due, limit))

    refs = {each.post.ref for each in mute}
    assert unchecked(3) == refs
    store.unanswered([*refs, PostRef("bluesky", "at://nobody")], later)
    assert unchecked(1) == {other.post.ref}
    assert unchecked(4) == refs | {other.post.ref}  # they are not forgotten
    store.checked([other.post.ref], later)
    assert unchecked(4) == refs
    assert store.oldest_check() == NOW  # asking is not checking
    assert same_revision(store, one.id, lambda: store.unanswered(refs, later))
    assert store.upsert(mute, later) == Stored(0, 0)


def test_the_oldest_check(store: SqlStore) -> None:
    assert store.oldest_check() is None
    one, question = opened(store)
    old, new = candidate(store, one.id, "old", question), candidate(store, one.id, "new", question)
    store.upsert([old], NOW)
    store.upsert([new], NOW + timedelta(hours=1))
    assert store.oldest_check() == NOW
    store.bury([old.key], NOW)
    assert store.oldest_check() == NOW + timedelta(hours=1)
