"""Commands about events: TeachMeets and EdCamps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import fail, folder_option, json_option, print_json
from bot.cli.permissions import STANDS, to_note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.bootstrap.events import WhoComes
    from bot.services.sessions import Asked

_STANDS = {
    **STANDS,
    "unasked": "its author has not said anything yet: to be announced",
    "gone": "this answer is on no page: take the session out, or give it to somebody",
}


@click.group()
def event() -> None:
    """Plan a TeachMeet or an EdCamp of a series."""


@event.command("new")
@click.argument("series", metavar="SERIES")
@click.argument("day", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--title", required=True, metavar="TITLE", help="What it is called: TeachMeet Leeds.")
@click.option("--edcamp", is_flag=True, help="An EdCamp: its sessions are agreed on in the morning.")
@click.option("--from", "chat", default="", metavar="CHAT", help="Propose sessions from a chat's answers.")
@folder_option
def new(folder: Path, series: str, day: datetime, **said: Any) -> None:  # noqa: ANN401 - texts and a flag
    """Write a file for an event to begin with: events/TITLE.yaml.

    SERIES is the name of a file in series/, without its ending. Nothing of yours is written over.
    With --from edchat/2027-01-07 the sessions are what people said there with #tryit, and what several people replied
    to: one of each person, by the links of their places on our page. Nothing of them is shown until they agreed.
    """
    from bot.bootstrap import new_event

    if said["chat"] and said["edcamp"]:
        fail("An EdCamp's sessions are agreed on in the morning: leave out --from, or --edcamp.")
    file = new_event(folder, series, day.date(), said["title"], edcamp=said["edcamp"], chat=said["chat"])
    click.echo(f"made {file}")
    if said["chat"]:
        click.echo(f"Ask each author first: `staffroom event list {file.stem}` says whom, and what to type then.")
    click.echo("Next: write what people need to know, then `staffroom check` and `staffroom plan`.")


@event.command("list")
@click.argument("name", metavar="EVENT")
@json_option
@folder_option
def who(folder: Path, name: str, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say who comes, and whom to ask for a session.

    That is for its hosts alone: whose answers are to be sessions, who agreed, who is still to be asked. Nobody else is
    told who comes, and 30 days after the event nobody knows who signed up.

    EVENT is the name of a file in events/, without its ending.
    """
    from bot.bootstrap import who_comes

    found = who_comes(folder, name)
    if as_json:
        print_json(found)
        return
    if found.sign_up:
        _tell_coming(found)
    _tell_sessions(name.rpartition("/")[2], found.sessions)


def _tell_coming(found: WhoComes) -> None:
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


def _tell_sessions(event: str, sessions: Sequence[Asked]) -> None:
    from bot.domain.sessions import purpose_of

    for one in sessions:
        click.echo(f"Session {one.number}: {_STANDS[one.standing]}")
        if one.address:
            click.echo(f"  {one.address}")
        if one.standing in {"unasked", "edited"}:
            click.echo(f"  Ask, then: {to_note(one.answer, purpose_of(event))}")


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
