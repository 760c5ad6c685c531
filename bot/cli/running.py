"""Commands that run chats: rehearse, run, tick, and status."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from bot.cli.common import folder_option, json_option, log_options, print_json, progress_bar, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from bot.bootstrap.metrics_server import Serve
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
    if report.asked_later:
        were = "1 was" if report.asked_later == 1 else f"{report.asked_later} were"
        click.echo(f"Two weeks later {were} asked what came of what they try; {report.outcomes} told.")
    click.echo(f"Look at {Path(report.site) / 'index.html'}")
    for what, file in (
        ("what they tried", report.tried),
        ("a teacher's record, published nowhere", report.record),
        ("the impact report, published nowhere", report.impact),
    ):
        if file:
            click.echo(f"  {what}: {file}")
    if report.troubles:
        sys.exit(1)


@click.command()
@click.option(
    "--metrics",
    metavar="[HOST:]PORT",
    help="Answer /healthz and /metrics (Prometheus) there, to this computer only. Off without this option.",
)
@log_options
@folder_option
def run(
    folder: Path,
    metrics: str | None,
    log_format: Literal["text", "json"],
    log_handles: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Run until stopped: post, collect, publish.

    Ctrl-C or SIGTERM stops it within seconds; what was on its way is looked for at the next start.
    """
    from bot.bootstrap import duties_of, end_programs, place_duties, running_house
    from bot.bootstrap.download_server import download_server
    from bot.bootstrap.logs import start_log
    from bot.bootstrap.notify import Notifier
    from bot.config import load_staffroom
    from bot.domain.events import Event
    from bot.runner import Loop

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    tell = start_log(log_format, names=log_handles, where="stdout")
    with _answering(metrics, tell) as serve, running_house(folder, tell) as house:
        if house is None:
            return
        notifier = Notifier(house.clock, len(house.accounts))
        loop = Loop(house, tell, extra={**duties_of(house, tell), **place_duties(house, tell), **notifier.duties})
        notifier.pulse = loop.pulse

        def stop(*_: object) -> None:
            notifier.stopping()
            loop.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        serve(house, loop.pulse)
        line = f"Running {len(house.accounts)} accounts. Stop with Ctrl-C."
        tell(Event("running", line, accounts=len(house.accounts)))
        with download_server(load_staffroom(folder), house.store, house.clock.now, tell):
            ended = loop.run()
    tell(Event("stopped", "Stopped."))
    if not ended:
        # A request still waits for its answer in another thread; what it does is known to the store as "unknown".
        end_programs()
        sys.stdout.flush()
        os._exit(0)


def _answering(place: str | None, tell: Callable[[str], None]) -> AbstractContextManager[Serve]:
    """What begins to answer there; nothing without a place."""
    if place is None:
        return nullcontext(lambda *_: None)
    from bot.bootstrap.metrics_server import metrics_server

    return metrics_server(place, tell)


def _leave(*_: object) -> None:
    """Told to stop before anything has begun: go at once, which is no failure."""
    sys.exit(0)


@click.command()
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Write metrics there at the end, for the textfile collector of Prometheus' node_exporter (NAME.prom).",
)
@json_option
@log_options
@folder_option
def tick(
    folder: Path,
    metrics_file: Path | None,
    as_json: bool,  # noqa: FBT001 - click passes flags so
    log_format: Literal["text", "json"],
    log_handles: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Do what is due now, once: for cron and schedules."""
    from bot.bootstrap import running_house
    from bot.bootstrap.logs import events_of, start_log
    from bot.tick import Ticked
    from bot.tick import tick as do_tick

    events = start_log(log_format, names=log_handles, where="stderr" if as_json or log_format == "text" else "stdout")
    tell = events if log_format == "json" else partial(say, err=as_json)
    with running_house(folder, tell, wait=False) as house:
        if house is None:
            if as_json:
                print_json(Ticked())
            return
        done = do_tick(house)
        if metrics_file:
            from bot.bootstrap.metrics import write_metrics

            write_metrics(metrics_file, house)
    if log_format == "json":
        for event in events_of(done):
            tell(event)
    if as_json:
        print_json(done)
    elif log_format == "text":
        _print_ticked(done)
    if done.refused or done.troubles:
        sys.exit(1)


def _print_ticked(done: Ticked) -> None:
    """A line for each delivery that moved, then what went wrong, then the figures."""
    from bot.bootstrap.logs import for_a_log

    for state, ids in (
        ("sent", done.sent),
        ("will try again", done.waiting),
        ("refused", done.refused),
        ("missed", done.missed),
        ("digest written", done.digests),
    ):
        for one in ids:
            say(f"{state}: {one}")
    for trouble in done.troubles:
        say(for_a_log(trouble), err=True)
    copied = f" {done.copied} files brought to other places." if done.copied else ""
    say(f"{done.posts} new answers, {done.pages} pages written.{copied}")


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
        say(line)
