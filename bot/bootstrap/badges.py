"""What commands about badges ask for: the key that signs them, a badge in its files, badges revoked."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import clock_of
from bot.bootstrap.house import indexer_of, renderer_of, site_of, target_of, templates_of
from bot.bootstrap.issuer import bring_up, check, key_file, key_of
from bot.bootstrap.people import whom_of
from bot.config import load_staffroom
from bot.config.keys import read_badge_key
from bot.domain.badges import Badge, free_number
from bot.domain.takingpart import spoken_in
from bot.errors import UserError
from bot.rendering import urls
from bot.services.archive import archive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.bootstrap.people import Whom
    from bot.config import Settings
    from bot.domain.posts import NetworkName
    from bot.domain.takingpart import TakenPart
    from bot.ports import Store

JWT, SVG, PNG = "badge.jwt", "badge.svg", "badge.png"


class Keys(msgspec.Struct, frozen=True):
    """The keys whose badges are good.

    Attributes:
        now: thumbprint of the one that signs.
        before: those of earlier ones.
        file: where the private half of the first is kept.
        document: where their public halves are published.
        made: whether the first was made just now.
    """

    now: str
    before: tuple[str, ...]
    file: Path
    document: str
    made: bool


class Issued(msgspec.Struct, frozen=True):
    """A badge: its number, its files by name, and the address of the account that only its hash tells."""

    number: int
    files: dict[str, bytes]
    address: str


class Revoked(msgspec.Struct, frozen=True):
    """How many badges were revoked, and whose."""

    handle: str
    badges: int


def badge_key(folder: Path, *, rotate: bool = False, stolen: bool = False) -> Keys:
    """Make the key that signs badges if there is none, or a new one, and publish its public half.

    Args:
        folder: the bot's folder.
        rotate: make a new key; badges of the one before stay good.
        stolen: make a new key; no badge of the one before is good any more.

    Raises:
        UserError: badges cannot be issued here; says why.
    """
    settings, store, now = _opened(folder)
    known, file = store.issuer(), key_file(settings, store)
    there = bool(read_badge_key(file))
    key = key_of(file, new=rotate or stolen)
    ended = known.keys[:1] if stolen and known else ()
    if bring_up(store, settings, key, now, ended=ended):
        _publish(settings, store)
    issuer = store.issuer()
    before = tuple(one.id for one in issuer.keys[1:]) if issuer else ()
    document = urls.absolute(settings.site.address, urls.ISSUER_DOCUMENT)
    made = rotate or stolen or not there
    return Keys(key.public.id, before, file.resolve(), document, made)


def issue_badge(settings: Settings, store: Store, one: Whom, chats: Sequence[TakenPart], name: str) -> Issued:
    """Make a badge, remember its number, and see that what it takes to verify it is published.

    Args:
        settings: the bot's.
        store: the truth.
        one: the account that it is about.
        chats: in which it took part, oldest first; at least one.
        name: as the person gave it for this badge; empty if they gave none.

    Raises:
        UserError: badges cannot be issued here; says why. Then nothing is remembered.
    """
    check(settings)
    from bot.rendering.badge import Randoms, credential, title
    from bot.rendering.badgeimage import badge_png, badge_svg
    from bot.rendering.socialcard import colours_of

    now = max(datetime.now(UTC), clock_of(store).now())
    key, site, templates = key_of(key_file(settings, store)), site_of(settings), templates_of(settings.folder)
    number = _number(store, one.keys)
    if bring_up(store, settings, key, now):
        _publish(settings, store)
    words = templates.dictionary.words(spoken_in(chats) or site.language)
    address = one.account.url or one.account.id
    randoms = Randoms(str(uuid4()), str(uuid4()), secrets.token_hex(16))
    claims = credential(words, site, chats, address=address, name=name, number=number, randoms=randoms, at=now)
    token = key.sign(urls.issuer(site.address), claims)
    called, colours = title(words, chats), colours_of(templates.source("site/look.css"))
    svg, png = (write(*called, site.title, token, colours) for write in (badge_svg, badge_png))
    return Issued(number, {JWT: token.encode(), SVG: svg, PNG: png}, address)


def revoke_badges(folder: Path, name: str, network: NetworkName | None) -> Revoked:
    """Revoke all badges of an account, also of one of which nothing else is kept, and publish that.

    Raises:
        UserError: it cannot be told whom the name means, or badges cannot be issued here.
    """
    settings, store, now = _opened(folder)
    whom = whom_of(store, name, network)
    if len(whom) > 1:
        there = ", ".join(f"{one.account.url or one.account.id} ({one.account.network})" for one in whom)
        raise UserError(f"{name} means several accounts: {there}. Name one of them so.")
    (one,) = whom
    count = store.revoke_badges(one.keys)
    if store.issuer() and bring_up(
        store, settings, key_of(key_file(settings, store)), now
    ):  # again, if it was stopped halfway
        _publish(settings, store)
    return Revoked(one.handle, count)


def _opened(folder: Path) -> tuple[Settings, Store, datetime]:
    settings = load_staffroom(folder)
    check(settings)
    store = open_store_of(settings)
    return settings, store, max(datetime.now(UTC), clock_of(store).now())


def _number(store: Store, keys: Sequence[str]) -> int:
    """A number for a badge of somebody with these keys, remembered."""
    while True:
        number = free_number({one.number for one in store.badges()}, secrets.randbelow)
        if store.add_badge(Badge(number, tuple(keys))):
            return number


def _publish(settings: Settings, store: Store) -> None:
    archive(store, renderer_of(settings, clock_of(store)), target_of(settings), indexer=indexer_of())
