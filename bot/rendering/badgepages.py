"""What the site publishes about badges: who issues them, by which keys, and which are revoked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from bot.rendering import urls
from bot.rendering.badge import CONTEXT, profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.domain.badges import Issuer
    from bot.domain.records import ChatContent
    from bot.rendering.sheets import Page, Sheets
    from bot.rendering.site import Site


def badge_files(sheets: Sheets, issuer: Issuer | None) -> Iterator[Page]:
    """The issuer's documents; nothing where no key was ever made, or the site has no address with ``https``."""
    site = sheets.press.site
    if issuer is None or not urls.issuer(site.address):
        return
    keys = [key.jwk() for key in issuer.keys]
    told: list[tuple[str, dict[str, Any]]] = [
        (urls.ISSUER_DOCUMENT, _document(site, keys)),
        (urls.ISSUER_PROFILE, {"@context": list(CONTEXT)} | profile(site)),
        (urls.ISSUER_KEYS, {"keys": keys}),
    ]
    for path, document in told:
        yield sheets.page(path, document, _always(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"))
    yield sheets.page(urls.REVOKED_BADGES, issuer.status, _always(issuer.status.encode()))


def _document(site: Site, keys: list[dict[str, str]]) -> dict[str, Any]:
    """The issuer's DID document (https://www.w3.org/TR/did-core/), the key that signs now first."""
    issuer = urls.issuer(site.address)
    names = [f"{issuer}#{key['kid']}" for key in keys]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
        "id": issuer,
        "verificationMethod": [
            {"id": name, "type": "JsonWebKey", "controller": issuer, "publicKeyJwk": key}
            for name, key in zip(names, keys, strict=True)
        ],
        "assertionMethod": names,
    }


def _always(data: bytes) -> Callable[[Callable[[str], ChatContent]], bytes]:
    return partial(_given, data)


def _given(data: bytes, _content: Callable[[str], ChatContent]) -> bytes:
    return data
