"""What a wish does at once, and how people are called. Over SQLite and PostgreSQL."""

from datetime import datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest
from contract.store_world import (
    LEASE,
    SECRET,
    START,
    TRACES,
    WHO,
    candidate,
    chat,
    database_url,
    digest_of,
    draft,
    everything,
    opened,
    parts,
    planted,
    revision,
    same_revision,
    save,
    sent,
    series,
    store,
    teacher,
    traces,
)

from bot.domain.consent import Wish, WishKind
from bot.domain.posts import handle_id
from bot.domain.records import Candidate, Placed
from bot.errors import LeaseLost
from bot.ports import Person
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
HOUR = timedelta(hours=1)
REST = tuple(trace for trace in TRACES if trace != "a desk")  # what nobody else's post holds


@pytest.fixture
def who(store: SqlStore) -> str:
    return store.key("bluesky", WHO.id)


@pytest.fixture(params=["id", "handle"])
def either(request: pytest.FixtureRequest, store: SqlStore) -> str:
    """The key of WHO's id, or of the handle where only that was known."""
    return store.key("bluesky", WHO.id if request.param == "id" else handle_id(f"@{WHO.handle}"))


def wish(store: SqlStore, key: str, kind: WishKind, at: datetime = NOW, of: str = "") -> None:
    store.add_wish(key, Wish(kind, of, at), "a reply")


def state(store: SqlStore, delivery: str) -> tuple[str, int]:
    found = next(each for each in store.deliveries() if each.id == delivery)
    return found.state, len(found.parts)


def frozen(store: SqlStore, *answers: Candidate) -> str:
    """A digest whose text is fixed and has not left; it repeats the last of these."""
    delivery, _ = digest_of(store, NOW, *(each.key for each in answers))
    store.freeze(delivery, "me", draft("root", SECRET, answer=answers[-1].key), parts("root", SECRET))
    return delivery


def test_leaving_erases_at_once_under_either_key(store: SqlStore, database_url: str, either: str) -> None:
    one, root = opened(store)
    found, other = planted(store, one.id, root), candidate(store, one.id, "other", root, author=teacher("ben"))
    store.upsert([found, other], NOW)
    assert not same_revision(store, one.id, lambda: wish(store, either, "stopped"))
    assert [trace for trace in traces(store, database_url) if trace in REST] == []
    assert [each.key for each in store.content(one.id).answers] == [other.key]


def test_a_wish_under_one_key_is_weighed_with_those_under_the_other(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    store.upsert([planted(store, one.id, root)], NOW)
    wish(store, who, "joined", NOW + HOUR)
    wish(store, store.key("bluesky", handle_id(WHO.handle)), "stopped", NOW)
    assert len(store.content(one.id).answers) == 1


def test_waiting_holds_at_once_and_joining_lets_go(store: SqlStore, either: str) -> None:
    one, root = opened(store)
    plain = planted(store, one.id, root)
    photo = candidate(store, one.id, "photo", root, author=WHO, hold=True, held="photo")
    other = candidate(store, one.id, "other", root, author=teacher("ben"))
    store.upsert([plain, photo, other], NOW)
    store.place(one.id, {plain.key: [Placed(f"{one.id}/q1", "reply")]})

    def held() -> dict[str, tuple[str, ...]]:
        return {each.key: each.reasons for each in store.held()}

    assert not same_revision(store, one.id, lambda: wish(store, either, "paused"))
    assert held() == {plain.key: ("asked",), photo.key: ("photo", "asked")}
    assert [each.key for each in store.content(one.id).answers] == [other.key]
    assert same_revision(store, one.id, lambda: wish(store, either, "paused", NOW + HOUR))
    assert not same_revision(store, one.id, lambda: wish(store, either, "joined", NOW + 2 * HOUR))
    assert held() == {photo.key: ("photo",)}
    assert {each.key: each.placed for each in store.content(one.id).answers} == {
        plain.key: (Placed(f"{one.id}/q1", "reply"),),
        other.key: (),
    }
    wish(store, either, "paused", NOW)  # an older one, read later
    assert held() == {photo.key: ("photo",)}


def test_waiting_in_one_series_holds_there_alone(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    other = chat(slug="other")
    save(store, other, of=series("other"))
    here = planted(store, one.id, root)
    store.upsert([here, msgspec.structs.replace(here, chat=other.id)], NOW)
    wish(store, who, "paused", of="edchat")
    assert (len(store.content(one.id).answers), len(store.content(other.id).answers)) == (0, 1)


def test_a_hold_without_a_reason_is_never_let_go_by_a_wish(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    store.upsert([planted(store, one.id, root, hold=True)], NOW)
    wish(store, who, "paused")
    wish(store, who, "joined", NOW + HOUR)
    assert [each.reasons for each in store.held()] == [()]


def test_what_was_held_by_a_wish_is_compared_anew(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    found = planted(store, one.id, root)
    store.upsert([found], NOW)
    wish(store, who, "paused")
    store.upsert([msgspec.structs.replace(found, why="joined")], NOW)
    assert store.held() == ()


@pytest.mark.parametrize("kind", ["paused", "initials", "nameless", "named"])
def test_a_digest_that_has_not_left_is_composed_anew(store: SqlStore, who: str, kind: WishKind) -> None:
    one, root = opened(store)
    found = planted(store, one.id, root)
    store.upsert([found], NOW)
    delivery = frozen(store, found)
    wish(store, who, kind)
    assert state(store, delivery) == ("planned", 0)
    assert SECRET * 2 not in everything(store)
    assert len(store.content(one.id).picks) == (0 if kind == "paused" else 1)
    with pytest.raises(LeaseLost):
        store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)


@pytest.mark.parametrize("kind", ["paused", "initials", "nameless"])
def test_a_digest_that_is_being_composed_is_begun_again(store: SqlStore, who: str, kind: WishKind) -> None:
    one, root = opened(store)
    found = planted(store, one.id, root)
    store.upsert([found], NOW)
    delivery, _ = digest_of(store, NOW, found.key)
    wish(store, who, kind)
    with pytest.raises(LeaseLost):
        store.freeze(delivery, "me", draft("root", SECRET, answer=found.key), parts("root", SECRET))


def test_an_answer_that_comes_to_be_held_leaves_a_digest_that_has_not_left(store: SqlStore) -> None:
    one, root = opened(store)
    found = planted(store, one.id, root)
    store.upsert([found], NOW)
    delivery = frozen(store, found)
    store.upsert([msgspec.structs.replace(found, hold=True, held="hidden")], NOW)
    assert state(store, delivery) == ("planned", 0)
    assert [each.reasons for each in store.held()] == [("hidden",)]


def test_leaving_one_series_takes_the_words_out_of_its_digest(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    other = chat(slug="other")
    save(store, other, of=series("other"))
    here = planted(store, one.id, root)
    store.upsert([here, msgspec.structs.replace(here, chat=other.id)], NOW)
    delivery = frozen(store, here)
    wish(store, who, "stopped", of="edchat")
    assert state(store, delivery) == ("planned", 0)
    assert len(store.content(other.id).answers) == 1


def test_leaving_one_series_takes_the_words_out_of_what_its_digest_said(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    other = chat(slug="other")
    save(store, other, of=series("other"))
    here = planted(store, one.id, root, at=NOW)
    store.upsert([here, msgspec.structs.replace(here, chat=other.id)], NOW)
    delivery = frozen(store, here)
    store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    store.landed(delivery, "me", [sent("sky", delivery, at) for at in (0, 1)], NOW)
    wish(store, who, "stopped", of="edchat")
    (out,) = [each for each in store.deliveries() if each.id == delivery]
    assert [part.payload for part in out.parts] == ["root", ""]


@pytest.mark.parametrize("kind", ["initials", "nameless", "named", "listed", "unlisted"])
def test_how_one_is_called_makes_pages_anew_and_erases_nothing(store: SqlStore, who: str, kind: WishKind) -> None:
    one, root = opened(store)
    other = chat(14)
    save(store, one, other, now=NOW)
    store.upsert([planted(store, one.id, root), candidate(store, other.id, "b")], NOW)
    elsewhere = revision(store, other.id)
    assert not same_revision(store, one.id, lambda: wish(store, who, kind))
    assert revision(store, other.id) == elsewhere
    assert len(store.content(one.id).answers) == 1
    assert same_revision(store, one.id, lambda: wish(store, store.key("bluesky", "did:plc:nobody"), kind))


@pytest.mark.parametrize("kind", ["record", "research", "noresearch"])
def test_what_changes_no_page_leaves_all_as_it_was(store: SqlStore, who: str, kind: WishKind) -> None:
    one, root = opened(store)
    store.upsert([planted(store, one.id, root)], NOW)
    before = store.content(one.id)
    assert same_revision(store, one.id, lambda: wish(store, who, kind))
    assert store.content(one.id) == before
    assert [each.kind for each in store.wishes([who])[who]] == [kind]


def test_every_kind_of_wish_fits_and_is_remembered(store: SqlStore, who: str) -> None:
    for number, kind in enumerate(get_args(WishKind)):
        wish(store, who, kind, NOW + timedelta(seconds=number))
        wish(store, who, kind, NOW + timedelta(seconds=number))
    assert [each.kind for each in store.wishes([who])[who]] == list(get_args(WishKind))


def called(store: SqlStore, of: str) -> dict[str, Any]:
    return {each.key: each.post for each in store.content(of).answers}


def test_people_are_shown_as_they_asked(store: SqlStore, either: str) -> None:
    one, root = opened(store)
    found, again = planted(store, one.id, root), candidate(store, one.id, "again", root, author=WHO)
    other = candidate(store, one.id, "other", root, author=teacher("ben"))
    store.upsert([found, again, other], NOW)
    wish(store, either, "initials")
    post = called(store, one.id)[found.key]
    assert (post.author.name, post.author.handle, post.author.url) == ("Q.T.P.", "", "")
    assert post.ref == found.post.ref
    wish(store, either, "nameless", NOW + HOUR)
    shown = called(store, one.id)
    post = shown[found.key]
    assert (post.author.name, post.author.handle, post.ref.url, post.uri) == ("", "", "", "")
    assert post.at == START
    assert post.text == found.post.text
    assert post.author.id == shown[again.key].author.id  # one person's answers are one person's
    assert shown[other.key] == other.post
    assert not any(trace in repr((post, shown[again.key])) for trace in REST[1:])
    wish(store, either, "named", NOW + 2 * HOUR)
    assert called(store, one.id)[found.key] == found.post


def test_answers_stand_in_the_order_of_the_times_that_are_shown(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    early = candidate(store, one.id, "early", root, at=START + timedelta(minutes=1))
    late = planted(store, one.id, root, at=START + timedelta(minutes=9))
    store.upsert([early, late], NOW)
    assert list(called(store, one.id)) == [early.key, late.key]
    wish(store, who, "nameless")
    assert list(called(store, one.id)) == [late.key, early.key]


def test_an_alias_is_another_one_in_each_chat(store: SqlStore, who: str) -> None:
    one, two = chat(7), chat(14)
    save(store, one, two)
    batch = [planted(store, one.id, ""), candidate(store, two.id, "b", author=WHO)]
    store.upsert(batch, NOW)
    wish(store, who, "nameless")
    aliases = {post.author.id for of in (one.id, two.id) for post in called(store, of).values()}
    assert len(aliases) == 2
    assert all(alias.startswith("person-") and len(alias) == 15 for alias in aliases)
    assert not any(alias.removeprefix("person-") in who for alias in aliases)


def test_all_that_is_kept_about_a_person(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    later = chat(14)
    save(store, one, later, now=NOW)
    found = planted(store, one.id, root)
    held = candidate(store, one.id, "held", root, author=WHO, hold=True, held="photo", at=NOW)
    store.upsert([held, found, msgspec.structs.replace(found, chat=later.id)], NOW)
    store.upsert([candidate(store, one.id, "other", root)], NOW)
    wish(store, who, "named", NOW)
    wish(store, store.key("bluesky", handle_id(WHO.handle)), "joined", NOW - HOUR)
    assert store.person(who) == Person(
        account=WHO,
        posts=((one.id, found.post), (later.id, found.post), (one.id, held.post)),
        wishes=(Wish("joined", "", NOW - HOUR), Wish("named", "", NOW)),
    )
    wish(store, who, "stopped", NOW + HOUR)
    assert store.person(who) is None


def test_whose_answers_are_which(store: SqlStore, who: str) -> None:
    one, root = opened(store)
    early = planted(store, one.id, root)
    late = candidate(store, one.id, "late", root, author=WHO, at=NOW)
    other = candidate(store, one.id, "other", root)
    bare = candidate(store, one.id, "bare", root, author=WHO, store=False, why="noarchive")
    store.upsert([early, late, other, bare], NOW)
    assert store.answers_of(who, one.id) == (late.key, early.key)
    assert store.answers_of(who, "edchat/none") == ()
    assert [store.author_of(each.key) for each in (early, other, bare)] == [
        who,
        store.key("bluesky", "did:plc:amy"),
        "",
    ]
    assert store.author_of("0" * 24) == ""


def test_removed_by_its_author_is_gone_from_every_chat(store: SqlStore, database_url: str) -> None:
    one, root = opened(store)
    other = chat(slug="other")
    save(store, other, of=series("other"))
    here = planted(store, one.id, root)
    store.upsert([here, msgspec.structs.replace(here, chat=other.id)], NOW)
    store.upsert([msgspec.structs.replace(here, store=False, why="removed")], NOW)
    assert traces(store, database_url) == []
    assert store.content(other.id).answers == ()


def test_a_refused_digest_in_doubt_forgets_what_was_erased(store: SqlStore, database_url: str) -> None:
    one, root = opened(store)
    found = planted(store, one.id, root)
    store.upsert([found], NOW)
    delivery = frozen(store, found)
    store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    store.bury([found.key], NOW)
    assert SECRET in everything(store)  # needed to find out what became of it
    store.give_up(delivery, "me", "the thread cannot be read")
    assert traces(store, database_url) == []


def test_words_erased_after_a_digest_was_refused_go_from_it_too(store: SqlStore, database_url: str) -> None:
    one, root = opened(store)
    found = planted(store, one.id, root)
    store.upsert([found], NOW)
    delivery = frozen(store, found)
    store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    store.give_up(delivery, "me", "the thread cannot be read")
    assert SECRET in everything(store)
    store.bury([found.key], NOW)
    assert traces(store, database_url) == []
    assert state(store, delivery)[0] == "refused"


def test_a_text_a_digest_repeats_stays_while_it_is_shown(store: SqlStore) -> None:
    one, root = opened(store)
    found = planted(store, one.id, root)
    store.upsert([found], NOW)
    delivery = frozen(store, found)
    store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    store.landed(delivery, "me", [sent("sky", delivery, at) for at in (0, 1)], NOW)
    (out,) = [each for each in store.deliveries() if each.id == delivery]
    assert [part.payload for part in out.parts] == ["root", SECRET]
