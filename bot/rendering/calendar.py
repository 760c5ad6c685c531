"""Calendars of chats (iCalendar, https://www.rfc-editor.org/rfc/rfc5545).

A chat is known by its date for good: its event keeps its UID through every other change. One that is put on another day
is a cancelled event and a new one, because that is what the plan says, and what it says next week as well.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vDuration

from bot.domain.cleaning import showable
from bot.ports.publishing import NO_SPEAKERS
from bot.rendering import urls
from bot.rendering.entries import stable_id
from bot.rendering.eventpage import NOBODY, event_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.domain.records import StoredChat
    from bot.rendering.eventpage import Speakers
    from bot.rendering.site import Site
    from bot.rendering.words import Words

_FIRST_STAMP = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR = timedelta(days=366)
_AGAIN = timedelta(hours=6)

KEPT = timedelta(days=30)
"""How long a cancelled chat stays in a calendar after it would have ended: who looks rarely still learns of it."""


def in_calendar(chats: Iterable[StoredChat], now: datetime) -> list[StoredChat]:
    """Those that a calendar tells of: what is on or to come, and what was cancelled lately."""
    return [stored for stored in chats if stored.chat.ends_at > now - (KEPT if stored.cancelled else timedelta(0))]


def calendar(
    site: Site, words: Words, *, name: str, chats: Sequence[StoredChat], speakers: Mapping[str, Speakers] = NO_SPEAKERS
) -> bytes:
    """Write a calendar: one event for each chat, in its own zone, with that zone's rules. Cancelled ones say so, and
    leave their time free. ``speakers`` are those of each event, by its chat's id.

    The time stamp of an event moves by a second with each revision of its chat, so the same plan gives the same bytes
    and a changed one is newer, by all three that programs go by (sections 3.8.7.2 to 3.8.7.4).
    """
    told = Calendar()
    told.add("prodid", "-//Staffroom//chats//EN")
    told.add("version", "2.0")
    told.add("x-wr-calname", " ".join(showable(name).split()))
    told.add("refresh-interval", vDuration(_AGAIN), parameters={"VALUE": "DURATION"})  # RFC 7986, section 5.7
    told.add("x-published-ttl", vDuration(_AGAIN))  # the same for Outlook
    for stored in chats:
        chat, series = stored.chat, stored.series
        zone = ZoneInfo(chat.timezone)
        event = Event()
        event.add("uid", stable_id(f"chat:{chat.id}").removeprefix("urn:uuid:") + "@staffroom")
        changed = _FIRST_STAMP + timedelta(seconds=stored.revision)
        event.add("dtstamp", changed)
        event.add("last-modified", changed)
        event.add("sequence", stored.revision)
        event.add("dtstart", chat.starts_at.astimezone(zone))
        event.add("dtend", chat.ends_at.astimezone(zone))
        event.add("summary", _text(f"#{series.hashtag}: {chat.topic}"))
        event.add("description", _text("\n".join(_about(words, stored, speakers.get(chat.id, NOBODY)))))
        if chat.event is not None:
            place = chat.event.place
            event.add("location", _text(", ".join(one for one in (place.name, place.address) if one)))
        event.add("status", "CANCELLED" if stored.cancelled else "CONFIRMED")
        event.add("transp", "TRANSPARENT" if stored.cancelled else "OPAQUE")
        if address := urls.absolute(site.address, urls.chat_page(chat.id)):
            event.add("url", address)
        told.add_component(event)
    if chats:
        starts = [stored.chat.starts_at for stored in chats]
        ends = [stored.chat.ends_at for stored in chats]
        told.add_missing_timezones(first_date=min(starts).date() - _YEAR, last_date=max(ends).date() + _YEAR)
        # The library adds zones in the order of a set: another one in every process.
        told.subcomponents.sort(key=lambda one: (one.name != "VTIMEZONE", str(one.get("tzid", ""))))
    written: bytes = told.to_ical()
    return written


def _about(words: Words, stored: StoredChat, speakers: Speakers) -> list[str]:
    """What a calendar says of a chat: its questions. Of an event: what people find there, its sessions, how to come."""
    chat = stored.chat
    if chat.event is None:
        asked = enumerate(chat.questions, start=1)
        questions = [f"Q{number} {question.ask}" for number, question in asked if not question.pulse]
        return [words("prompt.take_part"), "", *questions]
    told = event_values(words, stored, chat.event, speakers)
    access = [f"{name}: {said}" for name, said in told["access"]]
    sessions = [" · ".join(filter(None, (one["minutes"], one["title"], one["who"]))) for one in told["sessions"]]
    lines = [chat.about, told["how"], *access, told["other"], *sessions, told["no_sessions"]]
    return [line for line in lines if line]


def _text(text: str) -> str:
    r"""A text whose ``\N`` stays: the library takes it for a line's end that was escaped already."""
    return showable(text).replace("\\N", "\\\u2060N")
