"""The words of a PDF that Chromium printed, page by page, in the order in which they were painted.

Only what Chromium writes is read: whole objects, deflated streams, fonts with a map to Unicode, glyphs in hex
(https://opensource.adobe.com/dc-acrobat-sdk-docs/pdfstandards/PDF32000_2008.pdf, 9.4.3 and 9.10.3).
"""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)endobj", re.DOTALL)
_ONE = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n")
_RANGE = re.compile(rb"<([0-9A-F]{4})> <([0-9A-F]{4})> <([0-9A-F]+)>\n")
_PAINTED = re.compile(
    rb"/(?P<font>\w+) [\d.]+ Tf|/ActualText \((?P<told>(?:[^\\)]|\\.)*)\)|/ActualText <FEFF(?P<told_hex>[0-9A-F]*)>"
    rb"|(?P<end>EMC)|(?P<glyphs>(?:<[0-9A-F]+>\s*)+)Tj"
)


def pages_of(pdf: bytes) -> list[str]:
    """What each page says, without any white space: where lines end on paper says nothing about words."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = {
        number: _letters(_stream(objects[_named(body, b"ToUnicode")]))
        for number, body in objects.items()
        if b"/Type /Font\n" in body and b"/ToUnicode" in body
    }
    kids = next(body for body in objects.values() if b"/Type /Pages\n" in body)
    numbers = re.findall(rb"(\d+) 0 R", kids.partition(b"/Kids")[2].partition(b"]")[0])
    return [_words(objects[int(number)], objects, fonts) for number in numbers]


def _words(page: bytes, objects: dict[int, bytes], fonts: dict[int, dict[int, str]]) -> str:
    here = {name: fonts.get(int(number), {}) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", page)}
    letters: dict[int, str] = {}
    told, within = [], False
    for found in _PAINTED.finditer(_stream(objects[_named(page, b"Contents")])):
        if found["font"]:
            letters = here[found["font"]]
        elif found["told"] is not None:
            told.append(found["told"].decode("latin-1"))
            within = True
        elif found["told_hex"] is not None:
            told.append(bytes.fromhex(found["told_hex"].decode()).decode("utf-16-be"))
            within = True
        elif found["end"]:
            within = False
        elif not within:
            glyphs = b"".join(re.findall(rb"[0-9A-F]+", found["glyphs"]))
            told += [letters.get(int(glyphs[at : at + 4], 16), "") for at in range(0, len(glyphs), 4)]
    return "".join("".join(told).split())


def _letters(table: bytes) -> dict[int, str]:
    """What a font's glyphs mean."""
    found = {}
    for first, last, meant in _RANGE.findall(table):
        for step in range(int(last, 16) - int(first, 16) + 1):
            found[int(first, 16) + step] = chr(int(meant, 16) + step)
    for glyph, meant in _ONE.findall(_RANGE.sub(b"", table)):
        found[int(glyph, 16)] = bytes.fromhex(meant.decode()).decode("utf-16-be")
    return found


def _named(body: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", body)
    assert found, name
    return int(found[1])


def _stream(body: bytes) -> bytes:
    return zlib.decompressobj().decompress(body.partition(b"stream\n")[2])
