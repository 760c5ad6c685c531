"""A PDF beside a page: made where it can be, and never a reason to go without the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.rendering.typesetting import typeset

if TYPE_CHECKING:
    from bot.rendering.paper import Sheet


def on_paper(sheet: Sheet) -> tuple[bytes, str]:
    """A sheet as PDF, or no bytes and why, for people."""
    try:
        return typeset(sheet), ""
    except UserError as error:
        return b"", str(error)
