"""The store's contract for plans, over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
import pytest
from contract.store_world import (
    BEFORE,
    END,
    LEASE,
    START,
    chat,
    database_url,
    deliveries,
    draft,
    parts,
    prompts,
    revision,
    same_revision,
    save,
    say,
    series,
    store,
)

from bot.domain.occurrences import Monthly, OnlyDates, Span, Weekly
from bot.domain.series import ChatEntry, Image, Question, Repeat
from bot.errors import LeaseLost
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]


def states(store: SqlStore, of: str) -> dict[str, str]:
    return {each.id.removeprefix(f"{of}/"): each.state for each in store.deliveries(of)}


def test_a_plan_comes_back_as_it_was_saved(store: SqlStore) -> None:
    one, two = chat(7), chat(14)
    save(store, two, one)
    assert [stored.chat for stored in store.chats()] == [one, two]
    assert [stored.series for stored in store.chats("edchat")] == [series(), series()]
    assert store.chats("other") == ()
    found = store.chat(one.id)
    assert found is not None
    assert (found.chat, found.series, found.revision, found.cancelled) == (one, series(), 1, False)
    assert store.chat("edchat/1999-01-01") is None
    for prompt in prompts(one):
        assert store.prompt(prompt.id) == prompt
    assert store.prompt("edchat/none") is None
    wanted = sorted(deliveries(prompts(one)), key=lambda each: (each.at, each.order, each.account))
    assert list(store.deliveries(one.id)) == wanted
    assert len(store.deliveries()) == 2 * len(wanted)


@pytest.mark.parametrize("rhythm", [Weekly(3, 2), Monthly(1, -1), OnlyDates()])
def test_every_field_of_a_series_and_a_chat_survives(store: SqlStore, rhythm: Weekly | Monthly | OnlyDates) -> None:
    asked = Question("¿Por qué?", ("a", "b"), Image("q.png", "a desk", "me"), timedelta(minutes=9))
    one = chat(questions=(asked,), hosts=("@a@b.example",), resources=("https://example.org",), about="words")
    rich = series(
        rhythm=rhythm,
        terms=(Span(one.date, one.date),),
        skip=(Span(one.date, one.date),),
        pace=timedelta(days=1),
        keep=timedelta(days=1000),
        repeats=(Repeat(START.time(), "America/New_York"),),
        announce=(timedelta(days=7),),
        chats=(ChatEntry(one.date, "t", (asked,), at=START.time(), length=timedelta(minutes=45)),),
    )
    save(store, one, of=rich)
    found = store.chat(one.id)
    assert found is not None
    assert (found.chat, found.series) == (one, rich)


def test_saving_the_same_plan_again_changes_nothing(store: SqlStore) -> None:
    save(store, chat())
    before = store.deliveries(), store.chats()
    save(store, chat())
    assert (store.deliveries(), store.chats()) == before


def test_what_is_not_sent_moves_and_what_is_sent_stays(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    say(store, f"{one.id}/welcome@sky", START)
    sent = next(each for each in store.deliveries() if each.state == "sent")
    later = chat(starts_at=START + timedelta(hours=1), ends_at=END + timedelta(hours=1))
    save(store, later, now=START)
    assert next(each for each in store.deliveries() if each.state == "sent") == sent
    moved = {each.id: each for each in store.deliveries() if each.state == "planned"}
    for wanted in deliveries(prompts(later)):
        if wanted.id != sent.id:
            assert moved[wanted.id] == wanted


def test_a_chat_taken_out_goes_altogether_if_nothing_was_sent(store: SqlStore) -> None:
    save(store, chat(7), chat(14))
    save(store, chat(14))
    assert [stored.chat.id for stored in store.chats()] == [chat(14).id]
    assert store.prompt(f"{chat(7).id}/q1") is None
    assert store.deliveries(chat(7).id) == ()


def test_a_chat_taken_out_after_something_was_sent_stays_and_says_no_more(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    say(store, f"{one.id}/welcome@sky", START)
    save(store, now=START + timedelta(minutes=1))
    found = store.chat(one.id)
    assert found is not None
    assert found.cancelled  # nothing more is posted
    assert states(store, one.id).pop("welcome@sky") == "sent"
    assert set(states(store, one.id).values()) == {"sent", "cancelled"}
    assert store.digest_due(END + timedelta(hours=3)) == ()
    save(store, one, now=START + timedelta(minutes=2))  # it comes back
    found = store.chat(one.id)
    assert found is not None
    assert not found.cancelled
    assert set(states(store, one.id).values()) == {"sent", "planned"}


def test_a_chat_that_was_held_is_not_cancelled_by_tidying_its_yaml_away(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    say(store, f"{one.id}/welcome@sky", START)
    save(store, now=END + timedelta(days=30))
    found = store.chat(one.id)
    assert found is not None
    assert not found.cancelled


def test_a_cancelled_chat_stays_so_through_later_plans(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    say(store, f"{one.id}/welcome@sky", START)
    assert store.cancel(one.id, START) == 7
    assert store.cancel(one.id, START) == 0
    save(store, msgspec.structs.replace(one, topic="Another"), now=START)
    found = store.chat(one.id)
    assert found is not None
    assert found.cancelled
    assert found.chat.topic == "Another"
    assert set(states(store, one.id).values()) == {"sent", "cancelled"}


def test_what_is_past_at_first_sight_is_not_planned(store: SqlStore) -> None:
    one = chat()
    save(store, one, now=START + timedelta(minutes=30))
    assert set(states(store, one.id)) == {
        f"{key}@{account}" for key in ("q1", "q2", "wrap-up") for account in ("sky", "masto")
    }
    gone = chat(1)
    save(store, gone, one, now=START)
    assert states(store, gone.id) == {}
    save(store, gone, one, now=START + timedelta(seconds=1))  # nor at second sight
    assert states(store, gone.id) == {}


def test_a_changed_plan_takes_a_frozen_delivery_back(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    claimed = store.claim("sky", "me", START, START + LEASE)
    assert claimed is not None
    store.freeze(claimed.id, "me", draft("Hello"), parts("Hello"))
    save(store, one, now=START)
    store.leaving(claimed.id, "me", [], START, START + LEASE)  # still ours: the plan is the same
    save(store, msgspec.structs.replace(one, topic="Another"), now=START)
    with pytest.raises(LeaseLost):
        store.leaving(claimed.id, "me", [0], START, START + LEASE)
    again = store.claim("sky", "you", START, START + LEASE)
    assert again is not None
    assert (again.id, again.state, again.parts) == (claimed.id, "planned", ())


def test_a_change_for_another_chat_leaves_a_frozen_delivery_alone(store: SqlStore) -> None:
    entries = (ChatEntry(chat(7).date, "Marking", ()), ChatEntry(chat(14).date, "Marking", ()))
    save(store, chat(7), chat(14), of=series(chats=entries))
    claimed = store.claim("sky", "me", START, START + LEASE)
    assert claimed is not None
    store.freeze(claimed.id, "me", draft("Hello"), parts("Hello"))
    other = (entries[0], msgspec.structs.replace(entries[1], topic="Another"))
    save(store, chat(7), chat(14, topic="Another"), of=series(chats=other), now=START)
    store.leaving(claimed.id, "me", [0], START, START + LEASE)


def test_what_may_be_on_the_network_is_never_taken_back(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    claimed = store.claim("sky", "me", START, START + LEASE)
    assert claimed is not None
    store.freeze(claimed.id, "me", draft("Hello"), parts("Hello"))
    store.leaving(claimed.id, "me", [0], START, START + LEASE)
    save(store, msgspec.structs.replace(one, topic="Another"), now=START)
    assert store.cancel(one.id, START) == 7
    assert states(store, one.id)["welcome@sky"] == "frozen"
    store.not_landed(claimed.id, "me", [0])  # certainly not said: now it can be called off as well
    assert states(store, one.id)["welcome@sky"] == "cancelled"


def test_removing_a_question_cancels_its_deliveries_only(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    said = tuple(prompt for prompt in prompts(one) if prompt.number != 2)
    store.save_plan(series(), (one,), said, deliveries(said), BEFORE)
    assert {key for key, state in states(store, one.id).items() if state == "cancelled"} == {"q2@sky", "q2@masto"}


def test_series_do_not_touch_each_other(store: SqlStore) -> None:
    save(store, chat())
    save(store, chat(slug="other"), of=series("other"))
    save(store, of=series("other"))
    assert [stored.chat.id for stored in store.chats()] == [chat().id]
    assert {each.state for each in store.deliveries()} == {"planned"}


def test_the_revision_follows_what_a_page_shows(store: SqlStore) -> None:
    one, two = chat(7), chat(14)
    save(store, one, two)
    assert same_revision(store, one.id, lambda: save(store, one, two))
    assert same_revision(store, one.id, lambda: save(store, one, chat(14, topic="Another")))
    assert revision(store, two.id) == 2
    assert not same_revision(store, one.id, lambda: save(store, chat(7, topic="Another"), two))
    assert not same_revision(store, one.id, lambda: save(store, one, two, of=series(title="New")))
    assert not same_revision(store, one.id, lambda: store.cancel(one.id, START))
    assert same_revision(store, one.id, lambda: store.cancel(one.id, START))
