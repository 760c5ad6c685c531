"""How long a text is in the eyes of each network, and how much room is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import regex

from bot.domain.patterns import graphemes
from bot.domain.richtext import to_plain

if TYPE_CHECKING:
    from bot.domain.richtext import RichText


class Limits(msgspec.Struct, frozen=True):
    """What one post of a network holds.

    Attributes:
        unit: ``graphemes`` counts the text as it stands; ``mastodon`` counts as that server does (see ``length``).
        most: the most of that unit.
        most_bytes: the most bytes of UTF-8; 0 for no such limit.
        link: what a web address counts on Mastodon, however long it is.
    """

    unit: Literal["graphemes", "mastodon"]
    most: int
    most_bytes: int = 0
    link: int = 23


BLUESKY = Limits("graphemes", 300, 3000)
"""``app.bsky.feed.post#text``: maxGraphemes 300, maxLength 3,000 bytes."""

MASTODON = Limits("mastodon", 500)
"""The usual figures; each server tells its own under ``configuration.statuses`` of its instance page."""

_COUNTED = regex.compile(
    r"""(?<![A-Za-z0-9@\uff20$\#\uff03])https?://
        (?P<host> [\p{L}\p{N}_-]++ (?: \. [\p{L}\p{N}_-]++ )++ ) (?: :\d{1,5} )?
        (?: / (?: [^\s<>()?"] | \( [^\s<>()?]++ \) )*+ )?
        (?: \? [\w!*';:&=+$/%\#\[\].,~|@^?-]*+ )?
      | (?<![=/\w]) (?P<name> @[a-z0-9_]++ (?: [.-]++ [a-z0-9_]++ )*+ ) @\w++ (?: [.-]++ \w++ )*+""",
    regex.IGNORECASE | regex.VERBOSE,
)
_NOT_AT_THE_END = ".,;:!?'*~$%|@&=[]-"
# fmt: off
_KNOWN_TOPS = frozenset({
    "academy", "app", "art", "asia", "berlin", "biz", "blog", "cafe", "cat", "church", "cloud", "club",
    "college", "com", "community", "cymru", "dev", "earth", "edu", "education", "eus", "gal", "global", "gov",
    "group", "info", "int", "io", "life", "link", "london", "media", "mil", "museum", "name", "net", "news",
    "one", "online", "org", "page", "paris", "pro", "quebec", "school", "schule", "science", "scot", "shop",
    "site", "social", "space", "studio", "study", "systems", "team", "tech", "today", "tools", "university",
    "wales", "website", "wiki", "work", "world", "xyz", "zone"
})
# fmt: on


def length(text: RichText, limits: Limits) -> int:
    """How many of the network's units the text counts.

    Mastodon counts graphemes of what is sent (``to_plain``) after putting 23 characters for each address and ``@name``
    for each ``@name@server``: ``StatusLengthValidator#countable_text`` in its ``app/validators``. It takes for an
    address only what ends in a known top-level domain; where we cannot know, the longer count is taken, so a text
    that fits here fits there. A content warning counts too: measure ``join([warning, text])``.
    """
    return counted(text.text if limits.unit == "graphemes" else to_plain(text), limits)


def counted(text: str, limits: Limits) -> int:
    """``length`` of a plain text."""
    if limits.unit == "graphemes":
        return graphemes(text)
    return graphemes(_COUNTED.sub(lambda match: _placeholder(match, limits.link), text))


def remaining(text: RichText, limits: Limits) -> int:
    """How many more units fit: negative where the text is too long, in units or in bytes, whichever is tighter."""
    left = limits.most - length(text, limits)
    return min(left, limits.most_bytes - len(text.text.encode())) if limits.most_bytes else left


def _placeholder(match: regex.Match[str], link: int) -> str:
    if match["name"]:
        return str(match["name"])
    whole = match.group()
    address = whole.rstrip(_NOT_AT_THE_END)
    top = match["host"].rpartition(".")[2].casefold()
    known = len(top) == len("uk") or top in _KNOWN_TOPS or top.startswith("xn--")
    counts = link if known else max(link, len(address))
    return "x" * counts + str(whole[len(address) :])
