"""Permissions: what a purpose is called, and when a yes covers an answer."""

import msgspec
import pytest
from contract.store_world import START, teacher

from bot.domain.alarms import words_read
from bot.domain.permissions import Permission, is_purpose, permitted
from bot.domain.posts import Post, PostRef
from bot.domain.records import Answer
from bot.domain.richtext import RichText

POST = Post(ref=PostRef("bluesky", "at://a/b/c"), author=teacher(), text=RichText("Ten silent minutes."), at=START)
ANSWER = Answer("a" * 24, "", "", POST, (), search=False)
YES = Permission(ANSWER.key, "edchat/2027-01-07", "story/marking", agreed=True, words=words_read(POST), at=START)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("story/marking", True),
        ("story/m", True),
        ("story/me", True),
        ("s/marking", True),
        ("session/2027-room-4", True),
        (f"story/{'m' * 60}", True),
        (f"story/{'m' * 61}", False),
        (f"{'s' * 20}/m", True),
        (f"{'s' * 21}/m", False),
        ("story", False),
        ("story/", False),
        ("/marking", False),
        ("story/-marking", False),
        ("story/marking-", False),
        ("Story/marking", False),
        ("story2/marking", False),
        ("sto-ry/marking", False),
        ("story/mar_king", False),
        ("story/marking/more", False),
        ("story/mar king", False),
        ("story/marking\n", False),
        ("", False),
    ],
)
def test_a_purpose_is_a_kind_and_a_name(text: str, is_one: bool) -> None:
    assert is_purpose(text) is is_one


@pytest.mark.parametrize(
    ("change", "may"),
    [({}, True), ({"agreed": False}, False), ({"words": 1}, False), ({"answer": "b" * 24}, False)],
)
def test_a_yes_covers_one_answer_as_it_read(change: dict[str, object], may: bool) -> None:
    said = msgspec.structs.replace(YES, **change)
    assert bool(permitted([ANSWER], [said], "story/marking")) is may


def test_a_yes_is_for_one_purpose_and_answers_keep_their_order() -> None:
    other = msgspec.structs.replace(ANSWER, key="b" * 24)
    both = [
        YES,
        msgspec.structs.replace(YES, answer=other.key),
        msgspec.structs.replace(YES, purpose="story/z", agreed=False),
    ]
    assert permitted([other, ANSWER], both, "story/marking") == (other, ANSWER)
    assert permitted([other, ANSWER], both, "story/else") == ()
    assert permitted([ANSWER], [], "story/marking") == ()
