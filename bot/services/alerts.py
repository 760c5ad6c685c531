"""Telling operators of trouble: what is wrong is looked at, written down with the words about it, then sent.

A message is stored before it is sent, so a crash between the two loses none; one that may have been sent is sent again,
under the same Message-ID or key. What went wrong in sending is told without the address or handle of anybody.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.domain.alerts import HOUR, RECENT, Sight, decide, is_mailbox
from bot.domain.alertwords import message
from bot.domain.outbox import backoff
from bot.domain.places import SITE
from bot.errors import Busy, NetworkError, Refused, Unauthorized
from bot.services.recordrequests import untold_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports import Notice, Store
    from bot.services.messenger import Messenger

TRIED_FOR = timedelta(days=1)
"""How long a message is tried; after that it is no news any more."""

LOGIN_WAIT = timedelta(minutes=10)

KEPT = timedelta(days=60)
"""How long it is remembered that a message was sent."""

_BOOK, _RECORDS = "alerts", "records"
_LIMIT = 8  # in one go: a mail may take a minute, and whoever waits for this duty must not think that it hangs
_FIRST_WAIT, _LONGEST_WAIT = 60.0, 1800.0


class Told(msgspec.Struct, frozen=True):
    """How many messages were sent, and what went wrong, in words without an address or a handle."""

    sent: int = 0
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alerter:
    """Tells operators of trouble: what to tell stands in ``store``, ``messenger`` carries it.

    Attributes:
        places: names of the places where the archive stands besides the site's own folder.
    """

    store: Store
    messenger: Messenger
    places: Sequence[str] = ()

    def work(self, now: datetime) -> Told:
        """Look what is wrong, and tell it.

        Raises:
            StoreError: the store cannot be used.
        """
        self.look(now)
        return self.send(now)

    def look(self, now: datetime) -> None:
        """Write down what began, goes on and ended, with the message about it."""
        store, accounts, health = self.store, self.messenger.accounts, self.messenger.health()
        troubled = tuple(one for one in store.troubled(now - RECENT) if one.account in accounts)
        silent = any(one.silent_since for one in health.values())
        sight = Sight(
            accounts=tuple(accounts),
            health=health,
            troubled=troubled,
            chats=store.chats() if silent else (),
            beats=tuple(sorted((*store.beats("run"), *store.beats("tick")))) if troubled else (),
            messages=store.messages_since(now - HOUR),
            places=self._places(),
            records=self._records(now),
        )
        decision = decide(sight, store.alerts(), now)
        if decision.remember or decision.forget:
            notices = self.messenger.notices(message(decision.news), now) if decision.news else ()
            store.alert(decision.remember, decision.forget, notices)

    def _records(self, now: datetime) -> tuple[datetime, ...] | None:
        """Records that hosts were not told of; looked at once in an hour, for all wishes are read for it."""
        looked = self.store.cursor(_BOOK, _RECORDS)
        if looked and abs(now - datetime.fromisoformat(looked)) < HOUR:
            return None
        self.store.save_cursor(_BOOK, _RECORDS, now.isoformat())
        return untold_records(self.store, self.messenger.accounts, now)

    def _places(self) -> dict[str, datetime | None]:
        known = self.store.places()
        return {name: known[name].failing_since if name in known else None for name in (SITE, *self.places)}

    def send(self, now: datetime) -> Told:
        """Send what was written down; what does not work is tried again for a day."""
        sent, troubles = 0, list[str]()
        waiting: tuple[datetime, str] | None = None  # until when the mail server is left alone, and why
        for notice in self.store.notices(now, _LIMIT):
            mailed = is_mailbox(notice.to)
            again, why = waiting if waiting and mailed else self._tried(notice, now)
            if again is not None and again < notice.at + TRIED_FOR:
                self.store.notice_again(notice.id, again, why)
                waiting = (again, why) if mailed else waiting
            else:
                self.store.notice_done(notice.id, now, why)
            if why:
                troubles.append(f"alerts: {why}")
            else:
                sent += 1
        self.store.forget_notices(now - KEPT)
        return Told(sent, tuple(dict.fromkeys(troubles)))

    def _tried(self, notice: Notice, now: datetime) -> tuple[datetime | None, str]:
        """Try to send one; gives when to try again (``None`` for never) and what went wrong (empty for nothing)."""
        if now - notice.at >= TRIED_FOR:
            return None, "a message was not sent within a day, and is given up"
        try:
            self.messenger.carry(notice)
        except Refused as error:
            return None, str(error)
        except Busy as error:
            return now + timedelta(seconds=error.retry_after), str(error)
        except Unauthorized as error:
            return now + LOGIN_WAIT, str(error)
        except NetworkError as error:
            chances = random.Random(f"{notice.id}{notice.attempts}")  # noqa: S311 - spreads waits, guards nothing
            wait = backoff(notice.attempts + 1, chances, first=_FIRST_WAIT, most=_LONGEST_WAIT)
            return now + wait, str(error)
        return None, ""
