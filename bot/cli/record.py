"""The command that writes a person's record, for who asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import fail, folder_option
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
@click.option("--badge", is_flag=True, help="Write a badge, too: signed, so that others can verify it.")
@click.option("--name", default="", metavar="NAME", help="A name to stand in the badge, as its owner gave it for that.")
@network_option
@folder_option
def record(
    folder: Path,
    account: str,
    out: Path,
    network: NetworkName | None,
    **badge: Any,  # noqa: ANN401 - a flag and a text
) -> None:
    """Write a record of taking part, for its owner: as a page, as data and, with the extra `pdf`, on paper.

    It is made only if they asked (`people ACCOUNT --record`), from answers that are kept by their consent. Nothing of
    it is published. Hand the files over and delete them here.

    ACCOUNT is a handle (y5leeds.bsky.social, @hanes@social.example.org) or the address of a profile.
    """
    from bot.bootstrap import make_record

    if badge["name"] and not badge["badge"]:
        fail("A name stands in a badge only: write --badge, too.")
    made = make_record(folder, account, network, out, **badge)
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
    if made.address:
        click.echo(f"The badge means {made.address}, by a salted hash that only who was told this address can check.")
    click.echo("Hand the files to their owner and delete them here; nothing else knows of them.")
