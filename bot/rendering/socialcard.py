"""A chat's social card: the picture that networks and messengers show beside a link to its page.

1200 by 630 pixels, what https://ogp.me pictures have everywhere. It says what a poster on the staffroom's door would:
hashtag, topic, day and time, hosts. Nothing in it comes from participants. The fonts ship with the project and hold
Latin, Greek and Cyrillic letters; a line that has others is left out, rather than showing boxes in their place.
"""

from __future__ import annotations

import io
import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from bot.domain.cleaning import showable
from bot.rendering.composer import hosts_line
from bot.rendering.frame import when_line
from bot.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

    from bot.domain.records import StoredChat
    from bot.domain.series import Series
    from bot.rendering.words import Words

WIDTH, HEIGHT = 1200, 630
SERIF = "source-serif-pro-semibold.ttf"
SANS = "source-sans-pro-semibold.ttf"

_PALE = 24
_MARGIN = 96
_WITHIN = WIDTH - 2 * _MARGIN
_TOP, _TOPIC, _FOOT = 60, 128, HEIGHT - 84
_TOPIC_SIZES = (100, 84, 72, 62, 54)
"""Sizes of the topic in pixels; the first that leaves room for all of it is taken."""

_MOST = 300
"""Characters of a topic that are looked at; far more than a card has room for."""

_LEADING = 1.16
_SMALL, _SMALLEST, _SMALL_LEADING = 36, 28, 46

_SHADES = 16
"""Steps from paper to ink along the edges of letters: enough for the eye, and a palette keeps the file small."""

_SHADE_OF = [round(value * _SHADES / 255) for value in range(256)]
_COLOUR = re.compile(r"--(paper|ink|quiet|board|chalk|rule):\s*#([0-9a-fA-F]{6})\b")
_JOINING = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f]")
_SYMBOLS = frozenset({"So", "Sk", "Sm", "Cf", "Cs", "Co", "Cn", "Me"})
"""Kinds of characters that a line may lose and still say the same: emoji and the like."""


class SocialCard(msgspec.Struct, frozen=True):
    """What a card says, line by line; an empty line is left out.

    Attributes:
        kicker: the hashtag; set large where the topic cannot be shown.
        topic: set large, over as many lines as it takes.
        when: day, time and zone.
        plain: the same in digits, where ``when`` has letters that the fonts lack.
        hosts: who hosts.
        site: the site's name.
    """

    kicker: str
    topic: str
    when: str
    plain: str
    hosts: str
    site: str


def card_of(words: Words, stored: StoredChat, site: str) -> SocialCard:
    """What a chat's card says, in its series' language.

    Args:
        words: the phrases of that language.
        stored: the chat.
        site: the site's name.
    """
    chat, series = stored.chat, stored.series
    local = chat.starts_at.astimezone(ZoneInfo(chat.timezone))
    return SocialCard(
        kicker=f"#{series.hashtag}",
        topic=chat.topic,
        when=when_line(words, stored),
        plain=f"{local:%Y-%m-%d %H:%M} {chat.timezone}",
        hosts=hosts_line(words, chat.hosts),
        site=site,
    )


def card_of_series(series: Series, rhythm: str, site: str) -> SocialCard:
    """What a series' card says; ``rhythm``: when it meets, in words."""
    return SocialCard(f"#{series.hashtag}", series.title, rhythm, "", "", site)


def site_card(words: Words, site: str) -> SocialCard:
    """What the card of all other pages says."""
    return SocialCard("", site, words("site.lede"), "", "", "")


def described(card: SocialCard) -> str:
    """The card in words, for who cannot see it."""
    return ". ".join(line for line in (f"{card.kicker}: {card.topic}", card.when, card.hosts) if line)


class Colours(NamedTuple):
    """The colours of a card, as RGB."""

    paper: tuple[int, int, int] = (0xFB, 0xF8, 0xF1)
    ink: tuple[int, int, int] = (0x22, 0x27, 0x1F)
    quiet: tuple[int, int, int] = (0x5B, 0x62, 0x57)
    board: tuple[int, int, int] = (0x1F, 0x5C, 0x46)
    chalk: tuple[int, int, int] = (0xB4, 0x54, 0x1A)
    rule: tuple[int, int, int] = (0xDD, 0xD6, 0xC6)


def colours_of(style_sheet: str) -> Colours:
    """The light colours of a style sheet: of each name the first value, as ``look.css`` sets them on ``:root``."""
    found: dict[str, tuple[int, int, int]] = {}
    for name, value in _COLOUR.findall(style_sheet):
        red, green, blue = bytes.fromhex(value)
        found.setdefault(name, (red, green, blue))
    return Colours(**found)


def paint(card: SocialCard, colours: Colours) -> bytes:
    """Paint a card as a PNG. The same words and colours give the same bytes, with the same Pillow."""
    sheet = _Sheet(colours)
    sheet.block("board", (0, 0, _PALE, HEIGHT))
    topic, kicker = drawable(card.topic[:_MOST], SERIF), drawable(card.kicker, SANS)
    if topic:
        sheet.line(kicker, SANS, 42, (_MARGIN, _TOP), "board")
    sheet.block("rule", (_MARGIN, _FOOT, WIDTH - _MARGIN, _FOOT + 2))
    sheet.line(drawable(card.site, SERIF), SERIF, 30, (_MARGIN, _FOOT + 20), "quiet")
    when = drawable(card.when, SANS) or card.plain
    small = [(line, "ink") for line in _two_lines(when) if line]
    small += [(line, "quiet") for line in [drawable(card.hosts, SANS)] if line]
    below = _FOOT - 18 - len(small) * _SMALL_LEADING
    for at, (line, ink) in enumerate(small):
        sheet.line(line, SANS, _SMALL, (_MARGIN, below + at * _SMALL_LEADING), ink)
    sheet.block("chalk", (_MARGIN, below - 24, _MARGIN + 96, below - 18))
    if large := topic or drawable(card.kicker, SERIF):
        size, lines = _set(large, below - 40 - _TOPIC)
        for at, line in enumerate(lines):
            sheet.line(line, SERIF, size, (_MARGIN, _TOPIC + round(at * size * _LEADING)), "ink")
    return sheet.png()


def drawable(text: str, font: str) -> str:
    """A text as a font can show it: emoji and the like are dropped; empty if a letter of it would be missing.

    Args:
        text: one line of words.
        font: ``SERIF`` or ``SANS``.
    """
    kept = []
    for char in unicodedata.normalize("NFC", showable(text)):
        if char.isspace():
            kept.append(" ")
        elif _JOINING.match(char):
            continue
        elif _has(font, char):
            kept.append(char)
        elif unicodedata.category(char) not in _SYMBOLS:
            return ""
    return " ".join("".join(kept).split())


def wrapped(text: str, font: str, size: int, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` pixels: between words, within one only where it is wider."""
    lines: list[str] = []
    for word in _pieces(text, font, size, width):
        if lines and length_of(f"{lines[-1]} {word}", font, size) <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def _pieces(text: str, font: str, size: int, width: int) -> Iterator[str]:
    for word in text.split():
        rest = word
        while rest:
            end = max(1, _most(rest, font, size, width))
            yield rest[:end]
            rest = rest[end:]


def _set(topic: str, height: int) -> tuple[int, list[str]]:
    """The largest size at which a topic has room, and its lines, about equally long; a very long one is cut."""
    size, most, lines = 0, 0, [""]
    for size in _TOPIC_SIZES:
        lines, most = wrapped(topic, SERIF, size, _WITHIN), int(height / (size * _LEADING))
        if len(lines) <= most:
            return size, balanced(topic, size, _WITHIN, lines)
    return size, shortened(topic, SERIF, size, _WITHIN, most)


def shortened(text: str, font: str, size: int, width: int, most: int) -> list[str]:
    """Break a text as ``wrapped`` does, into ``most`` lines; an ellipsis ends the last where more would follow."""
    lines = wrapped(text, font, size, width)
    if len(lines) <= most:
        return lines
    rest = " ".join(text.split())
    for line in lines[: most - 1]:
        rest = rest.removeprefix(line).lstrip()
    return [*lines[: most - 1], _cut(rest, font, size, width)]


def balanced(topic: str, size: int, width: int, lines: list[str]) -> list[str]:
    """The same number of lines (of ``wrapped``), none much shorter than the others: as narrow as they can be set."""
    narrow, wide = width // 2, width
    while wide - narrow > _PALE:
        middle = (narrow + wide) // 2
        tried = wrapped(topic, SERIF, size, middle)
        if len(tried) == len(lines):
            wide, lines = middle, tried
        else:
            narrow = middle
    return lines


def _two_lines(text: str) -> list[str]:
    """A text as one line, or as two where it would get too small."""
    if length_of(text, SANS, _SMALLEST) <= _WITHIN:
        return [text]
    first, *rest = wrapped(text, SANS, _SMALL, _WITHIN)
    return [first, " ".join(rest)]


def _cut(text: str, font: str, size: int, width: int) -> str:
    """As much of a text as fits, with an ellipsis where something is missing."""
    if _most(text, font, size, width) == len(text):
        return text
    return f"{text[: _most(text, font, size, width, '…')].rstrip()}…"


def _most(text: str, font: str, size: int, width: int, end: str = "") -> int:
    """How many characters of a text fit, with ``end`` behind them."""
    if not end and length_of(text, font, size) <= width:
        return len(text)
    lengths = range(len(text) + 1)
    return max(0, bisect_right(lengths, width, key=lambda n: ceil(length_of(text[:n] + end, font, size))) - 1)


class _Sheet:
    """Paper, as a picture with a palette: number 0 is paper, then come the shades of each ink."""

    def __init__(self, colours: Colours) -> None:
        self._inks = {name: at * _SHADES for at, name in enumerate(Colours._fields)}
        self._image: Image = Pillow.new("P", (WIDTH, HEIGHT))
        palette = list(colours.paper)
        for colour in colours:
            for shade in range(1, _SHADES + 1):
                palette += [
                    round(under + (over - under) * shade / _SHADES)
                    for under, over in zip(colours.paper, colour, strict=True)
                ]
        self._image.putpalette(palette)

    def block(self, ink: str, box: tuple[int, int, int, int]) -> None:
        """Fill a rectangle: left, top, right, bottom in pixels."""
        self._image.paste(self._inks[ink] + _SHADES, box)

    def line(self, text: str, font: str, size: int, at: tuple[int, int], ink: str) -> None:
        """Write one line from its top left corner; one that is too wide gets smaller, and then shorter."""
        while size > _SMALLEST and length_of(text, font, size) > _WITHIN:
            size -= 2
        mask = _written(_cut(text, font, size, _WITHIN), font, size)
        inked = mask.point([self._inks[ink] + shade if shade else 0 for shade in _SHADE_OF])
        self._image.paste(inked, at, mask.point([255 if shade else 0 for shade in _SHADE_OF]))

    def png(self) -> bytes:
        """The picture's bytes."""
        out = io.BytesIO()
        self._image.save(out, "PNG", compress_level=3)
        return out.getvalue()


@lru_cache(maxsize=32)
def _written(text: str, font: str, size: int) -> Image:
    """A line as grey letters on black. The lines that all cards of a series share are written once."""
    face = _font(font, size)
    mask = Pillow.new("L", (min(WIDTH - _MARGIN, 8 + ceil(face.getlength(text))), round(size * 1.5)))
    ImageDraw.Draw(mask).text((0, 0), text, fill=255, font=face)
    return mask


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> FreeTypeFont:
    return ImageFont.truetype(shipped("templates") / "fonts" / name, size)


@lru_cache(maxsize=4096)
def _has(name: str, char: str) -> bool:
    """Whether a font has a character: one that it lacks looks like the one that stands for nothing."""
    return _shape(name, char) != _nothing(name)


@lru_cache(maxsize=4)
def _nothing(name: str) -> tuple[tuple[int, int], bytes]:
    return _shape(name, "\uffff")


def _shape(name: str, char: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(name, _PALE).getmask(char)
    return mask.size, bytes(mask)


@lru_cache(maxsize=512)
def length_of(text: str, font: str, size: int) -> float:
    """How wide a line is in a font of this size, in pixels of it."""
    return _font(font, size).getlength(text)
