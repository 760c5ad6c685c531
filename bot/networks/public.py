"""Connections to servers that somebody else named: at public addresses alone, whatever the name means a moment later.

A name is looked up once, all its addresses are looked at, and the connection goes to one of these. TLS is checked
against the name. So it does not matter what the name means to anybody who asks again.
"""

from __future__ import annotations

import queue
import re
import socket
import threading
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LOOKING_UP = 5.0  # seconds
MOST_LOOKING = 8  # names that are looked up at a time; a resolver may be slow on purpose
MOST_TRIED = 3  # addresses of one name

_HTTPS = 443
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{4,253}}\Z)(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})", re.IGNORECASE)
_UNICAST = IPv6Network("2000::/3")  # https://www.iana.org/assignments/ipv6-address-space
_DOCUMENTED = IPv6Network("3fff::/20")  # https://www.rfc-editor.org/rfc/rfc9637
_NAT64 = IPv6Network("64:ff9b::/96")  # https://www.rfc-editor.org/rfc/rfc6052
_SPECIAL = ("192.0.0.", "192.88.99.")
"""No servers' addresses, whatever Python's release says (https://www.rfc-editor.org/rfc/rfc6890, rfc7526)."""

_looking = threading.Semaphore(MOST_LOOKING)


def is_name(host: str) -> bool:
    """Whether this is a server's full name: no address in any spelling, no name of this network alone."""
    return _NAME.fullmatch(host) is not None


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet. One that wraps another is what it wraps, or refused."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found in _NAT64:
        found = IPv4Address(found.packed[-4:])
    if isinstance(found, IPv6Address):
        wrapped = found.sixtofour is not None or found.teredo is not None
        return found in _UNICAST and found.is_global and found not in _DOCUMENTED and not wrapped
    return found.is_global and not found.is_multicast and not str(found).startswith(_SPECIAL)


def addresses(host: str, port: int) -> list[str]:
    """The IP addresses of a name, each once, best first; none where that takes too long or cannot be told."""
    if not _looking.acquire(timeout=LOOKING_UP):
        return []
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def look() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(one[4][0]) for one in found)))
        except (OSError, UnicodeError):
            answers.put([])
        finally:
            _looking.release()

    threading.Thread(target=look, daemon=True).start()
    try:
        return answers.get(timeout=LOOKING_UP)
    except queue.Empty:
        return []


class PublicOnly(httpcore.NetworkBackend):
    """Connects over TCP to public addresses, at the port of https.

    Args:
        named: ``host:port`` that the operator named himself: these are not looked at.
    """

    def __init__(self, named: Collection[tuple[str, int]] = ()) -> None:
        self._inner = httpcore.SyncBackend()
        self._named = frozenset(named)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """See httpcore. Raises its ``ConnectError`` also for what may not be connected to."""
        if (host.lower(), port) in self._named:
            return self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        if not is_name(host) or port != _HTTPS:
            raise httpcore.ConnectError("no public server has such an address")
        found = addresses(host, port)
        if not found or not all(is_public(one) for one in found):
            raise httpcore.ConnectError("this name is not one of a public server")
        *others, last = found[:MOST_TRIED]
        for address in others:
            try:
                return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:  # this machine may have no way to IPv6, for one
                continue
        return self._inner.connect_tcp(last, port, timeout, local_address, socket_options)
