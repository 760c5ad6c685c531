"""The store's contract for delivering, over SQLite and PostgreSQL."""

import multiprocessing
from datetime import timedelta
from typing import Any

import pytest
from contract.store_world import (
    BEFORE,
    END,
    LEASE,
    PEPPER,
    START,
    candidate,
    chat,
    database_url,
    deliveries,
    draft,
    opened,
    parts,
    prompts,
    revision,
    same_revision,
    save,
    say,
    sent,
    series,
    store,
)

from bot.domain.outbox import MediaFile, Part
from bot.errors import LeaseLost, StoreError
from bot.storage.store import SqlStore, open_store

__all__ = ["database_url", "store"]

MINUTE = timedelta(minutes=1)


def claim(store: SqlStore, now: Any, owner: str = "me", account: str = "sky") -> str | None:
    found = store.claim(account, owner, now, now + LEASE)
    return None if found is None else found.id


def state(store: SqlStore, delivery: str) -> str:
    return next(each.state for each in store.deliveries() if each.id == delivery)


def test_nothing_is_claimed_before_its_time(store: SqlStore) -> None:
    save(store, chat())
    assert claim(store, START - timedelta(microseconds=1)) is None
    assert not store.has_due("sky", START - timedelta(microseconds=1))
    assert store.has_due("sky", START)
    assert not store.has_due("nobody", START)
    assert claim(store, START) == f"{chat().id}/welcome@sky"
    assert not store.has_due("sky", START)


def test_a_chats_deliveries_go_in_order_on_each_account(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    late = START + timedelta(minutes=26)  # both questions are due, the welcome is too late and not yet marked so
    assert claim(store, late) is None
    assert [each.id for each in store.expire(late)] == [f"{one.id}/welcome@masto", f"{one.id}/welcome@sky"]
    assert claim(store, late) == f"{one.id}/q1@sky"
    assert claim(store, late) is None  # q2 waits for q1
    assert claim(store, late, account="masto") == f"{one.id}/q1@masto"  # the other network does not
    store.give_up(f"{one.id}/q1@sky", "me", "no")
    assert claim(store, late) == f"{one.id}/q2@sky"


def test_chats_do_not_wait_for_each_other(store: SqlStore) -> None:
    save(store, chat())
    save(store, chat(slug="other"), of=series("other"))
    assert {claim(store, START), claim(store, START)} == {f"{chat().id}/welcome@sky", "other/2027-01-07/welcome@sky"}
    assert claim(store, START) is None


def test_what_is_done_to_one_delivery_leaves_another_of_the_same_owner_alone(store: SqlStore) -> None:
    save(store, chat())
    save(store, chat(slug="other"), of=series("other"))
    one = store.claim("sky", "me", START, START + LEASE)
    other = store.claim("sky", "me", START, START + LEASE)
    assert one is not None
    assert other is not None
    assert (one.parts, other.parts) == ((), ())
    store.freeze(one.id, "me", draft("a", "b"), parts("a", "b"))
    store.leaving(one.id, "me", [0, 1], START, START + LEASE)
    store.landed(one.id, "me", [sent("sky", one.id)], START)
    store.not_landed(one.id, "me", [1])
    store.release(one.id, "me", START + MINUTE, "busy")
    assert [each for each in store.deliveries() if each.id == other.id] == [other]
    assert claim(store, START, "you") is None  # the other one is still leased
    say_on(store, other.id)
    found = next(each for each in store.deliveries() if each.id == one.id)
    assert ([part.state for part in found.parts], found.state) == (["sent", "ready"], "frozen")
    assert (found.retry_at, found.error) == (START + MINUTE, "busy")


def say_on(store: SqlStore, delivery: str) -> None:
    """Bring a delivery of one post out that is claimed already."""
    store.freeze(delivery, "me", draft("c"), parts("c"))
    store.leaving(delivery, "me", [0], START, START + LEASE)
    assert store.landed(delivery, "me", [sent("sky", delivery)], START)
    assert state(store, delivery) == "sent"


def test_a_lease_runs_out(store: SqlStore) -> None:
    save(store, chat())
    first = claim(store, START)
    assert claim(store, START + LEASE - timedelta(seconds=1), "you") is None
    assert claim(store, START + LEASE, "you") == first
    with pytest.raises(LeaseLost):
        store.release(str(first), "me", None, "")
    store.release(str(first), "you", None, "")
    assert claim(store, START, "third") == first


def test_a_request_that_leaves_renews_the_lease(store: SqlStore) -> None:
    save(store, chat())
    delivery = str(claim(store, START))
    store.freeze(delivery, "me", draft("a"), parts("a"))
    store.leaving(delivery, "me", [0], START + MINUTE, START + MINUTE + LEASE)
    assert claim(store, START + LEASE, "you") is None
    assert claim(store, START + MINUTE + LEASE, "you") == delivery


def test_whoever_lost_a_lease_can_do_nothing_more(store: SqlStore) -> None:
    save(store, chat())
    delivery = str(claim(store, START))
    with pytest.raises(LeaseLost):
        store.freeze(delivery, "you", draft("a"), parts("a"))
    store.freeze(delivery, "me", draft("a"), parts("a"))
    before = store.deliveries()
    calls = (
        lambda: store.freeze(delivery, "you", draft("a"), parts("a")),
        lambda: store.leaving(delivery, "you", [0], START, START + LEASE),
        lambda: store.landed(delivery, "you", [sent("sky", delivery)], START),
        lambda: store.not_landed(delivery, "you", [0]),
        lambda: store.release(delivery, "you", START, "x"),
        lambda: store.give_up(delivery, "you", "x"),
        lambda: store.freeze(delivery, "me", draft("b"), parts("b")),  # frozen already
    )
    for call in calls:
        with pytest.raises(LeaseLost):
            call()
    assert store.deliveries() == before


def test_free_leases_ends_those_of_others(store: SqlStore) -> None:
    save(store, chat())
    first = str(claim(store, START))
    other = str(claim(store, START, "you", "masto"))
    assert store.free_leases("me") == 1
    assert claim(store, START, "third", "masto") == other
    store.release(first, "me", None, "")


def test_a_thread_goes_out_part_by_part(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    delivery = str(claim(store, START))
    store.freeze(delivery, "me", draft("a", "b"), parts("a", "b"))
    assert not same_revision(store, one.id, lambda: _one_part(store, delivery, 0, START))
    assert [each.position for each in store.sent_posts(one.id)] == [0]
    found = next(each for each in store.deliveries() if each.id == delivery)
    assert [(part.state, part.tried_at) for part in found.parts] == [("sent", START), ("ready", None)]
    assert found.parts[0].remote == sent("sky", delivery).remote
    assert _one_part(store, delivery, 1, START + MINUTE)
    found = next(each for each in store.deliveries() if each.id == delivery)
    assert (found.state, found.sent_at) == ("sent", START + MINUTE)
    assert [part.payload for part in found.parts] == ["a", "b"]
    with pytest.raises(LeaseLost):
        store.release(delivery, "me", None, "")


def _one_part(store: SqlStore, delivery: str, position: int, now: Any) -> bool:
    store.leaving(delivery, "me", [position], now, now + LEASE)
    return store.landed(delivery, "me", [sent("sky", delivery, position)], now)


def test_a_post_found_later_was_said_when_its_request_left(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    delivery = str(claim(store, START))
    store.freeze(delivery, "me", draft("a"), parts("a"))
    store.leaving(delivery, "me", [0], START + MINUTE, START + LEASE)
    store.landed(delivery, "me", [sent("sky", delivery)], START + 2 * MINUTE)
    assert [each.at for each in store.sent_posts(one.id)] == [START + MINUTE]
    assert [each.sent_at for each in store.deliveries() if each.id == delivery] == [START + 2 * MINUTE]


def test_parts_come_back_as_they_were_frozen(store: SqlStore) -> None:
    save(store, chat())
    delivery = str(claim(store, START))
    frozen = (
        Part(0, "media", "sha", '{"alt":"ü"}', post=0),
        Part(1, "post", "tid", "{}", needs=(0,), post=0),
        Part(2, "gate", "tid", "", needs=(1,)),
    )
    store.freeze(delivery, "me", draft("a"), frozen)
    store.release(delivery, "me", None, "")
    again = store.claim("sky", "you", START, START + LEASE)
    assert again is not None
    assert (again.state, again.parts) == ("frozen", frozen)
    assert store.draft(delivery) == draft("a")


def test_an_unknown_part_can_be_found_not_to_have_landed(store: SqlStore) -> None:
    save(store, chat())
    delivery = str(claim(store, START))
    store.freeze(delivery, "me", draft("a"), parts("a"))
    store.leaving(delivery, "me", [0], START, START + LEASE)
    assert store.deliveries()[1].parts[0].state == "unknown"
    store.not_landed(delivery, "me", [0])
    assert store.deliveries()[1].parts[0].state == "ready"
    assert store.deliveries()[1].state == "frozen"


def test_what_did_not_land_is_called_off_with_its_own_chat_and_only_if_nothing_is_out(store: SqlStore) -> None:
    one, other = chat(), chat(slug="other")
    save(store, one)
    save(store, other, of=series("other"))
    store.cancel(other.id, BEFORE)
    delivery = str(claim(store, START))
    store.freeze(delivery, "me", draft("a", "b"), parts("a", "b"))
    store.leaving(delivery, "me", [0], START, START + LEASE)
    store.not_landed(delivery, "me", [0])
    assert state(store, delivery) == "frozen"  # the other chat is called off, not this one
    store.leaving(delivery, "me", [0, 1], START, START + LEASE)
    store.landed(delivery, "me", [sent("sky", delivery)], START)
    store.cancel(one.id, START)
    store.not_landed(delivery, "me", [1])
    assert state(store, delivery) == "frozen"  # its first post is out: it is finished


def test_what_did_not_land_is_called_off_although_another_of_its_chat_is_out(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    say(store, f"{one.id}/welcome@sky", START)
    now = START + timedelta(minutes=5)
    delivery = str(claim(store, now))
    store.freeze(delivery, "me", draft("a"), parts("a"))
    store.leaving(delivery, "me", [0], now, now + LEASE)
    store.cancel(one.id, now)
    store.not_landed(delivery, "me", [0])
    assert state(store, delivery) == "cancelled"


def test_what_did_not_land_is_called_off_when_its_chat_was_taken_out(store: SqlStore) -> None:
    save(store, chat())
    delivery = str(claim(store, START))
    store.freeze(delivery, "me", draft("a"), parts("a"))
    store.leaving(delivery, "me", [0], START, START + LEASE)
    save(store)
    assert state(store, delivery) == "frozen"
    store.not_landed(delivery, "me", [0])
    assert state(store, delivery) == "cancelled"


def test_an_error_counts_as_an_attempt_and_waits(store: SqlStore) -> None:
    save(store, chat())
    delivery = str(claim(store, START))
    store.release(delivery, "me", START + MINUTE, "no answer\0")
    found = next(each for each in store.deliveries() if each.id == delivery)
    assert (found.attempts, found.error, found.retry_at) == (1, "no answer", START + MINUTE)
    assert claim(store, START + MINUTE - timedelta(microseconds=1)) is None
    assert claim(store, START + MINUTE) == delivery
    store.release(delivery, "me", None, "")
    assert next(each.attempts for each in store.deliveries() if each.id == delivery) == 1


def test_what_is_said_at_last_has_no_error_and_changes_its_own_chats_pages(store: SqlStore) -> None:
    one, other = chat(), chat(slug="other")
    save(store, one)
    save(store, other, of=series("other"))
    first, delivery = str(claim(store, START)), str(claim(store, START))
    mine, others = (delivery.rpartition("/")[0], first.rpartition("/")[0])
    store.freeze(delivery, "me", draft("a"), parts("a"))
    store.release(delivery, "me", START, "no answer")
    assert store.claim("sky", "me", START, START + LEASE) is not None
    store.leaving(delivery, "me", [0], START, START + LEASE)
    before = {chat_id: revision(store, chat_id) for chat_id in (mine, others)}
    store.landed(delivery, "me", [sent("sky", delivery)], START)
    found = next(each for each in store.deliveries() if each.id == delivery)
    assert (found.state, found.error, found.attempts) == ("sent", "", 1)
    assert revision(store, mine) > before[mine]
    assert revision(store, others) == before[others]


def test_a_refused_delivery_says_why(store: SqlStore) -> None:
    save(store, chat())
    delivery = str(claim(store, START))
    store.give_up(delivery, "me", "too long")
    found = next(each for each in store.deliveries() if each.id == delivery)
    assert (found.state, found.error, found.attempts) == ("refused", "too long", 1)
    assert store.counts()["deliveries.refused"] == 1


def test_what_was_begun_does_not_expire(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    delivery = str(claim(store, START))
    store.freeze(delivery, "me", draft("a", "b"), parts("a", "b"))
    store.leaving(delivery, "me", [0], START, START + LEASE)
    late = START + timedelta(minutes=10)
    assert [each.id for each in store.expire(late)] == [f"{one.id}/welcome@masto"]
    assert claim(store, late, "you") == delivery  # unknown: somebody has to look
    store.landed(delivery, "you", [sent("sky", delivery)], late)
    store.release(delivery, "you", None, "")
    assert store.expire(END + timedelta(days=3)) != ()
    assert state(store, delivery) == "frozen"
    assert claim(store, END + timedelta(days=3)) == delivery  # partly sent: to be finished


def test_a_frozen_delivery_of_which_nothing_left_expires(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    delivery = str(claim(store, START))
    store.freeze(delivery, "me", draft("a"), parts("a"))
    missed = store.expire(START + timedelta(minutes=10))
    assert {each.id: each.state for each in missed}[delivery] == "missed"
    with pytest.raises(LeaseLost):
        store.leaving(delivery, "me", [0], START, START + LEASE)
    assert store.expire(START + timedelta(minutes=10)) == ()


def test_what_is_too_late_is_not_said_because_something_else_is_out(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    say(store, f"{one.id}/welcome@sky", START)
    late = START + timedelta(minutes=60)
    assert claim(store, late - timedelta(microseconds=1)) == f"{one.id}/q1@sky"
    store.release(f"{one.id}/q1@sky", "me", None, "")
    assert claim(store, late) is None


def test_a_chat_under_way_does_not_wait_for_the_next_ones_welcome(store: SqlStore) -> None:
    one = chat()
    save(store, one, chat(14))
    say(store, f"{one.id}/welcome@sky", START)
    assert store.next_due(START) == START  # Mastodon's
    assert claim(store, START + timedelta(minutes=5)) == f"{one.id}/q1@sky"


def test_a_single_delivery_expires_like_many(store: SqlStore) -> None:
    save(store, chat())
    other = str(claim(store, START, account="masto"))
    store.give_up(other, "me", "no")
    assert [each.id for each in store.expire(START + timedelta(minutes=10))] == [f"{chat().id}/welcome@sky"]


def test_next_due_is_when_something_may_be_done(store: SqlStore) -> None:
    assert store.next_due(BEFORE) is None
    one = chat()
    save(store, one)
    assert store.next_due(BEFORE) == START
    delivery = str(claim(store, START))
    claim(store, START, account="masto")
    assert store.next_due(START) == START + LEASE  # q1 waits for the welcome, whose lease ends then
    store.release(delivery, "me", START + MINUTE, "busy")
    assert store.next_due(START) == START + MINUTE
    for each in store.deliveries():
        if each.id != delivery:
            store.cancel(one.id, START)
    assert store.next_due(START) is None


def test_nobody_is_woken_by_what_waits_for_another(store: SqlStore) -> None:
    save(store, chat())
    late = START + timedelta(minutes=6)  # q1 is due as well
    claim(store, late)
    claim(store, late, account="masto")
    assert store.next_due(late) == late + LEASE
    assert store.next_due(late + LEASE) <= late + LEASE  # type: ignore[operator] # whoever had it is gone: at once


def test_our_posts_are_known_by_key_and_prompt(store: SqlStore) -> None:
    one, key = opened(store)
    first, second = store.sent_posts(one.id)
    assert (first.prompt, first.kind, first.number, first.position) == (f"{one.id}/welcome", "welcome", 0, 0)
    assert (second.prompt, second.kind, second.number, second.account) == (f"{one.id}/q1", "question", 1, "sky")
    assert (second.key, second.at, second.answer) == (key, START + timedelta(minutes=5), "")
    assert second.ref == sent("sky", f"{one.id}/q1@sky").remote


def test_a_post_of_ours_names_the_answer_it_repeats(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    kept = candidate(store, one.id, "kept")
    store.upsert([kept], START)
    say(store, f"{one.id}/welcome@sky", START, "root", "a leaf", answer=kept.key)
    assert [each.answer for each in store.sent_posts(one.id)] == ["", kept.key]
    say(store, f"{one.id}/welcome@masto", START, "a leaf alone", answer=kept.key)
    assert [each.answer for each in store.sent_posts(one.id) if each.account == "masto"] == [kept.key]


def test_a_gate_repeats_no_answer(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    kept = candidate(store, one.id, "kept")
    store.upsert([kept], START)
    delivery = str(claim(store, START))
    gated = (*parts("root", "a leaf"), Part(2, "gate", "tid", "allow", needs=(0,)))
    store.freeze(delivery, "me", draft("root", "a leaf", answer=kept.key), gated)
    store.leaving(delivery, "me", [0, 1, 2], START, START + LEASE)
    store.landed(delivery, "me", [sent("sky", delivery, at) for at in range(3)], START)
    store.bury([kept.key], START)
    found = next(each for each in store.deliveries() if each.id == delivery)
    assert [part.payload for part in found.parts] == ["root", "", "allow"]  # of the three only the leaf repeated it


def test_pictures_are_kept_once_by_their_bytes(store: SqlStore) -> None:
    data = bytes(range(256))
    name = store.keep_blob(data, "image/png")
    assert store.keep_blob(data, "image/png") == name
    assert store.blob(name) == data
    assert MediaFile(name, "image/png", 256, "alt", 1, 1).sha256 == name
    with pytest.raises(StoreError, match="not in the database"):
        store.blob("0" * 64)


def _claim_all(url: str, owner: str, gate: Any, into: Any) -> None:
    mine = open_store(url, pepper_source=lambda: PEPPER)
    gate.wait()
    claimed = []
    while (found := mine.claim("sky", owner, START, START + LEASE)) is not None:
        claimed.append(found.id)
        mine.freeze(found.id, owner, draft("x"), parts("x"))
        mine.leaving(found.id, owner, [0], START, START + LEASE)
        mine.landed(found.id, owner, [sent("sky", found.id)], START)
    mine.close()
    into.put(claimed)


def test_four_processes_never_claim_the_same_delivery(store: SqlStore, database_url: str) -> None:
    chats = 60
    for number in range(chats):
        one = chat(slug=f"s{number}")
        said = prompts(one)[:1]
        store.save_plan(series(one.series), (one,), said, deliveries(said, one.series), BEFORE)
    context = multiprocessing.get_context("spawn")
    gate, into = context.Barrier(4), context.Queue()
    workers = [context.Process(target=_claim_all, args=(database_url, f"w{number}", gate, into)) for number in range(4)]
    for worker in workers:
        worker.start()
    claimed = [delivery for _ in workers for delivery in into.get(timeout=120)]
    for worker in workers:
        worker.join()
    # A process may stop early while another holds the only ones left; together they have each exactly once.
    assert len(claimed) == len(set(claimed)) == chats
    assert store.counts()["deliveries.sent"] == chats
