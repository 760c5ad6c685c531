"""Commands for what waits for a person: review, hide. No network needed, and pages follow at once."""

from __future__ import annotations

import getpass
import shutil
import textwrap
from typing import TYPE_CHECKING

import click

from bot.cli.common import fail, folder_option, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from bot.bootstrap.review import Decision, HeldAnswer
    from bot.services.review import Decided

NARROWEST = 40
LOG = 50
_MOST_REASON, _MOST_BY = 500, 80  # characters

WHY = {
    "photo": "has a picture, video or sound",
    "label": "marked as delicate by its network",
    "pupil": "may name a pupil",
    "harm": "may tell of harm",
    "accusation": "may accuse somebody",
    "asked": "its author said STOP, which may mean leaving",
    "hidden": "hidden by a host",
}

_DONE = {
    "released": "released",
    "dropped": "dropped",
    "hidden": "hidden",
    "removed": "removed by its author's wish",
    "pinned": "pinned for the digest",
    "left out": "left out of the digest",
    "freed": "left to the digest's own choice",
    "edited": "digest's words edited",
    "stopped": "digest stopped",
    "approved": "digest approved",
    "agreed": "its author's yes noted",
    "declined": "its author's no noted",
}


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "somebody"


reason_option = click.option("--reason", metavar="TEXT", help="Why, for the log. Name nobody in it.")
by_option = click.option(
    "--by", default=_login_name, show_default="your login name", metavar="NAME", help="Who decides, for the log."
)


@click.command()
@click.argument("key", metavar="[KEY]", required=False)
@click.option("--release", is_flag=True, help="Show the answer, as it reads now.")
@click.option("--drop", is_flag=True, help="Keep nothing of the answer, now and later.")
@click.option("--log", "as_log", is_flag=True, help="Show what was decided: when, by whom and why.")
@reason_option
@by_option
@json_option
@folder_option
def review(  # noqa: PLR0917 - click passes them by name
    folder: Path,
    key: str | None,
    release: bool,  # noqa: FBT001 - click passes flags so
    drop: bool,  # noqa: FBT001 - click passes flags so
    as_log: bool,  # noqa: FBT001 - click passes flags so
    reason: str | None,
    by: str,
    as_json: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Read what is held back, and decide.

    Answers with a picture, and those that seem to name a pupil, to tell of harm or to accuse somebody, stand on no page
    until somebody has read them. Without KEY: what waits. With KEY: that answer, whole. What to do with each kind
    stands in docs/safeguarding.md.
    """
    from bot import bootstrap

    if release and drop:
        fail("One at a time, please: --release or --drop?")
    if as_log and (key or release or drop or reason):
        fail("`--log` stands alone: `staffroom review --log`.")
    if as_log:
        told = bootstrap.decisions(folder, LOG)
        print_json(told) if as_json else _print_log(told)
        return
    if key is None:
        if release or drop or reason:
            fail("Which answer? `staffroom review` lists what waits, each with its key.")
        held = bootstrap.held_answers(folder)
        print_json(held) if as_json else _print_list(held)
        return
    if not (release or drop):
        if reason:
            fail("Add what you decided: --release or --drop.")
        one = bootstrap.held_answer(folder, key)
        print_json(one) if as_json else _print_one(one)
        return
    done = bootstrap.decide(folder, key, "release" if release else "drop", *checked(reason, by))
    print_json(done) if as_json else click.echo(_outcome(key, done, "Dropped" if drop else "Released"))


@click.command()
@click.argument("address", metavar="URL")
@reason_option
@by_option
@json_option
@folder_option
def hide(folder: Path, address: str, reason: str | None, by: str, as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Take an answer off the pages at once, until it is decided.

    URL is the post's address on its network, or the link of its place on our page. It waits in `staffroom review`;
    digest posts of ours that repeat it are deleted.
    """
    from bot import bootstrap

    done = bootstrap.hide_answer(folder, address, *checked(reason, by))
    print_json(done) if as_json else click.echo(_outcome(address, done, "Hidden"))


def checked(reason: str | None, by: str) -> tuple[str, str]:
    """Reason and name, each on one line; a decision without a reason helps nobody who reads the log."""
    if not one_line(reason or ""):
        fail('Say why, for the log: --reason "…"')
    return checked_name(reason or "", by)


def checked_name(reason: str, by: str) -> tuple[str, str]:
    """Reason, which may be empty, and name, each on one line and not too long for the log."""
    why, who = one_line(reason), one_line(by)
    if len(why) > _MOST_REASON or not 0 < len(who) <= _MOST_BY:
        fail(f"A reason has at most {_MOST_REASON} characters, a name 1 to {_MOST_BY}.")
    return why, who


def one_line(text: str) -> str:
    """A text without breaks and what cannot be printed."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _outcome(what: str, done: Decided, verb: str) -> str:
    if verb == "Released" and not done.shown:
        still = ", ".join(WHY[reason] for reason in done.held)
        line = f"{what}: released, and still not shown"
        line += f": {still}." if still else ", because its author or its network does not want it archived."
    else:
        then = {"Released": "It stands on its page now.", "Dropped": "Nothing of it is kept."}
        line = f"{verb}: {what}. {then.get(verb, 'It is on no page, and waits in `staffroom review`.')}"
    if done.deleted:
        posts = "1 post of the bot repeats" if done.deleted == 1 else f"{done.deleted} posts of the bot repeat"
        line += f" {posts} it and will be deleted by `run` or the next `tick`."
    return line


def _print_list(held: Sequence[HeldAnswer]) -> None:
    if not held:
        click.echo("Nothing waits for a decision.")
        return
    width = max(NARROWEST, shutil.get_terminal_size().columns)
    chat = ""
    for one in sorted(held, key=lambda each: (each.chats, each.at)):
        if one.chats[0] != chat:
            click.secho(f"\n{one.chats[0]}" if chat else one.chats[0], bold=True)
            chat = one.chats[0]
        _print_head(one, width)
        _print_wrapped(one.text, width)
        click.echo(f"    {one.address}")
    click.echo(
        "\nRead one:   staffroom review KEY\n"
        'Show it:    staffroom review KEY --release --reason "…"\n'
        'Forget it:  staffroom review KEY --drop --reason "…"'
    )


def _print_one(one: HeldAnswer) -> None:
    width = max(NARROWEST, shutil.get_terminal_size().columns)
    click.secho(", ".join(one.chats), bold=True)
    _print_head(one, width)
    for paragraph in one.text.splitlines():
        _print_wrapped(paragraph, width)
    click.echo(f"    {one.address}")
    if one.pictures:
        many = "its picture stands" if one.pictures == 1 else f"its {one.pictures} pictures stand"
        told = f"Its author joined: if you release it, {many} on the page, too. Look at each one there first."
        _print_wrapped(told, width)


def _print_head(one: HeldAnswer, width: int) -> None:
    why = "; ".join(WHY.get(reason, reason) for reason in one.why)
    head = f"{one.key}  {_moment(one.at)}, {one.network.capitalize()}: {why}"
    for row in textwrap.wrap(head, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False):
        click.secho(row, fg="cyan")


def _print_wrapped(text: str, width: int) -> None:
    for row in textwrap.wrap(text, width - 4, break_long_words=False, break_on_hyphens=False) or [""]:
        click.echo(f"    {row}".rstrip())


def _print_log(told: Sequence[Decision]) -> None:
    if not told:
        click.echo("Nothing was decided yet.")
    for one in told:
        why = f": {one.reason}" if one.reason else ""
        click.echo(f"{_moment(one.at)}  {one.key}  {_DONE[one.kind]} by {one.by}{why}")


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %Y %H:%M} UTC"
