"""A person's record on paper: the same words as its page, with lines to write on by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.rendering import paper
from bot.rendering.paper import bullets, heading, run, small, special, table, words
from bot.rendering.recordpage import record_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from markupsafe import Markup

    from bot.domain.takingpart import Record
    from bot.rendering.paper import Block, Run, Sheet
    from bot.rendering.site import Site
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words

_ROOM = 5  # lines for each question


def record_sheet(templates: Templates, site: Site, record: Record, page: str) -> Sheet:
    """A record as a sheet; ``page`` is the file that ``record_page`` wrote."""
    told = record_values(templates, site, record)
    w: Words = told["w"]
    title = w("record.title", name=told["name"])
    blocks = (*_head(w, title, told), *_observed(w, told), *_claimed(w, told), *_explained(w))
    return paper.sheet(w, title, page, blocks)


def _head(w: Words, title: str, told: dict[str, Any]) -> Iterator[Block]:
    accounts: list[object] = []
    for one in told["accounts"]:
        accounts += [", "] if accounts else []
        accounts += [run(one["handle"], url=one["url"]), f" ({one['network']})"]
    yield special("kicker", *accounts)
    yield special("title", title)
    names = {name: told[name] for name in ("made", "asked", "name")}
    yield special("lede", w("record.made", archive=told["site"].title, **names))
    if len(told["accounts"]) > 1:
        yield words(w("record.linked"))
    yield special("notice", w("record.apart", name=told["name"]))


def _observed(w: Words, told: dict[str, Any]) -> Iterator[Block]:
    yield special("part", w("record.observed_kind"))
    yield heading(1, w("record.observed"))
    yield bullets(_plain(told["figures"]))
    heads = [w(f"record.head_{name}") for name in ("chat", "time", "own", "followed")]
    rows = [(_chat(one), one["time"], one["count"], one["followed"]) for one in told["chats"]]
    yield table((9, 5, 3, 3), heads, rows)
    yield words(w("record.counted", name=told["name"]))
    yield heading(2, w("record.answers"))
    for chat in told["chats"]:
        yield heading(3, f"{chat['series']}, {chat['day']}")
        for answer in chat["answers"]:
            yield from _answer(w, chat, answer)
    yield from _tried(w, [chat for chat in told["chats"] if chat["tried"]])
    if told["links"]:
        yield heading(2, w("record.links"))
        yield bullets(run(one["url"], url=one["url"]) for one in told["links"])


def _chat(chat: dict[str, Any]) -> list[Run]:
    topic = run(chat["topic"], url=chat["url"], tag=chat["lang"])
    return [topic, run(f" {chat['series']} · {chat['day']}")]


def _answer(w: Words, chat: dict[str, Any], answer: dict[str, Any]) -> Iterator[Block]:
    for number, ask in answer["asked"]:
        yield small(f"{number}. ", run(ask, tag=chat["lang"]), sticky=True)
    if answer["warning"]:
        yield small(w("chat.warning", warning=answer["warning"]), sticky=True)
    yield from _said(answer)
    for alt in answer["pictures"]:
        yield small(w("record.picture", alt=alt) if alt else w("chat.picture_bare"))
    went_on = [w("record.went_on", n=answer["followed"])] if answer["followed"] else []
    foot: list[object] = [" · ".join([answer["when"], *went_on])]
    if answer["url"]:  # written out: on paper a link leads nowhere
        foot += [f" · {w('record.original')}: ", run(answer["url"], url=answer["url"])]
    yield small(*foot)


def _said(answer: dict[str, Any]) -> Iterator[Block]:
    for line in answer["text"]:
        if line.strip():
            yield words(run(line, tag=answer["lang"]))


def _tried(w: Words, chats: Sequence[dict[str, Any]]) -> Iterator[Block]:
    if chats:
        yield heading(2, w("record.tried_out"))
    for chat in chats:
        yield heading(3, f"{chat['series']}, {chat['day']}")
        for one in chat["tried"]:
            if one["said"]:
                yield small(w("record.will_try"), sticky=True)
                yield from _said(one["said"])
            if one["outcomes"]:
                yield small(w("record.came_of_it"), sticky=True)
            for outcome in one["outcomes"]:
                yield from _answer(w, chat, outcome)


def _claimed(w: Words, told: dict[str, Any]) -> Iterator[Block]:
    yield special("part", w("record.claimed_kind"))
    yield heading(1, w("record.claimed"))
    yield words(w("record.how_to_write_paper"))
    for _, question in told["reflection"]:
        yield special("strong", question)
        yield paper.Lines(_ROOM)


def _explained(w: Words) -> Iterator[Block]:
    yield heading(1, w("record.heads"))
    for name in ("proves", "proves_not"):
        yield heading(2, w(f"record.{name}"))
        yield bullets(_plain(w.lines(f"record.{name}_lines")))


def _plain(lines: Iterable[Markup]) -> list[str]:
    return [line.striptags() for line in lines]
