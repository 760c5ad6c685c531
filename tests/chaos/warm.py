"""What a nursery does once, so that no life pays for it: patterns, templates, statements compiled, by playing a chat.

Nothing of this is state: a life that found none of it would do the same, later.
"""

import functools
import itertools
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jinja2
from chaos.folder import SQLITE
from chaos.sandboxed import ACCOUNTS, STARTS, Evening
from compiled import keep_statements
from jinja2.bccache import Bucket

import bot.bootstrap.house
from bot.rendering.templates import Templates
from bot.tick import tick

ANSWERS = ("It is hard to say. What do you all think?", "REMOVE ME", "#noarchive, please.")


def warm(databases: Sequence[str] = ()) -> None:
    """Play a chat in memory on SQLite and on each of these (empty) databases, and keep what was compiled for it."""
    _without_paper()
    _keep_templates()
    keep_statements()
    _keep_certificates()
    for database in (SQLITE, *databases):
        with tempfile.TemporaryDirectory() as place:
            evening = Evening(Path(place), database)
            for minutes in (-60, -30, 0, 5, 6, 16, 27, 40, 161, 300):
                evening.clock.move_to(STARTS + timedelta(minutes=minutes))
                with evening.bot() as house:
                    tick(house)
                    house.store._engine.dispose()
                if minutes == 5:
                    for number, (network, answer) in enumerate(itertools.product(ACCOUNTS, ANSWERS)):
                        evening.answer(network, f"amy{number}", answer)


def _without_paper() -> None:
    """No page is made as PDF: typst keeps threads, which no child has of its parent, and so it would wait for ever."""
    bot.bootstrap.house.typesetter = str


def _keep_certificates() -> None:
    """Of the whole world, and read for every client: three times in each life."""
    made = functools.cache(httpx.create_ssl_context)
    httpx.create_ssl_context = httpx._transports.default.create_ssl_context = made
    made()
    httpx.Client().close()  # asks for it in its own words


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
