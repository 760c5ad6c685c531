"""What ``staffroom login`` does: ask for what a network needs, prove it, keep it where only its owner can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.bootstrap.accounts import HOW_TO_MARK, connect
from bot.bootstrap.house import read_settings
from bot.clock import SystemClock
from bot.config.secrets import Login, Secret, keep_hidden, save_login
from bot.errors import LoginError, Unauthorized, UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.config import AccountSettings, Settings
    from bot.ports import Identity, Network

    Ask = Callable[[str, bool], str]
    Tell = Callable[[str], None]


def login_account(folder: Path, account: str, *, mark_bot: bool, ask: Ask, tell: Tell) -> None:
    """Log in one account and keep the login.

    Args:
        folder: the bot's folder.
        account: its key under ``networks:``.
        mark_bot: put Bluesky's bot label on the profile.
        ask: asks a person a question; the second argument hides what is typed.
        tell: says one line.

    Raises:
        UserError: no such account.
        LoginError: the network does not accept it.
        NetworkError: the network cannot be reached.
    """
    settings = read_settings(folder)
    if account not in settings.networks:
        raise UserError(f"{account}: staffroom.yaml names no such account; it has {', '.join(settings.networks)}.")
    chosen = settings.networks[account]
    if chosen.network == "bluesky":
        _bluesky(settings, chosen, mark_bot=mark_bot, ask=ask, tell=tell)
    else:
        _mastodon(settings, chosen, ask=ask, tell=tell)


def _bluesky(settings: Settings, account: AccountSettings, *, mark_bot: bool, ask: Ask, tell: Tell) -> None:
    from bot.networks.bluesky import Bluesky, mark_as_bot

    tell("Make an app password at Settings, Privacy and security, App passwords. Your own password is not needed.")
    password = ask(f"App password of {account.handle}", True).strip()
    network = connect(settings, account, Login(password=Secret(password)), SystemClock())
    identity = _proved(network, account)
    save_login(settings.folder, account.key, {"password": password})
    if not identity.bot and mark_bot and isinstance(network, Bluesky):
        mark_as_bot(network)
        identity = network.identity()
    _told(identity.handle, account, tell, bot=identity.bot)


def _mastodon(settings: Settings, account: AccountSettings, *, ask: Ask, tell: Tell) -> None:
    from bot.networks.mastodon.login import page_to_open, redeem, register

    app = register(account.server, website=settings.site.address)
    keep_hidden(app.client_secret)
    tell(f"Open this page, logged in as the bot's own account, and allow Staffroom:\n\n  {page_to_open(app)}\n")
    token = redeem(app, ask("The code it shows", False))
    network = connect(settings, account, Login(token=Secret(token)), SystemClock())
    identity = _proved(network, account)
    save_login(settings.folder, account.key, {"token": token})
    _told(identity.handle, account, tell, bot=identity.bot)


def _proved(network: Network, account: AccountSettings) -> Identity:
    """Who we are there. Raises ``LoginError`` where the login is not accepted."""
    try:
        return network.identity()
    except Unauthorized as error:
        kind = {"bluesky": "app password", "mastodon": "login"}[account.network]
        message = f"{account.server} does not accept this {kind} for {account.handle or account.key}; nothing was kept."
        raise LoginError(message) from error


def _told(handle: str, account: AccountSettings, tell: Tell, *, bot: bool) -> None:
    tell(f"Logged in as {handle}. The login is kept in the bot's folder, readable by you alone.")
    if not bot:
        tell(f"One thing is left: mark the account as a bot. {HOW_TO_MARK[account.network]}.")
