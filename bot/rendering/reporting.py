"""The link by which anybody, with or without an account, reports an answer or asks for its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.domain.patterns import is_web
from bot.rendering import urls

if TYPE_CHECKING:
    from bot.rendering.site import Site

BLANK = "{answer}"
"""Stands for the answer's address in the address of a form."""


def report_link(site: Site, here: str, subject: str, anchor: str) -> str:
    """Where to report the answer that stands at an anchor of a page.

    A mail address makes a ``mailto:`` with subject and the answer's permalink
    (https://www.rfc-editor.org/rfc/rfc6068); a web address is a form, whose ``{answer}`` is filled in; without either
    it is the page that says what to do.

    Args:
        site: its ``report``, or else its ``contact``, says where.
        here: the page's path.
        subject: the mail's.
        anchor: the answer's, on that page.
    """
    to = site.report or site.contact
    answer = urls.absolute(site.address, here, anchor) or f"{here}#{anchor}"
    if is_web(to):
        return to.replace(BLANK, quote(answer, safe=""))
    if "@" in to:
        return f"mailto:{quote(to, safe='@')}?subject={quote(subject, safe='')}&body={quote(answer, safe='')}"
    return urls.relative(here, urls.COMPLAINTS)
