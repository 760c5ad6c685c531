"""Our accounts, opened when first needed: their adapters, who they are, and whether they are marked as bots."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bot.bootstrap.logs import HIDING
from bot.config.secrets import Login, keep_hidden, load_secrets, save_login
from bot.errors import LoginError, RefusedToStart
from bot.ports import Condition

if TYPE_CHECKING:
    from datetime import datetime

    from bot.config import AccountSettings, Settings
    from bot.ports import Clock, Identity, Network

REQUEST_SECONDS = 20.0
"""How long one request may take. A claim's lease (three minutes) outlives several."""

HOW_TO_MARK = {
    "bluesky": "`staffroom login bluesky --mark-bot` puts the label on its profile",
    "mastodon": "tick “This is an automated account” under Preferences, Public profile",
}


def connect(settings: Settings, account: AccountSettings, login: Login, clock: Clock) -> Network:
    """Make the adapter for one account. Nothing is asked of the network yet.

    Raises:
        LoginError: there is no login for it.
    """
    if account.network == "bluesky":
        from bot.networks.bluesky import Bluesky

        session = login.saved.get("session")
        if login.password is None and session is None:
            raise LoginError(_no_login(account))
        kept = {name: secret.reveal() for name, secret in login.saved.items()}

        def keep(session: str) -> None:
            keep_hidden(session)
            save_login(settings.folder, account.key, {**kept, "session": session})

        return Bluesky(
            account=account.key,
            server=account.server,
            handle=account.handle,
            password=login.password.reveal() if login.password else "",
            session=session.reveal() if session else None,
            on_session=keep,
            appview=account.appview,
            streams=account.streams,
            clock=clock.now,
            timeout=REQUEST_SECONDS,
        )
    from bot.networks.mastodon import Mastodon

    if login.token is None:
        raise LoginError(_no_login(account))
    return Mastodon(
        account=account.key,
        server=account.server,
        token=login.token.reveal(),
        clock=clock.now,
        timeout=REQUEST_SECONDS,
        named=[other.server for other in settings.networks.values()],
    )


def _no_login(account: AccountSettings) -> str:
    kind = {"bluesky": "PASSWORD", "mastodon": "TOKEN"}[account.network]
    name = account.key.upper().replace("-", "_")
    return (
        f"{account.key}: there is no login for this account. Run `staffroom login {account.key}`, "
        f"or set STAFFROOM_{name}_{kind}."
    )


class Accounts:
    """The adapters of all accounts, each opened once, and refused where the account is not marked as a bot."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._logins: dict[str, Login] | None = None
        self._open: dict[str, Network] = {}
        self._known: dict[str, Identity] = {}
        self._lacking: dict[str, datetime] = {}
        self._asking = {key: threading.Lock() for key in settings.networks}

    def network(self, account: str) -> Network:
        """The adapter for an account key, proved to be a bot.

        Raises:
            LoginError: no login.
            RefusedToStart: the account is not marked as a bot.
            NetworkError: it could not be asked.
        """
        self.identity(account)
        return self._open[account]

    def own_id(self, account: str) -> str:
        """Our ``Account.id`` there."""
        return self.identity(account).id

    def identity(self, account: str) -> Identity:
        """Who we are there; asked once. Accounts do not wait for each other."""
        with self._asking[account]:
            if account not in self._known:
                identity = self._adapter(account).identity()
                if not identity.bot:
                    network = self._settings.networks[account].network
                    message = (
                        f"{account}: {identity.handle} is not marked as a bot, and Staffroom only speaks as one: "
                        f"{HOW_TO_MARK[network]}."
                    )
                    raise RefusedToStart(message)
                self._known[account] = identity
                HIDING.know_handles({identity.handle: account})
            return self._known[account]

    def _adapter(self, account: str) -> Network:
        with self._lock:
            if self._logins is None:
                self._logins = load_secrets(self._settings)
            if account not in self._open:
                settings = self._settings
                try:
                    opened = connect(settings, settings.networks[account], self._logins[account], self._clock)
                except LoginError:
                    self._lacking.setdefault(account, self._clock.now())
                    raise
                self._open[account] = opened
            return self._open[account]

    def conditions(self) -> dict[str, Condition]:
        """How the accounts fare that were asked for anything; one that has no login fares as if it were refused."""
        lacking = {key: Condition(refused_since=since) for key, since in self._lacking.copy().items()}
        return lacking | {key: network.condition() for key, network in self._open.copy().items()}

    def close(self) -> None:
        """Let go of all connections."""
        for network in self._open.values():
            network.close()
