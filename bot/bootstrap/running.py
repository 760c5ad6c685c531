"""Opens a house for ``run`` and ``tick``: one process at a time, and never on a rehearsal's database."""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.bootstrap.accounts import Accounts
from bot.bootstrap.alerting import Alerting
from bot.bootstrap.database import database_file_of, open_store_of
from bot.bootstrap.house import accounts_of, open_house, owner_name, read_settings
from bot.bootstrap.logs import know, log_plainly
from bot.clock import SystemClock
from bot.config import load_staffroom
from bot.domain.events import Event
from bot.errors import ConfigError, LoginError, NetworkError, RefusedToStart, Unauthorized
from bot.tick import LEASE, LOCK, named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bot.config import Settings
    from bot.ports import Clock, Store
    from bot.tick import House

LOOK_AGAIN = 1.0
"""Seconds from one look at another process's lock to the next."""


@contextmanager
def running_house(
    folder: Path, tell: Callable[[str], None], *, wait: bool = True, clock: Clock | None = None
) -> Iterator[House | None]:
    """A house whose process holds the right to post, until the block ends; ``None`` where another one holds it.

    Args:
        folder: the bot's folder.
        tell: says one line to whoever watches.
        wait: prove all accounts first, and wait for a lock whose owner may have died; a ``tick`` does neither.
        clock: tells the time; the system's where none is given.

    Raises:
        RefusedToStart: the database holds a rehearsal, or an account is not marked as a bot.
        LoginError: an account has no login.
        ConfigError: a file is wrong and there is no plan to go on with.
    """
    log_plainly()
    settings, clock, owner = settings_or_last_plan(folder), clock or SystemClock(), owner_name()
    know(settings)
    accounts = Accounts(settings, clock)
    alerting = Alerting(settings, accounts, clock, tell)
    with alerting.guarding():
        store = _real_store(settings)
        if wait:
            with alerting.proving(store, owner):
                prove(accounts, tuple(accounts_of(settings)), tell)
        if not _take_lock(store, clock, owner, tell, patience=2 * LEASE.total_seconds() if wait else 0.0):
            yield None
            return
        store.free_leases(owner)
        alerts = alerting.alerter(store)
        try:
            yield open_house(settings, store, accounts, owner, clock, alerts=alerts, outage=alerting.outage)
        finally:
            try:
                store.drop_lock(LOCK, owner)
            finally:  # also where the store cannot be written any more
                accounts.close()


def _real_store(settings: Settings) -> Store:
    """The folder's store. Raises ``RefusedToStart`` where it holds a rehearsal."""
    store = open_store_of(settings)
    if store.is_rehearsal():
        message = (
            f"{database_file_of(settings)} holds a rehearsal. Remove it, with the files beside it that end in -wal and "
            "-shm, or name another one under `database:` in staffroom.yaml."
        )
        raise RefusedToStart(message)
    return store


def settings_or_last_plan(folder: Path) -> Settings:
    """The folder's settings; without series where only their files are wrong and the store has a plan to go on with.

    Raises:
        ConfigError: ``staffroom.yaml`` is wrong, or there is no plan yet.
    """
    try:
        return read_settings(folder)
    except ConfigError:
        settings = load_staffroom(folder)
        if not open_store_of(settings).chats():
            raise
        return settings


def prove(accounts: Accounts, keys: tuple[str, ...], tell: Callable[[str], None]) -> None:
    """Ask every account who it is; one that cannot be reached now is proved when it is.

    Raises:
        RefusedToStart: an account is not marked as a bot.
        LoginError: an account has no login, or it is not accepted.
    """
    for key in keys:
        try:
            handle = accounts.identity(key).handle
            tell(Event("logged in", f"{key}: logged in", account=key, handle=handle))
        except (RefusedToStart, LoginError):
            raise
        except Unauthorized as error:  # it will not get better by itself
            raise LoginError(named(key, str(error))) from error
        except NetworkError as error:
            line = f"{named(key, str(error))}; going on without it until it answers"
            tell(Event("out of reach", line, level="warning", account=key, kind=type(error).__name__))


def _take_lock(store: Store, clock: Clock, owner: str, tell: Callable[[str], None], *, patience: float) -> bool:
    """Take the runner's lock. One whose owner has died here is free at once; a live owner renews it while we wait."""
    told = False
    ends = time.monotonic() + patience
    while True:
        now = clock.now()
        holder = store.lock_owner(LOCK, now)
        if holder and _died_here(holder):
            store.drop_lock(LOCK, holder)
        if store.hold_lock(LOCK, owner, now, now + LEASE):
            return True
        if time.monotonic() >= ends:
            line = "Another Staffroom is running on this database; this one leaves everything to it."
            tell(Event("leaving it to another", line))
            return False
        if not told:
            line = "Another Staffroom holds this database; waiting to see whether it is still alive."
            tell(Event("waiting for another", line))
            told = True
        time.sleep(LOOK_AGAIN)


def _died_here(holder: str) -> bool:
    """Whether a lock's owner was a process of this computer that is no more."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    if int(rest) == os.getpid():  # a container that starts anew gives the same number again
        return True
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
