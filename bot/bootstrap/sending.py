"""What ``staffroom record HANDLE --send`` asks for: a record that waits to be fetched, and its owner told of it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.accounts import Accounts
from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import clock_of
from bot.bootstrap.house import accounts_of, shelf_of, templates_of
from bot.bootstrap.published import published
from bot.bootstrap.record import Made, compose_record, drop_badge_unless_handed_over, refuse_changed
from bot.clock import SystemClock
from bot.config import load_staffroom
from bot.config.secrets import keep_hidden
from bot.domain.downloads import GOOD_FOR, MOST, TOKEN_BYTES, Download, name_of
from bot.errors import UserError
from bot.publishing.downloads import FOLDER
from bot.publishing.handover import public_around
from bot.rendering.fetchpage import told_where
from bot.rendering.zipped import zipped
from bot.services.downloads import end_old_downloads, offer, tell_owner
from bot.services.recordrequests import note_written

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.posts import NetworkName

ZIP_FOLDER = "record"
"""The folder in the ZIP file."""

SEEN_WITHIN = timedelta(minutes=15)
"""A `run` that worked within this time is at work."""

_CONFIGURE = (
    "Nothing is configured from which a record could be fetched: add `downloads: {address: https://…}` to"
    " staffroom.yaml (docs/operating.md), or write the files yourself with --out DIR."
)


class Waiting(msgspec.Struct, frozen=True):
    """A record that waits to be fetched.

    Attributes:
        made: what is in it.
        until: when its address ends, UTC.
        why: why its owner cannot be told by the bot; empty where they were, or will be.
        words: what to hand over then, with the address in it; empty where the bot tells.
        served: whether ``staffroom run`` is at work, which gives it out.
    """

    made: Made
    until: datetime
    why: str
    words: str
    served: bool


def send_record(
    folder: Path,
    account: str,
    network: NetworkName | None,
    *,
    badge: bool = False,
    name: str = "",
    alone: bool = False,
) -> Waiting:
    """Make the record of somebody who asked for it, let it wait to be fetched once, and tell its owner where.

    What waited for them before ends. Arguments as of ``make_record``.

    Raises:
        UserError: as of ``make_record``; nothing is configured from which it could be fetched, or it is too large.
    """
    settings, clock = load_staffroom(folder), SystemClock()
    if settings.downloads is None:
        raise UserError(_CONFIGURE)
    shown = public_around(settings.folder / FOLDER, published(settings))
    if shown is not None:
        raise UserError(f"{shown} is published, and a record waits below it: let no place under `publish:` name it.")
    store = open_store_of(settings)
    now = max(datetime.now(UTC), clock_of(store).now())
    record = compose_record(settings, store, account, network, now, badge=badge, name=name, alone=alone)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    keep_hidden(token)
    mine, *others = record.keys
    download = Download(mine, name_of(token), now + GOOD_FOR, record.language, tuple(others))
    with drop_badge_unless_handed_over(store, record):
        data = zipped(ZIP_FOLDER, record.contents)
        if len(data) > MOST:
            raise UserError(f"{record.made.handle}: its record is too large to be fetched; write it with --out DIR.")
        offer(store, shelf_of(settings), download, data, now)
        try:  # what changes from here on ends it by itself
            refuse_changed(store, record)
        except UserError:
            store.end_downloads([download.name])
            end_old_downloads(store, shelf_of(settings), now)
            raise
    note_written(store, record.keys, now)
    text = told_where(templates_of(settings.folder), record.language, f"{settings.downloads.address}/{token}")
    accounts = Accounts(settings, clock)
    try:
        why = tell_owner(store, download, record.one.account, text, accounts_of(settings), accounts.network, now)
    finally:
        accounts.close()
    runs = store.beats("run")
    served = bool(runs) and now - runs[-1] <= SEEN_WITHIN
    return Waiting(record.made, download.until, why, text if why else "", served)
