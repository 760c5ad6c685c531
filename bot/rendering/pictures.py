"""A moderator's picture becomes one that every network takes, a participant's one that a page shows.

Both are written anew: upright, small, silent about where they were taken.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import msgspec
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from bot.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 950_000
"""Bluesky takes images up to 1,000,000 or 2,000,000 bytes, as its server is set; this fits both."""

MOST_SIDE = 2000
"""Pixels on the longer side; more is scaled down by every network anyway."""

MOST_PIXELS = 60_000_000

MOST_FILE_BYTES = 64 * 1024 * 1024
"""More than any camera's picture has."""

MOST_COPIED_SIDE = 1600
"""Pixels on the longer side of a participant's picture on a page."""

MOST_COPIED_PIXELS = 25_000_000
"""Of a participant's picture as it comes: networks hand out a third of that, and it is unpacked in memory."""

_COPIED_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
"""What networks hand out."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""What is read at all. Pillow knows more, some of which it gives to other programs (EPS)."""


_UNREADABLE = (
    UnidentifiedImageError,
    Pillow.DecompressionBombError,
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, MemoryError, struct.error),
)
"""What Pillow raises on a file that is damaged, or made to do harm."""


class Picture(msgspec.Struct, frozen=True):
    """A picture ready to send: its bytes, MIME type, width and height in pixels."""

    data: bytes
    mime: str
    width: int
    height: int


def prepare_picture(data: bytes, name: str) -> Picture:
    """Read a picture file and write it anew: turned upright, scaled down, metadata (place, camera, name) left out.

    The same bytes in give the same bytes out, with the same Pillow. PNGs stay PNGs where they are small enough, all
    else becomes JPEG.

    Args:
        data: the file's bytes.
        name: how to call it in an error.

    Raises:
        UserError: it is no picture, or a gigantic one.
    """
    try:
        with Pillow.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                message = (
                    f"{name}: this picture has more than {MOST_PIXELS // 1_000_000} million pixels; save a smaller one"
                )
                raise UserError(message)
            was_png = opened.format == "PNG"
            upright = ImageOps.exif_transpose(opened)
            image = upright.convert("RGBA" if was_png and _transparent(upright) else "RGB")
    except _UNREADABLE as error:
        message = f"{name}: this is no picture that can be read; save it as a JPEG or PNG"
        raise UserError(message) from error
    image.info.clear()
    image.thumbnail((MOST_SIDE, MOST_SIDE))
    if was_png:
        encoded = _encode(image, "PNG")
        if len(encoded) <= MOST_BYTES:
            return Picture(encoded, "image/png", image.width, image.height)
    return _as_jpeg(image.convert("RGB"))


def copy_picture(data: bytes) -> Picture | None:
    """Write a participant's picture anew, for a page: turned upright, scaled down, no metadata; of several the first.

    WebP (https://www.rfc-editor.org/rfc/rfc9649). The same bytes in give the same bytes out, with the same Pillow.

    Args:
        data: as it came from a network.

    Returns:
        The copy; ``None`` where it is no picture that can be read, or a gigantic one.
    """
    try:
        with Pillow.open(io.BytesIO(data), formats=_COPIED_FORMATS) as opened:
            if opened.width * opened.height > MOST_COPIED_PIXELS:
                return None
            opened.draft("RGB", (MOST_COPIED_SIDE, MOST_COPIED_SIDE))  # a JPEG is unpacked no larger than needed
            upright = ImageOps.exif_transpose(opened)
            image = upright.convert("RGBA" if _transparent(upright) else "RGB")
    except _UNREADABLE:
        return None
    image.info.clear()
    image.thumbnail((MOST_COPIED_SIDE, MOST_COPIED_SIDE))
    encoded = _encode(image, "WEBP", quality=80, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return Picture(encoded, "image/webp", image.width, image.height)


def _as_jpeg(image: Image) -> Picture:
    """The best quality that fits; a smaller picture where none does."""
    while True:
        for quality in (88, 80, 70, 60):
            encoded = _encode(image, "JPEG", quality=quality, progressive=True)
            if len(encoded) <= MOST_BYTES:
                return Picture(encoded, "image/jpeg", image.width, image.height)
        image = image.resize((image.width * 3 // 4, image.height * 3 // 4))


def _encode(image: Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, optimize=True, **options)
    return out.getvalue()


def _transparent(image: Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
