"""A page before it is made: its path, a fingerprint of all that it is made from, and how to make it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from bot.rendering.typesetting import typeset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bot.domain.records import ChatContent
    from bot.rendering.frame import Press
    from bot.rendering.paper import Sheet
    from bot.rendering.words import Words

    Content = Callable[[str], ChatContent]


@dataclass(slots=True)
class Page:
    """A ``ports.PlannedPage``."""

    path: str
    mark: str
    make: Callable[[Content], bytes]

    def render(self, content: Content) -> bytes:
        """Make the page; ``content`` gives what may be shown of a chat by its id."""
        return self.make(content)


class Sheets:
    """Plans pages.

    Args:
        press: templates and the site's settings.
        base: a fingerprint of what every page is made from.
    """

    def __init__(self, press: Press, base: str) -> None:
        self.press = press
        self._base = base

    def page(self, path: str, made_from: object, make: Callable[[Content], bytes]) -> Page:
        """Plan a page; ``made_from`` is all that it shows beside the settings and the templates."""
        return Page(path, digest(self._base, made_from), make)

    def filled(self, template: str, words: Words, path: str, title: str, values: Mapping[str, Any]) -> Page:
        """Plan a page that is its template filled with these values, and nothing else."""
        made_from = [words.language, title, values]
        return self.page(path, made_from, lambda _: self.press.page(template, words, path, title, dict(values)))

    def paper(self, page: str) -> str:
        """The path of a page as PDF; empty where nothing sets any."""
        return self.press.paper(page)

    def pdf(self, page: str, made_from: object, tell: Callable[[], Sheet]) -> Iterator[Page]:
        """Plan a page as PDF beside it, where that can be set. ``made_from`` is all that the sheet says."""
        if path := self.paper(page):
            yield self.page(path, [self.press.typesetter, made_from], lambda _: typeset(tell()))


def digest(*made_from: object) -> str:
    """A fingerprint of any plain data."""
    return hashlib.blake2b(msgspec.json.encode(made_from, enc_hook=_plain), digest_size=12).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Markup):
        return str(value)
    raise NotImplementedError
