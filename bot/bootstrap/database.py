"""Opens a folder's store: the database that its settings or the environment name, with its list of erasures."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from bot.clock import SystemClock
from bot.config.secrets import database_url, erasures_file, keep_hidden

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.config import Settings
    from bot.ports import Clock, Store


def open_store_of(settings: Settings) -> Store:
    """Open the folder's database, or the one that the environment names instead, with its list of erasures."""
    return open_store_at(database_url(settings).reveal(), erasures=erasures_file_of(settings))


def new_secret() -> bytes:
    """What a new database keys its nodes with."""
    return secrets.token_bytes(32)


def open_store_at(
    url: str, pepper: Callable[[], bytes] = new_secret, *, erasures: Path | None = None, clock: Clock | None = None
) -> Store:
    """Open a database; a new or empty one gets its tables first, and keeps what ``pepper`` gives as its secret.

    ``erasures``: the list of what leaves it; a database that is never put back has none.
    """
    from bot.storage.engine import connect
    from bot.storage.erasures import Erasures
    from bot.storage.store import open_store, version

    engine = connect(url)
    try:
        new = version(engine) is None
    finally:
        engine.dispose()
    if new:
        from bot.storage.migrate import migrate

        migrate(url)
    listed = Erasures(erasures, (clock or SystemClock()).now) if erasures else None
    opened = open_store(url, pepper_source=pepper, erasures=listed)
    keep_hidden(opened._pepper)  # noqa: SLF001 - no method gives it, and here it is only to be shown nowhere
    return opened


def database_file_of(settings: Settings) -> Path | None:
    """The file of the folder's SQLite database, or of the one that the environment names instead."""
    return database_file(database_url(settings).reveal())


def database_file(url: str) -> Path | None:
    """The file of a SQLite database; ``None`` for PostgreSQL."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def erasures_file_of(settings: Settings) -> Path:
    """Where it stands what left the folder's database: beside it, so that it outlives it."""
    return erasures_file(settings.folder)
