"""Sheets as PDF by typst (https://typst.app), tagged as PDF/UA-1 asks (ISO 14289-1). The extra ``pdf`` brings it.

Nothing of this machine goes in: only fonts that ship, here or within typst, and no date, so that the same words give
the same bytes. A character that no font has is replaced, as PDF/UA-1 forbids one that only looks like a box.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import msgspec
import regex
from msgspec import Struct

from bot.domain.cleaning import showable
from bot.errors import UserError
from bot.rendering.paper import BOX, Sheet, small, special, words
from bot.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable


_LACKING = re.compile(r'the text `("(?:[^"\\]|\\.)*")` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}")
_MARK = regex.compile(r"\p{M}")
_CLUSTER = regex.compile(r"\X")
_LAST = 2
"""How harsh to be at most: at 1 all marks go that stand on their own or on a letter, at 2 all but ASCII."""

_NO_WORDS = frozenset({"kind", "url", "lang", "region", "boxed"})


def typeset(sheet: Sheet) -> bytes:
    """Set a sheet as PDF.

    Raises:
        UserError: typst is not installed, or refuses the sheet for another reason than its characters.
    """
    typst, source, fonts = _typst("sheet.typ")

    def attempt(data: str) -> tuple[bytes, frozenset[str]]:
        """The PDF, or the characters for which it was refused; a blank where typst broke down over them."""
        setter = typst.Compiler(font_paths=fonts, ignore_system_fonts=True)
        try:
            made = setter.compile(source, format="pdf", pdf_standards=["ua-1"], sys_inputs={"sheet": data})
        except typst.TypstError as error:
            named = _named(error.diagnostic)
            if not named:
                raise UserError(f"The PDF could not be made: {error.message}.") from error
            return b"", named
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # PyO3 gives it no other name: it is made anew in each library
                raise
            return b"", frozenset(" ")
        return (made if isinstance(made, bytes) else b""), frozenset()

    boxes = Boxes()
    while True:
        made, named = attempt(_data(sheet, boxes))
        if not named:
            return made
        known = boxes.named | named
        _, lacking = attempt(_data(_each_alone(sheet, known), Boxes()))
        boxes = Boxes(known, lacking, boxes.harsh + (named <= boxes.named))


def typeset_drawing(svg: bytes, title: str, said: str, language: tuple[str, str | None]) -> bytes:
    """Set a drawing (SVG) as a PDF that it fills; ``said`` says in words what it shows.

    Raises:
        UserError: as ``typeset``.
    """
    typst, source, fonts = _typst("poster.typ")
    lang, region = language
    told = {
        "svg": svg.decode(),
        "title": showable(title),
        "alt": showable(said),
        "lang": lang or "en",
        "region": region,
    }
    setter = typst.Compiler(font_paths=fonts, ignore_system_fonts=True)
    inputs = {"poster": msgspec.json.encode(told).decode()}
    try:
        made = setter.compile(source, format="pdf", pdf_standards=["ua-1"], sys_inputs=inputs)
    except typst.TypstError as error:
        raise UserError(f"The PDF could not be made: {error.message}.") from error
    return bytes(made)


def _typst(template: str) -> tuple[Any, bytes, list[str]]:
    """The library, one of our own templates, and where our fonts are."""
    try:
        import typst  # noqa: PLC0415 - 84 MB, and only who asks for a PDF needs them
    except ModuleNotFoundError as error:
        raise UserError("A PDF needs one more package: pip install 'staffroom[pdf]'.") from error
    # None of it is the operator's: a sheet could read files, and typst would fetch what such a sheet imports.
    source = (shipped("templates") / "paper" / template).read_bytes()
    return typst, source, [str(shipped("templates") / "fonts")]


class Boxes(Struct, frozen=True):
    """Which characters cannot be set, as far as refusals have told.

    A mark that no font can put on its letter has the letter named as well, so to be named is not to be lacking.

    Attributes:
        named: all that were named.
        lacking: those of them that were named again where each stood alone.
        harsh: how often boxes in the place of these were not enough.
    """

    named: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    harsh: int = 0

    def put(self, text: str) -> str:
        """The text with a ``BOX`` for all that a reader takes for one character and that cannot be set."""
        if self.named.isdisjoint(text) and not self.harsh:
            return text
        return str(_CLUSTER.sub(lambda found: self._one(found[0]), text))

    def _one(self, cluster: str) -> str:
        if cluster.isascii():
            return cluster
        if self.harsh >= _LAST or (self.harsh and _MARK.match(cluster)):
            return BOX
        if self.named.isdisjoint(cluster) and not self.harsh:
            return cluster
        seen = "".join(one for one in cluster if not _UNSEEN.match(one) or not (one in self.lacking or self.harsh))
        put_on = [one for one in seen[1:] if self.harsh or (one in self.named and not _UNSEEN.match(one))]
        return BOX if put_on or not self.lacking.isdisjoint(seen) else seen


def _data(sheet: Sheet, boxes: Boxes) -> str:
    """A sheet as JSON, with boxes and a word about them where there are any."""
    told = _mapped(msgspec.to_builtins(sheet), showable)
    boxed = _mapped(told, boxes.put)
    if _boxes_in(boxed) > _boxes_in(told):
        boxed["blocks"].append(msgspec.to_builtins(small(sheet.boxed)))
    return msgspec.json.encode(boxed).decode()


def _each_alone(sheet: Sheet, characters: frozenset[str]) -> Sheet:
    """A sheet on which each character stands alone."""
    alone = tuple(words(one) for one in sorted(characters))
    return msgspec.structs.replace(sheet, title="-", blocks=(special("title", "-"), *alone))


def _boxes_in(data: object) -> int:
    return msgspec.json.encode(data).count(BOX.encode())


def _named(diagnostic: str) -> frozenset[str]:
    """The characters that typst names in its refusals."""
    return frozenset("".join(_unquoted(found) for found in _LACKING.findall(diagnostic)))


def _unquoted(text: str) -> str:
    """A text as Rust writes it for whoever mends programs."""
    return str(ast.literal_eval(_ESCAPED.sub(lambda code: f"\\U{int(code[1], 16):08x}", text)))


def _mapped(value: Any, change: Callable[[str], str], name: str = "") -> Any:  # noqa: ANN401 - plain data of any shape
    """The same data, all words in it changed; addresses and the like stay."""
    if isinstance(value, str):
        return value if name in _NO_WORDS else change(value)
    if isinstance(value, dict):
        return {key: _mapped(one, change, key) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(one, change) for one in value]
    return value
