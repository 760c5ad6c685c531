"""The store's contract for digests on their way out, over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
import pytest
from contract.store_world import (
    BEFORE,
    END,
    START,
    candidate,
    chat,
    database_url,
    deliveries,
    everything,
    opened,
    same_revision,
    save,
    series,
    store,
    teacher,
)

from bot.domain.consent import Wish
from bot.domain.errands import Errand
from bot.domain.holding import HeldDigest, HostSaying, preview_errands
from bot.domain.prompts import Prompt
from bot.domain.records import Candidate, Pick, Quoted
from bot.domain.restoring import Restored
from bot.domain.sweeps import PATIENCE
from bot.storage.base import RESTORED, put
from bot.storage.store import SqlStore
from bot.storage.tables import meta

__all__ = ["database_url", "store"]

GRACE_OVER = END + timedelta(hours=2)
UNTIL = GRACE_OVER + timedelta(hours=2)
CHAT = chat().id
Q1 = f"{CHAT}/q1"


def said(store: SqlStore, of: str, who: str, name: str, parent: str = "", **changes: object) -> Candidate:
    return candidate(store, of, f"{who}-{name}", parent, author=teacher(who), why="everyone", **changes)


@pytest.fixture
def amy(store: SqlStore) -> Candidate:
    """An answer in an open chat whose digest is held, which chose it."""
    _, question = opened(store)
    one = candidate(store, CHAT, "1", question)
    store.upsert([one], START)
    assert store.hold_digest(CHAT, [Pick(Q1, one.key, "the first answer")], GRACE_OVER, UNTIL)
    return one


def digest() -> Prompt:
    return Prompt(f"{CHAT}/digest", CHAT, "digest", 0, 4, UNTIL, UNTIL + timedelta(days=7))


# -- held ----------------------------------------------------------------------------------------------------------
def test_what_is_held_stands_on_no_page_until_it_is_written(store: SqlStore, amy: Candidate) -> None:
    pick = Pick(Q1, amy.key, "the first answer")
    assert store.held_digest(CHAT) == HeldDigest(CHAT, GRACE_OVER, UNTIL, (pick,))
    assert store.held_digests(GRACE_OVER) == (store.held_digest(CHAT),)
    assert store.content(CHAT).picks == ()
    assert store.digest_due(GRACE_OVER) == ()
    assert store.prompt(digest().id) is None
    store.save_digest(digest(), deliveries((digest(),)), [pick], UNTIL)
    assert store.held_digest(CHAT) is None
    assert store.held_digests(UNTIL) == ()
    assert store.content(CHAT).picks == (pick,)


def test_it_is_chosen_once(store: SqlStore, amy: Candidate) -> None:
    assert not store.hold_digest(CHAT, [], UNTIL, UNTIL)
    store.save_digest(digest(), (), [], UNTIL)
    assert not store.hold_digest(CHAT, [Pick(Q1, amy.key, "")], UNTIL, UNTIL)
    assert store.content(CHAT).picks == ()


def test_it_is_chosen_again_while_it_is_held(store: SqlStore, amy: Candidate) -> None:
    ben = said(store, CHAT, "ben", "2", amy.parent)
    store.upsert([ben], START)
    two = (Pick(Q1, ben.key, "the hosts' choice"), Pick(f"{CHAT}/q2", amy.key, "b"))
    assert same_revision(store, CHAT, lambda: store.choose_again(CHAT, two))
    assert store.held_digest(CHAT).picks == two  # type: ignore[union-attr]
    assert store.choose_again(CHAT, two[:1])
    store.save_digest(digest(), (), two[:1], UNTIL)
    assert not store.choose_again(CHAT, two)
    assert store.content(CHAT).picks == two[:1]


def test_a_cancelled_chat_says_nothing(store: SqlStore, amy: Candidate) -> None:
    del amy
    store.cancel(CHAT, GRACE_OVER)
    assert store.held_digests(UNTIL) == ()


def test_what_was_said_since_a_backup_is_found_out_first(store: SqlStore, amy: Candidate) -> None:
    del amy
    restored = Restored(taken=GRACE_OVER, at=GRACE_OVER, settled=("sky",))
    with store._writing() as connection:
        put(connection, meta, [{"name": RESTORED, "value": msgspec.json.encode(restored)}])
    assert store.held_digests(GRACE_OVER) == ()
    store.settled("masto", {})
    assert len(store.held_digests(GRACE_OVER)) == 1
    assert len(store.held_digests(GRACE_OVER + PATIENCE)) == 1


# -- what hosts are sent -------------------------------------------------------------------------------------------
def preview(text: str = "Q1 https://bsky.app/1") -> list[Errand]:
    return [Errand(f"{preview_errands(CHAT)}0", "sky", "tell", GRACE_OVER, to="@host@example.org", text=text)]


def test_hosts_are_sent_what_is_held_once(store: SqlStore, amy: Candidate) -> None:
    del amy
    held = store.held_digest(CHAT)
    assert held is not None
    assert store.send_preview(held, preview())
    assert store.held_digest(CHAT).told  # type: ignore[union-attr]
    assert [one.text for one in store.errands("sky", UNTIL, 9)] == ["Q1 https://bsky.app/1"]
    assert not store.send_preview(held, preview("again"))
    assert len(store.errands("sky", UNTIL, 9)) == 1


def test_hosts_are_not_sent_what_is_held_no_more(store: SqlStore, amy: Candidate) -> None:
    held = store.held_digest(CHAT)
    assert held is not None
    store.bury([amy.key], UNTIL)
    assert not store.send_preview(held, preview())
    assert store.errands("sky", UNTIL, 9) == ()


LEAVING = ["deleted", "erased", "paused", "forgotten"]


@pytest.mark.parametrize("how", LEAVING)
def test_what_leaves_leaves_the_held_digest_and_what_hosts_were_to_be_sent(
    store: SqlStore, amy: Candidate, how: str
) -> None:
    held = store.held_digest(CHAT)
    assert held is not None
    store.send_preview(held, preview())
    store.host_says(CHAT, HostSaying(GRACE_OVER, "pinned", "dan", answer=amy.key))
    account = store.key("bluesky", amy.post.author.id)
    if how == "deleted":
        store.bury([amy.key], UNTIL)
    elif how == "forgotten":
        kept = msgspec.structs.replace(series(), keep=timedelta(minutes=1))
        save(store, chat(), of=kept, now=BEFORE)
        store.forget_old(UNTIL)
    else:
        store.add_wish(account, Wish("stopped" if how == "erased" else "paused", "", UNTIL), "test")
    left = store.held_digest(CHAT)
    assert left is None if how == "forgotten" else (left.picks, left.told) == ((), False)  # type: ignore[union-attr]
    assert store.errands("sky", UNTIL, 9) == ()
    assert ("bsky.app/1" in everything(store)) == (how == "paused")  # kept, and shown to nobody
    assert bool(store.host_said(CHAT)) == (how == "paused")


def test_what_hosts_were_sent_already_is_not_sent_again(store: SqlStore, amy: Candidate) -> None:
    held = store.held_digest(CHAT)
    assert held is not None
    store.send_preview(held, preview())
    store.errand_done(preview()[0].id, UNTIL)
    store.bury([amy.key], UNTIL)
    assert store.held_digest(CHAT).told  # type: ignore[union-attr]


# -- what hosts say ------------------------------------------------------------------------------------------------
def test_what_hosts_say_is_kept_in_order_and_logged(store: SqlStore, amy: Candidate) -> None:
    first = HostSaying(GRACE_OVER, "pinned", "dan", reason="a gem", answer=amy.key)
    second = HostSaying(GRACE_OVER, "edited", "eve", words="Thank you all.")
    store.host_says(CHAT, first)
    store.host_says(CHAT, second)
    later = msgspec.structs.replace(second, at=GRACE_OVER + timedelta(microseconds=1))
    assert store.host_said(CHAT) == (first, later)
    assert store.host_said("edchat/none") == ()
    assert store.host_log(9) == ((CHAT, later), (CHAT, first))
    assert store.host_log(1) == ((CHAT, later),)
    assert store.content(CHAT).intro == ""  # it is held
    store.save_digest(Prompt(f"{CHAT}/digest", CHAT, "digest", 0, 4, UNTIL, UNTIL + timedelta(days=7)), (), (), UNTIL)
    assert store.content(CHAT).intro == "Thank you all."


# -- how people fared before ---------------------------------------------------------------------------------------
def series_of_three(store: SqlStore) -> dict[str, Candidate]:
    """Three chats: amy and ben in the first, amy, ben and cat in the second, all and dan in the third."""
    days = [chat(day) for day in (7, 14, 21)]
    save(store, *days)
    found = {
        f"{who}{of.date.day}": said(store, of.id, who, str(of.date.day))
        for of, people in zip(days, ("amy ben", "amy ben cat", "amy ben cat dan"), strict=True)
        for who in people.split()
    }
    store.upsert(list(found.values()), START)
    return found


def quote(store: SqlStore, day: int, *keys: str) -> None:
    of = chat(day).id
    at = chat(day).ends_at + timedelta(hours=2)
    picks = [Pick(f"{of}/q1", key, "x") for key in keys]
    store.save_digest(Prompt(f"{of}/digest", of, "digest", 0, 9, at, at + timedelta(days=7)), (), picks, at)


def test_who_was_quoted_when_and_who_is_new(store: SqlStore) -> None:
    said = series_of_three(store)
    quote(store, 7, said["amy7"].key, said["ben7"].key)
    quote(store, 14, said["ben14"].key)
    assert store.quoted(chat(21).id) == Quoted(
        {said["amy21"].key: chat(7).starts_at, said["ben21"].key: chat(14).starts_at},
        frozenset({said["dan21"].key}),
    )
    assert store.quoted(chat(14).id).newcomers == {said["cat14"].key}
    assert store.quoted(chat(7).id) == Quoted()  # the first chat of a series has no newcomers
    assert store.quoted("edchat/none") == Quoted()


def test_who_left_was_never_there_and_what_is_held_was_never_said(store: SqlStore) -> None:
    said = series_of_three(store)
    quote(store, 7, said["amy7"].key)
    store.hold_digest(chat(14).id, [Pick("q", said["ben14"].key, "x")], START, START)
    assert list(store.quoted(chat(21).id).last) == [said["amy21"].key]
    store.bury([said["amy7"].key, said["cat14"].key], UNTIL)
    found = store.quoted(chat(21).id)
    assert found.last == {}
    assert found.newcomers == {said["cat21"].key, said["dan21"].key}


def test_another_series_does_not_count(store: SqlStore) -> None:
    said_before = series_of_three(store)
    quote(store, 7, said_before["amy7"].key)
    other = chat(28, "mathschat")
    save(store, other, of=series("mathschat"))
    store.upsert([said(store, other.id, "amy", "m")], START)
    assert store.quoted(other.id) == Quoted()
