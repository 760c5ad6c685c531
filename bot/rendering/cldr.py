"""What the Unicode Consortium knows of languages (CLDR), as Babel brings it: plural forms, names of days and months,
cities. See https://cldr.unicode.org/ and https://babel.pocoo.org/.

Only languages that somebody configured are asked for here, never those that participants' posts claim to be in: each
costs a file of its own, and memory for as long as the process lives.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from babel import Locale, UnknownLocaleError
from babel import __version__ as VERSION  # noqa: N812 - a constant of ours: the names on pages depend on it

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VERSION", "city", "names", "plural"]

_ENGLISH = Locale("en")
_CAPITAL_BY_MISTAKE = frozenset({"cy"})
"""Languages whose days CLDR writes as at the start of a line; within one they begin small (“dydd Iau”)."""


def plural(language: str, n: int) -> str:
    """The form a count takes: zero, one, two, few, many or other (https://cldr.unicode.org/index/cldr-spec/plural-rules)."""
    return str(_locale(language).plural_form(n))


@lru_cache(maxsize=64)
def names(language: str, kind: Literal["weekdays", "months"]) -> Sequence[str]:
    """The days from Monday, or the months from January, as they stand in a date."""
    locale = _locale(language)
    if kind == "months":
        return tuple(str(locale.months["format"]["wide"][month]) for month in range(1, 13))
    days = tuple(str(locale.days["format"]["wide"][day]) for day in range(7))
    return tuple(day[:1].lower() + day[1:] for day in days) if locale.language in _CAPITAL_BY_MISTAKE else days


def city(language: str, zone: str) -> str:
    """How an IANA zone's place is called; empty where nothing but the zone's own name is known."""
    found = _locale(language).time_zones.get(zone)
    return str(found.get("city") or "") if found else ""


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    """The locale of a BCP 47 tag, or of its first subtag; English where CLDR knows neither."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag.replace("_", "-"), sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return _ENGLISH
