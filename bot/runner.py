"""The loop: what is due is done, by one process at a time, for as long as it is let.

The store is the truth; the scheduler only rings the bell: one-shot jobs for the next due moment and a safety
interval, in APScheduler's memory, so that nothing is known there that the store does not know.
"""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from bot.errors import NetworkError, StaffroomError, UserError
from bot.services.archive import archive
from bot.services.collect import collect
from bot.services.digest import digest
from bot.tick import LEASE, LOCK, named, replan

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.tick import House

log = structlog.get_logger()

SAFETY = timedelta(seconds=20)
"""The bell rings at least this often, whatever the next due moment seems to be."""

REREAD = timedelta(seconds=60)
"""How often saved YAML files are read again."""

BREATH = timedelta(seconds=1)
"""The shortest time from one look at the outbox to the next, where what is due is another account's business."""

WATCH = 5.0
"""Seconds from one look at this computer's clock to the next: has it been put back?"""

GOODBYE = 3.5
"""Seconds that work under way gets to end when the loop is told to stop."""


class Loop:
    """Runs the house until it is told to stop.

    One job for each account's deliveries and one for its collecting, so that a network that is down holds up only
    itself; one for files, digests and pages. Each does what is due and then sets its own next alarm.
    """

    def __init__(self, house: House, told: Callable[[str], None], *, reread: timedelta = REREAD) -> None:
        self._house = house
        self._reread = reread
        self._told = told
        self._stopping = threading.Event()
        self._troubles: dict[str, str] = {}
        self._bell = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(2 * len(house.accounts) + 2)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )

    def stop(self) -> None:
        """Ask the loop to end; requests on their way are left to the store's memory of them."""
        self._stopping.set()

    def run(self) -> bool:
        """Run until ``stop``; gives false where work was still under way after ``GOODBYE`` seconds."""
        replan(self._house, [])  # what is due already is known before the first bell; troubles are told at the next
        self._ring("lock", self._renew)
        self._ring("house", self._keep_house)
        for account in self._house.accounts:
            self._ring(f"deliver:{account}", partial(self._deliver, account))
            self._ring(f"collect:{account}", partial(self._collect, account))
        self._bell.start()
        seen = (datetime.now(UTC), time.monotonic())
        while not self._stopping.wait(WATCH):
            seen = self._mind_clock(*seen)
        self._bell.remove_all_jobs()
        ended = threading.Thread(target=self._bell.shutdown, daemon=True)
        ended.start()
        ended.join(GOODBYE)
        self._house.store.drop_lock(LOCK, self._house.owner)
        return not ended.is_alive()

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
            try:
                again = duty()
            except StaffroomError as error:
                self._told(str(error))
            except Exception:
                log.exception("a duty failed; it is tried again", duty=name)
            if not self._stopping.is_set():
                self._ring(name, duty, again - self._house.clock.now())

        self._bell.add_job(ring, DateTrigger(run_date=datetime.now(UTC) + max(wait, timedelta(0))), name=name)

    def _renew(self) -> datetime:
        now = self._house.clock.now()
        if not self._house.store.hold_lock(LOCK, self._house.owner, now, now + LEASE):
            self._told("Another process took over (this one was asleep for too long). Stopping here.")
            self.stop()
        return now + LEASE / 3

    def _deliver(self, account: str) -> datetime:
        house, now = self._house, self._house.clock.now()
        for delivery in house.store.expire(now):
            self._told(f"missed: {delivery.id} (its time was over before it could be said)")
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
            self._tell_trouble(f"say:{account}", named(account, str(error)))
            return False
        self._tell_trouble(f"say:{account}", "\n".join(named(account, trouble) for trouble in done.troubles))
        for state, ids in (("sent", done.sent), ("will try again", done.waiting), ("refused", done.refused)):
            for one in ids:
                self._told(f"{state}: {one}")
        return True

    def _tell_trouble(self, subject: str, trouble: str) -> None:
        """Say a trouble once, however often it is met; an empty one ends it."""
        if trouble and trouble != self._troubles.get(subject):
            self._told(trouble)
        self._troubles[subject] = trouble

    def _collect(self, account: str) -> datetime:
        house = self._house
        mine = {account: house.accounts[account]}
        found = collect(house.store, mine, house.network, house.clock.now(), ours=house.own_id)
        trouble = found.troubles.get(account, "")
        if self._troubles.get(account) and not trouble:
            self._told(f"{account}: reachable again")
        self._tell_trouble(account, named(account, trouble) if trouble else "")
        if found.new or found.gone:
            self._told(f"{account}: {found.new} new answers, {found.changed} changed, {found.gone} gone")
        return house.clock.now() + SAFETY

    def _keep_house(self) -> datetime:
        house, troubles = self._house, list[str]()
        replan(house, troubles)
        self._tell_trouble("files", "\n".join(troubles))
        for chat in house.store.forget_old(house.clock.now()):
            self._told(f"forgotten, as `keep:` says: {chat}")
        for chat in digest(house.store, house.accounts, house.clock.now()):
            self._told(f"digest written: {chat}")
        archived = archive(house.store, house.renderer, house.target)
        if archived.written or archived.removed:
            self._told(f"pages: {archived.written} written, {archived.removed} removed")
        return house.clock.now() + self._reread
