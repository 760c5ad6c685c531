"""Commands that give back what teachers said: archive, export."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import chat_argument, fail, folder_option, json_option, print_json, progress_bar, say


@click.command()
@json_option
@folder_option
def archive(folder: Path, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Publish the archive: only pages that changed are written."""
    from bot.bootstrap import publish

    tell, end = progress_bar("publishing")
    try:
        done = publish(folder, tell)
        tell(1.0)
    finally:
        end()
    pages = done.pages
    if as_json:
        print_json(pages)
        return
    click.echo(
        f"{pages.written} pages written, {pages.unchanged} unchanged, {pages.removed} removed:"
        f" {done.site / 'index.html'}"
    )
    for trouble in pages.troubles:
        say(trouble, err=True)
    for line in done.places:
        say(line)


@click.command()
@chat_argument
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of the terminal.")
@folder_option
def export(folder: Path, chat: str, out: Path | None) -> None:
    """Give a chat's answers as JSON.

    What stands on its page, and nothing else.
    """
    from bot.bootstrap import export_chat

    data = export_chat(folder, chat)
    if out is None:
        click.echo(data.decode(), nl=False)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}.")
    click.echo(f"wrote {out}")
