"""Commands about stories: what hosts tell of a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.common import folder_option, json_option, print_json
from bot.cli.permissions import STANDS, to_note

if TYPE_CHECKING:
    from pathlib import Path

_STANDS = {**STANDS, "declined": "its author said no: take it out", "gone": "not on this chat's page: take it out"}
_TO_ASK = ("edited", "unasked")


@click.group()
def story() -> None:
    """Tell what came of a chat, with quotes whose authors agreed."""


@story.command("new")
@click.argument("chat", metavar="CHAT")
@click.option("--title", default="", metavar="TITLE", help="What it is called; else as the chat.")
@click.option("--name", default="", metavar="NAME", help="The file's name, without its ending; else from the title.")
@folder_option
def new(folder: Path, chat: str, title: str, name: str) -> None:
    """Write a file for a story to begin with: stories/NAME.yaml.

    CHAT is SERIES/DATE. The file has the links of the chat's answers with #tryit and of what came of them; nobody's
    words, and no names. Nothing of yours is written over.
    """
    from bot.bootstrap import new_story

    file = new_story(folder, chat, title, name)
    click.echo(f"made {file}")
    click.echo(f"Next: write what you want to tell, then `staffroom check` and `staffroom story list {file.stem}`.")


@story.command("list")
@click.argument("name", metavar="[STORY]", required=False, default="")
@json_option
@folder_option
def how_they_stand(folder: Path, name: str, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say which stories are published, and whom you have to ask.

    STORY is the name of a file in stories/, without its ending; without it, all of them. For a story that is named,
    there are also a message that you can send, and the command for what you are told.
    """
    from bot.bootstrap import stories_of
    from bot.domain.stories import purpose_of

    told = stories_of(folder, name)
    if as_json:
        print_json(told)
        return
    for one in told:
        stands = f"not published: {one.why_not}" if one.why_not else "published by `run`, or with the next `archive`"
        click.echo(f"{one.story}: {stands}.")
        for quote in one.quotes:
            click.echo(f"  {_STANDS[quote.standing]}\n    {quote.link}")
            if name and quote.standing in _TO_ASK:
                click.echo(f"    {to_note(quote.link, purpose_of(one.story))}")
            if name and quote.message:
                click.echo(f"    to send: {quote.message}")
    if not told:
        click.echo("There is no story yet. `staffroom story new SERIES/DATE` writes one to begin with.")
