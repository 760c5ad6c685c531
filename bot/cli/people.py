"""Commands about people: what they asked, also in their place; what is kept of them; forgetting. No network needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bot.cli.common import fail, folder_option, json_option, print_json

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.bootstrap.people import Done, Everybody, Remembered
    from bot.domain.consent import WishKind
    from bot.domain.linked import ClaimKind
    from bot.domain.posts import NetworkName

_WISHES: dict[str, tuple[WishKind, str]] = {
    "remove": ("stopped", "Erase all that it said, and keep nothing of it again."),
    "initials": ("initials", "Sign its answers with initials only."),
    "no_name": ("nameless", "Show its answers without name, exact time and link."),
    "full_name": ("named", "Show its answers with the name again."),
    "list": ("listed", "Put it on the page of people."),
    "unlist": ("unlisted", "Take it off that page."),
    "record": ("record", "Note that its owner asked for a record of taking part."),
    "research": ("research", "Let research exports have its answers, without name and words."),
    "no_research": ("noresearch", "Keep it out of research exports."),
}
"""The flags, each with the wish it means and what it does."""

_SAID: dict[WishKind, str] = {
    "joined": "asked to be kept",
    "stopped": "asked to be removed",
    "paused": "said STOP under a question and is held back",
    "initials": "goes by initials only",
    "nameless": "goes without a name",
    "named": "goes by the full name",
    "listed": "is on the page of people",
    "unlisted": "is not on the page of people",
    "record": "asked for a record of taking part",
    "research": "agreed to research",
    "noresearch": "said no to research",
    "gone": "ended, as its network told",
}

network_option = click.option(
    "--network",
    type=click.Choice(["bluesky", "mastodon"]),
    help="Where the account is, for a handle that does not tell.",
)


@click.command(
    epilog="ACCOUNT is a handle (y5leeds.bsky.social, @hanes@social.example.org) or the address of a profile."
)
@click.argument("account", metavar="[ACCOUNT]", required=False)
@click.option("--join", metavar="SERIES", help="Keep its answers in this series: it asked for that.")
@click.option("--remove", is_flag=True, help=_WISHES["remove"][1])
@click.option("--initials", is_flag=True, help=_WISHES["initials"][1])
@click.option("--no-name", is_flag=True, help=_WISHES["no_name"][1])
@click.option("--full-name", is_flag=True, help=_WISHES["full_name"][1])
@click.option("--list", is_flag=True, help=_WISHES["list"][1])
@click.option("--unlist", is_flag=True, help=_WISHES["unlist"][1])
@click.option("--record", is_flag=True, help=_WISHES["record"][1])
@click.option("--research", is_flag=True, help=_WISHES["research"][1])
@click.option("--no-research", is_flag=True, help=_WISHES["no_research"][1])
@click.option("--also", metavar="OTHER", help="Note that it said it is this account, too.")
@click.option("--not-also", metavar="OTHER", help="Note that it said it is not this account (any more).")
@click.option("--alone", is_flag=True, help="Let it be one person with no other account.")
@click.option("--revoke-badges", is_flag=True, help="Let none of its badges be good any more. There is no way back.")
@network_option
@json_option
@folder_option
def people(
    folder: Path,
    account: str | None,
    join: str | None,
    network: NetworkName | None,
    as_json: bool,  # noqa: FBT001 - click passes flags so
    **flags: Any,  # noqa: ANN401 - flags, and two names
) -> None:
    """Say who asked for what, or ask in their place.

    Without ACCOUNT: how many asked for what. With it: what is remembered of it. With one of the options: remember that
    it asked for this, as if it had said so itself; the pages follow at once.
    """
    from bot.bootstrap import about_person, everybody

    revoke_badges = flags.pop("revoke_badges")
    of_another = _of_another(flags)
    wishes: list[tuple[WishKind, str]] = [(_WISHES[name][0], "") for name, given in flags.items() if given]
    wishes += [("joined", join)] if join else []
    if len(wishes) + len(of_another) + revoke_badges > 1:
        fail("One wish at a time, please: which of these did they say last?")
    if account is None:
        if wishes or network or of_another or revoke_badges:
            fail("Whose wish is it? Write `staffroom people ACCOUNT` and then the option.")
        found = everybody(folder)
        print_json(found) if as_json else _print_everybody(found)
        return
    if revoke_badges:
        _revoke(folder, account, network, as_json=as_json)
        return
    if of_another:
        _say_of(folder, account, network, of_another[0], as_json=as_json)
        return
    if not wishes:
        about = about_person(folder, account, network)
        print_json(about) if as_json else _print_people(about)
        return
    _wish(folder, account, network, wishes[0], as_json=as_json)


@click.command()
@click.argument("account", metavar="ACCOUNT")
@network_option
@folder_option
def forget(folder: Path, account: str, network: NetworkName | None) -> None:
    """Erase all that an account said, for good.

    It goes from the database and the pages at once, and is never kept again. The same as `people ACCOUNT --remove`.

    ACCOUNT is a handle (y5leeds.bsky.social, @hanes@social.example.org) or the address of a profile.
    """
    from bot.bootstrap import forget_account

    _print_forgotten(forget_account(folder, account, network))


@click.command("export-person")
@click.argument("account", metavar="ACCOUNT")
@network_option
@folder_option
def export_person(folder: Path, account: str, network: NetworkName | None) -> None:
    """Give all that is kept about an account, as JSON.

    For a person who asks what we have of them: posts, addresses, times, and what they asked of us.

    ACCOUNT is a handle (y5leeds.bsky.social, @hanes@social.example.org) or the address of a profile.
    """
    from bot.bootstrap import export_person as export

    print_json(export(folder, account, network))


def _of_another(flags: dict[str, Any]) -> list[tuple[ClaimKind, str]]:
    """What is to be noted of other accounts; it is taken out of the flags."""
    also, no_more, alone = (flags.pop(name) for name in ("also", "not_also", "alone"))
    said: list[tuple[ClaimKind, str]] = [("also", also)] if also else []
    return [*said, *([("not", no_more)] if no_more else ()), *([("not", "")] if alone else ())]


def _wish(
    folder: Path, account: str, network: NetworkName | None, wish: tuple[WishKind, str], *, as_json: bool
) -> None:
    from bot.bootstrap import ask_for

    kind, series = wish
    done = ask_for(folder, account, network, kind, series)
    if as_json:
        print_json(done)
    elif kind == "stopped":
        _print_forgotten(done)
    else:
        where = f" in {series}" if series else ""
        click.echo(f"Remembered: {', '.join(done.called)} {_SAID[kind]}{where}. The pages are up to date.")
        if not done.handles:
            click.echo("Nothing of it is kept so far; the wish counts from now on.")


def _say_of(
    folder: Path, account: str, network: NetworkName | None, said: tuple[ClaimKind, str], *, as_json: bool
) -> None:
    from bot.bootstrap import say_of

    kind, other = said
    done = say_of(folder, account, network, kind, other)
    if as_json:
        print_json(done)
    elif kind == "not":
        click.echo(f"Remembered: {done.handle} is not one person with {done.other or 'any other account'}.")
    elif done.linked:
        click.echo(f"Remembered: {done.handle} and {done.other} are one person now, as both said.")
    else:
        click.echo(f"Remembered: {done.handle} said that it is {done.other}, too.")
        click.echo(f"They are one person once {done.other} says the same, until {done.until.day} {done.until:%b %Y}:")
        click.echo("by I AM ALSO and the handle, in a reply to the bot; or, if its owner asked you:")
        click.echo(f"  staffroom people {done.other} --also {done.handle}")


def _revoke(folder: Path, account: str, network: NetworkName | None, *, as_json: bool) -> None:
    from bot.bootstrap import revoke_badges

    done = revoke_badges(folder, account, network)
    if as_json:
        print_json(done)
    elif done.badges:
        badges = "1 badge" if done.badges == 1 else f"{done.badges} badges"
        click.echo(f"Revoked: {badges} of {done.handle}. The published list says so from now on.")
    else:
        click.echo(f"No badge of {done.handle} is good, so there is none to revoke.")


def _print_everybody(found: Everybody) -> None:
    if not found.counts and not found.people:
        click.echo("Nobody has asked for anything yet.")
        return
    click.echo(
        f"People: {', '.join(f'{count} {kind}' for kind, count in found.counts.items()) or 'no wish holds now'}."
    )
    for one in found.people:
        holds = ", ".join(one.standing) or "nothing that holds now"
        click.echo(f"  {one.handle} ({one.network}): {holds}")
    click.echo("Only those are named of whom words are kept; of all others a code is remembered.")


def _print_people(found: tuple[Remembered, ...]) -> None:
    for one in found:
        answers = sum(one.answers.values())
        kept = "1 answer is kept" if answers == 1 else f"{answers or 'no'} answers are kept"
        click.echo(f"{one.handle} ({one.network}): {kept}")
        for chat, count in one.answers.items():
            click.echo(f"  {chat}: {count}")
        for wish in one.wishes:
            click.echo(f"  {_when(wish.at)} {_SAID[wish.kind]}{f' in {wish.series}' if wish.series else ''}")
        for other in one.others:
            name = other.handle or "an account of which nothing is kept"
            says = f"is one person with {name}" if other.confirmed else f"said it is {name}, too; not confirmed yet"
            click.echo(f"  {_when(other.at)} {says}")
        if not one.wishes and not one.others:
            click.echo("  It asked for nothing.")


def _when(at: datetime) -> str:
    return f"{at.day} {at:%b %Y %H:%M} UTC:"


def _print_forgotten(done: Done) -> None:
    if done.handles:
        click.echo(f"Forgotten: {', '.join(done.handles)}. The pages are written anew, and the wish is remembered.")
    else:
        click.echo(f"Nothing of {', '.join(done.called)} is kept. The wish is remembered: nothing will be.")
    if done.still_posted:
        click.echo("These posts of the bot repeat what they said; `run` or the next `tick` deletes them:")
        for address in done.still_posted:
            click.echo(f"  {address}")
    if done.badges:
        badges = "1 badge stays" if done.badges == 1 else f"{done.badges} badges stay"
        click.echo(f"{badges} good, in their owner's hands. If they want that to end:")
        click.echo(f"  staffroom people {done.called[0]} --revoke-badges")
