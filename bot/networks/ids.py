"""What may pass for a name of something: networks' answers are not taken at their word."""

from __future__ import annotations

import re

from bot.domain.patterns import is_web

LONGEST_ADDRESS = 2048  # characters; browsers and servers take no longer ones
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")


def is_language(text: str) -> bool:
    """Whether a text has the form of a BCP 47 tag (https://www.rfc-editor.org/rfc/rfc5646#section-2.1)."""
    return len(text) <= LONGEST_ADDRESS and _LANGUAGE.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether a text is a web address that a browser would open."""
    return len(text) <= LONGEST_ADDRESS and is_web(text)
