"""A YAML file as a small tree of texts, lists and mappings, each knowing its place.

ruamel.yaml's parser reads the file as a flat stream of events, so that no depth of nesting can exhaust the stack and no
tag can make an object. Words stay words: ``no``, ``20:00`` and ``1984`` reach the models as they were written, and the
models know which of them is a language, a time or a title.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.config.repairs import Repair, explain, tabs
from bot.config.words import shown
from bot.domain.cleaning import showable
from bot.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LARGEST_FILE = 250_000  # bytes; a year of weekly chats takes about 60,000
MOST_NODES = 20_000  # after aliases are followed
DEEPEST = 20  # the models need 6
MOST_REPAIRS = 25  # broken lines named in one go
LONGEST_LINE = 8_000  # characters; a text may have 5,000
MOST_TRIED = 2_000_000  # characters parsed, in all, to try out what a broken line may have meant

Path = tuple[str | int, ...]


@dataclass(slots=True, eq=False)
class Node:
    """A value and its place: line and column counted from 0, the end excluded.

    ``size`` counts all values in it, itself included, ``height`` the levels; aliases count as what they stand for.
    """

    line: int
    column: int
    end_line: int = 0
    end_column: int = 0
    size: int = 1
    height: int = 1


@dataclass(slots=True, eq=False)
class Text(Node):
    """A scalar as written; ``None`` where nothing (or ``~``) stands. ``plain`` means without quotation marks."""

    value: str | None = None
    plain: bool = True


@dataclass(slots=True, eq=False)
class Items(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Mapping(Node):
    """Keys and values, in order; ``keys`` holds each key's own place."""

    pairs: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Text] = field(default_factory=dict)


class Source:
    """One file read: its ``name`` as shown to people, its ``lines``, its ``root`` and what was wrong with its YAML.

    ``root`` is ``None`` where the YAML could not be read at all. ``lines`` are those of the file after the repairs
    that ``problems`` propose, so that one broken line does not hide the next.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self.lines: list[str] = []
        self.root: Mapping | None = None
        self._untried = MOST_TRIED
        text = self._decode(data)
        if text is not None:
            self._read(text)

    def problem(self, line: int, column: int, message: str, mend: str = "") -> Problem:
        """A ``Problem`` of this file; ``line`` and ``column`` counted from 0."""
        return Problem(self.name, line + 1, column + 1, message, mend)

    def line(self, number: int) -> str:
        """The text of a line, counted from 0; empty past the end."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    def corrected(self, node: Node, text: str) -> str:
        """The line on which ``node`` begins, with ``text`` in its place and without its comment."""
        line = self.line(node.line)
        rest = line[node.end_column :] if node.end_line == node.line else ""
        return (line[: node.column] + text + re.sub(r"\s+#.*$|^\s*#.*$", "", rest)).strip()

    def find(self, path: Path) -> tuple[Node | None, int]:
        """The node at ``path`` or its nearest ancestor, and how many steps of the path were found."""
        node: Node | None = self.root
        for depth, step in enumerate(path):
            if isinstance(node, Mapping) and step in node.pairs:
                node = node.pairs[str(step)]
            elif isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                return node, depth
        return node, len(path)

    def places(self) -> dict[Path, tuple[int, int]]:
        """Every path in the file with its line and column, counted from 1."""
        found: dict[Path, tuple[int, int]] = {}
        for path, node in walk(self.root):
            found[path] = (node.line + 1, node.column + 1)
        return found

    def _decode(self, data: bytes) -> str | None:
        if len(data) > LARGEST_FILE:
            say = f"This file is larger than {LARGEST_FILE:,} bytes. Keep one term in a series' file."
            self.problems.append(Problem(self.name, 0, 0, say))
            return None
        data = data.removeprefix(BOM_UTF8)
        try:
            return _one_kind_of_line_end(data.decode())
        except UnicodeDecodeError as error:
            before = _one_kind_of_line_end(data[: error.start].decode())
            line, column = before.count("\n"), len(before.rpartition("\n")[2])
            say = "This file is not saved as UTF-8 from here on. Save it again with the encoding “UTF-8”."
            self.problems.append(self.problem(line, column, say))
            return None

    def _read(self, text: str) -> None:
        self.lines = text.split("\n")
        for number, line in enumerate(self.lines):
            if len(line) > LONGEST_LINE:
                say = f"This line has {len(line):,} characters; {LONGEST_LINE:,} are the most. Use several lines."
                self.problems.append(self.problem(number, LONGEST_LINE, say))
                return
        found = tabs(self.lines, self._breaks)
        if found:
            self.problems.append(self.problem(found.line, found.column, found.message, found.mend))
            if found.lines is None:
                return
            self.lines = list(found.lines)
        for number, line in enumerate(self.lines):
            at = _strange(line)
            if at is not None:
                self.problems.append(self.problem(number, at, _invisible(line[at])))
                return
        for _ in range(MOST_REPAIRS):
            repair = self._parse()
            if repair is None:
                return
            self.problems.append(self.problem(repair.line, repair.column, repair.message, repair.mend))
            if repair.lines is None:
                return
            self.lines = list(repair.lines)

    def _parse(self) -> Repair | None:
        """Build the tree. A broken line comes back as a repair; other problems are appended."""
        builder = _Builder(self)
        try:
            root = builder.build()
        except _Stop as stop:
            self.problems.append(self.problem(stop.line, stop.column, stop.message, stop.mend))
            return None
        except MarkedYAMLError as error:
            return explain(self.lines, error, self._breaks)
        except (YAMLError, ValueError, OverflowError) as error:
            self.problems.append(Problem(self.name, 0, 0, f"This is no YAML that I can read: {shown(str(error))}"))
            return None
        self.problems.extend(builder.problems)
        if isinstance(root, Mapping):
            self.root = root
        elif root is None or (isinstance(root, Text) and root.value is None):
            self.problems.append(self.problem(0, 0, "This file is empty.", self._first_line()))
        else:
            say = "This file has to begin with a key, a colon and a value."
            self.problems.append(self.problem(root.line, root.column, say, self._first_line()))
        return None

    def _breaks(self, lines: Sequence[str]) -> tuple[int, int] | None:
        """``breaks``, as long as not too much was tried: then nothing makes sense any further."""
        self._untried -= sum(map(len, lines)) + len(lines)
        return breaks(lines) if self._untried > 0 else (0, 0)

    def _first_line(self) -> str:
        """How a file like this one may begin."""
        return "title: Ed Chat" if self.name.startswith("series/") else "contact: chats@example.org"


def breaks(lines: Sequence[str]) -> tuple[int, int] | None:
    """Line and column (from 0) at which the YAML of ``lines`` stops making sense; ``None`` where it is sound."""
    try:
        depth = 0
        for event in _events(lines):
            depth += _LEVEL.get(type(event).__name__, 0)
            if depth > DEEPEST:
                return None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return (mark.line, mark.column) if mark else (0, 0)
    except (YAMLError, ValueError, OverflowError):
        return (0, 0)
    return None


def _one_kind_of_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _strange(text: str) -> int | None:
    """Where the first character stands that nobody sees and no page may hold; ``None`` for none."""
    if text.isprintable():
        return None
    return next((at for at, char in enumerate(text) if char not in "\t\n" and showable(char) != char), None)


def _invisible(char: str) -> str:
    return f"An invisible character (U+{ord(char):04X}) stands here; delete it."


def walk(root: Node | None) -> Iterator[tuple[Path, Node]]:
    """Every node with its path, from the root down, in the file's order."""
    stack: list[tuple[Path, Node]] = [((), root)] if root else []
    while stack:
        path, node = stack.pop()
        yield path, node
        if isinstance(node, Mapping):
            stack.extend(((*path, key), value) for key, value in reversed(node.pairs.items()))
        elif isinstance(node, Items):
            stack.extend(((*path, at), node.items[at]) for at in reversed(range(len(node.items))))


def plain(node: Node | None) -> Any:  # noqa: ANN401 - what pydantic takes: dicts, lists and texts of any shape
    """The tree as dicts, lists and texts. Keys with nothing after them are left out; empty list items stay ``None``."""
    if isinstance(node, Mapping):
        return {
            key: plain(value)
            for key, value in node.pairs.items()
            if not (isinstance(value, Text) and value.value is None)
        }
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return node.value if isinstance(node, Text) else None


_HARMLESS_TAGS = {"!"} | {
    f"{start}{name}"
    for start in ("tag:yaml.org,2002:", "!!")
    for name in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp")
}
_TOO_DEEP = f"Lists and keys are nested more than {DEEPEST} levels deep here; a chat needs 6 at most."
_LEVEL = {"MappingStartEvent": 1, "SequenceStartEvent": 1, "MappingEndEvent": -1, "SequenceEndEvent": -1}


def _events(lines: Sequence[str]) -> Iterator[Any]:
    """Ruamel's events. The pure parser is asked for by name: the C one would count columns in bytes."""
    yield from YAML(typ="safe", pure=True).parse("\n".join(lines))


class _Stop(Exception):
    """Reading on makes no sense: too deep, too many nodes, a second document."""

    def __init__(self, line: int, column: int, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.line, self.column, self.message, self.mend = line, column, message, mend


class _Builder:
    """From events to nodes, without recursion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.open: list[tuple[Node, str]] = []  # what is being filled, and its anchor
        self.waiting: list[Text | None] = []  # for each of these, the key whose value comes next
        self.anchors: dict[str, Node] = {}
        self.nodes = 0
        self.documents = 0

    def build(self) -> Node | None:
        for event in _events(self.source.lines):
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                self._document(event)
            elif kind == "AliasEvent":
                self._alias(event)
            elif kind in {"ScalarEvent", "SequenceStartEvent", "MappingStartEvent"}:
                self._start(event, kind)
            elif kind in {"SequenceEndEvent", "MappingEndEvent"}:
                self._end(event)
        return self.root

    def _document(self, event: Any) -> None:  # noqa: ANN401 - ruamel's events carry no types
        self.documents += 1
        if self.documents > 1:
            say = "A line of three dashes begins a second document here; one file holds one. Take the line out."
            raise _Stop(event.start_mark.line, event.start_mark.column, say)

    def _start(self, event: Any, kind: str) -> None:  # noqa: ANN401 - as above
        mark, end = event.start_mark, event.end_mark
        place = (mark.line, mark.column, end.line, end.column)
        tag = str(event.tag) if event.tag else ""
        if tag and tag not in _HARMLESS_TAGS:
            text = self.source.line(mark.line)[mark.column : end.column if end.line == mark.line else None].strip()
            mend = self.source.corrected(Text(*place), f'"{text}"') if kind == "ScalarEvent" and '"' not in text else ""
            say = "A “!” at the beginning has a meaning of its own in YAML; quotation marks keep it as text."
            self.problems.append(self.source.problem(mark.line, mark.column, say, mend))
        node: Node
        if kind == "ScalarEvent":
            value = str(event.value)
            bare = event.style is None
            written = _strange(value)  # by an escape: the file itself was looked through
            if written is not None:
                self.problems.append(self.source.problem(mark.line, mark.column, _invisible(value[written])))
                value = showable(value)
            node = Text(*place, value=None if bare and value in {"", "~", "null"} else value, plain=bare)
            if event.anchor:
                self.anchors[str(event.anchor)] = node
            self._count(node)
            self._place(node)
            return
        node = Mapping(*place) if kind == "MappingStartEvent" else Items(*place)
        self._count(node)
        if len(self.open) >= DEEPEST:
            raise _Stop(mark.line, mark.column, _TOO_DEEP)
        if self._key_expected():
            raise _Stop(mark.line, mark.column, "A key has to be a plain word, such as topic:")
        self._place(node)
        self.open.append((node, str(event.anchor) if event.anchor else ""))
        self.waiting.append(None)

    def _end(self, event: Any) -> None:  # noqa: ANN401 - as above
        node, anchor = self.open.pop()
        self.waiting.pop()
        node.end_line, node.end_column = event.end_mark.line, event.end_mark.column
        if anchor:
            self.anchors[anchor] = node
        if self.open:
            parent = self.open[-1][0]
            parent.size += node.size - 1
            parent.height = max(parent.height, node.height + 1)

    def _alias(self, event: Any) -> None:  # noqa: ANN401 - as above
        mark = event.start_mark
        name = str(event.anchor)
        target = self.anchors.get(name)
        if target is None:
            node = Text(mark.line, mark.column, event.end_mark.line, event.end_mark.column)
            mend = self.source.corrected(node, f'"*{name}"')
            say = "A “*” at the beginning has a meaning of its own in YAML; quotation marks keep it as text."
            self.problems.append(self.source.problem(mark.line, mark.column, say, mend))
            target = Text(*(node.line, node.column, node.end_line, node.end_column), value=f"*{name}", plain=False)
        if self._key_expected():
            raise _Stop(mark.line, mark.column, "A key has to be a plain word, such as topic:")
        if len(self.open) + target.height > DEEPEST:
            raise _Stop(mark.line, mark.column, _TOO_DEEP)
        if self.open:
            self.open[-1][0].height = max(self.open[-1][0].height, target.height + 1)
        self.nodes += target.size - 1
        self._count(target)
        self._place(target)

    def _count(self, node: Node) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            say = (
                f"With its aliases (*name) written out, this file has more than {MOST_NODES:,} values. Write the values"
                " themselves instead of aliases."
            )
            raise _Stop(node.line, node.column, say)

    def _key_expected(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1][0], Mapping) and self.waiting[-1] is None

    def _place(self, node: Node) -> None:
        """Put a node where it belongs: a list item, a key, or the value of the key before."""
        if not self.open:
            self.root = node
            return
        parent = self.open[-1][0]
        if isinstance(parent, Items):
            nothing = (node.line, node.column) == (node.end_line, node.end_column)
            parent.items.append(self._empty_item(node) if isinstance(node, Text) and nothing else node)
        elif isinstance(parent, Mapping):
            key = self.waiting[-1]
            if key is None:
                self.waiting[-1] = node if isinstance(node, Text) else None
                return
            self.waiting[-1] = None
            self._pair(parent, key, node)
        parent.size += node.size

    def _empty_item(self, node: Text) -> Text:
        """Ruamel places an empty item at the next token, lines below; it belongs behind its dash."""
        for number in range(min(node.line, len(self.source.lines) - 1), -1, -1):
            dash = re.match(r"\s*(?:-\s+)*-(?=\s*(?:#|$))", self.source.lines[number])
            if dash:
                return Text(number, dash.end(), number, dash.end())
        return node

    def _pair(self, parent: Mapping, key: Text, node: Node) -> None:
        name = key.value or ""
        if not name:
            self.problems.append(self.source.problem(key.line, key.column, "A key is missing before this colon."))
            return
        if isinstance(node, Text) and node.value is None:
            # ruamel places an empty value at the next token, lines below; it belongs behind its key.
            node = Text(key.end_line, key.end_column + 1, key.end_line, key.end_column + 1)
        if name in parent.pairs:
            first = parent.keys[name]
            say = f"“{shown(name)}” stands here twice; it is already in line {first.line + 1}. Keep one of them."
            self.problems.append(self.source.problem(key.line, key.column, say))
            return
        parent.pairs[name] = node
        parent.keys[name] = key
