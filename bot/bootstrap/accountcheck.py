"""What ``staffroom doctor`` examines of each account: its login, what that may do, its mark, the server's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.bootstrap.accounts import HOW_TO_MARK, connect
from bot.bootstrap.findings import Finding
from bot.clock import SystemClock
from bot.config.secrets import load_secrets
from bot.errors import LoginError, NetworkError, StaffroomError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.config import AccountSettings, Settings
    from bot.config.secrets import Login
    from bot.ports import Identity

CLOCK_OFF = 5.0
"""Seconds by which our clock may differ from a server's before prompts are noticeably early or late."""

NEEDED_SCOPES = (
    "profile",
    "read:accounts",
    "read:follows",
    "read:statuses",
    "read:notifications",
    "read:search",
    "write:statuses",
    "write:favourites",
    "write:media",
)


def examine_accounts(settings: Settings) -> Iterator[Finding]:
    """Log in with every account and see how it fares."""
    try:
        logins = load_secrets(settings)
    except UserError as error:
        yield Finding("logins", "wrong", str(error))
        return
    for key, account in settings.networks.items():
        yield from _account(settings, account, logins[key])


def _account(settings: Settings, account: AccountSettings, login: Login) -> Iterator[Finding]:
    try:
        network = connect(settings, account, login, SystemClock())
        identity = network.identity()
    except LoginError as error:
        what, _, mend = str(error).removeprefix(f"{account.key}: ").partition(". ")
        yield Finding(account.key, "wrong", what, mend)
        return
    except NetworkError as error:
        yield Finding(
            account.key,
            "wrong",
            str(error).removeprefix(f"{account.key}: "),
            f"Is {account.server} up, and the login still good?",
        )
        return
    except StaffroomError as error:
        yield Finding(account.key, "wrong", str(error).removeprefix(f"{account.key}: "))
        return
    yield Finding(
        account.key, "well", f"logged in as {identity.handle} on {account.server} {identity.software}".strip()
    )
    if not identity.bot:
        yield Finding(account.key, "wrong", "the account is not marked as a bot", f"{HOW_TO_MARK[account.network]}.")
    yield from _scopes(account, identity)
    yield _clock(account, identity)
    yield _terms(account, identity)
    network.close()


def _scopes(account: AccountSettings, identity: Identity) -> Iterator[Finding]:
    """What the login may do; a broad scope (``read``, ``write``) covers the narrow ones."""
    if account.network != "mastodon" or not identity.scopes:
        return
    given = set(identity.scopes)
    lacking = [scope for scope in NEEDED_SCOPES if not _covered(scope, given)]
    if lacking:
        yield Finding(
            account.key, "wrong", f"the login may not: {', '.join(lacking)}", f"Run `staffroom login {account.key}`."
        )


def _covered(scope: str, given: set[str]) -> bool:
    broad = "read" if scope == "profile" else scope.partition(":")[0]
    return scope in given or broad in given or (scope == "profile" and "read:accounts" in given)


def _clock(account: AccountSettings, identity: Identity) -> Finding:
    if identity.ahead is None:
        return Finding(account.key, "note", "the server does not tell the time, so this clock could not be compared")
    if abs(identity.ahead) > CLOCK_OFF:
        return Finding(
            account.key,
            "wrong",
            f"this computer's clock differs from the server's by {identity.ahead:+.0f} seconds",
            "Switch on time synchronisation (systemd-timesyncd or chrony).",
        )
    return Finding(account.key, "well", "this computer's clock agrees with the server's")


def _terms(account: AccountSettings, identity: Identity) -> Finding:
    where = identity.terms or account.server
    return Finding(
        account.key,
        "note",
        f"some servers forbid archiving in their terms; read {where}",
        "If they do, run the bot on your own server, or on one whose admins agree.",
    )
