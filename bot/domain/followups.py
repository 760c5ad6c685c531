"""From talk to action: who wrote what they will try is asked later what came of it, if they asked for that.

An *intention* is an answer with the hashtag ``#tryit``. ``REMIND ME`` asks for follow-ups about it, ``FORGET IT`` ends
them. What its author replies to a follow-up is an *outcome*.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from bot.domain.occurrences import by_wall_clock
from bot.domain.posts import Post, PostRef
from bot.domain.prompts import Prompt
from bot.domain.richtext import hashtags

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.domain.chats import Chat
    from bot.domain.records import SentPost, StoredChat
    from bot.domain.richtext import RichText
    from bot.domain.series import Series

TAG = "tryit"
"""The hashtag of an intention, folded."""

GRACE = timedelta(days=2)
"""A follow-up that could not go out so long after its time is dropped: it would come out of nowhere."""

AWAITED = timedelta(days=28)
"""How long after a follow-up went out its author's replies to it are read."""

MORNING, EVENING = time(8), time(21)
"""Between these, by the chat's own clock, somebody is asked; a chat at another hour asks at the nearer of them."""

_AFTER_ALL = 1000
"""Where follow-ups stand in the order of a chat's prompts: behind whatever else it may say."""

_SOON = timedelta(days=1)
_HOUR = timedelta(hours=1)


class FollowUp(msgspec.Struct, frozen=True):
    """That somebody asked to be asked: the answer's node key, its chat's id, and the key of our account that asks."""

    answer: str
    chat: str
    account: str


class Addressed(msgspec.Struct, frozen=True):
    """What a follow-up hangs under: the answer as its network has it now, and the root of its thread, if it has one."""

    key: str
    post: Post
    root: PostRef | None = None


def is_intention(text: RichText) -> bool:
    """Whether somebody says in a post that they will try something."""
    return TAG in hashtags(text)


def follow_ups(series: Series, chat: Chat, answer: str) -> tuple[Prompt, ...]:
    """The follow-ups of one answer (by node key): so long after its chat, at the chat's time of day unless at night.

    They are counted by the wall clock of the chat's zone from the day of a live chat, and from a slow one's last. Their
    ids have numbers and no times, so that editing YAML moves one instead of doubling it.
    """
    zone = ZoneInfo(chat.timezone)
    begun = chat.starts_at.astimezone(zone)
    day = begun if series.format == "live" else chat.ends_at.astimezone(zone)
    hour = min(max(begun.time(), MORNING), EVENING)
    found = []
    for number, after in enumerate(series.follow_up, start=1):
        at = by_wall_clock(datetime.combine((day + after).date(), hour), chat.timezone)
        found.append(
            Prompt(
                id=f"{chat.id}/follow-up-{number}-{answer}",
                chat=chat.id,
                kind="follow-up",
                number=number,
                order=_AFTER_ALL + number,
                at=at,
                useful_until=at + GRACE,
                answer=answer,
            )
        )
    return tuple(found)


def told_until(stored: StoredChat) -> datetime:
    """When nobody is asked about a chat any more, and nothing that is told then is gathered."""
    last = max(follow_ups(stored.series, stored.chat, ""), key=lambda one: one.useful_until, default=None)
    return stored.chat.ends_at if last is None else last.useful_until + AWAITED


def awaited(sent: Iterable[SentPost], account: str, now: datetime) -> tuple[SentPost, ...]:
    """Follow-ups of an account that went out so recently that replies to them are read."""
    return tuple(one for one in sent if one.kind == "follow-up" and one.account == account and now - one.at < AWAITED)


def reading_due(asked: Collection[SentPost], last: datetime | None, now: datetime) -> bool:
    """Whether what came of these follow-ups is to be read now, which was read last at ``last`` (UTC).

    That is hourly on the day after one went out, then daily.
    """
    if not asked:
        return False
    newest = max(one.at for one in asked)
    if last is None or last < newest:
        return True
    return now - last >= (_HOUR if now - newest < _SOON else _SOON)


def follow_ups_in(sent: Iterable[SentPost]) -> dict[str, str]:
    """Node keys of the follow-ups among posts of ours, each with that of the answer it asks about."""
    return {one.key: one.answer for one in sent if one.kind == "follow-up" and one.answer}


def asked_about(key: str, parents: Mapping[str, str], follow_ups: Mapping[str, str]) -> str:
    """The answer (node key) about whose follow-up a post speaks: the first follow-up above it; empty for none.

    Args:
        key: the post's node key.
        parents: node key to its parent's.
        follow_ups: node keys of our follow-ups, each with that of the answer it asks about.
    """
    passed: set[str] = set()
    while key and key not in passed:
        passed.add(key)
        key = parents.get(key, "")
        if key in follow_ups:
            return follow_ups[key]
    return ""
