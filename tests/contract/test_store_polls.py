"""What the store keeps of polls: numbers, per delivery, over SQLite and PostgreSQL."""

from datetime import timedelta

from contract.store_world import START, candidate, chat, database_url, revision, same_revision, save, say, series, store

from bot.domain.records import CountedPoll, PollCount
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
LATER = NOW + timedelta(minutes=2)
OPEN = PollCount(("Ticks", "Levels"), (1, 2), over=False)
OVER = PollCount(("Ticks", "Levels"), (1, 3), over=True)


def asked(store: SqlStore) -> str:
    """A chat whose first question is out on Mastodon; its delivery."""
    one = chat()
    save(store, one, of=series(keep=timedelta(days=30)))
    say(store, f"{one.id}/welcome@masto", one.starts_at)
    say(store, f"{one.id}/q1@masto", NOW)
    return f"{one.id}/q1@masto"


def test_the_latest_count_is_kept_with_the_moment_from_which_on_it_stood(store: SqlStore) -> None:
    delivery = asked(store)
    assert store.content(chat().id).polls == ()
    assert store.save_poll_count(delivery, OPEN, NOW)
    assert store.poll_counts(chat().id) == {delivery: OPEN}
    assert store.content(chat().id).polls == (CountedPoll(1, "mastodon", OPEN, NOW),)
    assert store.save_poll_count(delivery, OVER, LATER)
    assert store.content(chat().id).polls == (CountedPoll(1, "mastodon", OVER, LATER),)


def test_pages_change_when_numbers_do_and_not_before(store: SqlStore) -> None:
    delivery = asked(store)
    before = revision(store, chat().id)
    store.save_poll_count(delivery, OPEN, NOW)
    assert revision(store, chat().id) == before + 1
    assert same_revision(store, chat().id, lambda: store.save_poll_count(delivery, OPEN, LATER))
    assert store.content(chat().id).polls[0].at == NOW


def test_of_a_delivery_that_is_not_there_nothing_is_kept(store: SqlStore) -> None:
    asked(store)
    assert not store.save_poll_count("edchat/2027-01-07/q9@masto", OPEN, NOW)
    assert store.poll_counts(chat().id) == {}


def test_counts_go_when_the_chat_is_forgotten(store: SqlStore) -> None:
    delivery = asked(store)
    store.save_poll_count(delivery, OVER, NOW)
    store.upsert([candidate(store, chat().id, "one")], NOW)
    store.forget_old(NOW + timedelta(days=32))
    assert store.poll_counts(chat().id) == {}
    assert store.content(chat().id).polls == ()
