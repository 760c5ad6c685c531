"""YAML that does not parse: which line to blame, how to say it to a teacher, and the line to write instead.

A repair is never a guess shown blindly: each candidate line is tried, and the first with which the YAML makes sense up
to a later line is the one proposed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.config.leaks import HIDDEN, leaks_in
from bot.config.words import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ruamel.yaml.error import MarkedYAMLError

    Breaks = Callable[[Sequence[str]], tuple[int, int] | None]

_STARTS = {
    "@": "An “@” at the beginning needs quotation marks in YAML.",
    "`": "A “`” at the beginning needs quotation marks in YAML.",
    "%": "A “%” at the beginning needs quotation marks in YAML.",
}
_COLON = "A colon followed by a space has a meaning of its own in YAML; quotation marks keep the text together."
_QUOTES = "These quotation marks end before the text does; put the whole text into quotation marks."
_OPEN_QUOTE = "A quotation mark opens here and does not close."
_STARRED = "A “{}” at the beginning has a meaning of its own in YAML; quotation marks keep it as text."
_BRACKET = "A bracket opens in this line and does not close."
_INDENT = "This line does not stand under the lines above it: the spaces at its beginning do not match."
_NO_COLON = "A key is followed by a colon and a space."
_DASH = "A list begins on a line of its own, each item after a dash."
_MOST_LINES = 2_000  # in longer files no line is tried out: each trial reads the whole file
_MOST_INDENTS = 12  # of the lines above, the nearest; each trial reads the whole file
_ITEM = re.compile(r"(?P<head>\s*(?:-\s+)*(?:[\w-]+:\s+)?)(?P<rest>\S.*)")
_KEYED = re.compile(r"(?P<head>\s*(?:-\s+)*[\w-]+:\s+)(?P<rest>\S.*)")


@dataclass(frozen=True, slots=True)
class Repair:
    """A broken line: its place (from 0), what is wrong, the mend, and all lines with the mend applied (or ``None``)."""

    line: int
    column: int
    message: str
    mend: str = ""
    lines: tuple[str, ...] | None = None


def tabs(lines: Sequence[str], breaks: Breaks) -> Repair | None:
    """The first line indented with a tab, if any; YAML allows spaces only."""
    found = [number for number, line in enumerate(lines) if re.match(r"^ *\t\s*[^\s#]", line)]
    if not found:
        return None
    number, line = found[0], lines[found[0]]
    more = f" ({len(found) - 1} more such lines follow.)" if len(found) > 1 else ""
    if leaks_in(line):
        return Repair(number, 0, HIDDEN)
    column = line.index("\t")
    indent = line[: len(line) - len(line.lstrip())].replace("\t", "  ")
    before = [other.expandtabs(2) for other in lines[:number]]
    after = [other.expandtabs(2) for other in lines[number + 1 :]]
    indents = [indent + line.strip(), *(text for _, _, text in _indents([*before, line], number))]
    best = _best([*before, line, *after], number, list(enumerate(indents)), breaks)
    if best is None:
        return Repair(number, column, f"A tab stands at the beginning of this line; YAML wants spaces.{more}")
    text = best[1]
    width = len(text) - len(text.lstrip())
    say = f"A tab stands at the beginning of this line; YAML wants spaces. Begin it with {width} spaces.{more}"
    fixed = (*lines[:number], text, *lines[number + 1 :])
    return Repair(number, column, say, text.strip(), fixed if len(found) == 1 else None)


def _best(
    lines: Sequence[str], number: int, trials: Sequence[tuple[int, str]], breaks: Breaks, least: int = -1
) -> tuple[int, str] | None:
    """Of ``trials`` (a number, and the line to try) the one with which the YAML makes sense the furthest.

    It has to reach past line ``number`` and past ``least``; of equals the first one wins.
    """
    best, reach = None, max(number, least)
    for trial in trials:
        broken = breaks([*lines[:number], trial[1], *lines[number + 1 :]])
        if broken is None:
            return trial
        if broken[0] > reach:
            best, reach = trial, broken[0]
    return best


def explain(lines: Sequence[str], error: MarkedYAMLError, breaks: Breaks) -> Repair:
    """Put a parser's error into a teacher's words.

    Args:
        lines: the file's lines.
        error: what ruamel.yaml raised.
        breaks: tells where other lines would stop making sense, ``None`` where they are sound.
    """
    mark = error.problem_mark or error.context_mark
    context = error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    while line > 0 and (line >= len(lines) or not lines[line].strip()):
        line, column = line - 1, 0  # an error at the end of the file belongs to its last line
    blamed = [(line, column)]
    if context and context.line != line:
        blamed.append((context.line, context.column))
    if line > 0:
        blamed.append((line - 1, 0))
    for number, _ in blamed:
        if leaks_in(lines[number]):
            return Repair(number, 0, HIDDEN)
    if lines[line].startswith("%"):
        return Repair(line, 0, "A line that begins with “%” is an order to YAML itself; take it out.")
    broken_at = breaks(lines) or (line, column)
    for number, at in blamed if len(lines) <= _MOST_LINES else []:
        candidates = list(_candidates(lines, number, at))
        trials = [(index, text) for index, (_, _, text) in enumerate(candidates)]
        best = _best(lines, number, trials, breaks, broken_at[0])
        if best:
            say, start, text = candidates[best[0]]
            width = len(text) - len(text.lstrip())
            begin = f" Begin it with {width} {plural('space', width)}." if say == _INDENT else ""
            return Repair(number, start, say + begin, text.strip(), (*lines[:number], text, *lines[number + 1 :]))
    words = str(error.problem or error.context or "it cannot be read").replace("<", "").replace(">", "")
    return Repair(line, column, f"This line is no YAML that I can read ({words}).")


def _candidates(lines: Sequence[str], number: int, at: int) -> Iterator[tuple[str, int, str]]:
    """Ways in which a line may have been meant: what to say, the column (from 0), the line."""
    line = lines[number]
    char = line[at : at + 1]
    if char in _STARTS:
        item = re.match(r"[^,\]}#]*[^,\]}#\s]", line[at:])
        if item:
            yield _STARTS[char], at, line[:at] + json.dumps(item[0], ensure_ascii=False) + line[at + item.end() :]
    keyed = _KEYED.match(line.rstrip())
    yield from _brackets(line)
    for match in (keyed, _ITEM.match(line.rstrip())):
        if match:
            yield from _quoted(line, match)
    word = re.match(r"^(\s*(?:-\s+)*)([a-z_]+)(?::?\s+|:)(?=\S)(?!.*:\s)(.*)$", line)
    if word:
        yield _NO_COLON, word.start(2), f"{word[1]}{word[2]}: {word[3]}"
    yield from _indents(lines, number)
    if keyed and keyed["rest"].startswith("- "):
        yield _DASH, keyed.start("rest"), f"{keyed['head']}[{keyed['rest'][2:]}]"


def _quoted(line: str, match: re.Match[str]) -> Iterator[tuple[str, int, str]]:
    """The line's text put into quotation marks, with a reason that fits what it begins with."""
    rest, start = match["rest"], match.start("rest")
    first = rest[0]
    if first in "\"'":
        closed = rest.find(first, 1) > 0
        inner = rest if closed else rest[1:]
        yield (_QUOTES if closed else _OPEN_QUOTE), start, match["head"] + _quote(inner)
        if not closed:
            yield _OPEN_QUOTE, start, match["head"] + _quote(rest)
    elif first in "*&!>|":
        yield _STARRED.format(first), start, match["head"] + _quote(rest)
    elif first not in "[{@`%" and re.search(r":(\s|$)", rest):
        yield _COLON, start, match["head"] + _quote(rest)
    elif first in "@`%":
        yield _STARTS[first], start, match["head"] + _quote(rest)
    elif first in "[{" and not line.rstrip().endswith(("]", "}")):
        yield _QUOTES, start, match["head"] + _quote(rest)


def _quote(text: str) -> str:
    """YAML's double quotation marks, or single ones where the text itself holds double ones."""
    if '"' in text:
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=False)


def _brackets(line: str) -> Iterator[tuple[str, int, str]]:
    for opening, closing in ("[]", "{}"):
        if line.count(opening) > line.count(closing):
            bare = re.sub(r"\s+#.*$", "", line).rstrip().rstrip(",")
            yield _BRACKET, line.index(opening), bare + closing


def _indents(lines: Sequence[str], number: int) -> Iterator[tuple[str, int, str]]:
    """The line moved to the indents of the lines before it, the nearest first."""
    line = lines[number]
    own = len(line) - len(line.lstrip())
    seen: list[int] = []
    for before in reversed(lines[:number]):
        if len(seen) >= _MOST_INDENTS:
            break
        if before.strip() and not before.lstrip().startswith("#"):
            indent = len(before) - len(before.lstrip())
            inner = indent + len(re.match(r"(?:-\s+)*", before.lstrip())[0])  # type: ignore[index] # a star always matches
            seen += [width for width in (inner, indent) if width not in seen and width != own]
    dash = line.lstrip().startswith("-")
    for width in sorted(seen, key=lambda width: (abs(width - own), -width if dash else width)):
        yield _INDENT, own, " " * width + line.strip()
