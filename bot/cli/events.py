"""Commands about events: TeachMeets and EdCamps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import folder_option, json_option, print_json

if TYPE_CHECKING:
    from datetime import datetime


@click.group()
def event() -> None:
    """Plan a TeachMeet or an EdCamp of a series."""


@event.command("new")
@click.argument("series", metavar="SERIES")
@click.argument("day", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--title", required=True, metavar="TITLE", help="What it is called: TeachMeet Leeds.")
@click.option("--edcamp", is_flag=True, help="An EdCamp: its sessions are agreed on in the morning.")
@folder_option
def new(folder: Path, series: str, day: datetime, **said: Any) -> None:  # noqa: ANN401 - a text and a flag
    """Write a file for an event to begin with: events/TITLE.yaml.

    SERIES is the name of a file in series/, without its ending. Nothing of yours is written over.
    """
    from bot.bootstrap import new_event

    file = new_event(folder, series, day.date(), said["title"], edcamp=said["edcamp"])
    click.echo(f"made {file}")
    click.echo("Next: write what people need to know, then `staffroom check` and `staffroom plan`.")


@event.command("list")
@click.argument("name", metavar="EVENT")
@json_option
@folder_option
def who(folder: Path, name: str, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say who comes, for its hosts alone.

    Nobody else is told, and 30 days after the event nobody knows.

    EVENT is the name of a file in events/, without its ending.
    """
    from bot.bootstrap import who_comes

    found = who_comes(folder, name)
    if as_json:
        print_json(found)
        return
    told = {0: "nobody has signed up", 1: "1 person comes"}.get(len(found.coming), f"{len(found.coming)} people come")
    seats = "" if found.seats is None else f" ({found.seats} places)"
    click.echo(f"{found.title}: {told}{seats}.")
    for one in found.coming:
        click.echo(f"  {one}")
    if found.waiting:
        click.echo(f"Waiting for a place: {len(found.waiting)}.")
        for one in found.waiting:
            click.echo(f"  {one}")
    if found.coming:
        click.echo("Please keep these names to yourself; what people need there, only they can tell you.")


@event.command("print")
@click.argument("name", metavar="EVENT")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="DIR", help="Where the files go."
)
@folder_option
def on_paper(folder: Path, name: str, out: Path) -> None:
    """Write a poster (SVG) and, with the extra `pdf`, poster and programme as PDF.

    EVENT is the name of a file in events/, without its ending.
    """
    from bot.bootstrap import print_event

    printed = print_event(folder, name, out)
    for file in printed.files:
        click.echo(f"  {file}")
    if printed.no_pdf:
        click.echo(printed.no_pdf)
