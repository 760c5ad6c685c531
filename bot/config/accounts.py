"""The accounts under ``networks:``, and which of them speak for a series."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.config.addresses import domain
from bot.config.settings import AccountSettings
from bot.config.staffroom_models import AccountBlock
from bot.config.words import Wrong, nearest, shown
from bot.config.yaml_nodes import Mapping, plain

if TYPE_CHECKING:
    from bot.config.reading import Reading
    from bot.config.series_models import SeriesFile
    from bot.config.staffroom_models import StaffroomFile

_NETWORKS = ("bluesky", "mastodon")
_ENTRYWAY = "https://bsky.social"
_JETSTREAMS = tuple(
    f"wss://jetstream{number}.us-{coast}.bsky.network/subscribe" for coast in ("east", "west") for number in (1, 2)
)
_FIREHOSE = "/xrpc/com.atproto.sync.subscribeRepos"


def read_accounts(reading: Reading[StaffroomFile]) -> tuple[dict[str, AccountSettings], bool]:
    """Every account that is whole, by name, and whether all are; what the others lack goes to ``reading.problems``."""
    before = len(reading.problems)
    node, steps = reading.source.find(("networks",))
    found = {}
    for key, value in (node.pairs if steps and isinstance(node, Mapping) else {}).items():
        try:
            block = AccountBlock.model_validate(plain(value) or {})
        except ValidationError:
            continue
        account = _account(reading, key, block)
        if account:
            found[key] = account
    return found, bool(found) and "networks" not in reading.bad and len(reading.problems) == before


def _account(reading: Reading[StaffroomFile], key: str, block: AccountBlock) -> AccountSettings | None:
    path = ("networks", key)
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", key):
        fit = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
        say = f"“{shown(key)}” cannot name an account: small letters, digits and single hyphens can."
        reading.note(path, say, f"{fit}:" if re.match(r"[a-z]", fit) else "")
        return None
    network = block.network or (key if key in _NETWORKS else None)
    if network not in _NETWORKS:
        say = f"“{key}” does not say which network it is on: bluesky or mastodon."
        reading.note(path, say, f"network: {nearest(key, _NETWORKS) or 'bluesky'}")
        return None
    return _mastodon(reading, key, block) if network == "mastodon" else _bluesky(reading, key, block)


def _mastodon(reading: Reading[StaffroomFile], key: str, block: AccountBlock) -> AccountSettings | None:
    path = ("networks", key)
    if not block.server:
        reading.note(path, "A Mastodon account needs its server.", "server: https://social.example.org")
        return None
    if block.appview:
        reading.note((*path, "appview"), "Only Bluesky has an appview. Take this out.")
        return None
    if block.streams is not None:
        reading.note((*path, "streams"), "Mastodon's streams are found by themselves. Take this out.")
        return None
    return AccountSettings(key, "mastodon", block.handle, block.server, characters=block.characters)


def _bluesky(reading: Reading[StaffroomFile], key: str, block: AccountBlock) -> AccountSettings | None:
    path = ("networks", key)
    if block.characters is not None:
        reading.note((*path, "characters"), "Bluesky's posts have 300 characters everywhere. Take this out.")
        return None
    if not block.handle:
        reading.note(path, "A Bluesky account needs its handle.", "handle: edchat.bsky.social")
        return None
    try:
        handle = domain(block.handle)
    except Wrong as wrong:
        reading.note((*path, "handle"), wrong.say, value=wrong.write)
        return None
    server = block.server or _ENTRYWAY
    streams = _default_streams(server) if block.streams is None else block.streams
    return AccountSettings(key, "bluesky", handle, server, block.appview or "", streams=streams)


def _default_streams(server: str) -> tuple[str, ...]:
    """Bluesky's public Jetstreams for who lives there; a server of one's own has a firehose, and few live on it.

    https://github.com/bluesky-social/jetstream#public-instances
    """
    if server == _ENTRYWAY:
        return _JETSTREAMS
    scheme, _, rest = server.partition("://")
    return (f"{'ws' if scheme == 'http' else 'wss'}://{rest}{_FIREHOSE}",)


def speakers(
    reading: Reading[SeriesFile], block: SeriesFile, known: dict[str, AccountSettings], *, complain: bool
) -> tuple[str, ...]:
    """The names of a series' accounts: those it names, else the ones called ``bluesky`` and ``mastodon``.

    ``complain`` only where ``networks:`` is whole, so that a missing name is the series' own mistake.
    """
    if "accounts" in reading.bad:
        return ()
    for index, key in enumerate(block.accounts):
        if complain and key not in known:
            meant = nearest(key, known)
            say = (
                f"There is no account “{shown(key)}” under networks: in staffroom.yaml. Known are: {', '.join(known)}."
            )
            reading.note(("accounts", index), say, value=meant)
    names = tuple(key for key in block.accounts if key in known)
    if not block.accounts:
        names = tuple(key for key in _NETWORKS if key in known)
        if not names and complain:
            say = "No account of staffroom.yaml is called bluesky or mastodon: the series has to say who speaks for it."
            reading.note((), say, f"accounts: [{', '.join(known)}]")
    return names
