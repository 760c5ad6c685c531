"""A badge as a picture that carries its credential: a chalkboard with the site's mark, as SVG and as PNG.

Open Badges 3.0, 5.3 Baking: an element ``openbadges:credential`` in an SVG, a chunk of text in a PNG.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import escape
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from bot.domain.cleaning import showable
from bot.rendering.icon import BUBBLE, LINES, TAIL
from bot.rendering.socialcard import SANS, SERIF, balanced, drawable, wrapped
from bot.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.rendering.socialcard import Colours

SIZE = 640
"""Pixels of the PNG, and the grid of both."""

_SMOOTH = 3
_CORNER = 72
_RIM, _RIM_WIDTH = 20, 4
_MARK, _MARK_SCALE = (188, 14), 1.45
"""Where the mark's own grid begins, and how much larger it is drawn."""

_WITHIN = 500
_MIDDLE = 372
"""The line around which the name is set."""

_SIZES = (56, 48, 40, 34)
_MOST_LINES = 4
_LEADING = 1.2
_PERIOD, _SITE = (508, 26), (564, 24)
"""Where the baseline of a line stands, and its size."""

_KEYWORD = "openbadgecredential"
_NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"


class _Line(NamedTuple):
    """A line of text, set around the middle: its baseline and size in pixels, in the serif or the sans."""

    text: str
    baseline: int
    size: int
    serif: bool


def badge_svg(name: str, period: str, site: str, credential: str, colours: Colours) -> bytes:
    """The picture as SVG, with the signed credential (compact JWS) in it.

    Args:
        name: what the badge is called.
        period: when that was.
        site: the archive's name.
        credential: as it is baked in.
        colours: the style sheet's.
    """
    paper, board, chalk = (f"#{bytes(colour).hex()}" for colour in (colours.paper, colours.board, colours.chalk))
    shapes = [
        f'<rect width="{SIZE}" height="{SIZE}" rx="{_CORNER}" fill="{board}"/>',
        _outline(paper),
    ]
    fills = (paper, board, chalk)
    for (left, top, right, bottom, radius), fill in zip((BUBBLE, *LINES), fills, strict=True):
        x, y, radius_drawn = *_placed(left, top), radius * _MARK_SCALE
        width, height = (right - left) * _MARK_SCALE, (bottom - top) * _MARK_SCALE
        box = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius_drawn:g}"'
        shapes.append(f'<rect {box} fill="{fill}"/>')
    points = " ".join(f"{x:g},{y:g}" for x, y in (_placed(*point) for point in TAIL))
    shapes.insert(3, f'<polygon points="{points}" fill="{paper}"/>')
    said = [showable(text).replace("\n", " ").replace("\t", " ") for text in (name, period, site)]
    shapes += [
        f'<text x="{SIZE // 2}" y="{line.baseline}" font-size="{line.size}" text-anchor="middle" fill="{paper}"'
        f' font-weight="600" font-family="{_FAMILIES[line.serif]}">{escape(line.text)}</text>'
        for line in _lines(*said)
    ]
    baked = f'<openbadges:credential xmlns:openbadges="{_NAMESPACE}" verify="{escape(credential)}"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img">'
    shown = f"<title>{escape(said[0])}, {escape(said[1])}. {escape(said[2])}</title>"
    return f"{head}{shown}{baked}{''.join(shapes)}</svg>\n".encode()


def badge_png(name: str, period: str, site: str, credential: str, colours: Colours) -> bytes:
    """The same as PNG. A line with letters that the fonts lack is left out."""
    side = SIZE * _SMOOTH
    image = Pillow.new("RGBA", (side, side), (*colours.board, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), _CORNER * _SMOOTH, fill=colours.board)
    rim = (_RIM * _SMOOTH, _RIM * _SMOOTH, side - _RIM * _SMOOTH - 1, side - _RIM * _SMOOTH - 1)
    draw.rounded_rectangle(rim, (_CORNER - _RIM) * _SMOOTH, outline=colours.paper, width=_RIM_WIDTH * _SMOOTH)
    draw.polygon([(x * _SMOOTH, y * _SMOOTH) for x, y in (_placed(*point) for point in TAIL)], fill=colours.paper)
    fills = (colours.paper, colours.board, colours.chalk)
    for (left, top, right, bottom, radius), fill in zip((BUBBLE, *LINES), fills, strict=True):
        box = [round(at * _SMOOTH) for at in (*_placed(left, top), *_placed(right, bottom))]
        draw.rounded_rectangle(box, round(radius * _MARK_SCALE * _SMOOTH), fill=fill)
    image = image.resize((SIZE, SIZE), Pillow.Resampling.BOX)
    draw = ImageDraw.Draw(image)
    for line in _lines(drawable(name, SERIF), drawable(period, SANS), drawable(site, SANS)):
        face = _font(SERIF if line.serif else SANS, line.size)
        draw.text((SIZE // 2, line.baseline), line.text, fill=colours.paper, font=face, anchor="ms")
    baked = PngInfo()
    baked.add_itxt(_KEYWORD, credential)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True, pnginfo=baked)
    return out.getvalue()


_FAMILIES = {
    True: "'Source Serif Pro', 'Iowan Old Style', Palatino, Georgia, serif",
    False: "'Source Sans Pro', system-ui, sans-serif",
}


def _lines(name: str, period: str, site: str) -> list[_Line]:
    """The words, line by line; a name that is too long even in small letters is cut."""
    size, lines = _set(name)
    height = size * _LEADING
    first = _MIDDLE - (len(lines) - 1) * height / 2 + size / 3
    told = [_Line(line, round(first + at * height), size, serif=True) for at, line in enumerate(lines)]
    for text, (baseline, small) in ((period, _PERIOD), (site, _SITE)):
        kept = wrapped(text, SANS, small, _WITHIN)
        told += [_Line(_shortened(kept, 1)[0], baseline, small, serif=False)] if kept else []
    return told


def _set(name: str) -> tuple[int, Sequence[str]]:
    for size in _SIZES:
        lines = wrapped(name, SERIF, size, _WITHIN)
        if len(lines) * size * _LEADING <= _MOST_LINES * _SIZES[-1] * _LEADING:
            return size, balanced(name, size, _WITHIN, lines)
    return _SIZES[-1], _shortened(lines, _MOST_LINES)


def _outline(colour: str) -> str:
    side = SIZE - 2 * _RIM
    place = f'x="{_RIM}" y="{_RIM}" width="{side}" height="{side}" rx="{_CORNER - _RIM}"'
    return f'<rect {place} fill="none" stroke="{colour}" stroke-width="{_RIM_WIDTH}"/>'


def _shortened(lines: Sequence[str], most: int) -> Sequence[str]:
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][:-1].rstrip()}…"]


def _placed(x: float, y: float) -> tuple[float, float]:
    """A point of the mark's own grid, on the badge."""
    return _MARK[0] + x * _MARK_SCALE, _MARK[1] + y * _MARK_SCALE


@lru_cache(maxsize=16)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(shipped("templates") / "fonts" / name, size)
