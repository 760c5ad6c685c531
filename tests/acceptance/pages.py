"""What the archive says: its chat page and its data, read as a stranger's program would read them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

Json = dict[str, Any]

DEEPEST = 4
"""Levels of replies that are shown one inside the other; what is deeper stands beside what it replies to."""


@dataclass(frozen=True)
class Shown:
    """One answer as found on the page or in its data.

    Attributes:
        section: number of the question it stands under; 0 for none.
        inside: id of the answer it stands inside, as a reply; empty at the top.
        reply_to: id of the answer that its "in reply to" links to; empty if it says none.
        text: all its words, those of its replies left out.
        network: where it was said.
    """

    id: str
    section: int
    inside: str
    text: str
    network: str
    url: str
    reply_to: str = ""
    warning: str = ""
    questions: tuple[int, ...] = ()


def on_page(page: Path) -> list[Shown]:
    """The answers of a chat's page, in their order; places of removed ones left out."""
    tree = LexborHTMLParser(page.read_text(encoding="utf-8"))
    found = [_article(node) for node in tree.css("article.answer")]
    return [one for one in found if one is not None]


def _article(node: LexborNode) -> Shown | None:
    own = [child for child in node.iter() if not _is(child, "replies")]  # its replies are no part of it
    content = [found for part in own for found in ([part] if _is(part, "e-content") else part.css(".e-content"))]
    if not content:
        return None
    link = next(found for part in own for found in part.css("a.u-syndication"))
    told = [found for part in own if _is(part, "to") for found in part.css("a")]
    warned = [found for part in own if part.tag == "details" for found in part.css("summary")]
    return Shown(
        id=_attribute(node, "id"),
        section=_section(node),
        inside=next((_attribute(one, "id") for one in _above(node) if one.tag == "article"), ""),
        text=content[0].text(),
        network=link.text().split(":")[0].removeprefix("Open on ").lower(),
        url=_attribute(link, "href"),
        reply_to=_attribute(told[0], "href").removeprefix("#") if told else "",
        warning=warned[0].text() if warned else "",
    )


def _is(node: LexborNode, name: str) -> bool:
    return name in (node.attributes.get("class") or "").split()


def _above(node: LexborNode) -> Iterator[LexborNode]:
    while (parent := node.parent) is not None:
        yield parent
        node = parent


def _section(node: LexborNode) -> int:
    name = next(_attribute(one, "id") for one in _above(node) if one.tag == "section")
    return int(name.removeprefix("q")) if name.removeprefix("q").isdigit() else 0


def _attribute(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""


def in_data(page: Path) -> list[Shown]:
    """The answers of the ``chat.json`` beside a page, in their order."""
    told = json.loads(page.with_name("chat.json").read_bytes())
    found: list[Shown] = []
    for number, answers in ((0, told["unplaced"]), *((one["number"], one["answers"]) for one in told["questions"])):
        found += _nested(answers, number, "")
    return found


def _nested(answers: Iterable[Json], section: int, inside: str) -> Iterator[Shown]:
    for one in answers:
        yield Shown(
            id=one["id"],
            section=section,
            inside=inside,
            text=one["text"],
            network=one["network"],
            url=one["url"],
            warning=one.get("warning", ""),
            questions=tuple(one["questions"]),
        )
        yield from _nested(one["replies"], section, one["id"])


def by_mark(shown: Iterable[Shown], marks: Iterable[str]) -> dict[str, Shown]:
    """Each answer by the word that only it has; a word that comes twice, or never, fails."""
    answers = list(shown)
    found = {}
    for mark in marks:
        alike = [one for one in answers if mark in one.text.split()]
        assert len(alike) == 1, f"{mark} stands in {len(alike)} answers"
        found[mark] = alike[0]
    return found


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file below a folder: its bytes and when it was written."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
