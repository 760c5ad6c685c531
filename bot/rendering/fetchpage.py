"""The page behind the address of a one-time download: a button, because programs that preview links fetch them."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from bot.rendering.templates import Templates

_STYLE = (
    ":root{color-scheme:light dark}"
    "html{background:#fbf8f1;color:#22271f}"
    "@media(prefers-color-scheme:dark){html{background:#14201b;color:#ecefe6}}"
    "body{font:1.0625rem/1.6 system-ui,sans-serif;max-width:34rem;margin:0 auto;padding:2rem 1rem}"
    "button{font:inherit;font-weight:600;padding:.75rem 1.5rem;border:0;border-radius:.4rem}"
    "button{background:#1f5c46;color:#fff}"
    ":focus-visible{outline:3px solid #b4541a;outline-offset:2px}"
)
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own style, and nothing else (Content-Security-Policy, level 3)."""


def fetch_page(templates: Templates, language: str) -> bytes:
    """The page from which a record is fetched."""
    return _page(templates, language, good=True)


def nothing_page(templates: Templates, language: str) -> bytes:
    """What is said to every address behind which nothing waits, whatever the reason."""
    return _page(templates, language, good=False)


def told_where(templates: Templates, language: str, address: str) -> str:
    """What a record's owner is told, privately: where it is, and how long."""
    words = templates.dictionary.words(language)
    return "\n\n".join((words("record.sent"), address, words("record.sent_alone")))


def _page(templates: Templates, language: str, *, good: bool) -> bytes:
    values = {"w": templates.dictionary.words(language), "good": good, "style": Markup(_STYLE)}  # noqa: S704 - ours
    return templates.render("record/fetch.html.j2", values).encode()
