"""Copies of pictures stand in the store while their answer is shown by its author's consent, and no longer."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from contract.store_world import (
    END,
    START,
    WHO,
    candidate,
    chat,
    database_url,
    opened,
    revision,
    save,
    series,
    store,
    teacher,
)
from sqlalchemy import select

from bot.domain.alarms import words_read
from bot.domain.consent import Ruling, Wish
from bot.domain.copying import Copy
from bot.domain.posts import Media
from bot.domain.records import Candidate
from bot.storage.engine import transaction
from bot.storage.store import SqlStore
from bot.storage.tables import pictures

__all__ = ["database_url", "store"]

DATA = b"\x00planted-picture-bytes\xff" * 40
SHA = "ab" * 32
LATER = END + timedelta(hours=1)
MEDIA = (Media("image", "A wall", "file-1"), Media("image", "", "file-2"), Media("video", "", "clip"))


def released(store: SqlStore, one: Candidate) -> Candidate:
    store.rule(one.key, Ruling("released", words_read(one.post), START), "no faces", "a host")
    return one


def shot(store: SqlStore, of: str, parent: str, /, **changes: object) -> Candidate:
    """An answer with two pictures and a video, released, of somebody who joined."""
    base = candidate(store, of, "shot", parent, author=WHO, why="joined")
    fields = {key: value for key, value in changes.items() if key in base.__struct_fields__}
    words = {key: value for key, value in changes.items() if key not in fields}
    post = msgspec.structs.replace(base.post, **({"media": MEDIA} | words))
    return msgspec.structs.replace(base, **({"post": post} | fields))


def copied(store: SqlStore) -> tuple[str, Candidate]:
    """A chat with such an answer, whose first picture is copied; (chat, answer)."""
    one, question = opened(store)
    answer = released(store, shot(store, one.id, question))
    store.upsert([answer], START)
    first, second = store.pictures_wanted("bluesky", LATER, 9)
    assert [(each.position, each.key, each.ref) for each in (first, second)] == [
        (0, "file-1", answer.post.ref),
        (1, "file-2", answer.post.ref),
    ]
    assert store.picture_copied(first, DATA, SHA, 40, 30)
    assert store.pictures_shown() == {one.id: (SHA,)}
    return one.id, answer


def rows(store: SqlStore) -> list[tuple[int, bytes | None]]:
    with transaction(store._engine, writing=False) as connection:
        query = select(pictures.c.position, pictures.c.data).order_by(pictures.c.position)
        return [tuple(row) for row in connection.execute(query)]


def test_a_copy_is_shown_with_its_answer_and_makes_the_page_anew(store: SqlStore) -> None:
    one, question = opened(store)
    answer = released(store, shot(store, one.id, question))
    store.upsert([answer], START)
    before = revision(store, one.id)
    first, second = store.pictures_wanted("bluesky", LATER, 9)
    assert store.content(one.id).answers[0].pictures == ()
    assert store.picture_copied(first, DATA, SHA, 40, 30)
    assert revision(store, one.id) > before
    assert store.content(one.id).answers[0].pictures == (Copy(0, SHA, 40, 30),)
    assert store.picture(SHA) == DATA
    assert store.pictures_wanted("bluesky", LATER, 9) == (second,)
    assert store.pictures_wanted("mastodon", LATER, 9) == ()
    assert not store.picture_copied(first, b"other", SHA, 1, 1)  # twice is once
    assert store.picture(SHA) == DATA


def test_what_cannot_be_had_is_tried_later_and_then_said(store: SqlStore) -> None:
    one, answer = copied(store)
    (second,) = store.pictures_wanted("bluesky", LATER, 9)
    store.picture_lost(second, LATER + timedelta(minutes=5))
    assert store.pictures_wanted("bluesky", LATER, 9) == ()
    (again,) = store.pictures_wanted("bluesky", LATER + timedelta(minutes=5), 9)
    assert again.attempts == 1
    store.picture_lost(again, None)
    assert store.pictures_wanted("bluesky", LATER + timedelta(days=99), 9) == ()
    assert store.content(one).answers[0].pictures == (Copy(0, SHA, 40, 30), Copy(1))
    assert answer.key


@pytest.mark.parametrize(
    "changes",
    [
        {"why": "in-our-thread"},
        {"hold": True, "held": "photo"},
        {"store": False, "why": "stopped"},
        {"warning": "inspection"},
        {"labels": ("graphic-media",)},
        {"media": (Media("image", "A wall"),)},
    ],
    ids=["not joined", "held", "not kept", "warning", "label", "no key"],
)
def test_nothing_is_to_be_copied_without_consent_or_behind_a_warning(
    store: SqlStore, changes: dict[str, object]
) -> None:
    one, question = opened(store)
    store.upsert([released(store, shot(store, one.id, question, **changes))], START)
    assert store.pictures_wanted("bluesky", LATER, 9) == ()


def test_nothing_is_copied_that_no_person_released(store: SqlStore) -> None:
    one, question = opened(store)
    answer = shot(store, one.id, question)
    store.upsert([answer], START)
    assert store.pictures_wanted("bluesky", LATER, 9) == ()
    other = msgspec.structs.replace(answer.post, media=(Media("image", "A wall", "another file"), *MEDIA[1:]))
    store.rule(answer.key, Ruling("released", words_read(other), START), "", "")  # of other files
    store.upsert([msgspec.structs.replace(answer, search=False)], LATER)
    assert store.pictures_wanted("bluesky", LATER, 9) == ()


def joins(store: SqlStore, answer: Candidate) -> None:
    store.upsert([msgspec.structs.replace(answer, hold=True, held="hidden")], LATER)


def edits(store: SqlStore, answer: Candidate) -> None:
    media = (Media("image", "A wall", "another file"), *MEDIA[1:])
    changed = msgspec.structs.replace(answer, post=msgspec.structs.replace(answer.post, media=media))
    store.upsert([changed], LATER)


def leaves(store: SqlStore, _answer: Candidate) -> None:
    store.add_wish(store.key("bluesky", WHO.id), Wish("stopped", "", LATER), "REMOVE ME")


def waits(store: SqlStore, _answer: Candidate) -> None:
    store.add_wish(store.key("bluesky", WHO.id), Wish("paused", "", LATER), "STOP")


def deletes(store: SqlStore, answer: Candidate) -> None:
    store.bury([answer.key], LATER)


def withdraws(store: SqlStore, answer: Candidate) -> None:
    store.upsert([msgspec.structs.replace(answer, store=False, why="noarchive")], LATER)


def objects(store: SqlStore, answer: Candidate) -> None:
    store.upsert([msgspec.structs.replace(answer, why="in-our-thread")], LATER)


def ends(store: SqlStore, _answer: Candidate) -> None:
    save(store, chat(), of=series(keep=timedelta(days=1)))
    assert store.forget_old(END + timedelta(days=2)) == (chat().id,)


@pytest.mark.parametrize("act", [joins, edits, leaves, waits, deletes, withdraws, objects, ends])
def test_whatever_ends_it_deletes_the_bytes(
    store: SqlStore, database_url: str, act: Callable[[SqlStore, Candidate], None]
) -> None:
    _, answer = copied(store)
    assert DATA in {data for _, data in rows(store)}
    act(store, answer)
    assert {data for _, data in rows(store)} <= {None}
    assert store.pictures_shown() == {}
    assert store.picture(SHA) == b""
    if database_url.startswith("sqlite"):
        file = database_url.removeprefix("sqlite:///")
        assert [path for path in (file, f"{file}-wal") if b"planted-picture" in Path(path).read_bytes()] == []


def test_leaving_the_series_that_one_joined_takes_pictures_though_another_keeps_the_words(store: SqlStore) -> None:
    _, answer = copied(store)
    other = chat(slug="scichat")
    save(store, other, of=series("scichat"))
    store.upsert([answer, msgspec.structs.replace(answer, chat=other.id, why="in-our-thread")], START)
    assert DATA in {data for _, data in rows(store)}
    store.add_wish(store.key("bluesky", WHO.id), Wish("stopped", "edchat", LATER), "REMOVE ME")
    assert len(store.content(other.id).answers) == 1
    assert rows(store) == []


def test_no_name_takes_pictures_away_and_a_name_brings_them_back(store: SqlStore) -> None:
    one, answer = copied(store)
    me = store.key("bluesky", WHO.id)
    (fetched,) = store.pictures_wanted("bluesky", LATER, 9)
    store.add_wish(me, Wish("nameless", "", LATER), "NO NAME")
    assert [data for _, data in rows(store)] == [None, None]
    assert store.content(one).answers[0].pictures == ()
    assert store.pictures_wanted("bluesky", LATER, 9) == ()
    assert not store.picture_copied(fetched, DATA, SHA, 1, 1)  # one that was under way
    store.add_wish(me, Wish("named", "", LATER + timedelta(hours=1)), "FULL NAME")
    assert len(store.pictures_wanted("bluesky", LATER, 9)) == 2
    assert answer.key


def test_initials_keep_pictures(store: SqlStore) -> None:
    one, _ = copied(store)
    store.add_wish(store.key("bluesky", WHO.id), Wish("initials", "", LATER), "INITIALS ONLY")
    assert store.content(one).answers[0].pictures == (Copy(0, SHA, 40, 30),)


def test_what_was_fetched_for_somebody_who_left_meanwhile_is_not_kept(store: SqlStore) -> None:
    _, answer = copied(store)
    (second,) = store.pictures_wanted("bluesky", LATER, 9)
    leaves(store, answer)
    assert not store.picture_copied(second, DATA, "cd" * 32, 1, 1)
    store.picture_lost(second, LATER)
    assert rows(store) == []


def test_joining_later_lets_pictures_be_copied_that_were_released_before(store: SqlStore) -> None:
    one, question = opened(store)
    store.upsert([released(store, shot(store, one.id, question, why="in-our-thread"))], START)
    assert store.pictures_wanted("bluesky", LATER, 9) == ()
    store.add_wish(store.key("bluesky", WHO.id), Wish("joined", "edchat", LATER), "JOIN")
    assert [each.position for each in store.pictures_wanted("bluesky", LATER, 9)] == [0, 1]


def test_joining_elsewhere_changes_nothing_here(store: SqlStore) -> None:
    one, question = opened(store)
    store.upsert([released(store, shot(store, one.id, question, why="in-our-thread"))], START)
    store.add_wish(store.key("bluesky", WHO.id), Wish("joined", "another", LATER), "JOIN")
    store.add_wish(store.key("bluesky", teacher("ben").id), Wish("joined", "edchat", LATER), "JOIN")
    assert store.pictures_wanted("bluesky", LATER, 9) == ()


def test_in_a_chat_where_its_author_did_not_join_it_is_not_shown(store: SqlStore) -> None:
    one, answer = copied(store)
    save(store, chat(14))
    other = msgspec.structs.replace(answer, chat=chat(14).id, why="in-our-thread")
    store.upsert([answer, other], LATER)
    assert store.pictures_shown() == {one: (SHA,)}
    assert [each.pictures for each in store.content(chat(14).id).answers] == [()]
    store.upsert([msgspec.structs.replace(answer, store=False, why="outside-our-threads"), other], LATER)
    assert rows(store) == []  # it is still kept, and nowhere by consent
