"""I AM ALSO, I AM NOT, ONLY THIS ACCOUNT: whose a handle is, its network tells; one like, and nobody is told."""

from datetime import timedelta
from typing import Any

import pytest
from contract.store_world import END, START, save, series
from services.request_room import AMY, BEN, LATER, US, Room, empty, make, person, phrase, room

from bot.domain.commandwords import PHRASES
from bot.domain.posts import Account, Post, PostRef, Signals
from bot.domain.richtext import Link, Mention, RichText, whole
from bot.errors import Unavailable
from bot.services.door import Request
from bot.services.errands import run_errands
from bot.services.linked import Other, others_of
from bot.services.requests import attend

__all__ = ["empty", "make", "room"]  # fixtures

BOTH: Any = {"sky": "bluesky", "masto": "mastodon"}
AMY_THERE = Account("mastodon", "https://m.example/users/amy", "@amy@m.example", "Amy")


class Network:
    """One account's network: knows accounts by handle or id."""

    def __init__(self, account: str, *known: Account) -> None:
        self.account, self.known, self.down = account, known, False

    def account_called(self, handle: str) -> Account | None:
        if self.down:
            raise Unavailable("down")
        return next((one for one in self.known if handle.lstrip("@") in (one.id, one.handle.lstrip("@"))), None)

    def like(self, ref: PostRef) -> None:
        pass

    def answer(self, *words: Any) -> None:
        pass


def from_there(room: Room, named: str, *, minute: float = 12) -> int:
    """Let Amy's other account say it in a private message."""
    text = RichText(f"I AM ALSO {named}")
    post = Post(PostRef("mastodon", f"m.example/{minute}"), AMY_THERE, text, START + timedelta(minutes=minute))
    key = room.store.key("mastodon", post.ref.id)
    request = Request("also", post, key, "", "", in_thread=False, account="masto", named=named)
    return attend(room.store, [request], BOTH, LATER, phrase)


def hear(room: Room, *posts: Post) -> int:
    return room.hear(*posts, accounts=BOTH)


def run(room: Room, *networks: Network) -> None:
    for network in networks or (Network("sky", AMY, BEN), Network("masto", AMY_THERE)):
        run_errands(room.store, network, LATER)  # type: ignore[arg-type]


def linked(room: Room) -> set[frozenset[str]]:
    return {frozenset(keys) for keys in room.store.persons().values()}


def keys(room: Room, *who: Account) -> set[frozenset[str]]:
    return {frozenset(room.store.key(one.network, one.id) for one in who)}


@pytest.mark.parametrize("named", ["@amy@m.example", "amy@m.example", "https://m.example/@amy"])
def test_both_say_it_across_networks_and_are_liked_and_nobody_is_told(room: Room, named: str) -> None:
    asking = room.post(AMY, f"I AM ALSO {named}")
    hear(room, asking)
    assert [(one.kind, one.to) for one in room.errands()] == [("like", "")]
    assert [(one.kind, one.to) for one in room.store.errands("masto", LATER, 9)] == [("identify", "@amy@m.example")]
    assert (room.shown(), room.kept()) == (set(), {})
    run(room)
    assert linked(room) == set()
    assert from_there(room, "amy.bsky.social") == 0
    run(room)
    assert linked(room) == keys(room, AMY, AMY_THERE)
    hear(room, asking)  # met again
    assert [room.store.errands(one, LATER, 9) for one in BOTH] == [(), ()]


@pytest.mark.parametrize("language", PHRASES)
def test_two_accounts_of_one_network_say_it_in_each_language(room: Room, language: str) -> None:
    also, no_more = (PHRASES[language][one][0].upper() for one in ("also", "not-also"))
    save(room.store, room.chat, of=series(languages=(language,)))
    hear(room, room.post(AMY, whole("@ben", Mention(BEN.id, "ben.bsky.social")), f" {also}"))
    hear(room, room.post(BEN, f"{also} ", whole("amy.bsky.social", Link("https://amy.bsky.social")), minute=11))
    assert [one.kind for one in room.errands()] == ["identify", "identify", "like", "like"]
    run(room)
    assert linked(room) == keys(room, AMY, BEN)
    assert hear(room, room.post(BEN, f"{no_more} @amy.bsky.social", minute=12)) == 1
    assert (linked(room), [one.kind for one in room.errands()]) == (set(), ["like"])


def both(room: Room) -> None:
    hear(room, room.post(AMY, "I AM ALSO @ben.bsky.social"), room.post(BEN, "I AM ALSO @amy.bsky.social", minute=11))
    run(room)
    assert linked(room) == keys(room, AMY, BEN)


@pytest.mark.parametrize("said", ["I AM NOT @ben.bsky.social", "I AM NOT did:plc:ben", "ONLY THIS ACCOUNT"])
def test_either_side_ends_it_at_once_without_asking_anybody(room: Room, said: str) -> None:
    both(room)
    ending = room.post(AMY, said, minute=20)
    assert (hear(room, ending), linked(room), hear(room, ending)) == (1, set(), 0)
    assert {one.kind for one in room.errands()} == {"like"}


def test_who_is_called_otherwise_by_now_is_found_out_to_end_it(room: Room) -> None:
    both(room)
    renamed = Account("bluesky", BEN.id, "benjamin.example", "Ben")
    assert hear(room, room.post(AMY, "I AM NOT @benjamin.example", minute=20)) == 0
    run(room, Network("sky", renamed))
    assert linked(room) == set()


def test_a_handle_that_changed_hands_links_nobody(room: Room) -> None:
    """Amy means Ben; whoever has his handle afterwards was not meant."""
    hear(room, room.post(AMY, "I AM ALSO @ben.bsky.social"))
    run(room)
    thief = Account("bluesky", "did:plc:thief", BEN.handle, "Ben")
    hear(room, room.post(thief, "I AM ALSO @amy.bsky.social", minute=20))
    run(room)
    assert linked(room) == set()
    hear(room, room.post(BEN, "I AM ALSO @amy.bsky.social", minute=25))
    run(room)
    assert linked(room) == keys(room, AMY, BEN)


def test_one_side_alone_or_a_month_later_is_nothing(room: Room) -> None:
    hear(room, room.post(AMY, "I AM ALSO @ben.bsky.social"))
    run(room)
    mine = room.store.key("bluesky", AMY.id)
    room.hear(room.post(AMY, "an answer"))
    room.hear(room.post(BEN, "another"))
    assert others_of(room.store, mine, LATER) == (Other(BEN, START + timedelta(minutes=10), confirmed=False),)
    assert others_of(room.store, room.store.key("bluesky", BEN.id), LATER) == ()
    late = room.post(BEN, "I AM ALSO @amy.bsky.social", minute=31 * 24 * 60)
    room.hear(late, now=END + timedelta(days=31))
    run_errands(room.store, Network("sky", AMY, BEN), END + timedelta(days=31))  # type: ignore[arg-type]
    assert linked(room) == set()
    assert others_of(room.store, mine, END + timedelta(days=31)) == ()


def test_what_is_linked_is_told_to_its_owner_through_a_third_account_too(room: Room) -> None:
    both(room)
    hear(room, room.post(BEN, "I AM ALSO @amy@m.example", minute=13))
    from_there(room, "ben.bsky.social", minute=15)
    run(room)
    room.hear(room.post(BEN, "an answer"))
    found = others_of(room.store, room.store.key("bluesky", AMY.id), LATER)
    at = {minute: START + timedelta(minutes=minute) for minute in (11, 15)}
    assert set(found) == {Other(BEN, at[11], confirmed=True), Other(None, at[15], confirmed=True)}


@pytest.mark.parametrize(
    "said",
    [
        "I AM ALSO @ben",  # where?
        "I AM ALSO @ben@m.example",  # where we have no account: nobody could say so to us
    ],
)
def test_what_cannot_be_found_out_is_answered_once(room: Room, said: str) -> None:
    room.hear(room.post(AMY, said), room.post(AMY, said, minute=11))
    assert [(one.kind, one.to) for one in room.errands()] == [("answer", "amy.bsky.social")]


def test_said_to_somebody_else_it_is_nothing(room: Room) -> None:
    top = room.post(BEN, "an answer")
    hear(room, top)
    hear(room, room.post(AMY, "I AM ALSO @ben.bsky.social", to=top.ref.id))
    hear(room, room.post(AMY, "only this account", to=top.ref.id, minute=12))
    assert (room.errands(), room.store.claims()) == ([], ())


def test_a_bridges_copy_says_nothing_for_the_one_it_copies_and_is_nobody(room: Room) -> None:
    copied = Account("bluesky", "did:plc:copy", "amy.m.example.ap.brid.gy", "Amy", signals=Signals(bridged=True))
    hear(room, room.post(copied, "I AM ALSO @ben.bsky.social"))
    hear(room, room.post(BEN, "I AM ALSO @ben.bsky.social", minute=11, original="https://m.example/@ben/1"))
    assert [one.kind for one in room.errands()] == ["answer", "answer"]
    hear(room, room.post(BEN, "I AM ALSO @amy.m.example.ap.brid.gy", minute=12))
    run(room, Network("sky", copied))
    assert room.store.claims() == ()


def test_a_network_that_is_down_is_asked_again_and_who_left_meanwhile_is_not_linked(room: Room) -> None:
    hear(room, room.post(AMY, "I AM ALSO @ben.bsky.social"), room.post(BEN, "I AM ALSO @amy.bsky.social", minute=11))
    down = Network("sky", AMY, BEN)
    down.down = True
    run(room, down)
    assert room.store.claims() == ()
    hear(room, room.post(BEN, "REMOVE ME", minute=20))
    run_errands(room.store, Network("sky", AMY, BEN), LATER + timedelta(hours=1))  # type: ignore[arg-type]
    assert (room.store.claims(), linked(room)) == ((), set())


def test_leaving_from_one_account_leaves_the_other_one_as_it_is(room: Room) -> None:
    hear(room, room.post(AMY, "of amy"), room.post(BEN, "of ben"), room.post(BEN, "INITIALS ONLY"))
    both(room)
    hear(room, room.post(AMY, "REMOVE ME", minute=30))
    assert (room.shown(), linked(room), room.wishes(BEN)) == ({"of ben"}, set(), [("initials", "")])


def test_we_are_nobodys_other_account(room: Room) -> None:
    hear(room, room.post(AMY, US, " I AM ALSO", to="-"), room.post(person("dot"), "I AM ALSO"))
    assert [one.kind for one in room.errands()] == []
