"""The loop: what is due is done, by one process at a time, for as long as it is let.

The store is the truth; the scheduler only rings the bell: one-shot jobs for the next due moment and a safety
interval, in APScheduler's memory, so that nothing is known there that the store does not know.
"""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from bot.domain.events import Event
from bot.domain.vitals import Pulse, Rounds
from bot.errors import NetworkError, StaffroomError, UserError
from bot.listening import PACE, Listening
from bot.services.digest import digest
from bot.services.hosting import held_lines
from bot.services.hosts import waiting_lines
from bot.tick import (
    LEASE,
    LOCK,
    collect_on,
    copy_pictures_of,
    find_errands,
    named,
    publish_site,
    replan,
    run_errands_of,
    tidy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.listening import Pace
    from bot.tick import House

log = structlog.get_logger()

SAFETY = timedelta(seconds=20)
"""The bell rings at least this often, whatever the next due moment seems to be."""

SOON = timedelta(seconds=5)
"""How often it is looked whether likes, answers or deletions of ours are to be done."""

BEAT = timedelta(minutes=1)
"""How often it is noted that this process works."""

REREAD = timedelta(seconds=60)
"""How often saved YAML files are read again."""

BREATH = timedelta(seconds=1)
"""The shortest time from one look at the outbox to the next, where what is due is another account's business."""

WATCH = 5.0
"""Seconds from one look at this computer's clock to the next: has it been put back?"""

GOODBYE = 3.5
"""Seconds that work under way gets to end when the loop is told to stop."""


class _Threads(BasePoolExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Rings bells in threads of ours: APScheduler's own cannot be waited for without a lock that a bell may need."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        super().__init__(pool)


class Loop:
    """Runs the house until it is told to stop.

    One job for each account's deliveries, one for its collecting and one for its errands, so that a network that is
    down holds up only itself; one for files, digests and pages. Each does what is due and then sets its own next alarm.
    Beside them, ``Listening`` hears what is said as it is said.

    Args:
        house: all that is needed.
        told: says one line, which is an ``Event``, to whoever watches.
        reread: how often saved YAML files are read again.
        pace: how listening goes.
        extra: further duties by name, done at once and then whenever they say.
    """

    def __init__(
        self,
        house: House,
        told: Callable[[str], None],
        *,
        reread: timedelta = REREAD,
        pace: Pace = PACE,
        extra: Mapping[str, Callable[[], datetime]] | None = None,
    ) -> None:
        self._house = house
        self._listening = Listening(house, told, pace)
        self._extra = extra or {}
        self._beaten: datetime | None = None
        self._rounds = Rounds()
        self._renewed: float | None = None
        self._reread = reread
        self._told = told
        self._stopping = threading.Event()
        self._troubles: dict[str, str] = {}
        self._threads = ThreadPoolExecutor(4 * len(house.accounts) + 2 + len(self._extra))
        self._bell = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": _Threads(self._threads)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )

    def stop(self) -> None:
        """Ask the loop to end; requests on their way are left to the store's memory of them."""
        self._stopping.set()

    def pulse(self) -> Pulse:
        """Signs of life, from memory alone: it never waits."""
        now, ended = time.monotonic(), () if self._stopping.is_set() else self._listening.ended()
        return Pulse(
            lock_age=None if self._renewed is None else now - self._renewed,
            stuck=(*self._rounds.stuck(now), *(f"listening on {account} has ended" for account in ended)),
            hearing={account: self._listening.hearing(account) for account in self._house.accounts},
        )

    def run(self) -> bool:
        """Run until ``stop``; gives false where work was still under way after ``GOODBYE`` seconds."""
        replan(self._house, [])  # what is due already is known before the first bell; troubles are told at the next
        self._ring("lock", self._renew)
        self._ring("house", self._keep_house)
        for account in self._house.accounts:
            self._ring(f"deliver:{account}", partial(self._deliver, account))
            self._ring(f"collect:{account}", partial(self._collect, account))
            self._ring(f"errands:{account}", partial(self._run_errands, account))
            self._ring(f"pictures:{account}", partial(self._copy_pictures, account))
        for name, duty in self._extra.items():
            self._ring(name, duty)
        self._bell.start()
        self._listening.start()
        seen = (datetime.now(UTC), time.monotonic())
        while not self._stopping.wait(WATCH):
            seen = self._mind_clock(*seen)
        self._listening.stop()
        ended = threading.Thread(target=self._silence, daemon=True)
        ended.start()
        leaves = time.monotonic() + GOODBYE
        heard = self._listening.join(GOODBYE)
        ended.join(max(0.0, leaves - time.monotonic()))
        self._house.store.drop_lock(LOCK, self._house.owner)
        return heard and not ended.is_alive()

    def _silence(self) -> None:
        """Ring no more, and wait for what is still being done.

        One after the other: APScheduler would wait while it holds the lock that a bell takes to set its next alarm.
        """
        self._bell.remove_all_jobs()
        self._bell.shutdown(wait=False)
        self._threads.shutdown()

    def _mind_clock(self, wall: datetime, elapsed: float) -> tuple[datetime, float]:
        """Ring every bell at once where the clock was put back: the alarms were set by the old time and would wait.

        Args:
            wall: what the clock said at the last look, UTC.
            elapsed: monotonic seconds then.
        """
        now, passed = datetime.now(UTC), time.monotonic()
        if now - wall < timedelta(seconds=passed - elapsed - 1):
            for job in self._bell.get_jobs():
                with contextlib.suppress(JobLookupError):  # it rings already
                    job.modify(next_run_time=now)
        return now, passed

    def _ring(self, name: str, duty: Callable[[], datetime], wait: timedelta = timedelta(0)) -> None:
        """Do a duty after a while; it says when it wants to be done again. Whatever goes wrong, the bell rings again.

        Each ring is a job of its own: one under a name that is still running would be left out, and never ring again.
        """

        def ring() -> None:
            again = self._house.clock.now() + SAFETY
            self._rounds.begin(name, time.monotonic())
            try:
                again = duty()
            except StaffroomError as error:
                self._told(Event("trouble", str(error), level="warning", duty=name, kind=type(error).__name__))
            except Exception:
                log.exception("a duty failed; it is tried again", duty=name)
            finally:
                self._rounds.end(name, time.monotonic())
            if not self._stopping.is_set():
                self._ring(name, duty, again - self._house.clock.now())

        self._rounds.due(name, time.monotonic() + max(wait, timedelta(0)).total_seconds())
        self._bell.add_job(ring, DateTrigger(run_date=datetime.now(UTC) + max(wait, timedelta(0))), name=name)

    def _renew(self) -> datetime:
        now = self._house.clock.now()
        if not self._house.store.hold_lock(LOCK, self._house.owner, now, now + LEASE):
            line = "Another process took over (this one was asleep for too long). Stopping here."
            self._told(Event("taken over", line, level="error"))
            self.stop()
        self._renewed = time.monotonic()
        if self._beaten is None or now - self._beaten >= BEAT:
            self._house.store.beat("run", now)
            self._beaten = now
        return now + LEASE / 3

    def _deliver(self, account: str) -> datetime:
        house, now = self._house, self._house.clock.now()
        house.deliverer.give_back(account)
        for delivery in house.store.expire(now):
            line = f"missed: {delivery.id} (its time was over before it could be said)"
            self._told(Event("missed", line, level="warning", delivery=delivery.id))
        if house.store.has_due(account, now) and not self._say(account):
            return house.clock.now() + SAFETY  # an account that cannot be used is not asked who it is every second
        due = house.store.next_due(house.clock.now())
        soon = house.clock.now() + SAFETY
        return max(house.clock.now() + BREATH, min(due or soon, soon))

    def _say(self, account: str) -> bool:
        """Deliver on one account; false where the account itself could not be used."""
        try:
            done = self._house.deliverer.deliver(self._house.network(account))
        except (NetworkError, UserError) as error:
            self._tell_trouble(f"say:{account}", named(account, str(error)), type(error).__name__)
            return False
        self._tell_trouble(f"say:{account}", "\n".join(named(account, trouble) for trouble in done.troubles))
        for one in done.sent:
            self._told(Event("sent", delivery=one))
        for one in done.waiting:
            self._told(Event("will try again", level="warning", delivery=one))
        for one in done.refused:
            self._told(Event("refused", level="error", delivery=one))
        return True

    def _tell_trouble(self, subject: str, trouble: str, kind: str = "") -> None:
        """Say a trouble once, however often it is met; an empty one ends it. ``kind``: of error, where one is known."""
        if trouble and trouble != self._troubles.get(subject):
            parts = {"kind": kind} if kind else {}
            self._told(Event("trouble", trouble, level="warning", duty=subject, **parts))
        self._troubles[subject] = trouble

    def _collect(self, account: str) -> datetime:
        house = self._house
        found = collect_on(
            house,
            {account: house.accounts[account]},
            self._listening.rhythm,
            gone=lambda key: house.ears[key].gone if key in house.ears else (),
        )
        trouble = found.troubles.get(account, "")
        if self._troubles.get(f"collect:{account}") and not trouble:
            self._told(Event("reachable again", f"{account}: reachable again", account=account))
        self._tell_trouble(f"collect:{account}", named(account, trouble) if trouble else "")
        if found.new or found.gone:
            line = f"{account}: {found.new} new answers, {found.changed} changed, {found.gone} gone"
            event = Event("answers", line, account=account, new=found.new, changed=found.changed, gone=found.gone)
            self._told(event)
        return house.clock.now() + SAFETY

    def _run_errands(self, account: str) -> datetime:
        troubles: list[str] = []
        run_errands_of(self._house, account, troubles)
        self._tell_trouble(f"errands:{account}", "\n".join(troubles))
        return self._house.clock.now() + SOON

    def _copy_pictures(self, account: str) -> datetime:
        troubles: list[str] = []
        done = copy_pictures_of(self._house, account, troubles)
        self._tell_trouble(f"pictures:{account}", "\n".join(troubles))
        wait = timedelta(seconds=done.wait) if done.wait else SOON if done.copied else SAFETY
        return self._house.clock.now() + wait

    def _keep_house(self) -> datetime:
        house, troubles = self._house, list[str]()
        replan(house, troubles)
        for chat in tidy(house, troubles):
            self._told(Event("forgotten", f"forgotten, as `keep:` says: {chat}", chat=chat))
        for chat in digest(house.store, house.accounts, house.clock.now()):
            self._told(Event("digest written", chat=chat))
        find_errands(house)
        troubles += waiting_lines(house.store, house.accounts)
        troubles += held_lines(house.store, house.accounts, house.clock.now())
        self._tell_trouble("house", "\n".join(troubles))
        archived = publish_site(house)
        self._tell_trouble("pages", "\n".join(archived.troubles))
        if archived.written or archived.removed:
            line = f"pages: {archived.written} written, {archived.removed} removed"
            self._told(Event("pages", line, written=archived.written, removed=archived.removed))
        return house.clock.now() + self._reread
