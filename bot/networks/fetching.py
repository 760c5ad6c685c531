"""Pictures by their address, from our own servers and from whoever they name: little, in bounded time, in the open.

An address of a picture comes from a network's answer and may lead anywhere. So it is asked for as ``public`` allows,
without a login, and each place it is sent on to is looked at as the first one was: Mastodon sends on to where it keeps
copies of other servers' files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpx

from bot.domain.copying import MOST_BYTES
from bot.errors import Unanswered
from bot.networks import bounded
from bot.networks.ids import is_address
from bot.networks.public import PublicOnly, is_name

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS = 5.0  # for each piece of an answer
WHOLE_SECONDS = 15.0  # for a picture with all places it is sent on to
MOST_SENT_ON = 2

_PORTS = {"http": 80, "https": 443}
_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}", re.ASCII)


def picture_key(name: str) -> str:
    """A network's name for a file as ``Media.key``; nothing instead of what can be none."""
    return name if _KEY.fullmatch(name) else ""


class Fetcher:
    """Fetches pictures. Safe to use from several threads.

    Args:
        named: addresses of servers that the operator named himself, which may be wherever they like.
        agent: how we call ourselves.
    """

    def __init__(self, *, named: Iterable[str] = (), agent: str = "Staffroom") -> None:
        known = [parts for address in named if (parts := _origin(address))]
        self._origins = frozenset(known)
        doors = frozenset((host, port) for _, host, port in known)
        # No proxy: it would look names up itself (see ``mastodon.elsewhere``).
        self._http = bounded.client(
            PublicOnly(doors),
            headers={"User-Agent": agent, "Accept": "image/webp, image/png, image/jpeg, image/gif"},
            timeout=httpx.Timeout(SECONDS),
            trust_env=False,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def fetch(self, address: str) -> bytes:
        """What stands at an address, at most ``copying.MOST_BYTES``; nothing where it cannot be had."""
        try:
            with bounded.within(WHOLE_SECONDS, "a picture"):
                for _ in range(MOST_SENT_ON + 1):
                    if not self._may_ask(address):
                        return b""
                    with self._http.stream("GET", address) as response:
                        if not response.is_redirect:
                            return bounded.whole(response, MOST_BYTES, "a picture") if response.is_success else b""
                        address = urljoin(address, response.headers.get("Location", ""))
        except (httpx.HTTPError, httpx.InvalidURL, Unanswered, OSError, ValueError):
            return b""
        return b""

    def _may_ask(self, address: str) -> bool:
        """Whether an address is fit to be asked at all, before its name is looked up."""
        origin = _origin(address) if is_address(address) else None
        if origin is None:
            return False
        scheme, host, port = origin
        if origin in self._origins:
            return True
        return scheme == "https" and port == _PORTS["https"] and is_name(host) and "@" not in urlsplit(address).netloc


def _origin(address: str) -> tuple[str, str, int] | None:
    """An address's scheme, host and port; ``None`` where it has none of ours."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.scheme, (parts.hostname or "").lower(), port) if parts.scheme in _PORTS and parts.hostname else None
