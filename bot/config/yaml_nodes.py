"""What a YAML file becomes: a small tree of texts, lists and mappings, each knowing its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class Lines:
    """A file's ``name`` as shown to people, and its ``lines``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []

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
