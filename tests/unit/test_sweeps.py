"""How often a chat is read and its posts are looked up, and when its digest may be written."""

from datetime import date, datetime, time, timedelta

import msgspec
import pytest

from bot.domain.schedule import ChatEntry, OnlyDates, Question, Series, planned_chats
from bot.domain.sweeps import EARLY, PATIENCE, check_interval, digest_ready, hashtag_window, sweep_due, sweep_interval

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
