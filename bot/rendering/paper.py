"""What a sheet to hand over says, block by block, before it is set on paper (``typesetting``).

Every text is plain: what sets it reads no markup, and nothing that anybody wrote can become any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from bot.domain.patterns import is_web

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.rendering.words import Words as Phrases

Kind = Literal["title", "kicker", "lede", "notice", "part", "words", "strong"]

_TAG = re.compile(r"([a-z]{2,3})(?:-[a-z]{4})?(?:-([a-z]{2}|[0-9]{3}))?(?:-.*)?", re.IGNORECASE)
_COUNTRY = 2
BOX = "\u25a1"
"""Stands for a character of which no font has a picture."""

_LONGEST_URL = 2000
"""Characters; longer ones are shown and lead nowhere: readers of PDF cut them."""


def language_of(tag: str) -> tuple[str, str | None]:
    """A BCP 47 tag as language and country, as far as a PDF can say it: ``pt-BR`` is ``pt`` and ``BR``."""
    found = _TAG.fullmatch(tag)
    if not found:
        return "", None
    country = found[2] or ""
    return found[1].lower(), country.upper() if len(country) == _COUNTRY else None


class Run(Struct, frozen=True, kw_only=True):
    """Some words, or a link; ``lang`` and ``region`` are those of ``language_of``, empty where the sheet's hold."""

    text: str
    url: str = ""
    lang: str = ""
    region: str | None = None


class Words(Struct, frozen=True, tag_field="kind", tag="words"):
    """A paragraph."""

    runs: tuple[Run, ...]


class Special(Struct, frozen=True):
    """A paragraph that looks its own way, by its kind."""

    kind: Kind
    runs: tuple[Run, ...]


class Small(Struct, frozen=True, tag_field="kind", tag="small"):
    """A quiet paragraph; a ``sticky`` one stays on the page of what follows."""

    runs: tuple[Run, ...]
    sticky: bool = False


class Heading(Struct, frozen=True, tag_field="kind", tag="heading"):
    """A heading; levels begin at 1 and skip none."""

    level: int
    runs: tuple[Run, ...]


class Bullets(Struct, frozen=True, tag_field="kind", tag="bullets"):
    """A list."""

    items: tuple[tuple[Run, ...], ...]


class Cell(Struct, frozen=True):
    """A cell of a table."""

    runs: tuple[Run, ...]


class Table(Struct, frozen=True, tag_field="kind", tag="table"):
    """A table: how wide its columns are beside each other, their heads, its rows; ``roomy`` ones are to write in."""

    shares: tuple[int, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    roomy: bool = False


class Lines(Struct, frozen=True, tag_field="kind", tag="lines"):
    """Room to write by hand on so many lines."""

    count: int


class Leaf(Struct, frozen=True, tag_field="kind", tag="leaf"):
    """What follows begins another page."""


Block = Words | Special | Small | Heading | Bullets | Table | Lines | Leaf


class Sheet(Struct, frozen=True):
    """A whole sheet.

    Attributes:
        title: its name.
        lang, region: its language, as ``language_of``.
        boxed: said at its end where ``BOX`` stands for characters.
        blocks: what it says.
    """

    title: str
    lang: str
    region: str | None
    boxed: str
    blocks: tuple[Block, ...]


def sheet(w: Phrases, title: str, file: str, blocks: Iterable[Block]) -> Sheet:
    """A sheet in a language; ``file`` is the one that says the same with all its characters."""
    language, country = language_of(w.language)
    return Sheet(title, language or "en", country, w("paper.box", box=BOX, file=file), tuple(blocks))


def run(text: object, *, url: str = "", tag: str = "") -> Run:
    """Some words; as a link where ``url`` is a web address, in another language where ``tag`` is a BCP 47 tag."""
    language, country = language_of(tag)
    leads = is_web(url) and len(url) <= _LONGEST_URL
    return Run(text=str(text), url=url if leads else "", lang=language, region=country)


def words(*said: object) -> Words:
    """A paragraph of runs or plain texts."""
    return Words(_runs(said))


def special(kind: Kind, *said: object) -> Special:
    """The same of a kind of its own."""
    return Special(kind, _runs(said))


def small(*said: object, sticky: bool = False) -> Small:
    """The same, quiet."""
    return Small(_runs(said), sticky)


def heading(level: int, *said: object) -> Heading:
    """A heading."""
    return Heading(level, _runs(said))


def bullets(items: Iterable[Any]) -> Bullets:
    """A list; an item is a run, a text, or several of them."""
    return Bullets(tuple(_several(item) for item in items))


def table(shares: Sequence[int], head: Sequence[str], rows: Iterable[Sequence[Any]], *, roomy: bool = False) -> Table:
    """A table; a cell is a run, a text, or several of them."""
    cells = tuple(tuple(Cell(_several(one)) for one in row) for row in rows)
    return Table(tuple(shares), tuple(head), cells, roomy)


def _several(one: Any) -> tuple[Run, ...]:  # noqa: ANN401 - a run, a text, or a list of them
    return _runs(one if isinstance(one, list) else [one])


def _runs(said: Iterable[object]) -> tuple[Run, ...]:
    return tuple(one if isinstance(one, Run) else run(one) for one in said)
