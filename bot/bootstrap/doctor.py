"""What ``staffroom doctor`` examines: each account, the clock, the database, the disk and the site's folder."""

from __future__ import annotations

import os
import shutil
import socket
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from bot.bootstrap.accountcheck import examine_accounts
from bot.bootstrap.accounts import Accounts
from bot.bootstrap.alerting import messenger_of
from bot.bootstrap.database import database_file_of, open_store_of
from bot.bootstrap.findings import Finding
from bot.bootstrap.house import indexer_of, read_settings, searcher
from bot.bootstrap.issuer import unsigned
from bot.bootstrap.owntemplates import template_problems
from bot.bootstrap.places import examine_places
from bot.bootstrap.published import published
from bot.clock import SystemClock
from bot.config.secrets import mail_password
from bot.domain.alerts import is_mailbox
from bot.domain.alertwords import trial
from bot.errors import SearchError, StaffroomError, UserError
from bot.publishing.downloads import FOLDER
from bot.publishing.handover import public_around
from bot.publishing.recipients import read_recipients

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from bot.config import Settings
    from bot.ports import Store

LOW_DISK = 500 * 1024 * 1024
"""Bytes below which the disk may fill up within a season of chats."""

OFTEN = timedelta(minutes=15)
"""A wish to be left out is seen to within this time, so `tick` has to run as often."""

UNCHECKED = timedelta(days=8)
"""Every kept answer is looked up at least weekly; one that was not for longer was forgotten."""


def examine(folder: Path) -> tuple[Finding, ...]:
    """Examine everything a chat depends on. Raises ``ConfigError`` where the files themselves are wrong."""
    settings = read_settings(folder, lambda _problem: None)
    return (
        *examine_accounts(settings),
        *_database(settings),
        *_site_and_disk(settings),
        *_templates(settings),
        *examine_places(settings),
        *_search(),
        *_alerts(settings),
        *_newsletter(settings),
        *_badges(settings),
        *_downloads(settings),
    )


def send_test_alert(folder: Path) -> tuple[Finding, ...]:
    """Send everybody under ``alerts:`` a message now; a finding for each. Raises ``ConfigError`` as ``examine``."""
    settings, clock = read_settings(folder), SystemClock()
    if not settings.alerts.to:
        return tuple(_alerts(settings))
    accounts, troubles = Accounts(settings, clock), list[str]()
    try:
        tried = messenger_of(settings, accounts, troubles.append).at_once(trial(), clock.now())
    finally:
        accounts.close()
    return (
        *(Finding("alerts", "wrong", trouble) for trouble in troubles),
        *(
            Finding("alerts", "wrong", f"{to} was not told: {why}")
            if why
            else Finding("alerts", "well", f"a test was sent to {to}; has it arrived?")
            for to, why in tried
        ),
    )


def _badges(settings: Settings) -> Iterator[Finding]:
    """Whether badges can be signed, where any was."""
    try:
        wrong = unsigned(settings, open_store_of(settings))
    except StaffroomError:  # said of the database already
        return
    if wrong is None:
        return
    if wrong:
        yield Finding("badges", "wrong", wrong)
    else:
        yield Finding("badges", "well", "they can be signed and revoked")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        store = open_store_of(settings)
        counts = store.counts()
    except StaffroomError as error:
        yield Finding("database", "wrong", str(error), "Is it there, and is `database:` or STAFFROOM_DATABASE right?")
        return
    if store.is_rehearsal():
        yield Finding(
            "database",
            "wrong",
            "it holds a rehearsal",
            "Name another one under `database:`, or remove the file; `run` refuses this one.",
        )
    else:
        yield Finding("database", "well", f"{counts.get('posts', 0)} answers kept")
        yield from _working(store, SystemClock().now())
        yield from _checked(store, SystemClock().now())


def _working(store: Store, now: datetime) -> Iterator[Finding]:
    """Whether `run` or `tick` works, and often enough."""
    runs, ticks = store.beats("run"), store.beats("tick")
    if runs and now - runs[-1] <= OFTEN:
        yield Finding("running", "well", "`staffroom run` is at work")
        return
    if not ticks:
        yield Finding("running", "note", "neither `run` nor `tick` is at work", "Start `staffroom run`.")
        return
    if now - ticks[-1] > OFTEN:
        minutes = round((now - ticks[-1]).total_seconds() / 60)
        yield Finding("running", "wrong", f"`tick` last ran {minutes} minutes ago", _OFTENER)
        return
    waits = sorted(later - earlier for earlier, later in pairwise(ticks))
    if waits and waits[len(waits) // 2] > OFTEN + timedelta(minutes=1):
        minutes = round(waits[len(waits) // 2].total_seconds() / 60)
        yield Finding("running", "wrong", f"`tick` runs every {minutes} minutes", _OFTENER)
    else:
        yield Finding("running", "well", "`staffroom tick` is at work")


_OFTENER = "Let it run every 15 minutes or more often, or use `staffroom run`: who asks to be left out must not wait."


def _checked(store: Store, now: datetime) -> Iterator[Finding]:
    """Whether every kept answer was looked up lately."""
    oldest = store.oldest_check()
    if oldest is None:
        return
    when = f"{oldest.day} {oldest:%b %Y %H:%M} UTC"
    if now - oldest > UNCHECKED:
        yield Finding(
            "look-ups",
            "wrong",
            f"an answer was last looked up on {when}, so it may be kept although its author deleted it",
            "Let `run` or `tick` work, and see whether each account can be reached.",
        )
    else:
        yield Finding("look-ups", "well", f"every kept answer was looked up since {when}")


def _alerts(settings: Settings) -> Iterator[Finding]:
    """Whether somebody is told of trouble, also when the network they are on is the trouble."""
    to, mail = settings.alerts.to, settings.alerts.mail
    if not to:
        yield Finding(
            "alerts",
            "note",
            "nobody is told when a prompt is missed, a network is silent or a login is refused",
            'Add to staffroom.yaml: alerts: {to: ["@you@social.example.org"]}, or a mail address and a mail: server.',
        )
        return
    try:
        password = mail_password()
    except UserError as error:
        yield Finding("alerts", "wrong", str(error))
        return
    if mail is not None and mail.user and password is None:
        yield Finding("alerts", "wrong", f"{mail.server} wants a password", "Set STAFFROOM_MAIL_PASSWORD.")
        return
    roads = {"mail" if is_mailbox(one) else "mastodon" if one.startswith("@") else "bluesky" for one in to}
    (road, *others) = sorted(roads)
    if not others and road != "mail":
        yield Finding(
            "alerts",
            "note",
            f"all of them go by {road}, so nobody is told while that is silent",
            "Add a mail address, or a handle on another network.",
        )
    else:
        told = "1 recipient" if len(to) == 1 else f"{len(to)} recipients"
        yield Finding("alerts", "well", f"{told}; `staffroom doctor --send-test-alert` tries it")


def _templates(settings: Settings) -> Iterator[Finding]:
    """Whether the folder's own templates work; nothing where it has none."""
    if (settings.folder / "templates").is_dir():
        problems = template_problems(settings)
        for problem in problems:
            yield Finding("templates", "wrong", str(problem))
        if not problems:
            yield Finding("templates", "well", "your own templates work")


def _newsletter(settings: Settings) -> Iterator[Finding]:
    """Whether the newsletter's list can be read, by its owner alone; nothing where there is no newsletter."""
    if settings.newsletter is None:
        return
    try:
        recipients, password = read_recipients(settings.newsletter.recipients), mail_password()
    except UserError as error:
        yield Finding("newsletter", "wrong", str(error))
        return
    mail = settings.newsletter.mail
    if mail.user and password is None:
        yield Finding("newsletter", "wrong", f"{mail.server} wants a password", "Set STAFFROOM_MAIL_PASSWORD.")
    else:
        told = "1 recipient" if len(recipients) == 1 else f"{len(recipients)} recipients"
        yield Finding("newsletter", "well", f"{told}; `staffroom newsletter SERIES/DATE --send` writes to them")


def _downloads(settings: Settings) -> Iterator[Finding]:
    """Whether records can be fetched; nothing where the bot gives none out."""
    where, folder = settings.downloads, settings.folder / FOLDER
    if where is None:
        return
    shown = public_around(folder, published(settings))
    if shown is not None:
        yield Finding("downloads", "wrong", f"{shown} is published", "Let no place under `publish:` name that folder.")
        return
    if folder.is_dir() and folder.stat().st_mode & 0o077:
        yield Finding("downloads", "wrong", f"others can look into {folder}", f"Run `chmod 700 {folder}`.")
    try:
        socket.create_connection((where.host, where.port), timeout=2).close()
    except OSError:
        yield Finding("downloads", "wrong", f"nothing answers at {where.host}:{where.port}", "Start `staffroom run`.")
        return
    yield Finding("downloads", "well", f"records are given out at {where.address}; can you open it from elsewhere?")


def _site_and_disk(settings: Settings) -> Iterator[Finding]:
    """Whether pages can be written, and whether there is room for them and for the database."""
    site = settings.site.folder
    try:
        site.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        yield Finding("site", "wrong", f"{site} cannot be made ({error.strerror})", "Change `folder:` under `site:`.")
        return
    if not os.access(site, os.W_OK):
        yield Finding("site", "wrong", f"{site} cannot be written to", "Give this user the right to write there.")
    else:
        yield Finding("site", "well", f"pages go to {site}")
    places = {"site": site}
    if file := database_file_of(settings):
        places["database"] = file.parent
    for name, place in places.items():
        free = shutil.disk_usage(place if place.exists() else settings.folder).free
        if free < LOW_DISK:
            yield Finding("disk", "wrong", f"only {free // 1024**2} MiB are free where the {name} is", "Make room.")
        else:
            yield Finding("disk", "well", f"{free // 1024**2} MiB are free where the {name} is")


def _search() -> Iterator[Finding]:
    """Whether the pages have a search, and whether what makes its indexes works here."""
    indexer = indexer_of()
    if indexer is None:
        yield Finding(
            "search",
            "note",
            "the pages have none: what makes its indexes is not installed",
            "If you want one: pip install 'staffroom[search]'.",
        )
        return
    try:
        indexer.index(
            {"trial.html": b'<html lang="en"><body data-pagefind-body>trial</body></html>'}, "en", engine=True
        )
    except SearchError as error:
        yield Finding("search", "wrong", str(error), "Try: pip install --force-reinstall 'staffroom[search]'.")
    else:
        yield Finding("search", "well", f"indexes are made by {searcher()}")
