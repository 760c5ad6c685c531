"""Newsletters in the store: written down once, forgotten when done, none for who wants no more; on both databases."""

from datetime import timedelta

from contract.store_world import END, database_url, everything, store

from bot.domain.letters import Letter, letter_id
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]  # fixtures

NAME = "edchat/2027-01-07"


def letter(store: SqlStore, to: str, edition: str = NAME) -> Letter:
    person = store.key("mail", to)
    return Letter(letter_id(edition, person), edition, person, to, END)


def test_a_letter_is_written_down_once_and_its_address_goes_when_it_is_done(store: SqlStore) -> None:
    one, two = letter(store, "a@school.example"), letter(store, "b@school.example")
    assert store.write_letters([one]) == 1
    assert store.write_letters([one, two]) == 1
    assert set(store.letters(NAME)) == {one, two}
    assert store.letters("edchat/2027-01-14") == ()
    store.letter_done(one.id, END)
    store.letter_done(two.id, END, "refused")
    assert {(found.to, found.attempts, found.error) for found in store.letters(NAME)} == {
        ("", 1, ""),
        ("", 1, "refused"),
    }
    assert store.write_letters([one, two]) == 0
    assert "school.example" not in everything(store)


def test_what_is_done_stays_so(store: SqlStore) -> None:
    one = letter(store, "a@school.example")
    store.write_letters([one])
    store.letter_done(one.id, END)
    store.letter_again(one.id, END + timedelta(minutes=5))
    store.letter_done(one.id, END + timedelta(days=1), "late")
    store.letter_again("0" * 32, END)
    (found,) = store.letters(NAME)
    assert (found.done_at, found.retry_at, found.error, found.attempts) == (END, None, "", 1)


def test_one_that_did_not_work_waits(store: SqlStore) -> None:
    one = letter(store, "a@school.example")
    store.write_letters([one])
    store.letter_again(one.id, END + timedelta(minutes=5))
    (found,) = store.letters(NAME)
    assert (found.to, found.retry_at, found.attempts) == (one.to, END + timedelta(minutes=5), 1)


def test_who_wants_no_more_gets_no_more(store: SqlStore) -> None:
    done, waiting = letter(store, "a@school.example"), letter(store, "a@school.example", "edchat/2027-01-14")
    store.write_letters([done, waiting, letter(store, "b@school.example")])
    store.letter_done(done.id, END)
    store.no_more_letters(done.person, END)
    store.no_more_letters(done.person, END)
    assert store.wants_no_more() == {done.person}
    assert store.letters("edchat/2027-01-14") == ()
    assert store.write_letters([waiting]) == 0
    assert len(store.letters(NAME)) == 2
