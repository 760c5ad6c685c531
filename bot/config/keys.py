"""Keys that the bot makes for itself, each in a file of its own: what signs badges, and what makes pseudonyms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.config.closed import put_in_place, read_closed
from bot.config.secrets import keep_hidden
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BADGE_KEY = ".staffroom-badge-key.json"
PLAYED_BADGE_KEY = ".staffroom-badge-key.json.rehearsal"
RESEARCH_KEY = ".staffroom-research-key.json"

_KEY_BYTES = 32


def read_badge_key(path: Path) -> dict[str, str]:
    """The private key that signs badges, as a JWK; empty where there is none. No log shows its private part.

    Raises:
        UserError: others can read the file, or it is damaged.
    """
    data = read_closed(path, "the key that signs badges", UserError)
    if data is None:
        return {}
    try:
        key = msgspec.json.decode(data, type=dict[str, str])
        keep_hidden(key["d"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        raise UserError(
            f"{path} is damaged. Put it back from where you keep a copy; without one, move it away and run"
            " `staffroom badge-key`: a new key is made, and badges of the old one stay good."
        ) from None
    return key


def save_badge_key(path: Path, key: Mapping[str, str]) -> None:
    """Keep the private key that signs badges, readable by the owner alone, in place of the one before.

    Raises:
        UserError: there is no room for it; the one before stays.
    """
    keep_hidden(key["d"])
    _save(path, key)


def read_research_key(path: Path) -> bytes:
    """The key of a research project's pseudonyms, 32 bytes; empty where there is none. No log shows it.

    Raises:
        UserError: others can read the file, or it is damaged.
    """
    data = read_closed(path, "the key of research pseudonyms", UserError)
    if data is None:
        return b""
    try:
        text = msgspec.json.decode(data, type=dict[str, str])["key"]
        key = bytes.fromhex(text)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise UserError(
            f"{path} is damaged. Put it back from where you keep a copy; without one, write --new-key: "
            "the pseudonyms will be others, and cannot be joined with those of earlier exports."
        )
    keep_hidden(text)
    return key


def save_research_key(path: Path, key: bytes) -> None:
    """Keep the key of a research project's pseudonyms, readable by the owner alone, in place of the one before.

    Raises:
        UserError: there is no room for it; the one before stays.
    """
    keep_hidden(key.hex())
    _save(path, {"key": key.hex()})


def _save(path: Path, key: Mapping[str, str]) -> None:
    try:
        put_in_place(path, key)
    except OSError as error:
        raise UserError(
            f"The key cannot be kept in {path}: {error.strerror or error}. Nothing has changed. "
            "Check that the folder belongs to the bot's user and that the disk has room."
        ) from error
