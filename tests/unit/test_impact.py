"""What the chats of a term came to: people, returners, networks, depth, share of voice, silence."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.impact_world import BOTH, LATER, Evening, answers, chronicle, crowd, people, replying, term, terms, weekly

from bot.domain.chronicle import Chronicle, Contribution
from bot.domain.impact import Figure, Impact, gini, impact
from bot.domain.posts import NetworkName
from bot.domain.suppression import FEW, Cell, Known

ONE = date(2027, 1, 7)


def told(found: Impact, place: int = -1) -> dict[Figure, object]:
    """Each figure of a term: its number, or why there is none."""
    return {name: cell.why or cell.value for name, cell in found.terms[place].cells.items()}


def test_a_term_in_figures() -> None:
    first: Evening = {**crowd("b", 6), **crowd("m", 6)}
    second: Evening = {**crowd("b", 8, 1), **crowd("m", 6, 1)}
    found = impact(weekly([first], [second, crowd("b", 3)]), LATER)
    assert [one.stretch.first for one in found.terms] == [term(0).first, term(1).first]
    assert told(found, 0)["returners"] == "first"
    assert told(found) == {
        "chats": 2,
        "cancelled": 0,
        "questions": 4,
        "silence": 2,
        "people": 15,
        "first-timers": "few",  # three on Bluesky, one on Mastodon; b0 came back
        "returners": "few",
        "people-bluesky": 9,
        "people-mastodon": 6,
        "answers": 17,
        "answers-bluesky": 11,
        "answers-mastodon": 6,
        "depth": "few",
        "depth-bluesky": "few",
        "depth-mastodon": "few",
        "voice": 10,
        "reflections": "few",
        "tries": "few",
        "followed-up": "few",
        "outcomes": "few",
    }


def test_whoever_came_in_an_earlier_term_is_a_returner_and_never_twice() -> None:
    old, new = crowd("b", 6), crowd("b", 7, 10)
    found = impact(weekly([old], [{**old, **new}, old, new]), LATER)
    assert told(found)["people"] == 13
    assert told(found)["returners"] == 6
    assert told(found)["first-timers"] == 7


def test_who_goes_without_a_name_is_followed_through_no_two_chats() -> None:
    shy = people("?b1", "?b2", "?m3", answers=3)
    with_shy = impact(weekly([{**crowd("b", 6), **shy}], [{**crowd("b", 6), **shy}]), LATER)
    without = impact(weekly([crowd("b", 6)], [crowd("b", 6)]), LATER)
    for place in (0, 1):
        assert told(with_shy, place)["answers"] == 15
        for name in ("people", "returners", "first-timers", "voice"):
            assert told(with_shy, place)[name] == told(without, place)[name]


def test_they_alone_make_no_group() -> None:
    found = told(impact(weekly([crowd("?b", 9)]), LATER))
    assert [found[name] for name in ("people", "answers", "voice", "depth")] == ["few"] * 4
    assert found["silence"] == 1


@pytest.mark.parametrize(("count", "expected"), [(4, "few"), (5, 5)])
def test_five_are_enough(count: int, expected: object) -> None:
    found = told(impact(weekly([crowd("b", count)]), LATER))
    assert (found["people"], found["answers"]) == (expected, expected)


@pytest.mark.parametrize(("count", "expected"), [(4, "few"), (5, 6)])
def test_reflections_count_where_five_people_wrote_one(count: int, expected: object) -> None:
    said = answers(f"edchat/{ONE}", {**people("b0", answers=2), **crowd("b", count - 1, 1), **people("?m1")})
    named = [each for each in said if each.followed]
    history = chronicle({ONE: crowd("m", 9)}, more=[msgspec.structs.replace(each, reflects=True) for each in named])
    found = told(impact(history, LATER))
    assert (found["reflections"], found["tries"]) == (expected, "few")


def test_who_goes_without_a_name_helps_no_reflection_to_be_told_and_what_is_told_later_is_none() -> None:
    chat = f"edchat/{ONE}"
    said = [msgspec.structs.replace(each, reflects=True) for each in answers(chat, {**crowd("b", 4), **people("?b9")})]
    told_later = msgspec.structs.replace(said[0], key="weeks later", by="b5", about=said[0].key)
    assert told(impact(chronicle({ONE: {}}, more=[*said, told_later]), LATER))["reflections"] == "few"


def later(each: Contribution, number: int) -> Contribution:
    """What somebody tells weeks later of what they tried."""
    return msgspec.structs.replace(each, key=f"later-{number}-{each.key}", parent="f", about=each.key, tries=False)


def test_what_was_told_later_counts_as_that_alone_and_only_once_nobody_is_asked_any_more() -> None:
    chat = f"edchat/{ONE}"
    said = [msgspec.structs.replace(each, tries=True) for each in answers(chat, crowd("b", 6))]
    outcomes = [later(each, number) for number in (1, 2) for each in said[:5]]
    asked = (*[each.key for each in said] * 2, "of an answer that is gone")
    plain = told(impact(chronicle({ONE: {}}, spans=terms(1), more=said), LATER))
    history = chronicle({ONE: {}}, spans=terms(1), more=[*said, *outcomes])
    history = msgspec.structs.replace(history, follow_ups={chat: asked})
    found = told(impact(history, LATER))
    assert (found["tries"], found["followed-up"], found["outcomes"]) == (6, 12, 10)
    names = [name for name in found if name not in ("followed-up", "outcomes")]
    assert [found[name] for name in names] == [plain[name] for name in names]
    four = msgspec.structs.replace(history, contributions=tuple(one for one in history.contributions if one.by != "b0"))
    assert (told(impact(four, LATER))["outcomes"], told(impact(four, LATER))["tries"]) == ("few", 5)
    ended = history.chats[0].chat.ends_at
    last = ended + timedelta(weeks=6, days=2 + 28)
    for now, told_now in ((last - timedelta(hours=2), "asking"), (last, 10)):
        assert told(impact(history, now))["outcomes"] == told_now
        assert told(impact(history, now))["tries"] == 6


def test_a_reply_to_somebody_elses_answer_is_depth() -> None:
    chat = f"edchat/{ONE}"
    said = list(answers(chat, crowd("b", 6)))
    to_us = replying(said[0], "a question of ours")
    to_others = [replying(each, said[0].key) for each in said[1:]]
    own = msgspec.structs.replace(said[0], key="again", parent=said[0].key)
    history = chronicle({ONE: {}}, more=[to_us, *to_others, own])
    assert told(impact(history, LATER))["depth"] == 5
    four = msgspec.structs.replace(history, contributions=(to_us, *to_others[:4], said[5], own))
    assert told(impact(four, LATER))["depth"] == "few"


def test_depth_is_split_where_five_on_each_network_replied() -> None:
    chat = f"edchat/{ONE}"
    top = next(iter(answers(chat, people("btop"))))
    said = list(answers(chat, {**crowd("b", 5), **crowd("m", 6)}))
    below = [replying(each, top.key) for each in said]
    found = told(impact(chronicle({ONE: {}}, more=[top, *below]), LATER))
    assert (found["depth"], found["depth-bluesky"], found["depth-mastodon"]) == (11, 5, 6)
    fewer = told(impact(chronicle({ONE: {}}, more=[top, said[0], *below[1:]]), LATER))
    assert (fewer["depth"], fewer["depth-bluesky"], fewer["depth-mastodon"]) == (10, "few", "few")


def test_on_one_network_nothing_stands_side_by_side() -> None:
    found = told(impact(chronicle({ONE: crowd("b", 9)}, networks=frozenset({"bluesky"})), LATER))
    assert {found[name] for name in ("people-bluesky", "answers-mastodon", "depth-bluesky")} == {"one-network"}


def test_cancelled_chats_and_those_that_asked_nothing_are_not_held() -> None:
    history = chronicle({ONE: crowd("b", 6), ONE + timedelta(days=1): crowd("b", 9)}, cancelled=[ONE])
    assert told(impact(history, LATER))["people"] == 9
    assert (told(impact(history, LATER))["chats"], told(impact(history, LATER))["cancelled"]) == (1, 1)
    nothing = told(impact(msgspec.structs.replace(history, asked={}), LATER))
    assert nothing == {"chats": 0, "cancelled": 1}


def test_a_chat_that_was_cancelled_after_its_first_question_is_not_held() -> None:
    history = chronicle({ONE: crowd("b", 6), ONE + timedelta(days=1): crowd("b", 9)}, cancelled=[ONE])
    asked = {**history.asked, f"edchat/{ONE}": frozenset({f"edchat/{ONE}/q1"})}
    found = told(impact(msgspec.structs.replace(history, asked=asked), LATER))
    assert (found["chats"], found["questions"], found["answers"]) == (1, 2, 9)


def test_who_goes_without_a_name_helps_to_make_no_five() -> None:
    chat = f"edchat/{ONE}"
    said = list(answers(chat, {**crowd("b", 9), **crowd("m", 4), **people("?m8", "?m9")}))
    below = [replying(each, said[0].key) for each in said[5:]]
    found = told(impact(chronicle({ONE: {}}, more=[*said[:5], *below]), LATER))
    assert found["depth"] == 10  # of eight with a name, two without
    assert (found["people-mastodon"], found["answers-mastodon"], found["depth-mastodon"]) == ("few", "few", "few")
    fewer = told(impact(chronicle({ONE: {}}, more=[*said[:9], *below[4:]]), LATER))
    assert fewer["depth"] == "few"  # of four with a name, two without


def test_terms_are_told_in_the_order_of_their_first_chats_that_were_held() -> None:
    """A chat in the school year outside all terms was cancelled in December; the next one there was in March."""
    march, december = date(2027, 3, 4), date(2026, 12, 3)
    evenings: dict[date, Evening] = {ONE: crowd("b", 8), march: {**crowd("b", 6), **crowd("b", 6, 20)}}
    found = impact(chronicle(evenings, spans=terms(1), cancelled=[december]), LATER)
    assert [one.stretch.id for one in found.terms] == ["term-2027-01-04", "year-2026"]
    assert (told(found)["returners"], told(found)["first-timers"]) == (6, 6)


def test_returners_are_told_up_to_what_is_known_anyway() -> None:
    known = Known()
    known.first(FEW)
    assert known.split(Cell(6), 0, 6) == (FEW, FEW)  # now six are known
    assert known.split(Cell(13), 7, 6) == (FEW, FEW)  # seven are one too many; now thirteen are known
    assert known.split(Cell(19), 13, 6) == (Cell(13), Cell(6))  # now nineteen
    assert known.split(Cell(25), 20, 5) == (FEW, FEW)  # and now those twenty-five
    assert known.split(FEW, 3, 1) == (FEW, FEW)
    assert known.split(Cell(31), 25, 6) == (Cell(25), Cell(6))
    again = Known()
    again.first(Cell(7))
    assert again.split(Cell(12), 7, 5) == (Cell(7), Cell(5))
    assert again.split(Cell(17), 12, 5) == (Cell(12), Cell(5))
    assert again.split(Cell(23), 18, 5) == (FEW, FEW)


def test_a_term_is_not_over_with_its_last_chat() -> None:
    history = chronicle({ONE: crowd("b", 6)}, spans=terms(1))
    assert impact(history, datetime(2027, 1, 31, 12, tzinfo=UTC)).terms == ()
    assert len(impact(history, datetime(2027, 2, 1, 12, tzinfo=UTC)).terms) == 1


def of_series(history: Chronicle, **changes: Any) -> Chronicle:
    """The same chats of a series that is otherwise set."""
    chats = (
        msgspec.structs.replace(one, series=msgspec.structs.replace(one.series, **changes)) for one in history.chats
    )
    return msgspec.structs.replace(history, chats=tuple(chats))


@pytest.mark.parametrize(
    ("zone", "first_hour"),
    [
        ("Europe/London", datetime(2027, 2, 1, 0, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2027, 2, 1, 8, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2027, 1, 31, 11, tzinfo=UTC)),
    ],
)
def test_a_terms_last_day_ends_by_the_clock_of_its_series(zone: str, first_hour: datetime) -> None:
    history = of_series(chronicle({ONE: crowd("b", 6)}, spans=terms(1)), timezone=zone)
    assert len(impact(history, first_hour).terms) == 1
    assert impact(history, first_hour - timedelta(minutes=1)).terms == ()


def test_where_nobody_is_asked_later_nothing_waits_for_it() -> None:
    history = chronicle({ONE: crowd("b", 6)}, spans=terms(1))
    over = datetime(2027, 2, 1, 12, tzinfo=UTC)
    assert told(impact(history, over))["outcomes"] == "asking"
    assert told(impact(of_series(history, follow_up=()), over))["outcomes"] == "few"


def test_without_terms_it_is_a_school_year() -> None:
    (only,) = impact(chronicle({ONE: crowd("b", 6)}), LATER).terms
    assert (only.stretch.id, only.stretch.last) == ("year-2026", date(2027, 8, 31))


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (datetime(2027, 1, 31, 23, 59, tzinfo=UTC), False),  # its last day
        (datetime(2027, 2, 1, 0, 0, tzinfo=UTC), False),  # answers to its last chat still enter
        (datetime(2027, 2, 3, 20, 59, tzinfo=UTC), False),
        (datetime(2027, 2, 3, 21, 0, tzinfo=UTC), True),
    ],
)
def test_a_term_is_told_when_nothing_can_be_added(now: datetime, over: bool) -> None:
    found = impact(chronicle({date(2027, 1, 31): crowd("b", 6)}, spans=terms(1)), now)
    assert (len(found.terms), len(found.open)) == ((1, 0) if over else (0, 1))


def test_chats_between_those_of_a_term_have_nothing_before_them() -> None:
    """Two chats outside all terms, with a whole term between them."""
    days = [date(2026, 12, 3), ONE, date(2027, 3, 4)]
    found = impact(chronicle(dict.fromkeys(days, crowd("b", 12)), spans=terms(1)), LATER)
    for name in ("returners", "first-timers"):
        assert {one.stretch.id: one.cells[name].why for one in found.terms} == {
            "year-2026": "between",
            "term-2027-01-04": "few",
        }


def test_no_code_and_no_key_leaves() -> None:
    found = impact(weekly([crowd("Quux", 9)], [crowd("Quux", 9)]), LATER)
    assert "Quux" not in repr(found)


shares = st.lists(st.integers(1, 60), min_size=1, max_size=40)


@given(shares)
def test_gini_lies_between_even_and_one_voice(given_: list[int]) -> None:
    assert -1e-9 <= gini(given_) <= 1 - 1 / len(given_) + 1e-9


@given(shares, st.integers(2, 9))
def test_gini_knows_no_order_no_size_and_no_number_of_people(given_: list[int], times: int) -> None:
    assert gini(given_[::-1]) == pytest.approx(gini(given_))
    assert gini([times * one for one in given_]) == pytest.approx(gini(given_))
    assert gini(given_ * times) == pytest.approx(gini(given_))


@pytest.mark.parametrize(("given_", "expected"), [([7], 0), ([3, 3, 3], 0), ([1, 3], 0.25), ([1, 1, 1, 97], 0.72)])
def test_gini_of_small_groups(given_: list[int], expected: float) -> None:
    assert gini(given_) == pytest.approx(expected)


@given(st.permutations(list(answers("edchat/2027-01-07", {**crowd("b", 7), **crowd("m", 6)}))))
def test_the_order_of_answers_means_nothing(said: list[Contribution]) -> None:
    ordered: Any = chronicle({ONE: {}}, networks=BOTH, more=said)
    usual = chronicle({ONE: {**crowd("b", 7), **crowd("m", 6)}})
    assert impact(ordered, LATER) == impact(usual, LATER)


def on(network: NetworkName, who: str, count: int, *, to: str = "") -> list[Contribution]:
    return [Contribution(WHERE, f"{who}-{network}-{n}", to, who, True, network) for n in range(count)]


WHERE = f"edchat/{ONE}"


@pytest.mark.parametrize(
    ("bluesky", "mastodon", "first", "sides"),
    [(2, 1, "bluesky", (6, 5)), (1, 2, "bluesky", (5, 6)), (1, 1, "bluesky", (6, 5)), (1, 1, "mastodon", (5, 6))],
)
def test_one_person_on_both_networks_counts_once_where_they_said_most(
    bluesky: int, mastodon: int, first: str, sides: tuple[int, int]
) -> None:
    mine = [*on("bluesky", "amy", bluesky), *on("mastodon", "amy", mastodon)]
    more = mine if first == "bluesky" else mine[::-1]
    found = told(impact(chronicle({ONE: crowd("b", 5) | crowd("m", 5)}, more=more), LATER))
    assert found["people"] == 11
    assert (found["people-bluesky"], found["people-mastodon"]) == sides
    assert (found["answers-bluesky"], found["answers-mastodon"]) == (5 + bluesky, 5 + mastodon)


def test_to_answer_ones_own_other_account_is_no_depth() -> None:
    top = on("bluesky", "amy", 1)
    own, others = (
        on("mastodon", "amy", 1, to=top[0].key),
        [on("mastodon", f"m{n}", 1, to=top[0].key)[0] for n in range(5)],
    )
    found = told(impact(chronicle({ONE: crowd("b", 5)}, more=[*top, *own, *others]), LATER))
    assert (found["depth"], found["answers"], found["people"]) == (5, 12, 11)
