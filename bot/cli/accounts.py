"""Commands for whoever runs the bot: login, doctor, migrate."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bot.cli.common import fail, folder_option, json_option, print_json, say

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("account", metavar="ACCOUNT")
@click.option("--mark-bot", is_flag=True, help="Bluesky: put the label “bot” on the profile.")
@folder_option
def login(folder: Path, account: str, mark_bot: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Log in one account of staffroom.yaml.

    ACCOUNT is `bluesky`, `mastodon`, or the name you gave it there.

    Asks for Bluesky's app password, or leads through Mastodon's authorization, and keeps the login in a file that only
    you can read.
    """
    from bot.bootstrap import login_account

    login_account(
        folder,
        account,
        mark_bot=mark_bot,
        ask=lambda question, hidden: _typed(account, question, hidden=hidden),
        tell=click.echo,
    )


def _typed(account: str, question: str, *, hidden: bool) -> str:
    """What somebody types, or a line of what is piped in."""
    if sys.stdin.isatty():
        return str(click.prompt(question, hide_input=hidden))
    click.echo(f"{question}: ")
    line = sys.stdin.readline().strip()
    if not line:
        fail(
            f"Nothing was typed, so nobody is logged in. Run `staffroom login {account}` in a terminal, or give the "
            "login as README.md says under “Where secrets may stand”."
        )
    return line


@click.command()
@click.option("--send-test-alert", "trying", is_flag=True, help="Only send everybody under `alerts:` a test message.")
@json_option
@folder_option
def doctor(folder: Path, as_json: bool, trying: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Examine all that a chat depends on.

    Accounts, clock, database, disk, site folder and alerts: what is wrong, and how to mend it.
    """
    from bot.bootstrap import examine, send_test_alert

    findings = send_test_alert(folder) if trying else examine(folder)
    if as_json:
        print_json(findings)
    else:
        marks = {"well": ("ok   ", "green"), "note": ("note ", "yellow"), "wrong": ("wrong", "red")}
        for one in findings:
            word, colour = marks[one.state]
            say(f"{click.style(word, fg=colour)}  {one.subject}: {one.message}")
            if one.mend:
                say(f"       {one.mend}")
    if any(one.state == "wrong" for one in findings):
        sys.exit(1)


@click.command()
@folder_option
def migrate(folder: Path) -> None:
    """Bring the database to the form this version needs."""
    from bot.bootstrap import migrate_database

    click.echo(migrate_database(folder))
