"""The command for what authors said about the use of their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.common import fail, folder_option, json_option, print_json
from bot.cli.review import by_option, checked, reason_option

if TYPE_CHECKING:
    from pathlib import Path

STANDS = {
    "agreed": "its author agreed",
    "declined": "its author said no",
    "edited": "edited since its author agreed: ask again",
    "held": "its author agreed, and it is on no page now",
    "unasked": "its author was not asked yet",
    "gone": "on no page: take it out",
}
"""How the use of an answer stands, in words."""


def to_note(named: str, purpose: str) -> str:
    """What a host types once an answer's author told them."""
    return f'staffroom permission {named} --for {purpose} --agreed --reason "how you know" (or --declined)'


@click.command()
@click.argument("address", metavar="[URL]", required=False)
@click.option("--for", "purpose", metavar="KIND/NAME", help="What its author was asked for, such as story/marking.")
@click.option("--agreed/--declined", default=None, help="What its author said.")
@reason_option
@by_option
@json_option
@folder_option
def permission(  # noqa: PLR0917 - click passes them by name
    folder: Path,
    address: str | None,
    purpose: str | None,
    agreed: bool | None,  # noqa: FBT001 - click passes flags so
    reason: str | None,
    by: str,
    as_json: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Note what an author told you about the use of their answer outside its chat.

    Ask them yourself; the bot writes to nobody. URL is the answer's address on its network, or the link of its place on
    our page. A yes holds for these words alone, and goes with the answer. Without URL: what was noted, and how it
    stands.
    """
    from bot import bootstrap

    if address is None:
        if purpose or reason or agreed is not None:
            fail("Which answer? Give its address.")
        told = bootstrap.permissions_of(folder)
        if as_json:
            print_json(told)
            return
        for one in told:
            click.echo(f"{one.purpose}: {STANDS[one.standing]}\n    {one.address}")
        if not told:
            click.echo("Nothing was noted yet.")
        return
    if agreed is None or not purpose:
        fail("Say what for, and what its author said: --for story/NAME, and --agreed or --declined.")
    new = bootstrap.note_permission(folder, address, purpose, *checked(reason, by), agreed=agreed)
    if as_json:
        print_json({"new": new})
        return
    meant = "It may be used for" if agreed else "It is not used for"
    click.echo(f"Noted: {address}. {meant} {purpose}.")
