"""Which links to pupils' outcomes a report lists, and in which order."""

from datetime import date

import pytest

from bot.domain.choosing import Wanted
from bot.domain.evidence import Evidence, evidence_of
from bot.domain.occurrences import Span

SPRING, SUMMER = Span(date(2027, 1, 4), date(2027, 3, 26)), Span(date(2027, 4, 12), date(2027, 7, 23))
TERMS = (SPRING, SUMMER)


def link(title: str, day: date, chat: date | None = None) -> Evidence:
    return Evidence(title, f"https://example.org/{title}", day, chat)


WINTER = link("winter", date(2027, 3, 26))
LATE = link("late", date(2027, 6, 18), date(2027, 1, 7))
HEAT = link("heat", date(2027, 6, 1))
BREAK = link("break", date(2027, 8, 2))
ALL = (LATE, BREAK, HEAT, WINTER)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted(), [WINTER, HEAT, LATE, BREAK]),
        (Wanted(term="2027-01-04"), [WINTER, LATE]),
        (Wanted(term="2027-04-12"), [HEAT]),
        (Wanted(term="2026-27"), [BREAK]),
        (Wanted(term="2026-09-07"), []),
        (Wanted(until=date(2027, 3, 26)), [WINTER, LATE]),
        (Wanted(until=date(2027, 3, 25)), []),
        (Wanted(since=date(2027, 4, 12)), [HEAT]),
        (Wanted(since=date(2027, 4, 13)), []),
        (Wanted(since=date(2027, 1, 4), until=date(2027, 7, 23)), [WINTER, HEAT, LATE]),
    ],
)
def test_a_link_belongs_to_the_term_of_its_chat_else_of_its_day(wanted: Wanted, told: list[Evidence]) -> None:
    assert list(evidence_of(ALL, TERMS, wanted)) == told


def test_of_one_day_links_stand_in_order_of_their_titles() -> None:
    one, other = link("a", date(2027, 5, 1)), link("b", date(2027, 5, 1))
    assert evidence_of((other, one), TERMS, Wanted()) == (one, other)
