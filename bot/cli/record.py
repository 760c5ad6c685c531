"""The command that writes a person's record, for who asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import fail, folder_option
from bot.cli.people import network_option

if TYPE_CHECKING:
    from bot.bootstrap.record import Made
    from bot.bootstrap.sending import Waiting
    from bot.domain.posts import NetworkName


@click.command()
@click.argument("account", metavar="ACCOUNT")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the files go: a folder that nobody else reads.",
)
@click.option(
    "--send",
    is_flag=True,
    help="Let its owner fetch it once, within 7 days, and tell them where in a private message (see `downloads:`).",
)
@click.option("--badge", is_flag=True, help="Write a badge, too: signed, so that others can verify it.")
@click.option("--name", default="", metavar="NAME", help="A name to stand in the badge, as its owner gave it for that.")
@click.option("--this-account-only", "alone", is_flag=True, help="Leave out the other accounts of the same person.")
@network_option
@folder_option
def record(
    folder: Path,
    account: str,
    out: Path | None,
    network: NetworkName | None,
    *,
    send: bool,
    **how: Any,  # noqa: ANN401 - flags and a text
) -> None:
    """Write a record of taking part, for its owner: as a page, as data and, with the extra `pdf`, on paper.

    It is made only if they asked (`people ACCOUNT --record`), from answers that are kept by their consent. Nothing of
    it is published. With --send its owner fetches it; with --out hand the files over and delete them here. It covers
    all accounts that their owner asked to be one person, unless you say --this-account-only.

    ACCOUNT is a handle (y5leeds.bsky.social, @hanes@social.example.org) or the address of a profile.
    """
    from bot.bootstrap import make_record, send_record

    if how["name"] and not how["badge"]:
        fail("A name stands in a badge only: write --badge, too.")
    if out is not None and send:
        fail("Write either --out DIR or --send.")
    if out is not None:
        made = make_record(folder, account, network, out, **how)
        _print_made(made)
        click.echo("Hand the files to their owner and delete them here; nothing else knows of them.")
    elif send:
        waiting = send_record(folder, account, network, **how)
        _print_made(waiting.made)
        _print_waiting(waiting)
    else:
        fail("Write --out DIR, where the files go, or --send, to let their owner fetch them.")


def _print_made(made: Made) -> None:
    answers = "1 answer" if made.answers == 1 else f"{made.answers} answers"
    chats = "1 chat" if made.chats == 1 else f"{made.chats} chats"
    click.echo(f"The record of {made.handle}: {answers} in {chats}.")
    for file in made.files:
        click.echo(f"  {file}")
    if made.also:
        click.echo(f"It covers {', '.join(made.also)}, too: their owner asked that these accounts be one person.")
    if made.left_out:
        left = "1 kept answer is" if made.left_out == 1 else f"{made.left_out} kept answers are"
        click.echo(f"{left} not in it: held, or in a series that {made.handle} did not join.")
    if made.no_pdf:
        click.echo(made.no_pdf)
    if made.address:
        click.echo(f"The badge means {made.address}, by a salted hash that only who was told this address can check.")


def _print_waiting(waiting: Waiting) -> None:
    until = f"{waiting.until.day} {waiting.until:%b %Y %H:%M} UTC"
    click.echo(f"It can be fetched once, until {until}. An address from before does not work any more.")
    if waiting.why:
        click.echo(f"The bot cannot tell {waiting.made.handle}: {waiting.why.rstrip('.')}.")
        click.echo("Hand this over privately, and keep no copy; it is shown only now:")
        click.echo(f"\n{waiting.words}\n")
    else:
        click.echo(f"{waiting.made.handle} gets the address in a private message.")
    if not waiting.served:
        click.echo("Records are given out by `staffroom run`, which is not at work here: start it.")
