"""What ``staffroom status`` says: the next chat, what waits, what was missed or refused, and how much is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import accounts_of, read_settings, shelf_of
from bot.domain.places import SITE, PlaceState
from bot.domain.schedule import planned_chats
from bot.services.downloads import waiting_downloads
from bot.services.hosts import waiting_lines
from bot.services.recordrequests import waiting_records
from bot.services.stories import tellings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.chats import Chat
    from bot.domain.outbox import Delivery
    from bot.ports import Store

RECENT = 10
"""How many troubles are shown, newest first."""


class Trouble(msgspec.Struct, frozen=True):
    """A delivery that was missed, refused, or is being tried again: its id, state, due time (UTC) and why."""

    delivery: str
    state: str
    at: datetime
    error: str


class PlaceStatus(msgspec.Struct, frozen=True):
    """A place where the archive stands: when it was last brought up to date, and since when and why it is not (UTC)."""

    name: str
    done_at: datetime | None
    failing_since: datetime | None
    error: str

    def line(self) -> str:
        """The same in words."""
        if self.failing_since:
            why = f": {self.error.rstrip('.')}." if self.error else "."
            return f"{self.name}: not up to date since {_moment(self.failing_since)}{why}"
        if self.done_at is None:
            return f"{self.name}: nothing was brought there yet."
        return f"{self.name}: up to date; something changed there last at {_moment(self.done_at)}."


class NextChat(msgspec.Struct, frozen=True):
    """The next chat: its id, topic, and start in UTC and in its own zone (ISO 8601)."""

    chat: str
    topic: str
    at_utc: str
    at_local: str


class Status(msgspec.Struct, frozen=True):
    """All of it, as ``status --json`` gives it.

    Attributes:
        next_chat: the next chat, or the one that is on now.
        next_prompt: id of the delivery that is due next, and when (UTC).
        counts: figures by name, such as ``deliveries.sent`` or ``posts``.
        troubles: newest first.
        worked_at: when `run` or `tick` worked last, UTC; ``None`` if never.
        checked_since: since when every kept answer was looked up, UTC; ``None`` where nothing is kept.
        waiting: what waits for a person to read, a line for each chat.
        places: those under ``publish:``; the site's own folder only where it cannot be written.
        records: how many people asked for a record that is yet to be written.
        to_fetch: how many records wait to be fetched by their owners.
        stories: a line for each story whose host lets it be published, and that is not.
    """

    next_chat: NextChat | None
    next_prompt: tuple[str, datetime] | None
    counts: dict[str, int]
    troubles: tuple[Trouble, ...]
    worked_at: datetime | None = None
    checked_since: datetime | None = None
    waiting: tuple[str, ...] = ()
    places: tuple[PlaceStatus, ...] = ()
    records: int = 0
    to_fetch: int = 0
    stories: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """The same in words."""
        if self.next_chat:
            when = datetime.fromisoformat(self.next_chat.at_local)
            yield f"Next chat: {self.next_chat.chat}, {when:%a} {when.day} {when:%b %Y %H:%M}: {self.next_chat.topic}"
        else:
            yield "No chat is coming."
        if self.next_prompt:
            yield f"Next prompt: {self.next_prompt[0]} at {_moment(self.next_prompt[1])}"
        elif self.next_chat and not any(self.counts.values()):
            yield "Nothing is in the outbox yet: `run` or the first `tick` puts it there."
        sent, open_ = self.counts.get("deliveries.sent", 0), self.counts.get("deliveries.planned", 0)
        yield f"Sent: {sent}. Still to send: {open_}."
        kept = self.counts.get("posts", 0)
        held, removed = self.counts.get("held", 0), self.counts.get("tombstones", 0)
        yield f"Kept: {kept} answers, {held} of them held back; {removed} removed."
        if self.checked_since:
            yield f"Every kept answer was looked up since {_moment(self.checked_since)}."
        if self.worked_at:
            yield f"`run` or `tick` worked last at {_moment(self.worked_at)}."
        yield from (place.line() for place in self.places)
        yield from self.waiting
        if self.records:
            many = "1 request for a record waits" if self.records == 1 else f"{self.records} requests for records wait"
            yield f"{many}: `staffroom people` names who asked, `staffroom record HANDLE --out DIR` writes it."
        if self.to_fetch:
            waits = "1 record waits" if self.to_fetch == 1 else f"{self.to_fetch} records wait"
            yield f"{waits} to be fetched."
        yield from self.stories
        for trouble in self.troubles:
            why = f": {trouble.error}" if trouble.error else ""
            yield f"{trouble.state}: {trouble.delivery} (due {_moment(trouble.at)}){why}"


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %H:%M} UTC"


def status_of(folder: Path) -> Status:
    """Read the store of a folder."""
    settings = read_settings(folder)
    store, now = open_store_of(settings), datetime.now(UTC)
    deliveries = store.deliveries()
    coming = _coming(settings, store, now)
    waiting = sorted((one for one in deliveries if one.state in ("planned", "frozen")), key=lambda one: one.at)
    return Status(
        next_chat=NextChat(
            coming.id,
            coming.topic,
            coming.starts_at.astimezone(UTC).isoformat(),
            coming.starts_at.astimezone(ZoneInfo(coming.timezone)).isoformat(),
        )
        if coming
        else None,
        next_prompt=(waiting[0].id, waiting[0].at) if waiting else None,
        counts=dict(store.counts()),
        troubles=_troubles(deliveries),
        worked_at=max((*store.beats("run"), *store.beats("tick")), default=None),
        checked_since=store.oldest_check(),
        waiting=tuple(waiting_lines(store, accounts_of(settings))),
        places=tuple(_places(settings, store)),
        records=waiting_records(store, now),
        to_fetch=waiting_downloads(store, shelf_of(settings), now),
        stories=tuple(_untold(settings, store)),
    )


def _untold(settings: Settings, store: Store) -> Iterator[str]:
    for one in tellings(store, [story for series in settings.series for story in series.stories if story.ready]):
        if one.why_not:
            yield f"Story {one.story.slug} is not published: {one.why_not}. `staffroom story list {one.story.slug}`"


def _places(settings: Settings, store: Store) -> Iterator[PlaceStatus]:
    known = store.places()
    for name in (*([SITE] if SITE in known else []), *(one.name for one in settings.publish)):
        one = known.get(name, PlaceState())
        yield PlaceStatus(name, one.done_at, one.failing_since, one.error)


def _coming(settings: Settings, store: Store, now: datetime) -> Chat | None:
    """The next chat, or the one that is on now: as stored, or as the files have it where nothing is stored yet."""
    stored = {one.chat.id: one for one in store.chats()}
    planned = [] if stored else [chat for series in settings.series for chat in planned_chats(series)]
    chats = [*planned, *(one.chat for one in stored.values() if not one.cancelled)]
    return min((chat for chat in chats if chat.ends_at > now), key=lambda chat: (chat.starts_at, chat.id), default=None)


def _troubles(deliveries: tuple[Delivery, ...]) -> tuple[Trouble, ...]:
    reasons = {"missed": "its time was over before it could be said"}
    found = [
        Trouble(
            one.id, "will try again" if one.error and one.state in ("planned", "frozen") else one.state, one.at, why
        )
        for one in deliveries
        if (why := one.error or reasons.get(one.state, "")) and one.state != "sent"
    ]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:RECENT])
