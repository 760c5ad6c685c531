"""Who of several test processes begins with what: each with its share of the long tests.

pytest-xdist (`--dist worksteal`) cuts the list of tests into one piece for each process; who is done early takes from
the end of somebody else's piece. Where long tests stand together, or last, one process is left alone with them. Some of
them compute and some wait: so that not all processes wait at once, each begins at another place of its share.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

LONG = ("tests/chaos/", "tests/acceptance/", "tests/contract/test_networks_", "tests/contract/test_streams_")
"""Where tests take many seconds each."""


def is_long(nodeid: str) -> bool:
    """Whether a test begins its process's work."""
    return nodeid.startswith(LONG)


def dealt(items: Sequence[T], workers: int, long: Callable[[T], bool]) -> list[T]:
    """The same tests, such that each of the pieces that are cut from them begins with its share of the long ones.

    Args:
        items: in any order, which stays as it is among the others.
        workers: how many pieces there will be.
        long: whether a test is one of those.
    """
    first = [one for one in items if long(one)]
    others = [one for one in items if not long(one)]
    order: list[T] = []
    for number in range(workers):
        mine = first[number::workers]
        cut = len(mine) * number // workers
        size = (len(items) - len(order)) // (workers - number)
        rest = max(0, size - len(mine))
        order += mine[cut:] + mine[:cut] + others[:rest]
        del others[:rest]
    return order + others
