"""What `staffroom record` asks for: a person's record, made because they asked, as files for them alone."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.badges import issue_badge
from bot.bootstrap.database import open_store_of
from bot.bootstrap.desk import clock_of
from bot.bootstrap.house import site_of, templates_of
from bot.bootstrap.onpaper import on_paper
from bot.bootstrap.people import Whom, whom_of, wishes_of
from bot.bootstrap.published import published
from bot.config import load_staffroom
from bot.domain.linked import person_of
from bot.domain.posts import Account
from bot.domain.takingpart import ASKED_WITHIN, Record, TakenPart, all_together, spoken_in
from bot.errors import UserError
from bot.publishing.handover import hand_over, refuse_public
from bot.rendering.recordjson import record_json, whose_record
from bot.rendering.recordpage import record_page
from bot.rendering.recordpaper import record_sheet
from bot.services.record import asked_at, gather
from bot.services.recordrequests import note_written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.bootstrap.badges import Issued
    from bot.config import Settings
    from bot.domain.posts import NetworkName
    from bot.ports import Person, Store

DATA, PAGE, PAPER = "record.json", "record.html", "record.pdf"


class Made(msgspec.Struct, frozen=True):
    """A record that was written.

    Attributes:
        handle: of whom.
        files: where, absolute; none where it waits to be fetched.
        chats, answers: how many are in it.
        left_out: how many kept answers are not: held, or in a series that this person did not join.
        no_pdf: why there is none; empty where there is.
        address: of the account that a badge means; empty where none was made.
        also: handles of the other accounts that are in it: those of the same person.
    """

    handle: str
    files: tuple[Path, ...]
    chats: int
    answers: int
    left_out: int
    no_pdf: str
    address: str = ""
    also: tuple[str, ...] = ()


class Composed(msgspec.Struct, frozen=True):
    """A record that is made and stands nowhere yet: its files by name, the one to read first first.

    Attributes:
        one: who was named.
        keys: of all accounts of that person, that one's first; of that one only where it is about it alone.
        whose: the accounts whose answers stand in it.
        language: the record's, as a BCP 47 tag.
        chats: what it was made from.
        badge: the number of the badge among the files.
    """

    made: Made
    one: Whom
    keys: tuple[str, ...]
    whose: tuple[Account, ...]
    contents: dict[str, bytes]
    language: str
    chats: tuple[TakenPart, ...]
    badge: int | None = None


def make_record(
    folder: Path,
    account: str,
    network: NetworkName | None,
    out: Path,
    *,
    badge: bool = False,
    name: str = "",
    alone: bool = False,
) -> Made:
    """Write the record of somebody who asked for it: a page, data, ``record.pdf`` where it can be made, and a badge.

    Args:
        folder: the bot's folder.
        account: its handle, id, or the address of its profile.
        network: where it is, for a handle that does not tell.
        out: where the files go; neither the site's folder nor another place that is published.
        badge: write ``badge.jwt``, ``badge.svg`` and ``badge.png``, too.
        name: to stand in the badge, as the person gave it for that; empty if they gave none.
        alone: of this account only, with no word of others that are the same person's.

    Raises:
        UserError: it cannot be told whom the name means, nothing of them is kept by consent, they did not ask, or the
            files cannot stand there. Then nothing is written.
    """
    settings = load_staffroom(folder)
    store = open_store_of(settings)
    now = max(datetime.now(UTC), clock_of(store).now())
    return record_of(settings, store, account, network, out, now, badge=badge, name=name, alone=alone)


def record_of(  # noqa: PLR0917 - what make_record was asked for, and where it stands
    settings: Settings,
    store: Store,
    account: str,
    network: NetworkName | None,
    out: Path,
    now: datetime,
    *,
    badge: bool = False,
    name: str = "",
    alone: bool = False,
) -> Made:
    """The same from settings and a store that are open, at a time (UTC)."""
    refuse_public(out, published(settings))
    record = compose_record(settings, store, account, network, now, badge=badge, name=name, alone=alone)
    theirs = {(account.network, account.id) for account in record.whose}
    with drop_badge_unless_handed_over(store, record):
        refuse_changed(store, record)
        hand_over(out, record.contents, DATA, lambda there: not theirs.isdisjoint(whose_record(there)), without=[PAPER])
    note_written(store, record.keys, now)
    return msgspec.structs.replace(record.made, files=tuple((out / file).resolve() for file in record.contents))


def compose_record(
    settings: Settings,
    store: Store,
    account: str,
    network: NetworkName | None,
    now: datetime,
    *,
    badge: bool,
    name: str,
    alone: bool,
) -> Composed:
    """Make a record's files. Arguments and errors as of ``make_record``; a badge in it is issued already."""
    one = _the_one(store, account, network)
    keys = person_of(store.persons(), one.keys[0])
    asked = asked_at(store, keys, now)
    if asked is None:
        last = max((wish.at for wish in wishes_of(store, one) if wish.kind == "record"), default=None)
        raise UserError(_not_asked(one.handle, last))
    keys = keys[:1] if alone else keys
    chats = gather(store, keys)
    if not chats:
        raise UserError(
            f"{one.handle}: none of its answers can stand in a record: that takes its consent, and no answer is shown"
            f" in a series that it joined. If its owner wishes so: `staffroom people {one.handle} --join SERIES`."
        )
    people = [person for key in keys if (person := store.person(key))]
    kept = {store.key(post.ref.network, post.ref.id) for person in people for _, post in person.posts}
    whose = tuple(_in_it(store, people, chats))
    site, total = site_of(settings), all_together(chats)
    record = Record(whose, chats, asked, now)
    data = record_json(record, archive=site.title, address=site.address)
    templates = templates_of(settings.folder)
    page = record_page(templates, site, record)
    pdf, no_pdf = on_paper(record_sheet(templates, site, record, PAGE))
    issued = _badge(settings, store, one, name) if badge else None
    contents = {PAGE: page, **({PAPER: pdf} if pdf else {}), DATA: data, **(issued.files if issued else {})}
    address = issued.address if issued else ""
    also = tuple(account.handle for account in whose[1:])
    made = Made(one.handle, (), total.chats, total.answers, len(kept) - len(_told(chats)), no_pdf, address, also)
    language = spoken_in(chats) or site.language
    return Composed(made, one, tuple(keys), whose, contents, language, chats, issued.number if issued else None)


def refuse_changed(store: Store, record: Composed) -> None:
    """Refuse where words were taken back or edited, or accounts parted, since a record was begun: a PDF takes a while.

    Raises:
        UserError: what stands in it may not stand there any more.
    """
    together = set(record.keys) <= set(person_of(store.persons(), record.keys[0]))
    if not together or not _words(record.chats) <= _words(gather(store, record.keys)):
        raise UserError(
            f"{record.made.handle}: what may stand in its record changed while it was made, so nothing was handed over."
            " Run the command again."
        )


@contextmanager
def drop_badge_unless_handed_over(store: Store, record: Composed) -> Iterator[None]:
    """Forget a record's badge again where its files could not be put anywhere: nobody got it."""
    try:
        yield
    except UserError:
        if record.badge is not None:
            store.drop_badge(record.badge)
        raise


def _words(chats: Iterable[TakenPart]) -> frozenset[tuple[str, str]]:
    """All that a record repeats, answers and what was told weeks later: node keys, and the words."""
    said = [answer for one in chats for answer in one.answers]
    said += [later for one in chats for tried in one.tried for later in tried.outcomes]
    return frozenset((one.key, one.text) for one in said)


def _told(chats: Iterable[TakenPart]) -> frozenset[str]:
    """Node keys of all that a record repeats."""
    return frozenset(key for key, _ in _words(chats))


def _in_it(store: Store, people: Sequence[Person], chats: Sequence[TakenPart]) -> list[Account]:
    """The accounts of which something stands in a record, behind the first, for which it is made."""
    there = _told(chats)
    theirs = [{store.key(post.ref.network, post.ref.id) for _, post in person.posts} for person in people[1:]]
    return [
        people[0].account,
        *(one.account for one, said in zip(people[1:], theirs, strict=True) if not there.isdisjoint(said)),
    ]


def _badge(settings: Settings, store: Store, one: Whom, name: str) -> Issued:
    """A badge of this account alone: with what another one did, it would tell that they are one person's."""
    chats = gather(store, one.keys[:1])
    if not chats:
        raise UserError(
            f"{one.handle}: a badge is about one account, and of this one nothing can stand in it: no answer of its own"
            " is shown in a series that it joined. Make the badge of the other account, or the record without --badge."
        )
    return issue_badge(settings, store, one, chats, name)


def _the_one(store: Store, name: str, network: NetworkName | None) -> Whom:
    """The one account that a name means, of which something is kept."""
    whom = whom_of(store, name, network)
    if len(whom) > 1:
        there = ", ".join(f"{one.account.url or one.account.id} ({one.account.network})" for one in whom)
        raise UserError(f"{name} means several accounts: {there}. Name one of them so.")
    if not whom[0].kept:
        raise UserError(f"{name}: nothing is kept about an account with this handle or address: no record can be made.")
    return whom[0]


def _not_asked(handle: str, last: datetime | None) -> str:
    note = f"When they ask, note it: `staffroom people {handle} --record`. Then write the record."
    if last is None:
        return f"{handle}: its owner has not asked for a record, and it is made for nobody else. {note}"
    return (
        f"{handle}: its owner asked for a record last on {last.day} {last:%b %Y}, and that no longer counts: a request"
        f" counts for {ASKED_WITHIN.days} days, and ends when they leave. {note}"
    )
