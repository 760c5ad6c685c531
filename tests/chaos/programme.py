"""Which evenings `make chaos` plays: all kinds in turn, so that every point and every fault has its turn as well."""

import copy
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from chaos.evening import NETWORKS, Network
from chaos.explorer import GROUPS, Tally
from chaos.playing import Task
from chaos.wrongs import WRONGS, wrongs_of

AN_EVENING = 80
"""Kills in one evening at most: a new one costs a second or two, and meets the beginning again."""
AT_ONCE = 12
"""Things that go wrong in one evening, once each of them did."""
PAIRS: list[tuple[Network, str]] = [
    (network, name) for name in WRONGS for network in NETWORKS if name in wrongs_of(network)
]


@dataclass(frozen=True)
class Kind:
    """What evenings there are; with `groups` lives die at points of these that were never fired, as long as any are."""

    groups: tuple[str, ...] = ()
    postgres: bool = False
    ways: tuple[str, ...] = ("tick",)
    wrong: bool = False


INSIDE, OUTSIDE = ("begin", "commit", "checkpoint", "vacuum"), ("request", "stream", "file")
KINDS = (
    Kind(INSIDE),
    Kind(OUTSIDE, wrong=True),
    Kind(INSIDE, postgres=True),
    Kind(OUTSIDE, ways=("loop",)),
    Kind(INSIDE, ways=("loop",), wrong=True),
    Kind(wrong=True),
    Kind(postgres=True, ways=("tick", "loop")),
    Kind(ways=("tick", "loop"), wrong=True),
)


def counting(seed: int) -> list[Task]:
    """Evenings in which nobody is killed."""
    return [
        Task(seed, 0),
        Task(seed, 0, ways=("loop",)),
        Task(seed, 0, postgres=True),
    ]


def tasks(seed: int, known: Tally, kills: int) -> Iterator[Task]:
    """Evenings without end, of all kinds in turn; where no point of a kind is left, lives die by lot.

    A kind has one evening for its own points; those that it did not meet are left to the evenings by lot, where lives
    die at whatever was never fired as well, and whatever had gone wrong when it was met goes wrong again.
    """
    rng = random.Random(seed)
    for number in itertools.count():
        kind = KINDS[number % len(KINDS)]
        fresh = bool(number < len(KINDS) and known.unfired(kind.groups))
        yield Task(
            seed=seed * 1000 + number,
            kills=min(AN_EVENING, kills),
            postgres=kind.postgres,
            ways=kind.ways,
            groups=kind.groups if fresh else GROUPS,
            depth=0 if fresh else 9,
            wrongs=tuple(_wrongs(known, rng)) if kind.wrong else (),
            known=copy.deepcopy(known),  # it grows while this one is on its way
        )


def _wrongs(known: Tally, rng: random.Random) -> list[tuple[Network, str]]:
    """What goes wrong in an evening: what never struck first, and what brings lives to points that were never fired."""
    never = [pair for pair in PAIRS if not known.faults[fault_name(*pair)]]
    if never:
        return never
    rare = {pair for point in known.unfired() for pair in known.met[point].amid}
    drawn = [pair for pair in rng.sample(PAIRS, AT_ONCE) if pair not in rare]
    return [*sorted(rare), *drawn][:AT_ONCE]


def fault_name(network: Network, name: str) -> str:
    """What something that goes wrong is called in a tally."""
    return f"{network}: {name}"


def unfinished(tally: Tally) -> list[str]:
    """What never fired, points and faults."""
    return [*tally.unfired(), *(name for name in (fault_name(*pair) for pair in PAIRS) if not tally.faults[name])]
