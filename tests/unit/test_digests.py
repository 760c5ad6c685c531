from collections import Counter
from dataclasses import dataclass

import msgspec
import pytest
from golden import sample
from golden.sample import answer
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digests import PER_QUESTION, Reason, Talk, choose, in_english, reason
from bot.domain.records import Answer, ChatContent, Placed

CHAT = "edchat/2027-01-07"


def content(*answers: Answer) -> ChatContent:
    ordered = tuple(sorted(answers, key=lambda one: (one.post.at, one.key)))
    return ChatContent(sample.stored_chats()[0], (), ordered, (), ())


def picked(*answers: Answer) -> list[tuple[str, str]]:
    return [(pick.question.removeprefix(f"{CHAT}/"), pick.answer) for pick in choose(content(*answers))]


LONG = "This is long enough to say something and short enough to be read in one breath."


def test_no_answers_no_picks() -> None:
    assert choose(content()) == ()


def test_what_others_answered_comes_first() -> None:
    found = picked(
        answer("01", "y5", 1, LONG, 1),
        answer("02", "dep", 2, LONG, 1),
        answer("03", "head", 3, "Yes!", 1, to="02"),
        answer("04", "maths", 4, "And how?", 1, to="03"),
    )
    assert found[0] == ("q1", "02")


def test_a_choice_says_why_in_words() -> None:
    found = choose(content(answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 1)))
    assert [pick.why for pick in found] == ["the first answer", "so that more people are heard"]


def test_replies_by_its_own_author_do_not_count() -> None:
    found = picked(
        answer("01", "y5", 1, LONG, 1),
        answer("02", "dep", 2, LONG, 1),
        *(answer(f"1{n}", "dep", 3 + n, "More of me.", to="02") for n in range(5)),
    )
    assert found[0] == ("q1", "01")


def test_the_second_one_comes_from_the_other_network() -> None:
    found = picked(answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 1), answer("03", "hist", 3, LONG, 1))
    assert found == [("q1", "01"), ("q1", "03")]


def test_readable_comes_before_short_and_very_long() -> None:
    found = picked(
        answer("01", "y5", 1, "Yes.", 1), answer("02", "dep", 2, "word " * 90, 1), answer("03", "head", 3, LONG, 1)
    )
    assert found[0] == ("q1", "03")


def test_nobody_comes_twice_before_everybody_came_once() -> None:
    found = picked(
        answer("01", "y5", 1, LONG, 1),
        answer("02", "y5", 2, LONG, 2),
        answer("03", "dep", 3, LONG, 2),
        answer("04", "head", 4, "ok", 2),
    )
    assert found == [("q1", "01"), ("q2", "03"), ("q2", "04")]


def test_a_question_with_a_single_answer_gets_it_although_its_author_wrote_elsewhere_first() -> None:
    assert ("q3", "02") in picked(
        answer("01", "y5", 1, LONG, 1), answer("02", "y5", 2, LONG, 3), answer("03", "dep", 3, LONG, 1)
    )


def test_who_answered_a_scarce_question_and_another_one_leaves_that_one_to_others() -> None:
    found = picked(
        answer("01", "y5", 1, LONG, 1),
        answer("02", "y5", 2, LONG, 3),
        answer("03", "dep", 3, LONG, 1),
        answer("04", "head", 4, LONG, 1),
    )
    assert sorted(found) == [("q1", "03"), ("q1", "04"), ("q3", "02")]


def test_once_everybody_was_heard_the_rest_is_filled_up() -> None:
    found = picked(*(answer(f"{who}{number}", who, 1, LONG, number) for who in ("y5", "dep") for number in (1, 2)))
    assert sorted(found) == [("q1", "dep1"), ("q1", "y51"), ("q2", "dep2"), ("q2", "y52")]


def test_while_somebody_is_unheard_nobody_comes_again_to_fill_up_a_question() -> None:
    busy = [answer(f"0{n}", who, n, LONG, 1) for n, who in enumerate(("dep", "head", "hist", "maths"), 3)]
    found = picked(answer("01", "y5", 1, LONG, 2), answer("02", "dep", 2, LONG, 2), *busy)
    assert found == [("q1", "03"), ("q1", "05"), ("q2", "01")]


def test_one_person_alone_is_repeated_under_each_question_once() -> None:
    found = picked(*(answer(f"0{n}", "y5", n, LONG, (n + 1) // 2) for n in range(1, 9)))
    assert [question for question, _ in found] == ["q1", "q2", "q3", "q4"]


@dataclass(frozen=True)
class Unfit:
    why: str
    answer: Answer


@pytest.mark.parametrize(
    "unfit",
    [
        Unfit("content warning", answer("01", "y5", 1, LONG, 1, warning="inspection")),
        Unfit("only quotes", answer("01", "y5", 1, LONG, 1, how="quote")),
        Unfit("no question", answer("01", "y5", 1, LONG)),
        Unfit("no words", answer("01", "y5", 1, "  \n", 1)),
        Unfit("our own", answer("ours-bluesky-1", "y5", 1, LONG, 1)),
        Unfit("a question that is none any more", answer("01", "y5", 1, LONG, 5)),
    ],
    ids=lambda unfit: unfit.why,
)
def test_what_is_never_repeated(unfit: Unfit) -> None:
    found = msgspec.structs.replace(content(unfit.answer), sent=(sample.sent(1, "bluesky", 0),))
    assert choose(found) == ()


def test_an_answer_to_two_questions_is_repeated_once() -> None:
    both = answer("01", "y5", 1, LONG, 1, 2)
    assert picked(both) == [("q1", "01")]


def test_the_same_answers_in_another_order_give_the_same_choice() -> None:
    whole = sample.content()
    turned = msgspec.structs.replace(whole, answers=whole.answers[::-1])
    assert choose(whole) == choose(turned)
    assert choose(whole) == choose(whole)


REASONS = [
    (("02", "dep", "01"), ("03", "hist", "02"), Reason("answered", 2), "two people answered it"),
    (("02", "dep", "01"), None, Reason("first", 1), "the first answer"),
    (None, None, Reason("first", 0), "the first answer"),
]


@pytest.mark.parametrize(("one", "two", "found", "said"), REASONS)
def test_reasons_of_the_first(one: tuple | None, two: tuple | None, found: Reason, said: str) -> None:
    below = [answer(key, who, 5, "Yes.", 1, to=to) for key, who, to in filter(None, (one, two))]
    first = answer("01", "y5", 1, LONG, 1)
    why = reason(Talk(content(first, *below)), [first, *below], first)
    assert (why, in_english(why)) == (found, said)


def test_reasons_of_a_later_one() -> None:
    first, later = answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 1)
    assert reason(Talk(content(first, later)), [first, later], later).kind == "voice"
    one = answer("03", "y5", 3, "Yes?", to="02")
    assert in_english(reason(Talk(content(first, later, one)), [first, later], later)) == "one person answered it"
    more = [answer(f"1{n}", "dep", 4 + n, "Indeed.", to="02") for n in range(2)]
    assert reason(Talk(content(first, later, *more)), [first, later], later) == Reason("thread", 0)


def test_a_reason_counts_what_is_there_now_and_says_large_numbers_in_digits() -> None:
    assert in_english(Reason("answered", 13)) == "13 people answered it"
    assert in_english(Reason("voice", 0)) == "so that more people are heard"
    assert in_english(Reason("thread", 0)) == "the longest thread"


def test_a_loop_and_a_very_deep_thread_end() -> None:
    loop = [answer("01", "y5", 1, LONG, 1, to="02"), answer("02", "dep", 2, LONG, 1, to="01")]
    assert len(choose(content(*loop))) == 2
    deep = [answer(f"{n:05}", "y5" if n % 2 else "dep", n, LONG, 1, to=f"{n - 1:05}") for n in range(3000)]
    assert len(choose(content(*deep))) == 2


ANSWERS = st.lists(
    st.tuples(
        st.sampled_from(sorted(sample.PEOPLE)),
        st.sets(st.integers(1, 4), max_size=2),
        st.integers(0, 30),
        st.integers(-1, 20),
        st.booleans(),
    ),
    max_size=25,
)


@given(ANSWERS)
def test_rules_hold_for_any_chat(drawn: list[tuple[str, set[int], int, int, bool]]) -> None:
    answers = [
        answer(
            f"{key:03}",
            who,
            minute,
            LONG,
            *sorted(numbers),
            to=f"{parent:03}" if parent >= 0 else "",
            warning="w" if warned else "",
        )
        for key, (who, numbers, minute, parent, warned) in enumerate(drawn)
    ]
    whole = content(*answers)
    by_key = {one.key: one for one in answers}
    picks = choose(whole)
    fit = [one for one in answers if one.placed and not one.post.warning]
    by_question = Counter(pick.question for pick in picks)
    authors = Counter(by_key[pick.answer].post.author.id for pick in picks)
    assert all(count <= PER_QUESTION for count in by_question.values())
    assert len({pick.answer for pick in picks}) == len(picks)
    for pick in picks:
        chosen = by_key[pick.answer]
        assert chosen in fit
        assert pick.question in {placed.question for placed in chosen.placed}
    for question in by_question:
        mine = [by_key[pick.answer].post.author.id for pick in picks if pick.question == question]
        assert len(set(mine)) == len(mine)
    everybody = {one.post.author.id for one in fit}
    for question, count in by_question.items():
        if count == PER_QUESTION and everybody - authors.keys():
            mine = [by_key[pick.answer].post.author.id for pick in picks if pick.question == question]
            assert any(authors[who] == 1 for who in mine)


def test_placed_by_reply_and_by_quote_counts_as_a_reply() -> None:
    both = msgspec.structs.replace(
        answer("01", "y5", 1, LONG), placed=(Placed(f"{CHAT}/q1", "quote"), Placed(f"{CHAT}/q1", "reply"))
    )
    assert picked(both) == [("q1", "01")]
