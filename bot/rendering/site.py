"""What the pages and the posts say of the place itself, as the operator set it."""

from __future__ import annotations

from datetime import date

import msgspec

from bot.domain.posts import NetworkName


class Voice(msgspec.Struct, frozen=True):
    """One of our accounts: its key in the settings, its network, and where people find it (empty where unknown)."""

    account: str
    network: NetworkName
    handle: str = ""
    url: str = ""


class Site(msgspec.Struct, frozen=True):
    """The site's settings.

    Attributes:
        title: the site's name.
        address: where it will stand, ``https://chats.example.org``; empty while it has no address.
        language: BCP 47, of the pages that belong to no series.
        contact: an email address or a web address for requests; empty if none.
        report: where an answer is reported: an email address, or a form's web address in which ``{answer}`` stands for
            the answer's own; empty means the contact.
        controller: who answers for the archive; empty if not said.
        voices: our accounts.
        guidelines: when the guidelines were adopted; ``None`` while nobody has.
    """

    title: str = "Staffroom"
    address: str = ""
    language: str = "en"
    contact: str = ""
    report: str = ""
    controller: str = ""
    voices: tuple[Voice, ...] = ()
    guidelines: date | None = None
