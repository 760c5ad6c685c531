"""What people ask of us is carried out, once, whatever crashes; and we say next to nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from contract.store_world import START, chat, save, series
from services.request_room import ACCOUNTS, AMY, BEN, LATER, US, Room, empty, make, person, phrase, room

from bot.domain.consent import WishKind
from bot.domain.naming import naming
from bot.domain.posts import Account
from bot.services.requests import ANSWERED_WITHIN, attend

__all__ = ["empty", "make", "room"]  # fixtures


# -- joining, pausing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["KEEP MY ANSWERS", "keep my answers 🙏"])
def test_joining_is_for_the_series_of_the_chat(room: Room, said: str) -> None:
    room.store.swept(room.chat.id, "sky", LATER)
    assert room.hear(room.post(AMY, said)) == 1
    assert room.wishes() == [("joined", "edchat")]
    assert [errand.kind for errand in room.errands()] == ["like"]
    (due,) = room.store.collecting(LATER)
    assert due.swept.get("sky") != LATER  # read again soon


def test_join_is_an_answer_in_a_thread_and_a_wish_outside(room: Room) -> None:
    room.hear(room.post(AMY, "JOIN"))
    assert (room.shown(), room.wishes()) == ({"JOIN"}, [])
    room.hear(room.post(AMY, US, " JOIN", to="-"))
    assert room.wishes() == [("joined", "edchat")]


def test_addressed_to_us_alone_join_means_our_only_series(room: Room) -> None:
    wish = room.alone(room.post(AMY, US, " join", to="-"), "join")
    assert attend(room.store, [wish], ACCOUNTS, LATER, phrase) == 1
    assert room.wishes() == [("joined", "edchat")]


def test_with_several_series_the_hashtag_tells_which(room: Room) -> None:
    save(room.store, chat(7, "maths"), of=series("maths", hashtag="MathsChat"))
    save(room.store, chat(7, "far"), of=series("far", hashtag="Far", accounts=("masto",)))
    bare = room.alone(room.post(AMY, US, " join", to="-"), "join")
    assert attend(room.store, [bare], ACCOUNTS, LATER, phrase) == 0
    (told,) = room.errands()
    assert (told.kind, told.to, told.text) == ("answer", AMY.handle, "request.which_series in en")
    assert room.wishes() == []
    tagged = room.alone(room.post(AMY, US, " join #MATHSCHAT", to="-"), "join")
    assert attend(room.store, [tagged], ACCOUNTS, LATER, phrase) == 1
    assert room.wishes() == [("joined", "maths")]
    both = room.alone(room.post(BEN, US, " join #MathsChat #EdChat", to="-"), "join")
    far = room.alone(room.post(BEN, US, " join #Far", to="-"), "join")
    assert attend(room.store, [both, far], ACCOUNTS, LATER, phrase) == 0
    assert room.wishes(BEN) == []


def test_a_bare_stop_under_a_question_holds_back_and_asks(room: Room) -> None:
    room.hear(room.post(AMY, "A1 silence"))
    assert room.hear(room.post(AMY, "Stop!", minute=20)) == 1
    assert (list(room.kept().values()), room.shown()) == (["A1 silence"], set())
    assert room.wishes() == [("paused", "edchat")]
    (told,) = room.errands()
    assert (told.kind, told.text) == ("answer", "request.stop in en")
    room.hear(room.post(AMY, "stop", minute=25))
    assert room.errands() == [told]
    room.hear(room.post(AMY, "KEEP MY ANSWERS", minute=30))
    assert room.shown() == {"A1 silence"}
    assert [errand.kind for errand in room.errands()] == ["answer", "like"]


@pytest.mark.parametrize(("said", "minute"), [("REMOVE ME", 30), ("KEEP MY ANSWERS", 30), ("REMOVE ME", 5)])
def test_nobody_is_asked_who_has_said_it(room: Room, said: str, minute: int) -> None:
    room.hear(room.post(AMY, "STOP", minute=20), room.post(AMY, said, minute=minute))
    assert room.errands("answer") == []
    room.hear(room.post(AMY, "A1 silence", minute=40))
    assert list(room.kept().values()) == (["A1 silence"] if said == "KEEP MY ANSWERS" else [])
    assert room.shown() == set(room.kept().values())


def test_a_bare_stop_to_us_outside_a_thread_leaves(room: Room) -> None:
    room.hear(room.post(AMY, "A1 silence"))
    assert room.hear(room.post(AMY, US, " stop", to="-", minute=20)) == 1
    assert room.kept() == {}
    assert room.wishes() == [("stopped", "")]


def test_a_bare_stop_to_somebody_else_under_the_hashtag_is_not_for_us(room: Room) -> None:
    answer = room.post(AMY, "A1 silence")
    elsewhere = room.post(BEN, "#EdChat my new desk", to="-")
    other = msgspec.structs.replace(room.post(AMY, "Stop #EdChat", to=elsewhere.ref.id), root=elsewhere.ref.id)
    assert room.hear(answer, elsewhere, other) == 0
    assert (room.wishes(), room.errands()) == ([], [])
    assert "A1 silence" in room.shown()
    named = msgspec.structs.replace(room.post(BEN, US, " stop", to=elsewhere.ref.id), root=elsewhere.ref.id)
    assert room.hear(named) == 1  # it replies to another, and names us
    assert room.wishes(BEN) == [("stopped", "")]
    welcome = f"{room.chat.id}/welcome@sky#0"
    to_us = msgspec.structs.replace(room.post(AMY, "Stop", to=welcome), root=welcome)
    assert room.hear(to_us) == 1
    assert room.wishes() == [("stopped", "")]


# -- names and lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("INITIALS ONLY", "initials"),
        ("NO NAME", "nameless"),
        ("FULL NAME", "named"),
        ("LIST ME", "listed"),
        ("UNLIST ME", "unlisted"),
        ("RESEARCH YES", "research"),
        ("RESEARCH NO", "noresearch"),
    ],
)
def test_how_to_be_called_holds_everywhere_and_is_liked(room: Room, said: str, kind: WishKind) -> None:
    answer = room.post(AMY, "A1 silence")
    room.hear(answer)
    assert room.hear(room.post(AMY, said, minute=20)) == 1
    assert room.wishes() == [(kind, "")]
    assert [errand.kind for errand in room.errands()] == ["like"]
    assert room.shown() == {"A1 silence"}


def test_the_later_name_counts(room: Room) -> None:
    room.hear(room.post(AMY, "FULL NAME", minute=30), room.post(AMY, "NO NAME", minute=20))
    key = room.store.key("bluesky", AMY.id)
    assert naming(room.store.wishes([key])[key]) == "named"


# -- what we say -----------------------------------------------------------------------------------------------------


def test_unclear_words_do_nothing_and_get_one_short_answer_a_day(room: Room) -> None:
    unclear = [room.post(AMY, US, " please delete it all", to="-", minute=minute) for minute in (5, 6, 60 * 24)]
    bens = room.post(BEN, US, " please delete it all", to="-")
    assert room.hear(bens, *reversed(unclear), now=START + timedelta(days=2)) == 0
    assert {errand.ref for errand in room.errands()} == {post.ref for post in (unclear[0], unclear[2], bens)}
    assert sorted(errand.to for errand in room.errands("answer")) == [AMY.handle, AMY.handle, BEN.handle]
    room.hear(*unclear, now=START + timedelta(days=2, hours=5))
    assert len(room.errands()) == 3
    assert (room.wishes(), room.wishes(BEN)) == ([], [])


@pytest.mark.parametrize(
    ("by", "now", "accounts"),
    [
        (person("robot", bot=True), LATER, ACCOUNTS),
        (AMY, START + ANSWERED_WITHIN + timedelta(hours=1), ACCOUNTS),
        (AMY, LATER, {"masto": "mastodon"}),
    ],
)
def test_bots_old_posts_and_what_our_lost_account_heard_are_not_answered(
    room: Room, by: Account, now: datetime, accounts: Any
) -> None:
    said = [room.post(by, US, " please delete it all", to="-"), room.post(by, "stop")]
    room.hear(*said, now=now, accounts=accounts)
    assert room.errands() == []


def test_a_bot_may_leave_too(room: Room) -> None:
    robot = person("robot", bot=True)
    assert room.hear(room.post(robot, "REMOVE ME")) == 1
    assert room.wishes(robot) == [("stopped", "")]


def test_a_wish_counts_though_our_account_cannot_like_it(room: Room) -> None:
    assert room.hear(room.post(AMY, "REMOVE ME"), accounts={}) == 1
    assert room.errands() == []
    assert room.wishes() == [("stopped", "")]


@pytest.mark.parametrize(
    ("wrote", "speaks", "answered"),
    [
        (("fr",), ("en", "fr-CA"), "fr"),
        (("fr-CA", "en"), ("en", "fr"), "fr-CA"),
        (("ja",), ("cy", "en"), "cy"),
        ((), ("de",), "de"),
    ],
)
def test_who_writes_in_a_language_of_the_series_is_answered_in_it(
    room: Room, wrote: Sequence[str], speaks: Any, answered: str
) -> None:
    save(room.store, room.chat, of=series(languages=speaks))
    room.hear(room.post(AMY, "stop", languages=tuple(wrote)))
    assert [errand.text for errand in room.errands()] == [f"request.stop in {answered}"]


def test_outside_a_chat_the_posts_own_language_counts(room: Room) -> None:
    for wrote, answered in ((("de",), "de"), ((), "en")):
        by = person(f"p{answered}")
        post = room.post(by, US, " remove this", to="-", languages=wrote)
        attend(room.store, [room.alone(post, "remove-this")], ACCOUNTS, LATER, phrase)
        assert f"request.which_answer in {answered}" in {errand.text for errand in room.errands()}


def test_followers_and_single_people_may_ask_and_nothing_of_it_is_kept(room: Room, tmp_path: Path) -> None:
    room.hear(room.post(AMY, "A1 silence"))
    private = room.post(AMY, US, " REMOVE ME #zebrafish", visibility="direct", to="-", minute=20)
    assert room.hear(private) == 1
    assert room.kept() == {}
    room.store.errand_done(room.errands("like")[0].id, LATER)
    room.store.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"zebrafish" not in held
    assert b"amy.bsky" not in held
