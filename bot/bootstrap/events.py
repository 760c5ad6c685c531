"""What `staffroom event` asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import read_settings, templates_of
from bot.bootstrap.onpaper import made, on_paper
from bot.config.scaffold import scaffold_event
from bot.domain.records import StoredChat
from bot.domain.schedule import planned_chats
from bot.domain.sessions import named_in, propose
from bot.domain.teachmeets import event_id, seated
from bot.errors import UserError
from bot.publishing.handover import put_files
from bot.rendering import urls
from bot.rendering.eventpage import NOBODY
from bot.rendering.paper import language_of
from bot.rendering.poster import poster_of, poster_svg
from bot.rendering.programme import programme_sheet
from bot.rendering.socialcard import colours_of
from bot.rendering.typesetting import typeset_drawing
from bot.services.sessions import Asked, asked, speakers

if TYPE_CHECKING:
    from datetime import date

    from bot.config import Settings
    from bot.domain.series import Series
    from bot.domain.teachmeets import Event


class WhoComes(msgspec.Struct, frozen=True):
    """Who comes to an event: its title, how many seats it has (``None``: as many as come), and handles in order.

    ``sign_up``: there is a list at all. ``sessions``: those that come from answers.
    """

    title: str
    seats: int | None
    coming: tuple[str, ...]
    waiting: tuple[str, ...]
    sign_up: bool = True
    sessions: tuple[Asked, ...] = ()


def who_comes(folder: Path, name: str) -> WhoComes:
    """Who signed up for an event, and who waits, those first who signed up first; what authors of sessions said.

    Args:
        folder: the bot's folder.
        name: the name of the event's file, without its ending, or its id.

    Raises:
        UserError: there is no such event, or nobody signs up for it and no session comes from an answer.
    """
    settings = read_settings(folder)
    series, event = _event(settings, name)
    if not event.sign_up and not named_in(event):
        raise UserError(f"{name}: nobody signs up for it (sign_up: no), so nobody is on a list.")
    store = open_store_of(settings)
    signed = store.signed_up(event_id(series.slug, event.slug)) if event.sign_up else ()
    coming, waiting = (tuple(one.handle for one in part) for part in seated(signed, event.seats))
    return WhoComes(event.title, event.seats, coming, waiting, event.sign_up, asked(store, event))


def new_event(folder: Path, series: str, day: date, title: str, *, edcamp: bool, chat: str = "") -> Path:
    """Write the file of an event to begin with; gives where.

    Args:
        folder: the bot's folder.
        series: the slug of the series whose event it is.
        day: its date.
        title: what it is called; the file is named after it.
        edcamp: sessions are agreed on in the morning.
        chat: id of a chat whose answers are proposed as sessions; empty for none.

    Raises:
        UserError: there is no such series or chat, the title gives no name for a file, the file is there already, or
            the chat has no answer to propose.
    """
    settings = read_settings(folder)
    mine = _series(settings, series)
    words = templates_of(folder).dictionary.words(mine.languages[0])
    proposed = _proposed(settings, chat) if chat else ()
    place = words("event.to_be_announced")
    return scaffold_event(folder, mine.slug, day, title, words("event.ask"), proposed, place=place, edcamp=edcamp)


def _proposed(settings: Settings, chat: str) -> tuple[tuple[int, str], ...]:
    """Sessions from a chat's answers: minutes, and the link of the answer's place, in which is nobody's name."""
    store = open_store_of(settings)
    if store.chat(chat) is None:
        raise UserError(f"--from {chat}: there is no such chat. `staffroom plan` names those there are.")
    found = propose(store.content(chat), store.quoted(chat).persons)
    if not found:
        raise UserError(
            f"--from {chat}: nobody said #tryit there, and no answer was followed by several people. Leave --from out."
        )
    return tuple((minutes, urls.place(settings.site.address, chat, key)) for minutes, key in found)


def _event(settings: Settings, name: str) -> tuple[Series, Event]:
    slug = name.rpartition("/")[2]
    written = {event.slug: (series, event) for series in settings.series for event in series.events}
    if slug not in written:
        raise UserError(f"{name}: there is no such event. There are: {', '.join(sorted(written)) or 'none'}.")
    return written[slug]


def _series(settings: Settings, wanted: str) -> Series:
    found = next((series for series in settings.series if series.slug == wanted), None)
    if found is None:
        there = ", ".join(series.slug for series in settings.series)
        raise UserError(f"{wanted}: there is no such series. There are: {there or 'none'}.")
    return found


class Printed(msgspec.Struct, frozen=True):
    """The files that were written, absolute, and why there are no PDFs; empty where there are."""

    files: tuple[Path, ...]
    no_pdf: str


def print_event(folder: Path, name: str, out: Path) -> Printed:
    """Write an event's poster as SVG and, where that can be made, its poster and programme as PDF.

    Args:
        folder: the bot's folder.
        name: the name of the event's file, without its ending, or its id.
        out: where they go; made if it is missing.

    Raises:
        UserError: there is no such event, or the files cannot be written there.
    """
    settings = read_settings(folder)
    series, event = _event(settings, name)
    (chat,) = (one for one in planned_chats(series) if one.id == event_id(series.slug, event.slug))
    stored, templates = StoredChat(chat, series, 1), templates_of(folder)
    words, site = templates.dictionary.words(series.languages[0]), settings.site.address
    found = speakers(open_store_of(settings), [stored]) if named_in(event) else {}
    leading = found.get(chat.id, NOBODY)
    poster = poster_of(words, stored, event, leading, site)
    svg = poster_svg(poster, colours_of(templates.source("site/look.css")))
    programme, no_pdf = on_paper(programme_sheet(words, stored, event, leading, site))
    drawing, why = made(lambda: typeset_drawing(svg, poster.title, poster.described(), language_of(words.language)))
    sheets = {"poster.svg": svg, "poster.pdf": drawing, "programme.pdf": programme}
    files = {file: data for file, data in sheets.items() if data}
    put_files(out, files, without=sheets.keys() - files.keys())  # an older one may name who is named no more
    return Printed(tuple((out / file).absolute() for file in files), no_pdf or why)
