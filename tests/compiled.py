"""Statements, kept for all databases that a process opens: tests open thousands, a bot opens one."""

from typing import Any

import alembic.command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect

import bot.storage.engine

_TABLES = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
_VERSION = "SELECT version_num FROM alembic_version"


def keep_statements() -> None:
    """From now on one cache for all engines of a kind; its keys hold the dialect, so dialects of a kind are equal."""
    kept: dict[str, Any] = {}

    def creating(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        engine._compiled_cache = kept.setdefault(engine.dialect.name, engine._compiled_cache)
        return engine

    bot.storage.engine.create_engine = creating
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)
    DefaultDialect.__hash__ = lambda self: hash(type(self))


def keep_tables() -> None:
    """From now on the migrations run once for an empty file of SQLite; the next one gets the tables they made."""
    kept: list[str] = []
    plain = alembic.command.upgrade

    def upgrading(config: Config, revision: str) -> None:
        connection: Connection = config.attributes["connection"]
        empty = connection.dialect.name == "sqlite" and not connection.exec_driver_sql(_TABLES).all()
        if not empty or revision != "head":
            plain(config, revision)
        elif kept:
            for statement in kept:
                connection.exec_driver_sql(statement)
        else:
            plain(config, revision)
            kept.extend(connection.exec_driver_sql(_TABLES).scalars())
            version = connection.exec_driver_sql(_VERSION).scalar_one()
            kept.append(f"INSERT INTO alembic_version VALUES ('{version}')")  # noqa: S608 - what it just said itself

    alembic.command.upgrade = upgrading
