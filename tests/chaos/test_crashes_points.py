"""The crash points themselves: what they are called, that they are there, and that a life dies where it is told to."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chaos.points import group_of

WRITER = """
import json, os, sys
from pathlib import Path
from chaos.points import Points
from bot.publishing.targets import FolderTarget
orders = json.loads(sys.argv[2])
points = Points(orders.get("kill"), orders.get("spare", ()), orders.get("groups", ()))
points.install(lambda point: print(json.dumps(["died", point]), flush=True))
target = FolderTarget(Path(sys.argv[1]) / "site")
for number in range(3):
    target.write(f"{number}.txt", b"words")
target.settle()
open(Path(sys.argv[1]) / "ours.txt", "w").close()
print(json.dumps(points.visits))
"""
MAKE = "mkdir · publishing.targets._make"
OPEN, REPLACE = "open · publishing.writer.replace", "replace · publishing.writer.replace"


def run(folder: Path, **orders: Any) -> tuple[int, Any]:
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(folder), json.dumps(orders)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_each_is_named_by_what_is_done_and_by_whom_and_counted(tmp_path: Path) -> None:
    status, visits = run(tmp_path)

    assert status == 0
    assert visits == {
        f"before {MAKE}": 1,
        f"after {MAKE}": 1,
        f"before {OPEN}": 3, f"after {OPEN}": 3, f"before {REPLACE}": 3, f"after {REPLACE}": 3,
        "before fsync · publishing.writer.settle": 5, "after fsync · publishing.writer.settle": 5,
    }  # fmt: skip
    assert {group_of(point) for point in visits} == {"file"}


@pytest.mark.parametrize(("moment", "written"), [("before", 1), ("after", 2)])
def test_a_life_dies_at_the_visit_it_is_told(tmp_path: Path, moment: str, written: int) -> None:
    status, said = run(tmp_path, kill={f"{moment} {REPLACE}": 2})

    assert status == -signal.SIGKILL
    assert said == ["died", f"{moment} {REPLACE}"]
    assert len(list(tmp_path.glob("site/[0-9].txt"))) == written


def test_a_life_dies_at_the_first_point_it_does_not_know(tmp_path: Path) -> None:
    known = [f"before {MAKE}", f"after {MAKE}", f"before {OPEN}", f"after {OPEN}", f"before {REPLACE}"]

    status, said = run(tmp_path, spare=known, groups=["file"])

    assert status == -signal.SIGKILL
    assert said == ["died", f"after {REPLACE}"]
    assert run(tmp_path, spare=known, groups=["commit"])[0] == 0


@pytest.mark.parametrize(
    ("point", "group"),
    [
        ("before begin · storage.outbox.claim", "begin"),
        ("after commit · storage.outbox.claim", "commit"),
        ("before checkpoint · storage.running.tidy", "checkpoint"),
        ("after vacuum · storage.running.tidy", "vacuum"),
        ("before request · POST applyWrites · bluesky.adapter._write", "request"),
        ("after answer · POST applyWrites · bluesky.adapter._write", "request"),
        ("after read · WebSocket · bluesky.line.frame", "stream"),
        ("before unlink · publishing.writer.sweep", "file"),
    ],
)
def test_its_name_tells_its_group(point: str, group: str) -> None:
    assert group_of(point) == group


def test_a_whole_chat_has_points_in_all_groups_and_no_name_holds_an_id(an_evening: Any) -> None:
    seen: dict[str, int] = {}
    with an_evening() as evening:
        for way in ("tick", "tick", "tick", "loop"):
            report = evening.start(way=way).finish()
            seen |= report["visits"]
            evening.after(report)
        key = evening.toot.username.removeprefix("chaos")

    assert {group_of(point) for point in seen} == {"begin", "commit", "request", "stream", "file"}
    assert not [point for point in seen if key in point or re.search(r"\d{3}|did:|0x", point)]
    assert {point.split(" ")[0] for point in seen} == {"before", "after"}
