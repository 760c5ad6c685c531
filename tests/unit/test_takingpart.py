"""What can be seen of somebody's taking part: counted as the docstrings say, and never more than is shown."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from contract.store_world import END, START, chat, series, teacher
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.consent import Wish, WishKind
from bot.domain.posts import Account, Media, Post, PostRef, Tombstone
from bot.domain.records import Answer, ChatContent, Placed, SentPost, StoredChat
from bot.domain.richtext import detect
from bot.domain.takingpart import ASKED_WITHIN, TakenPart, all_together, asked_for_record, spoken_in, taken_part

AMY, ZOE = teacher(), teacher("zoe")


def answer(
    key: str,
    who: Account,
    minute: float,
    *,
    to: str = "",
    root: str = "question",
    text: str = "",
    question: int = 0,
    **more: Any,
) -> Answer:
    ref = PostRef("bluesky", f"at://{key}", url=f"https://bsky.app/{key}")
    post = Post(ref, who, detect(text or f"words of {key}"), START + timedelta(minutes=minute), **more)
    placed = (Placed(f"{chat().id}/q{question}", "reply"),) if question else ()
    return Answer(key, to, root, post, placed, search=True)


def content(*answers: Answer, stones: tuple[Tombstone, ...] = (), day: int = 7, **changes: Any) -> ChatContent:
    stored = StoredChat(chat(day), series(**changes), 1)
    ordered = sorted(answers, key=lambda one: (one.post.at, one.key))
    return ChatContent(stored, (), tuple(ordered), stones, ())


def seen(found: ChatContent, *also_said: Answer) -> TakenPart:
    """What is seen of Amy."""
    said = {one.key: one.post for one in (*found.answers, *also_said) if one.post.author == AMY}
    part = taken_part(found, said)
    assert part is not None
    return part


# -- time --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("minutes", "told", "later"),
    [
        ((5,), None, 0),
        ((5, 5.9), 0, 0),
        ((5, 39.99), 34, 0),
        ((0, 60), 60, 0),
        ((5, 30, 61), 25, 1),
        ((5, 20, 50), 45, 0),
        ((5, 14000), None, 1),
        ((-10, 5, 30), 25, 1),
        ((-10, 70), None, 2),
    ],
)
def test_minutes_run_between_answers_within_the_chat(minutes: tuple[float, ...], told: int | None, later: int) -> None:
    part = seen(content(*(answer(f"a{at}", AMY, at) for at in minutes)))
    assert (part.minutes, part.later) == (told, later)


def test_minutes_are_those_of_the_person_alone() -> None:
    assert (
        seen(content(answer("a", AMY, 10), answer("z", ZOE, 0), answer("b", AMY, 15), answer("y", ZOE, 50))).minutes
        == 5
    )


def test_minutes_come_from_exact_times_also_of_who_goes_without_a_name() -> None:
    exact = [answer("a", AMY, 10), answer("b", AMY, 35)]
    nobody = Account("bluesky", "alias", "", "")
    hours = [
        msgspec.structs.replace(one, post=msgspec.structs.replace(one.post, at=START, author=nobody)) for one in exact
    ]
    assert seen(content(*hours), *exact).minutes == 25


def test_slow_chats_count_days_by_their_own_calendar() -> None:
    late = 60 * 24 + 3.5 * 60  # half past eleven at night in London the next day
    part = seen(content(answer("a", AMY, 0), answer("b", AMY, 30), answer("c", AMY, late), format="slow"))
    assert (part.days, part.minutes, part.later) == ((date(2027, 1, 7), date(2027, 1, 8)), None, 0)
    moved = msgspec.structs.replace(chat(), timezone="Asia/Tokyo")
    there = content(answer("a", AMY, 0), format="slow")
    there = msgspec.structs.replace(there, stored=msgspec.structs.replace(there.stored, chat=moved))
    assert seen(there).days == (date(2027, 1, 8),)


# -- threads -----------------------------------------------------------------------------------------------------------
def test_answers_of_others_below_own_ones_are_counted_however_deep() -> None:
    stone = Tombstone("gone", "z1", "question", START + timedelta(minutes=4))
    part = seen(
        content(
            answer("a", AMY, 1, question=1),
            answer("z1", ZOE, 2, to="a"),
            answer("a2", AMY, 3, to="z1"),
            answer("z2", ZOE, 5, to="gone"),
            answer("z3", ZOE, 6, to="a2"),
            answer("z4", ZOE, 7, to="question"),
            answer("alone", AMY, 8),
            stones=(stone,),
        )
    )
    assert {one.key: one.followed for one in part.answers} == {"a": 3, "a2": 1, "alone": 0}
    assert (part.threads, part.below) == (2, {"z1", "z2", "z3"})


def test_what_hangs_below_something_unknown_is_below_the_root() -> None:
    stone = Tombstone("gone", "never seen", "a", START + timedelta(minutes=3))
    others = [answer("z", ZOE, 2, to="never seen", root="a"), answer("y", ZOE, 4, to="gone")]
    assert seen(content(answer("a", AMY, 1, root=""), *others, stones=(stone,))).below == {"y", "z"}


def test_going_on_from_oneself_is_no_thread() -> None:
    part = seen(content(answer("a", AMY, 1), answer("b", AMY, 2, to="a")))
    assert (part.threads, part.below) == (0, frozenset())


def test_a_loop_of_replies_ends() -> None:
    part = seen(content(answer("a", AMY, 1, to="z"), answer("z", ZOE, 2, to="a")))
    assert (part.threads, part.below) == (1, {"z"})


# -- what counts -------------------------------------------------------------------------------------------------------
def test_who_is_not_shown_took_no_part_that_can_be_told() -> None:
    assert taken_part(content(answer("z", ZOE, 1)), {"a": answer("a", AMY, 1).post}) is None


def test_only_what_is_shown_counts() -> None:
    part = seen(content(answer("a", AMY, 1)), answer("held", AMY, 30))
    assert [one.key for one in part.answers] == ["a"]
    assert part.minutes is None


def test_an_answer_says_what_its_author_said() -> None:
    post = {"warning": "exams", "languages": ("cy",), "media": (Media("image", "a desk"), Media("video", "no"))}
    (one,) = seen(content(answer("a", AMY, 1, text="See https://example.org/x", question=2, **post))).answers
    assert one.text == "See https://example.org/x"
    assert (one.questions, one.language, one.warning, one.pictures) == ((2,), "cy", "exams", ("a desk",))
    assert (one.url, one.at) == ("https://bsky.app/a", START + timedelta(minutes=1))


def test_an_answer_names_the_questions_that_its_chat_still_has() -> None:
    placed = tuple(Placed(f"{chat().id}/{name}", "label") for name in ("q3", "q2", "q0", "q1", "welcome"))
    (one,) = seen(content(msgspec.structs.replace(answer("a", AMY, 1), placed=placed))).answers
    assert len(chat().questions) == 2
    assert (one.questions, one.language, one.warning) == ((1, 2), "", "")


def test_links_stand_once_without_what_follows_readers_and_not_from_behind_a_warning() -> None:
    part = seen(
        content(
            answer("a", AMY, 1, text="https://example.org/x?utm_source=me"),
            answer("b", AMY, 2, text="https://www.example.org/x and https://example.org/y"),
            answer("c", AMY, 3, text="https://example.org/hidden", warning="exams"),
            answer("z", ZOE, 4, text="https://example.org/others"),
        )
    )
    assert part.links == ("https://example.org/x", "https://example.org/y")


def test_a_post_in_two_chats_counts_once_in_the_sum() -> None:
    both = (answer("a", AMY, 1), answer("z", ZOE, 2, to="a"))
    first, second = seen(content(*both)), seen(content(*both, answer("b", AMY, 3), day=14))
    total = all_together([first, second])
    assert (total.chats, total.answers, total.threads, total.followed) == (2, 2, 1, 1)
    assert all_together([]).answers == 0


def test_the_sum_has_minutes_of_live_chats_and_days_of_slow_ones() -> None:
    live = [seen(content(answer("a", AMY, 5), answer("b", AMY, last))) for last in (30, 15)]
    once = seen(content(answer("c", AMY, 5), day=14))
    slow = seen(content(answer("d", AMY, 0), answer("e", AMY, 60 * 24), day=21, format="slow"))
    total = all_together([*live, once, slow])
    assert (total.minutes, total.days) == (25 + 10, 2)


def test_the_language_is_that_of_most_chats() -> None:
    english, french = seen(content(answer("a", AMY, 1))), seen(content(answer("a", AMY, 1), languages=("fr",)))
    assert spoken_in([english, french, french]) == "fr"
    assert spoken_in([french, english]) == "fr"
    assert spoken_in([]) == ""


@given(st.lists(st.tuples(st.booleans(), st.integers(-300, 5000), st.integers(0, 12)), min_size=1, max_size=12))
def test_nothing_is_counted_twice_or_longer_than_the_chat(rows: list[tuple[bool, int, int]]) -> None:
    answers = [
        answer(f"k{number}", AMY if mine else ZOE, minute, to=f"k{to}")
        for number, (mine, minute, to) in enumerate(rows)
    ]
    found = content(*answers)
    own = {one.key for one in answers if one.post.author == AMY}
    part = taken_part(found, {one.key: one.post for one in answers if one.key in own})
    if part is None:
        assert not own
        return
    assert {one.key for one in part.answers} == own
    assert part.below <= {one.key for one in answers} - own
    assert part.minutes is None or 0 <= part.minutes <= (END - START) // timedelta(minutes=1)
    assert part.later <= len(part.answers)
    assert max(one.followed for one in part.answers) <= len(part.below) <= sum(one.followed for one in part.answers)
    total = all_together([part, part])
    assert (total.answers, total.followed, total.threads) == (len(own), len(part.below), part.threads)


# -- who asked ---------------------------------------------------------------------------------------------------------
NOW = datetime(2027, 2, 1, tzinfo=UTC)


def wish(kind: WishKind, days: float, slug: str = "") -> Wish:
    return Wish(kind, slug, NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("wishes", "days"),
    [
        ([], None),
        ([wish("joined", 1, "edchat"), wish("listed", 1)], None),
        ([wish("record", 2)], 2),
        ([wish("record", 5), wish("record", 2)], 2),
        ([wish("record", ASKED_WITHIN.days)], ASKED_WITHIN.days),
        ([wish("record", ASKED_WITHIN.days + 0.1)], None),
        ([wish("record", -1)], None),
        ([wish("record", 3), wish("stopped", 2)], None),
        ([wish("record", 2), wish("stopped", 2)], None),
        ([wish("record", 3), wish("gone", 2)], None),
        ([wish("stopped", 3), wish("record", 2)], 2),
        ([wish("record", 3), wish("stopped", 2, "edchat")], 3),
    ],
)
def test_a_request_counts_for_a_time_and_until_they_leave(wishes: list[Wish], days: float | None) -> None:
    assert asked_for_record(wishes, NOW) == (None if days is None else NOW - timedelta(days=days))


# -- what was tried ----------------------------------------------------------------------------------------------------
def test_what_was_told_weeks_later_is_no_part_of_the_chat_and_stands_with_what_was_tried() -> None:
    ours = [
        SentPost("p", "follow-up", 1, "sky", 0, PostRef("bluesky", f"at://f-{about}"), f"f-{about}", about, END)
        for about in ("a1", "gone", "b1")
    ]
    during = [answer("a1", AMY, 5, text="I will #tryit"), answer("b1", ZOE, 6, text="#tryit too"), answer("a2", AMY, 9)]
    weeks = [answer("t1", AMY, 20_000, to="f-a1"), answer("t2", AMY, 20_001, to="f-gone")]
    weeks += [answer("z1", ZOE, 20_002, to="f-b1"), answer("z2", ZOE, 20_003, to="t1")]
    found = msgspec.structs.replace(content(*during, *weeks), sent=tuple(ours))
    part = seen(found)
    assert ([one.key for one in part.answers], part.minutes, part.later, len(part.days)) == (["a1", "a2"], 4, 0, 1)
    tried = [(one.said.key if one.said else "", [each.key for each in one.outcomes]) for one in part.tried]
    assert tried == [("a1", ["t1"]), ("", ["t2"])]
    assert [[each.followed for each in one.outcomes] for one in part.tried] == [[1], [0]]
    only_later = msgspec.structs.replace(found, answers=tuple(one for one in found.answers if one.key == "t2"))
    assert taken_part(only_later, {"t2": weeks[1].post}) is None


def test_what_was_told_weeks_later_is_no_answer_of_others_below_the_plan() -> None:
    ours = SentPost("p", "follow-up", 1, "sky", 0, PostRef("bluesky", "at://f"), "f", "a", END)
    plan = answer("a", AMY, 5, root="", text="I will #tryit")
    weeks = [answer("t", AMY, 20_000, to="f", root="a"), answer("z", ZOE, 20_001, to="t", root="a")]
    found = content(plan, answer("y", ZOE, 6, to="a", root="a"), *weeks)
    part = seen(msgspec.structs.replace(found, sent=(ours,)))
    assert (part.below, part.threads) == ({"y"}, 1)
    (tried,) = part.tried
    assert (tried.said, [(one.key, one.followed) for one in tried.outcomes]) == (part.answers[0], [("t", 1)])


def test_an_outcome_that_was_asked_about_itself_is_not_told_as_gone() -> None:
    ours = [
        SentPost("p", "follow-up", 1, "sky", 0, PostRef("bluesky", f"at://f-{about}"), f"f-{about}", about, END)
        for about in ("a", "t")
    ]
    said = [answer("a", AMY, 5, text="#tryit"), answer("t", AMY, 20_000, to="f-a"), answer("u", AMY, 40_000, to="f-t")]
    part = seen(msgspec.structs.replace(content(*said), sent=tuple(ours)))
    assert [(one.said and one.said.key, [each.key for each in one.outcomes]) for one in part.tried] == [
        ("a", ["t"]),
        ("t", ["u"]),
    ]
