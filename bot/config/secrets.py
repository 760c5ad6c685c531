"""Passwords and tokens: from the environment, a mounted file, systemd's credentials or ``login``'s own file.

They are never read from YAML, and a ``Secret`` shows itself to nobody who does not ask by name.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from bot.config.closed import put_in_place, read_closed
from bot.config.staffroom import absolute_database
from bot.errors import ConfigError, LoginError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.config.settings import Settings

LOGINS = ".staffroom-logins.json"
ERASURES = ".staffroom-erasures"

_MOST_TOKENS = 32
_known: set[str | bytes] = set()
_tokens: deque[str] = deque(maxlen=_MOST_TOKENS)  # of sessions, renewed every few hours: only the last are any good


def known_secrets() -> frozenset[str | bytes]:
    """Every secret this process has met, so that no log shows it."""
    return frozenset(_known).union(tuple(_tokens))


def keep_hidden(secret: str | bytes) -> None:
    """Let no log show this. Of a URL it is the password, of a kept session its tokens."""
    if isinstance(secret, bytes):
        _known.add(secret)
    elif secret.startswith("{"):
        with contextlib.suppress(msgspec.DecodeError):
            kept = msgspec.json.decode(secret, type=dict[str, Any])
            _tokens.extend(kept[name] for name in ("access", "refresh") if isinstance(kept.get(name), str))
    elif "://" in secret:
        with contextlib.suppress(ValueError):
            password = urlsplit(secret).password or ""
            _known.update(form for form in (password, unquote(password)) if form)
    else:
        _known.add(secret)


class Secret:
    """A text that neither ``repr``, ``str`` nor a log line shows; ``reveal()`` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        keep_hidden(text)

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


class Login(msgspec.Struct, frozen=True):
    """What an account logs in with.

    Attributes:
        password: Bluesky's app password.
        token: Mastodon's access token.
        saved: all else that ``login`` wrote for this account (a session, a client's id and secret …).
    """

    password: Secret | None = None
    token: Secret | None = None
    saved: dict[str, Secret] = {}


def load_secrets(settings: Settings, env: Mapping[str, str] | None = None) -> dict[str, Login]:
    """The login of every account, by the account's name. An account without any gets an empty ``Login``.

    For account ``maths`` the password is the first found of ``STAFFROOM_MATHS_PASSWORD``, the content of the file that
    ``STAFFROOM_MATHS_PASSWORD_FILE`` names, ``$CREDENTIALS_DIRECTORY/STAFFROOM_MATHS_PASSWORD`` (or the same in small
    letters), and what ``login`` saved; its token alike. A hyphen in the account's name becomes ``_``.

    Raises:
        ConfigError: a named file cannot be read, or is empty.
        LoginError: others can read the login file, or it is damaged.
    """
    env = os.environ if env is None else env
    logins = _read_logins(settings.folder)
    found = {}
    for key in settings.networks:
        saved = {name: Secret(text) for name, text in logins.get(key, {}).items()}
        found[key] = Login(
            password=_outside(_variable(key, "PASSWORD"), env) or saved.get("password"),
            token=_outside(_variable(key, "TOKEN"), env) or saved.get("token"),
            saved=saved,
        )
    return found


def database_url(settings: Settings, env: Mapping[str, str] | None = None) -> Secret:
    """The database's URL: ``STAFFROOM_DATABASE`` (found like a password) before ``database:``."""
    given = _outside("STAFFROOM_DATABASE", os.environ if env is None else env)
    return Secret(absolute_database(given.reveal() if given else settings.database, settings.folder))


def mail_password(env: Mapping[str, str] | None = None) -> Secret | None:
    """The mail server's password: ``STAFFROOM_MAIL_PASSWORD``, found as an account's is; ``None`` where there is none.

    Raises:
        ConfigError: a named file cannot be read, or is empty.
    """
    return _outside("STAFFROOM_MAIL_PASSWORD", os.environ if env is None else env)


def backup_passphrase(env: Mapping[str, str] | None = None) -> Secret | None:
    """What backups are encrypted with: ``STAFFROOM_BACKUP_PASSPHRASE`` (found like a password); ``None`` if unset."""
    return _outside("STAFFROOM_BACKUP_PASSPHRASE", os.environ if env is None else env)


def place_secret(
    place: str, what: Literal["TOKEN", "KEY", "SECRET"], env: Mapping[str, str] | None = None
) -> Secret | None:
    """A place's secret: for ``web`` it is ``STAFFROOM_WEB_TOKEN`` and the like, found as a password is.

    Raises:
        ConfigError: a named file cannot be read, or is empty.
    """
    return _outside(_variable(place, what), os.environ if env is None else env)


def erasures_file(folder: Path, env: Mapping[str, str] | None = None) -> Path:
    """Where the list of erasures is: ``STAFFROOM_ERASURES``, best on another disk, or a file in the bot's folder."""
    env = os.environ if env is None else env
    return folder / env["STAFFROOM_ERASURES"] if env.get("STAFFROOM_ERASURES") else folder / ERASURES


def read_login(folder: Path, account: str) -> dict[str, str]:
    """What ``save_login`` kept for an account; empty where it kept nothing.

    Raises:
        LoginError: others can read the file, or it is damaged.
    """
    return _read_logins(folder).get(account, {})


def save_login(folder: Path, account: str, values: Mapping[str, str]) -> None:
    """Keep an account's login in the folder, readable by the owner alone; other accounts' logins stay.

    The file is written beside its place and renamed into it, so that a crash leaves the old or the new one.

    Raises:
        LoginError: others can read the file there is, or it is damaged, or there is no room for the new one.
    """
    logins = _read_logins(folder) | {account: dict(values)}
    try:
        put_in_place(folder / LOGINS, logins)
    except OSError as error:
        raise LoginError(
            f"The logins cannot be kept in {folder / LOGINS}: {error.strerror or error}. Those that were there stay. "
            "Check that the folder belongs to the bot's user and that the disk has room."
        ) from error


def _variable(account: str, what: str) -> str:
    return f"STAFFROOM_{re.sub(r'[^A-Z0-9]', '_', account.upper())}_{what}"


def _outside(name: str, env: Mapping[str, str]) -> Secret | None:
    """A secret from the environment, from a file it names, or from systemd's credentials."""
    if env.get(name):
        return Secret(env[name])
    if env.get(f"{name}_FILE"):
        return _from_file(f"{name}_FILE", Path(env[f"{name}_FILE"]))
    directory = env.get("CREDENTIALS_DIRECTORY")
    for spelled in (name, name.lower()):
        if directory and (Path(directory) / spelled).is_file():
            return _from_file("CREDENTIALS_DIRECTORY", Path(directory) / spelled)
    return None


def _from_file(variable: str, path: Path) -> Secret:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        say = f"The file {path} that it names cannot be read: {reason}."
        raise ConfigError([Problem(variable, 0, 0, say)]) from None
    if not text:
        raise ConfigError([Problem(variable, 0, 0, f"The file {path} that it names is empty.")])
    return Secret(text)


def _read_logins(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / LOGINS
    data = read_closed(path, "your logins", LoginError)
    if data is None:
        return {}
    try:
        return msgspec.json.decode(data, type=dict[str, dict[str, str]])
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The decoder's message could repeat part of the file; the line above it must not.
        raise LoginError(f"{path} is damaged. Delete it and run `staffroom login` again.") from None
