"""Very many at once: 600 replies in about a second, threads 100 deep and 2,000 wide, an evening of 50,000 answers.

All but the last are read by sweeps alone from real servers, where teachers write through the servers' own APIs. On
Bluesky 600 replies are written within a second or two, by commits of many posts; the Mastodon-API server takes a post
for each request and some thirty a second, so there the burst is as fast as that server is. Seconds are printed.

The rehearsal is a process of its own and goes on meanwhile, on another core.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.world import bulk
from tests.bench.world.evening import Evening, evening
from tests.bench.world.play import everywhere
from tests.bench.world.teachers import Said, Talk
from tests.bench.world.truth import recall, shown_marks

AT_ONCE = 600
DEEP = 100
WIDE = 2_000
REHEARSED = 50_000


def rows() -> list[dict[str, Any]]:
    """The table's rows."""
    with ExitStack() as stack:
        rehearsal = stack.enter_context(_rehearsing())
        made = stack.enter_context(evening())
        on_bluesky, on_mastodon = made.talks()
        taken: dict[str, float] = {}

        def burst(talk: Talk) -> None:
            taken[talk.network] = bulk.reply_at_once(talk, 1, AT_ONCE)
            bulk.nest(talk, 2, DEEP)

        everywhere([on_bluesky, on_mastodon], burst)
        taken["wide"] = bulk.reply_at_once(on_bluesky, 3, WIDE)
        print(
            f"{AT_ONCE} replies were written in {taken['bluesky']:.1f} s on Bluesky, {taken['mastodon']:.1f} s on "
            f"Mastodon; {WIDE} in {taken['wide']:.1f} s on Bluesky",
            file=sys.stderr,
        )
        shown, seconds = _swept(made)
        print(f"one sweep of both networks read and stored {len(shown)} answers in {seconds:.1f} s", file=sys.stderr)
        found = [
            _row(f"burst_{AT_ONCE}_{talk.network}", _of(talk, "burst", 1), shown, "replies written at once")
            for talk in (on_bluesky, on_mastodon)
        ]
        found += [
            _row(f"nesting_{DEEP}_{talk.network}", _of(talk, "deep", 2), shown, "replies, each below the one before")
            for talk in (on_bluesky, on_mastodon)
        ]
        found.append(_row(f"siblings_{WIDE}_bluesky", _of(on_bluesky, "burst", 3), shown, "replies to one post"))
        return [*found, rehearsal()]


def _of(talk: Talk, kind: str, question: int) -> list[Said]:
    return [one for one in talk.said if one.kind == kind and one.question == question]


def _swept(made: Evening) -> tuple[list[str], float]:
    """Marks of all that one sweep brings, and how long it took."""
    with made.house(made.folder) as house:
        made.clock.move_to(made.ends_at)
        made.places.bluesky.settle()
        start = time.monotonic()
        ticked = made.settled_tick(house)
        assert not ticked.troubles, ticked.troubles
        return shown_marks(house, made.chat), time.monotonic() - start


def _row(name: str, said: list[Said], shown: list[str], what: str) -> dict[str, Any]:
    wanted, missed = recall(said, shown)
    return _share(name, wanted - len(missed), wanted, what)


def _share(name: str, ours: int, reference: int, what: str) -> dict[str, Any]:
    return {
        "name": name,
        "ours": ours,
        "reference": reference,
        "reference_name": what,
        "unit": "answers kept",
        "ratio": round(ours / reference, 4),
        "goal": 1.0,
        "better": "higher",
    }


@contextmanager
def _rehearsing() -> Iterator[Callable[[], dict[str, Any]]]:
    """Start a rehearsed hour in a process of its own; gives what waits for its end and makes the row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "bot"
        ours = [sys.executable, "-m", "bot"]
        subprocess.run([*ours, "init", str(folder)], check=True, capture_output=True)
        command = [*ours, "rehearse", "-C", str(folder), "--answers", str(REHEARSED), "--json"]
        report = Path(name) / "report.json"
        start = time.monotonic()
        with report.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)

        def row() -> dict[str, Any]:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            print(
                f"rehearsed {REHEARSED} answers in {time.monotonic() - start:.0f} s ({used.ru_utime:.0f} s CPU), "
                f"at most {used.ru_maxrss / 1024:.0f} MB",
                file=sys.stderr,
            )
            told = json.loads(report.read_bytes())
            assert not told["troubles"], told["troubles"]
            posted, collected = told["answers_posted"], told["answers_collected"]
            return _share(f"rehearse_{REHEARSED}", collected, posted, "answers posted in a rehearsed hour")

        try:
            yield row
        finally:
            if process.returncode is None:  # something else failed
                process.kill()
                process.wait()


if __name__ == "__main__":
    for row in rows():
        print(row)
