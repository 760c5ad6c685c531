"""What `staffroom event` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.bootstrap.house import read_settings, templates_of
from bot.config.scaffold import scaffold_event
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.schedule import Series


def new_event(folder: Path, series: str, day: date, title: str, *, edcamp: bool) -> Path:
    """Write the file of an event to begin with; gives where.

    Args:
        folder: the bot's folder.
        series: the slug of the series whose event it is.
        day: its date.
        title: what it is called; the file is named after it.
        edcamp: sessions are agreed on in the morning.

    Raises:
        UserError: there is no such series, the title gives no name for a file, or the file is there already.
    """
    settings = read_settings(folder)
    mine = _series(settings, series)
    words = templates_of(folder).dictionary.words(mine.languages[0])
    return scaffold_event(folder, mine.slug, day, title, words("event.ask"), edcamp=edcamp)


def _series(settings: Settings, wanted: str) -> Series:
    found = next((series for series in settings.series if series.slug == wanted), None)
    if found is None:
        there = ", ".join(series.slug for series in settings.series)
        raise UserError(f"{wanted}: there is no such series. There are: {there or 'none'}.")
    return found
