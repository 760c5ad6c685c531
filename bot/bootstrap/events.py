"""What `staffroom event` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.house import open_store_of, read_settings, templates_of
from bot.config.scaffold import scaffold_event
from bot.domain.teachmeets import event_id, seated
from bot.errors import UserError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.schedule import Series


class WhoComes(msgspec.Struct, frozen=True):
    """Who comes to an event: its title, how many seats it has (``None``: as many as come), and handles in order."""

    title: str
    seats: int | None
    coming: tuple[str, ...]
    waiting: tuple[str, ...]


def who_comes(folder: Path, name: str) -> WhoComes:
    """Who signed up for an event, and who waits for a seat, those first who signed up first.

    Args:
        folder: the bot's folder.
        name: the name of the event's file, without its ending, or its id.

    Raises:
        UserError: there is no such event, or nobody signs up for it.
    """
    settings = read_settings(folder)
    slug = name.rpartition("/")[2]
    written = {event.slug: (series, event) for series in settings.series for event in series.events}
    if slug not in written:
        raise UserError(f"{name}: there is no such event. There are: {', '.join(sorted(written)) or 'none'}.")
    series, event = written[slug]
    if not event.sign_up:
        raise UserError(f"{name}: nobody signs up for it (sign_up: no), so nobody is on a list.")
    coming, waiting = seated(open_store_of(settings).signed_up(event_id(series.slug, slug)), event.seats)
    return WhoComes(event.title, event.seats, tuple(one.handle for one in coming), tuple(one.handle for one in waiting))


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
