"""Who asks us to take back one answer or all, or blocks us, leaves: once, whatever crashes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from contract.store_world import START, chat, save, series
from services.request_room import ACCOUNTS, AMY, BEN, LATER, US, Room, empty, make, person, phrase, room

from bot.domain.consent import Ruling, Wish
from bot.domain.posts import Post, handle_id
from bot.domain.richtext import RichText
from bot.services.requests import attend, attend_blocks
from bot.services.wishes import block, remember, remove
from bot.storage.store import SqlStore

__all__ = ["empty", "make", "room"]  # fixtures


# -- leaving ---------------------------------------------------------------------------------------------------------


def test_who_says_remove_me_is_gone_from_everything_of_ours(room: Room) -> None:
    answer = room.post(AMY, "A1 ten silent minutes")
    named = room.post(BEN, "As @amy.bsky.social says, silence", minute=12)
    room.hear(answer, named)
    repeated = room.digest(answer)
    assert len(room.kept()) == 2

    assert room.hear(room.post(AMY, "REMOVE ME", minute=20)) == 1
    assert room.kept() == {room.key(named): "As @… says, silence"}
    assert room.wishes() == [("stopped", "")]
    assert [errand.ref.id for errand in room.errands("delete") if errand.ref] == [repeated]
    assert len(room.errands("like")) == 1
    assert room.errands("answer") == []
    assert room.store.outlived() == ()


def test_a_digest_that_repeats_others_naming_who_left_is_taken_back(room: Room) -> None:
    named = room.post(BEN, "As @amy.bsky.social says, silence")
    room.hear(named)
    repeated = room.digest(named)
    room.hear(room.post(AMY, "REMOVE ME", minute=20))
    assert room.shown() == {"As @… says, silence"}
    assert [errand.ref.id for errand in room.errands("delete") if errand.ref] == [repeated]


def test_a_request_met_again_does_nothing_and_writes_nothing(room: Room) -> None:
    answer, leaving = room.post(AMY, "A1 silence"), room.post(AMY, "Remove me, please", minute=20)
    assert room.hear(answer, leaving) == 1
    before = room.errands()
    watched = Breaking(room.store, 0)
    room.store = watched
    assert room.hear(leaving, now=LATER + timedelta(days=3)) == 0
    assert watched.writes == ["queue"]  # of the like, which is there
    assert room.errands() == before


def test_what_comes_after_leaving_is_not_kept(room: Room) -> None:
    room.hear(room.post(AMY, "REMOVE ME"))
    room.hear(room.post(AMY, "A1 silence", minute=30), room.post(BEN, "I agree with @amy.bsky.social", minute=31))
    assert list(room.kept().values()) == ["I agree with @…"]


class Breaking:
    """A store whose process dies before its ``step``-th write (never, where that is 0)."""

    WRITES = frozenset({"queue", "add_wish", "unname", "save_cursor", "rule", "bury", "sweep_again"})

    def __init__(self, store: SqlStore, step: int) -> None:
        self._store = store
        self._left = step
        self.writes: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name in self.WRITES:
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
            self.writes.append(name)
        return getattr(self._store, name)


@pytest.mark.parametrize("said", ["REMOVE ME", "REMOVE THIS", "NO NAME", "KEEP MY ANSWERS", "STOP"])
def test_whatever_crashes_the_next_meeting_brings_it_to_the_same_end(make: Callable[[], Room], said: str) -> None:
    def scene() -> tuple[Room, Post]:
        room = make()
        answer = room.post(AMY, "A1 silence")
        room.hear(answer, room.post(AMY, "A1 more"), room.post(BEN, "Yes @amy.bsky.social", to=answer.ref.id))
        room.digest(answer)
        return room, room.post(AMY, said, to=answer.ref.id, minute=20)

    def end(room: Room) -> Any:
        return sorted(room.kept().items()), room.shown(), room.wishes(), {errand.id for errand in room.errands()}

    whole_room, request = scene()
    whole_room.hear(request)
    wanted = end(whole_room)
    step = 0
    crashed = True
    while crashed:
        step += 1
        room, request = scene()
        sound = room.store
        room.store = Breaking(sound, step)
        try:
            room.hear(request)
            crashed = False
        except KeyboardInterrupt:
            room.store = sound
            room.hear(request)
        room.store = sound
        assert end(room) == wanted, f"crashed before write {step}"
    assert step > 2


@pytest.mark.parametrize("first", [True, False])
def test_an_old_command_loses_against_a_newer_wish_whichever_is_met_first(room: Room, first: bool) -> None:
    answer = room.post(AMY, "A1 silence")
    leave, join_again = room.post(AMY, "REMOVE ME", minute=20), room.post(AMY, "KEEP MY ANSWERS", minute=30)
    room.hear(answer)
    room.hear(*((leave,) if first else (join_again,)))
    room.hear(*((join_again,) if first else (leave,)))
    room.hear(leave)
    room.hear(answer)
    assert room.shown() == {"A1 silence"}


def test_joining_does_not_keep_from_leaving_later(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer, room.post(AMY, "KEEP MY ANSWERS"))
    room.hear(room.post(AMY, "REMOVE ME", minute=40))
    assert room.kept() == {}


def test_an_edit_into_a_command_counts_from_the_edit(room: Room) -> None:
    answer = room.post(AMY, "A1 silence", minute=5)
    room.hear(answer, room.post(AMY, "A1 more", minute=6), room.post(AMY, "KEEP MY ANSWERS", minute=10))
    edited = msgspec.structs.replace(answer, text=RichText("REMOVE ME"), edited_at=START + timedelta(minutes=15))
    assert room.hear(edited) == 1
    assert room.hear(edited) == 0
    assert room.kept() == {}
    assert ("stopped", "") in room.wishes()


def test_a_wish_for_one_series_leaves_the_others_alone(room: Room) -> None:
    other = chat(7, "maths")
    save(room.store, other, of=series("maths", hashtag="MathsChat"))
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    repeated = room.digest(answer)
    keys = [room.store.key("bluesky", AMY.id)]
    assert remember(room.store, AMY, keys, Wish("stopped", "maths", LATER), "a host", LATER) == 1
    assert room.shown() == {"A1 silence"}
    assert room.errands("delete") == []
    assert remember(room.store, AMY, keys, Wish("stopped", "edchat", LATER), "a host", LATER) == 1
    assert room.kept() == {}
    assert [errand.ref.id for errand in room.errands("delete") if errand.ref] == [repeated]


def test_who_is_known_by_handle_only_is_gone_too(room: Room) -> None:
    room.hear(room.post(AMY, "A1 silence"))
    keys = [room.store.key("bluesky", handle_id("Amy.bsky.social"))]
    assert remember(room.store, None, keys, Wish("stopped", "", LATER), "a host", LATER) == 1
    assert remember(room.store, None, keys, Wish("stopped", "", LATER), "a host", LATER) == 0
    room.hear(room.post(AMY, "A1 silence", minute=30))
    assert room.kept() == {}


# -- one answer ------------------------------------------------------------------------------------------------------


def test_remove_this_takes_out_the_answer_it_replies_to(room: Room) -> None:
    one, two = room.post(AMY, "A1 one"), room.post(AMY, "A1 two", minute=11)
    room.hear(one, two)
    repeated = room.digest(one)
    request = room.post(AMY, "REMOVE THIS", to=one.ref.id, minute=20)
    assert room.hear(request) == 1
    assert room.kept() == {room.key(two): "A1 two"}
    assert [errand.ref.id for errand in room.errands("delete") if errand.ref] == [repeated]
    assert room.hear(request, one) == 0
    assert room.kept() == {room.key(two): "A1 two"}
    assert [errand.kind for errand in room.errands()].count("like") == 1
    assert room.errands("answer") == []
    assert room.wishes() == []


def test_remove_this_under_anothers_answer_is_answered_and_does_nothing(room: Room) -> None:
    answer = room.post(BEN, "A1 mine")
    room.hear(answer)
    assert room.hear(room.post(AMY, "Remove this!", to=answer.ref.id, minute=20)) == 0
    assert room.shown() == {"A1 mine"}
    assert [(errand.kind, errand.text) for errand in room.errands()] == [("answer", "request.not_yours in en")]


def test_remove_this_to_our_question_means_ones_own_latest_answer_there_and_only_that(room: Room) -> None:
    early = room.post(AMY, "A1 early", minute=10)
    below = room.post(AMY, "and to Ben", to=room.post(BEN, "A1 Ben").ref.id, minute=15)
    bens = room.post(BEN, "A1 mine", minute=16)
    after = room.post(AMY, "A1 after", minute=30)
    request = room.post(AMY, "REMOVE THIS", minute=20)
    room.hear(early, below, bens, after)
    assert room.hear(request) == 1
    assert set(room.kept().values()) == {"and to Ben", "A1 mine", "A1 after"}
    for _ in range(3):
        assert room.hear(request, early) == 0
    assert set(room.kept().values()) == {"and to Ben", "A1 mine", "A1 after"}
    assert room.hear(room.post(AMY, "REMOVE THIS", minute=25)) == 1  # another request: the next one
    assert set(room.kept().values()) == {"A1 mine", "A1 after"}


def test_remove_this_waits_for_an_answer_that_is_not_here_yet(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    request = room.post(AMY, "REMOVE THIS", to=answer.ref.id, minute=20)
    assert room.hear(request) == 0
    assert room.errands() == []
    room.hear(answer)
    assert room.hear(request) == 1
    assert room.kept() == {}


def test_remove_this_that_replies_to_nothing_is_asked_which(room: Room) -> None:
    request = room.alone(room.post(AMY, US, " remove this", to="-"), "remove-this")
    assert attend(room.store, [request], ACCOUNTS, LATER, phrase) == 0
    assert [errand.text for errand in room.errands()] == ["request.which_answer in en"]


def test_remove_this_works_where_no_chat_is_known(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    request = room.alone(room.post(AMY, US, " remove this", to=answer.ref.id), "remove-this")
    assert attend(room.store, [request], ACCOUNTS, LATER, phrase) == 1
    assert room.kept() == {}


def test_a_hosts_later_decision_does_not_bring_back_what_its_author_removed(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    request = room.post(AMY, "REMOVE THIS", to=answer.ref.id, minute=20)
    room.store.rule(room.key(answer), Ruling("hidden", 0, LATER - timedelta(minutes=1)), "a look first", "host")
    assert room.hear(request) == 1
    room.store.rule(room.key(answer), Ruling("released", 0, LATER + timedelta(minutes=1)), "fine", "host")
    room.hear(answer)
    room.hear(request, now=LATER + timedelta(minutes=2))
    room.hear(answer)
    assert room.kept() == {}


def test_removing_by_hand_says_who_and_why(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    assert remove(room.store, [room.key(answer)], LATER, reason="by mail", by="staffroom people") == 1
    assert remove(room.store, [], LATER) == 0
    assert room.store.rulings([room.key(answer)])[room.key(answer)].kind == "removed"
    room.hear(answer)
    assert room.kept() == {}


# -- blocks ----------------------------------------------------------------------------------------------------------


def test_who_blocks_us_leaves_once_and_again_after_joining_anew(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    room.digest(answer)
    blocking = person("amy", blocks_us=True)
    seen = [room.post(blocking, "one"), room.post(blocking, "two"), room.post(BEN, "A1 three")]
    assert attend_blocks(room.store, seen, LATER) == 1
    assert attend_blocks(room.store, seen, LATER + timedelta(hours=1)) == 0
    assert room.kept() == {}
    assert (room.wishes(), room.wishes(BEN)) == ([("stopped", "")], [])
    assert [errand.kind for errand in room.errands()] == ["delete"]
    keys = [room.store.key("bluesky", one) for one in (AMY.id, handle_id(AMY.handle))]
    remember(room.store, AMY, keys, Wish("joined", "edchat", LATER + timedelta(hours=2)), "a host", LATER)
    assert block(room.store, blocking, LATER + timedelta(hours=3)) == 2  # under both keys
    assert room.wishes()[-1] == ("stopped", "")
    assert len(room.wishes()) == 3


def test_who_left_one_series_and_blocks_us_leaves_all(room: Room) -> None:
    keys = [room.store.key("bluesky", one) for one in (AMY.id, handle_id(AMY.handle))]
    remember(room.store, AMY, keys, Wish("stopped", "maths", LATER), "a host", LATER)
    room.hear(room.post(AMY, "A1 silence"))
    assert room.kept()
    assert attend_blocks(room.store, [room.post(person("amy", blocks_us=True), "one")], LATER) == 1
    assert room.kept() == {}
    assert ("stopped", "") in room.wishes()
