"""Commands as users run them: in this process, or as a process of their own where signals and imports matter."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import renderer_of, target_of
from bot.cli import main
from bot.clock import SystemClock
from bot.config import load_staffroom
from bot.services.archive import archive
from bot.storage.store import SqlStore

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "cli"

STAFFROOM = """\
database: sqlite:///staffroom.db
contact: chats@example.org
controller: Teachers of Example
site: {title: Chats, address: "https://chats.example.org", folder: site, language: en}
networks:
  bluesky: {handle: chats.example.org}
  mastodon: {server: "https://social.example.org"}
"""

SERIES = """\
title: Ed Chat
hashtag: EdChat
timezone: America/New_York
every: thursday
at: 20:00
length: 40 minutes
terms: ["2027-01-04 to 2027-01-29"]
announce: [1 hour]
chats:
  - date: 2027-01-07
    topic: Feedback that pupils use
    questions:
      - What does feedback look like in your room when nobody is watching, and what would a pupil say of it?
      - ask: Which of these would you drop first?
        poll: [Ticks, Levels]
  - date: 2027-01-14
    topic: Homework
    questions: [What homework have you stopped setting?]
"""


def staffroom(*words: str | Path, answers: str = "") -> Result:
    """Run a command here. A bug is raised, as a traceback would be; `answers` is what a person types."""
    result = CliRunner().invoke(main, [str(word) for word in words], input=answers, prog_name="staffroom")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def said(result: Result) -> Any:
    """What a command printed for scripts; it must have ended well, and printed nothing else."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def command(*words: str | Path) -> list[str]:
    """A command as a process."""
    return [sys.executable, "-m", "bot", *map(str, words)]


def process(*words: str | Path, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command as a process and wait for its end."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
    return subprocess.run(
        command(*words), capture_output=True, text=True, check=False, timeout=120, env=environment, cwd=ROOT
    )


def folder_with(target: Path, staffroom_yaml: str = STAFFROOM, series_yaml: str = SERIES) -> Path:
    """A bot's folder with one series."""
    (target / "series").mkdir(parents=True)
    (target / "staffroom.yaml").write_text(staffroom_yaml, encoding="utf-8")
    (target / "series" / "edchat.yaml").write_text(series_yaml, encoding="utf-8")
    return target


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of which nothing is kept yet."""
    return folder_with(tmp_path / "bot")


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A test's own copy of the folder that its module fills once, in a fixture `template`."""
    return shutil.copytree(template, tmp_path / "bot", symlinks=True)


def open_store(folder: Path) -> SqlStore:
    """A folder's store, with all that only the real one can do."""
    store = open_store_of(load_staffroom(folder))
    assert isinstance(store, SqlStore)
    return store


def publish(folder: Path) -> None:
    """What the `archive` command does, without planning the folder's own series over what a test stored."""
    settings = load_staffroom(folder)
    store = open_store(folder)
    archive(store, renderer_of(settings, SystemClock()), target_of(settings))
    store.close()


def golden(name: str, text: str) -> None:
    """Compare with a golden text; STAFFROOM_GOLDEN=1 writes it anew."""
    path = GOLDEN / name
    if os.environ.get("STAFFROOM_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def files(folder: Path, but: Sequence[str] = ()) -> dict[str, bytes]:
    """Every file below a folder with its bytes, those in some top-level entries left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in but
    }


def lasting(site: Mapping[str, bytes]) -> dict[str, bytes]:
    """A site's files but for the lists that Pagefind shuffles, and what names them; the words and hits stay."""
    return {path: data for path, data in site.items() if not path.endswith((".pf_filter", ".pf_meta", "-entry.json"))}


def rows_in(database: Path) -> list[str]:
    """All that stands in a database; its bytes may differ, because whoever leaves last empties the log into it."""
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())
