"""Wires what tells operators of trouble, and tries it when asked to."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from errno import EDQUOT, ENOSPC, EROFS
from pathlib import Path
from typing import TYPE_CHECKING

from bot.bootstrap.house import accounts_of
from bot.config.secrets import mail_password
from bot.domain.alerts import is_mailbox
from bot.errors import LeaseLost, LoginError, StoreError, UserError
from bot.publishing.marker import FileMarker
from bot.services.alerts import Alerter
from bot.services.messenger import Messenger
from bot.services.outage import Outage, Watch
from bot.tick import LEASE, LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from bot.bootstrap.accounts import Accounts
    from bot.config import Settings
    from bot.ports import Clock, Mail, Store
    from bot.tick import House

LOOK = timedelta(seconds=20)
"""How often ``run`` looks whether somebody is to be told of something."""

MARK = ".staffroom-alerted"
"""Name of the file that remembers in the bot's folder that the store cannot be used, and that it was told."""

_FULL = frozenset({ENOSPC, EDQUOT, EROFS})


class Alerting:
    """What tells operators of trouble, as far as it can be made before the store is open.

    Args:
        settings: a folder's settings; with nobody to tell, nothing is ever told.
        accounts: ours.
        clock: tells the time.
        tell: says one line to whoever watches.
    """

    def __init__(self, settings: Settings, accounts: Accounts, clock: Clock, tell: Callable[[str], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._wanted = bool(settings.alerts.to)
        self._places = tuple(place.name for place in settings.publish)
        self.messenger = messenger_of(settings, accounts, tell)
        self.outage = Outage(self.messenger, _marker_of(settings.folder))

    def alerter(self, store: Store) -> Alerter | None:
        """What tells of what the store knows; ``None`` where nobody is to be told."""
        return Alerter(store, self.messenger, self._places) if self._wanted else None

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Tell it where what is done inside cannot read or write the store, and when it can again."""
        try:
            yield
        except LeaseLost:
            raise
        except StoreError as error:
            self._failed(str(error))
            raise
        except OSError as error:
            if error.errno in _FULL:
                self._failed(error.strerror or "nothing can be written")
            raise
        if self._wanted:
            self._say(self.outage.over(self._clock.now()))

    @contextmanager
    def proving(self, store: Store, owner: str) -> Iterator[None]:
        """Tell it where an account's login is not accepted and ``run`` cannot even begin."""
        try:
            yield
        except LoginError:
            alerter, now = self.alerter(store), self._clock.now()
            if alerter is not None and store.hold_lock(LOCK, owner, now, now + LEASE):
                try:
                    self._say(alerter.work(now).troubles)
                finally:
                    store.drop_lock(LOCK, owner)
            raise

    def _failed(self, reason: str) -> None:
        if self._wanted:
            self._say(self.outage.failed(reason, self._clock.now()))

    def _say(self, troubles: tuple[str, ...]) -> None:
        for trouble in troubles:
            self._tell(trouble)


def messenger_of(settings: Settings, accounts: Accounts, tell: Callable[[str], None]) -> Messenger:
    """What carries messages to those under ``alerts:``. A password's file that cannot be read is told, no more."""
    return Messenger(
        accounts=accounts_of(settings),
        conditions=accounts.conditions,
        network=accounts.network,
        to=settings.alerts.to,
        mail=_mail_of(settings, tell),
    )


def _mail_of(settings: Settings, tell: Callable[[str], None]) -> Mail | None:
    mail = settings.alerts.mail
    if mail is None or not any(map(is_mailbox, settings.alerts.to)):
        return None
    from bot.publishing.mail import SmtpMail

    try:
        secret = mail_password()
    except UserError as error:
        tell(f"alerts: {error}")
        secret = None
    return SmtpMail(
        server=mail.server,
        port=mail.port,
        sender=mail.sender,
        user=mail.user,
        password=secret.reveal() if secret else "",
    )


def _marker_of(folder: Path) -> FileMarker:
    named = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return FileMarker((folder / MARK, Path(tempfile.gettempdir()) / f"{MARK}-{named}"))


def duties_of(house: House, tell: Callable[[str], None]) -> dict[str, Callable[[], datetime]]:
    """What ``run`` does for alerts, as a further duty of its loop; none where nobody is to be told."""
    if house.alerts is None or house.outage is None:
        return {}
    watch = Watch(house.alerts, house.outage, house.store, tell)

    def look() -> datetime:
        watch.look(house.clock.now())
        return house.clock.now() + LOOK

    return {"alerts": look}
