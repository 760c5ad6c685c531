"""In which stretch of the school's calendar a day lies: a series' own term, else a school year."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.occurrences import Span

FIRST_MONTH = 9
"""A school year goes from September to August."""


class Stretch(msgspec.Struct, frozen=True):
    """Some weeks of school.

    Attributes:
        first, last: both included.
        term: it is a term that the series names; else a whole school year.
    """

    first: date
    last: date
    term: bool

    @property
    def id(self) -> str:
        """Names it in a page: ``term-2027-01-04`` or ``year-2026``. It stays when another stretch is added."""
        return f"term-{self.first.isoformat()}" if self.term else f"year-{self.first.year}"

    @property
    def name(self) -> str:
        """What a person types to mean it: a term's first day, ``2027-01-04``, or the school year, ``2026-27``."""
        return self.first.isoformat() if self.term else f"{self.first.year}-{self.last.year % 100:02}"


def school_year(day: date) -> int:
    """The year in which the school year of a day began: 2026 for 7 January 2027."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def years_of(year: int) -> str:
    """A school year as people write it: 2026, an en dash, 27."""
    return f"{year}\u2013{(year + 1) % 100:02}"


def stretch(day: date, terms: Iterable[Span]) -> Stretch:
    """The term that holds a day, else its school year."""
    for term in terms:
        if term.first <= day <= term.last:
            return Stretch(term.first, term.last, term=True)
    year = school_year(day)
    return Stretch(date(year, FIRST_MONTH, 1), date(year + 1, FIRST_MONTH - 1, 31), term=False)
