"""A command of the operator's own, and what any program that is run for a place may and may not do."""

import sys
import time
from pathlib import Path

import pytest

from bot.errors import PlaceError
from bot.ports import Brought
from bot.publishing import processes
from bot.publishing.command import Command
from bot.publishing.original import Original, print_of

COPY = "import shutil, sys; shutil.rmtree(sys.argv[2], True); shutil.copytree(sys.argv[1], sys.argv[2])"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site" / "a b").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("home")
    (tmp_path / "site" / "a b" / "it's.txt").write_text("; rm -rf /")
    return tmp_path / "site"


def command(site: Path, *words: str, within: float = 30) -> Command:
    return Command(name="web", words=(sys.executable, *words), site=site, within=within)


def test_a_command_is_given_the_folder_and_no_shell_reads_its_words(site: Path, tmp_path: Path) -> None:
    there = tmp_path / "there; $(touch never)"
    original, place = Original(site), command(site, "-c", COPY, "{site}", str(there))
    assert place.bring(original.prints(), 1) == Brought(put=2)
    assert (there / "a b" / "it's.txt").read_text() == "; rm -rf /"
    assert not Path("never").exists()
    (site / "a b" / "it's.txt").unlink()
    (site / "index.html").write_text("home 2")
    assert place.bring(original.prints(), 1) == Brought(put=1, removed=1)
    assert (there / "index.html").read_text() == "home 2"


def test_a_command_that_fails_tells_its_last_lines(site: Path) -> None:
    lines = (
        "import sys; [print('line', n, file=sys.stderr) for n in range(999)]; print('\\x1b[31mno room'); sys.exit(11)"
    )
    with pytest.raises(PlaceError) as caught:
        command(site, "-c", lines).bring({}, 1)
    said = str(caught.value)
    assert said.endswith("failed (11): line 994 / line 995 / line 996 / line 997 / line 998")
    with pytest.raises(PlaceError, match=r"failed \(3\): \[31mno room$"):
        command(site, "-c", "print('\\x1b[31mno room'); raise SystemExit(3)").bring({}, 1)


def test_a_command_that_failed_is_given_everything_again(site: Path) -> None:
    original = Original(site)
    place = command(site, "-c", "import sys, os; sys.exit(os.path.exists(sys.argv[1] + '/broken'))", "{site}")
    assert place.bring(original.prints(), 1).put == 2
    (site / "broken").write_text("")
    with pytest.raises(PlaceError):
        place.bring(original.prints(), 1)
    (site / "broken").unlink()
    assert place.bring(original.prints(), 1).put == 2


def test_a_command_that_hangs_is_stopped_with_all_that_it_started(site: Path, tmp_path: Path) -> None:
    note = tmp_path / "child"
    script = (
        "import os, subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(note)!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    with pytest.raises(PlaceError, match="did not end within 1 seconds, and was stopped"):
        command(site, "-c", script, within=1).bring({}, 1)
    ends = time.monotonic() + 10
    while time.monotonic() < ends and _lives(int(note.read_text())):
        time.sleep(0.01)
    assert not _lives(int(note.read_text()))


def _lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_command_that_is_not_there_is_told(site: Path) -> None:
    place = Command(name="web", words=("no-such-program-here",), site=site, within=1)
    with pytest.raises(PlaceError, match="no-such-program-here cannot be started: No such file"):
        place.bring({}, 1)


def test_no_secret_of_ours_reaches_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFROOM_BLUESKY_PASSWORD", "hunter22")
    monkeypatch.setenv("RSYNC_PASSWORD", "theirs")
    said = processes.run([sys.executable, "-c", "import os; print(sorted(os.environ))"], seconds=30).decode()
    assert "STAFFROOM_" not in said
    assert "RSYNC_PASSWORD" in said


# -- the site's folder as places copy it ---------------------------------------------------------------------------


def test_a_site_is_read_again_only_where_it_changed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Original(site)
    first = original.prints()
    assert first == {"index.html": print_of(b"home"), "a b/it's.txt": print_of(b"; rm -rf /")}
    read, real = list[str](), Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or real(path))
    assert original.prints() is first
    assert read == []
    (site / "new").write_bytes(b"home")
    (site / "new").replace(site / "index.html")
    assert original.prints() is first
    (site / "new.html").write_text("new")
    assert set(original.prints()) == {*first, "new.html"}
    assert read == ["index.html", "new.html"]


def test_hidden_files_links_and_half_written_ones_are_no_part_of_the_site(site: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (site / "link").symlink_to(tmp_path / "secret")
    (site / "folder").symlink_to(tmp_path)
    for name in (".htpasswd", ".git/config", ".staffroom-0123.tmp", "a\nb", 'a"b', "a\\b"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text("x")
    for name in (".nojekyll", ".well-known/security.txt", "CNAME"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text("y")
    assert set(Original(site).prints()) == {
        "index.html", "a b/it's.txt", ".nojekyll", ".well-known/security.txt", "CNAME"
    }  # fmt: skip


def test_a_folder_that_is_not_there_yet_is_empty_and_one_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert Original(tmp_path / "nowhere").prints() == {}
    assert Original(tmp_path).read("nothing") is None
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PlaceError, match="the site's folder cannot be read: Not a directory"):
        Original(tmp_path / "file").prints()


def test_a_print_is_what_git_and_s3_call_a_file() -> None:
    found = print_of(b"hello\n")
    assert (found.blob, found.md5) == ("ce013625030ba8dba906f756967f9e9ca394464a", "b1946ac92492d2347c6235b4d2611184")
