from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.threads import Branch, Node, build, walk

steady = settings(deadline=None)  # on a busy machine a slow example is no fault

START = datetime(2027, 1, 7, 20, tzinfo=UTC)


def node(key: str, parent: str = "", minute: int = 0, root: str = "") -> Node:
    return Node(key, parent, START + timedelta(minutes=minute), root)


def drawn(nodes: list[Node]) -> str:
    return " ".join("-" * depth + each.key for depth, each in walk(build(nodes)))


@pytest.mark.parametrize(
    ("nodes", "tree"),
    [
        ([], ""),
        ([node("a"), node("b", "a", 1), node("c", "b", 2), node("d", "a", 3)], "a -b --c -d"),
        ([node("b", "a", 2), node("c", "a", 1), node("a")], "a -c -b"),
        ([node("y", "a", 1), node("x", "a", 1), node("a")], "a -x -y"),
        ([node("c", "gone", 2, "a"), node("a"), node("d", "c", 3)], "a -c --d"),
        ([node("c", "gone", 2, "gone too"), node("a", "", 5)], "c a"),
        ([node("c", "", 2, "a"), node("a")], "a -c"),
        ([node("a", "a")], "a"),
        ([node("a", "b", 1), node("b", "a", 0), node("c", "a", 2)], "b -a --c"),
        ([node("a", "b"), node("b", "a")], "a -b"),
        ([node("a", "gone", 0, "b"), node("b", "a", 1)], "a -b"),
        ([node("a", "", 3), node("b"), node("a", "b", 1)], "b -a"),
    ],
)
def test_trees(nodes: list[Node], tree: str) -> None:
    assert drawn(nodes) == tree


def test_a_branch_holds_its_children() -> None:
    assert build([node("a"), node("b", "a")]) == (Branch(node("a"), (Branch(node("b", "a")),)),)


@pytest.mark.parametrize("first", ["", "99999"])
def test_a_hundred_thousand_deep_chain_or_loop(first: str) -> None:
    nodes = [node(f"{n:05}", f"{n - 1:05}" if n else first, n) for n in range(100_000)]
    depths = [depth for depth, _ in walk(build(nodes))]
    assert depths == list(range(100_000))


KEYS = st.sampled_from([*"abcdefgh", ""])
NODES = st.lists(st.builds(node, st.sampled_from("abcdefgh"), KEYS, st.integers(0, 3), KEYS), max_size=12)


@steady
@given(NODES, st.integers())
def test_every_key_stands_once_and_order_of_arrival_does_not_matter(nodes: list[Node], seed: int) -> None:
    trees = build(nodes)
    keys = [each.key for _, each in walk(trees)]
    assert sorted(keys) == sorted({each.key for each in nodes})
    mixed = nodes[:]
    random.Random(seed).shuffle(mixed)
    assert build(mixed) == trees
    above: list[Node] = []
    for depth, each in walk(trees):
        del above[depth:]
        if above:
            assert above[-1].key in {each.parent, each.root}
        above.append(each)
