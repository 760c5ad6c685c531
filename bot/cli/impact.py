"""impact: what the chats came to, in figures of whole terms."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.common import folder_option, json_option, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from bot.bootstrap.impact import FigureTold, SeriesTold
    from bot.domain.choosing import Wanted

_NARROWEST = 40
_day = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--series", metavar="SLUG", default="", help="Only this series; without it, each.")
@click.option("--term", metavar="NAME", default="", help="Only this term: its first day, or a school year as 2026-27.")
@click.option("--since", type=_day, metavar="DATE", help="Only terms that begin on this day or later.")
@click.option("--until", type=_day, metavar="DATE", help="Only terms that end on this day or before.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write impact.html, impact.csv and, with the extra pdf, impact.pdf there.",
)
@click.option("--explain", metavar="FIGURE", default="", help="Say how a figure was counted, and what it does not say.")
@json_option
@folder_option
def impact(
    *,
    folder: Path,
    series: str,
    term: str,
    since: datetime | None,
    until: datetime | None,
    out: Path | None,
    explain: str,
    as_json: bool,
) -> None:
    """Say what the chats came to, in figures of whole terms.

    Only of terms that are over, and never about fewer than five people. Nothing is published: the report is yours.
    """
    from bot.bootstrap import explain_impact, impact_of, write_impact
    from bot.domain.choosing import Wanted

    wanted: Wanted = Wanted(series, term, since.date() if since else None, until.date() if until else None)
    if explain:
        figure = explain_impact(folder, wanted, explain)
        print_json(figure) if as_json else _print_figure(figure)
    if out is not None:
        files, no_pdf = write_impact(folder, wanted, out)
        for line in [*(f"wrote {file}" for file in files), *([no_pdf] if no_pdf else [])]:
            click.echo(line, err=as_json)
    if not explain and out is None:
        found = impact_of(folder, wanted)
        print_json(found) if as_json else _print(found)


def _print(found: tuple[SeriesTold, ...]) -> None:
    if not found:
        click.echo("No series is stored yet: `run` or `tick` stores what is planned.")
    for one in found:
        click.secho(one.title, bold=True)
        for each in one.terms:
            click.echo(f"\n  {each.title}")
            width = max(len(name) for name, _ in each.figures)
            for name, value in each.figures:
                click.echo(f"    {name:<{width}}  {value}")
        if not one.terms:
            click.echo("  No term asked for is over yet, so there is nothing to tell.")
        _print_evidence(one)
        for title in one.open:
            _wrapped(f"Not over yet, so not told: {title}", "  ")
        for title in one.cut:
            _wrapped(f"Left out, as the dates cut through it: {title}", "  ")
        click.echo()
    if any(one.terms for one in found):
        _wrapped("“too few people” also stands where a number would let another one be worked out.")
        _wrapped(
            "Of Guskey's five levels (reactions, learning, the school's support, use, pupils) this says nothing but "
            "what people tell themselves (of reactions, votes at a chat's end where pulse: asks for them; "
            "of learning, #reflection; of use, tries, follow-ups, replies) "
            "and, of pupils, what the hosts link to (evidence: in the series' file). "
            "--out DIR writes why, level by level; --explain FIGURE says how a figure was counted."
        )


def _print_evidence(of: SeriesTold) -> None:
    if of.evidence:
        _wrapped("Pupils' outcomes, as the hosts link to them; nothing is inferred from a link:", "  ")
    for title, url, day in of.evidence:
        click.echo(f"    {title} ({day}): {url}")


def _print_figure(figure: FigureTold) -> None:
    click.secho(figure.explained.name, bold=True)
    _wrapped(f"How it is counted: {figure.explained.how}", "  ")
    _wrapped(f"What it does not say: {figure.explained.not_said}", "  ")
    for line in figure.lines:
        _wrapped(line, "  ")
    if not figure.lines:
        click.echo("  No term asked for is over yet.")


def _wrapped(text: str, indent: str = "") -> None:
    width = max(_NARROWEST, shutil.get_terminal_size().columns)
    for row in textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False):
        click.echo(row)
