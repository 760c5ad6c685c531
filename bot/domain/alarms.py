"""What in a post makes a person look at it before it is shown: pictures, delicate labels, pupils, harm, accusations.

A machine cannot know; it can only hold back what it might know, and let a person decide. So it is meant to err a little
towards holding, and not so much that nobody reads what it holds: "my pupils love it" and "Year 9" are in every chat.
"""

from __future__ import annotations

import functools
import hashlib
import re
from typing import TYPE_CHECKING

import msgspec
import regex

from bot.domain.consent import DELICATE_LABELS
from bot.domain.richtext import Link
from bot.domain.watching import NAMES, SPELT, Patterns, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bot.domain.consent import Alarm
    from bot.domain.posts import Post

__all__ = ["Vocabulary", "Watchwords", "alarms", "words_read"]

_63_BITS = (1 << 63) - 1
_SPELT = str.maketrans({"\u2019": "'", "\u02bc": "'", "\u00a0": " ", "\u202f": " ", "\u201c": '"', "\u201d": '"'})
_STARTS = regex.compile(r"(?:^|[.!?:;…\n•*>–—|(]|(?<!\w)[@#]\S++|(?<!\w)\p{Lu}\d{1,2})[\s\"'«¿¡_\p{So}\p{Sk}]*+$")  # noqa: RUF001
_BEFORE = 80  # characters before a word that tell whether it begins a sentence
_ONE_WORD = regex.compile(r"\S++")
_LAST_WORD = regex.compile(r"'?(\w+)\s+", regex.REVERSE)
_NUMBER = re.compile(r"(?<![AQRaqr\d])(?:1[0-3]|[1-9])(?!\d)")  # a year group's number, not a label's: A1, Q2
_NO_NAME_BEHIND = frozenset("_@#/&.-")
_LONGEST = 3  # words of a name
_LONGEST_APART = 5  # of one between commas or in brackets: two given names and two family names, and one more
_WIDEST = 160  # characters before a name that may tell whose it is


class Watchwords(msgspec.Struct, frozen=True, dict=True):
    """What to watch for, by language (the first part of a BCP 47 tag); empty means: watch for no words."""

    languages: dict[str, Vocabulary] = {}

    @functools.cached_property
    def patterns(self) -> Mapping[str, Patterns]:
        """Every language's patterns; those of a language are made when it is first met."""
        return _Made(self.languages)


class _Made(dict[str, Patterns]):
    def __init__(self, languages: Mapping[str, Vocabulary]) -> None:
        super().__init__()
        self._languages = languages

    def __missing__(self, language: str) -> Patterns:
        self[language] = made = _patterns(self._languages[language])
        return made


@functools.lru_cache(maxsize=16)
def _patterns(words: Vocabulary) -> Patterns:
    """Made once for the same words, however often the bot's files are read again."""
    return Patterns(words)


def alarms(post: Post, watch: Watchwords, languages: Iterable[str]) -> tuple[Alarm, ...]:
    """What makes a person look at this post; empty for almost all.

    Args:
        post: as its network shows it now.
        watch: the words to watch for.
        languages: BCP 47 tags of the series. The post's own language is watched for too.
    """
    found: list[Alarm] = []
    if post.media:
        found.append("photo")
    if not DELICATE_LABELS.isdisjoint((*post.labels, *post.author.signals.labels)):
        found.append("label")
    if watch.languages:
        spoken = dict.fromkeys(tag.partition("-")[0].lower() for tag in (*languages, *post.languages))
        found += _alarms_in(_said(post), [watch.patterns[code] for code in spoken if code in watch.languages])
    return tuple(found)


def _alarms_in(said: str, languages: Sequence[Patterns]) -> Iterator[Alarm]:
    """What the words raise. Most texts hold no word of any list: one look at the set of their words tells."""
    folded = said.casefold()
    spelt = frozenset(SPELT.findall(folded))
    numbered = bool(_NUMBER.search(said))
    if any(_names_pupil(said, one) for one in languages if numbered or not one.near_pupil.isdisjoint(spelt)):
        yield "pupil"
    if any(one.harm(said, folded, spelt) for one in languages):
        yield "harm"
    if any(_accuses(said, one) for one in languages if one.blame(said, folded, spelt)):
        yield "accusation"


def words_read(post: Post, *, pictures: bool = True) -> int:
    """A fingerprint, 63 bits, of what somebody read who decided about a post.

    It covers the text and where its links lead, the warning, the pictures' kinds and descriptions, and delicate labels;
    with ``pictures`` also which files are attached, so that none takes another's place unseen.
    """
    labels = DELICATE_LABELS.intersection((*post.labels, *post.author.signals.labels))
    parts = [post.text.text, post.warning, *sorted(labels)]
    parts += [facet.feature.uri for facet in post.text.facets if isinstance(facet.feature, Link)]
    parts += [f"{one.kind}\0{one.alt}" + (f"\0{one.key}" if pictures and one.key else "") for one in post.media]
    digest = hashlib.blake2b("\1".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") & _63_BITS


def _said(post: Post) -> str:
    """All that can be read in a post, apostrophes and spaces spelt alike."""
    said = post.text.text
    if post.warning or post.media:
        said = "\n".join((post.warning, said, *(one.alt for one in post.media)))
    return said if said.isascii() else said.translate(_SPELT)


def _names_pupil(said: str, words: Patterns) -> bool:
    """Whether a name, or initials, stands where it tells of a pupil."""
    for match in NAMES.finditer(said):
        start, end = match.span()
        if start and (said[start - 1].isalnum() or said[start - 1] in _NO_NAME_BEHIND):
            continue
        run = _ONE_WORD.findall(match.group()) if " " in match.group() else [match.group()]
        if _may_be_name(run, words):
            if words.after.match(said, end) and not _starts_or_is_taught(said, start, run, words):
                return True
            if _called_so(said, match, run, words):
                return True
    return False


def _may_be_name(run: Sequence[str], words: Patterns) -> bool:
    """Whether words with capitals are a name: not a subject, a tool, a book or a holiday, as their last word tells."""
    last = _fold(run[-1])
    if last in words.no_names or last.endswith(words.no_name_ends):
        return False
    return len(run) == 1 or " ".join(map(_fold, run[-_LONGEST:])) not in words.no_names


def _starts_or_is_taught(said: str, start: int, run: Sequence[str], words: Patterns) -> bool:
    """Whether the capital may come from a sentence's start, a title ("Mr"), or from what is taught or used."""
    if not words.titles.isdisjoint(map(_fold, run[:_LONGEST])):
        return True
    before = _LAST_WORD.match(said, max(0, start - _BEFORE), start)
    if before and (before[0].startswith("'") or before[1].casefold() in words.not_after):
        return True
    starts = len(run) == 1 and _fold(run[0]).endswith(words.no_name_starts)
    return starts and bool(start == 0 or _STARTS.search(said, max(0, start - _BEFORE), start))


def _called_so(said: str, match: regex.Match[str], run: Sequence[str], words: Patterns) -> bool:
    """Whether what stands before one of the words says that a pupil's name follows."""
    at = match.start()
    for number, word in enumerate(run):
        at = said.index(word, at)
        behind = not number or _fold(run[number - 1]) in words.near_pupil  # German: "mein Schüler Jonas"
        if behind and _fold(word) not in words.no_names:
            if words.before.match(said, max(0, at - _WIDEST), at):
                return True
            ends = match.end() if len(run) - number <= _LONGEST_APART else 0
            if ends and words.before_closing.match(said, max(0, at - _WIDEST), at) and words.closing.match(said, ends):
                return True
        at += len(word)
    return False


def _fold(word: str) -> str:
    return word.replace(".", "").replace(" ", "").casefold()


def _accuses(said: str, words: Patterns) -> bool:
    """Whether somebody who can be told is said to be, or to have done, something bad."""
    return any(
        match["name"] is None or _may_be_name(match["name"].split(), words)
        for match in words.accusation.finditer(said, overlapped=True)
    )
