"""What commands about badges ask for: the key that signs them, a badge in its files, badges revoked."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from bot.bootstrap.desk import clock_of
from bot.bootstrap.house import indexer_of, open_store_of, renderer_of, site_of, target_of, templates_of
from bot.bootstrap.people import whom_of
from bot.config import load_staffroom
from bot.config.keys import BADGE_KEY, PLAYED_BADGE_KEY, read_badge_key, save_badge_key
from bot.domain.badges import Badge, Issuer, free_number
from bot.domain.takingpart import spoken_in
from bot.errors import UserError
from bot.rendering import urls
from bot.services.archive import archive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.bootstrap.people import Whom
    from bot.config import Settings
    from bot.domain.badges import PublicKey
    from bot.domain.posts import NetworkName
    from bot.domain.takingpart import TakenPart
    from bot.ports import Store
    from bot.rendering.jose import SigningKey

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
    known, file = store.issuer(), _file_of(settings, store)
    there = bool(read_badge_key(file))
    key = _key_of(file, new=rotate or stolen)
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
    _check(settings)
    from bot.rendering.badge import Randoms, credential, title
    from bot.rendering.badgeimage import badge_png, badge_svg
    from bot.rendering.socialcard import colours_of

    now = max(datetime.now(UTC), clock_of(store).now())
    key, site, templates = _key_of(_file_of(settings, store)), site_of(settings), templates_of(settings.folder)
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
        store, settings, _key_of(_file_of(settings, store)), now
    ):  # again, if it was stopped halfway
        _publish(settings, store)
    return Revoked(one.handle, count)


def bring_up(
    store: Store, settings: Settings, key: SigningKey, now: datetime, *, ended: Sequence[PublicKey] = ()
) -> bool:
    """Let what is published say this key, none that is ended, and all that is revoked.

    Gives whether it said something else before.
    """
    from bot.rendering.badge import revoked_list, says

    known, site = store.issuer(), site_of(settings)
    others = known.keys if known else ()
    keys = (key.public, *(one for one in others if one != key.public and one not in ended))
    claims = revoked_list(site, store.badges(), now)
    if known and known.keys == keys and says(known.status, claims):
        return False
    store.save_issuer(Issuer(keys, key.sign(urls.issuer(site.address), claims)))
    return True


def _opened(folder: Path) -> tuple[Settings, Store, datetime]:
    settings = load_staffroom(folder)
    _check(settings)
    store = open_store_of(settings)
    return settings, store, max(datetime.now(UTC), clock_of(store).now())


def _check(settings: Settings) -> None:
    """Refuse where a badge could not be signed, or nobody could verify it."""
    if find_spec("joserfc") is None:
        raise UserError("Badges need one more package: pip install 'staffroom[badges]'.")
    if not urls.issuer(settings.site.address):
        raise UserError(
            "A badge is verified at the archive's own address, and that has to begin with https://. "
            "Set `site: {address: https://…}` in staffroom.yaml first, to the address that will last."
        )


def _file_of(settings: Settings, store: Store) -> Path:
    """Where the private key is kept. A rehearsal has another: what is made up is never signed with the real one."""
    return settings.folder / (PLAYED_BADGE_KEY if store.is_rehearsal() else BADGE_KEY)


def _key_of(file: Path, *, new: bool = False) -> SigningKey:
    """The key that signs; made if there is none."""
    from bot.rendering.jose import SigningKey, new_key

    private = {} if new else read_badge_key(file)
    if not private:
        private = new_key()
        save_badge_key(file, private)
    try:
        return SigningKey(private)
    except ValueError as error:
        raise UserError(
            f"{file} holds no key for Ed25519. Put back the one that was there, or run "
            "`staffroom badge-key --rotate`: a new key is made, and badges of the old one stay good."
        ) from error


def _number(store: Store, keys: Sequence[str]) -> int:
    """A number for a badge of somebody with these keys, remembered."""
    while True:
        number = free_number({one.number for one in store.badges()}, secrets.randbelow)
        if store.add_badge(Badge(number, tuple(keys))):
            return number


def _publish(settings: Settings, store: Store) -> None:
    archive(store, renderer_of(settings, clock_of(store)), target_of(settings), indexer=indexer_of())
