"""What a PDF made by typst says, read back without typst: its words, its parts, and what it tells of itself.

Read as ISO 32000-1 has it, as far as such files go: whole objects, deflated streams, fonts with a map to Unicode
(9.10.3), marked content (14.6) and the tree of parts (14.7). What is marked as an artifact (page numbers, lines) is
left out.
"""

from __future__ import annotations

import re
import zlib
from xml.etree import ElementTree as ET

_OBJECT = re.compile(rb"(?m)^(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_ONE = re.compile(rb"<([0-9A-F]+)> <([0-9A-F]+)>")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(.))", re.DOTALL)
_PAINTED = re.compile(
    rb"(?P<begin>/\w+\s*(?:/\w+|<<.*?>>+|)\s*B(?:DC|MC))|(?P<end>\bEMC\b)|/(?P<font>f\d+) [\d.]+ Tf|(?P<open>\()"
    rb"|<(?P<hex>[0-9A-F]*)>",
    re.DOTALL,
)
_PLAIN = re.compile(rb"[^\\()]+|\\[0-7]{1,3}|\\.|[()]", re.DOTALL)
_TOLD = re.compile(rb"/ActualText\s*(?:\((?P<text>.*)\)|<(?P<hex>[0-9A-F]+)>)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
UA = "{http://www.aiim.org/pdfua/ns/id/}part"


class Pdf:
    """A PDF taken apart.

    Attributes:
        objects: bodies by number.
        catalog: the root object.
        painted: what its pages are painted by.
        by_side: the text of each page without white space, page numbers and other artifacts left out.
        sides: how many pages it has.
        words: all its text, as ``by_side``.
        parts: the kinds of its parts (``H1``, ``P``, ``TH`` …), in the order in which they are stored.
        title: as in its metadata.
        ua: which part of PDF/UA its metadata claims; empty if none.
    """

    def __init__(self, data: bytes) -> None:
        assert data.startswith(b"%PDF-1.7")
        self.objects = {int(number): body for number, body in _OBJECT.findall(data)}
        self.catalog = next(body for body in self.objects.values() if b"/Type/Catalog" in body)
        self.parts = [
            kind.decode()
            for body in self.objects.values()
            for kind in re.findall(rb"^<</Type/StructElem/S/(\w+)", body)
        ]
        meta = ET.fromstring(self._xmp())  # noqa: S314 - we made it a moment ago
        told = {key: value for one in meta.iter() for key, value in [*one.attrib.items(), (one.tag, one.text or "")]}
        self.ua = told.get(UA, "")
        title = next(meta.iter("{http://purl.org/dc/elements/1.1/}title"))
        self.title = "".join(title.itertext()).strip()
        self.painted = b"".join(_stream(self._named(page, b"Contents")) for page in self._pages())
        self.by_side = [self._page(body) for body in self._pages()]
        self.sides = len(self.by_side)
        self.words = "".join(self.by_side)

    def _xmp(self) -> bytes:
        found = re.search(rb"/Metadata (\d+) 0 R", self.catalog)
        assert found
        stream = self.objects[int(found[1])].partition(b"stream\n")[2].partition(b"\nendstream")[0]
        return re.sub(rb"<\?xpacket.*?\?>", b"", stream)

    def _pages(self) -> list[bytes]:
        found = re.search(rb"/Pages (\d+) 0 R", self.catalog)
        assert found
        kids = re.search(rb"/Kids\[(.*?)\]", self.objects[int(found[1])])
        assert kids
        return [self.objects[int(number)] for number in re.findall(rb"(\d+) 0 R", kids[1])]

    def _page(self, page: bytes) -> str:
        resources = self._named(page, b"Resources")
        fonts = {name: self._font(int(number)) for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", resources)}
        letters: dict[int, str] = {}
        said: list[str] = []
        silent: list[bool] = []
        content, at = _stream(self._named(page, b"Contents")), 0
        while found := _PAINTED.search(content, at):
            at = found.end()
            if found["begin"]:
                told = _TOLD.search(found["begin"])
                if told and not any(silent):
                    said.append(_told(told))
                silent.append(found["begin"].startswith(b"/Artifact") or bool(told))
            elif found["end"]:
                silent.pop()
            elif found["font"]:
                letters = fonts[found["font"]]
            else:
                glyphs = bytes.fromhex((found["hex"] or b"").decode())
                if found["open"]:
                    glyphs, at = _literal(content, at)
                if not any(silent):
                    said += [letters[int.from_bytes(glyphs[one : one + 2], "big")] for one in range(0, len(glyphs), 2)]
        return "".join("".join(said).split())

    def _font(self, number: int) -> dict[int, str]:
        table = _stream(self._named(self.objects[number], b"ToUnicode"))
        found = {}
        for chars in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
            for glyph, meant in _ONE.findall(chars):
                found[int(glyph, 16)] = bytes.fromhex(meant.decode()).decode("utf-16-be")
        assert b"beginbfrange" not in table
        return found

    def _named(self, body: bytes, name: bytes) -> bytes:
        found = re.search(rb"/" + name + rb" (\d+) 0 R", body)
        assert found, name
        return self.objects[int(found[1])]


def _stream(body: bytes) -> bytes:
    return zlib.decompressobj().decompress(body.partition(b"stream\n")[2])


def _literal(content: bytes, at: int) -> tuple[bytes, int]:
    """A string in parentheses, which may hold more of them, and where it ends."""
    found, depth = b"", 1
    while depth:
        part = _PLAIN.match(content, at)
        assert part
        at, depth = part.end(), depth + {b"(": 1, b")": -1}.get(part[0], 0)
        found += _ESCAPE.sub(_unescaped, part[0]) if depth else b""
    return found, at


def _unescaped(one: re.Match[bytes]) -> bytes:
    return bytes([int(one[1], 8)]) if one[1] else _LETTERS.get(one[2], one[2])


def _told(found: re.Match[bytes]) -> str:
    data = bytes.fromhex(found["hex"].decode()) if found["hex"] else _ESCAPE.sub(_unescaped, found["text"])
    return data[2:].decode("utf-16-be") if data.startswith(b"\xfe\xff") else data.decode("latin-1")


def bare(text: str) -> str:
    """A text as ``Pdf.words`` has it."""
    return "".join(text.split())
