"""Bring a database's tables up to date, by Alembic's API: no ini file, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

from bot.errors import StoreError
from bot.shipped import shipped
from bot.storage.engine import connect, prepare_file, take_turns, transaction
from bot.storage.store import version
from bot.storage.tables import SCHEMA

if TYPE_CHECKING:
    from sqlalchemy import Connection


def migrate(url: str) -> tuple[str | None, str]:
    """Make or update all tables, in one transaction; a database that is up to date is left as it is.

    Args:
        url: as for ``open_store``.

    Returns:
        The version before (``None`` where there were no tables) and the version now.

    Raises:
        StoreError: it cannot be reached or written, or was made by a newer Staffroom.
    """
    engine = connect(url)
    try:
        prepare_file(engine)
        before = version(engine)
        if before is not None and before > SCHEMA:
            raise StoreError(
                f"The database was made by a newer Staffroom (its version {before}, ours {SCHEMA}). "
                "It is left as it is: install that Staffroom or a later one."
            )
        with transaction(engine, writing=True) as connection:
            take_turns(connection)
            command.upgrade(configuration(connection), "head")
    finally:
        engine.dispose()
    return before, SCHEMA


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings for our scripts."""
    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
