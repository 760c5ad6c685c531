"""The link by which anybody, with or without an account, reports an answer or asks for its removal."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.domain.patterns import is_web
from bot.rendering import urls

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.rendering.site import Site

BLANK = "{answer}"
"""Stands for the answer's address in the address of a form."""


def reports(site: Site, here: str, subject: str) -> Callable[[str], str]:
    """What gives the link that reports an answer of a page, by its anchor there.

    A mail address makes a ``mailto:`` whose subject names the answer by its permalink
    (https://www.rfc-editor.org/rfc/rfc6068), so that the message itself is free for who writes it; a web address is a
    form, whose ``{answer}`` is filled in; without either it is the page that says what to do.

    Args:
        site: its ``report``, or else its ``contact``, says where.
        here: the page's path.
        subject: with what the mail's subject begins.
    """
    to = site.report or site.contact
    page = quote(f"{urls.absolute(site.address, here) or here}#", safe="")
    if is_web(to):
        return lambda anchor: to.replace(BLANK, page + quote(anchor, safe=""))
    if "@" in to:
        start = f"mailto:{quote(to, safe='@')}?subject={quote(f'{subject} ', safe='')}{page}"
        return lambda anchor: start + quote(anchor, safe="")
    complaints = urls.relative(here, urls.COMPLAINTS)
    return lambda _: complaints
