"""Registering at a server and logging in once, by hand: the code is shown to the person, who copies it to us.

This is the one place that uses Mastodon.py, which knows the turns that servers take here; it is imported only then.
https://docs.joinmastodon.org/spec/oauth/ and https://docs.joinmastodon.org/client/token/
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from bot.domain.plainwords import plain_words
from bot.errors import LoginError

if TYPE_CHECKING:
    from mastodon import Mastodon as Client
    from requests import Session

SCOPES = (
    "profile",
    "read:accounts",
    "read:follows",  # to see who blocks us
    "read:statuses",
    "read:notifications",
    "read:search",
    "write:statuses",
    "write:favourites",  # the one sign that a request was understood
    "write:media",
)
"""The least that suffices (https://docs.joinmastodon.org/api/oauth-scopes/)."""

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
TIMEOUT = 30.0


class Registered(msgspec.Struct, frozen=True):
    """Staffroom as a server knows it: keep it until the code is redeemed; ``client_secret`` is a secret."""

    server: str
    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"<Staffroom at {self.server}>"


def register(server: str, *, name: str = "Staffroom", website: str = "", timeout: float = TIMEOUT) -> Registered:
    """Make Staffroom known at a server. https://docs.joinmastodon.org/methods/apps/#create.

    Args:
        server: ``social.example.org`` or its whole address.
        name: shown to the person who is asked for leave.
        website: shown with it.
        timeout: seconds for each request.

    Raises:
        LoginError: the server cannot be reached, is none of this kind, or refuses.
    """
    from mastodon import Mastodon as Client  # noqa: PLC0415 -- it takes long to import, and only this needs it

    address = _address(server)
    try:
        client_id, client_secret = Client.create_app(
            name,
            scopes=list(SCOPES),
            redirect_uris=OUT_OF_BAND,
            website=website or None,
            api_base_url=address,
            request_timeout=timeout,
            session=_straight(),
        )
    except Exception as error:  # Mastodon.py lets KeyError and more through where a server answers otherwise
        raise LoginError(
            f"{address} did not register Staffroom ({_reason(error)}); is this a Mastodon server?"
        ) from error
    return Registered(address, client_id, client_secret)


def page_to_open(app: Registered, *, timeout: float = TIMEOUT) -> str:
    """The page on which the bot's account gives its leave and gets a code. Log in there as the bot, not as yourself.

    Raises:
        LoginError: the server cannot be asked where that page is.
    """
    try:
        return str(
            _client(app, timeout).auth_request_url(
                redirect_uris=OUT_OF_BAND, scopes=list(SCOPES), force_login=True, allow_http=_is_plain(app.server)
            )
        )
    except Exception as error:  # as above
        raise LoginError(f"{app.server} did not say where to log in ({_reason(error)})") from error


def redeem(app: Registered, code: str, *, timeout: float = TIMEOUT) -> str:
    """Give the code back and get the access token, which does not expire: a secret.

    Raises:
        LoginError: the code is wrong, old or used, or the leave was for less than we need.
    """
    try:
        return str(
            _client(app, timeout).log_in(
                code=code.strip(), redirect_uri=OUT_OF_BAND, scopes=list(SCOPES), allow_http=_is_plain(app.server)
            )
        )
    except Exception as error:  # as above
        raise LoginError(
            f"{app.server} did not accept the code; open the page again for a fresh one ({type(error).__name__})"
        ) from error


def _reason(error: Exception) -> str:
    """Why, without what a server may repeat of what it was sent."""
    words = plain_words(" ".join(str(part) for part in error.args))
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _client(app: Registered, timeout: float) -> Client:
    from mastodon import Mastodon as Client  # noqa: PLC0415 -- as above

    return Client(
        client_id=app.client_id,
        client_secret=app.client_secret,
        api_base_url=app.server,
        request_timeout=timeout,
        ratelimit_method="throw",
        session=_straight(),
    )


def _straight() -> Session:
    """What Mastodon.py is to ask with."""
    from bot.networks.mastodon.straight import straight  # noqa: PLC0415 -- imports what comes with Mastodon.py, see above

    return straight()


def _address(server: str) -> str:
    """The server's address. Raises ``LoginError`` for a plain ``http`` one that is not on this machine."""
    address = server.strip().rstrip("/")
    if "://" not in address:
        address = f"https://{address}"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise LoginError(f"{server!r} is not a server's address; write it like https://social.example.org")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise LoginError(f"{address} would send the password unprotected; write https:// instead")
    return f"{parts.scheme}://{parts.netloc}"


def _is_plain(server: str) -> bool:
    return server.startswith("http://")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
