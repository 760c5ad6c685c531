"""No reader's work grows with the square of what it reads.

Twice: steps of Python are counted for a text and one twice as long; and whatever patterns and parsers do inside is
bounded by a limit of processor time in a process of its own, which work that grows with the square passes many times.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile.shapes import FILES, MARKUP, readers

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

HERE = Path(__file__).parent
READERS = (
    "HTML reader",
    "label parser",
    "commands",
    "mentions",
    "finding",
    "markup",
    "splitting",
    "facets",
    "alarms",
    "digests",
    "tidying",
    "YAML",
)


def test_every_reader_is_asked() -> None:
    assert set(readers()) == set(READERS)


def test_long_texts_are_read_within_the_limit() -> None:
    told = subprocess.run(
        [sys.executable, str(HERE / "shapes.py")],
        cwd=HERE.parent.parent,
        env={"PYTHONPATH": f"{HERE.parent.parent}:{HERE.parent}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, f"last read: {told.stdout.splitlines()[-1:]} {told.stderr[-2_000:]}"
    assert told.stdout.endswith("done\n")


def test_the_limit_stops_work_that_grows_with_the_square() -> None:
    program = (
        "import re, sys; from hostile import shapes; shapes.SECONDS = 1;"
        "shapes.readers = lambda: {'x': ({'blanks': lambda n: ' ' * n + 'x'}, re.compile(r' +$').search)};"
        "shapes.main('x')"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{HERE.parent.parent}:{HERE.parent}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode < 0
    assert told.stdout == "x: blanks\n"


def steps(read: Callable[[str], object], text: str) -> int:
    """How many calls of Python's reading a text takes."""
    count = 0

    def see(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        del frame, event, argument
        count += 1

    sys.setprofile(see)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", READERS)
def test_twice_the_text_is_at_most_little_more_than_twice_the_steps(name: str) -> None:
    shapes, read = readers()[name]
    chosen = {"HTML reader": MARKUP, "YAML": FILES}.get(name, shapes)
    assert chosen.items() <= shapes.items()
    size = 600 if name == "YAML" else 2_000
    for shape, make in chosen.items():
        read(make(300))  # what is made once is made now
        few, many = steps(read, make(size)), steps(read, make(2 * size))
        assert many <= 3.2 * few + 2_000, (shape, few, many)
