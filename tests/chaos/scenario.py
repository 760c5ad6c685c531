"""What a further scenario of `make chaos` is given, and what it gives back for the table.

    def scenario(place: Place) -> Outcome: ...

stands in a module of its own and in `SCENARIOS` of `__main__.py`. It plays in `place.folder`, which is empty and its
own, with servers that run; it prints nothing, and raises only where it could not be played at all.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from chaos.evening import Servers
from chaos.lives import Nursery
from chaos.oracle import Verdict
from networks.postgres_server import PostgresServer


@dataclass(frozen=True)
class Place:
    """Where a scenario plays.

    Attributes:
        folder: empty, on a disk.
        seed: the same seed gives the same play, as far as processes allow.
    """

    folder: Path
    servers: Servers
    nursery: Nursery
    postgres: PostgresServer
    seed: int


@dataclass
class Outcome:
    """One line of the table.

    Attributes:
        name: what was played, in a few words.
        kills: processes ended by force.
        faults: how often each thing that was to go wrong did; one that is 0 makes `make chaos` fail.
        verdict: what the oracle says, see oracle.py; anything in it makes `make chaos` fail.
        broken: whatever else went wrong, in words; likewise.
        left_out: why it could not be played here, such as "may not mount"; empty: it was. Shown, and no failure.
    """

    name: str
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)
    broken: list[str] = field(default_factory=list)
    left_out: str = ""
