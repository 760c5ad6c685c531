"""What people say they will try and what came of it: which answers these are, also where something is gone between."""

import msgspec
from golden import sample

from bot.domain.posts import PostRef, Tombstone
from bot.domain.records import Answer, ChatContent, SentPost
from bot.domain.trying import intentions, told_later

ASKED = SentPost("p", "follow-up", 1, "sky", 0, PostRef("bluesky", "at://f"), "f", "plan", sample.START)
PLAN = sample.answer("plan", "y5", 5, "Exit tickets, I will #tryit")


def under(key: str, parent: str) -> Answer:
    return sample.answer(key, "y5", 90, f"words of {key}", to=parent)


def content(*answers: Answer, stones: tuple[Tombstone, ...] = ()) -> ChatContent:
    return msgspec.structs.replace(sample.content(), answers=answers, tombstones=stones, sent=(ASKED,))


def test_what_stands_below_a_removed_reply_to_a_follow_up_is_still_told_of_the_same_plan() -> None:
    gone = Tombstone("gone", "f", "f", sample.START)
    found = content(PLAN, under("told", "gone"), stones=(gone,))
    assert told_later(found) == {"told": "plan"}
    assert told_later(content(PLAN, under("told", "gone"))) == {}


def test_without_a_follow_up_nothing_is_told_later() -> None:
    found = msgspec.structs.replace(content(PLAN, under("told", "f")), sent=())
    assert told_later(found) == {}
    assert intentions(found, {}) == {"plan": PLAN}


def test_plans_keep_the_order_of_time_and_those_that_are_gone_come_last() -> None:
    other = sample.answer("other", "hist", 2, "#tryit as well")
    found = content(other, PLAN, sample.answer("talk", "dep", 6, "Just talk"), under("told", "f"))
    assert list(intentions(found, {"told": "plan", "lost": "erased"}).items()) == [
        ("other", other),
        ("plan", PLAN),
        ("erased", None),
    ]


def test_an_answer_that_was_asked_about_is_a_plan_though_its_tag_is_gone() -> None:
    edited = sample.answer("plan", "y5", 5, "Exit tickets")
    assert intentions(content(edited), {"told": "plan"}) == {"plan": edited}
    assert intentions(content(edited), {}) == {}
