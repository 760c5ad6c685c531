"""What can be printed for a chat or a term, and the guide for heads, as sheets for a PDF: the words of their pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.rendering import paper, urls
from bot.rendering.paper import Leaf, Lines, bullets, heading, run, small, special, table, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.rendering.paper import Block, Sheet
    from bot.rendering.site import Site
    from bot.rendering.words import Words

_ROOM = 4  # lines under each question
GUIDE = ("proves", "not", "ask", "check", "badge")
"""The parts of the guide for heads, in order: ``schools.records_…`` names each, ``schools.records_…_list`` says it."""


def handout_sheet(site: Site, w: Words, page: str, title: str, told: Mapping[str, Any]) -> Sheet:
    """What can be printed for a chat or a term; ``told`` is what its page at ``page`` is filled with."""
    blocks = (*_reading(w, told), Leaf(), *_trainees(w, told), _foot(site, page))
    return paper.sheet(w, title, _file(site, page), blocks)


def guide_sheet(site: Site, w: Words, page: str) -> Sheet:
    """The guide for heads, whose page stands at ``page``: one side of A4."""
    title = w("schools.records")
    blocks: list[Block] = [special("title", title), special("lede", w("schools.records_lede"))]
    for name in GUIDE:
        blocks += [heading(1, w(f"schools.records_{name}")), _list(w, f"schools.records_{name}_list")]
    return paper.sheet(w, title, _file(site, page), (*blocks, _foot(site, page)))


def _reading(w: Words, told: Mapping[str, Any]) -> Iterator[Block]:
    yield special("kicker", " · ".join(filter(None, (w("handout.kicker"), told["hashtag"], told["when"]))))
    yield special("title", told["heading"])
    yield heading(1, w("handout.read"))
    yield words(w("handout.read_text"))
    if told["chat_path"]:
        there = told["chat_address"]
        yield small(f"{w('handout.there')} ", run(there or told["heading"], url=there))
    for number, one in enumerate(told["questions"], 1):
        yield heading(2, f"Q{number} {one['ask']}")
        if one["options"]:
            yield small(one["options"])
        yield Lines(_ROOM)
    if told["chats"]:
        rows = [([run(one["topic"]), f" · {one['when']}"], "") for one in told["chats"]]
        yield table((1, 1), (w("handout.chat"), w("handout.took")), rows, roomy=True)
    yield heading(2, w("handout.try"))
    yield Lines(_ROOM)


def _trainees(w: Words, told: Mapping[str, Any]) -> Iterator[Block]:
    yield heading(1, w("handout.trainees"))
    yield heading(2, w("handout.watch"))
    yield _list(w, "handout.watch_list")
    yield heading(2, w("handout.saw"))
    rows = [(line.striptags(), "") for line in w.lines("handout.saw_rows")]
    yield table((2, 3), [head.striptags() for head in w.lines("handout.saw_what")], rows, roomy=True)
    yield heading(2, w("handout.first"))
    *first, last = (line.striptags() for line in w.lines("handout.first_list"))
    address = told["take_part_address"]
    yield bullets([*first, [f"{last} ", run(address or w("site.take_part"), url=address)]])


def _list(w: Words, name: str) -> Block:
    return bullets(line.striptags() for line in w.lines(name))


def _foot(site: Site, page: str) -> Block:
    return small(" · ".join(filter(None, (site.title, urls.absolute(site.address, page)))))


def _file(site: Site, page: str) -> str:
    """Where the same stands with all its characters."""
    return urls.absolute(site.address, page) or page
