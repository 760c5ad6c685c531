"""The list of erasures as a file: whole lines that last, from several writers, for one database, for half a year."""

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.storage import erasures
from bot.storage.erasures import KEPT, Erasures, Line, Listed, read_list

NOW = datetime(2027, 1, 7, 20, tzinfo=UTC)
ONE, OTHER = "a" * 24, "b" * 24


def line(key: str, days: float = 0) -> Line:
    return Line("gone", NOW + timedelta(days=days), key, "buried")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".staffroom-erasures"


def at(path: Path, days: float = 0) -> Erasures:
    return Erasures(path, lambda: NOW + timedelta(days=days))


def test_what_is_added_is_read_in_order_and_by_its_owner_alone(path: Path) -> None:
    listed = at(path)
    listed.begin(ONE)
    listed.add([line("1"), line("2")])
    listed.add([line("3")])
    assert read_list(path, ONE) == Listed(NOW, (line("1"), line("2"), line("3")))
    assert path.stat().st_mode & 0o777 == 0o600


def test_beginning_again_changes_nothing(path: Path) -> None:
    at(path).begin(ONE)
    before = path.read_bytes()
    at(path, 5).begin(ONE)
    assert path.read_bytes() == before


def test_no_file_tells_nothing(path: Path) -> None:
    assert read_list(path, ONE) == Listed(None)


def test_lines_of_another_database_are_not_ours(path: Path) -> None:
    at(path).begin(ONE)
    at(path).add([line("1")])
    at(path, 1).begin(OTHER)
    at(path, 1).add([line("2")])
    at(path, 2).begin(ONE)
    at(path, 2).add([line("3")])
    assert read_list(path, ONE) == Listed(NOW, (line("1"), line("3")), others=True)
    assert read_list(path, OTHER) == Listed(NOW + timedelta(days=1), (line("2"),), others=True)
    assert read_list(path, "c" * 24) == Listed(None, (), others=True)


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_line_that_a_power_cut_left_half_spoils_no_other(path: Path, cut: int) -> None:
    at(path).begin(ONE)
    at(path).add([line("1"), line("2")])
    path.write_bytes(path.read_bytes()[:-cut])
    at(path).add([line("3")])
    found = read_list(path, ONE)
    assert [one.key for one in found.lines] == (["1", "2", "3"] if cut == 1 else ["1", "3"])
    assert found.damaged == (cut > 1)


def test_what_is_old_is_dropped_and_since_when_it_is_whole_is_known(path: Path) -> None:
    at(path).begin(ONE)
    at(path).add([line("old"), line("young", days=100)])
    at(path, 10).prune(ONE)
    assert len(read_list(path, ONE).lines) == 2, "too early"
    at(path, 190).prune(ONE)
    assert read_list(path, ONE) == Listed(NOW + timedelta(days=190) - KEPT, (line("young", days=100),))
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_list_of_two_databases_is_not_pruned(path: Path) -> None:
    at(path).begin(OTHER)
    at(path).begin(ONE)
    at(path).add([line("old")])
    at(path, 500).prune(ONE)
    assert len(read_list(path, ONE).lines) == 1


def test_who_waits_while_the_file_is_put_anew_writes_into_the_new_one(path: Path) -> None:
    """A writer that opened the old file finds, once it has the lock, that the name belongs to another."""
    at(path).begin(ONE)
    at(path).add([line("old")])
    is_at, asked = erasures._is_at, []

    def first_replaced(descriptor: int, place: Path) -> bool:
        if not asked:
            asked.append(True)
            fresh = place.with_name("fresh")
            fresh.write_bytes(place.read_bytes())
            fresh.replace(place)
        return is_at(descriptor, place)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(erasures, "_is_at", first_replaced)
        at(path).add([line("new")])
    assert [one.key for one in read_list(path, ONE).lines] == ["old", "new"]


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from bot.storage.erasures import Erasures, Line

now = datetime(2027, 1, 7, tzinfo=UTC)
listed = Erasures(Path(sys.argv[1]), lambda: now)
listed.begin("a" * 24)
for number in range(100):
    listed.add([Line("gone", now, f"{sys.argv[2]}{number}", "buried")] * 3)
"""


def test_several_processes_write_whole_lines(path: Path) -> None:
    root = Path(__file__).parents[2]
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], cwd=root) for name in "xyz"]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    found = read_list(path, ONE)
    assert found.damaged == 0
    for name in "xyz":
        assert [one.key for one in found.lines if one.key[0] == name] == [
            f"{name}{number}" for number in range(100) for _ in range(3)
        ]


def test_lines_last_before_adding_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(path).begin(ONE)
    seen = []
    sync = os.fsync

    def look(descriptor: int) -> None:
        seen.append(b'"key":"1"' in path.read_bytes())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    at(path).add([line("1")])
    assert seen == [True]


def test_a_list_that_cannot_be_written_is_told_kindly(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(path).begin(ONE)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot be written: No space left.*Nothing of this step was stored"):
        at(path).add([line("1")])
    monkeypatch.undo()
    assert path.read_bytes().startswith(before)


def test_a_place_that_is_not_there_is_told_kindly(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        at(tmp_path / "unmounted" / "list").begin(ONE)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be read: Is a directory"):
        read_list(tmp_path / "folder", ONE)
