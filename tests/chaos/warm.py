"""What a nursery does once, so that no life pays for it: patterns, templates and statements compiled, by a rehearsal.

Nothing of this is state: a life that found none of it would do the same, later.
"""

import functools
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jinja2
from chaos.folder import write_folder
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect

import bot.storage.engine
from bot.bootstrap import read_settings
from bot.bootstrap.sandbox import run_rehearsal
from bot.domain.schedule import planned_chats
from bot.rendering.templates import Templates

NETWORKS = """\
  bluesky: {handle: warm.example.org}
  mastodon: {server: "https://warm.example.org"}
"""


def warm() -> None:
    """Play a chat in memory, and keep what was compiled for it."""
    _keep_templates()
    _keep_statements()
    httpx.create_ssl_context = functools.cache(httpx.create_ssl_context)  # the certificates of the whole world
    day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_folder(folder, "sqlite:///staffroom.db", NETWORKS, day, "WarmChat")
        settings = read_settings(folder)
        (chat,) = planned_chats(settings.series[0])
        run_rehearsal(settings, chat, answers=12, seed=1, here=False, progress=lambda _share: None)


class _Bytecode(jinja2.BytecodeCache):
    """Compiled templates, in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get(f"{bucket.key} {bucket.checksum}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[f"{bucket.key} {bucket.checksum}"] = bucket.code


def _keep_templates() -> None:
    kept, plain = _Bytecode(), jinja2.Environment.__init__
    fingerprint = functools.cache(Templates._fingerprint)
    shipped = Templates()
    Templates._fingerprint = lambda self: fingerprint(shipped if self._own is None else self)

    def making(self: jinja2.Environment, *arguments: Any, **options: Any) -> None:
        plain(self, *arguments, **{"bytecode_cache": kept, **options})

    jinja2.Environment.__init__ = making


def _keep_statements() -> None:
    """One cache of compiled statements for all engines; its keys hold the dialect, so dialects of a kind are equal."""
    kept: dict[str, Any] = {}

    def creating(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        engine._compiled_cache = kept.setdefault(engine.dialect.name, engine._compiled_cache)
        return engine

    bot.storage.engine.create_engine = creating
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)
    DefaultDialect.__hash__ = lambda self: hash(type(self))
