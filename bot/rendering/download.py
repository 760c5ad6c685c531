"""A chat as one file to keep: its page with all that it shows, opened from a disk without a network.

Links within the chat stay inside; all others lead to the archive's address. The same files give the same bytes.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

from bot.rendering import urls
from bot.rendering.zipped import zipped

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 8
"""How many files made last are remembered: those of a chat follow each other, and its download packs them."""

_TAG = re.compile(
    r"<(?:link\b|[a-z]+\b[^<>]*?(?<![\w-])(?:href|src|action|poster)=[\"'](?!#|//|[a-z][a-z0-9+.-]*:))[^<>]*>",
    re.IGNORECASE,
)
"""What leads somewhere by a link of the site's own, and every ``link``."""

_SIGNS = (b"<link", b"href=", b"src=", b"action=", b"poster=")
"""One of these, in small letters, stands in each such tag: looking for them first is five times as fast."""

_AWAY = (b"#", b"https://", b"http://", b"mailto:")
"""How the links of most tags begin: to a place on the page, or out of the archive."""

_ATTRIBUTE = re.compile(r"(?<![\w-])(href|src|action|poster)=(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_REL = re.compile(r"(?<![\w-])rel=[\"']?([^\"'>]*)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"#|//|[a-z][a-z0-9+.-]*:|$", re.IGNORECASE)
_LINKING = frozenset({"a", "area", "form"})
_PACKED = frozenset({"stylesheet", "icon"})
_NAMED = frozenset({"alternate", "canonical", "prev", "next", "up", "license", "author", "help", "search", "me"})

Content = TypeVar("Content")


class Recent:
    """Remembers the files made last, with what gave their content, so that a download does not make them again."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, tuple[object, bytes]] = OrderedDict()

    def make(self, path: str, make: Callable[[Content], bytes], content: Content) -> bytes:
        """The file's bytes: made, or as they were made from the same content a moment ago."""
        known = self._made.get(path)
        if known is not None and known[0] is content:
            return known[1]
        data = make(content)
        self._made[path] = (content, data)
        self._made.move_to_end(path)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return data


class Download:
    """Packs one chat.

    Args:
        address: of the archive.
        here: the path of the chat's page.
        find: gives a file of the archive by its path; ``None`` where there is no such file.
    """

    def __init__(self, address: str, here: str, find: Callable[[str], bytes | None]) -> None:
        self._address = address
        self._here = here
        self._folder = posixpath.dirname(here)
        self._find = find
        self._files: dict[str, bytes] = {}
        self._tags: dict[bytes, bytes | None] = {}  # ``None`` for what stays as it is

    def pack(self) -> bytes:
        """Make the ZIP file."""
        page = self._mended(self._find(self._here) or b"")
        files = {"index.html": page} | self._files
        top = self._folder.replace("/", "-")
        return zipped(top, dict(sorted(files.items(), key=lambda one: (one[0] != "index.html", one[0]))))

    def _mended(self, page: bytes) -> bytes:
        """The page with the links of all its tags mended."""
        parts: list[bytes] = []
        done = 0
        for start in _suspects(page):
            end = page.find(b">", start) + 1
            tag = page[start:end]
            if tag not in self._tags:  # every answer has some that are alike
                text = tag.decode()
                self._tags[tag] = self._tag(text).encode() if _TAG.fullmatch(text) else None
            if (mended := self._tags[tag]) is not None:
                parts += (page[done:start], mended)
                done = end
        return b"".join((*parts, page[done:]))

    def _tag(self, tag: str) -> str:
        """A tag with its links mended; nothing of one that would ask for what is not there."""
        name = tag[1:].partition(" ")[0].lower()
        links = name in _LINKING
        if name == "link":
            rel = _REL.search(tag)
            kinds = set(rel[1].lower().split()) if rel else set()
            links = bool(kinds & _NAMED)
            if not links and not kinds & _PACKED:
                return ""
        lost = False

        def mend(attribute: re.Match[str]) -> str:
            nonlocal lost
            value = html.unescape(attribute[2][1:-1])
            if _ELSEWHERE.match(value):
                return attribute[0]
            to = self._to(value, links=links)
            lost = lost or not to
            return f'{attribute[1]}="{html.escape(to)}"'

        mended = _ATTRIBUTE.sub(mend, tag)
        return "" if lost else mended

    def _to(self, link: str, *, links: bool) -> str:
        """Where a relative link leads to from inside; empty for something to show that is not there."""
        path, _, fragment = link.partition("#")
        target = posixpath.normpath(posixpath.join(self._folder, unquote(path)))
        if target == self._here:
            return f"index.html#{fragment}" if fragment else "index.html"
        inside = target.startswith(f"{self._folder}/")
        if not target.endswith((".html", ".zip")) and (inside or not links):
            name = target.removeprefix(f"{self._folder}/")
            if name not in self._files and (data := self._find(target)) is not None:
                self._files[name] = data
            if name in self._files:
                return urls.relative("index.html", name, fragment)
        return urls.absolute(self._address, target, fragment) if links else ""


def _suspects(page: bytes) -> list[int]:
    """Where the tags begin that may be among those of ``_TAG``, in order."""
    small = page.lower()
    found: set[int] = set()
    for sign in _SIGNS:
        at = small.find(sign)
        while at >= 0:
            if sign == _SIGNS[0] or not small.startswith(_AWAY, at + len(sign) + 1):
                found.add(small.rfind(b"<", 0, at + 1))
            at = small.find(sign, at + len(sign))
    return sorted(found - {-1})
