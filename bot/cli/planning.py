"""Commands for whoever plans chats: init, check, plan, cancel. None of them speaks to a network."""

from __future__ import annotations

import shutil
import textwrap
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.common import chat_argument, fail, folder_option, json_option, print_json

if TYPE_CHECKING:
    from bot.bootstrap.preview import PlanLine, Preview

NARROWEST = 24
"""Columns below which wrapping words helps nobody."""


@click.command()
@click.argument("name", metavar="DIR", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "-C",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The same folder, named as for the other commands; with both, DIR lies within this one.",
)
def init(name: Path | None, folder: Path | None) -> None:
    """Make a folder with a bot and a series to begin with."""
    from bot.bootstrap import scaffold_folder

    if name is None and folder is None:
        fail("Which folder? Write `staffroom init DIR`; it may be new, or this one: `staffroom init .`")
    target = (folder or Path()) / (name or Path())
    made = scaffold_folder(target, datetime.now(UTC).date())
    for path in made:
        click.echo(f"made {path}")
    click.echo(f"Next: look at {target / 'series'}, then `staffroom rehearse -C {target}`.")


@click.command()
@folder_option
def check(folder: Path) -> None:
    """Say all that is wrong in your files.

    Each fault comes with its line and what to write instead.
    """
    from bot.bootstrap import check_folder

    settings = check_folder(folder)
    chats = sum(len(series.chats) for series in settings.series)
    events = sum(len(series.events) for series in settings.series)
    told = {0: "", 1: ", 1 event"}.get(events, f", {events} events")
    stories = sum(len(series.stories) for series in settings.series)
    told += {0: "", 1: ", 1 story"}.get(stories, f", {stories} stories")
    click.echo(f"All is well: {len(settings.series)} series, {chats} dated chats{told}.")


@click.command()
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last date to show.", metavar="DATE")
@json_option
@folder_option
def plan(folder: Path, until: datetime | None, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show every prompt of every dated chat.

    When it goes out, where, its exact words, and how much room is left.
    """
    from bot.bootstrap import plan_of

    shown = plan_of(folder, until.date() if until else None)
    if as_json:
        print_json(shown.lines)
        return
    _print_plan(shown, until.date() if until else None)


def _print_plan(shown: Preview, until: date | None) -> None:
    """A heading a chat, and below it a block a prompt: narrow enough for a phone."""
    width = max(NARROWEST, shutil.get_terminal_size().columns)
    now = datetime.now(UTC)
    for chat, lines in groupby(shown.lines, key=lambda line: line.chat):
        click.secho(f"\n{chat}", bold=True)
        for _, one in groupby(lines, key=lambda line: line.prompt):
            _print_prompt(list(one), width, now)
    if not shown.lines:
        last = f" up to {_date(until)}" if until else ""
        click.echo(f"No dated chat is coming{last}. Add one under `chats:` in series/*.yaml.")
    for series, dates in shown.without_entry.items():
        if dates:
            click.echo(f"\n{series}: nothing will be posted on {_dates(dates)}, because no chat stands there yet.")


def _print_prompt(lines: list[PlanLine], width: int, now: datetime) -> None:
    """When a prompt goes out, then its words; accounts that say the same share them."""
    local, utc = datetime.fromisoformat(lines[0].at_local), datetime.fromisoformat(lines[0].at_utc)
    also = f"{utc:%H:%M} UTC" if utc.date() == local.date() else f"{utc:%a} {utc.day} {utc:%b %H:%M} UTC"
    over = " (this moment is over)" if utc < now else ""
    click.echo()
    when = f"{local:%a} {local.day} {local:%b %H:%M}, {also}: {lines[0].prompt}{over}"
    for row in textwrap.wrap(when, width, break_on_hyphens=False):
        click.secho(row, fg="cyan")
    same: dict[str, list[PlanLine]] = {}
    for line in lines:
        same.setdefault(line.text, []).append(line)
    for text, group in same.items():
        who = ", ".join(
            line.account + ("" if line.remaining is None else f" ({line.remaining} characters left)") for line in group
        )
        for row in textwrap.wrap(who, width - 2, break_on_hyphens=False):
            click.echo(f"  {row}")
        for paragraph in text.splitlines():
            rows = textwrap.wrap(paragraph, width - 4, break_long_words=False, break_on_hyphens=False)
            for row in rows or [""]:
                click.echo(f"    {row}".rstrip())


def _date(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _dates(dates: tuple[date, ...]) -> str:
    """Up to six dates in words, and how many more there are."""
    most = 6
    first = ", ".join(map(_date, dates[:most]))
    return first + (f" and {len(dates) - most} more dates" if len(dates) > most else "")


@click.command()
@chat_argument
@folder_option
def cancel(folder: Path, chat: str) -> None:
    """Post nothing more of a chat; its archive stays.

    What was collected stays, and so does its page.
    """
    from bot.bootstrap import cancel_chat

    stopped = cancel_chat(folder, chat)
    what = {0: "nothing was left to post", 1: "1 post will not go out"}.get(stopped, f"{stopped} posts will not go out")
    click.echo(f"{chat} is cancelled: {what}. What was collected stays in the archive.")
