"""Build trees from edges, however broken: orphans, loops and missing parents end up somewhere, and nothing is lost."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class Node(msgspec.Struct, frozen=True, gc=False):
    """A post's place in a thread: node keys (``posts.node_key``), empty if none or unknown; ``at`` is UTC."""

    key: str
    parent: str
    at: datetime
    root: str = ""


class Branch(msgspec.Struct, frozen=True):
    """A node and what was answered to it, oldest first.

    A branch can be as deep as people reply: go through it with ``walk``; comparing or printing one recurses.
    """

    node: Node
    children: tuple[Branch, ...] = ()


def build(nodes: Iterable[Node]) -> tuple[Branch, ...]:
    """The trees of these nodes, in linear time but for sorting, whatever order they come in.

    A node whose parent is not among them hangs under its root if that one is, else it stands at the top. A loop is
    broken at its earliest node (by time, then key), which then stands at the top. Of several nodes with one key the
    earliest counts. Siblings stand in order of time, then key.
    """
    by_key: dict[str, Node] = {}
    for node in sorted(nodes, key=_order):
        by_key.setdefault(node.key, node)
    parents = {node.key: _parent(node, by_key) for node in by_key.values()}
    for key in tuple(_loop_breakers(parents, by_key)):
        parents[key] = ""
    below: dict[str, list[Node]] = {}
    for node in by_key.values():  # still in order of time, so that siblings are too
        below.setdefault(parents[node.key], []).append(node)
    return _grown(below)


def walk(branches: Sequence[Branch]) -> Iterator[tuple[int, Node]]:
    """Every node, parents before children, with its depth (0 at the top), without recursion."""
    waiting = [(0, branch) for branch in reversed(branches)]
    while waiting:
        depth, branch = waiting.pop()
        yield depth, branch.node
        waiting += [(depth + 1, child) for child in reversed(branch.children)]


def _order(node: Node) -> tuple[datetime, str, str, str]:
    return node.at, node.key, node.parent, node.root


def _parent(node: Node, by_key: Mapping[str, Node]) -> str:
    """Under what the node hangs; empty for the top."""
    return next((key for key in (node.parent, node.root) if key and key != node.key and key in by_key), "")


def _loop_breakers(parents: Mapping[str, str], by_key: Mapping[str, Node]) -> Iterator[str]:
    """The earliest key of each loop."""
    seen: dict[str, int] = {}
    for number, first in enumerate(by_key):
        path: list[str] = []
        key = first
        while key and key not in seen:
            seen[key] = number
            path.append(key)
            key = parents[key]
        if key and seen[key] == number:
            yield min(path[path.index(key) :], key=lambda each: _order(by_key[each]))


def _grown(below: Mapping[str, Sequence[Node]]) -> tuple[Branch, ...]:
    """Put the branches together from the leaves up."""
    order: list[Node] = []
    waiting = list(below.get("", ()))
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting += below.get(node.key, ())
    done: dict[str, Branch] = {}
    for node in reversed(order):
        done[node.key] = Branch(node, tuple(done.pop(child.key) for child in below.get(node.key, ())))
    return tuple(done[node.key] for node in below.get("", ()))
