"""Cron and CI schedules: they call commands that exist, and keep no database where anybody can read it."""

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.cli import main

DEPLOY = Path(__file__).parents[2] / "deploy"


def schedule() -> dict[str, Any]:
    """The CI schedule, as YAML 1.2 has it."""
    found: dict[str, Any] = YAML(typ="safe").load(DEPLOY / "ci-schedule.yml")
    return found


def test_cron_calls_a_command_that_exists_every_minute() -> None:
    (line,) = (one for one in (DEPLOY / "staffroom.cron").read_text().splitlines() if one and not one.startswith("#"))
    assert line.startswith("* * * * * ")
    (command,) = re.findall(r"/staffroom (\w+) ", line)
    assert command in main.commands


def test_the_schedule_ticks_often_enough_and_one_at_a_time() -> None:
    (cron,) = schedule()["on"]["schedule"]
    every = int(cron["cron"].split()[0].removeprefix("*/"))
    assert every <= 15  # who asks to be left out waits no longer
    assert schedule()["concurrency"] == {"group": "staffroom", "cancel-in-progress": False}


def test_its_database_is_elsewhere_and_its_secrets_are_secrets() -> None:
    steps = schedule()["jobs"]["tick"]["steps"]
    (tick,) = (step for step in steps if step.get("run") == "staffroom tick")
    assert all(re.fullmatch(r"\$\{\{ secrets\.\w+ \}\}", value) for value in tick["env"].values())
    assert "STAFFROOM_DATABASE" in tick["env"]
    kept = [step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")]
    assert kept == ["site"]  # pages, which anybody may read: never the folder in which a database could stand
    assert not any("cache" in step.get("uses", "") or "git push" in step.get("run", "") for step in steps)


def test_it_may_do_nothing_else_in_the_repository() -> None:
    assert schedule()["permissions"] == {"contents": "read"}
