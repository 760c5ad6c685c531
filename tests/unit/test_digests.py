from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from golden import sample
from golden.sample import answer
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.digests import PER_QUESTION, choose, questions_of
from bot.domain.holding import Wanted
from bot.domain.records import Answer, ChatContent, Placed, Quoted
from bot.domain.whychosen import Reason, Talk, in_english, lasting, reason

CHAT = "edchat/2027-01-07"


def content(*answers: Answer) -> ChatContent:
    ordered = tuple(sorted(answers, key=lambda one: (one.post.at, one.key)))
    return ChatContent(sample.stored_chats()[0], (), ordered, (), ())


def picked(*answers: Answer) -> list[tuple[str, str]]:
    return [(pick.question.removeprefix(f"{CHAT}/"), pick.answer) for pick in choose(content(*answers))]


LONG = "This is long enough to say something and short enough to be read in one breath."


def test_questions_are_counted_from_one() -> None:
    assert questions_of(content()) == [f"{CHAT}/q{number}" for number in (1, 2, 3, 4)]


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


def test_everybody_is_heard_once_and_nobody_twice() -> None:
    found = picked(*(answer(f"{who}{number}", who, 1, LONG, number) for who in ("y5", "dep") for number in (1, 2)))
    assert [question for question, _ in found] == ["q1", "q2"]
    assert {key[:-1] for _, key in found} == {"y5", "dep"}
    alone = picked(*(answer(f"0{n}", "y5", n, LONG, (n + 1) // 2) for n in range(1, 9)))
    assert alone == [("q1", "01")]


def test_somebody_gives_way_so_that_no_question_is_empty() -> None:
    """Only one order of seats fills all four, and no single move leads to it."""
    found = picked(
        answer("01", "y5", 1, LONG, 1),
        answer("02", "dep", 2, LONG, 1),
        answer("03", "dep", 3, LONG, 2),
        answer("04", "head", 4, LONG, 2),
        answer("05", "head", 5, LONG, 3),
        answer("06", "maths", 6, LONG, 3),
        answer("07", "y5", 7, LONG, 4),
        answer("08", "dep", 8, LONG, 4),
    )
    assert sorted({question for question, _ in found}) == ["q1", "q2", "q3", "q4"]


def test_replies_of_more_than_three_people_count_as_three() -> None:
    crowd = [answer(f"1{n}", who, 10 + n, "Yes.", to="02") for n, who in enumerate(("head", "maths", "hist", "sci"))]
    some = [answer(f"2{n}", who, 10 + n, "Yes.", to="01") for n, who in enumerate(("head", "maths", "hist"))]
    early, late = answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 1)
    assert [key for _, key in picked(early, late, *crowd, *some)] == ["01", "02"]
    assert [key for _, key in picked(early, late, *crowd, *some[:2])] == ["02", "01"]


def test_each_network_has_somebody_though_more_was_said_on_the_other() -> None:
    many = [answer(f"0{n}", who, n, LONG, 1) for n, who in enumerate(("y5", "dep", "head", "maths"))]
    below = [answer(f"1{n}", who, 10 + n, "Yes.", to=f"0{n}") for n, who in enumerate(("dep", "y5", "maths", "head"))]
    assert "09" in {key for _, key in picked(*many, *below, answer("09", "hist", 30, "ok", 1))}


# -- across a series -----------------------------------------------------------------------------------------------
def chosen(*answers: Answer, last: dict[str, int] | None = None, new: str = "", **wanted: Any) -> dict[str, str]:
    """Why each chosen answer stands there, by key; ``last``: in which day of January its author was quoted."""
    quoted = Quoted(
        {key: datetime(2026, 12, day, tzinfo=UTC) for key, day in (last or {}).items()}, frozenset(new.split())
    )
    return {pick.answer: pick.why for pick in choose(content(*answers), quoted, Wanted(**wanted))}


WAITED = "others were quoted more recently"
FOUR = [answer(f"0{n}", who, n, LONG, 1) for n, who in enumerate(("y5", "dep", "head", "maths"), 1)]


def test_who_was_never_quoted_comes_before_who_was_and_the_longest_ago_before_the_others() -> None:
    assert chosen(*FOUR, last={"01": 24, "02": 17}) == {
        "03": WAITED,
        "04": WAITED,
    }
    assert chosen(*FOUR, last={"01": 24, "02": 17, "03": 10, "04": 3}) == {"04": WAITED, "03": WAITED}
    assert list(chosen(*FOUR)) == ["01", "02"]


def test_it_is_not_said_that_somebody_waited_where_that_changed_nothing() -> None:
    assert chosen(*FOUR, last={"03": 3, "04": 10}) == {"01": "the first answer", "02": "so that more people are heard"}


def test_who_comes_as_the_other_network_did_not_wait() -> None:
    """Both networks have somebody already; beside the first answer to this question stands one of its own."""
    three = [answer(f"0{n}", who, n, LONG, 1) for n, who in ((1, "y5"), (3, "dep"), (4, "hist"))]
    found = chosen(*three, answer("02", "sci", 2, LONG, 2))
    assert found == {"01": "the first answer", "04": "so that more people are heard", "02": "the first answer"}


def test_a_network_has_its_place_though_its_only_people_were_quoted_last() -> None:
    assert set(chosen(*FOUR, answer("05", "hist", 5, LONG, 1), last={"05": 24})) == {"01", "05"}


def test_a_network_has_its_place_beside_what_hosts_pinned_of_the_other() -> None:
    assert set(chosen(*FOUR, answer("05", "hist", 5, LONG, 1), last={"05": 24}, pinned=("01",))) == {"01", "05"}


def test_one_place_is_a_newcomers() -> None:
    loud = [answer(f"1{n}", who, 10 + n, "Yes.", to=to) for n, (who, to) in enumerate([("dep", "01"), ("y5", "02")])]
    assert list(chosen(*FOUR, *loud)) == ["01", "02"]
    assert chosen(*FOUR, *loud, new="03 04") == {"01": "the first answer", "03": "their first chat here"}
    assert chosen(*FOUR, *loud, new="03 04", last={"01": 3}) == {
        "02": WAITED,
        "03": "their first chat here",
    }


def test_a_newcomer_who_is_moved_to_another_question_stays_one() -> None:
    mine = [answer("01", "trainee", 1, LONG, 1), answer("02", "trainee", 2, LONG, 2), answer("03", "y5", 3, LONG, 1)]
    found = chosen(*mine, new="01 02")
    assert found == {"03": "so that more people are heard", "02": "their first chat here"}


def test_a_pinned_newcomer_is_enough_and_a_pinned_regular_takes_no_newcomers_place() -> None:
    assert list(chosen(*FOUR, new="03 04", pinned=("03",))) == ["03", "01"]
    assert list(chosen(*FOUR, new="04", pinned=("01",))) == ["01", "04"]


def test_a_newcomer_has_no_third_place_beside_two_pins() -> None:
    assert list(chosen(*FOUR, new="04", pinned=("01", "02"))) == ["01", "02"]


def test_a_newcomers_answer_to_two_questions_stands_where_fewer_people_answered() -> None:
    """So that everybody is heard: at the other question somebody would have no place."""
    both, other = answer("01", "maths", 1, LONG, 1, 2), answer("02", "dep", 2, LONG, 2)
    rest = (answer("03", "y5", 3, LONG, 1), answer("04", "head", 4, LONG, 1))
    quoted = Quoted(newcomers=frozenset({"01"}))
    found = [(one.question[-2:], one.answer) for one in choose(content(both, other, *rest), quoted)]
    assert found == [("q1", "03"), ("q1", "04"), ("q2", "01"), ("q2", "02")]


# -- what hosts say ------------------------------------------------------------------------------------------------
def test_pins_come_first_and_as_many_as_there_are() -> None:
    again = answer("05", "dep", 5, LONG, 1)
    theirs = "the hosts' choice"
    assert list(chosen(*FOUR, again, pinned=("05", "04", "02")).items()) == [
        ("05", theirs),
        ("04", theirs),
        ("02", theirs),
    ]
    assert list(chosen(*FOUR, pinned=("04",))) == ["04", "01"]


def test_who_is_pinned_is_not_moved_to_a_question_that_stays_empty() -> None:
    two = [answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 1), answer("03", "y5", 3, LONG, 2)]
    assert chosen(*two, pinned=("01",)) == {"01": "the hosts' choice", "02": "so that more people are heard"}


def test_somebody_else_is_moved_where_one_who_could_be_is_pinned() -> None:
    both = [answer(f"0{n}", who, n, LONG, 1 + n // 3) for n, who in ((1, "y5"), (2, "hist"), (3, "y5"), (4, "hist"))]
    found = chosen(*both, new="02 04", pinned=("01",))
    assert found == {"01": "the hosts' choice", "04": "their first chat here"}


def test_what_is_left_out_is_not_chosen_and_nobody_is_pinned_against_the_rules() -> None:
    assert list(chosen(*FOUR, left_out=frozenset({"01", "03"}))) == ["02", "04"]
    warned = answer("05", "hist", 5, LONG, 1, warning="inspection")
    assert list(chosen(*FOUR, warned, pinned=("05", "gone"))) == ["01", "02"]


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
    said = [in_english(Reason("answered", people)).partition(" people ")[0] for people in range(2, 15)]
    assert " ".join(said) == "two three four five six seven eight nine ten eleven twelve 13 14"
    assert in_english(Reason("voice", 0)) == "so that more people are heard"
    assert in_english(Reason("thread", 0)) == "the longest thread"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("the hosts' choice", Reason("pinned", 3)),
        ("their first chat here", Reason("newcomer", 3)),
        ("others were quoted more recently", Reason("waited", 3)),
        ("the first answer", None),
        ("three people answered it", None),
        ("", None),
    ],
)
def test_what_later_answers_do_not_change_stays_the_reason(said: str, found: Reason | None) -> None:
    assert lasting(said, 3) == found


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
KEYS = st.sets(st.integers(0, 24), max_size=3).map(lambda keys: [f"{key:03}" for key in sorted(keys)])


def most_questions(who: list[set[str]], busy: frozenset[str] = frozenset()) -> int:
    """How many questions can have somebody of their own; all ways are tried."""
    if not who:
        return 0
    first, *rest = who
    return max([most_questions(rest, busy), *(1 + most_questions(rest, busy | {one}) for one in first - busy)])


@given(ANSWERS, KEYS, KEYS, KEYS, st.dictionaries(st.sampled_from(sorted(sample.PEOPLE)), st.integers(1, 28)))
def test_rules_hold_for_any_chat(
    drawn: list[tuple[str, set[int], int, int, bool]],
    pinned: list[str],
    left_out: list[str],
    new: list[str],
    last: dict[str, int],
) -> None:
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
    newcomers = frozenset(
        one.key for one in answers if one.post.author.id in {by_key[key].post.author.id for key in new if key in by_key}
    )
    quoted = Quoted(
        {
            one.key: datetime(2026, 12, last[who], tzinfo=UTC)
            for one, (who, *_) in zip(answers, drawn, strict=True)
            if who in last
        },
        newcomers,
    )
    pinned = [key for key in pinned if key not in left_out]
    picks = choose(whole, quoted, Wanted(tuple(pinned), frozenset(left_out)))
    fit = [one for one in answers if one.placed and not one.post.warning and one.key not in left_out]
    author = {one.key: one.post.author.id for one in answers}

    # What hosts said is done, the rest is somebody else each time.
    assert [pick.answer for pick in picks if pick.why == "the hosts' choice"] == [
        pick.answer for pick in picks if pick.answer in pinned
    ]
    assert {one.key for one in fit} & set(pinned) <= {pick.answer for pick in picks}
    assert all(by_key[pick.answer] in fit for pick in picks)
    assert all(pick.question in {placed.question for placed in by_key[pick.answer].placed} for pick in picks)
    assert len({pick.answer for pick in picks}) == len(picks)
    theirs = Counter(author[pick.answer] for pick in picks if pick.answer in pinned)
    others = Counter(author[pick.answer] for pick in picks if pick.answer not in pinned)
    assert set(others.values()) <= {1}
    assert not theirs.keys() & others.keys()
    by_question = Counter(pick.question for pick in picks)
    for question, count in by_question.items():
        assert count <= max(PER_QUESTION, sum(pick.question == question and pick.answer in pinned for pick in picks))

    # No question is empty that somebody could have, and nobody is left over where there is room.
    if not pinned:
        who = [
            {author[one.key] for one in fit if f"{CHAT}/q{number}" in {placed.question for placed in one.placed}}
            for number in range(1, 5)
        ]
        assert len(by_question) == most_questions(who)
        for number, people in enumerate(who, 1):
            assert by_question[f"{CHAT}/q{number}"] == PER_QUESTION or people <= others.keys()
        if newcomers & {one.key for one in fit}:
            assert newcomers & {pick.answer for pick in picks}
        assert {one.post.ref.network for one in fit} == {by_key[pick.answer].post.ref.network for pick in picks}
    assert choose(whole, quoted, Wanted(tuple(pinned), frozenset(left_out))) == picks


def test_placed_by_reply_and_by_quote_counts_as_a_reply() -> None:
    both = msgspec.structs.replace(
        answer("01", "y5", 1, LONG), placed=(Placed(f"{CHAT}/q1", "quote"), Placed(f"{CHAT}/q1", "reply"))
    )
    assert picked(both) == [("q1", "01")]


# -- one person, two accounts ------------------------------------------------------------------------------------------
def keys_chosen(*answers: Answer, **quoted: Any) -> list[str]:
    return [pick.answer for pick in choose(content(*answers), Quoted(**quoted))]


def test_one_person_has_one_turn_from_whichever_account() -> None:
    said = (answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 2), answer("03", "head", 3, LONG, 2))
    assert keys_chosen(*said) == ["01", "02", "03"]
    linked = {"01": "one", "02": "one"}
    assert keys_chosen(*said, persons=linked) == ["01", "03"]
    assert keys_chosen(*said, persons=linked | {"03": "one"}) in (["01"], ["02"], ["03"])


def test_a_question_that_one_person_answered_twice_still_gets_one_answer() -> None:
    said = (answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 2), answer("03", "head", 3, LONG, 1))
    assert keys_chosen(*said, persons={"01": "one", "02": "one"}) == ["03", "02"]


def test_a_newcomer_is_welcomed_as_the_account_that_came() -> None:
    said = (answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 1))
    quoted = Quoted(newcomers=frozenset({"02"}), persons={"02": "one"})
    assert [pick.why for pick in choose(content(*said), quoted) if pick.answer == "02"] == ["their first chat here"]


def test_a_reply_from_ones_own_other_account_is_no_other_persons() -> None:
    early, late = answer("01", "y5", 1, LONG, 1), answer("02", "dep", 2, LONG, 1)
    own, other = answer("03", "head", 3, "Yes.", to="02"), answer("04", "maths", 4, "And how?", to="02")
    linked = {"02": "one", "03": "one"}
    assert keys_chosen(early, late, own)[0] == "02"
    assert keys_chosen(early, late, own, persons=linked)[0] == "01"
    assert keys_chosen(early, late, own, other, persons=linked)[0] == "02"
