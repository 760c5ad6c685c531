"""What to watch for in one language, as words that people can edit, and the patterns made of them.

How phrases are written: in any case; ``*`` stands for any end of a word, ``himself/herself`` for either, ``...`` for up
to three words, a hyphen for a hyphen, a space or nothing. In ``groups`` ``{n}`` is a number from 1 to 13, ``{l}`` a
letter, ``{L}`` one or two capitals.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language's words.

    Attributes:
        pupil, pupils: what one pupil, and several, are called.
        mine: words before them that say whose: ``my``, ``our``; ``one_of``, where it is one of several: ``one of my``.
        articles: the other words before one of them: ``a``, ``the``.
        is_: words between a name and what somebody is.
        called: words between a pupil and a name: ``called``, ``named``.
        who: words that go on about a pupil: ``who``, ``that``.
        within: words between somebody and a class: ``in``, ``from``.
        classes: what a class is called, where ``mine`` stands before it.
        groups: how year groups and classes are written.
        family, of: relatives (``Liam's mum``), and the word between them and a name; an empty one means none.
        and_: what joins two names.
        titles: of grown-ups: ``mr``, ``mrs``.
        not_after: a capital behind these words is a place, a book or a tool: ``in``, ``teach``, ``using``.
        no_names: words written with a capital that are nobody's name.
        no_name_starts: endings of words that are no name where a sentence starts; ``no_name_ends`` anywhere.
        harm: phrases that tell of harm.
        staff: colleagues and superiors who may be accused.
        insults: what they may be called, behind ``is_``.
        deeds, by: what they may be said to have done; and ``by``, as in "bullied by".
    """

    pupil: tuple[str, ...] = ()
    pupils: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    is_: tuple[str, ...] = msgspec.field(default=(), name="is")
    called: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    and_: tuple[str, ...] = msgspec.field(default=(), name="and")
    titles: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    no_names: tuple[str, ...] = ()
    no_name_starts: tuple[str, ...] = ()
    no_name_ends: tuple[str, ...] = ()
    harm: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    insults: tuple[str, ...] = ()
    deeds: tuple[str, ...] = ()
    by: tuple[str, ...] = ()


_NUMBER = r"(?:1[0-3]|[1-9])"
_GAP = r"(?:[\w'-]++\s++){0,3}?"
_NEVER = r"(?!)"
_WORD = r"[\w'-]+"
_SIGNS = {"*": r"[\w']*+", "-": r"[\s-]?"}
_FUSED = regex.compile(r"[*{}-]")

_ONE_NAME = r"(?:\p{Lu}')?\p{Lu}[\p{Ll}\p{M}]++(?:-\p{Lu}[\p{Ll}\p{M}]++)*+(?![\p{L}\p{N}])"
_INITIALS = r"\p{Lu}\.\s?\p{Lu}\.(?:\s?\p{Lu}\.)?(?!\s?\p{L}\p{Ll})|\p{Lu}\.\p{Lu}\.|\p{Lu}{2}(?![\p{L}\p{N}'])"
_INITIAL = r"\p{Lu}\.(?=\s++\p{Ll})"
NAMES = regex.compile(rf"(?<![\p{{L}}\p{{N}}_@#/&.-]){_ONE_NAME}(?:\s{_ONE_NAME})*+|{_INITIALS}|{_INITIAL}")
"""Words with a capital, as many as stand together, or initials: what might be a name."""

SPELT = re.compile(r"\w+")


def phrases(words: Iterable[str], *, group: bool = False) -> str:
    """A pattern for any of these phrases, whatever their case, between the ends of words; nothing matches none."""
    made = [_phrase(word, group=group) for word in sorted(words, key=len, reverse=True) if word.strip()]
    return rf"(?:(?<!\w)(?i:{'|'.join(made)})(?![\w-]))" if made else _NEVER


def _phrase(phrase: str, *, group: bool) -> str:
    made = ""
    gap = False
    for word in phrase.split():
        if word in ("...", "…"):
            gap = True
            continue
        either = "|".join(_one(part) for part in word.split("/"))
        made += (rf"\s++{_GAP}" if gap else r"\s++") if made else ""
        made += f"(?:{either})" if "/" in word else either
        gap = False
    if group:
        made = made.replace(r"\{n\}", rf"(?<!\d){_NUMBER}(?!\d)")
        made = made.replace(r"\{l\}", r"[a-h]").replace(r"\{L\}", r"(?-i:\p{Lu}{1,2})")
    return made


def _one(word: str) -> str:
    return "".join(_SIGNS.get(sign, regex.escape(sign)) for sign in word)


class Phrases:
    """Many phrases, looked for at the cost of a few: one is only tried where its rarest word stands in the text.

    Args:
        words: phrases as a vocabulary holds them.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._by_word: dict[str, list[regex.Pattern[str]]] = {}
        self._by_part: dict[str, list[regex.Pattern[str]]] = {}
        for phrase in words:
            pattern = regex.compile(phrases((phrase,)))
            plain, marks = _marks(phrase)
            for mark in marks:
                (self._by_word if plain else self._by_part).setdefault(mark, []).append(pattern)
        self._words = frozenset(self._by_word)

    def __call__(self, said: str, folded: str, spelt: AbstractSet[str]) -> bool:
        """Whether any of them stands in a text, given with its case folded, and as the set of its words."""
        return any(pattern.search(said) for pattern in self._worth_trying(folded, spelt))

    def _worth_trying(self, folded: str, spelt: AbstractSet[str]) -> Iterator[regex.Pattern[str]]:
        for word in self._words.intersection(spelt):
            yield from self._by_word[word]
        for part, patterns in self._by_part.items():
            if part in folded:
                yield from patterns


def _marks(phrase: str) -> tuple[bool, tuple[str, ...]]:
    """What a text has to hold for a phrase to stand in it: one of these words (or, if not plain, parts of words)."""
    best: tuple[bool, tuple[str, ...]] = (False, ("",))
    for word in phrase.casefold().split():
        either = word.split("/")
        plain = not any(_FUSED.search(part) or "'" in part for part in either)
        parts = tuple(either if plain else (max(regex.split(r"[*'-]", part), key=len) for part in either))
        if word not in ("...", "…") and min(map(len, parts)) > min(map(len, best[1])):
            best = (plain, parts)
    return best


class Patterns:
    """What is looked for in one language.

    Args:
        words: its vocabulary.
    """

    def __init__(self, words: Vocabulary) -> None:
        self.not_after = frozenset(word.casefold() for word in words.not_after)
        self.titles = frozenset(title.casefold() for title in words.titles)
        self.no_names = self.not_after | self.titles | {name.casefold() for name in words.no_names}
        self.no_name_starts = tuple(words.no_name_starts)
        self.no_name_ends = tuple(words.no_name_ends)
        near = (*words.pupil, *words.pupils, *words.classes, *words.family, *words.groups)
        self.near_pupil = frozenset(
            mark for phrase in near for mark in SPELT.findall(phrase.casefold()) if not _FUSED.search(phrase)
        ) | frozenset(SPELT.findall(" ".join(words.groups).casefold()))
        self.before, self.before_closing = _before(words)
        self.after, self.closing = _after(words)
        self.harm = Phrases(words.harm)
        self.blame = Phrases((*words.insults, *words.deeds))
        self.accusation = regex.compile(_accusing(words), regex.VERBOSE)


def _somewhere(words: Vocabulary) -> str:
    """Where a pupil belongs: "in my class", "from Year 9"."""
    mine, classes = phrases(words.mine), phrases(words.classes)
    group = phrases(words.groups, group=True)
    a_class = rf"(?:(?:{mine}\s+)?{group}(?:\s+{classes})?|{mine}\s+(?:{_WORD}\s+){{0,2}}?{classes})"
    return rf"(?:\s+{phrases(words.within)}\s+{a_class})"


def _before(words: Vocabulary) -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    """What stands before a pupil's name, read backwards from it; the second counts where ``closing`` follows."""
    mine, group = phrases(words.mine), phrases(words.groups, group=True)
    one, many = phrases(words.pupil), phrases(words.pupils)
    few, tail, comma = rf"(?:{_WORD}\s+){{0,2}}?", f"{_somewhere(words)}?", r"""\s*[,:("]?\s*"""
    of = rf"\s+(?:{phrases(words.of)}\s*){'?' if '' in words.of else ''}"
    before = rf"""
        (?:{mine}|{group})\s+{few}{one}{tail}{comma}
      | {phrases(words.one_of)}\s+{few}{many}{tail}{comma}
      | (?:{one}|{many}|{group}){tail}\s*,?\s*{phrases(words.called)}\s+"?
      | {phrases(words.family)}{of}
    """
    closing = rf"(?:{one}|{many}){tail}\s*[,(–—]\s*"  # noqa: RUF001 - dashes people type
    backwards = regex.VERBOSE | regex.REVERSE
    return regex.compile(before, backwards), regex.compile(closing, backwards)


def _after(words: Vocabulary) -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    """What follows a pupil's name; the second only counts behind ``before_closing``."""
    one, place = phrases(words.pupil), _somewhere(words)
    group, within = phrases(words.groups, group=True), phrases(words.within)
    whose = rf"(?:{phrases(words.mine)}|{phrases(words.articles)})"
    ends = rf"(?=\s*(?:[^\w\s'-]|$)|\s*\n|\s+(?:{within}|{phrases(words.who)}))"
    after = rf"""
        (?: \s*[,(–—]\s* | \s+{phrases(words.is_)}\s+ )
        (?: {whose}\s+(?:{_WORD}\s+){{0,3}}? (?:{one}{place} | (?:{one}|{group}){ends})
          | {phrases(words.one_of)}\s+(?:{_WORD}\s+){{0,2}}?{phrases(words.pupils)} )
      | (?:\s*,\s*{phrases(words.is_)})?{place}
      | \s*\(\s*(?:{within}\s+)?{group}
      | \s*,\s*(?:{within}\s+)?{group}\s*(?:[,.;)!?]|$)
      | 's?\s+{phrases(words.family)}
    """  # noqa: RUF001 - dashes people type
    closing = rf"\s*[,)–—]|\s+{phrases(words.and_)}\s+\p{{Lu}}"  # noqa: RUF001 - dashes people type
    return regex.compile(after, regex.VERBOSE), regex.compile(closing)


def _accusing(words: Vocabulary) -> str:
    """Somebody who can be told, and what they are said to be or to have done."""
    be, by = phrases(words.is_), phrases(words.by)
    titled = rf"(?:{phrases(words.titles)}\.?\s+\p{{Lu}}[\p{{Ll}}\p{{M}}'-]+)"
    name = rf"(?P<name>(?<![\w@\#/&.'-])(?<!\p{{Lu}}[\p{{Ll}}\p{{M}}']+\s){_ONE_NAME}(?:\s{_ONE_NAME}){{0,2}})"
    who = rf"(?:{phrases(words.staff)}|{titled}|(?<![\w@-])@\w[\w.@-]{{0,255}}+|{name})"
    insult, deed = phrases(words.insults), phrases(words.deeds)
    few, fewer = rf"(?:{_WORD}\s+){{0,3}}?", rf"(?:{_WORD}\s+){{0,2}}?"
    return rf"""
        {who}\s+{few}{be}\s+{few}{insult}
      | {be}\s+{who}\s+{few}{insult}
      | {who}\s+{fewer}{deed}
      | {deed}\s+{few}{by}\s*{fewer}{who}
      | {by}\s*{fewer}{who}\s+{few}{deed}
    """
