"""Time as a teacher says it: how long, how often, at what time, on which days."""

from __future__ import annotations

import calendar
import re
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

from bot.config.words import Wrong, nearest, shown, text
from bot.domain.occurrences import Monthly, OnlyDates, Rhythm, Span, Weekly

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60, "week": 7 * 24 * 60, "month": 30 * 24 * 60, "year": 365 * 24 * 60}
_UNITS = {
    "m": "minute", "min": "minute", "mins": "minute", "minute": "minute", "minutes": "minute",
    "h": "hour", "hr": "hour", "hrs": "hour", "hour": "hour", "hours": "hour",
    "d": "day", "day": "day", "days": "day", "w": "week", "wk": "week", "week": "week", "weeks": "week",
    "month": "month", "months": "month", "y": "year", "yr": "year", "year": "year", "years": "year",
}  # fmt: skip
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "half an": 0.5, "half a": 0.5,
}  # fmt: skip
_STEP = re.compile(r"(half an?|\d{1,6}(?:[.,]\d)?|[a-z]+)\s*([a-z]+)")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_YEARS = range(2000, 2101)


def say(length: timedelta) -> str:
    """A length of time in words: ``1 hour 30 minutes``."""
    minutes = round(length.total_seconds() / 60)
    parts = []
    for unit in ("week", "day", "hour", "minute"):
        count, minutes = divmod(minutes, _MINUTES[unit])
        if count:
            parts.append(f"{count} {unit}{'s' if count != 1 else ''}")
    return " ".join(parts) or "0 minutes"


def _length(words: str) -> timedelta | None:
    """The length that ``words`` name, ``None`` where they name none."""
    rest = words.lower().replace(" and ", " ").replace(",", ".").strip()
    total, at = 0.0, 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        unit = _UNITS.get(step[2]) if step else None
        if not step or not unit:
            return None
        number = _NUMBERS.get(step[1]) if step[1].isalpha() or " " in step[1] else float(step[1])
        if number is None:
            return None
        total += number * _MINUTES[unit]
        at = step.end() + len(rest[step.end() :]) - len(rest[step.end() :].lstrip())
    return timedelta(minutes=total) if rest else None


def duration(least: timedelta, most: timedelta, example: str) -> Callable[[Any], timedelta]:
    """A reader of lengths such as ``90 minutes``, ``1 hour 30 minutes``, ``2 weeks``; a year counts 365 days.

    Args:
        least: the shortest that is allowed.
        most: the longest that is allowed.
        example: what to propose where nothing better is known.
    """

    def read(value: Any) -> timedelta:  # noqa: ANN401 - whatever the file holds
        words = text(value)
        length = _length(words)
        if length is None:
            raise Wrong(
                f"“{shown(words)}” is no length of time that I know.",
                _nearest_length(words, least, most, example) or example,
            )
        if length < least:
            raise Wrong(f"“{shown(words)}” is too short; at least {say(least)} are wanted here.", example)
        if length > most:
            raise Wrong(f"“{shown(words)}” is too long; at most {say(most)} are possible here.", example)
        return length

    return read


def _nearest_length(words: str, least: timedelta, most: timedelta, example: str) -> str:
    if re.fullmatch(r"\d{1,4}", words):
        guesses = (f"{words} {example.rsplit(maxsplit=1)[-1]}", f"{words} minutes")
        return next((guess for guess in guesses if least <= (_length(guess) or -most) <= most), "")
    fixed = []
    for word in words.lower().split():
        number = re.fullmatch(r"\d{1,4}(?:[.,]\d)?|" + "|".join(_NUMBERS), word)
        meant = word if number else nearest(word, (unit for unit in _UNITS if len(unit) > 3))  # noqa: PLR2004 - no abbreviations
        fixed.append(meant or word)
    guess = " ".join(fixed)
    return guess if _length(guess) is not None else ""


def clock_time(value: Any) -> time:  # noqa: ANN401 - whatever the file holds
    """A time of day: ``20:00``, ``8pm``, ``8.30 pm``, ``20h30``, ``20.30``, ``noon``."""
    words = text(value)
    plain = words.lower().replace("uhr", "").replace("a.m.", "am").replace("p.m.", "pm").strip()
    if plain in {"noon", "midday"}:
        return time(12)
    match = re.fullmatch(r"(\d{1,2})(?:\s*[:.h]\s*(\d{2})?)?(?::00)?\s*(am|pm)?", plain)
    if not match:
        raise Wrong(f"“{shown(words)}” is no time of day that I know.", "20:00")
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half:
        if not 1 <= hour <= 12 or minute > 59:  # noqa: PLR2004 - a clock's face
            raise Wrong(f"“{shown(words)}” is no time of day that I know.", "20:00")
        return time(hour % 12 + (12 if half == "pm" else 0), minute)
    if hour > 23 or minute > 59:  # noqa: PLR2004 - a day's last minute
        raise Wrong(f"“{shown(words)}” is no time of day: hours go from 0 to 23, minutes to 59.", "20:00")
    if plain == match[1]:
        fit = f"{hour + 12 if hour < 10 else hour}:00"  # noqa: PLR2004 - 8 is meant in the evening, 10 is not sure
        raise Wrong(f"“{shown(words)}” could be morning or evening; say which.", fit)
    return time(hour, minute)


def day(value: Any) -> date:  # noqa: ANN401 - whatever the file holds
    """A date as ``2027-01-07``."""
    words = text(value)
    match = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", words)
    if not match:
        raise Wrong(f"“{shown(words)}” is no date that I know; write year-month-day.", _nearest_day(words))
    year, month, number = int(match[1]), int(match[2]), int(match[3])
    if year not in _YEARS:
        raise Wrong(f"The year {year} is out of reach; dates go from {_YEARS[0]} to {_YEARS[-1]}.")
    if not 1 <= month <= 12:  # noqa: PLR2004 - months
        swapped = f"{year}-{number:02}-{month:02}" if 1 <= number <= 12 and month in range(13, 29) else ""  # noqa: PLR2004 - as above
        raise Wrong(f"“{shown(words)}” has no such month; write year-month-day.", swapped)
    last = calendar.monthrange(year, month)[1]
    if not 1 <= number <= last:
        say_ = f"{calendar.month_name[month]} {year} has {last} days."
        raise Wrong(f"There is no {shown(words)}: {say_}", f"{year}-{month:02}-{last:02}")
    return date(year, month, number)


def _nearest_day(words: str) -> str:
    """The ISO date that other ways of writing probably mean, day before month; empty where they cannot."""
    match = re.fullmatch(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", words)
    if match:
        number, month, year = int(match[1]), int(match[2]), int(match[3])
    else:
        match = re.search(r"(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([a-z]{3})[a-z]*\.?,?\s+(\d{4})", words.lower())
        other = re.search(r"([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", words.lower())
        found = (match[1], match[2], match[3]) if match else (other[2], other[1], other[3]) if other else None
        months = [name.lower() for name in calendar.month_abbr]
        if not found or found[1] not in months:
            return ""
        number, month, year = int(found[0]), months.index(found[1]), int(found[2])
    try:
        return date(year, month, number).isoformat()
    except ValueError:
        return ""


def span(value: Any) -> Span:  # noqa: ANN401 - whatever the file holds
    """Whole days: ``2027-02-15 to 2027-02-19``, or a single date."""
    words = text(value)
    parts = re.split(r"\s*(?:\bto\b|\buntil\b|\btill\b|\u2013|\u2014|\s-\s)\s*", words)
    if len(parts) > 2 or not all(parts):  # noqa: PLR2004 - first and last
        raise Wrong(f"“{shown(words)}” is no stretch of days.", "2027-01-04 to 2027-03-26")
    days = []
    wrongs, fixed = [], []
    for part in parts:
        try:
            days.append(day(part))
            fixed.append(part)
        except Wrong as wrong:
            wrongs.append(wrong.say)
            fixed.append(wrong.write)
    if wrongs:
        raise Wrong(" ".join(wrongs), " to ".join(fixed) if all(fixed) else "2027-01-04 to 2027-03-26")
    first, last = days[0], days[-1]
    if last < first:
        raise Wrong(f"{first} comes after {last}; the first day stands first.", f"{last} to {first}")
    return Span(first, last)


def weekday(words: str) -> int | None:
    """Monday is 0; ``thu``, ``Thursdays`` and ``thursday`` are all 3."""
    plain = words.lower().strip().removesuffix("s")
    for number, name in enumerate(_WEEKDAYS):
        if plain == name or (len(plain) >= 3 and plain in {name[:3], name[:4], name[:5]}):  # noqa: PLR2004 - mon, thur
            return number
    return None


def rhythm(value: Any) -> Rhythm:  # noqa: ANN401 - whatever the file holds
    """How often: ``thursday``, ``2 weeks on thursday``, ``first monday of the month``, ``only dates``."""
    words = text(value)
    plain = " ".join(words.lower().removeprefix("every ").split())
    if plain in {"only dates", "dates only"}:
        return OnlyDates()
    monthly = re.fullmatch(r"(?:the )?(\w+) (\w+)(?: of (?:the|each|every) month| a month)?", plain)
    weekly = re.fullmatch(r"(?:(other|\w+)? ?weeks? on )?(?:(other) )?(\w+)", plain)
    nth = _NTH.get(monthly[1]) if monthly else None
    if monthly and nth is not None and (number := weekday(monthly[2])) is not None:
        return Monthly(number, nth)
    if weekly and (number := weekday(weekly[3])) is not None:
        count = weekly[1] or weekly[2] or "1"
        interval = 2 if count == "other" else int(count) if re.fullmatch(r"\d{1,2}", count) else _NUMBERS.get(count, 0)
        if isinstance(interval, int) and 1 <= interval <= 52:  # noqa: PLR2004 - weeks of a year
            return Weekly(number, interval)
    say_ = (
        f"“{shown(words)}” is no rhythm that I know. I know: thursday, 2 weeks on thursday, first monday of the month,"
        " last friday of the month, only dates."
    )
    raise Wrong(say_, _nearest_rhythm(plain))


def _nearest_rhythm(plain: str) -> str:
    found = [meant for word in plain.split() if word != "month" and (meant := nearest(word, _WEEKDAYS))]
    others = [word for word in plain.split() if not nearest(word, _WEEKDAYS)]
    order = next((meant for word in others if (meant := nearest(word, _NTH))), "")
    if not found:
        if re.search(r"fortnight|biweekly", plain):
            return "2 weeks on thursday"
        return "only dates" if "date" in plain else "thursday"
    if "month" in plain or order:
        return f"{order or 'first'} {found[0]} of the month"
    if re.search(r"fortnight|biweekly|other|second week|two", plain):
        return f"2 weeks on {found[0]}"
    return found[0]


def pace(value: Any) -> timedelta:  # noqa: ANN401 - whatever the file holds
    """A slow chat's pace, as the time from one question to the next: ``1 question a day``, ``2 questions a week``."""
    words = text(value)
    pattern = r"(\w+) questions? (?:(?:a|per|each) (day|week|month)|every (?:(\w+) )?(day|week|month)s?)"
    match = re.fullmatch(pattern, words.lower())
    if match:
        count = _count(match[1])
        units = _count(match[3]) if match[3] else 1
        if 1 <= count <= 24 and 1 <= units <= 60:  # noqa: PLR2004 - one an hour; two months
            return timedelta(minutes=units * _MINUTES[match[2] or match[4]]) / count
    raise Wrong(
        f"“{shown(words)}” is no pace that I know.", "1 question a week" if "week" in words else "1 question a day"
    )


def _count(word: str) -> int:
    number = int(word) if re.fullmatch(r"\d{1,3}", word) else _NUMBERS.get(word, 0)
    return int(number)
