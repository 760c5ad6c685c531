"""RichText: a text and its facets. The one form in which every text, ours and theirs, passes through the house."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import msgspec
import regex

from bot.domain.cleaning import REORDERING
from bot.domain.patterns import (
    AT,
    AT_SIGNS,
    ZERO_WIDTH_SPACE,
    fold_tag,
    graphemes,
    handles,
    hashtags_in,
    hidden_host,
    is_web,
    urls,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "Facet",
    "Feature",
    "Link",
    "Mention",
    "RichText",
    "Tag",
    "detect",
    "fold_tag",
    "from_facets",
    "graphemes",
    "hashtags",
    "join",
    "links",
    "neutralise",
    "runs",
    "shown_plain",
    "sub",
    "subs",
    "to_html",
    "to_plain",
    "whole",
]


# Here and in ``posts``, ``records`` and ``threads`` what comes in thousands is made with ``gc=False``: it is frozen and
# holds nothing that could hold it, so the garbage collector need not go through it again and again.


class Link(msgspec.Struct, frozen=True, gc=False, tag="link"):
    """A facet that opens a web page. Only ``http`` and ``https`` URIs are ever kept."""

    uri: str


class Tag(msgspec.Struct, frozen=True, gc=False, tag="tag"):
    """A hashtag, without its ``#``."""

    tag: str


class Mention(msgspec.Struct, frozen=True, gc=False, tag="mention"):
    """A mention of an account: its ``Account.id`` (a DID, or an ActivityPub URI) where known, and its handle."""

    id: str
    handle: str


Feature = Link | Tag | Mention


class Facet(msgspec.Struct, frozen=True, gc=False):
    """A stretch of the text with a meaning: ``start`` and ``end`` count bytes of its UTF-8 form, end excluded."""

    start: int
    end: int
    feature: Feature


class RichText(msgspec.Struct, frozen=True, gc=False):
    """A text (paragraphs parted by an empty line, lines by a line feed) and its facets in order, never overlapping."""

    text: str
    facets: tuple[Facet, ...] = ()


# Each has as many bytes as what it takes the place of, so that facets stay where they are.
_CONTROLS = (
    {code: " " for code in (*range(32), 127) if chr(code) not in "\t\n"}
    | dict.fromkeys(range(0x80, 0xA0), "\u00a0")
    | {0x85: " \n", 0x2028: "  \n", 0x2029: " \n\n"}  # next line, line separator, paragraph separator
    | dict.fromkeys((*range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF), "\ufffd")
    | {plane << 16 | code: "\ufffd " for plane in range(1, 17) for code in (0xFFFE, 0xFFFF)}
)
_CONTINUES = 0b10  # the two high bits of every byte of a UTF-8 sequence but its first
_SURROGATE = regex.compile(r"[\ud800-\udfff]")
_PARAGRAPH = regex.compile(rb"\n(?:[ \t]*+\n)++")
_AT_WORD = regex.compile(rf"[{AT_SIGNS}](?=\w|$)")
_PINGS = regex.compile(r"(?<![=/\w])@")  # where Mastodon's Account::MENTION_RE finds one, even inside a web address
_UNGUARDED_AT = regex.compile(rf"[{AT_SIGNS}](?!{ZERO_WIDTH_SPACE})")


def from_facets(text: str, facets: Iterable[Facet] = ()) -> RichText:
    """Make a RichText of what a network gave, leaving out facets that cannot be right.

    Left out are facets that are empty, lie outside the text, cut a UTF-8 sequence, overlap an earlier one, or carry
    a link that is not a web address (https://docs.bsky.app/docs/advanced-guides/post-richtext). Control characters
    become white space, lone surrogates and code points that are no characters U+FFFD, which keeps every other byte in
    its place.
    """
    text = _SURROGATE.sub("\ufffd", text).translate(_CONTROLS)
    return RichText(text, tuple(_sound(facets, text.encode())))


def detect(text: str, mentions: Mapping[str, str] | None = None) -> RichText:
    """Find links, hashtags and wanted mentions in a text of our own.

    Args:
        text: plain text.
        mentions: the handles that may be addressed, as written but without the leading ``@``
            (``deputy@social.example.org``, ``edchat.example.org``; case does not matter), and the ``Account.id`` of
            each. Any other ``@`` before a word character gets a zero-width space behind it, so that no server takes
            it for a mention.
    """
    text = _SURROGATE.sub("\ufffd", text).translate(_CONTROLS)
    wanted = {handle.lstrip("@").casefold(): account for handle, account in (mentions or {}).items()}
    taken: list[tuple[int, int, Feature]] = [(s, e, Link(_PINGS.sub(_percent, text[s:e]))) for s, e in urls(text)]
    taken += [(s, e, Tag(text[s + 1 : e])) for s, e in hashtags_in(text)]
    taken += [
        (s, e, Mention(wanted[text[s + 1 : e].casefold()], text[s + 1 : e]))
        for s, e in handles(text)
        if text[s + 1 : e].casefold() in wanted and not text[s - 1 : s].isalnum()
    ]
    parts: list[RichText] = []
    done = 0
    for start, end, feature in sorted(taken, key=lambda span: (span[0], -span[1])):
        if start < done:
            continue
        shown = feature.uri if isinstance(feature, Link) else text[start:end]
        parts += [RichText(_guard(text, done, start)), whole(shown, feature)]
        done = end
    return join([*parts, RichText(_guard(text, done, len(text)))])


def neutralise(rich: RichText) -> RichText:
    """Make a text of somebody else safe to repeat: nothing in it can ping anyone. Doing it twice changes nothing.

    Mention facets go; a zero-width space stands behind every at sign, so that Mastodon, which reads mentions out of the
    plain text (``Account::MENTION_RE``), finds none. In a web address the sign becomes ``%40``, which
    opens the same page.
    """
    parts: list[RichText] = []
    for piece, feature in runs(rich):
        if isinstance(feature, Link):
            uri = AT.sub(_percent, feature.uri)
            shown = uri if piece == feature.uri else _guard(piece, 0, len(piece), always=True)
            parts.append(whole(shown, Link(uri)))
        else:
            guarded = _guard(piece, 0, len(piece), always=True)
            parts.append(whole(guarded, feature) if isinstance(feature, Tag) else RichText(guarded))
    return join(parts)


def sub(rich: RichText, start: int, end: int) -> RichText:
    """The stretch from byte ``start`` to byte ``end`` with its facets; see ``subs``."""
    return subs(rich, [(start, end)])[0]


def subs(rich: RichText, spans: Sequence[tuple[int, int]]) -> tuple[RichText, ...]:
    """Several stretches of one text, in order and apart, each with the facets in it, in linear time.

    Bounds inside a UTF-8 sequence move back to its start. A link that is cut keeps its address on both sides; a cut
    hashtag or mention is none any more.
    """
    data = rich.text.encode()
    facets = list(_sound(rich.facets, data))
    pieces: list[RichText] = []
    first = 0
    for bounds in spans:
        start, end = (_boundary(data, at) for at in bounds)
        while first < len(facets) and facets[first].end <= start:
            first += 1
        kept: list[Facet] = []
        for facet in (facets[index] for index in range(first, len(facets))):
            if facet.start >= end:
                break
            clipped = (max(facet.start, start) - start, min(facet.end, end) - start)
            if isinstance(facet.feature, Link) or clipped == (facet.start - start, facet.end - start):
                kept.append(Facet(*clipped, facet.feature))
        pieces.append(RichText(data[start:end].decode(), tuple(kept)))
    return tuple(pieces)


def whole(text: str, feature: Feature) -> RichText:
    """A text that means one thing from end to end."""
    return RichText(text, (Facet(0, len(text.encode()), feature),))


def join(parts: Iterable[RichText | str], between: str = "") -> RichText:
    """One text of many, with ``between`` in between; facets move along."""
    texts: list[str] = []
    facets: list[Facet] = []
    at = 0
    for index, part in enumerate(parts):
        if index and between:
            texts.append(between)
            at += len(between.encode())
        rich = RichText(part) if isinstance(part, str) else part
        facets += [Facet(facet.start + at, facet.end + at, facet.feature) for facet in rich.facets]
        texts.append(rich.text)
        at += len(rich.text.encode())
    return RichText("".join(texts), tuple(facets))


def runs(rich: RichText) -> Iterator[tuple[str, Feature | None]]:
    """The text cut at the ends of its facets: each piece with what it means."""
    if not rich.facets:
        if rich.text:
            yield rich.text, None
        return
    data = rich.text.encode()
    done = 0
    for facet in _sound(rich.facets, data):
        if facet.start > done:
            yield data[done : facet.start].decode(), None
        yield data[facet.start : facet.end].decode(), facet.feature
        done = facet.end
    if done < len(data):
        yield data[done:].decode(), None


def links(rich: RichText) -> tuple[str, ...]:
    """The addresses that the text's links open, each once, in order."""
    if not rich.facets:
        return ()
    sound = (facet.feature for facet in _sound(rich.facets, rich.text.encode()))
    return tuple(dict.fromkeys(feature.uri for feature in sound if isinstance(feature, Link)))


def hashtags(rich: RichText) -> tuple[str, ...]:
    """The text's hashtags without ``#``, folded (``fold_tag``), each once: facets first, then the text's."""
    text = rich.text
    found = [fold_tag(feature.tag) for _, feature in runs(rich) if isinstance(feature, Tag)] if rich.facets else []
    if "#" in text or "\uff03" in text:  # most have none, and a page asks this of all its answers
        done = 0
        for start, end in [*urls(text), (len(text), 0)]:
            between = text[done:start]
            found += [fold_tag(between[s + 1 : e]) for s, e in hashtags_in(between)]
            done = end
    return tuple(dict.fromkeys(tag for tag in found if tag))


def to_plain(rich: RichText) -> str:
    """The text without facets that still says where its links lead.

    An address that is shown shortened (``example.org/lo…``) is written out; behind other words it follows in brackets.
    """
    return "".join(shown_plain(piece, feature) for piece, feature in runs(rich))


def shown_plain(piece: str, feature: Feature | None) -> str:
    """One run of ``to_plain``."""
    if not isinstance(feature, Link) or piece == feature.uri:
        return piece
    short = _bare(piece).rstrip("….")
    if short and _bare(feature.uri).startswith(short):
        return feature.uri
    return f"{piece} ({feature.uri})"


def to_html(rich: RichText) -> str:
    """Our own markup: ``<p dir="auto">``, ``<br>``, links and ``<span class="tag">``; everything else is escaped.

    Marks that turn the direction of what follows (``cleaning.REORDERING``) are left out. Behind a link whose words do
    not say where it leads stands its host, in letters that cannot pass for others. Mentions stay words. The result
    needs no further sanitising.
    """
    if not rich.facets and "\n" not in rich.text:
        return f'<p dir="auto">{_markup(rich.text, None)}</p>' if rich.text.strip() else ""
    data = rich.text.encode()
    spans: list[tuple[int, int]] = []
    start = 0
    for gap in _PARAGRAPH.finditer(data):
        spans.append((start, gap.start()))
        start = gap.end()
    spans.append((start, len(data)))
    parts = subs(rich, spans) if len(spans) > 1 else (rich,)
    bodies = ("".join(_markup(*run) for run in runs(part)) for part in parts if part.text.strip())
    return "\n".join(f'<p dir="auto">{body}</p>' for body in bodies)


def _markup(piece: str, feature: Feature | None) -> str:
    plain = piece if piece.isprintable() else REORDERING.sub("", piece)  # none of those marks is printable
    shown = html.escape(plain).replace("\n", "<br>")
    if isinstance(feature, Link):
        link = f'<a href="{html.escape(feature.uri)}" rel="nofollow noopener">{shown}</a>'
        host = hidden_host(plain, feature.uri)
        return f'{link} <bdi class="host">({html.escape(host)})</bdi>' if host else link
    return f'<span class="tag">{shown}</span>' if isinstance(feature, Tag) else shown


def _sound(facets: Iterable[Facet], data: bytes) -> Iterator[Facet]:
    """The facets that can be right, in order."""
    done = 0
    for facet in sorted(facets, key=lambda each: each.start):
        if not done <= facet.start < facet.end <= len(data):
            continue
        if _boundary(data, facet.start) != facet.start or _boundary(data, facet.end) != facet.end:
            continue
        feature = facet.feature
        if isinstance(feature, Link) and not is_web(feature.uri):
            continue
        if isinstance(feature, Tag) and not feature.tag:
            continue
        done = facet.end
        yield facet


def _boundary(data: bytes, at: int) -> int:
    """The nearest start of a UTF-8 sequence at or before ``at``, inside the text."""
    at = min(max(at, 0), len(data))
    while 0 < at < len(data) and data[at] >> 6 == _CONTINUES:
        at -= 1
    return at


def _guard(text: str, start: int, end: int, *, always: bool = False) -> str:
    """That stretch, with a zero-width space behind its at signs: all of them, or those before a word character."""
    if always:
        return str(_UNGUARDED_AT.sub(rf"\g<0>{ZERO_WIDTH_SPACE}", text[start:end]))
    return str(_AT_WORD.sub(rf"\g<0>{ZERO_WIDTH_SPACE}", text[start:end]))


def _percent(match: regex.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode())


def _bare(address: str) -> str:
    """An address as it is shown when shortened: no scheme, no ``www.``, at signs plain."""
    plain = address.replace(ZERO_WIDTH_SPACE, "").replace("%40", "@").casefold()
    return plain.removeprefix("https://").removeprefix("http://").removeprefix("www.")
