"""Who leaves is taken out of what others said. Over SQLite and PostgreSQL."""

from datetime import timedelta

import msgspec
import pytest
from contract.store_world import (
    LEASE,
    START,
    candidate,
    database_url,
    digest_of,
    draft,
    everything,
    opened,
    parts,
    revision,
    same_revision,
    sent,
    store,
    teacher,
)

from bot.domain.mentions import UNNAMED
from bot.domain.posts import Account, NetworkName, PostRef
from bot.domain.records import Candidate
from bot.domain.richtext import Facet, Link, Mention, RichText
from bot.ports import Stored
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]

NOW = START + timedelta(minutes=30)
SKY = Account("bluesky", "did:plc:zq", "zq_40%.example.org", "Z Q")
TOOT = Account("mastodon", "https://school.example/users/zq", "@Zq@school.example", "Z Q")
UML = Account("mastodon", "https://school.example/users/x", "@Ämy@school.example", "Ä")
BEN = Account("mastodon", "https://else.example/users/ben", "@ben@else.example", "Ben")
DAN = Account("mastodon", "https://school.example/users/dan", "@dan@school.example", "Dan")


def says(store: SqlStore, place: tuple[str, str], name: str, text: str | RichText, by: Account) -> Candidate:
    """A post on its author's network, read on the server ``else.example``."""
    of, root = place
    found = candidate(store, of, name, root, author=by, text=RichText(text) if isinstance(text, str) else text)
    if by.network == "bluesky":
        return found
    ref = PostRef("mastodon", f"else.example/{name}", url=f"https://else.example/{name}")
    return msgspec.structs.replace(
        found, key=store.key("mastodon", ref.id), post=msgspec.structs.replace(found.post, ref=ref)
    )


def facet(text: str, words: str, mention: Mention) -> RichText:
    start = len(text[: text.index(words)].encode())
    return RichText(text, (Facet(start, start + len(words.encode()), mention),))


def texts(store: SqlStore, of: str) -> dict[str, str]:
    return {each.key: each.post.text.text for each in store.content(of).answers}


CASES = [
    (SKY, "ask @zq_40%.example.org!", False),  # % is in no handle: those words say @zq_40
    (SKY, facet("ask @me now", "@me", Mention("did:plc:zq", "me")), True),
    (SKY, facet("ask @me now", "@me", Mention("did:plc:zqq", "me")), False),
    (SKY, facet("ask @me now", "@me", Mention("", "ZQ_40%.example.org")), True),
    (SKY, facet("ask @me now", "@me", Mention("", "zqx40%.example.org")), False),
    (SKY, "zq_40%.example.org without a sign", False),
    (TOOT, "thanks @ZQ@School.Example.", True),
    (TOOT, "thanks @zq@other.example", False),
    (TOOT, "thanks zq@school.example", False),
    (TOOT, facet("thanks @zq", "@zq", Mention("", "@zq@school.example")), True),
    (TOOT, facet("thanks @zq", "@zq", Mention(TOOT.id, "zq")), True),
    (TOOT, facet("thanks @zq", "@zq", Mention("", "@zq@else.example")), False),
    (TOOT, "thanks @zqx@school.example and @zq_", False),
    (UML, "thanks @ÄMY@school.example", True),
    (UML, "thanks @ämy@school.example", True),
    (
        TOOT,
        facet("see school.example/users/zq", "school.example/users/zq", Link("https://school.example/users/zq")),
        False,
    ),
]


@pytest.mark.parametrize(("account", "text", "goes"), CASES)
def test_a_mention_goes_from_what_another_said(
    store: SqlStore, account: Account, text: str | RichText, goes: bool
) -> None:
    one, root = opened(store)
    by = teacher("ben") if account.network == "bluesky" else BEN
    found = says(store, (one.id, root), "other", text, by)
    store.upsert([found], NOW)
    before = revision(store, one.id)
    assert store.unname(account) == int(goes)
    (after,) = texts(store, one.id).values()
    assert (after != found.post.text.text) == goes
    assert (UNNAMED in after) == goes
    assert (revision(store, one.id) > before) == goes
    assert store.unname(account) == 0


@pytest.mark.parametrize(("by", "goes"), [(DAN, True), (BEN, False)])
def test_a_handle_without_a_server_is_one_on_the_server_where_it_was_said(
    store: SqlStore, by: Account, goes: bool
) -> None:
    one, root = opened(store)
    store.upsert([says(store, (one.id, root), "other", "thanks @zq", by)], NOW)
    assert store.unname(TOOT) == int(goes)


def test_the_same_words_seen_again_come_only_as_the_door_lets_them_in(store: SqlStore) -> None:
    one, root = opened(store)
    own = says(store, (one.id, root), "own", "I am @zq@school.example", TOOT)
    other = says(store, (one.id, root), "other", "thanks @zq@school.example, @dan@school.example", BEN)
    store.upsert([own, other], NOW)
    assert store.unname(TOOT) == 1
    cleaned = f"thanks {UNNAMED}, @dan@school.example"
    assert texts(store, one.id) == {own.key: own.post.text.text, other.key: cleaned}
    # What the door now gives is compared anew, and found to be just what is stored.
    unnamed = msgspec.structs.replace(other, post=msgspec.structs.replace(other.post, text=RichText(cleaned)))
    assert same_revision(store, one.id, lambda: store.upsert([unnamed], NOW))
    assert store.upsert([unnamed], NOW) == Stored(0, 0)
    assert texts(store, one.id)[other.key] == cleaned


def test_who_comes_back_is_named_again_by_the_next_sweep(store: SqlStore) -> None:
    one, root = opened(store)
    other = says(store, (one.id, root), "other", "thanks @zq@school.example", BEN)
    store.upsert([other], NOW)
    store.unname(TOOT)
    assert store.upsert([other], NOW) == Stored(0, 1)
    assert texts(store, one.id) == {other.key: other.post.text.text}


def test_other_networks_are_left_alone(store: SqlStore) -> None:
    one, root = opened(store)
    store.upsert([says(store, (one.id, root), "other", "thanks @zq@school.example", teacher("ben"))], NOW)
    assert store.unname(TOOT) == 0


WORDS = "thanks @zq@school.example"


def digest(store: SqlStore, network: NetworkName = "mastodon") -> str:
    assert network == "mastodon"
    one, root = opened(store)
    other = says(store, (one.id, root), "other", WORDS, BEN)
    store.upsert([other], NOW)
    delivery, _ = digest_of(store, NOW, other.key)
    store.freeze(delivery, "me", draft("root", WORDS, answer=other.key), parts("root", WORDS))
    return delivery


def payloads(store: SqlStore, delivery: str) -> list[str]:
    (found,) = [each for each in store.deliveries() if each.id == delivery]
    return [part.payload for part in found.parts]


def test_a_digest_that_has_not_left_is_composed_anew(store: SqlStore) -> None:
    delivery = digest(store)
    store.unname(TOOT)
    assert payloads(store, delivery) == []
    assert "zq" not in everything(store)
    again = store.claim("sky", "me", NOW, NOW + LEASE)
    assert again is not None
    assert (again.id, again.state) == (delivery, "planned")
    assert len(store.content(again.chat).picks) == 1  # the answer may still be shown


def test_a_digest_that_is_out_loses_the_words_in_our_copy(store: SqlStore) -> None:
    delivery = digest(store)
    store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    store.landed(delivery, "me", [sent("sky", delivery, at) for at in (0, 1)], NOW)
    store.unname(TOOT)
    assert payloads(store, delivery) == ["root", ""]
    assert "zq" not in everything(store)
    ((account, _, ref),) = store.outlived()  # so the post itself is taken back
    assert (account, ref.id) == ("sky", f"{delivery}#1")


@pytest.mark.parametrize("landed", [True, False])
def test_a_digest_in_doubt_loses_them_once_that_is_known(store: SqlStore, landed: bool) -> None:
    delivery = digest(store)
    store.leaving(delivery, "me", [0, 1], NOW, NOW + LEASE)
    store.unname(TOOT)
    assert payloads(store, delivery) == ["root", WORDS]  # needed to find out what became of it
    if landed:
        store.landed(delivery, "me", [sent("sky", delivery, at) for at in (0, 1)], NOW)
    else:
        store.not_landed(delivery, "me", [0, 1])
    assert payloads(store, delivery) == (["root", ""] if landed else [])
    assert "zq" not in everything(store)
