"""Clocks that jump by an hour in mid-chat, and nights on which a country changes its clocks."""

import tempfile
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
from chaos.scenario import Outcome, Place
from services.stage import SERIES, START, Stage

from bot.clock import SteppedClock
from bot.domain.occurrences import Weekly
from bot.domain.posts import NetworkName
from bot.domain.schedule import planned_chats
from bot.domain.series import ChatEntry, Question, Series
from bot.tick import tick

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class JumpingClock(SteppedClock):
    """Shows the true time, and what it is wrong by."""

    wrong_by = timedelta(0)

    def now(self) -> datetime:
        """What it shows, aware UTC."""
        return super().now() + self.wrong_by


class Heard(NamedTuple):
    """One post of ours: where, its words, and what the bot's clock showed."""

    network: NetworkName
    text: str
    at: datetime


def jumping_stage(folder: Path, series: Series = SERIES, start: datetime = START) -> Stage:
    """A small house whose clock may jump."""
    return Stage(folder, series=series, clock=JumpingClock(start - timedelta(minutes=65)))


def live_through(
    stage: Stage,
    until: datetime,
    happening: Callable[[datetime], None] = lambda _true: None,
    by: timedelta = 10 * MINUTE,
    stops: Iterable[datetime] = (),
) -> None:
    """Tick when something is due, at these stops, and every ``by`` of true time.

    ``happening`` is told the true time beforehand.
    """
    true, left = SteppedClock.now(stage.clock), sorted(stops)
    while true < until:
        happening(true)
        tick(stage.house)
        shown = stage.clock.now()
        due = stage.store.next_due(shown) or shown + by
        left = [stop for stop in left if stop > true]
        true = min([true + max(timedelta(seconds=1), min(by, due - shown)), *left[:1]])
        stage.clock.move_to(true)


def heard(stage: Stage, name: NetworkName) -> list[Heard]:
    """All that our account said on a network, in order."""
    me = stage.networks[name].identity().id
    return [Heard(name, post.text.text, post.at) for post in stage.servers[name].posts_of(me)]


def wrong_times(stage: Stage, name: NetworkName) -> list[str]:
    """Prompts that were said before the bot's clock showed their time."""
    due: dict[str, list[datetime]] = {}
    for one in sorted(stage.store.deliveries(), key=lambda one: one.at):
        if one.account == name:
            due.setdefault(one.prompt.rpartition("/")[2], []).append(one.at)
    return [one.text for one in heard(stage, name) if one.text in due and one.at < due[one.text].pop(0)]


def jumps(*moments: tuple[float, timedelta], stage: Stage) -> Callable[[datetime], None]:
    """At each of these minutes of true time from the chat's start the clock is wrong by so much."""
    left = list(moments)

    def happen(true: datetime) -> None:
        while left and true >= START + left[0][0] * MINUTE:
            assert isinstance(stage.clock, JumpingClock)
            stage.clock.wrong_by = left.pop(0)[1]

    return happen


def stops_at(*moments: tuple[float, timedelta]) -> list[datetime]:
    """The true times of these jumps: between two ticks nobody would notice one that is soon undone."""
    return [START + minutes * MINUTE for minutes, _ in moments]


def series_at(zone: str, *days: date, at: time, slow: bool = False) -> Series:
    """A series with a chat of two hours (or a slow one) on each of these days."""
    questions = (Question("What works?"), Question("What did you stop?"), Question("And now?"))
    return msgspec.structs.replace(
        SERIES,
        timezone=zone,
        rhythm=Weekly(days[0].weekday()),
        at=at,
        length=timedelta(hours=2),
        announce=(HOUR,),
        format="slow" if slow else "live",
        pace=timedelta(days=1) if slow else None,
        chats=tuple(ChatEntry(date=day, topic="Feedback", questions=questions) for day in days),
    )


WHOLE = ["announce-1h", "welcome", "q1", "q2", "q3", "wrap-up", "and thanks"]
JUMPS: dict[str, tuple[tuple[tuple[float, timedelta], ...], list[str]]] = {
    # Minutes of true time from the chat's start, and what the clock is wrong by from then on. Due are: the questions at
    # 5, 23 and 41, the wrap-up at 60. What is stale by the clock is missed, and never asked after what follows it.
    "an hour ahead for good": (((10, HOUR),), ["announce-1h", "welcome", "q1", "wrap-up", "and thanks"]),
    "an hour ahead for five minutes": (
        ((10, HOUR), (15, timedelta(0))),
        ["announce-1h", "welcome", "q1", "wrap-up", "and thanks"],
    ),
    "an hour ahead before the chat": (
        ((-30, HOUR), (-25, timedelta(0))),
        ["announce-1h", "q1", "q2", "q3", "wrap-up", "and thanks"],
    ),
    "an hour behind for good": (((30, -HOUR),), WHOLE),
    "an hour behind for five minutes": (((22, -HOUR), (27, timedelta(0))), WHOLE),
    "to and fro": (
        ((6, -HOUR), (8, timedelta(0)), (24, -HOUR), (26, timedelta(0)), (42, -HOUR), (44, timedelta(0))),
        WHOLE,
    ),
}
NIGHTS: dict[str, tuple[Series, list[str]]] = {
    # 25 October 2026, London: from 02:00 summer time the clocks show the hour from 01:00 again.
    "a chat over the repeated hour": (
        series_at("Europe/London", date(2026, 10, 25), at=time(0, 30)),
        ["24T22:30 announce-1h", "24T23:30 welcome", "24T23:35 q1", "25T00:13 q2", "25T00:51 q3", "25T01:30 wrap-up"],
    ),
    "a chat that begins in the repeated hour": (
        series_at("Europe/London", date(2026, 10, 25), at=time(1, 30)),
        ["24T23:30 announce-1h", "25T00:30 welcome", "25T00:35 q1", "25T01:13 q2", "25T01:51 q3", "25T02:30 wrap-up"],
    ),
    # 28 March 2027, London: from 01:00 the clocks go on to 02:00.
    "a chat over the gap": (
        series_at("Europe/London", date(2027, 3, 28), at=time(0, 30)),
        ["27T23:30 announce-1h", "28T00:30 welcome", "28T00:35 q1", "28T01:13 q2", "28T01:51 q3", "28T02:30 wrap-up"],
    ),
    "a chat that begins in the gap": (
        series_at("Europe/London", date(2027, 3, 28), at=time(1, 30)),
        ["28T00:30 announce-1h", "28T01:30 welcome", "28T01:35 q1", "28T02:13 q2", "28T02:51 q3", "28T03:30 wrap-up"],
    ),
}

WEEKS: dict[str, tuple[Series, list[str]]] = {
    "two weekly chats with the autumn change between them": (
        msgspec.structs.replace(
            series_at("Europe/London", date(2026, 10, 22), date(2026, 10, 29), at=time(20)), length=HOUR, announce=()
        ),
        [
            *("22T19:00 welcome", "22T19:05 q1", "22T19:23 q2", "22T19:41 q3", "22T20:00 wrap-up"),
            *("29T20:00 welcome", "29T20:05 q1", "29T20:23 q2", "29T20:41 q3", "29T21:00 wrap-up"),
        ],
    ),
    "a slow chat over the spring change": (
        msgspec.structs.replace(
            series_at("Europe/London", date(2027, 3, 27), at=time(20), slow=True), length=HOUR, announce=()
        ),
        [
            "27T20:00 welcome", "27T20:01 q1", "28T19:00 q2", "29T19:00 q3", "30T19:00 wrap-up",
        ],
    ),
}  # fmt: skip


def jumping_clocks(place: Place) -> Outcome:
    """For `make chaos`: every jump and every night, in true minutes."""
    outcome = Outcome("clocks that jump, and nights on which they change")
    for name, (moments, wanted) in JUMPS.items():
        stage = jumping_stage(_folder(place))
        live_through(stage, START + timedelta(hours=2.5), jumps(*moments, stage=stage), stops=stops_at(*moments))
        outcome.faults[name] += 1
        _compare(outcome, stage, name, wanted, [one.text for one in heard(stage, "mastodon")])
    for name, (series, wanted) in {**NIGHTS, **WEEKS}.items():
        stage = jumping_stage(_folder(place), series, planned_chats(series)[0].starts_at)
        live_through(stage, planned_chats(series)[-1].ends_at + 5 * MINUTE)
        outcome.faults[name] += 1
        said = [f"{one.at:%dT%H:%M} {one.text}" for one in heard(stage, "mastodon") if one.text != "and thanks"]
        _compare(outcome, stage, name, wanted, said)
    return outcome


def _folder(place: Place) -> Path:
    return Path(tempfile.mkdtemp(dir=place.folder))


def _compare(outcome: Outcome, stage: Stage, name: str, wanted: Iterable[str], said: Iterable[str]) -> None:
    if list(said) != list(wanted):
        outcome.broken.append(f"{name}: {list(said)} instead of {list(wanted)}")
    outcome.broken += [f"{name}: {one} was said too early" for one in wrong_times(stage, "mastodon")]
    stage.store.close()
