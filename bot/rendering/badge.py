"""What a badge claims: an Open Badges 3.0 credential (https://www.imsglobal.org/spec/ob/v3p0/), before it is signed.

That an account took part in these chats, and no more: no hours, no rank, no score. The account is told by a salted hash
of its address, so only who was told the address can see whom the badge means.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from bot.domain.badges import encoded_list, identity_hash
from bot.domain.cleaning import LONGEST_NAME, one_line
from bot.rendering import urls

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from bot.domain.badges import Badge
    from bot.domain.takingpart import TakenPart
    from bot.rendering.site import Site
    from bot.rendering.words import Words

_CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
CONTEXT = (_CREDENTIALS, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")

PROFILE_ADDRESS = "ext:profileUrl"
"""The kind of identity in a badge; the standard's own list has none for the address of a profile."""


class Randoms(msgspec.Struct, frozen=True):
    """What of a badge is random.

    Attributes:
        credential, subject: UUIDs, of the badge and of its subject; they mean nothing elsewhere.
        salt: of the subject's hash, hexadecimal.
    """

    credential: str
    subject: str
    salt: str


def title(words: Words, chats: Sequence[TakenPart]) -> tuple[str, str]:
    """What a badge is called: in which series somebody took part; and when, from the first chat to the last."""
    series = list(dict.fromkeys(one.series.title for one in chats))
    first, last = (words.day_of_year(chats[at].chat.date) for at in (0, -1))
    period = first if first == last else words("badge.period", first=first, last=last)
    return words("badge.name", series=words.both(series)), period


def credential(
    words: Words,
    site: Site,
    chats: Sequence[TakenPart],
    *,
    address: str,
    name: str,
    number: int,
    randoms: Randoms,
    at: datetime,
) -> dict[str, Any]:
    """The claims of a badge, as a VC-JWT has them: the credential, and beside it ``iss``, ``sub``, ``jti``, ``nbf``.

    Args:
        words: phrases in the badge's language.
        site: the archive's settings; its address begins with ``https``.
        chats: in which the account took part, oldest first; at least one.
        address: the account's, as its network has it.
        name: as the person gave it for this badge; empty if they gave none.
        number: the badge's, in the list of revoked ones.
        randoms: what is random.
        at: when it is made, UTC.
    """
    whole = ", ".join(title(words, chats))
    claims: dict[str, Any] = {
        "@context": list(CONTEXT),
        "id": f"urn:uuid:{randoms.credential}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": whole,
        "issuer": profile(site),
        "validFrom": _moment(at),
        "credentialSubject": {
            "id": f"urn:uuid:{randoms.subject}",
            "type": ["AchievementSubject"],
            "identifier": _identifiers(address, name, randoms.salt),
            "achievement": {
                "id": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{urls.issuer(site.address)} {whole}')}",
                "type": ["Achievement"],
                "name": whole,
                "description": words("badge.description", n=len(chats)),
                "criteria": {"narrative": words("badge.criteria")},
                "achievementType": "Badge",
            },
        },
        "evidence": [_evidence(words, site, one) for one in chats],
        "credentialStatus": _status(site, number),
    }
    return _registered(claims, at)


def _identifiers(address: str, name: str, salt: str) -> list[dict[str, Any]]:
    """Whom a badge means: the account by a hash, and the name that was given for it, if any."""
    hashed = {"hashed": True, "identityHash": identity_hash(address, salt), "identityType": PROFILE_ADDRESS}
    found: list[dict[str, Any]] = [{"type": "IdentityObject", **hashed, "salt": salt}]
    if given := one_line(name, LONGEST_NAME):
        found.append({"type": "IdentityObject", "hashed": False, "identityHash": given, "identityType": "name"})
    return found


def _evidence(words: Words, site: Site, one: TakenPart) -> dict[str, Any]:
    """A chat's public page."""
    return {
        "id": urls.absolute(site.address, urls.chat_page(one.chat.id)),
        "type": ["Evidence"],
        "name": f"{one.series.title}, {words.day_of_year(one.chat.date)}: {one.chat.topic}",
    }


def _status(site: Site, number: int) -> dict[str, Any]:
    """Where it is told whether a badge is revoked."""
    revoked = urls.absolute(site.address, urls.REVOKED_BADGES)
    return {
        "id": f"{revoked}#{number}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(number),
        "statusListCredential": revoked,
    }


def revoked_list(site: Site, badges: Collection[Badge], at: datetime) -> dict[str, Any]:
    """The claims of the list of revoked badges: a BitstringStatusListCredential.

    https://www.w3.org/TR/vc-bitstring-status-list/
    """
    where = urls.absolute(site.address, urls.REVOKED_BADGES)
    claims: dict[str, Any] = {
        "@context": [_CREDENTIALS],
        "id": where,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": urls.issuer(site.address),
        "validFrom": _moment(at),
        "credentialSubject": {
            "id": f"{where}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded_list(badges),
        },
    }
    return _registered(claims, at)


def profile(site: Site) -> dict[str, Any]:
    """Who issues, as a Profile of Open Badges."""
    return {"id": urls.issuer(site.address), "type": ["Profile"], "name": site.title, "url": site.address}


def _registered(claims: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The credential with the claims that a JWT repeats of it (Open Badges 3.0, 8.2.4)."""
    issuer = claims["issuer"]
    return claims | {
        "iss": issuer if isinstance(issuer, str) else issuer["id"],
        "sub": claims["credentialSubject"]["id"],
        "jti": claims["id"],
        "nbf": int(at.timestamp()),
    }


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def says(status: str, claims: dict[str, Any]) -> bool:
    """Whether a signed list of ours says the same as these claims, whenever it was signed."""
    body = status.split(".")[1] if "." in status else ""
    told = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)) or b"{}", type=dict[str, Any])
    return all(told.get(name) == value for name, value in claims.items() if name not in ("validFrom", "nbf"))
