"""How often a chat is read and its posts are looked up, and when its digest may be written."""

from datetime import date, datetime, time, timedelta

import msgspec
import pytest

from bot.domain.occurrences import OnlyDates
from bot.domain.posts import PostRef
from bot.domain.records import SentPost
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question, Series
from bot.domain.sweeps import (
    ASKING,
    EARLY,
    PATIENCE,
    Reading,
    Readings,
    asking_interval,
    check_interval,
    digest_ready,
    hashtag_window,
    is_long,
    is_searched,
    listening,
    placing_due,
    poll_due,
    sweep_due,
    sweep_interval,
    to_read,
)

SERIES = Series(
    slug="edchat",
    title="Ed Chat",
    hashtag="EdChat",
    timezone="UTC",
    rhythm=OnlyDates(),
    at=time(20),
    accounts=("sky", "masto"),
    chats=tuple(ChatEntry(date(2027, 1, day), "Topic", (Question("What works?"),)) for day in (7, 14)),
)
CHAT, NEXT = planned_chats(SERIES)
END = CHAT.ends_at


def after(**of: float) -> datetime:
    return END + timedelta(**of)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, after(minutes=-60), True),
        (after(minutes=-30), after(minutes=-29), False),
        (after(minutes=-30), after(minutes=-28), True),
        (after(seconds=-1), after(seconds=0), True),
        (after(seconds=0), after(minutes=9), False),
        (after(seconds=0), after(minutes=10), True),
        (after(minutes=119), after(minutes=120), True),
        (after(minutes=120), after(minutes=179), False),
        (after(minutes=120), after(minutes=180), True),
        (after(days=2), after(days=2, hours=23), False),
        (after(days=2), after(days=3), True),
        (after(days=13, hours=20), after(days=14), True),
        (after(days=14), after(days=14, hours=23), False),
    ],
)
def test_when_a_chat_is_swept(last: datetime | None, now: datetime, due: bool) -> None:
    assert sweep_due(SERIES, CHAT, last, now) is due


def test_a_chat_over_days_is_read_less_often_than_an_evening() -> None:
    slow = msgspec.structs.replace(CHAT, ends_at=CHAT.starts_at + timedelta(days=5))
    assert sweep_interval(slow, slow.starts_at) == timedelta(minutes=10)
    assert sweep_interval(CHAT, CHAT.starts_at) == timedelta(minutes=2)
    half_a_day = msgspec.structs.replace(CHAT, ends_at=CHAT.starts_at + timedelta(hours=12))
    longer = msgspec.structs.replace(CHAT, ends_at=CHAT.starts_at + timedelta(hours=12, minutes=1))
    assert [is_long(chat) for chat in (CHAT, half_a_day, longer, slow)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("now", "every"),
    [
        (after(seconds=-1), timedelta(minutes=2)),
        (after(seconds=0), timedelta(minutes=10)),
        (after(minutes=59), timedelta(minutes=10)),
        (after(hours=1), timedelta(hours=1)),
        (after(hours=23), timedelta(hours=1)),
        (after(days=1), timedelta(days=1)),
        (after(days=700), timedelta(days=1)),
    ],
)
def test_how_often_a_chat_is_swept(now: datetime, every: timedelta) -> None:
    assert sweep_interval(CHAT, now) == every


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (after(minutes=-30), after(minutes=-28, seconds=-1), False),
        (after(minutes=-30), after(minutes=-28), True),
        (after(seconds=-1), after(seconds=59), False),
        (after(seconds=-1), after(minutes=1), True),
        (after(seconds=30), after(minutes=1), True),
        (after(minutes=1), after(minutes=10, seconds=59), False),
        (after(minutes=1), after(minutes=11), True),
        (after(hours=5), after(hours=6), True),
        (after(days=2), after(days=2, hours=23), False),
    ],
)
def test_when_a_poll_is_read(last: datetime, now: datetime, due: bool) -> None:
    assert poll_due(CHAT, last, now) is due


@pytest.mark.parametrize(
    ("now", "every"),
    [
        (after(hours=-1), timedelta(hours=1)),
        (after(hours=23), timedelta(hours=1)),
        (after(days=1), timedelta(days=1)),
        (after(days=13, hours=23), timedelta(days=1)),
        (after(days=14), timedelta(days=7)),
        (after(days=700), timedelta(days=7)),
    ],
)
def test_how_often_posts_are_looked_up(now: datetime, every: timedelta) -> None:
    assert check_interval(CHAT, now) == every


def test_the_hashtag_belongs_to_the_next_chat_from_an_hour_before_it() -> None:
    assert hashtag_window(SERIES, CHAT, NEXT) == (CHAT.starts_at - EARLY, NEXT.starts_at - EARLY)
    assert hashtag_window(SERIES, CHAT, None) == (CHAT.starts_at - EARLY, END + SERIES.late)
    soon = msgspec.structs.replace(NEXT, starts_at=END + timedelta(minutes=10))
    assert hashtag_window(SERIES, CHAT, soon)[1] == END


@pytest.mark.parametrize(
    ("swept", "now", "ready"),
    [
        ({}, after(hours=1, minutes=59), False),
        ({}, after(hours=2), False),
        ({"sky": after(hours=2)}, after(hours=2), False),
        ({"sky": after(hours=2), "masto": after(minutes=119)}, after(hours=2), False),
        ({"sky": after(hours=2), "masto": after(hours=2)}, after(hours=2), True),
        ({"sky": after(hours=2)}, after(hours=2) + PATIENCE, True),
    ],
)
def test_a_digest_waits_for_the_last_reading_but_not_for_ever(
    swept: dict[str, datetime], now: datetime, ready: bool
) -> None:
    assert digest_ready(SERIES, CHAT, swept, now) is ready


def said(key: str, minutes: float, kind: str = "question") -> SentPost:
    """A prompt that went out so many minutes after the start."""
    ref = PostRef("bluesky", key)
    return SentPost(key, kind, 0, "sky", 0, ref, key, "", CHAT.starts_at + timedelta(minutes=minutes))


def at(minutes: float) -> datetime:
    return CHAT.starts_at + timedelta(minutes=minutes)


SENT = (said("welcome", 0, "welcome"), said("q1", 5), said("q2", 20), said("q3", 35))
SINCE = Readings(everything=at(0))
ALL = Reading(everything=True)


@pytest.mark.parametrize(
    ("minutes", "done", "what"),
    [
        (4, SINCE, Reading()),
        (19, SINCE, Reading()),
        (20, SINCE, Reading(threads=("q1",))),
        (34, Readings(at(0), threads={"q1": at(20.3)}), Reading()),
        (35, Readings(at(0), threads={"q1": at(20.3)}), Reading(threads=("q2",))),
        (36, Readings(at(0), threads={"q1": at(20.3), "q2": at(19)}), Reading(threads=("q2",))),
        (59, Readings(at(0), threads={"q1": at(20.3), "q2": at(35.1)}), Reading()),
        (60, Readings(at(0), threads={"q1": at(20), "q2": at(35)}), Reading(threads=("q3",), hashtag=True)),
        (61, Readings(at(0), threads={"q1": at(20), "q2": at(35), "q3": at(60)}, hashtag=at(60)), Reading()),
        (100, Readings(at(0), threads={"q1": at(20), "q2": at(35), "q3": at(60)}, hashtag=at(60)), Reading()),
        (100, Readings(at(61)), Reading()),
        # Before the digest everything is read, and then as ever.
        (180, Readings(at(61)), ALL),
        (181, Readings(at(180)), Reading()),
        (239, Readings(at(180)), Reading()),
        (240, Readings(at(180)), ALL),
        # A stream named a thread.
        (10, Readings(at(0), named={"q1": at(9)}), Reading(threads=("q1",))),
        (10, Readings(at(0), threads={"q1": at(9.5)}, named={"q1": at(9)}), Reading()),
        (10, Readings(at(9.5), named={"welcome": at(9)}), Reading()),
        # A stream may have missed something, but no more than can be read every two minutes.
        (10, Readings(at(7), missed=at(9)), ALL),
        (10, Readings(at(9), missed=at(8)), Reading()),
        (10, Readings(at(7), missed=at(6)), Reading()),
        (10, Readings(at(9), missed=at(9.5)), Reading()),
        (11, Readings(at(9), missed=at(9.5)), Reading()),
        (11.1, Readings(at(9), missed=at(9.5)), ALL),
        (0.6, Readings(at(-5), missed=at(0.5)), Reading()),
        # Asked to be read again, or never read although we said something a while ago.
        (10, Readings(), ALL),
        (0.5, Readings(), Reading(begun=True)),
    ],
)
@pytest.mark.parametrize("rhythm", ["told", "asked"])
def test_what_is_read_where_we_hear_what_is_said(minutes: float, done: Readings, what: Reading, rhythm: str) -> None:
    sent = [post for post in SENT if post.at <= at(minutes)]
    assert to_read(SERIES, CHAT, sent, done, at(minutes), rhythm) == what  # type: ignore[arg-type]


def test_turns_end_in_the_order_of_asking_also_with_ten_questions_and_more() -> None:
    sent = tuple(said(f"q{number}", 5 * number) for number in range(1, 11))
    assert to_read(SERIES, CHAT, sent, Readings(at(44)), at(45), "told") == Reading(threads=("q8",))
    assert to_read(SERIES, CHAT, sent, Readings(at(49)), at(50), "told") == Reading(threads=("q9",))


def test_where_only_reading_tells_everything_is_read_every_two_minutes() -> None:
    assert to_read(SERIES, CHAT, SENT, Readings(at(10)), at(11.9), "swept") == Reading()
    assert to_read(SERIES, CHAT, SENT, Readings(at(10)), at(12), "swept") == ALL


def test_a_slow_chat_is_heard_by_a_stream_and_made_sure_of_every_hour_and_six() -> None:
    slow = msgspec.structs.replace(CHAT, ends_at=CHAT.starts_at + timedelta(days=5))
    sent = (said("q1", 0),)
    last = Readings(at(0))
    assert to_read(SERIES, slow, sent, last, at(59), "told") == Reading()
    assert to_read(SERIES, slow, sent, last, at(61), "told") == Reading(threads=("q1",))
    assert to_read(SERIES, slow, sent, Readings(at(0), threads={"q1": at(61)}), at(62), "told") == Reading()
    assert to_read(SERIES, slow, sent, last, at(360), "told") == ALL
    assert to_read(SERIES, slow, sent, last, at(10), "asked") == ALL


def test_anything_to_read_is_something_to_do() -> None:
    assert not Reading()
    assert all((ALL, Reading(hashtag=True), Reading(begun=True), Reading(threads=("q1",))))


def test_hashtags_are_searched_on_bluesky_alone() -> None:
    assert (is_searched("bluesky"), is_searched("mastodon")) == (True, False)


def test_nothing_said_by_us_is_nothing_to_read() -> None:
    assert to_read(SERIES, CHAT, (), SINCE, at(30), "told") == Reading()
    assert to_read(SERIES, CHAT, (), Readings(), at(30), "told") == Reading(begun=True)


@pytest.mark.parametrize(
    ("minutes", "on"), [(-15.1, False), (-15, True), (59, True), (61, True), (179.9, True), (180, False)]
)
def test_a_chat_is_on_from_a_little_before_its_start_to_its_digest(minutes: float, on: bool) -> None:
    assert listening(SERIES, CHAT, at(minutes)) is on


def test_people_may_turn_to_us_at_any_time_but_are_not_always_asked_for_every_half_minute() -> None:
    assert asking_interval(on=True, evening=True) == ASKING
    assert asking_interval(on=True, evening=False) == timedelta(minutes=2)
    assert asking_interval(on=False, evening=False) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("last", "minutes", "fresh", "known", "due"),
    [
        (None, 0, 0, 0, False),
        (None, 0, 1, 1, True),
        (at(0), 0.3, 500, 500, False),
        (at(0), 0.34, 10, 500, True),
        (at(0), 0.34, 9, 500, False),
        (at(0), 2, 1, 50_000, True),
        (at(0), 2, 0, 50_000, False),
    ],
)
def test_when_answers_are_placed(last: datetime | None, minutes: float, fresh: int, known: int, due: bool) -> None:
    assert placing_due(last, at(minutes), fresh, known) is due


def test_where_hashtags_are_searched_a_stream_spares_the_search_at_the_close() -> None:
    done = Readings(at(0), threads={"q1": at(20), "q2": at(35)})
    assert to_read(SERIES, CHAT, SENT, done, at(60), "told", searched=True) == Reading(threads=("q3",))
    assert to_read(SERIES, CHAT, SENT, done, at(60), "asked", searched=True) == Reading(threads=("q3",), hashtag=True)
    assert to_read(SERIES, CHAT, SENT, Readings(at(61)), at(180), "told", searched=True) == ALL
