"""How the bot does, for those who watch it: looked up when asked, and written as Prometheus reads it.

Labels name account keys and places of ours, as ``staffroom.yaml`` does, and fixed words, never people, handles,
addresses or what was said.
https://prometheus.io/docs/practices/naming/, https://prometheus.github.io/client_python/collector/custom/
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec
from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from bot.domain.errands import ErrandKind
from bot.domain.places import SITE, PlaceState
from bot.domain.vitals import BUCKETS, Gauges, Mode, Pulse, troubles
from bot.errors import StaffroomError, StoreError
from bot.ports import Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prometheus_client.core import Metric

    from bot.tick import House

LONGEST = timedelta(days=60)
"""Longer than any prompt is useful: how far before the start of counting a delivery may have been due."""

FRESH = 5.0
"""Seconds for which a look is good enough for whoever asks next: however often it is asked, the store is not."""

PATIENCE = 8.0
"""Seconds that somebody who asks waits for a look that is under way."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC) + LONGEST


class Busy(Exception):
    """A look has been under way for long: the database does not answer."""


class Look(msgspec.Struct, frozen=True):
    """What was found: by the clock, in the store (``None``: it does not answer), of the networks and of the loop
    (``None`` where there is none); and the names of the places where the archive is to stand.
    """

    at: datetime
    gauges: Gauges | None
    conditions: dict[str, Condition]
    pulse: Pulse | None
    places: tuple[str, ...] = (SITE,)

    @property
    def troubles(self) -> tuple[str, ...]:
        """Why the bot is not well, in words; empty where it is."""
        return troubles(self.pulse, self.gauges, self.at)


class Watcher:
    """Looks how a house does, one look at a time.

    Args:
        house: which.
        pulse: gives the loop's signs of life; ``None`` where no loop runs.
    """

    def __init__(self, house: House, pulse: Callable[[], Pulse] | None = None) -> None:
        self._house = house
        self._pulse = pulse
        self._since = house.clock.now() if pulse else _EVER
        self._lock = threading.Lock()
        self._last: tuple[float, Look] | None = None

    def look(self) -> Look:
        """How it does now, or did a few seconds ago.

        Raises:
            Busy: somebody else's look does not end.
        """
        if not self._lock.acquire(timeout=PATIENCE):
            raise Busy
        try:
            if self._last is None or time.monotonic() - self._last[0] >= FRESH:
                look = self._look()
                self._last = (time.monotonic(), look)
            return self._last[1]
        finally:
            self._lock.release()

    def _look(self) -> Look:
        house, now = self._house, self._house.clock.now()
        try:
            gauges = house.store.gauges(tuple(house.accounts), now, self._since, LONGEST)
        except StoreError:
            gauges = None
        pulse = self._pulse() if self._pulse else None
        places = (SITE, *(place.name for place in house.places))
        return Look(now, gauges, dict(house.conditions()), pulse, places)


class VitalSigns(Collector):
    """Gives one look as metrics; ``docs/metrics.md`` says what each of them means.

    Args:
        look: takes the look.
    """

    def __init__(self, look: Callable[[], Look]) -> None:
        self._look = look

    def describe(self) -> Iterator[Metric]:
        """Nothing is looked up when this is registered."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """All of it, at one moment."""
        look = self._look()
        info = InfoMetricFamily("staffroom_build", "Which Staffroom this is.")
        info.add_metric([], {"version": _version()})
        yield info
        yield _one("healthy", "Whether the bot is well, as /healthz says.", float(not look.troubles))
        yield _one("database_up", "Whether the database answers.", float(look.gauges is not None))
        if look.pulse:
            yield from _of_loop(look.pulse)
        yield from _of_networks(look.conditions, look.at)
        if look.gauges:
            yield from _of_deliveries(look.gauges, look.at)
            yield from _of_the_rest(look.gauges, look.at)
            yield from _of_places(look.places, look.gauges.places, look.at)


class ThisProcess(Collector):
    """Memory, open files and processor time, under the names that all Prometheus clients use.

    The library's own collector needs ``/proc/stat``, which a hardened unit hides; this one reads of itself alone.
    """

    def __init__(self) -> None:
        self._started = time.time() - time.monotonic() + _started_at()

    def collect(self) -> Iterator[Metric]:
        """What there is to know here; on other systems than Linux less."""
        yield GaugeMetricFamily(
            "process_start_time_seconds", "When the process started, as Unix time.", value=self._started
        )
        yield CounterMetricFamily(
            "process_cpu_seconds", "Processor time used, in user and system mode.", value=time.process_time()
        )
        own = Path("/proc/self")
        try:
            pages = [int(word) for word in (own / "statm").read_text().split()[:2]]
            size = os.sysconf("SC_PAGE_SIZE")
            files = sum(1 for _ in (own / "fd").iterdir())
        except (OSError, ValueError):
            return
        yield GaugeMetricFamily("process_virtual_memory_bytes", "Virtual memory.", value=pages[0] * size)
        yield GaugeMetricFamily("process_resident_memory_bytes", "Resident memory.", value=pages[1] * size)
        yield GaugeMetricFamily("process_open_fds", "Open files and sockets.", value=files)


def registry_of(look: Callable[[], Look], *, process: bool = True) -> CollectorRegistry:
    """A registry of our own, with all metrics: the library's global one is everybody's."""
    registry = CollectorRegistry()
    registry.register(VitalSigns(look))
    if process:
        registry.register(ThisProcess())
    return registry


def write_metrics(path: Path, house: House) -> None:
    """Write what a ``tick`` leaves behind for the textfile collector of Prometheus' node_exporter, whole or not at all.

    Raises:
        StaffroomError: the file cannot be written.
    """
    try:
        write_to_textfile(str(path), registry_of(Watcher(house).look, process=False))
    except OSError as error:
        message = f"The metrics file {path} cannot be written ({error.strerror}). Name another under --metrics-file."
        raise StaffroomError(message) from error


def _of_loop(pulse: Pulse) -> Iterator[Metric]:
    if pulse.lock_age is not None:
        yield _one("lock_age_seconds", "Time since the right to post was renewed.", pulse.lock_age)
    yield _one("duties_stuck", "Duties of the loop that hang.", float(len(pulse.stuck)))
    mode = _gauge("listening_mode", "How an account is listened to: 1 for the mode that applies.", "account", "mode")
    lag = _gauge("listening_lag_seconds", "How long ago what is stored was all that was said.", "account")
    for account, hearing in pulse.hearing.items():
        for one in get_args(Mode):
            mode.add_metric([account, one], float(hearing.mode == one))
        if hearing.lag is not None:
            lag.add_metric([account], hearing.lag)
    yield mode
    yield lag


def _of_networks(conditions: Mapping[str, Condition], now: datetime) -> Iterator[Metric]:
    silent = _gauge("account_silent_seconds", "For how long no request had a usable answer; 0 while it has.", "account")
    refused = _gauge("login_refused_seconds", "For how long the login is refused; 0 while it is not.", "account")
    ends = _gauge("login_remaining_seconds", "Time until the login ends, where an end is known.", "account")
    budget = _gauge("api_budget_left_ratio", "Share of the allowed requests that is left.", "account")
    for account, one in conditions.items():
        silent.add_metric([account], _since(one.silent_since, now))
        refused.add_metric([account], _since(one.refused_since, now))
        if one.login_ends is not None:
            ends.add_metric([account], (one.login_ends - now).total_seconds())
        if one.budget is not None:
            # Once its window is over, all may be asked again.
            left = one.budget.left if one.budget.resets_at > now else one.budget.limit
            budget.add_metric([account], left / one.budget.limit)
    yield from (silent, refused, ends, budget)


def _of_deliveries(gauges: Gauges, now: datetime) -> Iterator[Metric]:
    states = _gauge("deliveries", "Deliveries by state.", "account", "state")
    overdue = _gauge("delivery_overdue_seconds", "How late the most late open delivery is; 0 for none.", "account")
    late = HistogramMetricFamily(
        "staffroom_delivery_lateness_seconds", "How late deliveries went out.", labels=["account"]
    )
    for account, outgoing in gauges.accounts.items():
        for state, number in outgoing.states.items():
            states.add_metric([account, state], number)
        overdue.add_metric([account], _since(outgoing.due_since, now))
        lateness = outgoing.lateness
        buckets = [(f"{bucket:.1f}", within) for bucket, within in zip(BUCKETS, lateness.within, strict=True)]
        late.add_metric([account], [*buckets, ("+Inf", lateness.count)], lateness.seconds)
    yield from (states, overdue, late)


def _of_the_rest(gauges: Gauges, now: datetime) -> Iterator[Metric]:
    errands = _gauge("errands", "Errands pending; the kind delete is what erasing left to do.", "account", "kind")
    wait = _gauge("errand_wait_seconds", "How long the oldest pending errand waits; 0 for none.", "account", "kind")
    for account, outgoing in gauges.accounts.items():
        for kind in get_args(ErrandKind):
            pending = outgoing.errands.get(kind)
            errands.add_metric([account, kind], pending.count if pending else 0)
            wait.add_metric([account, kind], _since(pending.since, now) if pending else 0.0)
    yield from (errands, wait)
    yield _one("answers_held", "Answers that wait for a person.", gauges.held)
    yield _one("posts_kept", "Posts whose words are kept.", gauges.posts)
    yield _one(
        "check_age_seconds",
        "How long ago the kept post was looked up that was not for longest; 0 where none is kept.",
        _since(gauges.checked_since, now),
    )
    if gauges.worked_at is not None:
        yield _one("worked_timestamp_seconds", "When run or tick worked last, Unix time.", gauges.worked_at.timestamp())


def _of_places(names: Sequence[str], known: Mapping[str, PlaceState], now: datetime) -> Iterator[Metric]:
    failing = _gauge(
        "place_failing_seconds", "For how long a place cannot be brought up to date; 0 while it can.", "place"
    )
    updated = _gauge("place_updated_timestamp_seconds", "When it last got all that was new, Unix time.", "place")
    for name in names:
        state = known.get(name, PlaceState())
        failing.add_metric([name], _since(state.failing_since, now))
        if state.done_at is not None:
            updated.add_metric([name], state.done_at.timestamp())
    yield from (failing, updated)


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"staffroom_{name}", words, labels=labels)


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"staffroom_{name}", words, value=value)


def _since(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0


def _version() -> str:
    try:
        return version("staffroom")
    except PackageNotFoundError:  # a checkout that was never installed
        return "unknown"


def _started_at() -> float:
    """When this process started, on the clock of ``time.monotonic``; now, where the system does not say."""
    try:
        ticks = int(Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19])
        # Since boot, asleep or not; the difference between both clocks is the time slept.
        slept = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
        return ticks / os.sysconf("SC_CLK_TCK") - slept
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic()
