"""The command that writes a person's record, for who asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.common import folder_option
from bot.cli.people import network_option

if TYPE_CHECKING:
    from bot.domain.posts import NetworkName


@click.command()
@click.argument("account", metavar="ACCOUNT")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the files go: a folder that nobody else reads.",
)
@network_option
@folder_option
def record(folder: Path, account: str, out: Path, network: NetworkName | None) -> None:
    """Write a record of taking part, for its owner: as a page, as data and, with the extra `pdf`, on paper.

    It is made only if they asked (`people ACCOUNT --record`), from answers that are kept by their consent. Nothing of
    it is published. Hand the files over and delete them here.

    ACCOUNT is a handle (y5leeds.bsky.social, @hanes@social.example.org) or the address of a profile.
    """
    from bot.bootstrap import make_record

    made = make_record(folder, account, network, out)
    answers = "1 answer" if made.answers == 1 else f"{made.answers} answers"
    chats = "1 chat" if made.chats == 1 else f"{made.chats} chats"
    click.echo(f"The record of {made.handle}: {answers} in {chats}.")
    for file in made.files:
        click.echo(f"  {file}")
    if made.left_out:
        left = "1 kept answer is" if made.left_out == 1 else f"{made.left_out} kept answers are"
        click.echo(f"{left} not in it: held, or in a series that {made.handle} did not join.")
    if made.no_pdf:
        click.echo(made.no_pdf)
    click.echo("Hand the files to their owner and delete them here; nothing else knows of them.")
