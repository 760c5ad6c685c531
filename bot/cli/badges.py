"""The command about the key that signs badges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.common import fail, folder_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("badge-key")
@click.option("--rotate", is_flag=True, help="Make a new key. Badges of the one before stay good.")
@click.option("--stolen", is_flag=True, help="Make a new key. No badge of the one before is good any more.")
@folder_option
def badge_key(folder: Path, rotate: bool, stolen: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show the key that signs badges; make it if there is none.

    The public halves of all keys whose badges are good stand on the site; the private one in a file that only the bot's
    user may read. `record ACCOUNT --badge` makes the first key by itself.
    """
    from bot.bootstrap import badge_key as show

    if rotate and stolen:
        fail("One of them, please: --rotate leaves older badges good, --stolen does not.")
    keys = show(folder, rotate=rotate, stolen=stolen)
    click.echo(f"{'A new key signs badges' if keys.made else 'This key signs badges'}: {keys.now}")
    click.echo(f"  {keys.file} (keep a copy where you keep passwords)")
    click.echo(f"  {keys.document} (public, with the site's next publishing)")
    for one in keys.before:
        click.echo(f"Badges of an earlier key are good, too: {one}")
    if stolen:
        click.echo("Badges of the stolen key no longer verify: make new ones for whoever asks.")
