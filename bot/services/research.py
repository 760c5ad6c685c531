"""What a research export is made from: shown answers of who joined the series, goes by name and agreed to research."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from bot.domain.consent import standing_wish
from bot.domain.impact import is_over
from bot.domain.linked import whose
from bot.domain.people import called, wants_research
from bot.domain.posts import handle_id
from bot.domain.research import Meeting, Participant, Row, length, pseudonym
from bot.domain.richtext import links
from bot.domain.schoolyears import Stretch, stretch
from bot.domain.trying import told_later
from bot.errors import UserError
from bot.services.door import person_keys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.domain.posts import Account
    from bot.domain.records import Answer, ChatContent, StoredChat
    from bot.domain.research import ReplyTo
    from bot.ports import Store


class Gathered(msgspec.Struct, frozen=True):
    """What there is for an export, not yet fit to be given away: see ``domain.research.give``."""

    meetings: tuple[Meeting, ...]
    people: tuple[Participant, ...]


def gather(store: Store, series: str, term: str, key: bytes, now: datetime) -> Gathered:
    """Read a series' terms that are over.

    What was told weeks later, to a follow-up, is left out.

    Args:
        store: the truth.
        series: slug.
        term: name of one term (``Stretch.name``); empty for all that are over.
        key: of the pseudonyms.
        now: UTC.

    Raises:
        UserError: there is no such series, or no such term that is over; says which there are.
    """
    over = _over(store, series, now)
    wanted = _wanted(over, term)
    meetings: list[Meeting] = []
    found: dict[tuple[str, str], _Person] = {}
    for number, (stored, where) in enumerate(_held(store, over), start=1):
        content = store.content(stored.chat.id)
        if where in wanted:
            meetings.append(Meeting(number, where.name, stored.series.format, len(stored.chat.questions)))
        for author, row in _answers(content, where):
            person = found.setdefault((author.network, author.id), _Person(author, where))
            if where in wanted:
                person.rows.append(row)
                person.chats[stored.chat.id] += 1
    return Gathered(tuple(meetings), tuple(_agreed(store, series, key, found.values())))


class _Person:
    def __init__(self, account: Account, first: Stretch) -> None:
        self.account, self.first = account, first
        self.rows: list[Row] = []
        self.chats: Counter[str] = Counter()


def _over(store: Store, series: str, now: datetime) -> dict[Stretch, list[StoredChat]]:
    chats = [one for one in store.chats(series) if one.chat.event is None] if series else []
    if not chats:
        there = ", ".join(dict.fromkeys(one.series.slug for one in store.chats()))
        raise UserError(f"--series {series}: there is no such series. There are: {there or 'none yet'}.")
    found: dict[Stretch, list[StoredChat]] = {}
    for stored in chats:
        found.setdefault(stretch(stored.chat.date, stored.series.terms), []).append(stored)
    return {one: its for one, its in found.items() if is_over(one, its, now)}


def _wanted(over: Iterable[Stretch], term: str) -> frozenset[Stretch]:
    wanted = frozenset(one for one in over if term in ("", one.name))
    if not wanted:
        there = ", ".join(one.name for one in sorted(over, key=lambda one: one.first))
        said = f"--term {term}: there is no such term that is over" if term else "No term of this series is over yet"
        raise UserError(f"{said}. Those that are over: {there or 'none yet'}.")
    return wanted


def _held(store: Store, over: dict[Stretch, list[StoredChat]]) -> list[tuple[StoredChat, Stretch]]:
    """Chats of which a question went out, in order of start."""
    every = [(stored, where) for where, chats in over.items() for stored in chats if not stored.cancelled]
    every.sort(key=lambda one: (one[0].chat.starts_at, one[0].chat.id))
    return [one for one in every if any(post.kind == "question" for post in store.sent_posts(one[0].chat.id))]


def _answers(content: ChatContent, where: Stretch) -> list[tuple[Account, Row]]:
    """Rows of a chat, each with its author, who is an alias of this chat alone where they go without a full name."""
    later = told_later(content)
    ours = {post.key for post in content.sent}
    authors = {answer.key: answer.post.author for answer in content.answers}
    hosts = _hosts(content.stored)
    return [
        (
            answer.post.author,
            _row(answer, where, _reply_to(answer, ours, authors.get(answer.parent), hosts)),
        )
        for answer in content.answers
        if answer.key not in later
    ]


def _row(answer: Answer, where: Stretch, reply_to: ReplyTo) -> Row:
    text = answer.post.text
    return Row(
        term=where.name,
        reply_to=reply_to,
        placed="yes" if answer.placed else "no",
        links="yes" if links(text) else "no",
        words=length(len(text.text.split())),
    )


def _reply_to(answer: Answer, ours: set[str], above: Account | None, hosts: set[tuple[str, str]]) -> ReplyTo:
    if answer.parent in ours:
        return "question"
    if above is None:
        return "other"
    return "host" if (above.network, handle_id(above.handle)) in hosts else "participant"


def _hosts(stored: StoredChat) -> set[tuple[str, str]]:
    meant = (called(host) for host in stored.chat.hosts or stored.series.hosts)
    return {(one.network, handle_id(one.handle)) for one in meant if one}


def _agreed(store: Store, series: str, key: bytes, people: Iterable[_Person]) -> Iterable[Participant]:
    """Those who joined this series and agreed to research, as all they asked says now.

    Who goes by initials or without a name is another alias in each chat, of whom no wish is known, and so never among
    them: a pseudonym would follow them from chat to chat. Of somebody's linked accounts only the one that answered
    first here is: two pseudonyms for one person would make five people of four, and one for both would tell whoever
    knows the archive that they are one.
    """
    everybody, known = store.persons(), set[str]()
    for one in people:
        account = one.account
        person = whose(everybody, store.key(account.network, account.id))
        asked = store.wishes(person_keys(store, account))
        said = [wish for each in asked.values() for wish in each]
        if standing_wish(said, series) != "joined" or not wants_research(said) or person in known:
            continue
        known.add(person)
        if one.rows:
            code = pseudonym(key, series, account.network, account.id)
            yield Participant(code, one.first.name, len(one.chats), tuple(one.rows))
