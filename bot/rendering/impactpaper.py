"""An impact report on paper: the same words and tables as its page. What its charts show stands in the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.rendering.impact import report
from bot.rendering.paper import bullets, heading, run, sheet, special, table, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.rendering.impact import Account
    from bot.rendering.paper import Block, Sheet
    from bot.rendering.site import Site
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words


def impact_sheet(templates: Templates, site: Site, accounts: Sequence[Account], page: str) -> Sheet:
    """A report as a sheet; ``page`` is the file that says the same."""
    told = report(templates, site, accounts)
    w: Words = told["w"]
    return sheet(w, w("impact.title"), page, [*_figures(w, told), *_explained(w, told)])


def _figures(w: Words, told: dict[str, Any]) -> Iterator[Block]:
    yield special("kicker", told["site"].title)
    yield special("title", w("impact.title"))
    yield special("lede", w("impact.lede"))
    for account in told["accounts"]:
        yield heading(1, f"{account['hashtag']}: {account['title']}")
        if not account["terms"]:
            yield words(w("impact.none"))
        for term in account["terms"]:
            yield heading(2, term["title"])
            yield table((3, 1), [w("impact.figure"), w("impact.told")], term["rows"])
        if account["evidence"]:
            yield heading(2, w("impact.evidence"))
            yield words(w("impact.evidence_lede"))
            yield bullets([run(title, url=url), f" ({day}): {url}"] for title, url, day in account["evidence"])
        for name in ("open", "cut"):
            if account[name]:
                yield words(w(f"impact.{name}", terms=account[name]))


def _explained(w: Words, told: dict[str, Any]) -> Iterator[Block]:
    yield heading(1, w("impact.levels"))
    yield words(w("impact.levels_lede"))
    for name, says in told["levels"]:
        yield special("strong", name)
        yield words(says)
    yield heading(1, w("impact.rule"))
    yield bullets(line.striptags() for line in w.lines("impact.rule_list"))
    yield heading(1, w("impact.explained"))
    for one in told["explained"]:
        yield special("strong", one.name)
        yield words(f"{w('impact.how')}: {one.how}")
        yield words(f"{w('impact.not')}: {one.not_said}")
