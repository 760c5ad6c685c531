"""Somebody's words as plain text that we may post again: what was no link and no hashtag there is none here either."""

from __future__ import annotations

from typing import TYPE_CHECKING

import regex

from bot.domain.patterns import ZERO_WIDTH_SPACE, hashtags_in, urls
from bot.domain.richtext import Link, Tag, runs, shown_plain

if TYPE_CHECKING:
    from bot.domain.richtext import RichText

# What Mastodon's ``app/lib/text_formatter.rb`` finds in plain text: addresses of several kinds, and hashtags.
_LINKED = regex.compile(r"[a-z]:(?=//)|\b(?:magnet|xmpp):|[#\uff03](?=\w)", regex.IGNORECASE)
_BREAK = rf"\g<0>{ZERO_WIDTH_SPACE}"
_OPENING = '([{"“«'


def unlinked(text: str) -> str:
    """A text in which no server finds a web address or a hashtag: a zero-width space parts what would make one."""
    return str(_LINKED.sub(_BREAK, text))


def stays_whole(uri: str) -> bool:
    """Whether an address in plain text is found as a whole: a part of it, found alone, would lead elsewhere."""
    return list(urls(uri)) == [(0, len(uri))]


def repeatable(rich: RichText) -> str:
    """``richtext.to_plain`` for a post of ours: only the links and hashtags of the original are some in ours.

    Addresses written without a link, words dressed up as another address, and pieces that would only make an address
    side by side stay words.
    """
    told, words = "", ""
    for piece, feature in runs(rich):
        kept = _kept(piece, feature) if isinstance(feature, Link | Tag) else ""
        if kept:
            told, words = _beside(_beside(told, unlinked(words)), kept), ""
        else:
            words += piece
    return _beside(told, unlinked(words))


def _beside(told: str, more: str) -> str:
    """What was told and more of it, so that neither lengthens an address or a hashtag of the other."""
    apart = told and more and not more[0].isspace() and not told[-1].isspace() and told[-1] not in _OPENING
    return f"{told}{ZERO_WIDTH_SPACE}{more}" if apart else told + more


def _kept(piece: str, feature: Link | Tag) -> str:
    """A link or a hashtag as it is posted again; empty where the words are not what they say they are."""
    if isinstance(feature, Tag):
        return piece if list(hashtags_in(piece)) == [(0, len(piece))] else ""
    uri = feature.uri if stays_whole(feature.uri) else unlinked(feature.uri)
    return uri if shown_plain(piece, feature) == feature.uri else f"{unlinked(piece)} ({uri})"
