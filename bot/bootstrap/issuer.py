"""What is published so that badges can be verified: whose key signs them, and which are revoked."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from bot.bootstrap.house import site_of
from bot.config.keys import BADGE_KEY, PLAYED_BADGE_KEY, read_badge_key, save_badge_key
from bot.domain.badges import Issuer
from bot.errors import UserError
from bot.rendering import urls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.badges import PublicKey
    from bot.ports import Store
    from bot.rendering.jose import SigningKey


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


def vouch(settings: Settings, store: Store, now: datetime) -> str:
    """Sign the list of revoked badges anew, where one was revoked since; gives what somebody has to mend, in a line."""
    known = store.issuer()
    if known is None:
        return ""
    from bot.rendering.badge import revoked_list, says

    if says(known.status, revoked_list(site_of(settings), store.badges(), now)):
        return ""
    try:
        check(settings)
        bring_up(store, settings, _key_there(key_file(settings, store)), now)
    except UserError as error:
        return str(error)
    return ""


def unsigned(settings: Settings, store: Store) -> str | None:
    """Why no badge could be signed or revoked now, in a line; empty where it could; ``None`` where none ever was."""
    if store.issuer() is None:
        return None
    try:
        check(settings)
        _key_there(key_file(settings, store))
    except UserError as error:
        return str(error)
    return ""


def check(settings: Settings) -> None:
    """Refuse where a badge could not be signed, or nobody could verify it."""
    if find_spec("joserfc") is None:
        raise UserError("Badges need one more package: pip install 'staffroom[badges]'.")
    if not urls.issuer(settings.site.address):
        raise UserError(
            "A badge is verified at the archive's own address, and that has to begin with https://. "
            "Set `site: {address: https://…}` in staffroom.yaml first, to the address that will last."
        )


def key_file(settings: Settings, store: Store) -> Path:
    """Where the private key is kept. A rehearsal has another: what is made up is never signed with the real one."""
    return settings.folder / (PLAYED_BADGE_KEY if store.is_rehearsal() else BADGE_KEY)


def _key_there(file: Path) -> SigningKey:
    """The key that signs, which has to be there."""
    if not read_badge_key(file):
        raise UserError(
            f"{file} is missing, so no badge can be signed, and none revoked. Put it back, or run "
            "`staffroom badge-key --rotate`: a new key is made, and badges of the old one stay good."
        )
    return key_of(file)


def key_of(file: Path, *, new: bool = False) -> SigningKey:
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
