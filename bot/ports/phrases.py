"""Phrases in people's languages, as a port."""

from __future__ import annotations

from typing import Protocol


class Phrase(Protocol):
    """Says a phrase of ours in a language (BCP 47), or in English where it has none there; all blanks filled."""

    def __call__(self, key: str, language: str, /) -> str:
        """The phrase with this key, as plain text without mentions."""
        ...
