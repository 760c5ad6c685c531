"""A moderator's picture: upright, small enough for every network, and silent about where it was taken."""

import io

import pytest
from PIL import Image, ImageDraw

from bot.errors import UserError
from bot.rendering.pictures import (
    MOST_BYTES,
    MOST_COPIED_PIXELS,
    MOST_COPIED_SIDE,
    MOST_SIDE,
    copy_picture,
    prepare_picture,
)


def jpeg(size: tuple[int, int] = (400, 300), **options: object) -> bytes:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 4, size[1] // 4), fill="black")
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def noise(kind: str, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 120).convert("RGB").save(out, kind)
    return out.getvalue()


def test_place_camera_and_comment_are_left_out() -> None:
    exif = Image.Exif()
    exif[0x010F] = "PlantedCamera"
    exif.get_ifd(0x8825)[2] = (53.0, 47.0, 59.0)
    exif.get_ifd(0x8825)[1] = "N"
    given = jpeg(exif=exif, comment=b"planted: taken in room 12", icc_profile=b"planted profile")
    assert b"planted" in given
    picture = prepare_picture(given, "wall.jpg")
    assert b"planted" not in picture.data.lower()
    with Image.open(io.BytesIO(picture.data)) as opened:
        assert not dict(opened.getexif())
        assert "comment" not in opened.info


def test_a_png_keeps_no_words_either() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "planted name")
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG", pnginfo=info)
    picture = prepare_picture(out.getvalue(), "wall.png")
    assert (picture.mime, picture.width, picture.height) == ("image/png", 20, 20)
    assert b"planted" not in picture.data


def test_a_picture_that_lies_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = prepare_picture(jpeg((400, 300), exif=exif), "wall.jpg")
    assert (picture.width, picture.height) == (300, 400)
    with Image.open(io.BytesIO(picture.data)) as opened:
        dark = opened.convert("L").getpixel((290, 10))
    assert isinstance(dark, int)
    assert dark < 60


@pytest.mark.parametrize(("kind", "size"), [("PNG", (1500, 1200)), ("JPEG", (4000, 3000)), ("PNG", (3000, 40))])
def test_a_big_picture_becomes_small_enough(kind: str, size: tuple[int, int]) -> None:
    picture = prepare_picture(noise(kind, size), "wall")
    assert len(picture.data) <= MOST_BYTES
    assert max(picture.width, picture.height) <= MOST_SIDE
    assert abs(picture.width / picture.height - size[0] / size[1]) < 0.02 * size[0] / size[1]


def test_the_same_picture_gives_the_same_bytes() -> None:
    given = noise("JPEG", (900, 700))
    assert prepare_picture(given, "wall") == prepare_picture(given, "wall")


@pytest.mark.parametrize("given", [b"", b"no picture", jpeg()[:200], b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_explained(given: bytes) -> None:
    with pytest.raises(UserError, match=r"wall\.jpg: this is no picture"):
        prepare_picture(given, "wall.jpg")


# -- participants' pictures -----------------------------------------------------------------------------------------
def placed(**more: object) -> bytes:
    """A picture that tells where, with what and by whom it was taken, lying on its side."""
    exif = Image.Exif()
    exif[0x010F] = "PlantedCamera"
    exif[0x0112] = 6  # to be turned by a quarter
    exif.get_ifd(0x8825)[2] = (53.0, 47.0, 59.0)
    exif.get_ifd(0x8825)[1] = "N"
    return jpeg(exif=exif, comment=b"planted: room 12", icc_profile=b"planted profile", xmp=b"<planted/>", **more)


def test_a_copy_is_upright_and_says_nothing_of_place_camera_and_profile() -> None:
    given = placed()
    assert b"planted" in given.lower()
    copy = copy_picture(given)
    assert copy is not None
    assert (copy.mime, copy.width, copy.height) == ("image/webp", 300, 400)
    assert b"planted" not in copy.data.lower()
    assert not [chunk for chunk in (b"EXIF", b"XMP ", b"ICCP", b"VP8X") if chunk in copy.data]
    with Image.open(io.BytesIO(copy.data)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (300, 400))
        assert not dict(opened.getexif())
        red, green, blue = opened.convert("RGB").getpixel((290, 10))  # type: ignore[misc]
        assert max(red, green, blue) < 64  # the dark corner was left above and is right above now


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "JPEG"])
def test_copies_are_scaled_down_and_the_same_each_time(kind: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (2400, 600), "teal").save(out, kind)
    copy = copy_picture(out.getvalue())
    assert copy is not None
    assert (copy.width, copy.height) == (MOST_COPIED_SIDE, MOST_COPIED_SIDE // 4)
    assert copy == copy_picture(out.getvalue())


def test_a_small_copy_stays_small_and_see_through() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 30), (200, 10, 10, 0)).save(out, "PNG")
    copy = copy_picture(out.getvalue())
    assert copy is not None
    with Image.open(io.BytesIO(copy.data)) as opened:
        assert opened.size == (40, 30)
        assert opened.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_of_a_picture_that_moves_the_first_is_kept() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("black", "white", "red")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=20)
    copy = copy_picture(out.getvalue())
    assert copy is not None
    with Image.open(io.BytesIO(copy.data)) as opened:
        assert getattr(opened, "n_frames", 1) == 1


def bomb() -> bytes:
    """A few kilobytes that unpack to more pixels than may be."""
    out = io.BytesIO()
    Image.new("1", (MOST_COPIED_PIXELS // 1000 + 1, 1000)).save(out, "PNG")
    assert len(out.getvalue()) < 10_000
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
        jpeg()[:300],
        bomb(),
    ],
    ids=["nothing", "svg", "html", "eps", "broken", "half", "bomb"],
)
def test_what_is_no_picture_or_a_bomb_is_not_copied(data: bytes) -> None:
    assert copy_picture(data) is None
