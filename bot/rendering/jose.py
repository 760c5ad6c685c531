"""Signing badges, by joserfc: compact JWS (RFC 7515) with Ed25519 (RFC 8037).

Needs the extra ``badges``; nothing else imports joserfc.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from bot.domain.badges import PublicKey

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHM = "EdDSA"
"""What verifiers of Open Badges know Ed25519 by; RFC 9864's newer name for it, few read yet."""


class SigningKey:
    """A key that signs badges.

    Args:
        private: its JWK with the private part, as ``new_key`` gives it.

    Raises:
        ValueError: it is no such key.
    """

    def __init__(self, private: Mapping[str, str]) -> None:
        try:
            self._key = OKPKey.import_key(dict(private))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ValueError(type(error).__name__) from None
        if not self._key.is_private or private.get("crv") != "Ed25519":
            raise ValueError("not a private key for Ed25519")
        self.public = PublicKey(self._key.thumbprint(), str(self._key.as_dict(private=False)["x"]))

    def sign(self, issuer: str, claims: Mapping[str, Any]) -> str:
        """Claims as a compact JWS. Its header names the key by the address under which the issuer publishes it.

        Open Badges 3.0, 8.2.3 JOSE header. Signing the same again gives the same bytes.
        """
        header = {"alg": _ALGORITHM, "typ": "JWT", "kid": f"{issuer}#{self.public.id}"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            return jws.serialize_compact(header, msgspec.json.encode(claims), self._key, algorithms=[_ALGORITHM])


def new_key() -> dict[str, str]:
    """A new private key, as a JWK."""
    made = OKPKey.generate_key("Ed25519").as_dict(private=True)
    return {name: str(made[name]) for name in ("kty", "crv", "x", "d")}
