"""newsletter: what was said, as mail."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.common import fail, folder_option, json_option, print_json


@click.command()
@click.argument("what", metavar="SERIES/DATE | SERIES | unsubscribe")
@click.argument("who", required=False, metavar="[ADDRESS]")
@click.option("--send", is_flag=True, help="Send it to those on the list who did not get it yet.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the mail as an .eml file.")
@json_option
@folder_option
def newsletter(*, folder: Path, what: str, who: str | None, send: bool, out: Path | None, as_json: bool) -> None:
    """Write what was said as mail, or send it.

    SERIES/DATE is about one chat, SERIES about the term, or the school year, of its last one. Topics, questions and
    figures; nobody's words. `newsletter unsubscribe ADDRESS` takes somebody off the list for good.
    """
    if what == "unsubscribe":
        _unsubscribe(folder, who)
    elif who is not None:
        fail(f"What is “{who}”? Write `staffroom newsletter {what}`.")
    elif send:
        _send(folder, what, as_json=as_json)
    else:
        _write(folder, what, out, as_json=as_json)


def _write(folder: Path, what: str, out: Path | None, *, as_json: bool) -> None:
    from bot.bootstrap import newsletter_of

    edition, mail = newsletter_of(folder, what)
    target = out or Path(f"{edition.name.replace('/', '-')}.eml")
    try:
        target.write_bytes(mail)
    except OSError as error:
        fail(f"{target} cannot be written: {error.strerror}.")
    if as_json:
        print_json({"file": str(target), "subject": edition.subject, "paragraph": edition.paragraph})
        return
    click.echo(edition.paragraph)
    click.echo(f"\nwrote {target}")


def _send(folder: Path, what: str, *, as_json: bool) -> None:
    from bot.bootstrap import send_newsletter

    done = send_newsletter(folder, what)
    if as_json:
        print_json(done)
    else:
        parts = [f"{done.sent} sent"]
        if done.before:
            parts.append(f"{done.before} had it already")
        if done.waiting:
            parts.append(f"{done.waiting} still to be sent: give the same command again")
        if done.given_up:
            parts.append(f"{done.given_up} refused by the mail server for good")
        click.echo(f"{what}: {', '.join(parts)}.")
    if done.trouble:
        fail(done.trouble, status=1)


def _unsubscribe(folder: Path, who: str | None) -> None:
    from bot.bootstrap import unsubscribe

    if who is None:
        fail("Whom? Write `staffroom newsletter unsubscribe ADDRESS`.")
    stood = unsubscribe(folder, who)
    click.echo(
        "Taken off the list, for good." if stood else "They did not stand on the list, and will get no newsletter."
    )
