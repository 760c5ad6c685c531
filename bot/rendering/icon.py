"""The site's mark: a chalk speech bubble on a board, drawn from one list of shapes as SVG and as PNG.

For browsers' tabs and bookmarks, and for phones' home screens. Colours are the style sheet's.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image as Pillow
from PIL import ImageDraw

if TYPE_CHECKING:
    from bot.rendering.socialcard import Colours

SIZE = 180
"""Pixels of the PNG, what phones ask for; also the grid on which the shapes are measured."""

_SMOOTH = 4
_BOARD = (0, 0, 180, 180, 36)
BUBBLE = (34, 42, 146, 118, 16)
TAIL = ((58, 112), (58, 148), (94, 112))
LINES = ((52, 62, 128, 70, 4), (52, 82, 110, 90, 4))
"""Rectangles are left, top, right, bottom and the radius of their corners."""


def icon_svg(colours: Colours) -> bytes:
    """The mark as SVG: the whole board, its corners rounded."""
    paper, board, chalk = (_hex(colour) for colour in (colours.paper, colours.board, colours.chalk))
    points = " ".join(f"{x},{y}" for x, y in TAIL)
    shapes = [
        _rect(_BOARD, board),
        _rect(BUBBLE, paper),
        f'<polygon points="{points}" fill="{paper}"/>',
        _rect(LINES[0], board),
        _rect(LINES[1], chalk),
    ]
    whole = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">{"".join(shapes)}</svg>\n'
    return whole.encode()


def icon_png(colours: Colours) -> bytes:
    """The mark as PNG, its corners square: phones round them their own way."""
    image = Pillow.new("RGB", (SIZE * _SMOOTH, SIZE * _SMOOTH), colours.board)
    draw = ImageDraw.Draw(image)
    for (*box, radius), colour in (
        (BUBBLE, colours.paper),
        (LINES[0], colours.board),
        (LINES[1], colours.chalk),
    ):
        left, top, right, bottom = (side * _SMOOTH for side in box)
        draw.rounded_rectangle((left, top, right - 1, bottom - 1), radius * _SMOOTH, fill=colour)
    draw.polygon([(x * _SMOOTH, y * _SMOOTH) for x, y in TAIL], fill=colours.paper)
    out = io.BytesIO()
    image.resize((SIZE, SIZE), Pillow.Resampling.BOX).save(out, "PNG", optimize=True)
    return out.getvalue()


def _rect(shape: tuple[int, int, int, int, int], colour: str) -> str:
    left, top, right, bottom, radius = shape
    size = f'width="{right - left}" height="{bottom - top}" rx="{radius}"'
    return f'<rect x="{left}" y="{top}" {size} fill="{colour}"/>'


def _hex(colour: tuple[int, int, int]) -> str:
    return f"#{bytes(colour).hex()}"
