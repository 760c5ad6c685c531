"""I AM COMING under an event's announcement: liked, listed for its hosts, and nothing anywhere else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from contract.store_world import BEFORE, say, series
from contract.test_store_sign_ups import CHAT, EVENT
from services.request_room import AMY, BEN, LATER, Room, empty, make, phrase, room

from bot.domain.prompts import prompts
from bot.domain.schedule import planned_chats
from bot.services.plan import plan
from bot.services.requests import attend

__all__ = ["empty", "make", "room"]  # fixtures

ACCOUNTS: Any = {"sky": "bluesky"}
ANNOUNCED = CHAT.starts_at - timedelta(weeks=3)
NOW = ANNOUNCED + timedelta(hours=2)


@pytest.fixture
def meeting(room: Room) -> Room:
    """A room whose chat is an event that was announced."""
    return announced(room)


def announced(room: Room, **changes: Any) -> Room:
    event = msgspec.structs.replace(EVENT, announce=(timedelta(weeks=3),), **changes)
    one = series(slug="meet", accounts=("sky",), events=(event,))
    plan(room.store, [one], ACCOUNTS, BEFORE)
    (room.chat,) = planned_chats(one)
    room.asked = f"{prompts(one, room.chat)[0].id}@sky"
    room.question = "none"
    for _ in room.store.deliveries("edchat/2027-01-07"):
        room.store.cancel("edchat/2027-01-07", BEFORE)
    say(room.store, room.asked, ANNOUNCED)
    room.asked = f"{room.asked}#0"
    return room


def reply(room: Room, by: Any, words: str, minute: float = 0, **changes: Any) -> Any:
    return room.post(by, words, at=ANNOUNCED + timedelta(minutes=minute), **changes)


def hear(room: Room, *posts: Any, now: Any = NOW) -> int:
    return room.hear(*posts, now=now)


def coming(room: Room) -> list[str]:
    return [one.handle for one in room.store.signed_up(room.chat.id)]


def likes(room: Room) -> int:
    found = room.store.errands("sky", NOW + timedelta(days=90), 100)
    return len([one for one in found if one.kind == "like"])


def answers(room: Room) -> list[str]:
    found = room.store.errands("sky", NOW + timedelta(days=90), 100)
    return [one.text for one in found if one.kind == "answer"]


def test_who_replies_that_they_come_is_listed_liked_and_kept_nowhere_else(meeting: Room) -> None:
    assert hear(meeting, reply(meeting, AMY, "I'm coming, thanks!"), reply(meeting, BEN, "I AM COMING 🎉", 1)) == 2
    assert (coming(meeting), likes(meeting), answers(meeting)) == (["amy.bsky.social", "ben.bsky.social"], 2, [])
    assert meeting.kept() == {}
    assert meeting.store.content(meeting.chat.id).coming == 2
    assert hear(meeting, reply(meeting, AMY, "I am not coming", 5)) == 1
    assert (coming(meeting), likes(meeting)) == (["ben.bsky.social"], 3)


def test_heard_by_a_mention_alone_it_is_understood_by_what_it_replies_to(meeting: Room) -> None:
    request = meeting.alone(reply(meeting, AMY, "I am coming"), "coming")
    assert attend(meeting.store, [request], ACCOUNTS, NOW, phrase) == 1
    elsewhere = meeting.alone(reply(meeting, BEN, "I am coming", to="at://somebody/else"), "coming")
    nowhere = meeting.alone(reply(meeting, BEN, "I am coming", to="-"), "coming")
    assert attend(meeting.store, [elsewhere, nowhere], ACCOUNTS, NOW, phrase) == 0
    assert (coming(meeting), likes(meeting)) == (["amy.bsky.social"], 1)


def test_said_to_another_person_it_means_nothing(meeting: Room) -> None:
    first = reply(meeting, AMY, "I am coming")
    hear(meeting, first, reply(meeting, BEN, "I'm coming", 1, to=first.ref.id))
    assert (coming(meeting), likes(meeting)) == (["amy.bsky.social"], 1)


def test_in_a_chat_it_is_an_answer(room: Room) -> None:
    room.hear(room.post(AMY, "I'm coming"), now=LATER)
    assert list(room.kept().values()) == ["I'm coming"]


@pytest.mark.parametrize("changes", [{"sign_up": False}, {}], ids=["without sign-up", "over"])
def test_where_nobody_signs_up_or_people_met_already_it_means_nothing(room: Room, changes: dict[str, Any]) -> None:
    meeting = announced(room, **changes)
    now = NOW if changes else meeting.chat.ends_at
    assert hear(meeting, reply(meeting, AMY, "I am coming"), now=now) == 0
    assert (coming(meeting), likes(meeting)) == ([], 0)


def test_until_people_met_somebody_may_still_sign_up(meeting: Room) -> None:
    assert hear(meeting, reply(meeting, AMY, "I am coming"), now=meeting.chat.ends_at - timedelta(minutes=1)) == 1


def test_a_cancelled_event_has_no_list(meeting: Room) -> None:
    meeting.store.cancel(meeting.chat.id, NOW)
    assert hear(meeting, reply(meeting, AMY, "I am coming")) == 0
    assert coming(meeting) == []


def test_who_comes_when_all_seats_are_taken_waits_and_is_told_once(room: Room) -> None:
    meeting = announced(room, seats=1)
    hear(meeting, reply(meeting, AMY, "I am coming"))
    assert answers(meeting) == []
    late = reply(meeting, BEN, "I am coming", 1)
    hear(meeting, late)
    hear(meeting, late)
    assert answers(meeting) == ["request.waiting in en"]
    assert coming(meeting) == ["amy.bsky.social", "ben.bsky.social"]


def test_remove_me_takes_off_the_list_and_what_was_said_before_does_not_come_back(meeting: Room) -> None:
    first = reply(meeting, AMY, "I am coming")
    hear(meeting, first)
    hear(meeting, reply(meeting, AMY, "REMOVE ME", 5))
    assert coming(meeting) == []
    assert hear(meeting, first) == 0
    assert coming(meeting) == []
    assert hear(meeting, reply(meeting, AMY, "I am coming", 9)) == 1
    assert coming(meeting) == ["amy.bsky.social"]
