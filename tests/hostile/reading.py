"""What a page may consist of: our templates' own elements and attributes, and nothing that does anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

COMMON = {"class", "id", "lang", "dir", "itemprop", "itemscope", "itemtype"}
ALLOWED = {
    "html": set(),
    "head": set(),
    "meta": {"charset", "name", "content", "property", "http-equiv"},
    "title": set(),
    "link": {"rel", "href", "type", "title"},
    "body": set(),
    "a": {"href", "rel", "aria-current", "target"},
    "nav": {"aria-label", "aria-labelledby"},
    "section": {"aria-labelledby"},
    "time": {"datetime"},
    "ul": {"aria-label"},
    "p": {"aria-hidden"},
    "span": {"aria-hidden"},
    "div": {"tabindex"},
    "table": {"role", "aria-label"},
    "thead": {"role"},
    "tbody": {"role"},
    "tr": {"role"},
    "th": {"role", "scope"},
    "td": {"role", "data-head"},
    "figcaption": {"aria-hidden"},
    "svg": {
        *("viewBox", "viewbox", "width", "height", "role", "aria-label", "aria-hidden"),
        *("preserveAspectRatio", "preserveaspectratio"),
    },
    "rect": {"x", "y", "width", "height", "rx"},
    "circle": {"cx", "cy", "r"},
    "line": {"x1", "y1", "x2", "y2"},
    "path": {"d"},
    "text": {"x", "y"},
    **{
        name: set()
        for name in (
            *("header", "main", "footer", "h1", "h2", "h3", "h4", "ol", "li", "strong", "article", "bdi"),
            *("details", "summary", "br", "kbd", "dl", "dt", "dd", "figure", "caption"),
        )
    },
}
"""Elements of ``templates/site`` and of ``richtext.to_html`` with their attributes, besides those of ``COMMON``."""

MAIL = re.compile(r"mailto:chats@example\.org(?:\?subject=[\w.~%-]*)?", re.ASCII)
"""To whom a page writes, and what of it may be somebody's words: percent-encoded, whatever they are."""

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]"
)
"""Characters that HTML calls errors, and those that turn text around."""


def elements(page: bytes) -> Iterator[LexborNode]:
    """Every element of a page, parsed as browsers do."""
    root = LexborHTMLParser(page.decode()).root
    assert root is not None
    for node in root.traverse(include_text=False):
        if not (node.tag or "").startswith(("-", "!")):
            yield node


def faults(page: bytes) -> list[str]:
    """What stands on a page that may not, one line for each."""
    found = [f"U+{ord(mark):04X}" for mark in UNSEEN.findall(page.decode())]
    for node in elements(page):
        tag = node.tag or ""
        if tag not in ALLOWED:
            found.append(f"<{tag}>")
            continue
        for name, value in node.attributes.items():
            if name not in COMMON | ALLOWED[tag]:
                found.append(f"<{tag} {name}>")
            if name == "href" and not _harmless(value or ""):
                found.append(f"<{tag} {name}={value}>")
            if name == "name" and value not in ("viewport", "robots", "referrer", "description", "twitter:card"):
                found.append(f"<meta name={value}>")
            if name == "property" and not (value or "").startswith("og:"):
                found.append(f"<meta property={value}>")
    return found


def _harmless(href: str) -> bool:
    """A page, a place on this one, an address of ours to write to, or a file beside this one."""
    if re.match(r"https?://[^\s/@\\]+(?:[/?#]|$)", href) or MAIL.fullmatch(href):
        return True
    return href.startswith("#") or not re.search(r"^//|:|[\s\\]", href)
