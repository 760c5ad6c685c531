"""What ``staffroom research-export`` asks for: tables about who agreed to research, as files for researchers alone."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import clock_of
from bot.bootstrap.published import published
from bot.config import load_staffroom
from bot.config.keys import RESEARCH_KEY, read_research_key, save_research_key
from bot.domain.research import give
from bot.domain.suppression import FEWEST
from bot.errors import UserError
from bot.publishing.handover import PRIVATE, put_files, refuse_public
from bot.rendering.research import research_files
from bot.services.research import gather

_KEY_BYTES = 32


class Exported(msgspec.Struct, frozen=True):
    """An export that was written.

    Attributes:
        files: where.
        people, answers: how many rows there are of each.
        key: where the key of the pseudonyms is kept.
        made: the key was made just now; else earlier exports may have the same pseudonyms.
    """

    files: tuple[Path, ...]
    people: int
    answers: int
    key: Path
    made: bool


def export_research(folder: Path, series: str, term: str, out: Path, *, new_key: bool = False) -> Exported:
    """Write a research export.

    Args:
        folder: the bot's folder.
        series: slug.
        term: name of one term that is over; empty for all of them.
        out: where the files go; no folder that others can see, and not the one in which the key is.
        new_key: make a new key, so that nothing can be joined with earlier exports.

    Raises:
        UserError: no such series or term, fewer than five people agreed, or the files cannot stand there. Then nothing
            is written, and the key stays as it was.
    """
    settings = load_staffroom(folder)
    refuse_public(out, published(settings))
    file = settings.folder / RESEARCH_KEY
    if out.resolve() == file.parent.resolve():
        raise UserError(
            f"{out} holds the key of the pseudonyms, which must not lie beside them. Choose another folder."
        )
    store = open_store_of(settings)
    now = max(datetime.now(UTC), clock_of(store).now())
    before = b"" if new_key else read_research_key(file)
    key = before or secrets.token_bytes(_KEY_BYTES)
    found = gather(store, series, term, key, now)
    told = give(found.people)
    if not told:
        raise UserError(
            f"Fewer than {FEWEST} people who answered there joined {series}, go by their name and agreed to research "
            "(RESEARCH YES). Of so few nothing is given away, and nothing was written."
        )
    files = research_files(series, told, found.meetings, now.date())
    if not before:
        save_research_key(file, key)
    put_files(out, files, PRIVATE)
    answers = sum(len(one.rows) for one in told)
    return Exported(tuple(out / name for name in files), len(told), answers, file, not before)
