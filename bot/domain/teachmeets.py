"""Events: days on which the teachers of a series meet, as a TeachMeet or an EdCamp, with what is known beforehand.

An event is planned as one more chat of its series (``schedule.planned_chats``), so that what is said about it, who may
be archived and what is erased are decided where all of that is decided already.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.domain.posts import NetworkName
from bot.domain.suppression import FEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

EventKind = Literal["teachmeet", "edcamp"]
"""``teachmeet``: short talks that are known beforehand. ``edcamp``: sessions that are agreed on in the morning."""

ACCESS = ("captions", "interpreter", "step_free", "quiet_room")
"""What people need to know before they can come, in the order in which it is said."""

ASKED_FOR = timedelta(days=2)
"""For how long after its time an event's question is still worth asking."""


FORGOTTEN_AFTER = timedelta(days=30)
"""How long after an event it is forgotten who wanted to come: hosts may still have to write to them."""


class Place(msgspec.Struct, frozen=True):
    """Where an event is: what people call it, its postal address, and a web address with a map; all as written."""

    name: str
    address: str = ""
    map: str = ""


class Session(msgspec.Struct, frozen=True):
    """One session: its length in minutes, its title, and who leads it, in the hosts' own words.

    One that comes from an ``answer`` (its node key) is led by its author, once they agreed, and may have no title.
    """

    minutes: int
    title: str = ""
    who: str = ""
    answer: str = ""


class Access(msgspec.Struct, frozen=True):
    """What people find there: each ``yes``, ``no``, or how it is in words, ``other`` always; empty: nobody said."""

    captions: str = ""
    interpreter: str = ""
    step_free: str = ""
    quiet_room: str = ""
    other: str = ""

    def told(self) -> tuple[tuple[str, str], ...]:
        """What was said, by name, in the order of ``ACCESS``."""
        return tuple((name, said) for name in ACCESS if (said := getattr(self, name)))


class Event(msgspec.Struct, frozen=True):
    """An event as its file says.

    Attributes:
        slug: the file's name without its ending; stands in ids and URLs.
        at, until: wall-clock times in the series' zone; ``until`` is on the same day.
        sessions: in their order.
        sign_up: who replies I AM COMING to the announcement stands on a list for the hosts.
        seats: how many of them have one; who signs up later waits. ``None``: as many as come.
        announce: how long before the start each announcement goes out, longest first.
        ask: what is asked afterwards; empty for nothing.
        ask_after: how long after the end, by the wall clock.
        hosts: handles; none means the series' own.
    """

    slug: str
    title: str
    date: date
    at: time
    until: time
    place: Place
    kind: EventKind = "teachmeet"
    about: str = ""
    access: Access = Access()
    sessions: tuple[Session, ...] = ()
    sign_up: bool = True
    seats: int | None = None
    announce: tuple[timedelta, ...] = ()
    ask: str = ""
    ask_after: timedelta = timedelta(days=1)
    hosts: tuple[str, ...] = ()


class SignUp(msgspec.Struct, frozen=True):
    """That somebody comes to an event, or does not after all.

    Attributes:
        chat: id of the chat that stands for it.
        account, called: keys of the account's id and of its handle.
        network: where the account is.
        handle: for the event's hosts; empty of who does not come.
        at: when it was said, UTC.
        coming: whether they come.
    """

    chat: str
    account: str
    called: str
    network: NetworkName
    handle: str
    at: datetime
    coming: bool


def seated(who: Sequence[SignUp], seats: int | None) -> tuple[Sequence[SignUp], Sequence[SignUp]]:
    """Who has a seat, and who waits for one: who signed up first sits first."""
    return (who, ()) if seats is None else (who[:seats], who[seats:])


def told(coming: int) -> int | None:
    """How many come, as far as a public page may say it: not of fewer than ``FEWEST``."""
    return coming if coming >= FEWEST else None


def event_id(series: str, event: str) -> str:
    """The id of the chat that stands for an event: ``edchat/events/teachmeet-leeds``."""
    return f"{series}/events/{event}"
