"""What a saved plan does to the outbox, case by case."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from bot.domain.chats import Chat
from bot.domain.evidence import Evidence
from bot.domain.occurrences import OnlyDates
from bot.domain.outbox import DELIVERY_MOVES, Delivery, Part
from bot.domain.planning import difference, over, same_source
from bot.domain.series import ChatEntry, Series

NOW = datetime(2027, 1, 7, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
READY = Part(0, "post", "k", "{}")
UNKNOWN = msgspec.structs.replace(READY, state="unknown")
OUT = msgspec.structs.replace(READY, state="sent")
BASE = Delivery("c/q1@a", "c/q1", "c", "s", "a", "bluesky", 0, NOW + HOUR, NOW + 2 * HOUR)


def delivery(**changes: Any) -> Delivery:
    return msgspec.structs.replace(BASE, **changes)


def compare(stored: list[Delivery], wanted: list[Delivery], **changes: Any) -> tuple[list[str], list[str], list[str]]:
    found = difference(stored, wanted, **{"changed": (), "closed": (), "ended": (), "now": NOW, **changes})
    return [each.id for each in found.add], [each.id for each in found.reset], list(found.cancel)


NOTHING: tuple[list[str], list[str], list[str]] = ([], [], [])
ADDED = ([BASE.id], [], [])
RESET = ([], [BASE.id], [])
CANCELLED = ([], [], [BASE.id])
LATER = {"at": NOW + 2 * HOUR, "useful_until": NOW + 3 * HOUR}
PAST = {"at": NOW - 2 * HOUR, "useful_until": NOW}


@pytest.mark.parametrize(
    ("changes", "context", "expected"),
    [
        ({}, {}, ADDED),
        (PAST, {}, NOTHING),
        ({"at": NOW - HOUR, "useful_until": NOW + HOUR}, {}, ADDED),
        ({}, {"ended": {"c"}}, NOTHING),
        ({}, {"closed": {"c"}}, NOTHING),
        ({}, {"closed": {"other"}}, ADDED),
        (PAST, {"since": NOW - HOUR}, ADDED),  # nobody knows whether it was said
        (PAST, {"since": NOW}, NOTHING),
    ],
)
def test_first_sight(changes: dict[str, Any], context: dict[str, Any], expected: object) -> None:
    assert compare([], [delivery(**changes)], **context) == expected


@pytest.mark.parametrize(
    ("before", "after", "context", "expected"),
    [
        # planned: follows the plan
        ({}, {}, {}, NOTHING),
        ({}, LATER, {}, RESET),
        ({}, {"order": 3}, {}, RESET),
        ({}, {}, {"changed": {"c"}}, RESET),
        ({}, PAST, {}, RESET),
        ({}, LATER, {"ended": {"c"}}, RESET),
        ({}, LATER, {"closed": {"c"}}, CANCELLED),
        # frozen: starts anew only if something changed and nothing left
        ({"state": "frozen", "parts": (READY,)}, {}, {}, NOTHING),
        ({"state": "frozen", "parts": (READY,)}, LATER, {}, RESET),
        ({"state": "frozen", "parts": (READY,)}, {}, {"changed": {"c"}}, RESET),
        ({"state": "frozen", "parts": (UNKNOWN,)}, LATER, {"changed": {"c"}}, NOTHING),
        ({"state": "frozen", "parts": (OUT, READY)}, LATER, {"changed": {"c"}}, NOTHING),
        # missed: comes back only where it is useful again
        ({"state": "missed", **PAST}, PAST, {}, NOTHING),
        ({"state": "missed", **PAST}, PAST, {"changed": {"c"}}, NOTHING),
        ({"state": "missed"}, {}, {"changed": {"c"}}, NOTHING),
        ({"state": "missed"}, PAST, {}, NOTHING),
        ({"state": "missed", **PAST}, LATER, {}, RESET),
        ({"state": "missed", **PAST}, {"at": NOW - HOUR, "useful_until": NOW + HOUR}, {}, RESET),
        # cancelled: comes back with its chat
        ({"state": "cancelled"}, {}, {}, RESET),
        ({"state": "cancelled"}, PAST, {}, NOTHING),
        ({"state": "cancelled"}, {}, {"closed": {"c"}}, NOTHING),
        # refused: comes back if its words may be others
        ({"state": "refused"}, {}, {}, NOTHING),
        ({"state": "refused"}, LATER, {}, NOTHING),
        ({"state": "refused"}, {}, {"changed": {"c"}}, RESET),
        ({"state": "refused"}, PAST, {"changed": {"c"}}, NOTHING),
        ({"state": "refused", "parts": (OUT, READY)}, {}, {"changed": {"c"}}, NOTHING),
        # sent: for ever
        ({"state": "sent", "parts": (OUT,)}, LATER, {"changed": {"c"}}, NOTHING),
        ({"state": "sent"}, LATER, {"changed": {"c"}}, NOTHING),
    ],
)
def test_stored_and_wanted(
    before: dict[str, Any], after: dict[str, Any], context: dict[str, Any], expected: object
) -> None:
    assert compare([delivery(**before)], [delivery(**after)], **context) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ({}, CANCELLED),
        ({"state": "frozen", "parts": (READY,)}, CANCELLED),
        ({"state": "frozen", "parts": (UNKNOWN,)}, NOTHING),
        ({"state": "frozen", "parts": (OUT, READY)}, NOTHING),
        ({"state": "missed"}, NOTHING),
        ({"state": "refused"}, NOTHING),
        ({"state": "cancelled"}, NOTHING),
        ({"state": "sent", "parts": (OUT,)}, NOTHING),
    ],
)
def test_stored_and_not_wanted(before: dict[str, Any], expected: object) -> None:
    assert compare([delivery(**before)], []) == expected


def test_a_reset_has_the_plans_values_and_nothing_of_the_old_ones() -> None:
    stored = delivery(state="frozen", parts=(READY,), attempts=3, retry_at=NOW, error="no answer")
    (reset,) = difference([stored], [delivery(**LATER)], changed=(), closed=(), ended=(), now=NOW).reset
    assert reset == delivery(**LATER)


def test_planning_a_second_time_changes_nothing() -> None:
    wanted = [delivery(id=f"c/q{number}@a", order=number) for number in range(3)]
    first = difference([], wanted, changed=(), closed=(), ended=(), now=NOW)
    assert compare(list(first.add), wanted) == NOTHING


SERIES = Series("s", "S", "S", "UTC", OnlyDates(), time(20), ("a",), chats=(ChatEntry(date(2027, 1, 7), "T", ()),))


def test_a_series_says_the_same_whatever_stands_under_its_dates() -> None:
    other_dates = msgspec.structs.replace(SERIES, chats=())
    assert same_source(SERIES, SERIES)
    assert same_source(SERIES, other_dates)
    assert same_source(other_dates, SERIES)
    assert not same_source(SERIES, msgspec.structs.replace(SERIES, hashtag="T"))


def test_what_hosts_link_to_afterwards_changes_no_chat() -> None:
    link = Evidence("Reading ages", "https://example.org/reading", date(2027, 6, 18))
    assert same_source(SERIES, msgspec.structs.replace(SERIES, evidence=(link,)))


def test_a_chat_is_over_at_its_end() -> None:
    chats = [Chat(f"c{hours}", "s", NOW.date(), "UTC", NOW - HOUR, NOW + hours * HOUR, "T", ()) for hours in (-1, 0, 1)]
    assert over(chats, NOW) == {"c-1", "c0"}


def test_what_is_sent_never_starts_anew() -> None:
    assert not DELIVERY_MOVES["sent"]
