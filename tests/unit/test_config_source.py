"""Reading YAML: places, guards, and whatever an editor may have saved."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import load, yaml_tree
from bot.config.scaffold import scaffold
from bot.config.yaml_nodes import plain
from bot.config.yaml_source import Source
from bot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from pathlib import Path

from datetime import date

GOOD = "title: Ed Chat\nchats:\n- date: 2027-01-07\n  ask: [no, 20:00, 1984]\n"
READ = {"title": "Ed Chat", "chats": [{"date": "2027-01-07", "ask": ["no", "20:00", "1984"]}]}


def problems(data: bytes) -> list[tuple[int, int, str]]:
    return [(one.line, one.column, one.message) for one in Source("x.yaml", data).problems]


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode(), ("\ufeff" + GOOD).encode(), GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        ("---\n" + GOOD).encode(), (GOOD + "...\n").encode(), ("%YAML 1.1\n---\n" + GOOD).encode(),
        ("# caf\u00e9 \U0001f44b\n" + GOOD).encode(),
    ],
)  # fmt: skip
def test_what_editors_save_is_read_alike(data: bytes) -> None:
    source = Source("x.yaml", data)
    assert not source.problems
    assert plain(source.root) == READ


def test_places_count_from_one_and_characters_not_bytes() -> None:
    source = Source("x.yaml", "\ufeff\U0001f44b: {a: [b, c]}\r\nd: e\r\n".encode())
    assert source.places() == {
        (): (1, 1), ("\U0001f44b",): (1, 4), ("\U0001f44b", "a"): (1, 8), ("\U0001f44b", "a", 0): (1, 9),
        ("\U0001f44b", "a", 1): (1, 12), ("d",): (2, 4),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        ("title: caf\u00e9".encode("latin-1"), (1, 11), "UTF-8"),
        ("title: x\n".encode("utf-16"), (1, 1), "UTF-8"),
        (b"title: x\nabout: a\x00b\n", (2, 9), "U+0000"),
        (b"", (1, 1), "empty"),
        (b"\n# only this\n", (1, 1), "empty"),
        (b"title: x\n" * 30_000, (0, 0), "larger than"),
        (b"a: 1\n---\nb: 2\n", (2, 1), "second document"),
        (b"a: &x [*x]\n", (1, 8), "\u201c*\u201d"),
        (b"? [a]\n: b\n", (1, 3), "key"),
        (b": x\n", (1, 1), "key is missing"),
        (b"a: !!python/object/apply:os.system [echo]\n", (1, 4), "\u201c!\u201d"),
        (b"%YAML 3.0\n---\na: b\n", (1, 1), "YAML"),
        (b"\ta: 1\n", (1, 1), "tab"),
    ],
)
def test_guards(data: bytes, place: tuple[int, int], words: str) -> None:
    found = problems(data)
    assert len(found) == 1, found
    assert found[0][:2] == place
    assert words in found[0][2]


@pytest.mark.parametrize(
    "data",
    [
        "[" * 3_000, "[" * 3_000 + "]" * 3_000, "{a: " * 3_000, "- " * 3_000,
        "".join(" " * depth + "a:\n" for depth in range(600)), "a: &a [x]\n" + "b: [*a" + ", *a" * 30_000 + "]\n",
    ],
)  # fmt: skip
def test_too_deep_or_too_many_is_one_problem(data: str) -> None:
    assert len(problems(data.encode())) == 1


def test_an_alias_is_read_where_it_stays_small() -> None:
    source = Source("x.yaml", b"a: &x [b]\nc: *x\n")
    assert not source.problems
    assert plain(source.root) == {"a": ["b"], "c": ["b"]}


def test_an_alias_bomb_counts_what_it_stands_for() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    source = Source("x.yaml", "\n".join(lines).encode())
    assert source.root is None
    assert f"{yaml_tree.MOST_NODES:,}" in source.problems[0].message


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("starter") / "bot"
    scaffold(folder, date(2026, 11, 21))
    return folder


BITS = (
    "@",
    "#",
    ": ",
    "- ",
    "\t",
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    "*",
    "&",
    "!",
    "|",
    "\n",
    "  ",
    "\x00",
    "\u00e9",
    "~",
    "\\",
)


def mutated(text: str, rng: random.Random) -> str:
    """A text with a few cuts, doubled lines and strange bits in strange places."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) + 1)
        lines = text.split("\n")
        line = rng.randrange(len(lines))
        text = rng.choice((
            lambda at=at, text=text: text[:at] + rng.choice((*BITS, rng.choice(string.printable))) + text[at:],
            lambda at=at, text=text: text[:at] + text[at + rng.randint(1, 30) :],
            lambda line=line, lines=lines: "\n".join([*lines[:line], lines[line], *lines[line:]]),
            lambda line=line, lines=lines: "\n".join([*lines[:line], *lines[line + 1 :]]),
            lambda line=line, lines=lines: "\n".join([*lines[:line], " " + lines[line], *lines[line + 1 :]]),
        ))()  # fmt: skip
    return text


def refusal(folder: Path) -> tuple[Problem, ...]:
    """What is wrong with a folder; nothing if it loads. Any other error than ConfigError fails the test."""
    try:
        load(folder)
    except ConfigError as error:
        return error.problems or (Problem("", 0, 0, ""),)
    return ()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), which=st.sampled_from(["staffroom.yaml", "series/edchat.yaml"]))
def test_a_broken_edit_is_never_worse_than_a_message(starter: Path, seed: int, which: str) -> None:
    path = starter / which
    whole = path.read_text(encoding="utf-8")
    try:
        path.write_text(
            mutated(whole, random.Random(seed)),
            encoding="utf-8",
        )
        found = refusal(starter)
    finally:
        path.write_text(whole, encoding="utf-8")
    for problem in found:
        assert problem.message
        assert "\n" not in problem.message
        assert "\n" not in problem.mend
        assert str(starter) not in str(problem)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text("abc:-[]{}#&*!|>'\"%@` \n\t,?~", max_size=120).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    source = Source("x.yaml", data)
    assert source.problems or source.root is not None
