"""Compiled statements, kept for all databases that a process opens: tests open thousands, a bot opens one."""

from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect

import bot.storage.engine


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
