"""Commands for keeping the database safe: backup and restore."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import folder_option, json_option, print_json


@click.command()
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Put it in the place of a file that is there.")
@click.option("--to", "recipients", multiple=True, metavar="KEY", help="Encrypt it for this public key (age1…).")
@click.option("--plain", is_flag=True, help="Do not encrypt it, though a passphrase is set.")
@json_option
@folder_option
def backup(  # noqa: PLR0917 - click passes them by name
    folder: Path,
    file: Path | None,
    force: bool,  # noqa: FBT001 - click passes flags so
    recipients: tuple[str, ...],
    plain: bool,  # noqa: FBT001 - click passes flags so
    as_json: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Write all that the database holds into one file.

    The bot may go on working. Without FILE it goes into backups/, named after the time. It is encrypted where
    STAFFROOM_BACKUP_PASSPHRASE is set, or a key is named with --to.

    Keep it on another disk, with a copy of .staffroom-erasures beside it, and let it expire: it holds what people said
    before they left.
    """
    from bot.bootstrap import back_up

    done = back_up(folder, file, force=force, recipients=recipients, plain=plain)
    if as_json:
        print_json(done)
        return
    how = "encrypted" if done.encrypted else "not encrypted"
    click.echo(f"{done.file}: {done.rows} rows, {done.bytes} bytes, {how}.")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--identity", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="The secret key that opens it."
)
@click.option(
    "--erasures",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A copy of the list of erasures.  [default: .staffroom-erasures in the bot's folder]",
)
@click.option("--incomplete", is_flag=True, help="Go on though it is not known who has left since.")
@json_option
@folder_option
def restore(  # noqa: PLR0917 - click passes them by name
    folder: Path,
    file: Path,
    identity: Path | None,
    erasures: Path | None,
    incomplete: bool,  # noqa: FBT001 - click passes flags so
    as_json: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Put a backup into an empty database.

    SQLite or PostgreSQL, whichever it was made of. What was erased since is erased again first, by the list of
    erasures. When the bot starts it looks what it said since on each network, and says nothing twice.

    Stop the old bot for good before you start this one.
    """
    from bot.bootstrap import restore as put_back

    done = put_back(folder, file, identity=identity, erasures=erasures, incomplete=incomplete)
    if as_json:
        print_json(done)
        return
    click.echo(f"{done.database} holds what the backup of {done.taken:%d %b %Y %H:%M} UTC held: {done.rows} rows.")
    if done.listed:
        click.echo(f"{done.erasures} lines of the list of erasures were carried out again.")
    else:
        click.echo("There was no list of erasures: enter again what people asked before you start the bot.")
    click.echo("Next: `staffroom doctor`, then `staffroom run`. It first looks what was said since, and says it once.")
