"""What a teacher may write, and what is proposed where it cannot be read."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import addresses, durations, words, zones
from bot.config.words import Wrong
from bot.domain.occurrences import Monthly, OnlyDates, Span, Weekly

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = durations.duration(timedelta(0), timedelta(days=20_000), "60 minutes")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("20:00", time(20)), ("8pm", time(20)), ("8 pm", time(20)), ("8.30 pm", time(20, 30)), ("8:30PM", time(20, 30)),
        ("20h30", time(20, 30)), ("20h", time(20)), ("20.30", time(20, 30)), ("12am", time(0)), ("12 pm", time(12)),
        ("7 a.m.", time(7)), ("noon", time(12)), ("20:00:00", time(20)), ("20 Uhr 15", None), ("24:00", None),
        ("13pm", None), ("8", None), ("20:60", None), ("evening", None), ("", None), ("0:05", time(0, 5)),
    ],
)  # fmt: skip
def test_times(said: str, meant: time | None) -> None:
    if meant is None:
        with pytest.raises(Wrong) as caught:
            durations.clock_time(said)
        assert not caught.value.write or durations.clock_time(caught.value.write)
    else:
        assert durations.clock_time(said) == meant


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("60 minutes", 60), ("1 hour", 60), ("1h 30m", 90), ("1h30", None), ("90min", 90),
        ("1 hour and 30 minutes", 90),
        ("1.5 hours", 90), ("half an hour", 30), ("a week", 10_080), ("2 weeks", 20_160), ("3 years", 1_576_800),
        ("six months", 259_200), ("1 hour, 5 minutes", None), ("", None), ("soon", None), ("-5 minutes", None),
        ("99999999999 weeks", None), ("5", None),
    ],
)  # fmt: skip
def test_lengths(said: str, minutes: int | None) -> None:
    if minutes is None:
        with pytest.raises(Wrong):
            LENGTH(said)
    else:
        assert LENGTH(said) == timedelta(minutes=minutes)


@given(st.timedeltas(timedelta(minutes=1), timedelta(days=10_000)))
def test_a_length_said_is_a_length_read(length: timedelta) -> None:
    whole = timedelta(minutes=round(length.total_seconds() / 60))
    assert LENGTH(durations.say(whole)) == whole


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("thursday", Weekly(3)), ("Thursdays", Weekly(3)), ("thu", Weekly(3)), ("every thursday", Weekly(3)),
        ("2 weeks on thursday", Weekly(3, 2)), ("other thursday", Weekly(3, 2)), ("other week on friday", Weekly(4, 2)),
        ("3 weeks on monday", Weekly(0, 3)), ("week on monday", Weekly(0)),
        ("first monday of the month", Monthly(0, 1)),
        ("last friday of the month", Monthly(4, -1)), ("2nd tuesday of the month", Monthly(1, 2)),
        ("only dates", OnlyDates()), ("fifth monday of the month", None), ("0 weeks on monday", None),
        ("99 weeks on monday", None), ("a thursday", None), ("sometimes", None), ("half a week on monday", None),
    ],
)  # fmt: skip
def test_rhythms(said: str, meant: object) -> None:
    if meant is None:
        with pytest.raises(Wrong) as caught:
            durations.rhythm(said)
        assert durations.rhythm(caught.value.write)
    else:
        assert durations.rhythm(said) == meant


@pytest.mark.parametrize(
    ("said", "write"),
    [
        ("thrusday", "thursday"), ("fortnightly on thursdays", "2 weeks on thursday"),
        ("fortnightly", "2 weeks on thursday"),
        ("first mondy of month", "first monday of the month"), ("lst friday of the month", "last friday of the month"),
    ],
)  # fmt: skip
def test_the_nearest_rhythm(said: str, write: str) -> None:
    with pytest.raises(Wrong) as caught:
        durations.rhythm(said)
    assert caught.value.write == write


@pytest.mark.parametrize(
    ("said", "write"),
    [
        ("7/1/2027", "2027-01-07"), ("07.01.2027", "2027-01-07"), ("7 January 2027", "2027-01-07"),
        ("7th of Jan 2027", "2027-01-07"), ("January 7, 2027", "2027-01-07"), ("2027-02-30", "2027-02-28"),
        ("2027-14-01", "2027-01-14"), ("31/02/2027", ""), ("next week", ""), ("1899-01-01", ""), ("2027-00-00", ""),
    ],
)  # fmt: skip
def test_dates_that_are_none(said: str, write: str) -> None:
    with pytest.raises(Wrong) as caught:
        durations.day(said)
    assert caught.value.write == write


def test_dates_and_spans() -> None:
    assert durations.day("2027-1-7") == date(2027, 1, 7)
    whole = Span(date(2027, 1, 4), date(2027, 3, 26))
    for said in ("2027-01-04 to 2027-03-26", "2027-01-04 - 2027-03-26", "2027-01-04 \u2013 2027-03-26"):
        assert durations.span(said) == whole
    assert durations.span("2027-05-03") == Span(date(2027, 5, 3), date(2027, 5, 3))
    for said in ("to 2027-01-01", "2027-01-01 to", "2027-01-01 to 2027-01-02 to 2027-01-03", "easter"):
        with pytest.raises(Wrong):
            durations.span(said)


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("1 question a day", 24), ("2 questions a day", 12), ("one question per week", 168), ("1 question a week", 168),
        ("1 question every 2 days", 48), ("a question every day", 24), ("1 a day", None), ("0 questions a day", None),
        ("99 questions a day", None),
    ],
)  # fmt: skip
def test_paces(said: str, hours: int | None) -> None:
    if hours is None:
        with pytest.raises(Wrong) as caught:
            durations.pace(said)
        assert durations.pace(caught.value.write)
    else:
        assert durations.pace(said) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("said", "write"),
    [
        ("Europe/Londn", "Europe/London"), ("london", "Europe/London"), ("Londn", "Europe/London"),
        ("europe/london", "Europe/London"), ("America/New York", "America/New_York"), ("New York", "America/New_York"),
        ("BST", "Europe/London"), ("Eastern time", "America/New_York"), ("UK", "Europe/London"), ("Europe", "Europe/"),
        ("localtime", "Europe/"), ("../etc/passwd", ""), ("posix/Europe/London", "Europe/London"), ("x" * 300, ""),
    ],
)  # fmt: skip
def test_zones_that_are_none(said: str, write: str) -> None:
    with pytest.raises(Wrong) as caught:
        zones.zone(said)
    assert caught.value.write.startswith(write)
    assert zones.zone(caught.value.write)


def test_hashtags_of_any_script() -> None:
    for said in (
        "EdChat",
        "#EdChat",
        "\u0423\u0447\u0438\u0442\u0435\u043b\u044c",
        "\u0936\u093f\u0915\u094d\u0937\u0915",
        "edu_2027",
    ):
        assert words.hashtag(said) == said.removeprefix("#")
    for said in ("Ed Chat", "2027", "ed-chat", "x" * 65, "#"):
        with pytest.raises(Wrong):
            words.hashtag(said)


def test_handles() -> None:
    assert addresses.handle("@Deputy@Social.Example.org") == "@Deputy@social.example.org"
    assert addresses.handle("@edchat.bsky.social") == "edchat.bsky.social"
    for said in ("@deputy", "Jane Smith", "a@b", "@a@b@c.org", "edchat"):
        with pytest.raises(Wrong) as caught:
            addresses.handle(said)
        assert addresses.handle(caught.value.write.strip('"'))


@given(st.text())
def test_any_text_is_read_or_refused_kindly(said: str) -> None:
    readers = (
        words.text, words.line_text, words.yes_no, words.hashtag, addresses.domain, addresses.handle, addresses.address,
        words.option,
        words.alt, words.language, zones.zone, durations.clock_time, durations.day, durations.span, durations.rhythm,
        durations.pace, LENGTH,
    )  # fmt: skip
    for reader in readers:
        said_back = refusal(reader, said)
        assert said_back is None or (said_back and "\n" not in said_back)


def refusal(reader: Callable[[object], object], said: str) -> str | None:
    try:
        reader(said)
    except Wrong as wrong:
        return wrong.say
    return None


@pytest.mark.parametrize(
    ("said", "write"),
    [
        ("example.org/reading", "https://example.org/reading"),
        ('https://example.org/a?b="<c>', "https://example.org/a?b=%22%3Cc%3E"),
        ("https://example.org:99999/a", ""), ("https://example.org/a b", ""), ("reading", ""),
    ],
)  # fmt: skip
def test_what_to_write_for_no_web_address_is_one(said: str, write: str) -> None:
    with pytest.raises(Wrong) as caught:
        addresses.address(said)
    assert caught.value.write == write
    assert not write or addresses.address(write) == write
