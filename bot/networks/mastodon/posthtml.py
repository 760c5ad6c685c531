"""A post's HTML, as any server of the fediverse writes it, to RichText: once, on the way in.

What servers send: https://docs.joinmastodon.org/spec/activitypub/#sanitization. Other servers send more, and hostile
ones anything: the walk is a loop, and a page too full of tags is read as words alone.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from bot.domain.patterns import is_web
from bot.domain.richtext import Facet, Link, Mention, RichText, Tag, from_facets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from selectolax.lexbor import LexborNode

    from bot.domain.richtext import Feature

MOST_CHARACTERS = 100_000  # of HTML; Mastodon's own posts have a few thousand. 33,000 attributes in one tag take 0.4 s
MOST_TAGS = 3_000  # opening 100,000 elements inside each other took the parser 30 s, 5,000 of them 0.1 s
MOST_URI = 2_048

_PARAGRAPHS = frozenset(
    "p div blockquote pre ul ol dl table section article header footer main aside nav figure figcaption address form"  # noqa: SIM905 -- a list of 29 strings reads worse
    " fieldset details summary hr h1 h2 h3 h4 h5 h6".split()
)
_LINES = frozenset({"li", "dt", "dd", "tr", "caption"})
_UNSEEN = frozenset(
    "script style template iframe noembed noframes noscript object embed svg math title head textarea select audio"  # noqa: SIM905 -- as above
    " video canvas".split()
)
_LISTS = frozenset({"ul", "ol"})
_DEEPEST = 3  # of nested quotes and lists, more are not told apart
_HASHES = ("#", "\uff03")
_BLANKS = "".join(map(chr, (*range(33), 127)))  # a control character counts as white space
_SPACE = re.compile(r"[\x00-\x20\x7f]+")
_LINE_FEED = re.compile(r"\r\n?|\n")
_TAGS = re.compile(r"<!--.*?(?:-->|$)|<[^>]*>?", re.DOTALL)
_HUGE = re.compile(r"&#(?:\d{8,}|[xX][\da-fA-F]{7,});?")  # beyond Unicode, and beyond what Python makes numbers of
_SERVED = re.compile(r"@?(?P<name>[^@/\s]+)@(?P<host>[^@/\s]+)")
_TEXT, _COMMENT = "-text", "-comment"


def to_rich(content: str, mentions: Mapping[str, str] | None = None, *, quoting: bool = False) -> RichText:
    """Convert a post's ``content`` or an account's ``note``.

    Paragraphs are parted by an empty line, lines by a line feed; list items get a bullet or their number, quoted lines
    ``> ``. Links keep their whole address as text, as Mastodon's invisible and shortened pieces spell it; emphasis
    goes; custom emoji stay ``:shortcode:``.

    Args:
        content: HTML.
        mentions: handles (``@name@host``) by the address that the link of a mention opens.
        quoting: leave out the ``RE:`` line that servers add for readers who do not see quotes.
    """
    content = content[:MOST_CHARACTERS].encode("utf-8", "replace").decode()  # a lone surrogate would stop the parser
    if content.count("<") > MOST_TAGS:
        return from_facets(_SPACE.sub(" ", html.unescape(_HUGE.sub("\ufffd", _TAGS.sub(" ", content)))).strip())
    body = LexborHTMLParser(content).body
    if body is None:
        return RichText("")
    walk = _Walk(mentions or {}, quoting=quoting)
    walk.through(body)
    return walk.written.rich()


class _Written:
    """The text so far. White space is held back until a word follows it, so nothing begins or ends with any."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._bytes = 0
        self._lines = 0  # line feeds that are due before the next word
        self._blank = False  # a blank is due
        self._indent = ""  # blanks are due as they were written
        self._bullet = ""
        self._quotes = 0
        self._facets: list[Facet] = []
        self._link: tuple[int, int] | None = None  # the open link's first byte and piece
        self._linking = False

    def words(self, text: str) -> None:
        """Write text in which white space counts as one blank."""
        for index, word in enumerate(_SPACE.split(text)):
            if index:
                self._blank = True
            if word:
                self._put(word)

    def kept(self, text: str) -> None:
        """Write text whose lines and blanks count as they stand."""
        for index, line in enumerate(_LINE_FEED.split(text)):
            if index:
                self.line()
            words = line.strip(_BLANKS)
            if words:
                begin = line.index(words)
                self._indent += line[:begin]
                self._put(words)
                self._indent = line[begin + len(words) :]
            else:
                self._indent += line

    def line(self) -> None:
        """A line ends here."""
        self._indent = ""
        self._lines = min(self._lines + 1, 2)

    def paragraph(self, quotes: int) -> None:
        """A paragraph ends here; the next one stands in so many block quotes."""
        self._lines = 2
        self._quotes = quotes

    def item(self, bullet: str) -> None:
        """A list's item begins, or a line that is no paragraph."""
        self._lines = max(self._lines, 1)
        self._bullet = bullet

    def open_link(self) -> None:
        """A link begins with the next word."""
        self._linking = True

    def close_link(self, feature: Callable[[str], Feature | None]) -> None:
        """The link ends with the last word; ``feature`` is asked what its words mean."""
        if self._link is not None:
            start, piece = self._link
            meaning = feature("".join(self._pieces[piece:]))
            if meaning is not None:
                self._facets.append(Facet(start, self._bytes, meaning))
        self._link, self._linking = None, False

    def rich(self) -> RichText:
        """All of it."""
        return from_facets("".join(self._pieces), self._facets)

    def _put(self, word: str) -> None:
        before = ""
        if self._bytes:
            before = "\n" * self._lines or self._indent or " " * self._blank
        if self._lines or not self._bytes:
            before += "> " * self._quotes + self._bullet
            before += self._indent if self._bytes else ""
        self._lines, self._blank, self._bullet, self._indent = 0, False, "", ""
        self._bytes += len(before.encode())
        self._pieces.append(before)
        if self._linking and self._link is None:
            self._link = (self._bytes, len(self._pieces))
        self._bytes += len(word.encode())
        self._pieces.append(word)


class _Walk:
    """Visits every node once, in order, without recursion."""

    def __init__(self, mentions: Mapping[str, str], *, quoting: bool) -> None:
        self.written = _Written()
        self._mentions = mentions
        self._quoting = quoting
        self._quotes = 0
        self._kept = 0  # open <pre>
        self._lists: list[int] = []  # open lists: the next item's number, or 0 for bullets
        self._link = 0  # the open link's node

    def through(self, root: LexborNode) -> None:
        """Visit all that is inside ``root``."""
        end = root.mem_id
        node = root.first_child
        while node is not None:
            inside = self._enter(node)
            child = node.first_child if inside else None
            if child is not None:
                node = child
                continue
            if inside:
                self._leave(node)
            while node.next is None:
                parent = node.parent
                if parent is None or parent.mem_id == end:
                    return
                node = parent
                self._leave(node)
            node = node.next

    def _enter(self, node: LexborNode) -> bool:
        """Write what a node begins with; false leaves out all that is inside."""
        tag = node.tag or ""
        if tag == _TEXT:
            write = self.written.kept if self._kept else self.written.words
            write(node.text_content or "")
            return False
        if tag in _UNSEEN or tag == _COMMENT or (self._quoting and "quote-inline" in _classes(node)):
            return False
        if tag == "br":
            self.written.line()
        elif tag == "img":
            self.written.words(_attribute(node, "alt"))
        elif tag in ("td", "th"):
            self.written.words(" ")
        elif tag == "a" and not self._link:
            self._link = node.mem_id
            self.written.open_link()
        elif tag == "li":
            self._item()
        elif tag in _LINES:
            self.written.item("")
        elif tag in _PARAGRAPHS:
            self._block(tag, 1)
        return True

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "a" and node.mem_id == self._link:
            self._link = 0
            self.written.close_link(lambda words: self._feature(node, words))
        elif tag in _PARAGRAPHS:
            self._block(tag, -1)

    def _block(self, tag: str, step: int) -> None:
        """A block begins (``step`` 1) or ends (-1)."""
        nested = bool(self._lists)
        if tag == "blockquote":
            self._quotes += step
        elif tag == "pre":
            self._kept += step
        elif tag in _LISTS:
            if step > 0:
                self._lists.append(1 if tag == "ol" else 0)
            else:
                self._lists.pop()
                nested = bool(self._lists)
        if not nested or tag in ("blockquote", "pre"):
            self.written.paragraph(min(self._quotes, _DEEPEST))
        elif tag in _LISTS or step < 0:
            self.written.item("")  # inside a list's item: the next line, not a new paragraph

    def _item(self) -> None:
        bullet = "• "
        if self._lists and self._lists[-1]:
            bullet = f"{self._lists[-1]}. "
            self._lists[-1] += 1
        self.written.item("  " * min(len(self._lists) - 1, _DEEPEST) + bullet)

    def _feature(self, node: LexborNode, words: str) -> Feature | None:
        href = _attribute(node, "href").strip()
        classes = _classes(node)
        if words[:1] in _HASHES and ("hashtag" in classes or "tag" in _attribute(node, "rel").split()):
            return Tag(words[1:].strip()) if words[1:].strip() else None
        if "mention" in classes and "hashtag" not in classes:
            return Mention("", self._mentions.get(href) or _handle(words, href))
        return Link(href) if len(href) <= MOST_URI and is_web(href) else None


def _handle(words: str, href: str) -> str:
    """``@name@host`` of a mention that the server did not list: from its words, else from where it leads."""
    full = _SERVED.fullmatch(words)
    if full:
        return f"@{full['name']}@{full['host']}"
    try:
        host = urlsplit(href).netloc
    except ValueError:
        host = ""
    name = words.lstrip("@")
    return f"@{name}@{host}" if host else f"@{name}"


def _attribute(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""


def _classes(node: LexborNode) -> list[str]:
    return _attribute(node, "class").split()
