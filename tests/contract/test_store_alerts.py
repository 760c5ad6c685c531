"""What is remembered of alerts and of the messages about them. Over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
from contract.store_world import BEFORE, END, PEPPER, START, chat, database_url, save, store
from sqlalchemy import select

from bot.domain.alerts import Alert, Troubled
from bot.ports import Notice
from bot.storage.engine import transaction
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import notices

__all__ = ["database_url", "store"]  # fixtures

MINUTE = timedelta(minutes=1)
SILENT = Alert("silent:masto", START, START + MINUTE)
REFUSED = Alert("login:sky", START, START, START)


def notice(name: str = "one.0", message: str = "one", minutes: int = 0) -> Notice:
    return Notice(name, message, START + minutes * MINUTE, "ops@example.org", "Staffroom: « oh »", "It is down.")


def test_alerts_are_kept_changed_and_forgotten(store: SqlStore) -> None:
    assert store.alerts() == ()
    store.alert([SILENT, REFUSED], (), ())
    assert store.alerts() == (REFUSED, SILENT)
    over = msgspec.structs.replace(SILENT, told_at=START + 5 * MINUTE, ended_at=START + 9 * MINUTE)
    store.alert([over], ["login:sky", "never:there"], ())
    assert store.alerts() == (over,)


def test_another_process_knows_what_was_told(store: SqlStore, database_url: str) -> None:
    store.alert([SILENT], (), [notice()])
    other = open_store(database_url, pepper_source=lambda: PEPPER)
    assert other.alerts() == (SILENT,)
    assert other.notices(START, 9) == (notice(),)
    other.close()


def test_alerts_and_messages_about_them_are_written_together_or_not_at_all(store: SqlStore) -> None:
    broken = msgspec.structs.replace(notice(), at=None)
    try:
        store.alert([SILENT], (), [broken])
    except Exception:  # noqa: BLE001 - whichever error the database has for it
        assert store.alerts() == ()
    else:
        raise AssertionError(broken)


def test_a_notice_is_written_once(store: SqlStore) -> None:
    store.alert((), (), [notice()])
    store.alert((), (), [msgspec.structs.replace(notice(), text="other words")])
    assert store.notices(START, 9) == (notice(),)


def test_a_notice_waits_until_it_may_be_tried_again(store: SqlStore) -> None:
    store.alert((), (), [notice(), notice("one.1")])
    store.notice_again("one.0", START + 2 * MINUTE, "the server did not answer\0\ud800")
    assert [one.id for one in store.notices(START + MINUTE, 9)] == ["one.1"]
    first, second = store.notices(START + 2 * MINUTE, 9)
    assert (first.attempts, second.attempts) == (1, 0)
    assert [one.id for one in store.notices(START + 2 * MINUTE, 1)] == ["one.0"]


def test_what_was_sent_is_not_sent_again_and_its_words_are_forgotten(store: SqlStore) -> None:
    store.alert((), (), [notice(), notice("one.1")])
    store.notice_done("one.0", START + MINUTE)
    store.notice_done("one.1", START + MINUTE, "nobody there")
    store.notice_again("one.0", START, "too late for that")
    assert store.notices(END, 9) == ()
    with transaction(store._engine, writing=False) as connection:
        rows = connection.execute(select(notices).order_by(notices.c.id)).all()
    assert [(row.data, row.error, row.attempts) for row in rows] == [(None, "", 1), (None, "nobody there", 1)]
    store.alert((), (), [notice()])
    assert store.notices(END, 9) == ()


def test_messages_are_counted_once_for_all_who_got_them(store: SqlStore) -> None:
    store.alert((), (), [notice(), notice("one.1"), notice("two.0", "two", 5), notice("six.0", "six", 60)])
    store.notice_done("two.0", START + 6 * MINUTE)
    assert store.messages_since(START) == (START + 5 * MINUTE, START + 60 * MINUTE)
    assert store.messages_since(START - MINUTE) == (START, START + 5 * MINUTE, START + 60 * MINUTE)


def test_old_messages_are_forgotten(store: SqlStore) -> None:
    store.alert((), (), [notice(), notice("two.0", "two", 5)])
    assert store.forget_notices(START) == 0
    assert store.forget_notices(START + MINUTE) == 1
    assert [one.id for one in store.notices(END, 9)] == ["two.0"]


def test_missed_and_refused_prompts_are_found(store: SqlStore) -> None:
    one = chat()
    save(store, one)
    question = f"{one.id}/q1"
    refused = store.claim("masto", "me", one.starts_at, END)
    assert refused is not None
    store.give_up(refused.id, "me", "too long")
    assert store.expire(START + 61 * MINUTE)
    found = store.troubled(BEFORE)
    welcome = f"{one.id}/welcome"
    assert [(each.delivery, each.state) for each in found] == [
        (f"{welcome}@masto", "refused"),
        (f"{welcome}@sky", "missed"),
        (f"{question}@masto", "missed"),
        (f"{question}@sky", "missed"),
        (f"{one.id}/q2@masto", "missed"),
        (f"{one.id}/q2@sky", "missed"),
    ]
    assert found[0] == Troubled(f"{welcome}@masto", "masto", "refused", START, START + 10 * MINUTE)
    assert [each.delivery for each in store.troubled(START + 5 * MINUTE)] == [
        f"{one.id}/q2@masto",
        f"{one.id}/q2@sky",
    ]
