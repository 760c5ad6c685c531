"""Which series and terms a report is about, and what somebody reads who asked for one that cannot be had."""

from datetime import date

import pytest

from bot.domain.choosing import Wanted, choose
from bot.domain.impact import Impact, Term
from bot.domain.schoolyears import Stretch
from bot.domain.suppression import Cell
from bot.errors import UserError

AUTUMN = Stretch(date(2026, 9, 7), date(2026, 12, 18), term=True)
SPRING = Stretch(date(2027, 1, 4), date(2027, 3, 26), term=True)
SUMMER = Stretch(date(2027, 4, 12), date(2027, 7, 23), term=True)
YEAR = Stretch(date(2026, 9, 1), date(2027, 8, 31), term=False)


def figures(*over: Stretch, coming: tuple[Stretch, ...] = ()) -> Impact:
    return Impact(tuple(Term(one, 1, {"chats": Cell(1)}) for one in over), coming)


FOUND = {"edchat": figures(AUTUMN, SPRING, coming=(SUMMER,)), "profchat": figures(YEAR)}


def chosen(**wanted: object) -> dict[str, tuple[list[Stretch], list[Stretch], list[Stretch]]]:
    """By series: terms that are told of, those that are not over, those that the dates cut."""
    return {
        one.slug: ([term.stretch for term in one.impact.terms], list(one.impact.open), list(one.cut))
        for one in choose(FOUND, Wanted(**wanted))  # type: ignore[arg-type]
    }


def test_without_a_wish_all_is_told() -> None:
    assert chosen() == {"edchat": ([AUTUMN, SPRING], [SUMMER], []), "profchat": ([YEAR], [], [])}


def test_one_series_is_told_of_alone() -> None:
    assert chosen(series="edchat") == {"edchat": ([AUTUMN, SPRING], [SUMMER], [])}
    assert chosen(series="profchat") == {"profchat": ([YEAR], [], [])}


def test_a_term_is_told_of_alone_in_the_series_that_have_it() -> None:
    assert chosen(term="2027-01-04") == {"edchat": ([SPRING], [], [])}
    assert chosen(term="2026-27") == {"profchat": ([YEAR], [], [])}
    assert chosen(series="edchat", term="2026-09-07") == {"edchat": ([AUTUMN], [], [])}


@pytest.mark.parametrize(
    ("since", "until", "told", "coming", "cut"),
    [
        (date(2027, 1, 4), None, [SPRING], [SUMMER], []),
        (date(2027, 1, 5), None, [], [SUMMER], [SPRING]),
        (date(2026, 12, 18), None, [SPRING], [SUMMER], [AUTUMN]),
        (date(2026, 12, 19), None, [SPRING], [SUMMER], []),
        (date(2027, 7, 23), None, [], [SUMMER], []),
        (date(2027, 7, 24), None, [], [], []),
        (None, date(2027, 3, 26), [AUTUMN, SPRING], [], []),
        (None, date(2027, 3, 25), [AUTUMN], [], [SPRING]),
        (None, date(2027, 1, 4), [AUTUMN], [], [SPRING]),
        (None, date(2027, 1, 3), [AUTUMN], [], []),
        (None, date(2027, 4, 12), [AUTUMN, SPRING], [SUMMER], []),
        (date(2026, 9, 7), date(2026, 12, 18), [AUTUMN], [], []),
        (date(2027, 2, 1), date(2027, 2, 1), [], [], [SPRING]),
    ],
)
def test_dates_choose_whole_terms_and_say_which_they_cut(
    since: date | None, until: date | None, told: list[Stretch], coming: list[Stretch], cut: list[Stretch]
) -> None:
    assert chosen(series="edchat", since=since, until=until) == {"edchat": (told, coming, cut)}


NO_SERIES = "--series maths: there is no such series. There are: "
NONE_STORED = "none yet: `staffroom plan` lists what is planned, `run` or `tick` stores it"
NO_TERM = "--term 2025-26: there is no such term. Those that are over: "
NOT_OVER = (
    "--term 2027-04-12: it is not over yet, or answers to its last chat still come in. Its figures are told then, "
    "once: the difference between two reports of it would be about a few people."
)
ONE_OR_THE_OTHER = "--term names one term, --since and --until several: write one or the other."


@pytest.mark.parametrize(
    ("found", "wanted", "message"),
    [
        (FOUND, Wanted("maths"), f"{NO_SERIES}edchat, profchat."),
        ({}, Wanted("maths"), f"{NO_SERIES}{NONE_STORED}."),
        (FOUND, Wanted(term="2027-01-04", since=date(2027, 1, 4)), ONE_OR_THE_OTHER),
        (FOUND, Wanted(term="2027-01-04", until=date(2027, 1, 4)), ONE_OR_THE_OTHER),
        (
            FOUND,
            Wanted(since=date(2027, 1, 5), until=date(2027, 1, 4)),
            "--since 2027-01-05 is after --until 2027-01-04: write them the other way round.",
        ),
        (FOUND, Wanted(term="2027-04-12"), NOT_OVER),
        (FOUND, Wanted(term="2025-26"), f"{NO_TERM}2026-27, 2026-09-07, 2027-01-04."),
        (
            {"a": figures(SPRING, AUTUMN), "b": figures(AUTUMN)},
            Wanted(term="2025-26"),
            f"{NO_TERM}2026-09-07, 2027-01-04.",
        ),
        ({"edchat": figures()}, Wanted(term="2025-26"), f"{NO_TERM}none yet."),
    ],
)
def test_what_cannot_be_had_is_said_in_one_sentence(found: dict[str, Impact], wanted: Wanted, message: str) -> None:
    with pytest.raises(UserError) as caught:
        choose(found, wanted)
    assert str(caught.value) == message
