"""A moderator's picture: upright, small enough for every network, and silent about where it was taken."""

import io

import pytest
from PIL import Image, ImageDraw

from bot.errors import UserError
from bot.rendering.pictures import MOST_BYTES, MOST_SIDE, prepare_picture


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
