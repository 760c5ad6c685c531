"""Count the answers that choose one of a question's lettered options: ``B``, ``b)``, ``A2: C, because …``.

Such an answer is as public as any other, and so is its count. Precision comes before reach: where a letter may be a
word (``A good question``), a grade (``C grade work``) or one of two (``B or C``), nobody's choice is made up.
"""

from __future__ import annotations

import unicodedata
from string import ascii_lowercase
from typing import TYPE_CHECKING, NamedTuple

import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.records import Answer

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


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_BADGES)).replace(_AS_EMOJI, "").casefold()
