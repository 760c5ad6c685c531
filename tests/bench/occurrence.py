"""How fast the next start of a weekly chat is found, beside APScheduler's cron trigger."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from bot.domain.occurrences import Weekly, next_occurrence

if TYPE_CHECKING:
    from collections.abc import Callable

ZONE = "Europe/London"
# One moment for each of two years' weeks, so that both sides meet summer, winter and the nights between them.
MOMENTS = [datetime(2027, 1, 1, 12, tzinfo=UTC) + timedelta(days=7, minutes=13) * week for week in range(104)]
PAIRS = 31


def rows() -> list[dict[str, Any]]:
    """One row: microseconds for one look, median of pairs measured one after the other; ratio = times faster.

    Raises:
        AssertionError: the two do not agree on when the chats are, so that their speed cannot be compared.
    """
    trigger = CronTrigger(day_of_week="thu", hour=20, minute=0, timezone=ZoneInfo(ZONE))
    rhythm, at = Weekly(weekday=3), time(20)

    def ours(now: datetime) -> datetime | None:
        return next_occurrence(rhythm, at, ZONE, now)

    def theirs(now: datetime) -> datetime | None:
        found: datetime | None = trigger.get_next_fire_time(None, now)
        return found

    if [ours(now) for now in MOMENTS] != [theirs(now) for now in MOMENTS]:
        raise AssertionError("next_occurrence and CronTrigger disagree on a weekly chat in London")
    pairs = [(_microseconds(ours), _microseconds(theirs)) for _ in range(PAIRS)]
    return [
        {
            "name": "occurrence",
            "ours": round(median(mine for mine, _ in pairs), 2),
            "reference": round(median(other for _, other in pairs), 2),
            "reference_name": "APScheduler 3 CronTrigger.get_next_fire_time",
            "unit": "µs for one weekly chat's next start",
            "ratio": round(median(other / mine for mine, other in pairs), 2),
            "goal": 5,
            "better": "higher",
        }
    ]


def _microseconds(look: Callable[[datetime], datetime | None]) -> float:
    start = perf_counter()
    for now in MOMENTS:
        look(now)
    return (perf_counter() - start) / len(MOMENTS) * 1e6
