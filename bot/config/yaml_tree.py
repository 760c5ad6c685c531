"""From YAML to a tree: ruamel.yaml's parser reads a file as a flat stream of events, and these become nodes.

So no depth of nesting can exhaust the stack, and no tag can make an object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.config.words import shown
from bot.config.yaml_nodes import Items, Mapping, Text
from bot.domain.cleaning import showable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.config.yaml_nodes import Lines, Node
    from bot.errors import Problem

MOST_NODES = 20_000  # after aliases are followed
DEEPEST = 20  # the models need 6

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


def strange(text: str) -> int | None:
    """Where the first character stands that nobody sees and no page may hold; ``None`` for none."""
    if text.isprintable():
        return None
    return next((at for at, char in enumerate(text) if char not in "\t\n" and showable(char) != char), None)


def invisible(char: str) -> str:
    """What is said of such a character."""
    return f"An invisible character (U+{ord(char):04X}) stands here; delete it."


class Stop(Exception):
    """Reading on makes no sense: too deep, too many nodes, a second document."""

    def __init__(self, line: int, column: int, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.line, self.column, self.message, self.mend = line, column, message, mend


class Builder:
    """From events to nodes, without recursion."""

    def __init__(self, source: Lines) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.open: list[tuple[Node, str]] = []  # what is being filled, and its anchor
        self.waiting: list[Text | None] = []  # for each of these, the key whose value comes next
        self.anchors: dict[str, Node] = {}
        self.nodes = 0
        self.documents = 0

    def build(self) -> Node | None:
        """The tree; ``None`` for a file of nothing but comments. Problems that a reader gets past are in ``problems``.

        Raises:
            Stop: there is no sense in reading on.
            YAMLError: it is no YAML.
        """
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
            raise Stop(event.start_mark.line, event.start_mark.column, say)

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
            written = strange(value)  # by an escape: the file itself was looked through
            if written is not None:
                self.problems.append(self.source.problem(mark.line, mark.column, invisible(value[written])))
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
            raise Stop(mark.line, mark.column, _TOO_DEEP)
        if self._key_expected():
            raise Stop(mark.line, mark.column, "A key has to be a plain word, such as topic:")
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
            raise Stop(mark.line, mark.column, "A key has to be a plain word, such as topic:")
        if len(self.open) + target.height > DEEPEST:
            raise Stop(mark.line, mark.column, _TOO_DEEP)
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
            raise Stop(node.line, node.column, say)

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
