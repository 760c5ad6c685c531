"""How a question's poll came out: votes in a network's own poll, and answers that choose an option by its letter.

Answers by letter (``B``, ``b)``, ``A2: C, because …``) are as public as any other, and so is their count. Precision
comes before reach: where a letter may be a word (``A good question``), a grade (``C grade work``) or one of two (``B or
C``), nobody's choice is made up.
"""

from __future__ import annotations

import unicodedata
from string import ascii_lowercase
from typing import TYPE_CHECKING, Literal, NamedTuple

import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.domain.posts import NetworkName
    from bot.domain.records import Answer, CountedPoll

_WINDOW = 400  # characters of a post that are looked at
_BADGES = {0x1F170: "a", 0x1F171: "b"}  # 🅰 and 🅱 stand for their letters, and Unicode has no rule that says so
_AS_EMOJI = "\ufe0f"  # asks for the coloured form of the mark before it
_LEAD = r"""(?: [\s\p{So}\p{Sk}\p{Extended_Pictographic}\u200D"'“”‘’«»(\[*_>•·–—\-]
              | @\w[\w.\-]*+(?:@[\w.\-]++)?+ | \#\w++ )*+"""  # noqa: RUF001 -- quotation marks and dashes people type
_LABEL = r"(?:(?:\p{L}{1,9}+[.\#]?\s?)?\#?\d{1,2}(?!\d)\s?[:.)\]–—\-]*+(?=\s|[(\[]))?+"  # noqa: RUF001 -- A2:, Rép. 2, 2.
_BECAUSE = (  # what somebody who chose goes on with, in five languages; no article or grade stands before these
    r"(?:because|since|if|though|but|for\s(?:me|us)|weil|denn|aber|parce|puisque|mais|porque|pero|achos|oherwydd|ond)"
)
_SURELY = r"(?:definitely|obviously|absolutely|always|all|every|please)"  # only behind a letter that is no article
_CHOICE = regex.compile(
    rf"""{_LEAD}{_LABEL}{_LEAD}(?P<letter>[a-z])(?![\w'’])
         (?: [^\S\n]*+(?:[)\]"'”’»]++[^\S\n]*+)?+
           (?: $ | [.:;!…–—](?=\s|$) | ,(?=\s) | -(?=\s) | [\n\#@] | (?:\p{{So}}|\p{{Extended_Pictographic}})
             | (?<=[)\]][^\S\n]*+) | https?: | {_BECAUSE}(?!\w) | (?P<surely>{_SURELY})(?!\w) ) .*+
           | \s++(?P<words>.++) )""",  # noqa: RUF001 -- as above
    regex.VERBOSE | regex.DOTALL,
)
_AND = r"(?:and|or|und|oder|et|ou|y|o|a|neu|&|\+|/)"
_ANOTHER = regex.compile(rf"[\s)\]]*+[,&+/]?\s*+{_AND}?\s*+(?<=[\s,&+/])[a-z](?![\w'’])")  # noqa: RUF001 -- as above


class Tally(NamedTuple):
    """How often each option was chosen, in the options' order, and by how many people."""

    votes: tuple[int, ...]
    people: int


class Ballot(NamedTuple):
    """What was chosen on one network.

    Attributes:
        network: where.
        how: ``poll`` for the network's own, whose votes are anonymous; ``letter`` for public answers.
        votes: how many chose each option, in the options' order.
        over: these numbers change no more, as the poll has ended; never so for answers by letter.
        at: when the poll's numbers were read, UTC; ``None`` for answers by letter.
    """

    network: NetworkName
    how: Literal["poll", "letter"]
    votes: tuple[int, ...]
    over: bool = False
    at: datetime | None = None


def chosen(text: str, options: Sequence[str]) -> int | None:
    """Which option a text chooses by its letter: its index; ``None`` where it chooses none, or more than one.

    The letter stands at the start, behind mentions, hashtags, emoji and a label at most. Behind it comes the end,
    punctuation, a hashtag or address, a word that gives a reason, or the option's own words.
    """
    folded = _fold(text[:_WINDOW])
    match = _CHOICE.match(folded)
    if not match:
        return None
    index = ascii_lowercase.index(match["letter"])
    if index >= len(options):
        return None
    behind = folded[match.end("letter") :]
    another = _ANOTHER.match(behind)
    if another and ascii_lowercase.index(another[0][-1]) < len(options):
        return None
    if match["surely"] and match["letter"] == "a":
        return None
    words = match["words"]
    if words is not None and not words.startswith(_fold(options[index]).strip()):
        return None
    return index


def tally(answers: Iterable[Answer], options: Sequence[str]) -> Tally:
    """Count one choice for each person, the last one.

    Args:
        answers: to this question, in order of time; only such as may be shown.
        options: as the question offers them.
    """
    last: dict[str, int] = {}
    for answer in answers:
        option = chosen(answer.post.text.text, options)
        if option is not None:
            last[answer.post.author.id] = option
    counted = list(last.values())
    return Tally(tuple(counted.count(option) for option in range(len(options))), len(counted))


def ballots(answers: Sequence[Answer], options: Sequence[str], polls: Iterable[CountedPoll]) -> tuple[Ballot, ...]:
    """What was chosen on each network, in order of its name; without networks on which nothing was.

    Where a network's own poll was counted, letters in answers there are not: who writes one may have voted, too. A poll
    with other options is another one, as the question was changed since it was asked. Several of our accounts on one
    network are added up.

    Args:
        answers: to this question, in order of time; only such as may be shown.
        options: as the question offers them.
        polls: what was read of this question's own polls.
    """
    found: dict[NetworkName, Ballot] = {}
    for poll in polls:
        if poll.count.options != tuple(options):
            continue
        mine = Ballot(poll.network, "poll", poll.count.votes, poll.count.over, poll.at)
        known = found.get(poll.network)
        found[poll.network] = _both(known, mine) if known else mine
    for network in {answer.post.ref.network for answer in answers} - set(found):
        counted = tally([answer for answer in answers if answer.post.ref.network == network], options)
        if counted.people:
            found[network] = Ballot(network, "letter", counted.votes)
    return tuple(found[network] for network in sorted(found))


def _both(one: Ballot, other: Ballot) -> Ballot:
    votes = tuple(here + there for here, there in zip(one.votes, other.votes, strict=True))
    at = max((at for at in (one.at, other.at) if at), default=None)
    return Ballot(one.network, one.how, votes, one.over and other.over, at)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_BADGES)).replace(_AS_EMOJI, "").casefold()
