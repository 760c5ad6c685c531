"""The container file and compose: linted, without root, with a file system that cannot be written to."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from networks.yard import HERE, NOT_INSTALLED, node_installed
from ruamel.yaml import YAML

from bot.cli import main

ROOT = Path(__file__).parents[2]
CONTAINERFILE = ROOT / "deploy" / "Containerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"


def instructions(file: Path = CONTAINERFILE) -> list[tuple[str, str]]:
    """The instructions of a container file, continued lines joined, comments left out."""
    text = "\n".join(line for line in file.read_text().splitlines() if not line.startswith("#"))
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def services() -> dict[str, Any]:
    """The services of the compose file."""
    found: dict[str, Any] = YAML(typ="safe").load(COMPOSE)["services"]
    return found


def test_the_container_file_is_without_fault() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, CONTAINERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_is_without_fault() -> None:
    if not node_installed("dclint"):
        pytest.fail(NOT_INSTALLED, pytrace=False)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [HERE / "node_modules" / ".bin" / "dclint", "--max-warnings", "0", COMPOSE],
        capture_output=True, text=True, check=False, env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_it_does_not_run_as_root() -> None:
    last = instructions()[max(place for place, (name, _) in enumerate(instructions()) if name == "FROM") :]
    users = [value for name, value in last if name == "USER"]
    assert users == ["10001:10001"]
    assert services()["bot"]["user"] == users[0]


def test_it_holds_what_the_program_needs_and_nothing_else() -> None:
    copied = {word for name, value in instructions() if name == "COPY" for word in value.split()[:-1]}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    ours = {word for word in copied if not word.startswith(("-", "/"))}
    assert ours == allowed
    assert all((ROOT / word).exists() for word in ours)


def test_every_download_is_checked_against_its_hash() -> None:
    (building,) = (value for name, value in instructions() if name == "RUN" and "pip install" in value)
    assert "--require-hashes" in building
    assert "--constraint constraints.txt --build-constraint constraints.txt" in re.sub(r"\s+", " ", building)


def test_the_command_it_starts_exists() -> None:
    (told,) = (value for name, value in instructions() if name == "CMD" and "urllib" not in value)
    command, *options = re.findall(r'"([^"]+)"', told)
    known = {spelling for one in main.commands[command].params for spelling in one.opts}
    assert {option for option in options if option.startswith("-")} <= known
    (health,) = (value for name, value in instructions() if name == "HEALTHCHECK")
    assert f":{options[-1]}/healthz" in health


def test_the_bot_can_write_in_its_folder_and_nowhere_else() -> None:
    bot = services()["bot"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in bot["security_opt"]
    assert [one["target"] for one in bot["volumes"]] == ["/srv/staffroom"]


def test_no_secret_stands_in_the_compose_file() -> None:
    for service in services().values():
        for name, value in service["environment"].items():
            secret = re.search("PASSWORD|TOKEN|DATABASE", name) is not None
            assert not secret or str(value).startswith("/run/secrets/")
    kept = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    assert {"deploy/chats", "deploy/secrets"} <= kept


def test_the_database_is_reached_by_nobody_else() -> None:
    database = services()["database"]
    assert "ports" not in database
    assert database["networks"] == ["inside"]
    assert YAML(typ="safe").load(COMPOSE)["networks"]["inside"] == {"internal": True}
