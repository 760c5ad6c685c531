from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.occurrences import Span
from bot.domain.schoolyears import Stretch, school_year, stretch, years_of

TERM = Span(date(2027, 1, 4), date(2027, 3, 26))


@pytest.mark.parametrize(
    ("day", "year", "said"),
    [
        (date(2026, 8, 31), 2025, "2025\u201326"),
        (date(2026, 9, 1), 2026, "2026\u201327"),
        (date(2027, 1, 7), 2026, "2026\u201327"),
        (date(2099, 12, 31), 2099, "2099\u201300"),
    ],
)
def test_a_school_year_begins_in_september(day: date, year: int, said: str) -> None:
    assert school_year(day) == year
    assert years_of(year) == said


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2027, 1, 3), "year-2026"),
        (date(2027, 1, 4), "term-2027-01-04"),
        (date(2027, 3, 26), "term-2027-01-04"),
        (date(2027, 3, 27), "year-2026"),
    ],
)
def test_a_term_goes_before_the_year_around_it(day: date, found: str) -> None:
    assert stretch(day, [TERM]).id == found


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.booleans())
def test_every_day_lies_in_its_stretch_and_its_neighbours_share_it(day: date, with_term: bool) -> None:
    terms = [Span(day - timedelta(days=3), day + timedelta(days=3))] if with_term else []
    found = stretch(day, terms)
    assert found.first <= day <= found.last
    assert found.term is with_term
    assert stretch(found.first, terms) == found == stretch(found.last, terms)
    assert isinstance(found, Stretch)
