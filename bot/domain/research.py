"""What may be given to researchers, so that nobody in it can be told from four others, even beside the public archive.

People are put into groups of five or more. Of each person only that is told which holds for everybody in their group:
the same first term, the same class of chats, the same rows. Whoever knows the archive, the names of all who agreed and
these rules still has five people or more for each pseudonym. Decision 0031 says why no weaker rule will do.
"""

from __future__ import annotations

import hmac
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from bot.domain.suppression import FEWEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ReplyTo = Literal["question", "host", "participant", "other"]
"""What an answer stands under: a post of ours; a host's answer; somebody else's; nothing that is shown."""

Length = Literal["1-10", "11-50", "51+"]

NOT_TOLD = ""
"""Stands where a value is not the same for a whole group."""

_LENGTHS: tuple[tuple[int, Length], ...] = ((10, "1-10"), (50, "11-50"))
_CHATS = ((1, "1"), (4, "2-4"))
_MANY = "5+"
_DIGITS = 20  # hex digits of a pseudonym: 80 bits


class Row(NamedTuple):
    """One answer as it may be told; each but the term may be ``NOT_TOLD``.

    Attributes:
        term: name of the term or school year (``schoolyears.Stretch.name``).
        reply_to: see ``ReplyTo``.
        placed: ``yes`` if it answers a question, else ``no``.
        links: ``yes`` if it has a web address.
        words: see ``Length``.
    """

    term: str
    reply_to: str
    placed: str
    links: str
    words: str


class Meeting(msgspec.Struct, frozen=True):
    """A chat that was held: its number in the series, the name of its term, live or slow, how many questions."""

    number: int
    term: str
    format: str
    questions: int


class Participant(msgspec.Struct, frozen=True):
    """Somebody who agreed, before anything is made coarser: pseudonym, first term, in how many chats, all answers."""

    pseudonym: str
    first_term: str
    chats: int
    rows: tuple[Row, ...]


class Told(msgspec.Struct, frozen=True):
    """A person as given away; ``first_term`` and ``chats`` may be ``NOT_TOLD``."""

    pseudonym: str
    first_term: str
    chats: str
    rows: tuple[Row, ...]


_Cells = dict[tuple[str, str], list[Participant]]
"""People by first term and class of chats."""

_COARSER: tuple[frozenset[str], ...] = (
    frozenset(),
    frozenset(("words",)),
    frozenset(("words", "links")),
    frozenset(("words", "links", "placed")),
    frozenset(("words", "links", "placed", "reply_to")),
)
"""What of a row is left out, step by step, until a whole group has it."""


def pseudonym(key: bytes, series: str, network: str, account: str) -> str:
    """Stands for an account in one project's exports of one series: HMAC-SHA-256 (RFC 2104), cut to 80 bits, in hex.

    Args:
        key: the project's; whoever has it can make the pseudonym of any account.
        series: slug; in another series the same account has another pseudonym.
        network: where the account is.
        account: ``Account.id``.
    """
    said = f"{series}\0{network}\0{account}".encode()
    return hmac.new(key, said, sha256).hexdigest()[:_DIGITS]


def length(words: int) -> Length:
    """The class of a number of words."""
    return next((name for most, name in _LENGTHS if words <= most), "51+")


def chats_class(count: int) -> str:
    """The class of a number of chats."""
    return next((name for most, name in _CHATS if count <= most), _MANY)


def give(people: Sequence[Participant]) -> tuple[Told, ...]:
    """What may be given away, in order of pseudonyms; empty where fewer than five people agreed.

    Nothing of the result depends on who of a group is who.
    """
    if len(people) < FEWEST:
        return ()
    told = []
    for first_term, chats, cell in _cells(people):
        for group in _groups(cell):
            rows = shared([one.rows for one in group])
            told += [Told(one.pseudonym, first_term, chats, rows) for one in group]
    return tuple(sorted(told, key=lambda one: one.pseudonym))


def shared(of_all: Sequence[Iterable[Row]]) -> tuple[Row, ...]:
    """The rows that everybody in a group has, as exact as everybody has them; each answer stands for one row at most.

    What all have in the same way is taken first; then less and less of the rest is told, until the group shares it.
    """
    left = [Counter(rows) for rows in of_all]
    found: list[Row] = []
    for omitted in _COARSER:
        seen = [_coarse(rows, omitted) for rows in left]
        common = seen[0]
        for each in seen[1:]:
            common &= each
        found += common.elements()
        for rows in left:
            _take(rows, common, omitted)
    return tuple(sorted(found))


def _coarse(rows: Counter[Row], omitted: frozenset[str]) -> Counter[Row]:
    found: Counter[Row] = Counter()
    for row, count in rows.items():
        found[_without(row, omitted)] += count
    return found


def _without(row: Row, omitted: frozenset[str]) -> Row:
    return row._replace(**dict.fromkeys(omitted, NOT_TOLD))


def _take(rows: Counter[Row], common: Counter[Row], omitted: frozenset[str]) -> None:
    """Take out of somebody's rows those that stand for the common ones."""
    owed = Counter(common)
    for row in sorted(rows):
        coarse = _without(row, omitted)
        taken = min(rows[row], owed[coarse])
        rows[row] -= taken
        owed[coarse] -= taken
    for row in [row for row, count in rows.items() if not count]:
        del rows[row]


def _cells(people: Iterable[Participant]) -> list[tuple[str, str, list[Participant]]]:
    """People by what is told of them: first term and class of chats, or one of these, or neither; five or more each."""
    fine: _Cells = {}
    for one in people:
        fine.setdefault((one.first_term, chats_class(one.chats)), []).append(one)
    kept, few = _split(fine)
    middle: _Cells = {}
    for (term, _), some in few.items():
        middle.setdefault((term, NOT_TOLD), []).extend(some)
    more, still = _split(middle)
    kept.update(more)
    rest = [one for some in still.values() for one in some]
    while rest and len(rest) < FEWEST:  # too few to stand alone: the smallest cell goes with them
        smallest = min(kept, key=lambda cell: (len(kept[cell]), cell))
        rest += kept.pop(smallest)
    if rest:
        kept[NOT_TOLD, NOT_TOLD] = rest
    return [(term, chats, kept[term, chats]) for term, chats in sorted(kept)]


def _split(cells: _Cells) -> tuple[_Cells, _Cells]:
    """Those with five people or more, and the rest."""
    enough = {key: some for key, some in cells.items() if len(some) >= FEWEST}
    return enough, {key: some for key, some in cells.items() if key not in enough}


def _groups(cell: Iterable[Participant]) -> list[list[Participant]]:
    """Groups of five to nine who have much in common: who said most, and those who are most like them."""
    left = sorted(cell, key=lambda one: (-len(one.rows), one.pseudonym))
    terms = {one.pseudonym: Counter(row.term for row in one.rows) for one in left}
    found: list[list[Participant]] = []
    while len(left) >= 2 * FEWEST:
        like = terms[left[0].pseudonym]
        apart = {one.pseudonym: _apart(like, terms[one.pseudonym]) for one in left}
        near = sorted(left, key=lambda one: (apart[one.pseudonym], one.pseudonym))
        group = [left[0], *(one for one in near if one is not left[0])][:FEWEST]
        found.append(group)
        left = [one for one in left if one not in group]
    return [*found, left]


def _apart(one: Counter[str], other: Counter[str]) -> int:
    return (one - other).total() + (other - one).total()
