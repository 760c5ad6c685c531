"""What no page, feed, calendar or terminal is given: control characters, broken ones, marks that turn text around."""

from __future__ import annotations

import regex

LONGEST_NAME = 200
"""Characters of a display name; Bluesky allows 64 graphemes, Mastodon 30 characters, other servers more."""

LONGEST_HANDLE = 320
"""Characters of a handle: a name, an at sign and a host of at most 253."""

LONGEST_WORDS = 20_000
"""Characters of an image's description or a content warning; Bluesky allows 20,000 bytes of the former."""

REORDERING = regex.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of what follows: in somebody's text they could turn ours around."""

_CONTROL = regex.compile(r"[\p{Cc}\u2028\u2029--\t\n]", regex.V1)
_BROKEN = regex.compile(r"[\p{Cs}\p{Noncharacter_Code_Point}]")
_UNSEEN = regex.compile(r"[\s\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]")


def showable(text: str) -> str:
    """The text without what could spoil the page it stands on; nothing that can be read is lost.

    Control characters and Unicode's line separators become blanks (tabs and line feeds stay), halves of characters and
    code points that are no characters U+FFFD (https://html.spec.whatwg.org/multipage/parsing.html#preprocessing-the-input-stream
    calls all of these errors); marks that reorder text go.
    """
    if text.isprintable():
        return text
    return str(REORDERING.sub("", _BROKEN.sub("\ufffd", _CONTROL.sub(" ", text))))


def one_line(text: str, most: int) -> str:
    """A name or a handle: showable, on one line, of at most so many characters; empty where there is nothing to see."""
    line = " ".join(showable(text[: 4 * most]).split())
    if not _UNSEEN.sub("", line):
        return ""
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def words(text: str) -> str:
    """A description or a content warning, which may have several lines."""
    clean = showable(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return clean if len(clean) <= LONGEST_WORDS else clean[: LONGEST_WORDS - 1].rstrip() + "…"
