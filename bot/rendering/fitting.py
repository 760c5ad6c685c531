"""Make words fit a post: cut a quotation at a word, hang what is too long below as further posts."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from bot.domain.outbox import DraftPost
from bot.domain.patterns import grapheme_lengths, urls
from bot.domain.splitting import split
from bot.domain.textlength import remaining

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.richtext import RichText
    from bot.domain.textlength import Limits

ELLIPSIS = "…"
_EMPTY_LINES = re.compile(r"\n{3,}")
_SPACE_AT_END = re.compile(r"(?<![^\S\n])[^\S\n]+$", re.MULTILINE)  # only from a run's start: long ones cost no more
_MOST = 10_000  # characters of a text that are tried; no post holds more, and each trial writes the post anew
_LAST_WORD = re.compile(r"\s\S*$")
_NOT_BEFORE_ELLIPSIS = " \t\n.,;:–—-…"  # noqa: RUF001 - dashes as people write them


def tidy(text: str) -> str:
    """What a template wrote, without the white space it left behind: at most one empty line, none at the ends."""
    return _EMPTY_LINES.sub("\n\n", _SPACE_AT_END.sub("", text)).strip()


def one_line(text: str) -> str:
    """A text on a single line."""
    return " ".join(text.split())


def cut_to_fit(text: str, write: Callable[[str], RichText], limits: Limits) -> RichText:
    """Write ``text`` whole if the post fits, else as much as fits, cut at a word and marked with an ellipsis."""
    if len(text) <= _MOST:
        whole = write(text)
        if remaining(whole, limits) >= 0:
            return whole
    text = text[:_MOST]
    ends = [0, *accumulate(grapheme_lengths(text))]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if remaining(write(_cut(text, ends[middle])), limits) >= 0:
            low = middle
        else:
            high = middle - 1
    return write(_cut(text, ends[low]))


def _cut(text: str, end: int) -> str:
    """The first ``end`` characters, back to the end of a word where there is one, and an ellipsis.

    An address goes whole or not at all: half of one may lead elsewhere.
    """
    end = next((start for start, after in urls(text) if start < end < after), end)
    kept = text[:end]
    if end < len(text) and not text[end].isspace():
        word = _LAST_WORD.search(kept)
        if word and word.start() > end // 2:
            kept = kept[: word.start()]
    return kept.rstrip(_NOT_BEFORE_ELLIPSIS) + ELLIPSIS


def hang(rich: RichText, limits: Limits, first: DraftPost, at: int) -> list[DraftPost]:
    """``first`` with this text; where one post does not hold it, the rest hangs below it, one post under the other.

    Args:
        rich: the whole text.
        limits: of the network.
        first: all else about the first post.
        at: its index in the draft.
    """
    pieces = split(rich, limits)
    posts = [DraftPost(pieces[0], first.reply_to, first.visibility, first.media, first.poll, first.answer)]
    posts += [
        DraftPost(piece, reply_to=at + index, visibility="unlisted", answer=first.answer)
        for index, piece in enumerate(pieces[1:])
    ]
    return posts
