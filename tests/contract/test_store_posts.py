"""The store's contract for collected posts, over SQLite and PostgreSQL."""

from datetime import timedelta
from typing import Any

import msgspec
from contract.store_world import (
    END,
    START,
    candidate,
    chat,
    database_url,
    opened,
    revision,
    same_revision,
    save,
    series,
    store,
    teacher,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.consent import Wish
from bot.domain.posts import PostRef
from bot.domain.records import Candidate, Placed
from bot.domain.richtext import RichText
from bot.domain.sweeps import CLOSING
from bot.ports import Stored
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)


def text_of(store: SqlStore, of: str) -> list[str]:
    return [each.post.text.text for each in store.content(of).answers]


def but(each: Candidate, **changes: Any) -> Candidate:
    """The same candidate with other values; names of the post's fields change the post."""
    of_post = {key: value for key, value in changes.items() if key in ("text", "author", "edited_at", "at")}
    rest = {key: value for key, value in changes.items() if key not in of_post}
    return msgspec.structs.replace(each, post=msgspec.structs.replace(each.post, **of_post), **rest)


def test_a_post_comes_back_as_it_was_collected(store: SqlStore) -> None:
    one, question = opened(store)
    found = candidate(store, one.id, "a", question, quote="f" * 24)
    assert store.upsert([found], NOW) == Stored(1, 0)
    assert store.candidates(one.id) == (found,)
    (answer,) = store.content(one.id).answers
    assert answer.post == found.post
    assert (answer.key, answer.parent, answer.root) == (found.key, question, question)


def test_the_same_batch_again_changes_nothing(store: SqlStore) -> None:
    one, question = opened(store)
    batch = [
        candidate(store, one.id, "a", question),
        candidate(store, one.id, "b", question, store=False, why="noindex"),
        candidate(store, one.id, "c"),
        candidate(store, one.id, "d", question, hold=True),
    ]
    assert store.upsert(batch, NOW) == Stored(4, 0)
    assert same_revision(store, one.id, lambda: None)
    before = store.content(one.id)
    for _ in range(2):
        assert store.upsert(batch, NOW + timedelta(minutes=2)) == Stored(0, 0)
        assert store.content(one.id) == before
    assert store.upsert([], NOW) == Stored(0, 0)


def test_an_edit_is_one_change(store: SqlStore) -> None:
    one, question = opened(store)
    first = candidate(store, one.id, "a", question)
    other = candidate(store, one.id, "b", question)
    store.upsert([first, other], NOW)
    edited = but(first, text=RichText("A1 better"), edited_at=NOW)
    assert not same_revision(store, one.id, lambda: store.upsert([edited, other], NOW))
    assert store.upsert([edited, other], NOW) == Stored(0, 0)
    assert sorted(text_of(store, one.id)) == sorted(["A1 better", other.post.text.text])


def test_a_renamed_author_is_renamed_everywhere(store: SqlStore) -> None:
    one, question = opened(store)
    first, second = candidate(store, one.id, "a", question), candidate(store, one.id, "b", question)
    store.upsert([first, second], NOW)
    renamed = but(first, author=teacher(name="Amy B"))
    assert not same_revision(store, one.id, lambda: store.upsert([renamed], NOW))
    assert {each.post.author.name for each in store.content(one.id).answers} == {"Amy B"}
    assert same_revision(store, one.id, lambda: store.upsert([renamed], NOW))


def test_a_parent_once_known_stays_known(store: SqlStore) -> None:
    one, question = opened(store)
    found = candidate(store, one.id, "a", question)
    store.upsert([found], NOW)
    orphan = but(found, parent="", root="")
    assert store.upsert([orphan], NOW) == Stored(0, 0)
    assert store.edges(one.id) == {found.key: question}


def test_edges_hold_every_node_words_kept_or_not(store: SqlStore) -> None:
    one, question = opened(store)
    top = candidate(store, one.id, "top")
    bare = candidate(store, one.id, "bare", question, store=False, why="noarchive")
    leaf = candidate(store, one.id, "leaf", bare.key)
    store.upsert([top, bare, leaf], NOW)
    assert store.edges(one.id) == {top.key: "", bare.key: question, leaf.key: bare.key}
    assert store.edges("edchat/none") == {}
    assert {each.key for each in store.candidates(one.id)} == {top.key, leaf.key}


def test_one_batch_may_name_a_post_twice(store: SqlStore) -> None:
    one, question = opened(store)
    first = candidate(store, one.id, "a", question)
    last = but(first, text=RichText("last"))
    assert store.upsert([first, last], NOW) == Stored(1, 0)
    assert text_of(store, one.id) == ["last"]


def test_a_post_in_two_chats_is_stored_once_and_judged_twice(store: SqlStore) -> None:
    one, two = chat(7), chat(14)
    save(store, one, two)
    here, there = candidate(store, one.id, "a"), candidate(store, two.id, "a", store=False, why="not-joined")
    assert store.upsert([here, there], NOW) == Stored(1, 0)
    assert text_of(store, one.id) == [here.post.text.text]
    assert text_of(store, two.id) == []
    assert store.candidates(two.id) == ()
    # An edit seen in one chat is an edit in the other, too.
    shown = but(there, store=True, why="everyone")
    assert store.upsert([shown], NOW) == Stored(0, 1)
    edited = but(here, text=RichText("edited"))
    assert not same_revision(store, two.id, lambda: store.upsert([edited], NOW))
    assert text_of(store, one.id) == text_of(store, two.id) == ["edited"]
    # Not any more here: it stays there.
    assert store.upsert([but(edited, store=False, why="outside-our-threads")], NOW) == Stored(0, 1)
    assert (text_of(store, one.id), text_of(store, two.id)) == ([], ["edited"])
    # Seen again exactly as it was first: shown in both.
    store.upsert([edited], NOW)
    assert text_of(store, one.id) == text_of(store, two.id) == ["edited"]
    # What lies in the post itself ends it everywhere.
    store.upsert([but(edited, store=False, why="noarchive")], NOW)
    assert (text_of(store, one.id), text_of(store, two.id)) == ([], [])
    assert store.counts()["posts"] == 0


def test_a_bare_node_becomes_words_when_it_may(store: SqlStore) -> None:
    one, question = opened(store)
    bare = candidate(store, one.id, "a", question, store=False, why="not-joined")
    store.upsert([bare], NOW)
    assert store.candidates(one.id) == ()
    joined = but(bare, store=True, why="joined")
    assert store.upsert([joined], NOW) == Stored(0, 1)
    assert store.candidates(one.id) == (joined,)


def test_places_are_replaced_for_the_posts_that_are_named(store: SqlStore) -> None:
    one, question = opened(store)
    first, second = candidate(store, one.id, "a", question), candidate(store, one.id, "b", question)
    bare = candidate(store, one.id, "c", question, store=False, why="noindex")
    store.upsert([first, second, bare], NOW)
    q1, q2 = Placed(f"{one.id}/q1", "reply"), Placed(f"{one.id}/q2", "label")
    assert store.place(one.id, {first.key: [q2, q1], second.key: [q1], bare.key: [q1], "0" * 24: [q1]}) == 2
    assert _placed(store, one.id) == {first.key: (q1, q2), second.key: (q1,)}
    assert same_revision(store, one.id, lambda: store.place(one.id, {first.key: [q1, q2]}))
    assert not same_revision(store, one.id, lambda: store.place(one.id, {first.key: []}))
    assert _placed(store, one.id) == {first.key: (), second.key: (q1,)}
    assert store.place(one.id, {second.key: [Placed(q1.question, "quote")]}) == 1
    assert store.place(one.id, {}) == 0


def _placed(store: SqlStore, of: str) -> dict[str, tuple[Placed, ...]]:
    return {each.key: each.placed for each in store.content(of).answers}


def test_posts_are_checked_in_turn_as_their_chat_says(store: SqlStore) -> None:
    one, two = chat(7), chat(14)
    save(store, one, two)
    old, new = candidate(store, one.id, "old"), candidate(store, two.id, "new")
    bare = candidate(store, one.id, "bare", store=False, why="noindex")
    other = PostRef("mastodon", "m.example/1")
    tooted = candidate(store, one.id, "toot")
    tooted = msgspec.structs.replace(
        tooted, key=store.key("mastodon", other.id), post=msgspec.structs.replace(tooted.post, ref=other)
    )
    store.upsert([old, bare, tooted], NOW)
    store.upsert([new], NOW + timedelta(minutes=1))

    def unchecked(after: Any, limit: int = 10) -> tuple[PostRef, ...]:
        return store.unchecked("bluesky", lambda of: after if of.id == one.id else END + timedelta(days=9), limit)

    assert unchecked(NOW) == (new.post.ref,)  # just seen: no need to look it up in the other chat
    assert unchecked(NOW + timedelta(seconds=1)) == (old.post.ref, new.post.ref)
    assert unchecked(NOW + timedelta(seconds=1), limit=1) == (old.post.ref,)
    assert store.unchecked("mastodon", lambda _: END, 10) == (other,)
    store.checked([old.post.ref, PostRef("bluesky", "at://nobody")], NOW + timedelta(hours=1))
    assert unchecked(NOW + timedelta(minutes=59)) == (new.post.ref,)
    assert unchecked(NOW + timedelta(hours=2)) == (new.post.ref, old.post.ref)
    assert same_revision(store, one.id, lambda: store.checked([old.post.ref], NOW + timedelta(hours=3)))


def test_open_chats_are_those_with_a_sent_post_and_time_left(store: SqlStore) -> None:
    one = chat()
    save(store, one, chat(14))
    assert store.collecting(START) == ()
    opened_one, _ = opened(store)
    assert [due.stored.chat.id for due in store.collecting(START)] == [opened_one.id]
    closes = one.ends_at + series().late + CLOSING
    assert [due.swept for due in store.collecting(closes - timedelta(microseconds=1))] == [{}]
    assert store.collecting(closes) == ()
    store.swept(one.id, "sky", START)
    store.swept(one.id, "sky", START + timedelta(minutes=2))
    store.swept(one.id, "masto", START)
    assert [due.swept for due in store.collecting(START)] == [{"sky": START + timedelta(minutes=2), "masto": START}]


def test_cursors_are_kept_by_account_and_stream(store: SqlStore) -> None:
    assert store.cursor("sky", "notifications") == ""
    store.save_cursor("sky", "notifications", "7")
    store.save_cursor("sky", "notifications", "8")
    store.save_cursor("masto", "notifications", "9")
    assert (store.cursor("sky", "notifications"), store.cursor("masto", "notifications")) == ("8", "9")
    assert store.cursor("sky", "other") == ""


def test_several_cursors_at_once(store: SqlStore) -> None:
    assert store.cursors("sky", ("one", "two")) == {}
    store.save_cursor("sky", "one", "7")
    store.save_cursor("sky", "two", "8")
    store.save_cursor("sky", "three", "")
    store.save_cursor("toot", "four", "9")
    assert store.cursors("sky", ("one", "three", "four", "five")) == {"one": "7"}
    assert store.cursors("sky", ()) == {}


def test_wishes_are_events(store: SqlStore) -> None:
    key = store.key("bluesky", "did:plc:amy")
    first, second = Wish("joined", "edchat", START), Wish("stopped", "", END)
    store.add_wish(key, second, "a reply")
    store.add_wish(key, first, "a reply")
    store.add_wish(key, first, "a reply seen again")
    assert store.wishes([key, "f" * 24]) == {key: (first, second), "f" * 24: ()}
    assert store.wishes([]) == {}


KINDS = st.sampled_from(["shown", "held", "bare", "gone"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 3), KINDS, st.integers(0, 2)), min_size=1, max_size=12))
def test_whatever_happens_the_last_word_counts_and_the_revision_tells(
    store: SqlStore, steps: list[tuple[int, str, int]]
) -> None:
    one = chat()
    save(store, one)
    store.bury([candidate(store, one.id, f"p{number}").key for number in range(4)], NOW)
    expected: dict[str, str] = {}
    for number, kind, version in steps:
        found = candidate(store, one.id, f"p{number}", text=RichText(f"p{number} v{version}"))
        before = text_of(store, one.id), revision(store, one.id)
        expected.pop(found.key, None)
        if kind == "gone":
            store.bury([found.key], NOW)
        elif kind == "shown":
            store.upsert([found], NOW)
            expected[found.key] = f"p{number} v{version}"
        else:
            store.upsert([but(found, store=kind == "held", hold=kind == "held", why="x")], NOW)
        assert sorted(text_of(store, one.id)) == sorted(expected.values())
        if before[0] != text_of(store, one.id):
            assert revision(store, one.id) > before[1]
    # What an earlier example left behind is taken away, so that each begins with nothing shown.
    store.bury(list(expected), NOW)
