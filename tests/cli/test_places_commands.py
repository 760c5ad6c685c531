"""`archive`, `status` and `doctor` with other places: a real repository, a real command, one that is out of order."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli.cli_world import STAFFROOM, folder_with, said, staffroom

from bot.bootstrap import doctor
from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import read_settings
from bot.bootstrap.places import FOLDER
from bot.tick import LOCK

COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], dirs_exist_ok=True)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "remote.git")], check=True)
    publish = f"""\
publish:
  - git: file://{tmp_path}/remote.git
  - command: [{sys.executable}, -c, "{COPY}", "{{site}}", {tmp_path}/copy]
  - s3: edchat-archive
    endpoint: http://127.0.0.1:1
"""
    return folder_with(tmp_path / "bot", STAFFROOM + publish)


def test_the_archive_goes_to_every_place_that_works(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = staffroom("archive", "-C", folder)
    assert result.exit_code == 0
    _, git, command, s3 = result.stdout.splitlines()
    site = {path.relative_to(folder / "site").as_posix() for path in (folder / "site").rglob("*") if path.is_file()}
    assert git == f"git: {len(site)} files put there, 0 removed."
    assert command == f"command: {len(site)} files put there, 0 removed."
    assert s3.startswith("s3: its keys are missing; set STAFFROOM_S3_KEY and STAFFROOM_S3_SECRET in the environment.")
    listed = ["git", "--git-dir", str(tmp_path / "remote.git"), "ls-tree", "-r", "--name-only", "pages"]
    assert set(subprocess.run(listed, capture_output=True, text=True, check=True).stdout.splitlines()) == site
    assert (tmp_path / "copy" / "index.html").read_bytes() == (folder / "site" / "index.html").read_bytes()
    assert (folder / FOLDER / "git.git" / "HEAD").is_file()

    monkeypatch.setenv("STAFFROOM_S3_KEY", "planted-access-key")
    monkeypatch.setenv("STAFFROOM_S3_SECRET", "planted-secret-key")
    again = staffroom("archive", "-C", folder).output
    assert "git: 0 files put there, 0 removed" in again
    assert "s3: the storage cannot be reached. It is tried again." in again
    assert "planted" not in again


def test_status_says_how_each_place_fares(folder: Path) -> None:
    before = staffroom("status", "-C", folder).output
    assert "git: nothing was brought there yet." in before
    staffroom("archive", "-C", folder)
    after = staffroom("status", "-C", folder).output
    assert "git: up to date; something changed there last at" in after
    assert "s3: not up to date since" in after
    assert "its keys are missing" in after
    told = said(staffroom("status", "-C", folder, "--json"))["places"]
    assert [(one["name"], bool(one["error"])) for one in told] == [("git", False), ("command", False), ("s3", True)]


def test_beside_a_running_bot_other_places_are_left_to_it(folder: Path, tmp_path: Path) -> None:
    store, now = open_store_of(read_settings(folder)), datetime.now(UTC)
    assert store.hold_lock(LOCK, "another", now, now + timedelta(minutes=5))
    assert "it brings the other places up to date" in staffroom("archive", "-C", folder).output
    assert (folder / "site" / "index.html").is_file()
    assert not (tmp_path / "copy").exists()


def test_doctor_looks_at_every_place(folder: Path, tmp_path: Path) -> None:
    def found() -> dict[str, tuple[str, str]]:
        return {one.subject: (one.state, one.message) for one in doctor.examine_places(read_settings(folder))}

    assert found()["git"] == ("note", "the repository answers; the branch is made with the first push")
    staffroom("archive", "-C", folder)
    assert found()["git"] == ("well", "pages can be put there")
    assert found()["command"][0] == "note"
    assert found()["s3"][0] == "wrong"
    shutil.rmtree(tmp_path / "remote.git")
    assert found()["git"][0] == "wrong"
