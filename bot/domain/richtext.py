"""RichText: a text and its facets. The one form in which every text, ours and theirs, passes through the house."""

from __future__ import annotations

import msgspec


class Link(msgspec.Struct, frozen=True, tag="link"):
    """A facet that opens a web page. Only ``http`` and ``https`` URIs are ever kept."""

    uri: str


class Tag(msgspec.Struct, frozen=True, tag="tag"):
    """A hashtag, without its ``#``."""

    tag: str


class Mention(msgspec.Struct, frozen=True, tag="mention"):
    """A mention of an account: its ``Account.id`` (a DID, or an ActivityPub URI) where known, and its handle."""

    id: str
    handle: str


class Facet(msgspec.Struct, frozen=True):
    """A stretch of the text with a meaning: ``start`` and ``end`` count bytes of its UTF-8 form, end excluded."""

    start: int
    end: int
    feature: Link | Tag | Mention


class RichText(msgspec.Struct, frozen=True):
    """A text (paragraphs parted by an empty line, lines by a line feed) and its facets in order, never overlapping."""

    text: str
    facets: tuple[Facet, ...] = ()
