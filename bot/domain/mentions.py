"""Who a text mentions, and the same text without those who do not want to be named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.patterns import AT, AT_SIGNS, handles
from bot.domain.richtext import Mention, RichText, join, runs, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.domain.richtext import Feature

UNNAMED = "@\u2026"
"""What stands where somebody was named."""


def mentions(rich: RichText) -> tuple[Mention, ...]:
    """Everybody a text mentions, each once: by facets, and by handles that stand in it as plain words."""
    if not AT.search(rich.text):
        return ()
    found = (named or feature for _, feature, named in _pieces(rich))
    return tuple(dict.fromkeys(one for one in found if isinstance(one, Mention)))


def unname(rich: RichText, left: Callable[[Mention], bool]) -> RichText:
    """The text with ``@…`` in place of everybody of whom ``left`` says that they left.

    Args:
        rich: any text.
        left: is asked for each mention; one that stands in plain words has no ``id``.
    """
    if not AT.search(rich.text):
        return rich
    shown: list[RichText | str] = []
    changed = False
    for piece, feature, named in _pieces(rich):
        mention = named or feature
        if isinstance(mention, Mention) and left(mention):
            changed = True
            shown.append(UNNAMED)
        else:
            shown.append(whole(piece, feature) if feature else piece)
    return join(shown) if changed else rich


def _pieces(rich: RichText) -> Iterator[tuple[str, Feature | None, Mention | None]]:
    """The text's runs with what they mean; a handle in plain words is a piece of its own, with whom it names."""
    for piece, feature in runs(rich):
        done = 0
        for start, end in handles(piece) if feature is None else ():
            if start > done and piece[start - 1 : start].isalnum():  # an e-mail address, unless a handle ends there
                continue
            if start > done:
                yield piece[done:start], None, None
            yield piece[start:end], None, Mention("", piece[start:end].lstrip(AT_SIGNS))
            done = end
        if done < len(piece):
            yield piece[done:], feature, None
