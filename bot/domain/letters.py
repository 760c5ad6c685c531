"""Newsletters, decided purely: which chats an edition tells of, who gets it, under which id, and how to end it."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from bot.domain.schoolyears import stretch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.records import StoredChat

ONE_CLICK = "List-Unsubscribe=One-Click"
"""What a mail program posts to end a newsletter at once (RFC 8058, section 3.1)."""

_MAILBOX = re.compile(r"[\w.!#$%&*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_LONGEST = 254
"""Characters of an address (RFC 5321, section 4.5.3.1.3, as erratum 1690 counts them)."""


class Letter(msgspec.Struct, frozen=True):
    """One edition to one recipient.

    Attributes:
        id: names it for good; the mail's Message-ID follows from it.
        edition: its edition's name.
        person: the recipient's address as a keyed hash: who may say that they want no more.
        to: the address; empty once it is done.
        at: when it was written down, UTC.
        attempts: how often it was tried.
        retry_at: not before then, UTC.
        done_at: when it was sent or given up, UTC.
        error: why it was given up, in words without an address.
    """

    id: str
    edition: str
    person: str
    to: str
    at: datetime
    attempts: int = 0
    retry_at: datetime | None = None
    done_at: datetime | None = None
    error: str = ""


def letter_id(edition: str, person: str) -> str:
    """The id of an edition's letter to somebody."""
    return hashlib.sha256(f"{edition}\0{person}".encode()).hexdigest()[:32]


def plain_address(address: str) -> str:
    """An address as it is compared: without space around it, its letters small."""
    return address.strip().lower()


def read_addresses(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The addresses in a list, one a line, each once; and the numbers of lines that hold something else.

    Empty lines and what follows a ``#`` are comments.
    """
    found, wrong = dict[str, str](), list[int]()
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        if len(written) <= _LONGEST and _MAILBOX.fullmatch(written):
            found.setdefault(plain_address(written), written)
        else:
            wrong.append(number)
    return tuple(found.values()), tuple(wrong)


def without_address(text: str, address: str) -> str:
    """The same list without an address; every other line stays as it is."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if plain_address(line.partition("#")[0]) != plain_address(address))


def unsubscribe_headers(mailbox: str, one_click: str, person: str) -> Iterator[tuple[str, str]]:
    """The headers by which mail programs offer to end it (RFC 2369, section 3.2; RFC 8058).

    Args:
        mailbox: whom a mail reaches that asks for it.
        one_click: an https address that takes the request; empty for none, then there is only the mail.
        person: the recipient's keyed hash, which says who asks without naming them.
    """
    mail = f"<mailto:{mailbox}?subject=unsubscribe>"
    if not one_click:
        yield "List-Unsubscribe", mail
        return
    yield "List-Unsubscribe", f"<{one_click}{'&' if '?' in one_click else '?'}t={person}>, {mail}"
    yield "List-Unsubscribe-Post", ONE_CLICK


def of_last_term(chats: Sequence[StoredChat], now: datetime) -> tuple[str, tuple[StoredChat, ...]]:
    """A series' chats of the term, else of the school year, of the last of them: the edition's name, and the chats.

    Args:
        chats: of one series, in order of start.
        now: UTC; what has not ended does not count, nor what was cancelled.
    """
    past = [one for one in chats if one.chat.ends_at <= now and not one.cancelled and one.chat.event is None]
    if not past:
        return "", ()
    last = past[-1]
    terms = last.series.terms
    here = stretch(last.chat.date, terms)
    within = [one for one in past if stretch(one.chat.date, terms) == here]
    name = f"{last.series.slug}/{within[0].chat.date.isoformat()}-to-{last.chat.date.isoformat()}"
    return name, tuple(within)
