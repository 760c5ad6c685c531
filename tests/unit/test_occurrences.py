"""Wall clocks and rhythms, against exact tables and against python-dateutil's reading of the same time zone files."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil import rrule, tz
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.occurrences import (
    Monthly,
    OnlyDates,
    Rhythm,
    Span,
    Weekly,
    date_on_or_after,
    misfit,
    next_occurrence,
    occurrences,
    to_utc,
)

ZONES = sorted(available_timezones())
FIRST, LAST = date(2011, 1, 1), date(2030, 12, 31)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
THURSDAY, SUNDAY = 3, 6

zones = st.integers(0, len(ZONES) - 1).map(ZONES.__getitem__)
days = st.dates(FIRST, LAST)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def theirs(day: date, at: time, zone: tzinfo | None) -> datetime:
    """What python-dateutil takes the wall clock for, given its own reading of a zone."""
    assert zone is not None
    return tz.resolve_imaginary(datetime.combine(day, at, zone)).astimezone(UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        # London 2027: clocks go from 01:00 to 02:00 on 28 March, from 02:00 back to 01:00 on 31 October.
        ("Europe/London", "2027-03-28", "00:59", "2027-03-28T00:59"),
        ("Europe/London", "2027-03-28", "01:00", "2027-03-28T01:00"),
        ("Europe/London", "2027-03-28", "01:30", "2027-03-28T01:30"),
        ("Europe/London", "2027-03-28", "02:00", "2027-03-28T01:00"),
        ("Europe/London", "2027-03-28", "20:00", "2027-03-28T19:00"),
        ("Europe/London", "2027-10-31", "00:59", "2027-10-30T23:59"),
        ("Europe/London", "2027-10-31", "01:00", "2027-10-31T00:00"),
        ("Europe/London", "2027-10-31", "01:30", "2027-10-31T00:30"),
        ("Europe/London", "2027-10-31", "02:00", "2027-10-31T02:00"),
        # New York 2027: from 02:00 to 03:00 on 14 March, from 02:00 back to 01:00 on 7 November.
        ("America/New_York", "2027-03-14", "01:59", "2027-03-14T06:59"),
        ("America/New_York", "2027-03-14", "02:30", "2027-03-14T07:30"),
        ("America/New_York", "2027-03-14", "03:30", "2027-03-14T07:30"),
        ("America/New_York", "2027-11-07", "01:30", "2027-11-07T05:30"),
        ("America/New_York", "2027-11-07", "02:00", "2027-11-07T07:00"),
        # Lord Howe moves by half an hour: 02:00 to 02:30 on 3 October 2027, 02:00 back to 01:30 on 4 April.
        ("Australia/Lord_Howe", "2027-10-03", "01:59", "2027-10-02T15:29"),
        ("Australia/Lord_Howe", "2027-10-03", "02:15", "2027-10-02T15:45"),
        ("Australia/Lord_Howe", "2027-10-03", "02:45", "2027-10-02T15:45"),
        ("Australia/Lord_Howe", "2027-04-04", "01:29", "2027-04-03T14:29"),
        ("Australia/Lord_Howe", "2027-04-04", "01:45", "2027-04-03T14:45"),
        ("Australia/Lord_Howe", "2027-04-04", "02:00", "2027-04-03T15:30"),
        # Santiago changes at midnight: no hour from 00:00 on 8 September 2024, 23:00 comes twice on 6 April.
        ("America/Santiago", "2024-09-07", "23:59", "2024-09-08T03:59"),
        ("America/Santiago", "2024-09-08", "00:00", "2024-09-08T04:00"),
        ("America/Santiago", "2024-09-08", "00:30", "2024-09-08T04:30"),
        ("America/Santiago", "2024-09-08", "01:00", "2024-09-08T04:00"),
        ("America/Santiago", "2024-04-06", "23:30", "2024-04-07T02:30"),
        ("America/Santiago", "2024-04-07", "00:00", "2024-04-07T04:00"),
        # Apia left out 30 December 2011: that day's chat falls on the 31st, at the same time of day.
        ("Pacific/Apia", "2011-12-29", "20:00", "2011-12-30T06:00"),
        ("Pacific/Apia", "2011-12-30", "00:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-30", "20:00", "2011-12-31T06:00"),
        ("Pacific/Apia", "2011-12-31", "00:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31", "20:00", "2011-12-31T06:00"),
    ],
)
def test_wall_clock_on_known_nights(zone: str, day: str, at: str, expected: str) -> None:
    found = to_utc(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone))
    assert found == utc(expected)
    assert found.tzinfo is UTC


def test_a_time_that_asks_for_the_second_fold_still_gets_the_first() -> None:
    second = time(1, 30, fold=1)
    assert to_utc(date(2027, 10, 31), second, ZoneInfo("Europe/London")) == utc("2027-10-31T00:30")
    assert to_utc(date(2027, 3, 28), second, ZoneInfo("Europe/London")) == utc("2027-03-28T01:30")


def changes(zone: ZoneInfo) -> list[datetime]:
    """Hours (UTC) within which the zone's clocks change, found by looking once a week and then closer."""
    found = []
    week = datetime.combine(FIRST, time(), UTC)
    weeks = [week + WEEK * index for index in range((LAST - FIRST).days // 7 + 1)]
    offsets = [moment.astimezone(zone).utcoffset() for moment in weeks]
    for (low, before), (high, after) in pairwise(zip(weeks, offsets, strict=True)):
        if before != after:
            left, right = low, high
            while right - left > timedelta(hours=1):
                middle = left + (right - left) / 2
                left, right = (middle, right) if middle.astimezone(zone).utcoffset() == before else (left, middle)
            found.append(right)
    return found


def test_every_change_of_clocks_in_every_zone_for_twenty_years() -> None:
    checked = 0
    for name in ZONES:
        zone, reading = ZoneInfo(name), tz.gettz(name)
        for change in changes(zone):
            around = change.astimezone(zone).replace(tzinfo=None, minute=0, second=0, microsecond=0, fold=0)
            for halves in range(-3, 4):
                wall = around + timedelta(minutes=30 * halves)
                assert to_utc(wall.date(), wall.time(), zone) == theirs(wall.date(), wall.time(), reading), (name, wall)
                checked += 1
    assert checked > 15_000


def test_monthly_chats_in_every_zone_for_twenty_years() -> None:
    first, last = (datetime.combine(day, time()) for day in (FIRST, LAST))
    sundays = {}
    for nth in (-1, 1, 2, 4):
        days_of_theirs = rrule.rrule(rrule.MONTHLY, dtstart=first, until=last, byweekday=rrule.SU(nth))
        sundays[nth] = [day.date() for day in days_of_theirs]
        assert len(sundays[nth]) == 240
        assert list(occurrences(Monthly(SUNDAY, nth), FIRST, LAST)) == sundays[nth]
    for index, name in enumerate(ZONES):
        nth, at = (-1, 1, 2, 4)[index % 4], time((2, 0, 1, 3, 23, 20, 2)[index % 7], 30)
        zone, reading = ZoneInfo(name), tz.gettz(name)
        expected = [theirs(day, at, reading) for day in sundays[nth]]
        assert [to_utc(day, at, zone) for day in sundays[nth]] == expected, name


@settings(max_examples=30, deadline=None)
@given(zone=zones, weekday=st.integers(0, 6), at=times)
def test_weekly_chats_one_after_the_other_for_twenty_years(zone: str, weekday: int, at: time) -> None:
    start = datetime.combine(FIRST + DAY * ((weekday - FIRST.weekday()) % 7), time())
    reading = tz.gettz(zone)
    expected = [theirs(day.date(), at, reading) for day in rrule.rrule(rrule.WEEKLY, dtstart=start, count=1_043)]
    moment, found = expected[0] - timedelta(seconds=1), []
    for _ in expected:
        following = next_occurrence(Weekly(weekday), at, zone, moment)
        assert following is not None
        found.append(following)
        moment = following
    assert found == expected


@settings(max_examples=300, deadline=None)
@given(zone=zones, day=days, at=times, seconds=st.integers(-200_000, 200_000))
def test_next_is_the_first_instant_later_than_now(zone: str, day: date, at: time, seconds: int) -> None:
    reading = tz.gettz(zone)
    after = theirs(day, at, reading) + timedelta(seconds=seconds)
    rhythm = Weekly(day.weekday())
    starts = [theirs(day + WEEK * weeks, at, reading) for weeks in range(-2, 3)]
    assert next_occurrence(rhythm, at, zone, after) == min(start for start in starts if start > after)


@pytest.mark.parametrize(
    ("zone", "rhythm", "at", "after", "expected"),
    [
        ("Europe/London", Weekly(THURSDAY), "20:00", "2027-01-07T19:59:59", "2027-01-07T20:00"),
        ("Europe/London", Weekly(THURSDAY), "20:00", "2027-01-07T20:00", "2027-01-14T20:00"),
        ("Europe/London", Weekly(THURSDAY), "20:00", "2027-03-25T20:00", "2027-04-01T19:00"),
        # Once only in the hour that comes twice: the second 01:30 in London is 01:30 UTC.
        ("Europe/London", Weekly(SUNDAY), "01:30", "2027-10-31T00:00", "2027-10-31T00:30"),
        ("Europe/London", Weekly(SUNDAY), "01:30", "2027-10-31T00:30", "2027-11-07T01:30"),
        # Nuuk's gap of 30 March 2024 leads over midnight: Saturday's 23:30 is shown as Sunday's 00:30.
        ("America/Nuuk", Weekly(5), "23:30", "2024-03-31T01:10", "2024-03-31T01:30"),
        # Friday the 30th did not exist in Apia; a Friday chat came on Saturday.
        ("Pacific/Apia", Weekly(4), "20:00", "2011-12-31T05:59", "2011-12-31T06:00"),
        ("Pacific/Apia", Weekly(4), "20:00", "2011-12-31T06:00", "2012-01-06T06:00"),
    ],
)
def test_next_occurrence_on_known_nights(zone: str, rhythm: Rhythm, at: str, after: str, expected: str) -> None:
    assert next_occurrence(rhythm, time.fromisoformat(at), zone, utc(after)) == utc(expected)


def test_next_occurrence_reads_any_aware_time_and_refuses_a_naive_one() -> None:
    new_york = datetime(2027, 1, 7, 15, tzinfo=ZoneInfo("America/New_York"))
    assert next_occurrence(Weekly(THURSDAY), time(20), "Europe/London", new_york) == utc("2027-01-14T20:00")
    with pytest.raises(ValueError, match="aware"):
        next_occurrence(Weekly(THURSDAY), time(20), "Europe/London", new_york.replace(tzinfo=None))


def test_next_occurrence_keeps_to_terms_and_holidays_and_ends_with_them() -> None:
    terms = (Span(date(2027, 4, 12), date(2027, 5, 20)), Span(date(2027, 1, 4), date(2027, 3, 26)))
    skip = (Span(date(2027, 2, 15), date(2027, 2, 19)),)

    def following(after: str) -> datetime | None:
        return next_occurrence(Weekly(THURSDAY), time(20), "Europe/London", utc(after), terms=terms, skip=skip)

    assert following("2026-08-01T00:00") == utc("2027-01-07T20:00")
    assert following("2027-02-11T20:00") == utc("2027-02-25T20:00")
    assert following("2027-03-25T20:00") == utc("2027-04-15T19:00")
    assert following("2027-05-20T18:59") == utc("2027-05-20T19:00")
    assert following("2027-05-20T19:00") is None
    assert next_occurrence(OnlyDates(), time(20), "Europe/London", utc("2027-01-01T00:00")) is None


def dates(rhythm: Rhythm, first: str, last: str, terms: tuple[Span, ...] = (), skip: tuple[Span, ...] = ()) -> str:
    found = occurrences(rhythm, date.fromisoformat(first), date.fromisoformat(last), terms, skip)
    return " ".join(f"{day:%m-%d}" for day in found)


TERM = (Span(date(2027, 1, 4), date(2027, 3, 26)),)
HALF_TERM = (Span(date(2027, 2, 15), date(2027, 2, 19)),)


@pytest.mark.parametrize(
    ("rhythm", "terms", "skip", "expected"),
    [
        (Weekly(THURSDAY), TERM, HALF_TERM, "01-07 01-14 01-21 01-28 02-04 02-11 02-25 03-04 03-11 03-18 03-25"),
        # Every other week: the holiday takes 18 February or nothing, and the weeks go on as counted.
        (Weekly(THURSDAY, 2), TERM, (), "01-07 01-21 02-04 02-18 03-04 03-18"),
        (Weekly(THURSDAY, 2), TERM, HALF_TERM, "01-07 01-21 02-04 03-04 03-18"),
        (Weekly(1, 3), TERM, HALF_TERM, "01-05 01-26 03-09"),
        # Each term counts afresh; an overlapping later term has only the days that the first leaves.
        (
            Weekly(0, 2),
            (Span(date(2027, 1, 12), date(2027, 2, 9)), Span(date(2027, 2, 22), date(2027, 3, 22))),
            (),
            "01-18 02-01 02-22 03-08 03-22",
        ),
        (
            Weekly(0, 2),
            (Span(date(2027, 1, 11), date(2027, 3, 31)), Span(date(2027, 1, 4), date(2027, 1, 31))),
            (),
            "01-04 01-18 02-08 02-22 03-08 03-22",
        ),
        (Monthly(0, 1), (), (), "01-04 02-01 03-01"),
        (Monthly(4, 4), (), (), "01-22 02-26 03-26"),
        (Monthly(6, -1), (), (), "01-31 02-28 03-28"),
        (Monthly(2, -1), TERM, (Span(date(2027, 2, 1), date(2027, 2, 28)),), "01-27"),
        (OnlyDates(), TERM, (), ""),
        (Weekly(3), (Span(date(2028, 1, 1), date(2028, 2, 1)),), (), ""),
    ],
)
def test_dates_of_a_rhythm(rhythm: Rhythm, terms: tuple[Span, ...], skip: tuple[Span, ...], expected: str) -> None:
    assert dates(rhythm, "2027-01-01", "2027-03-31", terms, skip) == expected


def test_where_one_starts_to_look_never_changes_which_weeks_count() -> None:
    fortnightly = Weekly(THURSDAY, 2)
    assert dates(fortnightly, "2027-01-08", "2027-02-28", TERM) == "01-21 02-04 02-18"
    assert dates(fortnightly, "2027-01-02", "2027-01-31") == "01-07 01-21"
    assert dates(fortnightly, "2027-01-09", "2027-01-31") == "01-21"
    # Without terms weeks are counted from that of 5 January 1970, whose Thursday was the 8th.
    assert dates(fortnightly, "1970-01-01", "1970-01-31") == "01-08 01-22"
    assert dates(fortnightly, "1969-12-01", "1969-12-31") == "12-11 12-25"


def test_both_ends_are_included_and_the_calendar_may_end() -> None:
    assert dates(Weekly(THURSDAY), "2027-01-07", "2027-01-14") == "01-07 01-14"
    assert dates(Weekly(THURSDAY), "2027-01-08", "2027-01-07") == ""
    assert dates(Weekly(4), "2027-03-26", "2027-04-30", TERM) == "03-26"
    assert dates(Monthly(4, -1), "9999-11-01", "9999-12-31") == "11-26 12-31"
    assert dates(Weekly(4), "9999-12-20", "9999-12-31") == "12-24 12-31"
    assert date_on_or_after(Weekly(0), date.max) is None
    assert date_on_or_after(Monthly(0, 1), date(9999, 12, 30)) is None


@st.composite
def spans(draw: st.DrawFn, most: int) -> tuple[Span, ...]:
    """Up to ``most`` spans that do not touch each other, in any order."""
    edges = sorted(draw(st.sets(days, max_size=2 * most)))
    pairs = [Span(first, last) for first, last in zip(edges[::2], edges[1::2], strict=False)]
    return tuple(draw(st.permutations(pairs)))


@settings(max_examples=100, deadline=None)
@given(weekday=st.integers(0, 6), interval=st.integers(1, 5), terms=spans(4), skip=spans(6))
def test_weeks_are_counted_within_each_term(
    weekday: int, interval: int, terms: tuple[Span, ...], skip: tuple[Span, ...]
) -> None:
    expected = []
    for term in sorted(terms, key=lambda term: term.first) or [Span(date(1970, 1, 5), LAST)]:
        start = term.first + DAY * ((weekday - term.first.weekday()) % 7)
        expected += [
            day.date()
            for day in rrule.rrule(
                rrule.WEEKLY,
                interval=interval,
                dtstart=datetime.combine(start, time()),
                until=datetime.combine(term.last, time()),
            )
            if day.date() >= FIRST and not any(span.first <= day.date() <= span.last for span in skip)
        ]
    assert list(occurrences(Weekly(weekday, interval), FIRST, LAST, terms, skip)) == expected


@settings(max_examples=60, deadline=None)
@given(weekday=st.integers(0, 6), nth=st.sampled_from([1, 2, 3, 4, -1]), terms=spans(3), skip=spans(3), first=days)
def test_nth_weekdays(weekday: int, nth: int, terms: tuple[Span, ...], skip: tuple[Span, ...], first: date) -> None:
    month_starts = datetime(first.year, first.month, 1)  # noqa: DTZ001 - rrule walks through naive calendar days
    expected = [
        day.date()
        for day in rrule.rrule(
            rrule.MONTHLY,
            dtstart=month_starts,
            until=datetime.combine(LAST, time()),
            byweekday=rrule.weekday(weekday, nth),
        )
        if first <= day.date()
        and (not terms or any(span.first <= day.date() <= span.last for span in terms))
        and not any(span.first <= day.date() <= span.last for span in skip)
    ]
    assert list(occurrences(Monthly(weekday, nth), first, LAST, terms, skip)) == expected


@pytest.mark.parametrize(
    ("rhythm", "day", "expected"),
    [
        (Weekly(THURSDAY), "2027-01-07", None),
        (Weekly(THURSDAY), "2027-01-08", ("off-rhythm", "2027-01-07")),
        (Weekly(THURSDAY), "2027-01-05", ("off-rhythm", "2027-01-07")),
        (Weekly(THURSDAY, 2), "2027-01-14", ("off-rhythm", "2027-01-07")),
        (Weekly(THURSDAY, 2), "2027-01-15", ("off-rhythm", "2027-01-21")),
        (Monthly(0, 1), "2027-01-20", ("off-rhythm", "2027-02-01")),
        (Monthly(0, 1), "2027-03-26", ("off-rhythm", "2027-03-01")),
        (Weekly(THURSDAY), "2027-02-18", ("skipped", "2027-02-15 to 2027-02-19")),
        (OnlyDates(), "2027-02-18", ("skipped", "2027-02-15 to 2027-02-19")),
        (OnlyDates(), "2027-02-20", None),
        (OnlyDates(), "2027-02-15", ("skipped", "2027-02-15 to 2027-02-19")),  # its first day and its last are in it
        (OnlyDates(), "2027-02-19", ("skipped", "2027-02-15 to 2027-02-19")),
        (OnlyDates(), "2027-01-04", None),
        (OnlyDates(), "2027-03-26", None),
        (Weekly(THURSDAY), "2027-02-20", ("off-rhythm", "2027-02-25")),  # and not the 18th, which is a holiday
        (Weekly(0), "2027-02-12", ("off-rhythm", "2027-02-08")),  # nor the 15th
        (Weekly(THURSDAY), "2027-04-01", ("outside-terms", "2027-01-04 to 2027-03-26")),
        (OnlyDates(), "2026-12-31", ("outside-terms", "2027-01-04 to 2027-03-26")),
        (Weekly(THURSDAY), "2027-08-05", ("outside-terms", "2027-09-06 to 2027-12-17")),
    ],
)
def test_misfits_name_what_is_nearest(rhythm: Rhythm, day: str, expected: tuple[str, str] | None) -> None:
    terms = (*TERM, Span(date(2027, 9, 6), date(2027, 12, 17)))
    assert misfit(rhythm, date.fromisoformat(day), terms, HALF_TERM) == expected


def test_a_holiday_lasts_to_its_last_day() -> None:
    week = (Span(date(2027, 2, 15), date(2027, 2, 19)),)
    found = [date_on_or_after(Weekly(weekday), date(2027, 2, 13), (), week) for weekday in range(5)]
    assert found == [date(2027, 2, 22 + weekday) for weekday in range(5)]


def test_a_misfit_without_any_date_near_says_so() -> None:
    short = (Span(date(2027, 1, 4), date(2027, 1, 6)),)
    assert misfit(Weekly(THURSDAY), date(2027, 1, 5), short) == ("off-rhythm", "")
