"""Commands for a chat's digest: look at it before it goes out, change it, stop it, let it go."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from bot.cli.common import chat_argument, folder_option, json_option, print_json
from bot.cli.review import by_option, checked_name, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.bootstrap.digests import Change, DigestNow

_NARROWEST = 40
_AS_NOW = "now"


class _Digest(click.Group):
    """A group that also takes a chat alone, which means ``now``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click's own, with the command that is meant where the first word is a chat or an option."""
        alone = args and args[0] not in self.commands and args[0] not in ctx.help_option_names
        if alone and ("/" in args[0] or args[0].startswith("-")):
            args = [_AS_NOW, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """The commands in the order in which a host needs them."""
        return list(self.commands)


@click.group(cls=_Digest)
def digest() -> None:
    """Look at a chat's digest before it goes out, change it, stop it.

    Once a chat's answers are in, its digest is chosen and held (`digest: {hold: 2 hours}` in the series' file). Until
    then and while it is held, hosts can pin answers, leave some out, add a few words, stop it or let it go at once.
    `staffroom digest SERIES/DATE` alone writes it now.
    """


reason_option = click.option("--reason", default="", metavar="TEXT", help="Why, for the log. Name nobody in it.")
answer_argument = click.argument("answer", metavar="ANSWER")


class _Rest(TypedDict):
    """What every command that changes a digest is given besides."""

    folder: Path
    as_json: bool
    by: str
    reason: str


def _changing(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that changes a digest."""
    for option in (folder_option, json_option, by_option, reason_option):
        command = option(command)
    return command


@digest.command()
@chat_argument
@json_option
@folder_option
def show(folder: Path, chat: str, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """What is chosen, why, and when it goes out."""
    from bot.bootstrap import digest_now

    found = digest_now(folder, chat)
    print_json(found) if as_json else _print(found)


@digest.command()
@chat_argument
@answer_argument
@_changing
def pin(chat: str, answer: str, **rest: Unpack[_Rest]) -> None:
    """Let the digest repeat an answer.

    ANSWER is the key that `show` names, the post's address on its network, or the link of its place on our page.
    """
    _change(chat, "pin", answer, **rest)


@digest.command(name="leave-out")
@chat_argument
@answer_argument
@_changing
def leave_out(chat: str, answer: str, **rest: Unpack[_Rest]) -> None:
    """Let the digest not repeat an answer, which stays on its page."""
    _change(chat, "leave out", answer, **rest)


@digest.command()
@chat_argument
@answer_argument
@_changing
def free(chat: str, answer: str, **rest: Unpack[_Rest]) -> None:
    """Take back `pin` or `leave-out`."""
    _change(chat, "free", answer, **rest)


@digest.command()
@chat_argument
@click.argument("words", metavar="WORDS")
@_changing
def edit(chat: str, words: str, **rest: Unpack[_Rest]) -> None:
    """Let the digest begin with a few words of yours; "" takes them back.

    At most 200 characters, on one line. What people said cannot be edited.
    """
    _change(chat, "edit", one_line(words), **rest)


@digest.command()
@chat_argument
@_changing
def stop(chat: str, **rest: Unpack[_Rest]) -> None:
    """Post no digest of this chat, until `approve`."""
    _change(chat, "stop", "", **rest)


@digest.command()
@chat_argument
@_changing
def approve(chat: str, **rest: Unpack[_Rest]) -> None:
    """Let the digest go out now, without waiting any longer."""
    _change(chat, "approve", "", **rest)


@digest.command(name=_AS_NOW)
@chat_argument
@click.option("--preview", is_flag=True, help="Only show it; post nothing.")
@folder_option
def now(folder: Path, chat: str, preview: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Write a chat's digest now, or show every post of it."""
    from bot.bootstrap import digest_preview, write_digest

    if not preview:
        click.echo(write_digest(folder, chat))
        return
    for account, text in digest_preview(folder, chat).items():
        click.secho(f"{account}", bold=True)
        click.echo(f"{text}\n")


def _change(chat: str, change: Change, what: str, *, folder: Path, as_json: bool, by: str, reason: str) -> None:
    from bot.bootstrap import change_digest

    why, who = checked_name(reason, by)
    found = change_digest(folder, chat, change, what, why, who)
    print_json(found) if as_json else _print(found)


def _print(found: DigestNow) -> None:
    width = max(_NARROWEST, shutil.get_terminal_size().columns)
    for row in textwrap.wrap(f"{found.chat}: {_state(found)}", width, break_on_hyphens=False):
        click.secho(row, bold=True)
    if found.intro:
        _wrapped(f"In your words: {found.intro}", width, "  ")
    if not found.posts:
        click.echo("  No answers that may be shown: nothing is posted.")
    for one in found.chosen:
        head = f"{one.key}  Q{one.question}, {one.network.capitalize()}: {one.why}"
        for row in textwrap.wrap(head, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False):
            click.secho(row, fg="cyan")
        _wrapped(one.text, width, "    ")
        click.echo(f"    {one.address}")
    if found.left_out:
        _wrapped(f"Left out: {', '.join(found.left_out)}", width, "  ")
    if found.state != "out":
        click.echo(
            "\nRepeat one:  staffroom digest pin CHAT ANSWER\n"
            "Or do not:   staffroom digest leave-out CHAT KEY\n"
            'Add words:   staffroom digest edit CHAT "…"\n'
            "No digest:   staffroom digest stop CHAT\n"
            "At once:     staffroom digest approve CHAT\n"
            "All posts:   staffroom digest now CHAT --preview"
        )


def _state(found: DigestNow) -> str:
    at = f"{found.at.day} {found.at:%b %Y %H:%M} UTC" if found.at else ""
    how = "" if found.quotes else ", without quotes unless a host approves it"
    return {
        "not chosen": f"not chosen yet. It is to go out on {at}{how}. As things are it would repeat:",
        "held": f"chosen, and held. It goes out on {at}{how}. It repeats:",
        "stopped": "stopped: it does not go out unless somebody approves it. It would repeat:",
        "out": "out, or on its way. It repeats:",
    }[found.state]


def _wrapped(text: str, width: int, indent: str) -> None:
    for row in textwrap.wrap(text, width - len(indent), break_long_words=False, break_on_hyphens=False):
        click.echo(f"{indent}{row}")
