"""A PDF beside a page: made where it can be, and never a reason to go without the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.rendering.typesetting import typeset

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.rendering.paper import Sheet


def on_paper(sheet: Sheet) -> tuple[bytes, str]:
    """A sheet as PDF, or no bytes and why, for people."""
    return made(lambda: typeset(sheet))


def made(make: Callable[[], bytes]) -> tuple[bytes, str]:
    """The same of whatever makes a PDF."""
    try:
        return make(), ""
    except UserError as error:
        return b"", str(error)
