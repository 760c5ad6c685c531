"""Split a text into posts that each fit: at a paragraph, else after a sentence, else between words."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec
import regex

from bot.domain.patterns import grapheme_lengths, handles, hashtags_in, urls
from bot.domain.richtext import Link, RichText, join, runs, shown_plain, sub, subs, whole
from bot.domain.textlength import counted, remaining

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.textlength import Limits

_PARAGRAPH, _SENTENCE, _WORD, _GRAPHEME, _INSIDE = 3, 2, 1, 0, -1
_STICKY_SPACES = "\u00a0\u2007\u202f"
_SENTENCE_ENDS = regex.compile(r"[.!?…؟۔।]['\"’”»)\]]{0,3}$")  # noqa: RUF001 -- typographic closing marks
_LOOK_BACK = 4  # an ending mark and at most three closing ones
_WIDE_SENTENCE_ENDS = "。！？"  # noqa: RUF001 -- Chinese and Japanese put no space behind them
_WIDE_PAUSES = "，、；："  # noqa: RUF001 -- the same
_FILLED = 3  # a paragraph's or sentence's end counts only beyond the first third of a post: no post of three words


class _Cuts(msgspec.Struct, frozen=True):
    """Where a text may be cut. All lists have one entry for each grapheme boundary, the end included.

    Attributes:
        offsets: bytes before it.
        weights: units before it.
        back: by kind of cut, ``_GRAPHEME`` to ``_PARAGRAPH``, the last place for it (or a better) up to here.
        ahead: the next place for a cut between words from here on.
        inked: the next place from here on where no white space follows.
    """

    offsets: list[int]
    weights: list[int]
    back: tuple[list[int], ...]
    ahead: list[int]
    inked: list[int]


def split(rich: RichText, limits: Limits) -> tuple[RichText, ...]:
    """Cut a text into pieces that each fit one post; only white space at the cuts is lost.

    No cut falls inside a grapheme, a link, a hashtag or a handle, unless one alone is longer than a post: then it is
    cut between graphemes, and a single grapheme of too many bytes between code points. A cut link opens the same page
    from each piece; but one that can never fit Mastodon, written out, becomes plain words. Takes time in proportion to
    the text. A text that fits, or is empty, comes back as it is.
    """
    if remaining(rich, limits) >= 0:
        return (rich,)
    return tuple(_pieces(_postable(rich, limits), limits, limits.most, limits.most_bytes)) or (RichText(""),)


def _pieces(rich: RichText, limits: Limits, most: int, most_bytes: int) -> Iterator[RichText]:
    """Fill posts by the sum of their parts; a piece that counts more as a whole is cut again with half the measure."""
    cuts = _cuts(rich, limits)
    for piece in subs(rich, list(_spans(cuts, most, most_bytes))):
        if remaining(piece, limits) >= 0:
            yield piece
        elif most > 1:
            yield from _pieces(piece, limits, most // 2, most_bytes // 2)
        else:
            yield from _shattered(piece, limits)


def _spans(cuts: _Cuts, most: int, most_bytes: int) -> Iterator[tuple[int, int]]:
    """The pieces as spans in bytes."""
    last = len(cuts.offsets) - 1
    start = cuts.inked[0]
    while start < last:
        end = _cut(cuts, start, most, most_bytes)
        inked_end = end
        while cuts.inked[inked_end - 1] != inked_end - 1:
            inked_end -= 1
        yield cuts.offsets[start], cuts.offsets[inked_end]
        start = cuts.inked[end]


def _cut(cuts: _Cuts, start: int, most: int, most_bytes: int) -> int:
    """Where the piece that begins at ``start`` ends; always beyond ``start``."""
    reach = _reach(cuts, start, most, most_bytes)
    if reach == len(cuts.offsets) - 1:
        return reach
    enough = start + (reach - start) // _FILLED
    for kind in (_PARAGRAPH, _SENTENCE):
        if cuts.back[kind][reach] > enough:
            return cuts.back[kind][reach]
    word = cuts.back[_WORD][reach]
    if word > start:
        following = cuts.inked[word]
        if _reach(cuts, following, most, most_bytes) >= cuts.ahead[min(following + 1, len(cuts.ahead) - 1)]:
            return word
        # The next word is longer than a post and will be cut anyway: fill this post with its beginning.
    grapheme = cuts.back[_GRAPHEME][reach]
    return grapheme if grapheme > start else max(reach, start + 1)


def _reach(cuts: _Cuts, start: int, most: int, most_bytes: int) -> int:
    """The furthest place up to which a piece from ``start`` still fits."""
    reach = bisect_right(cuts.weights, cuts.weights[start] + most) - 1
    if most_bytes:
        reach = min(reach, bisect_right(cuts.offsets, cuts.offsets[start] + most_bytes) - 1)
    return max(reach, start)


def _cuts(rich: RichText, limits: Limits) -> _Cuts:
    """Look once over the text and note every place for a cut."""
    text = rich.text
    starts = list(accumulate(grapheme_lengths(text), initial=0))
    last = len(starts) - 1
    inside, weights = _unbroken(rich, starts, limits)
    parts = [text[starts[k] : starts[k + 1]] for k in range(last)]
    blank = [part.isspace() and part not in _STICKY_SPACES and not inside[k] for k, part in enumerate(parts)]
    inked = [*range(last + 1)]
    for k in range(last - 1, -1, -1):
        if blank[k]:
            inked[k] = inked[k + 1]
    kinds = [_INSIDE if inside[k] else _GRAPHEME for k in range(last)] + [_PARAGRAPH]
    for k in range(1, last):
        if kinds[k] == _INSIDE or (blank[k] and blank[k - 1]):
            continue
        if blank[k]:
            kinds[k] = _kind_of_gap(text, starts[k], starts[inked[k]])
        elif parts[k - 1] in _WIDE_SENTENCE_ENDS:
            kinds[k] = _SENTENCE
        elif parts[k - 1] in _WIDE_PAUSES:
            kinds[k] = _WORD
    return _Cuts(
        offsets=list(accumulate((len(part.encode()) for part in parts), initial=0)),
        weights=list(accumulate(weights, initial=0)),
        back=tuple(_last_places(kinds, kind) for kind in (_GRAPHEME, _WORD, _SENTENCE, _PARAGRAPH)),
        ahead=_next_places(kinds),
        inked=inked,
    )


def _kind_of_gap(text: str, start: int, end: int) -> int:
    """What a run of white space parts: paragraphs, sentences (or lines), or words."""
    lines = text.count("\n", start, end)
    if lines:
        return _PARAGRAPH if lines > 1 else _SENTENCE
    ends = _SENTENCE_ENDS.search(text[max(0, start - _LOOK_BACK) : start])
    # A small letter follows "e.g." and "p. 4", not the end of a sentence.
    return _SENTENCE if ends and not text[end : end + 1].islower() else _WORD


def _unbroken(rich: RichText, starts: list[int], limits: Limits) -> tuple[list[bool], list[int]]:
    """For each grapheme: whether it begins inside a link, hashtag or handle, and what it counts."""
    inside = [False] * len(starts)
    weights = [1] * (len(starts) - 1)
    k = 0
    for start, end, shown in _atoms(rich, plain=limits.unit == "mastodon"):
        weight = counted(shown, limits)
        if weight > limits.most:
            continue  # it cannot stay whole anyway, so it is cut like any words
        while starts[k] < start:
            k += 1
        first = k
        while k < len(weights) and starts[k] < end:
            inside[k] = starts[k] > start
            k += 1
        if limits.unit == "mastodon" and k > first:
            weights[first:k] = [weight] + [0] * (k - first - 1)
    return inside, weights


def _atoms(rich: RichText, *, plain: bool) -> Iterator[tuple[int, int, str]]:
    """What no cut may fall into, as spans in characters, and as it is sent (``plain``: written out)."""
    at = 0
    for piece, feature in runs(rich):
        if feature:
            yield at, at + len(piece), shown_plain(piece, feature) if plain else piece
        else:
            done = 0
            for start, end in sorted([*urls(piece), *hashtags_in(piece), *handles(piece)]):
                if start >= done:
                    yield at + start, at + end, piece[start:end]
                    done = end
        at += len(piece)


def _last_places(kinds: list[int], kind: int) -> list[int]:
    return list(accumulate((k if each >= kind else 0 for k, each in enumerate(kinds)), max))


def _next_places(kinds: list[int]) -> list[int]:
    places = list(range(len(kinds)))
    for k in range(len(kinds) - 2, -1, -1):
        if kinds[k] < _WORD:
            places[k] = places[k + 1]
    return places


def _postable(rich: RichText, limits: Limits) -> RichText:
    """Without the links that, written out for Mastodon, are longer than a post by themselves."""
    if limits.unit != "mastodon":
        return rich
    parts: list[RichText] = []
    for piece, feature in runs(rich):
        too_long = isinstance(feature, Link) and counted(shown_plain(piece, feature), limits) > limits.most
        parts.append(RichText(piece) if too_long or feature is None else whole(piece, feature))
    return join(parts)


def _shattered(rich: RichText, limits: Limits) -> Iterator[RichText]:
    """A single grapheme that has too many bytes, cut between code points."""
    start = at = 0
    for character in rich.text:
        size = len(character.encode())
        if limits.most_bytes and at > start and at + size - start > limits.most_bytes:
            yield sub(rich, start, at)
            start = at
        at += size
    yield sub(rich, start, at)
