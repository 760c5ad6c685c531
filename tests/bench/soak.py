"""A year of weekly chats at full speed in one process: memory, file handles and threads stay flat.

One house, as `staffroom rehearse` wires it, lives through 52 chats on a stepped clock: prompts, made-up teachers who
answer, edit and delete, digests, pages; and between two chats a tick every twelve hours, which looks up what is kept.
After each chat the process is asked for its resident memory, open file handles and threads. The reference is the median
of the chats five to twelve, when everything was loaded and used several times; ours is the median of the last eight.

The networks in memory live in the same process and never forget a post, so a part of what grows is theirs.
"""

import gc
import json
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

CHATS = 52
ANSWERS = 40
FIRST = date(2027, 1, 7)
EVERY = timedelta(hours=12)
GOALS = {"memory": 1.1, "handles": 1.0, "threads": 1.0}
UNITS = {"memory": "MB resident", "handles": "open files", "threads": "threads"}


def rows() -> list[dict[str, Any]]:
    """The table's rows, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "tests.bench.soak", name]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    told: list[dict[str, float]] = json.loads(done.stdout)
    assert len(told) == CHATS
    return [_row(name, [one[name] for one in told]) for name in GOALS]


def _row(name: str, values: list[float]) -> dict[str, Any]:
    early, late = median(values[4:12]), median(values[-8:])
    return {
        "name": f"soak_{name}",
        "ours": round(late, 1),
        "reference": round(early, 1),
        "reference_name": "the same process in its third month, of a year of weekly chats",
        "unit": UNITS[name],
        "ratio": round(late / early, 3),
        "goal": GOALS[name],
        "better": "lower",
    }


def _live(folder: Path) -> list[dict[str, float]]:
    """A year; gives what was measured after each chat."""
    from bot.bootstrap import read_settings
    from bot.bootstrap.database import open_store_at
    from bot.bootstrap.sandbox import made_up_teachers, sandbox_house
    from bot.clock import SteppedClock
    from bot.domain.schedule import planned_chats
    from bot.rehearsal import rehearse
    from bot.tick import tick

    _write(folder)
    settings = read_settings(folder)
    (series,) = settings.series
    clock = SteppedClock(datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) - timedelta(days=1))
    house, servers = sandbox_house(settings, series, open_store_at(settings.database), clock, seed=1)
    cast = made_up_teachers()
    measured = []
    start = time.monotonic()
    for number, chat in enumerate(planned_chats(series)):
        while clock.now() + EVERY < chat.starts_at - timedelta(hours=2):
            clock.move_to(clock.now() + EVERY)
            assert tick(house).troubles == ()
        played = rehearse(house, clock, servers, cast, chat=chat.id, answers=ANSWERS, seed=number)
        assert played.troubles == ()
        assert played.answers_collected == played.answers_posted > 0
        measured.append(_measured())
        print(f"chat {number + 1}: {measured[-1]}, {time.monotonic() - start:.0f} s", file=sys.stderr)
    return measured


def _measured() -> dict[str, float]:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "memory": pages * 4096 / 1e6,
        "handles": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
    }


def _write(folder: Path) -> None:
    dates = "".join(
        f"  - date: {FIRST + timedelta(weeks=week)}\n    topic: Week {week + 1}\n    questions:\n"
        "      - What did you try this week?\n      - What will you drop?\n"
        "      - {ask: Which helps most?, poll: [Talking, Reading, Trying]}\n"
        for week in range(CHATS)
    )
    (folder / "series").mkdir()
    (folder / "staffroom.yaml").write_text(
        """\
database: sqlite:///staffroom.db
contact: chats@example.org
controller: Teachers of Example
site: {title: Chats, address: "https://chats.example.org", folder: site, language: en}
networks:
  bluesky: {handle: edchat.example.org}
  mastodon: {server: "https://social.example.org"}
"""
    )
    (folder / "series" / "edchat.yaml").write_text(
        f"""\
title: Ed Chat
hashtag: EdChat
timezone: Europe/London
every: only dates
at: 20:00
length: 40 minutes
digest: {{hold: 0 minutes}}
archive: everyone
chats:
{dates}"""
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_live(Path(sys.argv[1]))))
    else:
        for measured in rows():
            print(measured)
