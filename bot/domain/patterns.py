"""What a grapheme, a web address, a hashtag and a handle look like in plain text.

Every finder here takes time in proportion to the text, also on hostile text, and gives spans in characters.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

ZERO_WIDTH_SPACE = "\u200b"
TAG_GRAPHEMES = 64  # the most a hashtag may have on Bluesky (app.bsky.richtext.facet#tag)

# ``\X`` alone looks back over a whole run of flag letters at each of them: 200,000 of them took two minutes.
# Taking them in pairs first, as rules GB12 and GB13 of https://www.unicode.org/reports/tr29/ do, keeps it linear.
GRAPHEME = regex.compile(
    r"\p{Regional_Indicator}{1,2}[\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]*+|\X",
)
AT_SIGNS = "@\uff20\ufe6b"  # plain, full-width, small
AT = regex.compile(f"[{AT_SIGNS}]")
HANDLE = regex.compile(rf"[{AT_SIGNS}](?=\w)(?P<handle>[\w.-]++(?:@(?=\w)[\w.-]++)?)")

_WIDE_MARKS = r"\u3001\u3002\uff01\uff0c\uff1b\uff1f\u300a-\u3011"  # end an address in Chinese and Japanese
_URL = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}_@#\uff20\uff03$])https?://[^\s\p{{C}}<>\"“”„«»{_WIDE_MARKS}]++",
    regex.IGNORECASE,
)
_HASHTAG = regex.compile(
    r"(?<![\p{L}\p{N}_/&#\uff03])[#\uff03](?P<tag>[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_]|[·・\u200c\u200d](?=[\p{L}\p{N}_]))*+)",
)
_LETTER = regex.compile(r"\p{L}")
_WORD = regex.compile(r"\w")
_ENDS_NO_URL = ".,;:!?'’*_~…"  # noqa: RUF001 -- the typographic apostrophe
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_UNSAFE_IN_URI = regex.compile(r"[\s\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u202a-\u202e\u2066-\u2069\\<>\"]")
_PLAIN_URI = regex.compile(r"https?://[a-z0-9][a-z0-9.-]*+(?:[/?#][!#-;=?-\[\]-~]*+)?")
"""What nearly every address looks like, in one look: a host of small letters, no port, nothing unsafe."""
_OUTSET = regex.compile(r"^(?:https?://)?(?:www\.)?")
_IGNORED_IN_HOST = regex.compile(r"\p{Default_Ignorable_Code_Point}")
_BEHIND_HOST = "/?#:…"  # what may follow a host that is shown whole


def grapheme_lengths(text: str) -> Iterator[int]:
    """The length in characters of each grapheme of ``text``, in order."""
    return (match.end() - match.start() for match in GRAPHEME.finditer(text))


def graphemes(text: str) -> int:
    """How many graphemes (extended grapheme clusters, https://www.unicode.org/reports/tr29/) the text has."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in GRAPHEME.finditer(text))


@lru_cache(4096)  # pages, tables and feeds ask the same of the same addresses
def is_web(uri: str) -> bool:
    """Whether this is an ``http`` or ``https`` URI with a host, and nothing a browser would read differently.

    White space, control characters, marks that turn text around, backslashes and a user's name before the host
    (``https://bank@thief``) are refused.
    """
    if _PLAIN_URI.fullmatch(uri):
        return True
    if _UNSAFE_IN_URI.search(uri):
        return False
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(_WORD.search(host or "")) and "@" not in parts.netloc


def host_of(uri: str) -> str:
    """The host that a web address opens, in the letters that cannot pass for others: ASCII, small, IDNs as ``xn--``.

    Browsers do the same (https://url.spec.whatwg.org/#concept-domain-to-ascii); this is for showing only.
    """
    try:
        host = unquote(urlsplit(uri).hostname or "")
    except ValueError:
        return ""
    if host.isascii():
        return host.lower()
    plain = unicodedata.normalize("NFKC", _IGNORED_IN_HOST.sub("", host).replace("\u3002", ".")).lower()
    return ".".join(part if part.isascii() else "xn--" + part.encode("punycode").decode() for part in plain.split("."))


def hidden_host(words: str, uri: str) -> str:
    """Where a link leads, if its words do not say so: the host, unless the words begin with that very host.

    Words that look like another address, letters of other scripts that look like Latin ones, and words that hide where
    they lead all have it shown; an address that stands for itself has not.
    """
    host = host_of(uri)
    said = _OUTSET.sub("", words.strip().lower(), count=1)
    bare = host.removeprefix("www.")
    rest = said[len(bare) :]
    return "" if said.startswith(bare) and (not rest or rest[0] in _BEHIND_HOST) else host


def urls(text: str) -> Iterator[tuple[int, int]]:
    """The spans of web addresses, without the punctuation and the closing brackets that belong to the sentence."""
    for match in _URL.finditer(text):
        end = _trimmed(match.group())
        if is_web(match.group()[:end]):
            yield match.start(), match.start() + end


def hashtags_in(text: str) -> Iterator[tuple[int, int]]:
    """The spans of hashtags with their ``#``: any script, one letter at least, 64 graphemes at most."""
    for match in _HASHTAG.finditer(text):
        tag = match["tag"]
        if _LETTER.search(tag) and graphemes(tag) <= TAG_GRAPHEMES:
            yield match.start(), match.end()


def handles(text: str) -> Iterator[tuple[int, int]]:
    """The spans of what reads like ``@handle`` or ``@handle@server``, at signs included, a full stop at the end not."""
    for match in HANDLE.finditer(text):
        yield match.start(), match.start() + len(match.group().rstrip(".-"))


def fold_tag(tag: str) -> str:
    """The form in which two spellings of one hashtag are equal: NFKC and case folded, without ``#``."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", tag).casefold()).removeprefix("#")


def _trimmed(url: str) -> int:
    """Where the address ends once the sentence's own marks are taken off; each bracket is counted once."""
    opened = {mark: url.count(mark) for mark in _BRACKETS.values()}
    closed = {mark: url.count(mark) for mark in _BRACKETS}
    end = len(url)
    while end:
        last = url[end - 1]
        if last in _BRACKETS and closed[last] > opened[_BRACKETS[last]]:
            closed[last] -= 1
        elif last in opened:
            opened[last] -= 1
        elif last not in _ENDS_NO_URL:
            break
        end -= 1
    return end
