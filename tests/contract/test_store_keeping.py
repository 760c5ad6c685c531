"""What is kept for how long, where posts stand, and whose they are. Over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
from contract.store_world import END, START, candidate, chat, database_url, opened, save, series, store, teacher
from sqlalchemy import select

from bot.domain.richtext import RichText
from bot.ports import Standing
from bot.storage.store import SqlStore
from bot.storage.tables import metadata

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
YEAR = timedelta(days=365)


def everything(store: SqlStore) -> str:
    with store._reading() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))
        )


def test_where_a_post_stands(store: SqlStore) -> None:
    of, root = opened(store)
    kept = candidate(store, of.id, "kept", root)
    out = candidate(store, of.id, "out", root, store=False)
    store.upsert([kept, out], NOW)
    found = store.standing([kept.key, out.key, "0" * 24])
    assert found == {kept.key: (Standing(of.id, kept.parent, kept.root, kept.quote, kept.in_thread),)}


def test_what_was_said_is_forgotten_when_its_time_is_over(store: SqlStore) -> None:
    of, root = opened(store)
    save(store, of, of=series(keep=YEAR))
    words = candidate(store, of.id, "amy", root, author=teacher("amyplanted"), text=RichText("planted words"))
    store.upsert([words], NOW)
    assert store.forget_old(END + YEAR - timedelta(seconds=1)) == ()
    assert "planted words" in everything(store)
    before = store.chat(of.id)
    assert store.forget_old(END + YEAR) == (of.id,)
    content = store.content(of.id)
    assert (content.answers, content.tombstones) == ((), ())
    assert content.sent
    left = everything(store)
    assert "planted words" not in left
    assert "amyplanted" not in left
    assert words.key not in left
    after = store.chat(of.id)
    assert before is not None
    assert after is not None
    assert after.revision > before.revision
    assert store.forget_old(END + YEAR) == ()


def test_without_an_end_all_is_kept(store: SqlStore) -> None:
    of, root = opened(store)
    store.upsert([candidate(store, of.id, "amy", root)], NOW)
    assert store.forget_old(END + 50 * YEAR) == ()
    assert len(store.content(of.id).answers) == 1


def test_what_another_chat_still_keeps_stays_there(store: SqlStore) -> None:
    of, root = opened(store)
    later = chat(day=14)
    save(store, of, later, of=series(keep=YEAR))
    words = candidate(store, of.id, "amy", root)
    store.upsert([words, msgspec.structs.replace(words, chat=later.id)], NOW)
    assert store.forget_old(END + YEAR) == (of.id,)
    assert store.content(of.id).answers == ()
    assert [answer.key for answer in store.content(later.id).answers] == [words.key]


def test_accounts_are_found_by_handle_id_and_address(store: SqlStore) -> None:
    of, root = opened(store)
    amy = teacher("amy")
    store.upsert([candidate(store, of.id, "one", root, author=amy), candidate(store, of.id, "two", root)], NOW)
    key = store.key(amy.network, amy.id)
    for name in (amy.handle, f"@{amy.handle.upper()}", amy.id, f" {amy.handle} "):
        assert store.accounts_called(name) == {key: amy.handle}
    assert store.accounts_called("nobody") == {}
    assert store.accounts_called("") == {}
