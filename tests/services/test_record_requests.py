"""MY RECORD: remembered and liked, told to hosts once and in private, waiting until a record is written."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from contract.store_world import END, START, candidate, chat, save, series
from services.request_room import AMY, BEN, LATER, US, Room, empty, make, person, room

from bot.domain.commandwords import PHRASES
from bot.domain.mentions import mentions
from bot.domain.posts import NetworkName
from bot.domain.richtext import detect
from bot.domain.takingpart import ASKED_WITHIN
from bot.rendering.templates import Templates
from bot.services.record import gather
from bot.services.recordrequests import note_written, untold_records, waiting_records, written_at
from bot.services.requests import attend

__all__ = ["empty", "make", "room"]  # fixtures

MINUTE = timedelta(minutes=1)
LONGEST_TOLD = 400  # characters: the shortest messages, of Mastodon, have room for 500 with the reader's handle
OURS: dict[str, NetworkName] = {"sky": "bluesky"}
HOSTS: Any = ("hanes.bsky.social", "@nobody@elsewhere.example")


def with_hosts(room: Room) -> None:
    save(room.store, msgspec.structs.replace(room.chat, hosts=HOSTS))


def ready(room: Room) -> None:
    """A chat with a host in which Amy answered with her consent, and Ben on the notice alone."""
    with_hosts(room)
    room.hear(room.post(AMY, "silence"), room.post(AMY, "KEEP MY ANSWERS"), room.post(BEN, "noise"))


def told(room: Room) -> list[tuple[str, str]]:
    return [(one.to, one.text) for one in room.errands("tell")]


def test_it_is_remembered_liked_and_hosts_are_told_once(room: Room) -> None:
    ready(room)
    before = len(room.errands("like"))
    asking = room.post(AMY, "my record, please!", minute=20)
    assert room.hear(asking) == 1
    assert room.hear(asking, room.post(AMY, US, " MY RECORD", minute=21)) == 1  # met again, and said again
    assert room.wishes() == [("joined", "edchat"), ("record", ""), ("record", "")]
    assert len(room.errands("like")) == before + 2
    assert room.errands("answer") == []
    words = (
        "review.record in en amy.bsky.social\n"
        "review.record_do in en staffroom record amy.bsky.social --out DIR\n"
        "review.record_send in en\n"
        "review.record_days in en"
    )
    assert told(room) == [("hanes.bsky.social", words)]
    (errand,) = room.errands("tell")
    assert errand.id.rpartition(":")[2] == room.store.key("bluesky", AMY.id), "so that it goes with them"
    assert room.shown() == {"silence", "noise"}


def test_addressed_to_us_alone_it_goes_to_the_hosts_of_their_last_chat(room: Room) -> None:
    ready(room)
    asking = room.alone(room.post(AMY, US, " MY RECORD", to="-", minute=40), "record")
    attend(room.store, [asking], {"sky": "bluesky"}, LATER, lambda key, _: key)
    assert [host for host, _ in told(room)] == ["hanes.bsky.social"]


def test_without_anything_kept_by_consent_it_is_liked_and_nobody_is_told(room: Room) -> None:
    ready(room)
    before = len(room.errands("like"))
    room.hear(room.post(BEN, "MY RECORD", minute=20), room.post(person("cai"), "MY RECORD", minute=20))
    assert (room.wishes(BEN), told(room), waiting_records(room.store, LATER)) == ([("record", "")], [], 0)
    assert len(room.errands("like")) == before + 2
    room.hear(room.post(BEN, "KEEP MY ANSWERS", minute=25))
    assert waiting_records(room.store, LATER) == 1


def test_it_waits_until_a_record_is_written_and_for_thirty_days(room: Room) -> None:
    ready(room)
    room.hear(room.post(AMY, "MY RECORD", minute=20))
    assert waiting_records(room.store, LATER) == 1
    assert waiting_records(room.store, END + timedelta(days=31)) == 0
    note_written(room.store, [room.store.key("bluesky", AMY.id)], LATER)
    assert waiting_records(room.store, LATER) == 0
    again = LATER + timedelta(days=1)
    room.hear(room.post(AMY, "MY RECORD", minute=20 + 2 * 24 * 60), now=again + timedelta(days=2))
    assert waiting_records(room.store, again + timedelta(days=2)) == 1
    assert len(told(room)) == 2


def test_who_leaves_is_not_told_of_any_more(room: Room) -> None:
    ready(room)
    asking = room.post(AMY, "MY RECORD", minute=20)
    room.hear(asking)
    mine = room.store.key("bluesky", AMY.id)
    note_written(room.store, [mine], LATER)
    room.hear(room.post(AMY, "REMOVE ME", minute=22))
    assert (told(room), waiting_records(room.store, LATER), written_at(room.store, mine)) == ([], 0, None)
    room.hear(room.post(AMY, "KEEP MY ANSWERS", minute=23), room.post(AMY, "back", minute=24), asking)
    assert (told(room), waiting_records(room.store, LATER)) == ([], 0)


def test_a_handle_is_one_word_to_the_shell_into_which_it_is_copied(room: Room) -> None:
    with_hosts(room)
    odd = msgspec.structs.replace(person("odd"), handle="odd;reboot.example")
    room.hear(room.post(odd, "silence"), room.post(odd, "KEEP MY ANSWERS"), room.post(odd, "MY RECORD"))
    ((_, text),) = told(room)
    assert "staffroom record 'odd;reboot.example' --out DIR" in text


def test_where_no_host_can_be_told_it_still_waits(room: Room) -> None:
    room.hear(room.post(AMY, "silence"), room.post(AMY, "KEEP MY ANSWERS"), room.post(AMY, "MY RECORD", minute=20))
    assert (told(room), waiting_records(room.store, LATER)) == ([], 1)
    assert untold_records(room.store, OURS, LATER) == (START + 20 * MINUTE,)
    note_written(room.store, [room.store.key("bluesky", AMY.id)], LATER)
    assert untold_records(room.store, OURS, LATER) == ()


def test_what_hosts_can_be_told_of_is_nobody_elses_to_hear(room: Room) -> None:
    ready(room)
    room.hear(room.post(AMY, "MY RECORD", minute=20))
    assert untold_records(room.store, OURS, LATER) == ()
    assert untold_records(room.store, {}, LATER) == (START + 20 * MINUTE,)


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_hosts_read_it_in_their_language_and_nobody_is_called_by_it(room: Room, language: str) -> None:
    dai = msgspec.structs.replace(person("dai"), handle="@dai@school.example")
    save(room.store, msgspec.structs.replace(room.chat, hosts=HOSTS), of=series(languages=(language,)))
    room.hear(room.post(dai, "silence"), room.post(dai, "KEEP MY ANSWERS"))
    requests = room.read(room.post(dai, "MY RECORD", minute=20))
    attend(room.store, requests, {"sky": "bluesky"}, LATER, Templates().dictionary.phrase(""))
    ((_, text),) = told(room)
    first, command, send, last = text.splitlines()
    assert first.endswith(" dai@school.example")
    assert command.endswith(" staffroom record dai@school.example --out DIR")
    assert "--send" in send
    assert str(ASKED_WITHIN.days) in last
    assert not mentions(detect(text))
    assert len(text) < LONGEST_TOLD


def test_a_record_has_its_chats_in_order_whichever_was_answered_first(room: Room) -> None:
    ready(room)
    save(room.store, *(chat(day) for day in (14, 21)))
    early = [
        candidate(room.store, chat(day).id, f"early{day}", author=AMY, at=START - day * MINUTE) for day in (14, 21)
    ]
    room.store.upsert(early, LATER)
    key = room.store.key("bluesky", AMY.id)
    found = gather(room.store, [key])
    assert [one.chat.date.day for one in found] == [7, 14, 21]
