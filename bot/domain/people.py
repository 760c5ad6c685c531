"""Who somebody is by the name that a moderator types, and what holds of all that a person asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from bot.domain.consent import standing_wish
from bot.domain.naming import naming
from bot.domain.posts import handle_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.consent import Wish
    from bot.domain.posts import NetworkName

_MASTODON = re.compile(r"@?([\w.-]+)@([\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost(?::\d+)?)")
_BLUESKY = re.compile(r"@?([\w-]+(?:\.[\w-]+)+)")
_ON_A_SERVER = re.compile(r"/(?:@|users/)([\w.-]+)/?")
_DID = re.compile(r"did:[a-z]+:[\w.:%-]+")


class Called(NamedTuple):
    """Whom a name means: the network, the handle, and the ``Account.id`` where the name was one (else empty)."""

    network: NetworkName
    handle: str
    id: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """What wishes may be remembered by, as by an ``Account.id``."""
        return tuple(one for one in (self.id, handle_id(self.handle) if self.handle != self.id else "") if one)


def pasted(name: str) -> str:
    """A name without the zero-width space that stands behind an ``@`` in our messages, so that it calls nobody."""
    return name.replace("\u200b", "").strip()


def called(name: str, network: NetworkName | None = None) -> Called | None:
    """Whom a handle, an id or the address of a profile means, where that can be told from how it is written.

    ``@name@server`` is a Mastodon account, ``name.example.org`` a Bluesky one. ``network`` decides where the name does
    not; a name that is written as the other network's is nobody.

    Args:
        name: as somebody typed it.
        network: where they said it is; ``None`` if they did not.
    """
    name = name.strip()
    found = _by_address(name) or _by_handle(name)
    if found is None:
        bare = name.lstrip("@")
        return Called(network, name) if network and re.fullmatch(r"[\w.@:-]+", bare) else None
    return found if network in (None, found.network) else None


def _by_address(name: str) -> Called | None:
    if _DID.fullmatch(name):
        return Called("bluesky", name, name)
    try:
        parts = urlsplit(name)
    except ValueError:  # brackets of an IPv6 address that is none
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    path = unquote(parts.path)
    first, _, profile = path.strip("/").partition("/")
    if first == "profile" and profile and "/" not in profile:
        return _by_address(profile) or _by_handle(profile)
    account = _ON_A_SERVER.fullmatch(path)
    if account is None:
        return None
    handle = f"@{account[1]}@{parts.netloc}"
    return Called("mastodon", handle, name.rstrip("/"))


def _by_handle(name: str) -> Called | None:
    if _MASTODON.fullmatch(name):
        return Called("mastodon", f"@{name.lstrip('@')}")
    if _BLUESKY.fullmatch(name):
        return Called("bluesky", name.lstrip("@"))
    return None


def wants_listing(wishes: Iterable[Wish]) -> bool:
    """Whether the latest word about the directory is to be in it; of two at once being left out counts."""
    about = (wish for wish in wishes if wish.kind in ("listed", "unlisted"))
    latest = max(about, key=lambda wish: (wish.at, wish.kind == "unlisted"), default=None)
    return latest is not None and latest.kind == "listed"


def wants_research(wishes: Iterable[Wish]) -> bool:
    """Whether somebody agrees to be in what is given to researchers: said so, and neither took it back nor left since.

    Silence is no. Leaving any series ends it, as does the account's end; of two wishes at once the refusal counts.
    """
    about = (wish for wish in wishes if wish.kind in ("research", "noresearch", "stopped", "gone"))
    latest = max(about, key=lambda wish: (wish.at, wish.kind != "research"), default=None)
    return latest is not None and latest.kind == "research"


def standing(wishes: Iterable[Wish], series: Iterable[str]) -> tuple[str, ...]:
    """What holds now of all that somebody asked, by the words of ``consent.WishKind``.

    Args:
        wishes: all of them.
        series: slugs of every series there is; who joined one of them is ``joined``, whatever holds in the others.
    """
    asked = tuple(wishes)
    named = {wish.series for wish in asked} | {*series, ""}
    kept = {standing_wish(asked, slug) for slug in named}
    found: list[str] = [kind for kind in ("joined", "paused", "stopped") if kind in kept]
    how = naming(asked)
    found += [] if how == "named" else [how]
    found += ["listed"] if wants_listing(asked) else []
    return (*found, "research") if wants_research(asked) else tuple(found)


def together(asked: Iterable[Iterable[Wish]]) -> tuple[tuple[Wish, ...], ...]:
    """Lists of wishes of which any two share one, made one list: the same moment under two keys is one person's."""
    groups: list[set[Wish]] = []
    home: dict[Wish, int] = {}
    for wishes in asked:
        mine = set(wishes)
        for number in sorted({home[wish] for wish in mine if wish in home}):
            mine |= groups[number]
            groups[number] = set()
        home.update(dict.fromkeys(mine, len(groups)))
        groups.append(mine)
    return tuple(tuple(sorted(one, key=lambda wish: (wish.at, wish.kind, wish.series))) for one in groups if one)
