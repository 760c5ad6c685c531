"""Whom REMIND ME and FORGET IT mean: one's own #tryit, the nearest, and nobody else's."""

from datetime import timedelta

import pytest
from contract.store_world import START
from services.request_room import AMY, BEN, LATER, Room, empty, make, room

from bot.domain.consent import Wish, WishKind
from bot.services.door import person_keys
from bot.services.requests import attend

__all__ = ["empty", "make", "room"]  # fixtures

MINUTE = timedelta(minutes=1)


def asked(room: Room) -> list[str]:
    """The words of the answers that somebody is to be asked about."""
    kept = room.kept()
    return sorted(kept[one.answer] for one in room.store.followed("edchat"))


def likes(room: Room) -> int:
    return len(room.errands("like"))


def test_under_our_question_the_latest_before_it_is_meant(room: Room) -> None:
    first, second = room.post(AMY, "one #tryit", minute=10), room.post(AMY, "two #tryit", minute=11)
    room.hear(first, second, room.post(AMY, "no tag", minute=12), room.post(AMY, "three #tryit", minute=30))
    ben = room.post(BEN, "no tag either", minute=13)
    room.hear(ben)
    assert room.hear(room.post(AMY, "REMIND ME", to=ben.ref.id, minute=19)) == 0  # said to Ben
    assert (asked(room), likes(room)) == ([], 0)
    assert room.hear(room.post(AMY, "REMIND ME", minute=20)) == 1
    assert room.hear(room.post(AMY, "Forget it", to=ben.ref.id, minute=20.5)) == 0  # the same
    assert (asked(room), likes(room), room.errands("answer")) == (["two #tryit"], 1, [])
    assert room.hear(room.post(AMY, "remind me, please", to=first.ref.id, minute=21)) == 1
    below = room.post(BEN, "Good luck", to=second.ref.id, minute=22)
    room.hear(below, room.post(AMY, "Forget it", to=below.ref.id, minute=23))
    assert (asked(room), likes(room)) == (["one #tryit"], 3)


def test_without_something_to_try_nothing_is_said(room: Room) -> None:
    other = room.post(BEN, "mine #tryit", minute=9)
    mine = room.post(AMY, "no tag", minute=10)
    room.hear(other, mine)
    requests = [room.post(AMY, "REMIND ME", to=to, minute=20) for to in ("", other.ref.id, mine.ref.id)]
    requests += [room.post(AMY, "FORGET IT", to=to, minute=21) for to in ("", other.ref.id)]
    assert room.hear(*requests) == 0
    assert (asked(room), room.errands()) == ([], [])
    assert set(room.kept().values()) == {"mine #tryit", "no tag"}


def test_what_was_asked_before_leaving_is_not_asked_again_when_somebody_comes_back(room: Room) -> None:
    """A sweep meets the same REMIND ME for as long as it stands there."""
    tries, remind = room.post(AMY, "one #tryit"), room.post(AMY, "REMIND ME", minute=11)
    room.hear(tries, remind)
    room.hear(room.post(AMY, "REMOVE ME", minute=12))
    assert asked(room) == []
    room.hear(room.post(AMY, "KEEP MY ANSWERS", minute=13))
    room.hear(tries, remind)
    assert (list(room.kept().values()), asked(room)) == (["one #tryit"], [])
    room.hear(room.post(AMY, "REMIND ME", minute=14))
    assert asked(room) == ["one #tryit"]


@pytest.mark.parametrize(
    ("kind", "slug", "voids"),
    [
        ("stopped", "", True),
        ("stopped", "edchat", True),
        ("gone", "", True),
        ("stopped", "profchat", False),
        ("initials", "", False),
    ],
)
def test_only_who_left_this_series_since_then_is_not_asked(room: Room, kind: WishKind, slug: str, voids: bool) -> None:
    said = [room.post(AMY, "one #tryit"), room.post(AMY, "REMIND ME", minute=11)]
    for wish in (Wish(kind, slug, START + 12 * MINUTE), Wish("joined", "edchat", START + 13 * MINUTE)):
        for key in person_keys(room.store, AMY):
            room.store.add_wish(key, wish, "test")
    assert room.hear(*said) == (not voids)
    assert asked(room) == ([] if voids else ["one #tryit"])
    assert likes(room) == (not voids)


def test_what_would_have_been_asked_by_now_is_not(room: Room) -> None:
    tries = room.post(AMY, "one #tryit")
    room.hear(tries)
    late = room.alone(room.post(AMY, "REMIND ME", to=tries.ref.id, minute=10 + 21 * 24 * 60), "remind")
    now = START + timedelta(weeks=3, minutes=11)
    assert attend(room.store, [late], {"sky": "bluesky"}, now, lambda key, _: key) == 1
    assert [one.id.partition("/follow-up-")[2][0] for one in room.store.deliveries() if "follow-up" in one.id] == ["2"]
    too_late = START + timedelta(weeks=7)
    ben = room.post(BEN, "mine #tryit")
    room.hear(ben, now=LATER)
    asking = room.alone(room.post(BEN, "REMIND ME", to=ben.ref.id, minute=20), "remind")
    assert attend(room.store, [asking], {"sky": "bluesky"}, too_late, lambda key, _: key) == 0
    assert asked(room) == ["one #tryit"]
    again = room.post(AMY, "REMIND ME", to=tries.ref.id, minute=7 * 7 * 24 * 60)
    assert attend(room.store, [room.alone(again, "remind")], {"sky": "bluesky"}, too_late, lambda key, _: key) == 0
    liked = {one.ref.id for one in room.store.errands("sky", too_late, 100) if one.ref and one.kind == "like"}
    assert liked == {late.post.ref.id, again.ref.id}, "who asked in time is understood, though nothing is to come"


def test_in_a_chat_that_is_cancelled_nobody_is_asked_later(room: Room) -> None:
    room.hear(room.post(AMY, "one #tryit"))
    room.store.cancel(room.chat.id, LATER)
    assert room.hear(room.post(AMY, "REMIND ME", minute=11)) == 0
    assert (asked(room), likes(room)) == ([], 0)


def test_an_account_of_ours_that_cannot_be_used_asks_nobody(room: Room) -> None:
    room.hear(room.post(AMY, "one #tryit"), room.post(AMY, "REMIND ME", minute=11), accounts={})
    assert (asked(room), room.errands()) == ([], [])
