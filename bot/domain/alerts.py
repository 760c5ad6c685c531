"""Alerts: what an operator should know of, decided from plain data.

An alert is about a delivery, an account of ours, a place of the archive, or a day on which records were asked for,
never about a person. Each is told once; again at most daily while it lasts, but for missed and refused prompts and for
records; and one more time when a network, a login or a place that was in trouble is well again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.records import StoredChat
from bot.domain.sweeps import is_long

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AlertKind = Literal["missed", "refused", "silent", "login", "ends", "place", "records"]

PATIENCE = timedelta(minutes=5)
"""How long a network may be silent around an evening's chat before somebody is told."""

LONG_PATIENCE = timedelta(hours=1)
"""The same for a chat that goes on for days: a server's nightly upkeep wakes nobody."""

PLACE_PATIENCE = timedelta(minutes=30)
"""How long a place, the site's own folder among them, may not be brought up to date before somebody is told."""

RECORD_PATIENCE = timedelta(days=7)
"""How long a record that was asked for may wait, where no host can be told of it, before somebody is told."""

BEFORE = timedelta(minutes=30)
"""How long before a chat a silent network matters."""

SOON = timedelta(days=14)
"""How long before a login ends somebody is told."""

LAST_DAYS = timedelta(days=3)
"""How long before its end a login is a matter for every day; before that, once a week."""

RECENT = timedelta(days=2)
"""How long ago a prompt may have been due to be worth an alert: what is older nobody can mend."""

AGAIN = timedelta(days=1)
"""An alert that lasts is not repeated sooner."""

WEEKLY = timedelta(days=7)

UNSEEN = timedelta(hours=2)
"""After so long without a look a silence that was noted is a new one: nobody knows what was in between."""

NOTED = timedelta(minutes=10)
"""How often it is noted that an alert which nobody was told of yet was seen again."""

HOUR = timedelta(hours=1)

MOST = 4
"""How many messages in an hour: what comes after that is told together with the next."""

AWAY = timedelta(minutes=5)
"""From one sign of work to the next: a longer time is named as the reason of what was missed in it."""


def is_mailbox(recipient: str) -> bool:
    """Whether a recipient is a mail address; else it is a handle, of which Mastodon's begin with ``@``."""
    return "@" in recipient and not recipient.startswith("@")


class Troubled(msgspec.Struct, frozen=True):
    """A delivery that was missed or refused: its id, its account's key, ``state``, due time and end of use (UTC)."""

    delivery: str
    account: str
    state: Literal["missed", "refused"]
    at: datetime
    useful_until: datetime


class Health(msgspec.Struct, frozen=True):
    """How an account fares, UTC: silent since, its login refused since, its login ending; ``None`` for neither."""

    silent_since: datetime | None = None
    refused_since: datetime | None = None
    login_ends: datetime | None = None


class Alert(msgspec.Struct, frozen=True):
    """What is remembered of an alert.

    Attributes:
        key: its kind and what it is about, ``silent:mastodon``, ``missed:edchat/2027-01-07/q1@mastodon``.
        since: when it began, UTC.
        seen_at: when it was last found so.
        told_at: when a message about it was last written; ``None`` if none was.
        ended_at: when it was found to be well again; ``None`` while it lasts.
    """

    key: str
    since: datetime
    seen_at: datetime
    told_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def kind(self) -> str:
        """One of ``AlertKind``."""
        return self.key.partition(":")[0]

    @property
    def about(self) -> str:
        """A delivery's id, an account's key, a place's name, or a day in UTC: ``2027-01-08``."""
        return self.key.partition(":")[2]


class Sight(msgspec.Struct, frozen=True):
    """All that is known at a moment.

    Attributes:
        accounts: keys of our accounts.
        health: of the accounts that were asked for anything; nothing is known of the others.
        troubled: deliveries that were missed or refused lately.
        chats: at least those that are on or near, where an account is silent.
        beats: when we worked lately, in order, UTC.
        messages: when messages were written in the last hour.
        places: since when each place could not be brought up to date, by name; ``None`` where all is well.
        records: when each record was asked for that waits, where no host can be told of it; ``None``: not looked at.
    """

    accounts: tuple[str, ...]
    health: dict[str, Health]
    troubled: tuple[Troubled, ...] = ()
    chats: tuple[StoredChat, ...] = ()
    beats: tuple[datetime, ...] = ()
    messages: tuple[datetime, ...] = ()
    places: dict[str, datetime | None] = {}
    records: tuple[datetime, ...] | None = None

    def knows(self, alert: Alert) -> bool:
        """Whether it is known how what an alert is about fares now; of deliveries it always is."""
        if alert.kind in ("missed", "refused"):
            return True
        if alert.kind == "records":
            return self.records is not None
        return alert.about in (self.places if alert.kind == "place" else self.health)


class News(msgspec.Struct, frozen=True):
    """What a message has to say, in order.

    Attributes:
        bad: what began, or goes on and is due to be said again.
        well: what is well again.
        troubled: the deliveries behind ``missed`` and ``refused``.
        away: stretches in which we did not work, and prompts of ``bad`` were missed.
        chats: ids of the chats that are on or near on accounts that are silent.
        ends: when the logins of ``ends`` end, by account.
        records: how many records of ``bad`` wait.
    """

    bad: tuple[Alert, ...] = ()
    well: tuple[Alert, ...] = ()
    troubled: dict[str, Troubled] = {}
    away: tuple[tuple[datetime, datetime], ...] = ()
    chats: tuple[str, ...] = ()
    ends: dict[str, datetime] = {}
    records: int = 0

    def __bool__(self) -> bool:
        return bool(self.bad or self.well)


class Decision(msgspec.Struct, frozen=True):
    """What to remember, what to forget (keys), and what to say; ``news`` is empty where nothing is to be said."""

    remember: tuple[Alert, ...]
    forget: tuple[str, ...]
    news: News


def decide(sight: Sight, known: Sequence[Alert], now: datetime) -> Decision:
    """Which alerts begin, go on and end, and which of them are to be told now.

    Args:
        sight: what is known.
        known: what is remembered.
        now: UTC.
    """
    before = {alert.key: alert for alert in known}
    after = _after(sight, before, now)
    due = [alert for alert in after.values() if _is_due(alert, sight, now)]
    if len([at for at in sight.messages if now - HOUR < at <= now]) >= MOST:
        due = []
    for alert in due:
        if alert.ended_at is None:
            after[alert.key] = msgspec.structs.replace(alert, told_at=now)
        else:
            del after[alert.key]
    return Decision(
        remember=tuple(alert for key, alert in sorted(after.items()) if alert != before.get(key)),
        forget=tuple(sorted(set(before) - set(after))),
        news=_news(due, sight, now),
    )


def _after(sight: Sight, before: Mapping[str, Alert], now: datetime) -> dict[str, Alert]:
    """All alerts as they stand now, none told yet."""
    found = {f"{one.state}:{one.delivery}": one.at for one in sight.troubled if one.at > now - RECENT}
    for account, health in sight.health.items():
        if health.silent_since:
            found[f"silent:{account}"] = health.silent_since
        if health.refused_since:
            found[f"login:{account}"] = health.refused_since
        if health.login_ends and health.login_ends <= now + SOON:
            found[f"ends:{account}"] = health.login_ends - SOON
    for place, since in sight.places.items():
        if since and now - since >= PLACE_PATIENCE:
            found[f"place:{place}"] = since
    waiting = (at for at in sight.records or () if now - at >= RECORD_PATIENCE)
    found |= {_asked_on(at): at + RECORD_PATIENCE for at in waiting}
    after = {key: _going_on(before.get(key), key, since, now) for key, since in found.items()}
    for key, alert in before.items():
        if key not in after and (kept := _kept(alert, sight, now)):
            after[key] = kept
    return after


def _asked_on(at: datetime) -> str:
    """The key of the alert about records that were asked for on the day of a time (UTC)."""
    return f"records:{at:%Y-%m-%d}"


def _going_on(alert: Alert | None, key: str, since: datetime, now: datetime) -> Alert:
    """An alert that is found again, or for the first time."""
    if alert is None or alert.ended_at is not None or (alert.told_at is None and now - alert.seen_at > UNSEEN):
        return Alert(key, min(since, now), now, alert.told_at if alert else None)
    looked = now if alert.told_at is None and now - alert.seen_at >= NOTED else alert.seen_at
    return msgspec.structs.replace(alert, since=min(alert.since, since), seen_at=looked)


def _kept(alert: Alert, sight: Sight, now: datetime) -> Alert | None:
    """What stays of an alert that is not found now: itself where nothing is known, or its good end, to be told."""
    if alert.kind == "records":
        return None if sight.knows(alert) else alert
    ours = sight.places if alert.kind == "place" else sight.accounts
    if alert.about not in ours:  # nor is any delivery: what became of it is told once
        return None
    if alert.ended_at is not None or not sight.knows(alert):
        return alert
    if alert.kind == "ends" or alert.told_at is None:
        return None
    return msgspec.structs.replace(alert, ended_at=now)


def _is_due(alert: Alert, sight: Sight, now: datetime) -> bool:
    if alert.ended_at is not None:
        return True
    if not sight.knows(alert):
        return False
    if alert.told_at is not None:
        return alert.kind not in _ONCE and abs(now - alert.told_at) >= _again(alert, now)
    return alert.kind != "silent" or any(True for _ in _disturbed(alert, sight, now))


def _again(alert: Alert, now: datetime) -> timedelta:
    """When an alert that lasts is told again: a login's end weekly until it is near, all else daily."""
    return WEEKLY if alert.kind == "ends" and alert.since + SOON - now > LAST_DAYS else AGAIN


def _disturbed(alert: Alert, sight: Sight, now: datetime) -> Sequence[str]:
    """Ids of the chats for which an account has been silent for too long."""
    return [
        stored.chat.id
        for stored in sight.chats
        if alert.about in stored.series.accounts
        and not stored.cancelled
        and stored.chat.starts_at - BEFORE <= now < stored.chat.ends_at
        and now - alert.since >= (LONG_PATIENCE if is_long(stored.chat) else PATIENCE)
    ]


def _news(due: Sequence[Alert], sight: Sight, now: datetime) -> News:
    bad = tuple(sorted((alert for alert in due if alert.ended_at is None), key=_rank))
    troubled = {one.delivery: one for one in sight.troubled}
    missed = [troubled[alert.about] for alert in bad if alert.kind == "missed"]
    silent = [alert for alert in bad if alert.kind == "silent"]
    return News(
        bad=bad,
        well=tuple(sorted((alert for alert in due if alert.ended_at is not None), key=_rank)),
        troubled={alert.about: troubled[alert.about] for alert in bad if alert.about in troubled},
        away=tuple(
            (last, first)
            for last, first in pairwise((*sight.beats, now))
            if first - last > AWAY and any(last <= one.useful_until <= first for one in missed)
        ),
        chats=tuple(sorted({chat for alert in silent for chat in _disturbed(alert, sight, now)})),
        ends={
            account: health.login_ends
            for account, health in sight.health.items()
            if health.login_ends and f"ends:{account}" in {alert.key for alert in bad}
        },
        records=sum(_asked_on(at) in {alert.key for alert in bad} for at in sight.records or ()),
    )


def _rank(alert: Alert) -> tuple[int, datetime, str]:
    return (_ORDER.index(alert.kind), alert.since, alert.key)


_ORDER: Sequence[str] = ("silent", "login", "missed", "refused", "place", "ends", "records")
_ONCE = ("missed", "refused", "records")
