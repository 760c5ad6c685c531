"""When somebody is asked what came of it, and about which answer."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from golden import sample

from bot.domain.chats import Chat
from bot.domain.followups import (
    AWAITED,
    GRACE,
    asked_about,
    awaited,
    follow_ups,
    follow_ups_in,
    is_intention,
    reading_due,
)
from bot.domain.occurrences import OnlyDates
from bot.domain.posts import PostRef
from bot.domain.records import SentPost
from bot.domain.richtext import detect
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question, Series

DAY = timedelta(days=1)
AT = datetime(2027, 3, 1, 12, tzinfo=UTC)


def chat(at: time = time(20), on: date = date(2027, 3, 18), **changes: object) -> tuple[Series, Chat]:
    entry = ChatEntry(date=on, topic="Feedback", questions=(Question("What works?"), Question("And now?")))
    changed = {"rhythm": OnlyDates(), "at": at, "chats": (entry,), "repeats": (), "terms": (), "skip": ()} | changes
    series = msgspec.structs.replace(sample.EDCHAT, **changed)  # type: ignore[arg-type]
    return series, planned_chats(series)[0]


def local(series: Series, of: Chat) -> list[str]:
    zone = ZoneInfo(series.timezone)
    return [f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}" for one in follow_ups(series, of, "k")]


@pytest.mark.parametrize(
    ("at", "asked"),
    [
        (time(20), ["2027-04-01 20:00", "2027-04-29 20:00"]),  # the clocks changed on 28 March
        (time(8), ["2027-04-01 08:00", "2027-04-29 08:00"]),
        (time(21), ["2027-04-01 21:00", "2027-04-29 21:00"]),
        (time(22, 30), ["2027-04-01 21:00", "2027-04-29 21:00"]),
        (time(0, 30), ["2027-04-01 08:00", "2027-04-29 08:00"]),
        (time(7, 59), ["2027-04-01 08:00", "2027-04-29 08:00"]),
    ],
)
def test_at_the_chats_time_of_day_unless_that_is_in_the_night(at: time, asked: list[str]) -> None:
    assert local(*chat(at)) == asked


def test_a_slow_chat_asks_so_long_after_its_last_day() -> None:
    series, of = chat(format="slow", pace=DAY, follow_up=(7 * DAY,))
    assert of.ends_at - of.starts_at == 2 * DAY
    assert local(series, of) == ["2027-03-27 20:00"]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/London", "Pacific/Auckland"])
def test_days_are_those_of_the_chats_own_clock_and_a_live_one_belongs_to_the_day_it_begins(zone: str) -> None:
    late = chat(time(23, 30), timezone=zone)
    assert late[1].ends_at.astimezone(ZoneInfo(zone)).date() == date(2027, 3, 19)
    assert local(*late) == ["2027-04-01 21:00", "2027-04-29 21:00"]
    slow = chat(timezone=zone, format="slow", pace=DAY, follow_up=(7 * DAY,))
    assert local(*slow) == ["2027-03-27 20:00"]


def test_a_follow_up_is_a_prompt_that_keeps_its_name_when_its_time_moves() -> None:
    series, of = chat()
    first, second = follow_ups(series, of, "key")
    assert (first.id, first.kind, first.number, first.answer) == (f"{of.id}/follow-up-1-key", "follow-up", 1, "key")
    assert first.useful_until - first.at == GRACE
    assert first.order < second.order
    later = follow_ups(msgspec.structs.replace(series, follow_up=(30 * DAY,)), of, "key")
    assert [one.id for one in later] == [first.id]
    assert later[0].at > first.at
    assert follow_ups(msgspec.structs.replace(series, follow_up=()), of, "key") == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [("I will #tryit", True), ("#TryIt: exit tickets", True), ("try it", False), ("#tryits", False), ("", False)],
)
def test_what_is_an_intention(said: str, meant: bool) -> None:
    assert is_intention(detect(said)) is meant


def sent(at: datetime, kind: str = "follow-up", account: str = "sky") -> SentPost:
    return SentPost("c/p", kind, 1, account, 0, PostRef("bluesky", "at://x"), "k", "a", at)


def test_what_is_awaited_for_four_weeks_on_its_own_account() -> None:
    fresh, old = sent(AT), sent(AT - AWAITED)
    others = (sent(AT, "question"), sent(AT, account="masto"))
    assert awaited((fresh, old, *others), "sky", AT + timedelta(hours=1)) == (fresh,)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, AT, True),
        (AT - DAY, AT, True),
        (AT, AT + timedelta(minutes=59), False),
        (AT, AT + timedelta(hours=1), True),
        (AT + DAY, AT + DAY + timedelta(hours=23), False),
        (AT + DAY, AT + 2 * DAY, True),
    ],
)
def test_it_is_read_hourly_for_a_day_then_daily(last: datetime | None, now: datetime, due: bool) -> None:
    assert reading_due([sent(AT - 9 * DAY), sent(AT)], last, now) is due
    assert not reading_due([], last, now)


def test_only_follow_ups_ask_about_an_answer_and_no_digest_that_repeats_one() -> None:
    asking, digest = sent(AT), msgspec.structs.replace(sent(AT, "digest"), key="d")
    without = msgspec.structs.replace(sent(AT), key="n", answer="")
    assert follow_ups_in((digest, asking, without)) == {"k": "a"}


def test_a_post_speaks_about_the_first_follow_up_above_it_and_a_loop_leads_nowhere() -> None:
    parents = {"deep": "near", "near": "f2", "f2": "out", "out": "f1", "f1": "a", "x": "y", "y": "x", "a": "q"}
    asked = {"f1": "a", "f2": "a2"}
    assert [asked_about(key, parents, asked) for key in ("deep", "near", "out", "a", "x", "")] == [
        "a2", "a2", "a", "", "", "",
    ]  # fmt: skip
