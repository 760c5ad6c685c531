"""From what pydantic says to what a teacher can use: the place, kind words, and the corrected line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.config.block import SYNONYMS, Block
from bot.config.leaks import HIDDEN, is_secret_key, is_secret_value, leaks_in
from bot.config.words import Wrong, nearest, shown
from bot.config.yaml_nodes import Mapping, Node, Text, walk
from bot.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Dict

    from pydantic_core import ErrorDetails

    from bot.config.yaml_nodes import Path
    from bot.config.yaml_source import Source

_SPOKEN = {"title", "hashtag", "about", "topic", "ask", "alt", "credit", "host", "hosts", "questions", "poll"}
_SHAPES = {
    "tuple_type": "A list is wanted here: each item on a line of its own, after a dash.",
    "list_type": "A list is wanted here: each item on a line of its own, after a dash.",
    "model_type": "Keys and values are wanted here, each key on a line of its own, followed by a colon.",
    "model_attributes_type": "Keys and values are wanted here, each key on a line of its own, followed by a colon.",
    "dict_type": "Keys and values are wanted here, each key on a line of its own, followed by a colon.",
    "int_parsing": "A whole number is wanted here.",
    "int_type": "A whole number is wanted here.",
    "greater_than_equal": "This number is too small; 100 is the least.",
    "less_than_equal": "This number is too large; 1000000 is the most.",
}


def leaked(source: Source) -> list[Problem]:
    """Secrets in the file. Their values are never repeated."""
    problems = []
    for path, node in walk(source.root):
        if isinstance(node, Mapping):
            problems += [
                source.problem(place.line, place.column, HIDDEN)
                for key, place in node.keys.items()
                if is_secret_key(key) or is_secret_value(key)
            ]
        if isinstance(node, Text) and node.value and is_secret_value(node.value):
            keyed = bool(path) and isinstance(path[-1], str) and is_secret_key(path[-1])
            if not keyed:
                problems.append(source.problem(node.line, node.column, HIDDEN))
    return problems


def swallowed(source: Source) -> tuple[list[Problem], set[Path]]:
    """Texts that a ``#`` has cut: YAML takes what follows as a comment.

    Returns:
        the problems, and the paths that need no further word.
    """
    problems, paths = [], set()
    for path, node in walk(source.root):
        names = [step for step in path[-2:] if isinstance(step, str)]
        if not (isinstance(node, Text) and node.plain and names and names[-1] in _SPOKEN):
            continue
        line = source.line(node.end_line)
        comment = re.match(r"\s*(#[^\s#].*?)\s*$", line[node.end_column :])
        if node.value is None and comment:
            whole = comment[1].removeprefix("#") if names[-1] == "hashtag" else f'"{comment[1]}"'
            if names[-1] == "hashtag":
                whole = whole.split()[0]
            head = line[: node.end_column].strip()
            say = "A “#” begins a comment in YAML, so that nothing is left here for it to read."
            problems.append(source.problem(node.line, line.index("#", node.end_column), say, f"{head} {whole}"))
            paths.add(path)
        elif node.value and comment and node.line == node.end_line:
            whole = f"{node.value} {comment[1]}".replace("\\", "\\\\").replace('"', '\\"')
            say = "A “#” after a space begins a comment in YAML; quotation marks keep it in the text."
            mend = line[: node.column].strip() + f' "{whole}"'
            problems.append(source.problem(node.line, line.index("#", node.end_column), say, mend.strip()))
    return problems, paths


def worded(source: Source, errors: Iterable[ErrorDetails], model: type[Block], quiet: set[Path]) -> list[Problem]:
    """Pydantic's errors as problems, in the file's order.

    Args:
        source: the file.
        errors: what validation said.
        model: the file's outermost block.
        quiet: paths about which something was said already.
    """
    errors = list(errors)
    problems = []
    renamed = {
        (*error["loc"][:-1], _meant(source, tuple(error["loc"]), model))
        for error in errors
        if error["type"] == "extra_forbidden"
    }
    for error in errors:
        path = tuple(error["loc"])
        if path not in quiet and not (error["type"] == "missing" and path in renamed):
            problems.append(_one(source, error, path, model))
    return problems


def tidy(source: Source, problems: Iterable[Problem]) -> list[Problem]:
    """In order of place, each line's secret alone, nothing said twice."""
    problems = list(problems)
    secret = {problem.line for problem in problems if problem.message == HIDDEN}
    secret |= {number for number, line in enumerate(source.lines, start=1) if leaks_in(line)}
    told = {problem.line for problem in problems if problem.message == HIDDEN}
    seen: dict[tuple[int, int, str], Problem] = {}
    for problem in problems:
        if problem.line in secret and problem.message != HIDDEN:  # it could repeat the secret
            if problem.line in told:
                continue
            problem = Problem(problem.file, problem.line, problem.column, HIDDEN)  # noqa: PLW2901 - said otherwise
            told.add(problem.line)
        seen.setdefault((problem.line, problem.column, problem.message), problem)
    return sorted(seen.values(), key=lambda problem: (problem.line, problem.column))


def _one(source: Source, error: ErrorDetails, path: Path, model: type[Block]) -> Problem:
    node, found = source.find(path)
    parent, _ = source.find(path[:-1])
    if node is None or parent is None:
        return Problem(source.name, 0, 0, error["msg"])
    kind = error["type"]
    wrong = error.get("ctx", {}).get("error")
    if kind == "missing" or (isinstance(wrong, Wrong) and found < len(path) and isinstance(path[-1], str)):
        return _missing(source, parent, path, model, wrong)
    if kind == "extra_forbidden":
        return _unknown(source, path, model)
    if isinstance(wrong, Wrong):
        return source.problem(node.line, node.column, wrong.say, _mend(source, node, wrong.write))
    say = _SHAPES.get(kind, error["msg"])
    return source.problem(node.line, node.column, say, _shape(source, path, node, model))


def _mend(source: Source, node: Node, text: str) -> str:
    """The corrected line; for a list or mapping over several lines there is none."""
    if not text or (not isinstance(node, Text) and node.end_line > node.line and not text.startswith('"')):
        return ""
    if isinstance(node, Text) and not node.plain and not text.startswith('"'):
        text = f'"{text}"'
    return source.corrected(node, text)


def _missing(source: Source, parent: Node, path: Path, model: type[Block], wrong: Wrong | None) -> Problem:
    key = str(path[-1])
    fields = _fields(model, path[:-1])
    field = fields.get(key)
    example = wrong.write if wrong else ""
    if not example and field is not None and field.examples:
        example = str(field.examples[0])
    place = parent.keys.get(key) if isinstance(parent, Mapping) else None
    mend = f"{key}: {example}" if example else f"{key}:"
    if place is not None:
        return source.problem(place.line, place.column, f"Nothing stands after “{key}:”.", mend)
    say = wrong.say if wrong else f"“{key}:” is missing here."
    line, column = parent.line, parent.column
    if wrong and key == "alt" and isinstance(parent, Mapping) and "image" in parent.keys:
        line, column = parent.keys["image"].line, parent.keys["image"].column
    if wrong and key == "pace" and isinstance(parent, Mapping) and "format" in parent.keys:
        line, column = parent.keys["format"].line, parent.keys["format"].column
    return source.problem(line, column, say, mend)


def _unknown(source: Source, path: Path, model: type[Block]) -> Problem:
    key = str(path[-1])
    parent, _ = source.find(path[:-1])
    place = parent.keys.get(key) if isinstance(parent, Mapping) else None
    if place is None:
        return Problem(source.name, 0, 0, f"“{shown(key)}:” is not known.")
    fields = _fields(model, path[:-1])
    meant = _meant(source, path, model)
    if meant:
        line = source.line(place.line)
        mend = re.sub(r"\s+#.*$", "", line[: place.column] + meant + line[place.end_column :]).strip()
        return source.problem(place.line, place.column, f"“{shown(key)}:” is not known here.", mend)
    known = ", ".join(fields)
    say = f"“{shown(key)}:” is not known here. Known are: {known}."
    return source.problem(place.line, place.column, say)


def _meant(source: Source, path: Path, model: type[Block]) -> str:
    """The key that an unknown one was probably meant to be, among those that do not stand there already."""
    parent, _ = source.find(path[:-1])
    there = parent.keys if isinstance(parent, Mapping) else {}
    return nearest(str(path[-1]), [name for name in _fields(model, path[:-1]) if name not in there], SYNONYMS)


def _shape(source: Source, path: Path, node: Node, model: type[Block]) -> str:
    """How a value of another shape would look, where that can be said in a line."""
    if not isinstance(node, Text) or not path:
        return ""
    field = _fields(model, path[:-1]).get(str(path[-1]))
    return source.corrected(node, str(field.examples[0])) if field is not None and field.examples else ""


def _fields(model: type[Block], path: Path) -> Dict[str, Any]:
    """The fields of the block at ``path``: steps through lists and names of accounts lead to the block inside."""
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            inner = _block(model.model_fields[step].annotation)
            model = inner or model
    return model.model_fields


def _block(annotation: Any) -> type[Block] | None:  # noqa: ANN401 - a type, of any form
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _block(part)
        if found:
            return found
    return None
