"""END MY BADGES: whose badges end, and that a badge made since does not."""

import pytest
from services.request_room import AMY, BEN, US, Room, empty, make, room

from bot.domain.badges import Badge
from bot.domain.posts import Account, handle_id
from bot.domain.richtext import Mention, whole

__all__ = ["empty", "make", "room"]  # fixtures


def give(room: Room, who: Account, number: int) -> None:
    keys = tuple(room.store.key("bluesky", one) for one in (who.id, handle_id(who.handle)))
    assert room.store.add_badge(Badge(number, keys))


def revoked(room: Room) -> list[int]:
    return [one.number for one in room.store.badges() if one.revoked]


def likes(room: Room) -> int:
    return len(room.errands("like"))


@pytest.fixture
def holders(room: Room) -> Room:
    for number, who in enumerate((AMY, AMY, BEN)):
        give(room, who, number)
    return room


@pytest.mark.parametrize("to", ["", "-"])
def test_ones_own_badges_end_and_nobody_elses(holders: Room, to: str) -> None:
    assert holders.hear(holders.post(AMY, *(() if not to else (US, " ")), "END MY BADGES", to=to)) == 1
    assert (revoked(holders), likes(holders)) == ([0, 1], 1)
    assert [one for one in holders.errands() if one.kind != "like"] == [], "nobody is written to"


def test_met_again_it_ends_no_badge_that_was_made_since(holders: Room) -> None:
    said = holders.post(AMY, "END MY BADGES", minute=20)
    assert (holders.hear(said), holders.hear(said)) == (1, 0)
    give(holders, AMY, 7)
    assert (holders.hear(said), revoked(holders)) == (0, [0, 1])
    assert holders.hear(holders.post(AMY, "end my badge, please!", minute=19)) == 0
    assert revoked(holders) == [0, 1]
    assert holders.hear(holders.post(AMY, "end my badge, please!", minute=21)) == 1
    assert revoked(holders) == [0, 1, 7]


@pytest.mark.parametrize("first", ["REMOVE ME", "END MY BADGES"])
def test_before_or_after_leaving_it_is_the_same(holders: Room, first: str) -> None:
    (second,) = {"REMOVE ME", "END MY BADGES"} - {first}
    holders.hear(holders.post(AMY, first, minute=20))
    assert revoked(holders) == ([] if first == "REMOVE ME" else [0, 1]), "badges outlive leaving"
    holders.hear(holders.post(AMY, second, minute=21))
    assert (revoked(holders), holders.wishes()) == ([0, 1], [("stopped", "")])


def test_who_has_none_is_understood(room: Room) -> None:
    assert (room.hear(room.post(AMY, "REVOKE MY BADGES")), likes(room)) == (0, 1)


def test_a_new_owner_of_a_handle_ends_nobodys(holders: Room) -> None:
    other = Account("bluesky", "did:plc:somebody", AMY.handle, "Somebody")
    assert (holders.hear(holders.post(other, "END MY BADGES")), revoked(holders)) == (0, [])


def test_said_to_somebody_else_it_is_nothing(holders: Room) -> None:
    ben = whole("@ben.bsky.social", Mention(BEN.id, "ben.bsky.social"))
    assert (holders.hear(holders.post(AMY, ben, " END MY BADGES")), likes(holders)) == (0, 0)
    assert revoked(holders) == []
