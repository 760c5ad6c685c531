"""The tokens of a login: what they are, what they say, and whether a kept text still holds some.

https://docs.bsky.app/docs/api/com-atproto-server-create-session, https://docs.bsky.app/docs/api/com-atproto-server-refresh-session
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import msgspec

_LONGEST_TOKEN = 16 * 1024


class Session(msgspec.Struct, frozen=True):
    """Tokens of one login, and for which server and login name they are. Never shown."""

    server: str
    login: str
    did: str
    handle: str
    access: str
    refresh: str

    def __repr__(self) -> str:
        return f"<session of {self.handle}>"


class Tokens(msgspec.Struct, rename="camel"):
    """What createSession and refreshSession answer."""

    did: str
    handle: str
    access_jwt: str
    refresh_jwt: str

    def __repr__(self) -> str:
        return f"<tokens of {self.handle}>"


def restored(kept: str | None, server: str, login: str) -> Session | None:
    """The session that a text holds (``Xrpc``'s ``on_session``), if it is one and of this login at this server."""
    try:
        session = msgspec.json.decode(kept or "null", type=Session | None)
    except msgspec.DecodeError:
        return None
    if session is None or (session.server, session.login) != (server, login):
        return None
    return session


def is_token(text: str) -> bool:
    """Whether a text can go into a header (https://www.rfc-editor.org/rfc/rfc6750#section-2.1)."""
    return 0 < len(text) <= _LONGEST_TOKEN and text.isascii() and text.isprintable() and " " not in text


class _Claims(msgspec.Struct):
    """What we read of a token (https://www.rfc-editor.org/rfc/rfc7519)."""

    scope: str = ""
    exp: float | None = None


def token_scope(session: Session) -> str:
    """What the login may do, as its token says: ``com.atproto.appPass`` for an app password; empty if unknown."""
    return _claims(session.access).scope


def login_ends(session: Session) -> datetime | None:
    """When the tokens can no longer be renewed, UTC: each renewal gives about ninety days more; ``None`` if unknown."""
    ends = _claims(session.refresh).exp
    try:
        return None if ends is None else datetime.fromtimestamp(ends, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _claims(token: str) -> _Claims:
    try:
        claims = token.split(".")[1]
        return msgspec.json.decode(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)), type=_Claims)
    except (IndexError, ValueError, RecursionError):
        return _Claims()
