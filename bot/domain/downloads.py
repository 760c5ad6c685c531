"""One-time downloads: a record as one file at an address that only its owner was told, good once and for seven days."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

OFFERED = "record.offered"
"""Under which name of a stream it stands that a record waits to be fetched; the account is that person's key."""

TOLD_OF_DOWNLOADS = "download:"
"""How ids of errands begin that tell somebody where their record is; they end in the key of that account."""

GOOD_FOR = timedelta(days=7)
"""How long a record waits to be fetched."""

TOKEN_BYTES = 32
"""How much chance is in an address; more than anybody can try."""

MOST = 50 * 2**20
"""Bytes that a file to be fetched may have."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes in base64url, without padding


class Download(msgspec.Struct, frozen=True):
    """A record that waits to be fetched.

    Attributes:
        account: whose it is: the key of that account's id.
        name: what its file is called: a hash of the token, from which nobody can tell the address.
        until: when it is no longer good, UTC.
        language: of the page it is fetched from, as a BCP 47 tag.
        others: the keys of that person's other accounts, whose words may stand in it, too.
    """

    account: str
    name: str
    until: datetime
    language: str
    others: tuple[str, ...] = ()


def name_of(token: str) -> str:
    """What the file behind a token is called: its SHA-256, hexadecimal; empty for what cannot be a token."""
    return hashlib.sha256(token.encode()).hexdigest() if _TOKEN.fullmatch(token) else ""


def token_in(path: str) -> str:
    """The token in the path of a request: what stands behind its last slash, whatever a proxy put before it."""
    return path.partition("?")[0].rpartition("/")[2]


def is_good(download: Download, now: datetime) -> bool:
    """Whether it may still be fetched."""
    return now < download.until


def left_over(downloads: Collection[Download], files: Collection[str], now: datetime) -> tuple[str, ...]:
    """Names of files that nobody may fetch any more: too old, replaced, or their owner left. In order of name."""
    good = {one.name for one in downloads if is_good(one, now)}
    return tuple(sorted(set(files) - good))
