"""When a chat's threads are read again: often while it is open, ever more rarely afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.schedule import Chat, Series

EARLY = timedelta(hours=1)
"""A post with the hashtag counts for a chat from this long before its start."""

CLOSING = timedelta(days=1)
"""For how long after a chat's window (its end and ``Series.late``) it is still read once, for what came last."""

PATIENCE = timedelta(hours=6)
"""How long a digest waits for a network that cannot be read."""


def sweep_due(series: Series, chat: Chat, last: datetime | None, now: datetime) -> bool:
    """Whether a chat is to be swept now on an account, given when it last was (UTC).

    Besides the rhythm of ``sweep_interval``, it is swept once right after its end, once right before its digest, and
    once when its window closes.
    """
    if last is None:
        return True
    milestones = (chat.ends_at, chat.ends_at + series.grace, chat.ends_at + series.late)
    if any(last < milestone <= now for milestone in milestones):
        return True
    return now - last >= sweep_interval(chat, now)


def sweep_interval(chat: Chat, now: datetime) -> timedelta:
    """From one sweep to the next: 2 minutes in a live chat, 10 for an hour after, then an hour, then a day."""
    if now < chat.ends_at:
        long = chat.ends_at - chat.starts_at > timedelta(hours=12)
        return timedelta(minutes=10) if long else timedelta(minutes=2)
    since = now - chat.ends_at
    if since < timedelta(hours=1):
        return timedelta(minutes=10)
    return timedelta(hours=1) if since < timedelta(days=1) else timedelta(days=1)


def check_interval(chat: Chat, now: datetime) -> timedelta:
    """How often each archived post is looked up: hourly on the chat's day, daily for 14 days, then weekly."""
    since = now - chat.ends_at
    if since < timedelta(days=1):
        return timedelta(hours=1)
    return timedelta(days=1) if since < timedelta(days=14) else timedelta(days=7)


def hashtag_window(series: Series, chat: Chat, following: Chat | None) -> tuple[datetime, datetime]:
    """Between which times (UTC, end excluded) a post with the hashtag counts for this chat.

    Answers may come late, but once the next chat of the series draws near the hashtag is that one's.
    """
    ends = chat.ends_at + series.late
    if following is not None:
        ends = min(ends, max(chat.ends_at, following.starts_at - EARLY))
    return chat.starts_at - EARLY, ends


def digest_ready(series: Series, chat: Chat, swept: Mapping[str, datetime], now: datetime) -> bool:
    """Whether the digest may be written: every account was swept after the grace time, or could not be for long."""
    due = chat.ends_at + series.grace
    if now < due:
        return False
    complete = all(account in swept and swept[account] >= due for account in series.accounts)
    return complete or now >= due + PATIENCE
