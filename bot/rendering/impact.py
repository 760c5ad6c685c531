"""An impact report: its figures in words, and as a page and a table to keep. Nothing of it enters the site by itself.

The page is one file that loads nothing. It stands on no server of ours, so it carries its style within.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from bot.domain.choosing import Chosen
from bot.domain.cleaning import showable
from bot.domain.evidence import Evidence
from bot.domain.series import Series
from bot.rendering.impactchart import Bars, bars
from bot.rendering.shelves import stretch_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.domain.impact import Figure, Term
    from bot.domain.pulsevotes import PulseVotes
    from bot.domain.suppression import Cell
    from bot.rendering.site import Site
    from bot.rendering.templates import Templates
    from bot.rendering.words import Words

EXPLAINED = (
    "chats",
    "cancelled",
    "questions",
    "silence",
    "people",
    "first-timers",
    "returners",
    "answers",
    "depth",
    "voice",
    "reflections",
    "tries",
    "followed-up",
    "outcomes",
    "pulse",
    "networks",
)
"""What can be explained, in the order in which it is; ``networks`` stands for all figures of one network."""

_LEVELS = range(1, 6)
_LATER = {"followed-up": "follow-ups", "outcomes": "replies"}
_NETWORKS = {"bluesky": "Bluesky", "mastodon": "Mastodon"}
_CHARTS: tuple[tuple[str, Figure, Figure], ...] = (
    ("newcomers", "first-timers", "returners"),
    ("sides", "people-bluesky", "people-mastodon"),
    ("silences", "questions", "silence"),
)


class Explained(msgspec.Struct, frozen=True):
    """What a figure is: its name, how it is counted, and what it does not say."""

    name: str
    how: str
    not_said: str


class Account(msgspec.Struct, frozen=True):
    """One series in a report: as last planned, its figures, and what its hosts link to, in order of date."""

    series: Series
    chosen: Chosen
    evidence: tuple[Evidence, ...] = ()


def figure_name(words: Words, figure: str) -> str:
    """A figure's name, with its network where it has one."""
    plain, _, network = figure.partition("-")
    if network in _NETWORKS:
        return words("impact.on", figure=words(f"impact.{plain}"), network=_NETWORKS[network])
    return words("impact.sides") if figure == "networks" else words(f"impact.{figure.replace('-', '_')}")


def told(words: Words, cell: Cell) -> str:
    """A figure as a number, or why it is not told."""
    return words(f"impact.{cell.why.replace('-', '_')}") if cell.value is None else str(cell.value)


def rows(words: Words, term: Term) -> list[tuple[str, str]]:
    """A term's figures with their names. Where only one network was used, there are none by network."""
    return [
        *(
            (figure_name(words, figure), told(words, cell))
            for figure, cell in term.cells.items()
            if cell.why != "one-network"
        ),
        *(pulse_rows(words, term.pulse) if term.pulse else ()),
    ]


def pulse_rows(words: Words, pulse: PulseVotes) -> list[tuple[str, str]]:
    """How people voted at the chats' ends: the votes, then how many chose each answer, where that may be told."""
    asked = (f"{words('impact.pulse')}: {showable(pulse.ask)}", told(words, pulse.votes))
    if pulse.votes.value is None:
        return [asked]
    chosen = zip(pulse.answers, pulse.chosen, strict=True)
    return [asked, *((f"… {showable(answer)}", told(words, cell)) for answer, cell in chosen)]


def explained(words: Words, figure: str) -> Explained:
    """What one of ``EXPLAINED`` is."""
    how, not_said = words.words(f"impact.explain_{figure.replace('-', '_')}")
    return Explained(figure_name(words, figure), how, not_said)


def dated(words: Words, one: Evidence) -> str:
    """Of which day a link is, and to which chat it goes back."""
    day = words.day_of_year(one.date)
    return words("impact.evidence_chat", date=day, chat=words.day_of_year(one.chat)) if one.chat else day


def basis(term: Term, figure: str) -> tuple[str, int | None]:
    """From how many rows a figure was counted, and of which kind; no number where that would tell what is not told."""
    if figure in {"chats", "cancelled"}:
        return "chats", term.planned
    if figure in _LATER:
        own = next((cell for name, cell in term.cells.items() if name == figure), None)
        return _LATER[figure], own.value if own else 0
    cell = term.cells.get("questions" if figure in {"questions", "silence"} else "answers")
    return ("questions" if figure in {"questions", "silence"} else "answers"), cell.value if cell else 0


def table(accounts: Iterable[Account]) -> bytes:
    """All figures as CSV in UTF-8, a row for each (RFC 4180): ``not_told`` says why a ``value`` is empty."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("series", "first_day", "last_day", "figure", "value", "not_told"))
    for account in accounts:
        for term in account.chosen.impact.terms:
            days = (term.stretch.first.isoformat(), term.stretch.last.isoformat())
            for figure, cell in (*term.cells.items(), *_pulse_cells(term)):
                value = "" if cell.value is None else cell.value
                writer.writerow((account.chosen.slug, *days, figure, value, cell.why))
    return out.getvalue().encode()


def _pulse_cells(term: Term) -> Iterator[tuple[str, Cell]]:
    """``pulse`` for all votes, and ``pulse 1: …`` for each answer: a name that no spreadsheet takes for a formula."""
    if term.pulse is not None:
        yield "pulse", term.pulse.votes
        for number, (answer, cell) in enumerate(zip(term.pulse.answers, term.pulse.chosen, strict=True), start=1):
            yield f"pulse {number}: {answer}", cell


def page(templates: Templates, site: Site, accounts: Sequence[Account]) -> bytes:
    """The whole report as one HTML file, in the language of its series; of several, in the site's."""
    look = Markup(templates.source("site/look.css").replace("</", "<\\/"))  # noqa: S704 - it cannot end its element
    return templates.render("site/impact.html.j2", report(templates, site, accounts) | {"look": look}).encode()


def report(templates: Templates, site: Site, accounts: Sequence[Account]) -> dict[str, Any]:
    """What the report says, in words, on a screen and on paper alike."""
    spoken = {account.series.languages[0] for account in accounts if account.series.languages}
    words = templates.dictionary.words(spoken.pop() if len(spoken) == 1 else site.language)
    return {
        "w": words,
        "site": site,
        "accounts": [_account(words, account) for account in accounts],
        "levels": [words.words(f"impact.level_{level}") for level in _LEVELS],
        "explained": [explained(words, figure) for figure in EXPLAINED],
    }


def _account(words: Words, account: Account) -> dict[str, Any]:
    chosen = account.chosen
    return {
        "slug": chosen.slug,
        "title": account.series.title,
        "hashtag": f"#{account.series.hashtag}",
        "charts": _charts(words, chosen),
        "terms": [
            {
                "id": f"{chosen.slug}-{term.stretch.id}",
                "title": stretch_title(words, term.stretch),
                "rows": rows(words, term),
            }
            for term in reversed(chosen.impact.terms)
        ],
        "evidence": [(one.title, one.url, dated(words, one)) for one in account.evidence],
        "open": words.both([stretch_title(words, one) for one in chosen.impact.open]),
        "cut": words.both([stretch_title(words, one) for one in chosen.cut]),
    }


def _charts(words: Words, chosen: Chosen) -> list[Bars]:
    drawn = []
    for title, one, other in _CHARTS:
        terms = [
            (stretch_title(words, term.stretch), term.cells[one], term.cells[other])
            for term in chosen.impact.terms
            if one in term.cells
        ]
        names = (figure_name(words, one), figure_name(words, other))
        drawn.append(bars(words(f"impact.{title}"), names, terms, lambda cell: told(words, cell)))
    return [one for one in drawn if one is not None]
