"""What an event's page, programme and announcement say of it: where, when, what people find there, which sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.rendering import urls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.chats import Chat
    from bot.domain.records import StoredChat
    from bot.domain.sessions import Speaker
    from bot.domain.teachmeets import Access, Event, Session
    from bot.rendering.words import Words

    Speakers = Mapping[str, Speaker]

NOBODY: Speakers = {}
"""No author of an answer agreed to lead a session."""


def event_when(words: Words, chat: Chat) -> str:
    """From when to when an event is, by its own clock: ``Saturday 6 March 2027, 10:00 to 13:00 London time``."""
    zone = ZoneInfo(chat.timezone)
    start, end = chat.starts_at.astimezone(zone), chat.ends_at.astimezone(zone)
    utc = words.moment(chat.starts_at, "UTC") == words.moment(chat.starts_at, chat.timezone)
    return words(
        "event.when_utc" if utc else "event.when",
        date=words.date(chat.date),
        start=f"{start:%H:%M}",
        end=f"{end:%H:%M}",
        city=words.city(chat.timezone),
    )


def event_values(
    words: Words,
    stored: StoredChat,
    event: Event,
    speakers: Speakers,
    coming: int | None = None,
    *,
    over: bool = False,
) -> dict[str, Any]:
    """What its page says of an event, for ``site/event.html.j2``.

    Args:
        words: the series' language.
        stored: the chat that stands for it.
        event: the event.
        speakers: who agreed to lead a session, by the node key of the answer that it comes from.
        coming: how many people said that they come; ``None`` where that is not told.
        over: it has begun, so that nobody signs up any more.
    """
    seats = [words("event.seats", n=event.seats)] if event.seats and event.sign_up else []
    return {
        "place": event.place,
        "access": access_lines(words, event.access),
        "other": event.access.other,
        "sessions": session_lines(words, event, speakers),
        "no_sessions": no_sessions(words, event),
        "how": " ".join([words("event.how" if event.sign_up else "event.free"), *seats]),
        "coming": words("event.coming", n=coming) if coming is not None else "",
        "page": urls.chat_page(stored.chat.id),
        "programme": "" if stored.cancelled else urls.event_programme(stored.chat.id),
        "poster": "" if stored.cancelled else urls.event_poster(stored.chat.id),
        "to_come": not stored.cancelled and not over,
    }


def access_lines(words: Words, access: Access) -> list[tuple[str, str]]:
    """What people find there: what it is, and yes, no, or the hosts' words."""
    return [
        (words(f"event.{name}"), words(f"event.{said}") if said in ("yes", "no") else said)
        for name, said in access.told()
    ]


def access_in_short(words: Words, access: Access) -> str:
    """What there is, by name alone: for where there is no room for more; empty for nothing."""
    return words.both([words(f"event.{name}") for name, said in access.told() if said != "no"])


def session_lines(words: Words, event: Event, speakers: Speakers) -> list[dict[str, str]]:
    """The sessions: how long, what about, who leads it, and the path of the chat that it comes from.

    Until its author agreed, one that comes from an answer says nothing but how long it is.
    """
    return [
        {"minutes": words("event.minutes", n=one.minutes), **_session(words, one, speakers.get(one.answer))}
        for one in event.sessions
    ]


def _session(words: Words, session: Session, speaker: Speaker | None) -> dict[str, str]:
    if speaker:
        title = session.title or words("event.idea", topic=speaker.topic)
        return {"title": title, "who": speaker.called, "from": urls.chat_page(speaker.chat)}
    if session.answer:
        return {"title": words("event.to_be_announced"), "who": "", "from": ""}
    return {"title": session.title, "who": session.who, "from": ""}


def no_sessions(words: Words, event: Event) -> str:
    """What is said where no session is known; of an EdCamp's that is as it should be."""
    if event.kind == "edcamp":
        return words("event.open")
    return "" if event.sessions else words("event.none_yet")
