"""What a series plans: its chats, its prompts, and what is wrong with its entries."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.chats import Chat
from bot.domain.occurrences import Monthly, Span, Weekly
from bot.domain.prompts import Prompt, prompts, short_duration
from bot.domain.schedule import entry_problems, planned_chats, without_entry
from bot.domain.series import ChatEntry, Question, Repeat, Series

ZONES = sorted(available_timezones())
MINUTE, HOUR, DAY, WEEK = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1))
KINDS = ["announcement", "welcome", "question", "reminder", "wrap-up", "digest"]


def asked(*offsets: timedelta | None) -> tuple[Question, ...]:
    return tuple(Question(ask="What worked?", offset=offset) for offset in offsets)


def entry(day: str, questions: int | tuple[Question, ...] = 2, **more: Any) -> ChatEntry:
    found = asked(*[None] * questions) if isinstance(questions, int) else questions
    words: dict[str, Any] = {"date": date.fromisoformat(day), "topic": "Feedback", "questions": found}
    return ChatEntry(**words | more)


def series(*entries: ChatEntry, **more: Any) -> Series:
    words: dict[str, Any] = {
        "slug": "edchat",
        "title": "Ed Chat",
        "hashtag": "EdChat",
        "timezone": "Europe/London",
        "rhythm": Weekly(3),
        "at": time(20),
        "accounts": ("bluesky",),
        "chats": entries,
    }
    return Series(**words | more)


def slow(*entries: ChatEntry, **more: Any) -> Series:
    return series(*entries, **{"format": "slow", "pace": DAY} | more)


def plan(of: Series, chat: int = 0) -> tuple[Prompt, ...]:
    return prompts(of, planned_chats(of)[chat])


def shown(said: tuple[Prompt, ...]) -> list[tuple[str, str, str]]:
    return [
        (prompt.id.rsplit("/", 1)[1], f"{prompt.at:%m-%d %H:%M}", f"{prompt.useful_until:%m-%d %H:%M}")
        for prompt in said
    ]


def questions_at(said: tuple[Prompt, ...]) -> list[str]:
    return [f"{prompt.at:%m-%d %H:%M}" for prompt in said if prompt.kind == "question"]


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (WEEK, "1w"),
        (DAY, "1d"),
        (24 * HOUR, "1d"),
        (30 * MINUTE, "30m"),
        (2 * HOUR, "2h"),
        (14 * DAY, "2w"),
        (10 * DAY, "10d"),
        (36 * HOUR, "36h"),
        (90 * MINUTE, "90m"),
        (timedelta(seconds=90), "90s"),
        (timedelta(0), "0s"),
    ],
)
def test_short_durations(duration: timedelta, expected: str) -> None:
    assert short_duration(duration) == expected


@given(st.integers(0, 10_000_000))
def test_a_short_duration_says_exactly_how_long(seconds: int) -> None:
    text = short_duration(timedelta(seconds=seconds))
    size = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}[text[-1]]
    assert int(text[:-1]) * size == seconds


def test_a_live_chat_from_announcement_to_digest() -> None:
    said = plan(series(entry("2027-01-07"), announce=(WEEK, DAY, 30 * MINUTE)))
    assert shown(said) == [
        ("announce-1w", "12-31 20:00", "01-06 20:00"),
        ("announce-1d", "01-06 20:00", "01-07 19:30"),
        ("announce-30m", "01-07 19:30", "01-07 20:00"),
        ("welcome", "01-07 20:00", "01-07 20:10"),
        ("q1", "01-07 20:05", "01-07 21:00"),
        ("q2", "01-07 20:32", "01-07 21:00"),
        ("wrap-up", "01-07 21:00", "01-08 09:00"),
        ("digest", "01-07 23:00", "01-14 23:00"),
    ]
    assert [prompt.number for prompt in said] == [0, 0, 0, 0, 1, 2, 0, 0]
    assert [prompt.kind for prompt in said] == ["announcement"] * 3 + ["welcome"] + ["question"] * 2 + KINDS[-2:]
    assert {prompt.chat for prompt in said} == {"edchat/2027-01-07"}
    assert said[4].id == "edchat/2027-01-07/q1"
    assert said[0].at == datetime(2026, 12, 31, 20, tzinfo=UTC)


def test_a_chat_may_hold_its_digest_for_another_time_and_each_repeat_of_it_does() -> None:
    held = msgspec.structs.replace(entry("2027-01-07"), hold=HOUR)
    of = series(held, entry("2027-01-14"), hold=5 * HOUR, repeats=(Repeat(time(20), "America/New_York"),))
    assert [shown(plan(of, chat))[-1][:2] for chat in range(3)] == [
        ("digest", "01-08 00:00"),
        ("digest", "01-08 05:00"),
        ("digest", "01-15 04:00"),
    ]


def test_a_slow_chat_keeps_its_hour_when_clocks_change() -> None:
    # New York's clocks go forward on Sunday, 14 March 2027: 20:00 is 01:00 UTC before and 00:00 UTC after.
    of = slow(entry("2027-03-12", 4), timezone="America/New_York", announce=(WEEK,))
    assert shown(plan(of)) == [
        ("announce-1w", "03-06 01:00", "03-13 01:00"),
        ("welcome", "03-13 01:00", "03-14 01:00"),
        ("q1", "03-13 01:01", "03-17 00:00"),
        ("q2", "03-14 01:00", "03-17 00:00"),
        ("q3", "03-15 00:00", "03-17 00:00"),
        ("q4", "03-16 00:00", "03-17 00:00"),
        ("wrap-up", "03-17 00:00", "03-17 12:00"),
        ("digest", "03-17 02:00", "03-24 02:00"),
    ]


def test_a_question_a_week_is_reminded_of_half_way() -> None:
    of = slow(entry("2027-10-21", 2), pace=WEEK, announce=())
    said = plan(of)
    # London's clocks go back on 31 October: 20:00 is 19:00 UTC before and 20:00 UTC after.
    assert shown(said) == [
        ("welcome", "10-21 19:00", "10-24 19:01"),
        ("q1", "10-21 19:01", "11-04 20:00"),
        ("remind-1", "10-24 19:01", "10-28 19:00"),
        ("q2", "10-28 19:00", "11-04 20:00"),
        ("remind-2", "10-31 20:00", "11-04 20:00"),
        ("wrap-up", "11-04 20:00", "11-05 08:00"),
        ("digest", "11-04 22:00", "11-11 22:00"),
    ]
    assert [prompt.number for prompt in said if prompt.kind == "reminder"] == [1, 2]


@pytest.mark.parametrize(
    ("pace", "reminders"), [(DAY, []), (47 * HOUR, []), (2 * DAY, ["01-08", "01-10"]), (5 * DAY, ["01-09", "01-14"])]
)
def test_only_a_pace_of_two_days_leaves_room_for_reminders(pace: timedelta, reminders: list[str]) -> None:
    said = plan(slow(entry("2027-01-07", 2), pace=pace))
    assert [f"{prompt.at:%m-%d}" for prompt in said if prompt.kind == "reminder"] == reminders


def test_reminders_count_the_days_of_the_chats_own_zone() -> None:
    said = plan(slow(entry("2027-01-07", 2), pace=2 * DAY, timezone="Pacific/Auckland", announce=()))
    assert [(key, at) for key, at, _ in shown(said) if key.startswith("remind")] == [
        ("remind-1", "01-08 07:01"),  # question 1 comes a minute after the welcome
        ("remind-2", "01-10 07:00"),
    ]


def test_a_slow_chat_lasts_its_pace_for_each_question_and_a_day_where_nothing_is_said() -> None:
    (short,) = planned_chats(slow(entry("2027-01-07", 1), pace=12 * HOUR))
    assert short.ends_at - short.starts_at == 12 * HOUR
    (plain,) = planned_chats(slow(entry("2027-01-07", 3), pace=None))
    assert plain.ends_at - plain.starts_at == 3 * DAY


def test_a_question_with_less_than_two_days_is_not_reminded_of() -> None:
    said = plan(slow(entry("2027-01-07", asked(timedelta(0), DAY)), pace=2 * DAY, announce=()))
    assert [(key, at) for key, at, _ in shown(said)] == [
        ("welcome", "01-07 20:00"),
        ("q1", "01-07 20:00"),
        ("q2", "01-08 20:00"),
        ("remind-2", "01-09 20:00"),
        ("wrap-up", "01-11 20:00"),
        ("digest", "01-11 22:00"),
    ]


def test_two_questions_a_day_follow_the_wall_clock_too() -> None:
    of = slow(entry("2027-03-27", 4), at=time(8), pace=12 * HOUR)
    assert questions_at(plan(of)) == ["03-27 08:01", "03-27 20:00", "03-28 07:00", "03-28 19:00"]


def test_a_slow_chat_begun_in_a_gap_returns_to_the_hour_that_was_written() -> None:
    of = slow(entry("2027-03-28", 3), at=time(1, 30))
    assert questions_at(plan(of)) == ["03-28 01:31", "03-29 00:30", "03-30 00:30"]
    assert planned_chats(of)[0].ends_at == datetime(2027, 3, 31, 0, 30, tzinfo=UTC)
    repeated = slow(entry("2027-03-28", 2), at=time(9), repeats=(Repeat(time(1, 30), "Europe/Berlin"),))
    assert questions_at(plan(repeated)) == ["03-28 00:31", "03-28 23:30"]


def test_a_chat_that_left_the_plan_keeps_the_clock_it_had() -> None:
    of = slow(entry("2027-03-27", 3))
    chat = planned_chats(of)[0]
    assert prompts(series(format="slow", pace=DAY), chat) == prompts(of, chat)
    moved = slow(entry("2027-03-27", 3), at=time(18))
    assert prompts(moved, chat) == prompts(of, chat)


def test_a_repeat_at_the_same_moment_keeps_to_its_own_clock() -> None:
    # New York changes on 14 March 2027, London on the 28th: 20:00 here is 15:00 there until then.
    of = slow(entry("2027-03-13", 2), repeats=(Repeat(time(15), "America/New_York"),))
    assert [questions_at(plan(of, chat)) for chat in (0, 1)] == [
        ["03-13 20:01", "03-14 20:00"],
        ["03-13 20:01", "03-14 19:00"],
    ]


def test_a_slow_chat_is_not_lost_in_a_day_that_did_not_exist() -> None:
    of = slow(entry("2011-12-30", 1), timezone="Pacific/Apia", announce=(DAY,))
    chat = planned_chats(of)[0]
    assert (chat.starts_at, chat.ends_at) == (
        datetime(2011, 12, 31, 6, tzinfo=UTC),
        datetime(2012, 1, 1, 6, tzinfo=UTC),
    )
    eve = planned_chats(slow(entry("2011-12-31", 1), timezone="Pacific/Apia", announce=(DAY,)))[0]
    assert prompts(of, eve)[0].at == datetime(2011, 12, 30, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "questions", "expected"),
    [
        (60, 6, ["20:05", "20:14", "20:23", "20:32", "20:41", "20:50"]),
        (60, 1, ["20:05"]),
        (30, 5, ["20:05", "20:10", "20:15", "20:20", "20:25"]),
        (24, 4, ["20:04", "20:09", "20:14", "20:19"]),
        (20, 2, ["20:03", "20:11"]),
        (60, 0, []),
    ],
)
def test_live_questions_are_evenly_spaced(length: int, questions: int, expected: list[str]) -> None:
    of = series(entry("2027-01-07", questions), length=length * MINUTE)
    assert [found[-5:] for found in questions_at(plan(of))] == expected
    assert {prompt.at.second for prompt in plan(of)} == {0}


def test_a_chat_of_two_minutes_is_spaced_in_seconds() -> None:
    said = plan(series(entry("2027-01-07", 4), length=2 * MINUTE))
    starts = [prompt.at.strftime("%M:%S") for prompt in said if prompt.kind == "question"]
    assert starts == ["00:20", "00:45", "01:10", "01:35"]
    assert shown(said)[2] == ("welcome", "01-07 20:00", "01-07 20:02")


def test_offsets_are_counted_from_the_start_and_order_follows_time() -> None:
    of = series(entry("2027-01-07", questions=asked(40 * MINUTE, None, 10 * MINUTE)))
    assert [(key, at[-5:]) for key, at, _ in shown(plan(of))][2:-2] == [
        ("welcome", "20:00"),
        ("q3", "20:10"),
        ("q2", "20:23"),
        ("q1", "20:40"),
    ]
    late = slow(entry("2027-01-07", questions=asked(timedelta(0), 3 * DAY)))
    assert planned_chats(late)[0].ends_at == datetime(2027, 1, 11, 20, tzinfo=UTC)
    assert [(key, at) for key, at, _ in shown(plan(late))][2:5] == [
        ("welcome", "01-07 20:00"),
        ("q1", "01-07 20:00"),
        ("q2", "01-10 20:00"),
    ]


def test_announcements_whole_days_ahead_keep_the_hour() -> None:
    # Clocks go forward on 28 March 2027.
    said = plan(series(entry("2027-03-29"), announce=(30 * MINUTE, DAY, 2 * DAY, 36 * HOUR, DAY, timedelta(0))))
    assert shown(said)[:4] == [
        ("announce-2d", "03-27 20:00", "03-28 07:00"),
        ("announce-36h", "03-28 07:00", "03-28 19:00"),
        ("announce-1d", "03-28 19:00", "03-29 18:30"),
        ("announce-30m", "03-29 18:30", "03-29 19:00"),
    ]


def test_chats_come_from_entries_in_order_of_start() -> None:
    host, guest = "edchat.example.org", "@guest@social.example.org"
    of = series(
        entry("2027-01-14", topic="Starting well", hosts=(guest,), at=time(19, 30), length=45 * MINUTE),
        entry("2027-01-07", resources=("https://example.org/feedback",), about="Marking less."),
        hosts=(host,),
    )
    first, second = planned_chats(of)
    assert first == Chat(
        id="edchat/2027-01-07",
        series="edchat",
        date=date(2027, 1, 7),
        timezone="Europe/London",
        starts_at=datetime(2027, 1, 7, 20, tzinfo=UTC),
        ends_at=datetime(2027, 1, 7, 21, tzinfo=UTC),
        topic="Feedback",
        questions=asked(None, None),
        hosts=(host,),
        resources=("https://example.org/feedback",),
        about="Marking less.",
    )
    assert (second.starts_at, second.ends_at) == (
        datetime(2027, 1, 14, 19, 30, tzinfo=UTC),
        datetime(2027, 1, 14, 20, 15, tzinfo=UTC),
    )
    assert second.hosts == (guest,)


def test_a_live_hour_is_an_hour_when_clocks_change() -> None:
    chat = planned_chats(series(entry("2027-10-31"), at=time(0, 30)))[0]
    assert chat.ends_at - chat.starts_at == HOUR


def test_repeats_are_chats_of_their_own_on_the_same_date_there() -> None:
    of = series(
        entry("2027-01-07", at=time(21), length=30 * MINUTE),
        repeats=(
            Repeat(time(20), "America/New_York"),
            Repeat(time(9), "Australia/Sydney"),
            Repeat(time(7), "America/New_York"),
            Repeat(time(20), "Etc/GMT+5"),
            Repeat(time(23), "America/Argentina/Buenos_Aires"),
        ),
    )
    chats = planned_chats(of)
    assert [(chat.id, f"{chat.starts_at:%m-%d %H:%M}", chat.timezone) for chat in chats] == [
        ("edchat/2027-01-07-sydney", "01-06 22:00", "Australia/Sydney"),
        ("edchat/2027-01-07-new-york-2", "01-07 12:00", "America/New_York"),
        ("edchat/2027-01-07", "01-07 21:00", "Europe/London"),
        ("edchat/2027-01-07-gmt-plus-5", "01-08 01:00", "Etc/GMT+5"),
        ("edchat/2027-01-07-new-york", "01-08 01:00", "America/New_York"),
        ("edchat/2027-01-07-buenos-aires", "01-08 02:00", "America/Argentina/Buenos_Aires"),
    ]
    assert {chat.date for chat in chats} == {date(2027, 1, 7)}
    assert {chat.ends_at - chat.starts_at for chat in chats} == {30 * MINUTE}
    assert {chat.questions for chat in chats} == {asked(None, None)}


def test_dates_without_an_entry_are_named() -> None:
    of = series(
        entry("2027-01-14"),
        entry("2027-01-30"),
        terms=(Span(date(2027, 1, 4), date(2027, 3, 26)),),
        skip=(Span(date(2027, 2, 15), date(2027, 2, 19)),),
    )
    assert [day.isoformat() for day in without_entry(of, date(2027, 1, 1), date(2027, 2, 25))] == [
        "2027-01-07",
        "2027-01-21",
        "2027-01-28",
        "2027-02-04",
        "2027-02-11",
        "2027-02-25",
    ]
    assert without_entry(of, date(2027, 3, 27), date(2027, 12, 31)) == ()


def test_entries_that_do_not_fit_are_found_all_at_once() -> None:
    of = series(
        entry("2027-01-07"),
        entry("2027-02-18"),
        entry("2027-04-01"),
        entry("2027-01-08"),
        entry("2027-01-07"),
        entry("2027-01-08"),
        terms=(Span(date(2027, 1, 4), date(2027, 3, 26)),),
        skip=(Span(date(2027, 2, 15), date(2027, 2, 19)),),
    )
    assert list(entry_problems(of)) == [
        (1, "skipped", "2027-02-15 to 2027-02-19"),
        (2, "outside-terms", "2027-01-04 to 2027-03-26"),
        (3, "off-rhythm", "2027-01-07"),
        (4, "twice", "0"),
        (5, "off-rhythm", "2027-01-07"),
        (5, "twice", "3"),
    ]
    assert entry_problems(series(entry("2027-01-07"), entry("2027-02-04"), rhythm=Weekly(3, 2))) == ()
    assert entry_problems(series(entry("2027-01-04"), entry("2027-02-01"), rhythm=Monthly(0, 1))) == ()


durations = st.sampled_from([5 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, DAY, 36 * HOUR, WEEK, 3 * WEEK])
offsets = st.one_of(st.none(), st.integers(0, 59).map(lambda minutes: minutes * MINUTE))
zones = st.integers(0, len(ZONES) - 1).map(ZONES.__getitem__)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
# Half of all days are such on which clocks change somewhere, and one did not exist in Apia.
dates = st.one_of(
    st.dates(date(2011, 1, 1), date(2030, 12, 31)),
    st.sampled_from([date(2027, 3, 14), date(2027, 3, 28), date(2027, 10, 31), date(2024, 9, 8), date(2011, 12, 30)]),
)
any_series = st.builds(
    series,
    st.builds(
        entry,
        dates.map(date.isoformat),
        questions=st.lists(offsets, max_size=8).map(lambda found: asked(*found)),
    ),
    timezone=st.one_of(st.sampled_from(["Europe/London", "Pacific/Apia", "America/Santiago"]), zones),
    at=clocks,
    format=st.sampled_from(["live", "slow"]),
    length=st.sampled_from([10 * MINUTE, 30 * MINUTE, 45 * MINUTE, HOUR, 3 * HOUR]),
    pace=st.sampled_from([HOUR, 12 * HOUR, DAY, 2 * DAY, WEEK]),
    announce=st.lists(durations, max_size=5).map(tuple),
    grace=st.sampled_from([timedelta(0), HOUR, DAY]),
    repeats=st.lists(st.builds(Repeat, clocks, zones), max_size=2).map(tuple),
)


@settings(max_examples=300, deadline=None)
@given(of=any_series)
def test_prompts_keep_their_promises(of: Series) -> None:
    chats = planned_chats(of)
    assert len({chat.id for chat in chats}) == len(chats) == 1 + len(of.repeats)
    for chat in chats:
        assert chat.starts_at < chat.ends_at
        said = prompts(of, chat)
        assert [prompt.order for prompt in said] == list(range(len(said)))
        assert all(
            (before.at, KINDS.index(before.kind)) <= (after.at, KINDS.index(after.kind))
            for before, after in pairwise(said)
        )
        assert all(prompt.useful_until > prompt.at for prompt in said)
        assert {prompt.at.tzinfo for prompt in said} | {prompt.useful_until.tzinfo for prompt in said} == {UTC}
        assert len({prompt.id for prompt in said}) == len(said)
        assert all(prompt.id.startswith(f"{chat.id}/") for prompt in said)
        kinds = [prompt.kind for prompt in said]
        assert [kinds.count(kind) for kind in ("welcome", "wrap-up", "digest")] == [1, 1, 1]
        assert kinds.count("announcement") == len(set(of.announce))
        numbers = [prompt.number for prompt in said if prompt.kind == "question"]
        assert sorted(numbers) == list(range(1, len(chat.questions) + 1))
        announced = [prompt for prompt in said if prompt.kind == "announcement"]
        assert all(prompt.useful_until <= max(chat.starts_at, prompt.at + MINUTE) for prompt in announced)
        assert all(
            before.useful_until <= after.at for before, after in pairwise(announced) if before.at + MINUTE <= after.at
        )


@settings(max_examples=200, deadline=None)
@given(of=any_series)
def test_questions_without_offsets_come_in_order_and_leave_the_last_its_time(of: Series) -> None:
    assume(of.chats[0].questions)
    plain = msgspec.structs.replace(of.chats[0], questions=asked(*[None] * len(of.chats[0].questions)))
    of = msgspec.structs.replace(of, chats=(plain,))
    for chat in planned_chats(of):
        said = prompts(of, chat)
        asked_at = [prompt.at for prompt in said if prompt.kind == "question"]
        assert [prompt.number for prompt in said if prompt.kind == "question"] == list(range(1, len(asked_at) + 1))
        main = [prompt.kind for prompt in said if prompt.kind in {"welcome", "question", "wrap-up", "digest"}]
        assert main == ["welcome", *["question"] * len(asked_at), "wrap-up", "digest"]
        if of.format == "live":
            spacings = [after - before for before, after in pairwise(asked_at)]
            assert len(set(spacings)) <= 1
            assert chat.ends_at - asked_at[-1] >= max(spacings, default=timedelta(0))
            assert asked_at[0] > chat.starts_at


@settings(max_examples=150, deadline=None)
@given(of=any_series, at=clocks, zone=zones, length=durations, repeat_at=clocks)
def test_ids_stay_when_times_move(of: Series, at: time, zone: str, length: timedelta, repeat_at: time) -> None:
    def ids(some: Series) -> set[str]:
        return {
            prompt.id for chat in planned_chats(some) for prompt in prompts(some, chat) if prompt.kind != "reminder"
        }

    moved = msgspec.structs.replace(
        of,
        at=at,
        timezone=zone,
        length=length,
        pace=3 * DAY,
        repeats=tuple(Repeat(repeat_at, repeat.timezone) for repeat in of.repeats),
    )
    assert ids(moved) == ids(of)


@settings(max_examples=150, deadline=None)
@given(zone=zones, day=dates, at=clocks, days=st.integers(1, 7), questions=st.integers(2, 7))
def test_slow_questions_show_the_same_time_of_day_wherever_it_exists(
    zone: str, day: date, at: time, days: int, questions: int
) -> None:
    there = ZoneInfo(zone)
    noon = datetime.combine(day, time(12), there)
    assume(noon.astimezone(UTC).astimezone(there).date() == day)  # Samoa had no 30 December 2011
    of = slow(entry(day.isoformat(), questions), timezone=zone, at=at, pace=days * DAY)
    for prompt in plan(of):
        if prompt.kind == "question" and prompt.number > 1:
            wall = datetime.combine(day + (prompt.number - 1) * days * DAY, at)
            local = prompt.at.astimezone(there).replace(tzinfo=None)
            exists = wall.replace(tzinfo=there).astimezone(UTC).astimezone(there).replace(tzinfo=None) == wall
            # In a gap the question comes later that day, never earlier.
            assert local == wall if exists else local > wall
