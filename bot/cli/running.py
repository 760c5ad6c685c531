"""Commands that run chats: rehearse, run, tick, and status."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.common import folder_option, json_option, print_json, progress_bar

if TYPE_CHECKING:
    from bot.tick import Ticked


@click.command()
@click.argument("chat", metavar="[SERIES/DATE]", required=False)
@click.option("--answers", default=60, show_default=True, type=click.IntRange(0, 200_000), help="How many answers.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed gives the same rehearsal.")
@click.option("--here", is_flag=True, help="Use this folder's own database and site; refused if in real use.")
@json_option
@folder_option
def rehearse(  # noqa: PLR0917 - click passes them by name
    folder: Path,
    chat: str | None,
    answers: int,
    seed: int,
    here: bool,  # noqa: FBT001 - click passes flags so
    as_json: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Play a chat at full speed, touching no network.

    The next chat, or the one named, with made-up teachers who answer in every way that real ones do.
    """
    from bot.bootstrap import rehearse_folder

    tell, done = progress_bar("rehearsing")
    try:
        report = rehearse_folder(folder, chat, answers=answers, seed=seed, here=here, progress=tell)
    finally:
        done()
    if as_json:
        print_json(report)
        return
    for trouble in report.troubles:
        click.echo(trouble, err=True)
    click.echo(f"Rehearsed {report.chat}: {report.prompts_sent} prompts went out on each network.")
    click.echo(f"Teachers gave {report.answers_posted} answers; {report.answers_collected} were collected,")
    click.echo(f"{report.answers_shown} of them may be shown and stand on the pages.")
    click.echo(f"Look at {Path(report.site) / 'index.html'}")
    if report.troubles:
        sys.exit(1)


@click.command()
@folder_option
def run(folder: Path) -> None:
    """Run until stopped: post, collect, publish.

    Ctrl-C or SIGTERM stops it within seconds; what was on its way is looked for at the next start.
    """
    from bot.bootstrap import running_house
    from bot.runner import Loop

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    with running_house(folder, click.echo) as house:
        if house is None:
            return
        loop = Loop(house, click.echo)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.stop())
        click.echo(f"Running {len(house.accounts)} accounts. Stop with Ctrl-C.")
        ended = loop.run()
    click.echo("Stopped.")
    if not ended:
        # A request still waits for its answer in another thread; what it does is known to the store as "unknown".
        sys.stdout.flush()
        os._exit(0)


def _leave(*_: object) -> None:
    """Told to stop before anything has begun: go at once, which is no failure."""
    sys.exit(0)


@click.command()
@json_option
@folder_option
def tick(folder: Path, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Do what is due now, once: for cron and schedules."""
    from bot.bootstrap import running_house
    from bot.tick import Ticked
    from bot.tick import tick as do_tick

    with running_house(folder, lambda line: click.echo(line, err=as_json), wait=False) as house:
        if house is None:
            if as_json:
                print_json(Ticked())
            return
        done = do_tick(house)
    if as_json:
        print_json(done)
    else:
        _print_ticked(done)
    if done.refused or done.troubles:
        sys.exit(1)


def _print_ticked(done: Ticked) -> None:
    """A line for each delivery that moved, then what went wrong, then the figures."""
    for state, ids in (
        ("sent", done.sent),
        ("will try again", done.waiting),
        ("refused", done.refused),
        ("missed", done.missed),
        ("digest written", done.digests),
    ):
        for one in ids:
            click.echo(f"{state}: {one}")
    for trouble in done.troubles:
        click.echo(trouble, err=True)
    click.echo(f"{done.posts} new answers, {done.pages} pages written.")


@click.command()
@json_option
@folder_option
def status(folder: Path, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say what is next, what was missed, and how much is kept."""
    from bot.bootstrap import status_of

    found = status_of(folder)
    if as_json:
        print_json(found)
        return
    for line in found.lines():
        click.echo(line)
