"""When a chat is listened to, read and looked up: often while it is open, ever more rarely afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.chats import settled_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.chats import Chat
    from bot.domain.posts import NetworkName
    from bot.domain.records import SentPost
    from bot.domain.series import Series

Rhythm = Literal["told", "asked", "swept"]
"""How we know at this moment what is said on an account: a stream tells us, we ask every ``ASKING``, or only by reading
everything again and again."""

EARLY = timedelta(hours=1)
"""A post with the hashtag counts for a chat from this long before its start."""

CLOSING = timedelta(days=1)
"""For how long after a chat's window (its end and ``Series.late``) it is still read once, for what came last."""

PATIENCE = timedelta(hours=6)
"""How long a digest waits for a network that cannot be read."""

READY = timedelta(minutes=15)
"""From how long before a chat's start we listen."""

ASKING = timedelta(seconds=25)
"""From one asking to the next, in a chat without a stream."""

SETTLING = timedelta(seconds=20)
"""From one placing of a chat's answers to the next, while they come in one by one."""

_FRESH = timedelta(minutes=1)
_OPEN = timedelta(hours=1)
_LONG = timedelta(hours=6)
_LEAST_SHARE = 50


class Readings(msgspec.Struct, frozen=True):
    """When one chat was read last on one account; all times UTC.

    Attributes:
        everything: all of its threads, its hashtag and its quotes were read.
        threads: the thread of one prompt (by id) was read.
        hashtag: its hashtag was read.
        named: a stream said of the thread of a prompt (by id) that only reading it tells what happened there.
        missed: a stream may have missed something before this.
    """

    everything: datetime | None = None
    threads: Mapping[str, datetime] = {}
    hashtag: datetime | None = None
    named: Mapping[str, datetime] = {}
    missed: datetime | None = None


class Reading(msgspec.Struct, frozen=True):
    """What is to be read now.

    Attributes:
        everything: all there is.
        threads: only these, by ids of their prompts.
        hashtag: only that.
        begun: nothing, as the first post of ours is just out and a stream tells what comes: it counts as read.
    """

    everything: bool = False
    threads: tuple[str, ...] = ()
    hashtag: bool = False
    begun: bool = False

    def __bool__(self) -> bool:
        return self.everything or self.hashtag or self.begun or bool(self.threads)


def asking_interval(*, on: bool, evening: bool) -> timedelta:
    """From one asking to the next where no stream tells: ``ASKING`` in an evening's chat, 2 minutes where only slow
    chats are on, 5 where none is, because people may turn to us at any time.
    """
    if evening:
        return ASKING
    return timedelta(minutes=2 if on else 5)


def is_searched(network: NetworkName) -> bool:
    """Whether hashtags have to be searched for on a network, besides asking what is addressed to us: Bluesky lists
    nothing under a hashtag by id.
    """
    return network == "bluesky"


def listening(series: Series, chat: Chat, now: datetime) -> bool:
    """Whether a chat is on: from ``READY`` before its start until its digest is due. An event never is: people meet."""
    if chat.event is not None:
        return False
    return chat.starts_at - READY <= now < chat.ends_at + series.grace


def is_over(series: Series, chat: Chat, now: datetime) -> bool:
    """Whether a chat was read for the last time: its window, and what is left to read it once more, have passed."""
    return now >= chat.ends_at + series.late + CLOSING


def to_read(  # noqa: PLR0917 - each is one side of the question
    series: Series,
    chat: Chat,
    sent: Sequence[SentPost],
    done: Readings,
    now: datetime,
    rhythm: Rhythm,
    *,
    searched: bool = False,
) -> Reading:
    """What of a chat is to be read now on one account.

    Where a stream tells us (or we ask often), reading only makes sure: the thread of each question once its turn is
    over, the hashtag at the close, everything once before the digest; besides what a stream named, and everything where
    it may have missed something. Where only reading tells, everything is read in the rhythm of ``sweep_due``.

    Args:
        series: of which it is.
        chat: the chat.
        sent: our posts in it on this account.
        done: when it was read last there.
        now: UTC.
        rhythm: how we know there what is said.
        searched: hashtags are searched for there (``is_searched``): a search knows no more than the stream told, so at
            the close it is spared; the reading before the digest has it.
    """
    asked_too_rarely = rhythm == "asked" and is_long(chat)
    if rhythm == "swept" or asked_too_rarely or now >= chat.ends_at + series.grace:
        return Reading(everything=sweep_due(series, chat, done.everything, now))
    last, first = done.everything, min((post.at for post in sent), default=now)
    if last is None:
        return Reading(begun=True) if first > now - _FRESH else Reading(everything=True)
    missed = done.missed is not None and first < done.missed - _FRESH and _before(last, done.missed)
    if missed and _before(last, now - sweep_interval(chat, now)):
        return Reading(everything=True)
    if is_long(chat) and now - last >= _LONG:
        return Reading(everything=True)
    threads = {prompt: at for prompt, at in done.named.items() if _before(_later(done.threads.get(prompt), last), at)}
    due = [
        prompt for prompt, since in _turns(chat, sent, now) if _before(_later(done.threads.get(prompt), last), since)
    ]
    closing = now >= chat.ends_at and not (searched and rhythm == "told")
    hashtag = closing and _before(_later(done.hashtag, last), chat.ends_at)
    return Reading(threads=tuple(dict.fromkeys([*threads, *due])), hashtag=hashtag)


def _turns(chat: Chat, sent: Sequence[SentPost], now: datetime) -> Iterator[tuple[str, datetime]]:
    """Questions whose threads must have been read since a moment: the end of their turn, which comes when the next one
    goes out or the chat ends; an hour ago, for one that is open for longer.
    """
    asked: dict[str, datetime] = {}
    for post in sent:
        if post.kind == "question":
            asked.setdefault(post.prompt, post.at)
    turns = sorted(asked.items(), key=lambda one: one[1])
    ends = [at for _, at in turns[1:]] + [chat.ends_at]
    for (prompt, at), end in zip(turns, ends, strict=False):  # without turns there is one end too many
        if min(end, chat.ends_at) <= now:
            yield prompt, min(end, chat.ends_at)
        elif now - at >= _OPEN:
            yield prompt, now - _OPEN


def _before(last: datetime | None, moment: datetime) -> bool:
    return last is None or last < moment


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)


def placing_due(last: datetime | None, now: datetime, fresh: int, known: int) -> bool:
    """Whether answers that came in one by one are to be placed now: soon in a small chat; in a huge one, where placing
    takes long, once enough came or ``sweep_interval``'s two minutes passed.

    Args:
        last: when the chat's answers were placed last, UTC.
        now: UTC.
        fresh: how many posts came or changed since then.
        known: how many posts there are in all.
    """
    if not fresh or (last is not None and now - last < SETTLING):
        return False
    return last is None or fresh * _LEAST_SHARE >= known or now - last >= timedelta(minutes=2)


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
    """From one sweep to the next: 2 minutes in a live chat, 10 for an hour after, then an hour, then a day.

    Around an event it is 10 minutes from its announcement until an hour after it is asked about.
    """
    if now < chat.ends_at:
        return timedelta(minutes=10) if is_long(chat) or chat.event else timedelta(minutes=2)
    since = now - settled_at(chat)
    if since < timedelta(hours=1):
        return timedelta(minutes=10)
    return timedelta(hours=1) if since < timedelta(days=1) else timedelta(days=1)


def is_long(chat: Chat) -> bool:
    """Whether a chat goes on for days."""
    return chat.ends_at - chat.starts_at > timedelta(hours=12)


def has_polls(network: NetworkName) -> bool:
    """Whether polls are the network's own there: Bluesky has none."""
    return network == "mastodon"


def poll_due(chat: Chat, last: datetime, now: datetime) -> bool:
    """Whether a poll of a chat is to be read now, which had not ended when it was last read (or asked, UTC).

    It is in the rhythm of ``sweep_interval``, and once right after the chat's end, with which most polls end.
    """
    return last < chat.ends_at + _FRESH <= now or now - last >= sweep_interval(chat, now)


def check_interval(chat: Chat, now: datetime) -> timedelta:
    """How often each archived post is looked up: hourly on the chat's day, daily for 14 days, then weekly."""
    since = now - settled_at(chat)
    if since < timedelta(days=1):
        return timedelta(hours=1)
    return timedelta(days=1) if since < timedelta(days=14) else timedelta(days=7)


def hashtag_window(series: Series, chat: Chat, following: Chat | None) -> tuple[datetime, datetime]:
    """Between which times (UTC, end excluded) a post with the hashtag counts for this chat.

    Answers may come late, but once the next chat of the series draws near the hashtag is that one's. It is never an
    event's.
    """
    ends = chat.ends_at + series.late
    if chat.event is not None:
        return ends, ends
    if following is not None:
        ends = min(ends, max(chat.ends_at, following.starts_at - EARLY))
    return chat.starts_at - EARLY, ends


def digest_ready(
    series: Series, chat: Chat, swept: Mapping[str, datetime], now: datetime, *, restored: datetime | None = None
) -> bool:
    """Whether the digest may be written: every account was swept after the grace time, or could not be for long.

    ``restored``: when the store was put back from a backup, if it was; what was read before that does not count.
    """
    due = max(chat.ends_at + series.grace, restored or chat.ends_at)
    if now < due:
        return False
    complete = all(account in swept and swept[account] >= due for account in series.accounts)
    return complete or now >= due + PATIENCE
