"""What a chat is: ``Chat``, and small questions about one, such as when it is settled and which comes next."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from bot.domain.occurrences import by_wall_clock
from bot.domain.series import Question
from bot.domain.teachmeets import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.series import Series


class Chat(msgspec.Struct, frozen=True):
    """One dated meeting of a series; a repeat is a chat of its own, and so is an event.

    Attributes:
        id: ``edchat/2027-01-07``, or ``edchat/2027-01-07-new-york`` for a repeat (the zone's last part, as a slug), or
            ``edchat/events/teachmeet-leeds``.
        series: the series' slug.
        date: the calendar date in ``timezone``.
        timezone: the zone whose wall clock it follows.
        starts_at, ends_at: UTC.
        topic, about, hosts, questions, resources: from the entry, the series' hosts where it names none.
        hold, approve: of its own digest; ``None`` means as the series says (``hold_of``, ``approve_of``).
        event: the event that it stands for: then people meet from ``starts_at`` to ``ends_at``, and what is asked is
            asked afterwards; ``None`` for a chat.
    """

    id: str
    series: str
    date: date
    timezone: str
    starts_at: datetime
    ends_at: datetime
    topic: str
    questions: tuple[Question, ...]
    hosts: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    about: str = ""
    hold: timedelta | None = None
    approve: bool | None = None
    event: Event | None = None


def asked_at(chat: Chat, event: Event) -> datetime:
    """When it is asked what came of an event (UTC): so long after its end by the wall clock."""
    ended = chat.ends_at.astimezone(ZoneInfo(chat.timezone)).replace(tzinfo=None)
    return by_wall_clock(ended + event.ask_after, chat.timezone)


def settled_at(chat: Chat) -> datetime:
    """From when on ever less is to be expected (UTC): a chat's end, or the moment at which an event is asked about."""
    return asked_at(chat, chat.event) if chat.event and chat.event.ask else chat.ends_at


def kept_no_longer(series: Series, chat: Chat, now: datetime) -> bool:
    """Whether the time is over for which a series keeps what is said in a chat."""
    return series.keep is not None and chat.ends_at + series.keep <= now


def next_after(chats: Iterable[Chat], chat: Chat) -> Chat | None:
    """The next of these chats (in order of start) after one, its repeats left out, and events."""
    later = (other for other in chats if other.event is None and other.starts_at > chat.starts_at)
    return next((other for other in later if other.date != chat.date), None)


def runs_live(series: Series, chat: Chat) -> bool:
    """Whether a chat is answered in one evening; else it is over days, as what is asked after an event is."""
    return series.format == "live" and chat.event is None


def pulse_of(chat: Chat) -> int:
    """The number of the question what a chat was worth, which is its last; 0 where it has none."""
    return len(chat.questions) if chat.questions and chat.questions[-1].pulse else 0


def hold_of(series: Series, chat: Chat) -> timedelta:
    """How long the digest of a chat is held once it is chosen."""
    return series.hold if chat.hold is None else chat.hold


def approve_of(series: Series, chat: Chat) -> bool:
    """Whether the digest of a chat quotes nobody unless a host approves it."""
    return series.approve if chat.approve is None else chat.approve
