"""A YAML file that is read whatever is wrong with it: a broken line is repaired, told, and does not hide the next.

Words stay words: ``no``, ``20:00`` and ``1984`` reach the models as they were written, and the models know which of
them is a language, a time or a title.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bot.config.repairs import Repair, explain, tabs
from bot.config.words import shown
from bot.config.yaml_nodes import Items, Lines, Mapping, Text, walk
from bot.config.yaml_tree import Builder, Stop, breaks, invisible, strange
from bot.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.config.yaml_nodes import Node, Path

LARGEST_FILE = 250_000  # bytes; a year of weekly chats takes about 60,000
MOST_REPAIRS = 25  # broken lines named in one go
LONGEST_LINE = 8_000  # characters; a text may have 5,000
MOST_TRIED = 2_000_000  # characters parsed, in all, to try out what a broken line may have meant


class Source(Lines):
    """One file read: its ``name`` as shown to people, its ``lines``, its ``root`` and what was wrong with its YAML.

    ``root`` is ``None`` where the YAML could not be read at all. ``lines`` are those of the file after the repairs
    that ``problems`` propose, so that one broken line does not hide the next.
    """

    def __init__(self, name: str, data: bytes) -> None:
        super().__init__(name)
        self.problems: list[Problem] = []
        self.root: Mapping | None = None
        self._untried = MOST_TRIED
        text = self._decode(data)
        if text is not None:
            self._read(text)

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
            at = strange(line)
            if at is not None:
                self.problems.append(self.problem(number, at, invisible(line[at])))
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
        builder = Builder(self)
        try:
            root = builder.build()
        except Stop as stop:
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


def _one_kind_of_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
