"""`make chaos`: thousands of kills at every named point, everything that may go wrong with a network, one table.

    python -m tests.chaos [--kills 2000] [--seed N] [--only NAME ...]

Processes play evenings side by side on servers of their own run. First nobody is killed and all points are counted;
then lives die at every point, on SQLite and on PostgreSQL, by `tick` and by the loop, whether networks behave or not.
Beside them stand the further scenarios: functions as scenario.py describes them, listed in `SCENARIOS` below; `--only`
names those to play alone (without names: the evenings alone).

The table goes to the terminal, its figures to build/chaos.json. Exit status 1 where anything was lost, doubled or out
of order, or where a point or a fault never fired.
"""

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the servers' own folder speaks of itself as `networks`

from chaos.clock import jumping_clocks
from chaos.disk import full_disk, full_tmpfs
from chaos.explorer import GROUPS, Tally
from chaos.playing import begin, play, stage
from chaos.points import group_of
from chaos.postgres_killed import killed_postgres
from chaos.premises import ended_with_us, premises
from chaos.programme import counting, tasks, unfinished
from chaos.scenario import Outcome, Place
from chaos.two_bots import two_bots
from networks.run import ServerRun

OUT = Path("build/chaos.json")
PROCESSES = 3
"""More than a small machine has cores: evenings wait for servers more than they work."""

SCENARIOS: Sequence[Callable[[Place], Outcome]] = (
    killed_postgres,
    two_bots,
    full_disk,
    full_tmpfs,
    jumping_clocks,
)


def explore(pool: ProcessPoolExecutor, kills: int, seed: int) -> tuple[Tally, Counter[str]]:
    """All evenings; gives what came of them, and how often a chat in which nobody dies meets each point."""
    tally = Tally()
    for counted in pool.map(play, counting(seed)):
        tally += counted
    visits = Counter(tally.visits)
    tell(f"{len(visits)} points counted in {tally.lives} lives")
    under_way: set[Future[Tally]] = set()
    for task in tasks(seed, tally, kills):
        under_way.add(pool.submit(play, task))
        if len(under_way) == PROCESSES:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for one in done:
                tally += one.result()
                for line in one.result().verdict.wrong:
                    tell(line)
            tell(f"{tally.kills} kills, {len(tally.fired)} of {len(tally.visits)} points fired")
        if (tally.kills >= kills and not unfinished(tally)) or tally.kills >= 2 * kills:
            break
    for one in under_way:
        tally += one.result()
    return tally, visits


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def play_all(
    scenarios: Sequence[Callable[[Place], Outcome]], kills: int, seed: int
) -> tuple[Tally, Counter[str], list[Outcome]]:
    """Scenarios and evenings (none for no kills); what `explore` gives, and what came of the scenarios."""
    run = ServerRun.open()
    try:
        for server in ("postgres", "bluesky", "mastodon"):
            run.info(server)
        processes = PROCESSES if kills else min(PROCESSES, len(scenarios))
        with ended_with_us(ProcessPoolExecutor(processes, get_context("spawn"), begin)) as pool:
            staged = [pool.submit(stage, scenario, seed) for scenario in scenarios]
            tally, visits = explore(pool, kills, seed) if kills else (Tally(), Counter[str]())
            return tally, visits, [one.result() for one in staged]
    finally:
        run.close()


def main() -> int:
    """Play, print the table, write the figures."""
    asked = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill the bot, again and again.")
    asked.add_argument("--kills", type=int, default=2000)
    asked.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    names = [one.__name__ for one in SCENARIOS]
    asked.add_argument("--only", nargs="*", choices=names, help="scenarios to play alone; none: evenings alone")
    given = asked.parse_args()
    began = time.monotonic()
    tell(f"seed {given.seed}")
    os.environ.pop("STAFFROOM_DATABASE", None)
    chosen = [one for one in SCENARIOS if given.only is None or one.__name__ in given.only]
    try:
        with premises():
            tally, visits, outcomes = play_all(chosen, 0 if given.only else given.kills, given.seed)
    except KeyboardInterrupt:
        tell("interrupted")
        return 130
    left = unfinished(tally) if not given.only else []
    figures = figures_of(tally, outcomes, round(time.monotonic() - began, 1))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print_table(tally, visits, outcomes, figures)
    for line in [*tally.verdict.wrong, *(f"never fired: {name}" for name in left)]:
        print(line)
    return 1 if left or tally.verdict.wrong or any(map(failed, outcomes)) else 0


def failed(outcome: Outcome) -> bool:
    """Whether a scenario shows something wrong."""
    silent = not outcome.left_out and not all(outcome.faults.values())
    return bool(silent or outcome.broken or outcome.verdict.wrong)


def figures_of(tally: Tally, outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    """What build/chaos.json holds."""
    verdicts = [tally.verdict, *(outcome.verdict for outcome in outcomes)]
    faults = Counter(tally.faults)
    for outcome in outcomes:
        faults.update({f"{outcome.name}: {name}": times for name, times in outcome.faults.items()})
    return {
        "points": len(tally.visits),
        "fired": len(tally.fired),
        "kills": tally.kills + sum(outcome.kills for outcome in outcomes),
        "faults": dict(sorted(faults.items())),
        "lost": sum(len(verdict.lost) for verdict in verdicts),
        "doubled": sum(len(verdict.doubled) for verdict in verdicts),
        "out_of_order": sum(len(verdict.out_of_order) for verdict in verdicts),
        "site": sum(len(verdict.site) for verdict in verdicts),
        "evenings": tally.evenings,
        "seconds": seconds,
    }


def print_table(tally: Tally, visits: Counter[str], outcomes: Sequence[Outcome], figures: dict[str, Any]) -> None:
    """Points by group, faults by name, further scenarios, and what came of it all."""
    print(f"{'points':<44} {'named':>7} {'fired':>7} {'kills':>7} {'visits of a chat':>17}")
    for group in GROUPS:
        here = [point for point in tally.visits if group_of(point) == group]
        died = [tally.fired[point] for point in here]
        met = sum(visits[point] for point in here)
        print(f"  {group:<42} {len(here):>7,} {sum(map(bool, died)):>7,} {sum(died):>7,} {met:>17,}")
    print(f"{'faults':<44} {'struck':>7}")
    for name, times in sorted(tally.faults.items()):
        print(f"  {name:<42} {times:>7,}")
    for outcome in outcomes:
        state = outcome.left_out or "; ".join([*outcome.broken, *outcome.verdict.wrong]) or "held"
        print(f"{outcome.name:<44} {outcome.kills:>7,} kills: {state}")
        for name, times in sorted(outcome.faults.items()):
            print(f"  {name:<42} {times:>7,}")
    print(
        f"{figures['evenings']} evenings, {figures['kills']:,} kills, {figures['fired']} of {figures['points']} points"
        f" fired in {figures['seconds']:,} s: {figures['lost']} lost, {figures['doubled']} doubled,"
        f" {figures['out_of_order']} out of order, {figures['site']} faults of the site"
    )


if __name__ == "__main__":
    sys.exit(main())
