"""Plays evenings whose lives are killed at named points and whose networks go wrong, and counts what came of it.

A life dies at the first point that was not fired yet, or at a point and a visit drawn by the seed, and then at any that
nobody ever met as well; what goes wrong is set before it. In between lives end by themselves, so that what is to be
said is not starved of its time.
"""

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from chaos.evening import Evening, Network
from chaos.lives import Life
from chaos.oracle import Verdict
from chaos.points import group_of
from chaos.wrongs import DEAFENING, LATE, NEEDS_KEYS, Wrong, begin

GROUPS = ("begin", "commit", "checkpoint", "vacuum", "request", "stream", "file")
STARVED = timedelta(minutes=4)
"""After so long without a life that ended by itself the next one is let live."""
DRAWN = 15
"""Points drawn at a time; the life dies at the first of them that it meets often enough."""
TROUBLED = timedelta(minutes=3)
"""How long one network may be in trouble while something waits to be said there; then it gets a rest. A network that
fails for as long as a prompt is useful makes the bot give it up, as it should."""
PATIENCE = 12
"""Lives after which something that did not strike is taken away again."""


class Met(NamedTuple):
    """What it was like when a point was met first.

    Attributes:
        amid: what was going wrong, network and name.
        after: the point at which the life before had died; empty: it had not.
    """

    amid: tuple[tuple[Network, str], ...] = ()
    after: str = ""


@dataclass
class Tally:
    """What was met and what was done to it.

    Attributes:
        visits: how often each point was met.
        most: how often in one life.
        fired: how often a life died there.
        faults: how often each thing that went wrong struck, by network and name.
        met: what it was like when a point was met first.
    """

    visits: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    met: dict[str, Met] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)
    kills: int = 0
    lives: int = 0
    evenings: int = 0

    def note(self, life: Life, met: Met) -> None:
        """Count a life that has ended; `met` is what it was like."""
        report = life.report
        assert report is not None
        self.lives += 1
        self.kills += life.killed
        self.visits.update(report.get("visits", {}))
        for point, times in report.get("visits", {}).items():
            self.most[point] = max(self.most[point], times)
            self.met.setdefault(point, met)
        if "died" in report:
            self.fired[report["died"]] += 1

    def __iadd__(self, other: "Tally") -> Self:
        for point, times in other.most.items():
            self.most[point] = max(self.most[point], times)
        self.met = {**other.met, **self.met}
        self.visits += other.visits
        self.fired += other.fired
        self.faults += other.faults
        self.verdict += other.verdict
        self.kills += other.kills
        self.lives += other.lives
        self.evenings += other.evenings
        return self

    def unfired(self, groups: Collection[str] = GROUPS) -> list[str]:
        """Points of these groups that were met and never died at."""
        return sorted(point for point in self.visits if group_of(point) in groups and not self.fired[point])


@dataclass
class Explorer:
    """Plays evenings into one tally.

    Args:
        tally: what is known by now.
        rng: draws points, visits and ways.
        groups: which points to die at.
        ways: how lives are lived, see child.py.
        wrongs: what is to go wrong, network and name, each until it has struck once.
        depth: how many of ten lives die at a drawn visit of a drawn point, or at one that is known and was never fired;
            without it lives die at the first point that was not fired yet.
        played: what came of the evening that was begun last.
        diary: its lives, one line each.
    """

    tally: Tally
    rng: random.Random
    groups: Sequence[str] = GROUPS
    ways: Sequence[str] = ("tick",)
    wrongs: list[tuple[Network, str]] = field(default_factory=list)
    depth: int = 0
    played: Tally = field(default_factory=Tally)
    diary: list[str] = field(default_factory=list)
    _since: dict[Network, datetime] = field(default_factory=dict)
    _deaf: set[Network] = field(default_factory=set)

    def play(self, evening: Evening, *, kills: int = 10_000) -> Tally:
        """Let an evening go by, with so many kills at most; gives what came of it, which `tally` has already."""
        self.played = tally = Tally(evenings=1)
        self.diary.clear()
        self._since.clear()
        self._deaf.clear()
        wrong: dict[Network, Wrong] = {}
        fed, died = evening.now, ""
        for _ in range(kills + 200):
            self._begin(evening, wrong)
            orders = {key: value for one in wrong.values() for key, value in one.orders.items()}
            if evening.now - fed < STARVED:
                orders |= self._aim(tally, died) if tally.kills < kills else self._last_aim(kills)
            way = self.rng.choice(self.ways)
            life = evening.start(way=way, **orders)
            report = life.wait()
            amid = tuple((one.network, one.name) for one in wrong.values())
            tally.note(life, Met(amid, died))
            told = {name: report.get(name) for name in ("died", "now", "next", "troubles", "given_up")}
            self.diary.append(f"{evening.now} {way} amid {amid}: {told}")
            died = report.get("died", "")
            self._end(evening, wrong, tally)
            if not life.killed:
                life.finish()
                fed = evening.now
                self._since = {name: at for name, at in self._since.items() if name in report.get("owed", ())}
            more = evening.after(report)
            if not life.killed:
                fed = max(fed, evening.now)
            if not more:
                break
        else:
            raise AssertionError("the chat does not come to its end")
        self.wrongs += [(network, one.name) for network, one in wrong.items()]
        evening.kills += tally.kills
        tally.verdict += evening.verdict()
        self.tally += tally
        return tally

    def _aim(self, tally: Tally, died: str) -> dict[str, Any]:
        """Where the next life is to die, after one that died at `died`, if it did."""
        known = sorted(point for point in {*self.tally.most, *tally.most} if group_of(point) in self.groups)
        if known and self.rng.randrange(10) < self.depth:
            rare = self._rare()
            led = self._led(rare)
            new = {"spare": known, "groups": list(self.groups)}  # what nobody ever met may never be met again
            if died in led:
                return {"kill": dict.fromkeys(rare, 1), **new}  # as it was when they were met: nothing else ends it
            drawn = dict.fromkeys([*rare, *(point for point in led if self.rng.randrange(2))], 1)
            if rare and self.rng.randrange(3) == 0:
                return {"kill": drawn, **new}  # and nowhere on the way there
            points = self.rng.sample(known, min(DRAWN, len(known)))
            return {"kill": {point: self._visit(point) for point in points} | drawn, **new}
        return {"spare": sorted({*self.tally.fired, *tally.fired}), "groups": list(self.groups)}

    def _last_aim(self, kills: int) -> dict[str, Any]:
        """Once enough lives have died: only at what no life has died at yet, such as the end of a chat."""
        return {"kill": dict.fromkeys(self._rare(), 1)} if kills and self.depth else {}

    def _rare(self) -> list[str]:
        """Points that earlier evenings met and where no life died yet."""
        died = {*self.tally.fired, *self.played.fired}
        return [point for point in self.tally.met if point not in died and group_of(point) in self.groups]

    def _led(self, rare: Sequence[str]) -> list[str]:
        """After whose deaths these points were met; a life that has died there leads to them again."""
        return [after for point in rare if (after := self.tally.met[point].after)]

    def _visit(self, point: str) -> int:
        """At which visit to die: the first in half of all cases, any that a life was seen to make in the others."""
        return self.rng.choice((1, self.rng.randint(1, max(1, self.tally.most[point]))))

    # -- what goes wrong -----------------------------------------------------------------------------------------
    def _begin(self, evening: Evening, under_way: dict[Network, Wrong]) -> None:
        """Let something go wrong on each network where nothing does."""
        for network, name in list(self.wrongs):
            rests = evening.now - self._since.get(network, evening.now) > TROUBLED
            early = name in LATE and evening.now <= evening.ends
            hopeless = name in NEEDS_KEYS and network in self._deaf
            if network not in under_way and not (rests or early or hopeless):
                self._deaf |= {network} if name in DEAFENING else set()
                self._since.setdefault(network, evening.now)
                under_way[network] = begin(name, evening, network)
                under_way[network].left = PATIENCE
                self.wrongs.remove((network, name))

    def _end(self, evening: Evening, under_way: dict[Network, Wrong], tally: Tally) -> None:
        """Take away what struck, once all that is under way has ended."""
        for network, wrong in list(under_way.items()):
            wrong.left -= 1
            if wrong.fired or not wrong.left:
                struck = wrong.end()
                tally.faults[f"{network}: {wrong.name}"] += struck
                del under_way[network]
                if not struck:
                    self.wrongs.append((network, wrong.name))
        evening.settle()
