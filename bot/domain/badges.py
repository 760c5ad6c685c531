"""Badges: what the store remembers of them, which number one gets, and how they are revoked.

A badge carries a number, its place in a list of bits that says which badges are revoked. Whoever reads the list learns
how many are, and nothing of whose they are.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

LEAST_ROOM = 131_072
"""Bits of the shortest list that the standard allows, so that a badge's number tells nothing of when it was made.
https://www.w3.org/TR/vc-bitstring-status-list/#bitstring-encoding"""


BADGES_ENDED = "badges"
"""A cursor's stream, for an account's key: when its owner last said that no badge of theirs be good any more."""


class Badge(msgspec.Struct, frozen=True):
    """A badge that was issued.

    Attributes:
        number: its place in the list of revoked badges.
        of: keys of the account that it is about; empty once it is revoked, when nobody has to find it any more.
        revoked: whether it is.
    """

    number: int
    of: tuple[str, ...] = ()
    revoked: bool = False


class PublicKey(msgspec.Struct, frozen=True):
    """The public half of a key that signs badges (RFC 8037, Ed25519).

    Attributes:
        id: its thumbprint (RFC 7638).
        x: the key, base64url.
    """

    id: str
    x: str

    def jwk(self) -> dict[str, str]:
        """The key as a JWK (RFC 7517)."""
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.id, "alg": "EdDSA", "use": "sig"}


class Issuer(msgspec.Struct, frozen=True):
    """What is published so that badges can be verified.

    Attributes:
        keys: those whose badges are good, the one that signs now first.
        status: the signed list of revoked badges (VC-JWT).
    """

    keys: tuple[PublicKey, ...]
    status: str


def room_for(badges: int) -> int:
    """How many bits the list of so many badges has: at least half of them are free."""
    room = LEAST_ROOM
    while room < 2 * badges:
        room *= 2
    return room


def free_number(taken: Collection[int], pick: Callable[[int], int]) -> int:
    """A number that no badge has.

    Args:
        taken: numbers of all badges.
        pick: gives a random number from 0 up to, and without, its argument.
    """
    room = room_for(len(taken) + 1)
    while (number := pick(room)) in taken:
        pass
    return number


def encoded_list(badges: Collection[Badge]) -> str:
    """The list of revoked badges: bit 0 is the highest of the first byte; GZIP, base64url after a ``u`` (multibase)."""
    bits = bytearray(room_for(len(badges)) // 8)
    for badge in badges:
        if badge.revoked:
            bits[badge.number // 8] |= 0x80 >> badge.number % 8
    packed = gzip.compress(bytes(bits), mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def identity_hash(identity: str, salt: str) -> str:
    """Somebody's address so that only who knows it can tell it is meant: SHA-256 of it and, behind it, the salt.

    As Open Badges 3.0 writes an IdentityHash: the algorithm, a dollar sign, hexadecimal digits.
    """
    return f"sha256${hashlib.sha256((identity + salt).encode()).hexdigest()}"
