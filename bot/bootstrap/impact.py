"""What ``staffroom impact`` asks for: figures of terms that are over, a report as files, a figure explained."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import read_settings, site_of, templates_of
from bot.bootstrap.onpaper import on_paper
from bot.bootstrap.published import published
from bot.domain.choosing import choose
from bot.domain.evidence import evidence_of
from bot.domain.impact import impact
from bot.errors import UserError
from bot.publishing.handover import put_files, refuse_public
from bot.rendering.impact import (
    EXPLAINED,
    Account,
    Explained,
    basis,
    dated,
    explained,
    figure_name,
    page,
    pulse_rows,
    rows,
    table,
    told,
)
from bot.rendering.impactpaper import impact_sheet
from bot.rendering.shelves import stretch_title
from bot.services.pulsevotes import votes_in

if TYPE_CHECKING:
    from pathlib import Path

    from bot.config import Settings
    from bot.domain.choosing import Chosen, Wanted
    from bot.domain.chronicle import Chronicle
    from bot.domain.impact import Term
    from bot.domain.series import Series
    from bot.ports import Store
    from bot.rendering.words import Words

PAGE, TABLE, PAPER = "impact.html", "impact.csv", "impact.pdf"


class TermTold(msgspec.Struct, frozen=True):
    """A term in words: what it is called, and its figures with their names."""

    title: str
    figures: tuple[tuple[str, str], ...]


class SeriesTold(msgspec.Struct, frozen=True):
    """A series in words.

    Attributes:
        slug, title: the series'.
        terms: what is told.
        evidence: what its hosts link to about pupils, each as title, address and day.
        open: terms of which nothing is told since they are not over.
        cut: terms of which nothing is told since the dates that were asked for cut through them.
    """

    slug: str
    title: str
    terms: tuple[TermTold, ...]
    evidence: tuple[tuple[str, str, str], ...]
    open: tuple[str, ...]
    cut: tuple[str, ...]


class FigureTold(msgspec.Struct, frozen=True):
    """A figure explained, and how it came about: lines for people."""

    explained: Explained
    lines: tuple[str, ...]


def impact_of(folder: Path, wanted: Wanted) -> tuple[SeriesTold, ...]:
    """The figures that are asked for, in English, for a terminal.

    Raises:
        UserError: there is no such series or term; says which there are.
    """
    settings = read_settings(folder)
    words = _english(settings)
    return tuple(
        SeriesTold(
            slug=one.chosen.slug,
            title=f"#{one.series.hashtag}: {one.series.title}",
            terms=tuple(
                TermTold(stretch_title(words, term.stretch), tuple(rows(words, term)))
                for term in one.chosen.impact.terms
            ),
            evidence=tuple((each.title, each.url, dated(words, each)) for each in one.evidence),
            open=tuple(stretch_title(words, each) for each in one.chosen.impact.open),
            cut=tuple(stretch_title(words, each) for each in one.chosen.cut),
        )
        for one in _accounts(open_store_of(settings), wanted, datetime.now(UTC))
    )


def write_impact(folder: Path, wanted: Wanted, out: Path) -> tuple[tuple[Path, ...], str]:
    """Write the report into a folder, which is made; gives the files, and why none of them is a PDF, for people.

    Raises:
        UserError: as ``impact_of``; the folder is published, or cannot be written.
    """
    settings = read_settings(folder)
    return report_of(settings, open_store_of(settings), wanted, out, datetime.now(UTC))


def report_of(
    settings: Settings, store: Store, wanted: Wanted, out: Path, now: datetime
) -> tuple[tuple[Path, ...], str]:
    """The same from settings and a store that are open, at a time (UTC)."""
    refuse_public(out, published(settings))
    accounts = _accounts(store, wanted, now)
    templates, site = templates_of(settings.folder), site_of(settings)
    files = {PAGE: page(templates, site, accounts), TABLE: table(accounts)}
    pdf, no_pdf = on_paper(impact_sheet(templates, site, accounts, PAGE))
    if pdf:
        files[PAPER] = pdf
    put_files(out, files, without=() if pdf else [PAPER])
    return tuple(out / name for name in files), no_pdf


def explain_impact(folder: Path, wanted: Wanted, figure: str) -> FigureTold:
    """How a figure is counted, what it does not say, and from how many rows it came in each term.

    Raises:
        UserError: as ``impact_of``; or there is no such figure.
    """
    if figure not in EXPLAINED:
        raise UserError(f"--explain {figure}: there is no such figure. There are: {', '.join(EXPLAINED)}.")
    settings = read_settings(folder)
    words = _english(settings)
    lines = [
        f"{one.chosen.slug}, {stretch_title(words, term.stretch)}: {_came(words, term, figure)}"
        for one in _accounts(open_store_of(settings), wanted, datetime.now(UTC))
        for term in one.chosen.impact.terms
    ]
    return FigureTold(explained(words, figure), tuple(lines))


def _came(words: Words, term: Term, figure: str) -> str:
    if figure == "pulse":
        return _voted(words, term)
    kind, count = basis(term, figure)
    rows = f"from {count} {kind[:-1] if count == 1 else kind}" if count is not None else f"from too few {kind} to say"
    if figure != "networks":
        cell = next((cell for name, cell in term.cells.items() if name == figure), None)
        return f"{told(words, cell)}, {rows}." if cell else "no chat was held."
    sides = [(name, cell) for name, cell in term.cells.items() if name.endswith(("-bluesky", "-mastodon"))]
    if not sides or sides[0][1].why == "one-network":
        return "questions went out on one network at most."
    return "; ".join([*(f"{figure_name(words, name)}: {told(words, cell)}" for name, cell in sides), f"{rows}."])


def _voted(words: Words, term: Term) -> str:
    if term.pulse is None:
        return "nobody was asked."
    chats = "1 chat" if term.pulse.chats == 1 else f"{term.pulse.chats} chats"
    said = "; ".join(": ".join(row) for row in pulse_rows(words, term.pulse))
    return f"{said}, from {chats} with five votes or more."


def _english(settings: Settings) -> Words:
    return templates_of(settings.folder).dictionary.words("en")


def _accounts(store: Store, wanted: Wanted, now: datetime) -> tuple[Account, ...]:
    latest = {one.series.slug: one.series for one in store.chats()}
    slugs = [wanted.series] if wanted.series in latest else list(latest)
    found = {slug: impact(_history(store, slug), now) for slug in slugs}
    return tuple(_account(latest[one.slug], one, wanted) for one in choose(found, wanted))


def _history(store: Store, slug: str) -> Chronicle:
    return msgspec.structs.replace(store.chronicle(slug), votes=votes_in(store, slug))


def _account(series: Series, chosen: Chosen, wanted: Wanted) -> Account:
    return Account(series, chosen, evidence_of(series.evidence, series.terms, wanted))
