"""The store, as a port: the truth, and all that may be asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from bot.ports.alerts import AlertBook
from bot.ports.badges import BadgeBook
from bot.ports.digests import DigestBook
from bot.ports.downloads import DownloadBook
from bot.ports.letters import LetterBook
from bot.ports.outbox import OutboxBook
from bot.ports.people import PeopleBook
from bot.ports.pictures import PictureBook
from bot.ports.posts import PostBook

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

    from bot.domain.chronicle import Chronicle
    from bot.domain.consent import Wish
    from bot.domain.places import PlaceState
    from bot.domain.posts import Account
    from bot.domain.records import ChatContent, ChatFigures, SharedLink
    from bot.domain.vitals import Gauges


class Store(
    OutboxBook,
    PostBook,
    PeopleBook,
    PictureBook,
    DigestBook,
    AlertBook,
    LetterBook,
    BadgeBook,
    DownloadBook,
    Protocol,
):
    """The truth, in parts. Every method is one transaction; all times are aware UTC."""

    # -- archive ---------------------------------------------------------------------------------------------
    def content(self, chat: str) -> ChatContent:
        """All that may be shown of a chat. There is no other way to read answers for people to see."""
        ...

    def figures(self) -> Mapping[str, ChatFigures]:
        """Counts of shown answers by chat id."""
        ...

    def shared_links(self, chats: Collection[str]) -> Mapping[str, tuple[SharedLink, ...]]:
        """The links in these chats' shown answers, by chat id, in order of time; those without any are left out.

        What stands behind a content warning stays there.
        """
        ...

    def chronicle(self, series: str) -> Chronicle:
        """What a series' chats left behind, for figures about it: only of what may be shown, without any words."""
        ...

    def listed(self) -> tuple[Account, ...]:
        """Who asked to be in the directory of people: only by their own name, and while words of theirs are kept."""
        ...

    def wishing(self) -> tuple[tuple[Account | None, tuple[Wish, ...]], ...]:
        """Everybody who ever asked something of us, with all they asked; ``None`` for whom no words are kept."""
        ...

    def page_marks(self) -> Mapping[str, str]:
        """Fingerprint of the inputs from which each page (path) was last made."""
        ...

    def save_page_marks(self, marks: Mapping[str, str], gone: Collection[str]) -> None:
        """Remember fingerprints, forget those of pages that are gone."""
        ...

    def places(self) -> Mapping[str, PlaceState]:
        """How each place fares where the archive stands, by its name, as far as something is known of it."""
        ...

    def save_place(self, name: str, state: PlaceState | None) -> None:
        """Remember how a place fares; ``None`` forgets it."""
        ...

    def copies(self, keys: Collection[str]) -> Mapping[str, str]:
        """Of these node keys those that are bridges' copies, each with its original's; empty where it has none that
        we know.
        """
        ...

    def save_copies(self, pairs: Mapping[str, str]) -> None:
        """Remember copies, each with its original's node key, or empty."""
        ...

    # -- running ---------------------------------------------------------------------------------------------
    def hold_lock(self, name: str, owner: str, now: datetime, lease_until: datetime) -> bool:
        """Take or renew a named lease; false while someone else holds it."""
        ...

    def lock_owner(self, name: str, now: datetime) -> str:
        """Who holds a named lease now; empty for nobody."""
        ...

    def drop_lock(self, name: str, owner: str) -> None:
        """Give a named lease back."""
        ...

    def is_rehearsal(self) -> bool:
        """Whether everything in this database is made up."""
        ...

    def mark_rehearsal(self) -> bool:
        """Say that everything in this database is made up; false, and nothing done, where it holds a real chat."""
        ...

    def beat(self, kind: Literal["run", "tick"], now: datetime) -> None:
        """Note that ``run`` or ``tick`` worked; the last twenty times of each are kept."""
        ...

    def beats(self, kind: Literal["run", "tick"]) -> tuple[datetime, ...]:
        """When ``run`` or ``tick`` worked lately, oldest first."""
        ...

    def oldest_check(self) -> datetime | None:
        """When the kept post that was not looked up for longest was, UTC; ``None`` where nothing is kept."""
        ...

    def gauges(self, accounts: Collection[str], now: datetime, since: datetime, longest: timedelta) -> Gauges:
        """What the store knows of how the bot does, for whoever watches it; cheap, and nothing of it names a person.

        Args:
            accounts: our account keys.
            now: UTC.
            since: lateness is counted of what was sent from then on, UTC.
            longest: how late a delivery may be at most; those that were due longer before ``since`` are not looked at.
        """
        ...

    def tidy(self, now: datetime) -> bool:
        """Give back the room of what was erased, at most once a day; gives whether it was done. Where somebody else is
        writing, or the database does it by itself, nothing happens.
        """
        ...

    def counts(self) -> Mapping[str, int]:
        """Figures for ``status``: deliveries by state (``deliveries.sent`` …), ``posts``, ``held``, ``tombstones``."""
        ...
