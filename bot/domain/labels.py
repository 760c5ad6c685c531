"""Read the label by which a post says which question it answers: ``A1``, ``Rép. 2``, ``A1 + A3``, ``(2)``, ``3️⃣``.

Two strengths. A *named* label says answer or question in words (``A1``, ``Antwort 1``). A *bare* one is only a number
with its mark (``1.``, ``①``): so many lists begin like this that it counts only where nothing else places a post.

Precision comes before reach. A label stands at the start of the line, behind mentions, hashtags and emoji at most, or,
if named, at its end behind a hashtag or in brackets; its number is one of the chat's. Behind it comes punctuation, the
end, or a space and text that does not make it the name of something else (``A4 paper``, ``Q1 results``, ``1. Klasse``).
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import msgspec
import regex

from bot.domain.labelwords import LETTERS, NO_LABEL_BEFORE, WORDS

if TYPE_CHECKING:
    from collections.abc import Collection

WINDOW = 2000
"""How many characters of a post are looked at: a label stands in the first line."""

_LINES = 5  # lines of nothing but mentions, hashtags and emoji that may come before the first line of words
_TAIL = 120  # characters at the end of a line in which a label may stand


class Label(msgspec.Struct, frozen=True):
    """The questions a line names, in the order written, and whether in words (``named``) or by a bare number."""

    numbers: tuple[int, ...] = ()
    named: bool = False


def labels(first_line: str, known: Collection[int], languages: Collection[str] = ()) -> tuple[int, ...]:
    """The question numbers that a line is labelled with, in the order written; see ``read``."""
    return read(first_line, known, languages).numbers


def label_of(text: str, known: Collection[int], languages: Collection[str] = ()) -> Label:
    """The label of a post: that of its first line with words in it. Only ``WINDOW`` characters are looked at."""
    seen = text[:WINDOW].lstrip()
    lines = seen.split("\n", _LINES)
    for index, line in enumerate(lines[:_LINES]):
        ends = index < len(lines) - 1 or len(text) <= WINDOW
        label = read(line if ends else f"{line}…", known, languages)
        if label.numbers or not _LEAD.fullmatch(fold(line)):
            return label
    return Label()


def read(line: str, known: Collection[int], languages: Collection[str] = ()) -> Label:
    """Read one line's label.

    Args:
        line: as written; any case, any script's digits, circled and keycap numbers.
        known: the numbers of the chat's questions; others are no labels.
        languages: BCP 47 tags of the chat. A letter of one language (``F1`` for Frage, ``C1`` for cwestiwn) counts
            where that is among them; where none is given, with punctuation behind it.
    """
    folded = fold(line[: WINDOW + 1])
    lead = _LEAD.match(folded)
    start = lead.end() if lead else 0
    spoken = {tag.partition("-")[0].casefold() for tag in languages}
    named = _named(folded, start, spoken) or _at_end(folded, spoken)
    for numbers, in_words in ((named, True), (_bare(folded, start), False)):
        asked = tuple(dict.fromkeys(number for number in numbers if number in known))
        if asked:
            return Label(asked, in_words)
    return Label()


def fold(line: str) -> str:
    """Spell alike what is read alike: case, width, accents, circled numbers (as keycaps); format marks are gone."""
    plain = unicodedata.normalize("NFKC", line.translate(_CIRCLED)).casefold()
    return str(_MARKS.sub("", unicodedata.normalize("NFD", plain)))


_MARKS = regex.compile(r"[\p{Mn}\p{Cf}]")
_KEYCAP = "\u20e3"
_CIRCLED = {
    first + step: f"{step + 1}{_KEYCAP}"
    for first, count in ((0x2460, 20), (0x24F5, 10), (0x2776, 10), (0x2780, 10), (0x278A, 10))
    for step in range(count)
} | {0x1F51F: f"10{_KEYCAP}", 0x1F170: "a"}

_WORD = "|".join(sorted((regex.escape(fold(word)) for word in WORDS), key=len, reverse=True))
_LETTER = "".join(fold(letter) for letters in LETTERS.values() for letter in letters)
_NUMBER = rf"\d{{1,2}}{_KEYCAP}?+(?!\d)"
_NAME = rf"(?:(?:{_WORD})\s?\.?\s?(?:\#|n(?:[o°r]|um|umber|umero|ummer)?\.?)?\s?|[{_LETTER}][.:#]?)"
_SPELT_AND = "and|et|y|e|und|a|ac|en"
_AND = rf"(?:\s*[&+/,;]\s*|\s+(?:{_SPELT_AND})\s+|\s+(?=\#))"
_STOP = r"(?=\s*(?:[:.)\]–—]|-\s|$))"  # noqa: RUF001 -- a dash may part label and text
_MORE = rf"""(?: {_AND}\#?{_NAME}{_NUMBER}                     # A1 & A2, #A1 #A2
               | [&+]{_NUMBER}                                 # A1&2
               | (?:(?:\s*[&+,]\s*|\s+(?:{_SPELT_AND})\s+){_NUMBER})++{_STOP}  # A1, 2 and 3:
               | [-–](?:{_NAME})?{_NUMBER} )"""  # noqa: RUF001 -- the dash of a range
_FLAGS = regex.VERBOSE
_NAMED = regex.compile(rf"[(\[\#]*(?P<name>{_NAME})(?P<apart>\s)?{_NUMBER}{_MORE}*+[)\]]*+", _FLAGS)
_NUMBERS = regex.compile(r"(?P<range>[-–])?[^\d\-–]*?(?P<number>\d+)")  # noqa: RUF001 -- both dashes

_LEAD = regex.compile(
    rf"""(?: [\s\p{{So}}\p{{Sk}}\p{{Extended_Pictographic}}"'“”‘’«»•·–—\-*_>|.…!¡¿:]
           | @\w[\w.\-]*+(?:@[\w.\-]++)?+
           | \#(?!(?:{_NAME}){_NUMBER}(?!\w))\w++ )*+""",  # noqa: RUF001 -- the quotation marks and dashes people type
    _FLAGS,
)
_STRONG = regex.compile(
    r"""\s*+ (?: $ | [:;!?)\]>|…»=*~–—、。\p{So}\p{Extended_Pictographic}\p{Han}\p{Hiragana}\p{Katakana}]
           | [.,](?!\d) | /(?=[\d\s]) | -(?=[\s>\-]|$|i\b) ) | \s+-""",  # noqa: RUF001 -- both dashes
    _FLAGS,
)
_NEXT = regex.compile(r"\s+(?P<word>[\w'’\-]*+)")  # noqa: RUF001 -- the typographic apostrophe
_YEAR = regex.compile(r"(?:19|20)\d\d")
_BARE = regex.compile(
    rf"""(?: \(\s?{_NUMBER}\s?\) | \d{{1,2}}{_KEYCAP}(?:\s*[&+]?\s*\d{{1,2}}{_KEYCAP})*+
           | {_NUMBER}(?:\s?[&+]\s?{_NUMBER})*+
             (?: \.[)\-] | \) | 、 | [.:](?=\s|$) | \.(?=[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}]) ) )""",
    _FLAGS,
)
_TAGS_TO_END = regex.compile(r"[.:!]?(?:\s+(?:\#\w++|@\S++|https?:\S++))*+\s*$")


def _named(line: str, start: int, spoken: Collection[str]) -> tuple[int, ...]:
    """The numbers of a label in words at that place, if what follows lets it be one."""
    match = _NAMED.match(line, start)
    if not match:
        return ()
    strong = bool(_STRONG.match(line, match.end()))
    following = _NEXT.match(line, match.end())
    if not strong:
        if not following or match["apart"] or _YEAR.fullmatch(following["word"]):
            return ()
        if following["word"] in NO_LABEL_BEFORE and len(_numbers(match.group())) == 1:
            return ()
    return _numbers(match.group()) if _may_mean(match["name"], spoken, strong=strong) else ()


def _at_end(line: str, spoken: Collection[str]) -> tuple[int, ...]:
    """The numbers of a label in words at the line's end: behind a hashtag, in brackets, or a hashtag itself."""
    tail = line[-_TAIL:]
    if "#" not in line:
        return ()
    for match in _NAMED.finditer(tail):
        before, after = tail[: match.start()], tail[match.end() :]
        if not _TAGS_TO_END.fullmatch(after) or (before and not before[-1].isspace()):
            continue
        behind_tag = before.split()[-1:] and before.split()[-1].startswith("#")
        new_sentence = before.rstrip()[-1:] in tuple(".!?…–—|") and "#" in after  # noqa: RUF001 -- both dashes
        if (behind_tag or new_sentence or match.group()[0] in "([#") and _may_mean(match["name"], spoken, strong=True):
            return _numbers(match.group())
    return ()


def _bare(line: str, start: int) -> tuple[int, ...]:
    """The numbers of a label that is a number with its mark."""
    match = _BARE.match(line, start)
    if not match:
        return ()
    following = _NEXT.match(line, match.end())
    if following and following["word"] in NO_LABEL_BEFORE:
        return ()
    return _numbers(match.group())


def _may_mean(name: str, spoken: Collection[str], *, strong: bool) -> bool:
    """Whether the name means answer or question in this chat; words always do."""
    letter = name.rstrip(".:# ")
    if letter not in _LETTER or letter in LETTERS[""]:
        return True
    return any(letter in LETTERS.get(language, "") for language in spoken) if spoken else strong


def _numbers(label: str) -> tuple[int, ...]:
    """All numbers of a label, ranges filled in."""
    found: list[int] = []
    for match in _NUMBERS.finditer(label):
        number = int(match["number"])
        found += range(found[-1] + 1, number) if match["range"] and found else ()
        found.append(number)
    return tuple(found)
