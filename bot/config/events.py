"""``events/*.yaml``: TeachMeets and EdCamps, each read for the series it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.config import durations
from bot.config.checks import asked_by, overlong
from bot.config.event_models import EventFile
from bot.config.reading import Reading
from bot.config.settings import Measured
from bot.config.words import nearest, shown
from bot.domain.permissions import is_purpose
from bot.domain.sessions import LONG, SHORT, purpose_of
from bot.domain.teachmeets import Access, Event, Place, Session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.config.settings import AccountSettings, Measure
    from bot.domain.series import Series

FOLDER = "events"


def read_events(
    files: Sequence[tuple[str, bytes]],
    series: Mapping[str, Series],
    known: Sequence[str],
) -> list[tuple[Reading[EventFile], Event | None]]:
    """Read the files of events, and check what stands in them against the series they name.

    Args:
        files: names without their ending, and what is in them.
        series: those that could be read, by slug.
        known: slugs of all series' files.

    Returns:
        each file with its event; ``None`` for one in which something is wrong.
    """
    found = []
    for slug, data in files:
        reading = Reading(f"{FOLDER}/{slug}.yaml", data, EventFile)
        block = reading.value
        if block is not None and block.series not in known:
            say = f"There is no series/{shown(block.series)}.yaml. There are: {', '.join(known) or 'none'}."
            reading.note(("series",), say, value=nearest(block.series, known))
        elif block is not None and block.series in series:
            _check_asking(reading, block, series[block.series])
        if block is not None and block.kind == "teachmeet":
            _check_talks(reading, block)
        if block is not None:
            _check_sessions(reading, block, slug)
        found.append((reading, None if block is None else _event(slug, block)))
    return found


def check_length(
    reading: Reading[EventFile],
    event: Event,
    series: Series,
    measure: Measure,
    *,
    site: str,
    accounts: Mapping[str, AccountSettings],
) -> None:
    """What is asked afterwards fits one post, in each network's own count."""
    if not event.ask:
        return
    asked = Measured(**asked_by(series, site, accounts), number=1, ask=event.ask)
    if over := overlong(measure(asked)):
        reading.note(("ask",), f"{over} Shorten it.")


def _check_asking(reading: Reading[EventFile], block: EventFile, series: Series) -> None:
    """Answers are gathered until the series' ``late`` after the end, so nothing is asked later than that."""
    if block.ask and block.ask_after >= series.late:
        say = (
            f"Nobody's answer would be kept: {series.slug} gathers answers for {durations.say(series.late)} after the"
            " end (late:). Ask earlier."
        )
        path = ("ask_after",) if "ask_after" in reading.raw else ("ask",)
        reading.note(path, say)


def _check_talks(reading: Reading[EventFile], block: EventFile) -> None:
    for number, session in enumerate(block.sessions):
        if session.minutes not in (SHORT, LONG):
            say = "A talk at a TeachMeet has 2 or 7 minutes. At an EdCamp (kind: edcamp) sessions may be longer."
            fit = min((SHORT, LONG), key=lambda minutes: abs(minutes - session.minutes))
            reading.note(("sessions", number, "minutes"), say, value=str(fit))


def _check_sessions(reading: Reading[EventFile], block: EventFile, slug: str) -> None:
    """Each says what it is about, and comes from an answer of its own."""
    named: set[str] = set()
    for number, session in enumerate(block.sessions):
        at = ("sessions", number)
        if not session.answer and not session.title:
            reading.note(at, "What is this session about? Give it a title:, or the answer: that it comes from.")
        elif session.answer in named:
            reading.note((*at, "answer"), "Another session comes from this answer already. Take one of them out.")
        elif session.answer and session.who:
            reading.note((*at, "who"), "Its author is named as they wish, once they agreed. Take this out.")
        elif session.answer and not is_purpose(purpose_of(slug)):
            say = "Nobody can be asked for an event of so long a name: call this file by at most 60 characters."
            reading.note((*at, "answer"), say)
        named |= {session.answer} - {""}


def _event(slug: str, block: EventFile) -> Event:
    return Event(
        slug=slug,
        title=block.title,
        date=block.date,
        at=block.at,
        until=block.until,
        place=Place(block.place.name, block.place.address, block.place.map),
        kind=block.kind,
        about=block.about,
        access=Access(**block.access.model_dump()),
        sessions=tuple(Session(one.minutes, one.title, one.who, one.answer) for one in block.sessions),
        sign_up=block.sign_up,
        seats=block.seats,
        announce=tuple(sorted(block.announce, reverse=True)),
        ask=block.ask,
        ask_after=block.ask_after,
        hosts=block.hosts,
    )
