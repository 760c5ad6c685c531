"""The archive on a branch: against real repositories, over the file system and over HTTP."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from unit.git_host import git_host

from bot.errors import PlaceError
from bot.ports import Brought
from bot.publishing.gitbranch import GitBranch
from bot.publishing.original import Original

WORDS = "words that were taken back"
PAGES = {"index.html": "home", "look.css": "body {}", "edchat/2027-01-07/index.html": f"<p>{WORDS}</p>"}


class World:
    """A site's folder, a bare repository, and what git says of it."""

    def __init__(self, folder: Path) -> None:
        self.site, self.remote, self.home = folder / "site", folder / "remote.git", folder / "bot" / "git.git"
        self.address = f"file://{self.remote}"
        self.git("init", "--quiet", "--bare", str(self.remote))
        self.git("--git-dir", str(self.remote), "config", "http.receivepack", "true")
        self.write(PAGES)
        self.original = Original(self.site)

    def git(self, *words: str) -> str:
        env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return subprocess.run(["git", *words], env=env, check=True, capture_output=True).stdout.decode(errors="replace")

    def there(self, *words: str) -> str:
        return self.git("--git-dir", str(self.remote), *words)

    def write(self, files: dict[str, str]) -> None:
        for path, text in files.items():
            (self.site / path).parent.mkdir(parents=True, exist_ok=True)
            (self.site / path).write_text(text)

    def branch(self, **changes: str) -> GitBranch:
        given = {"address": self.address, "branch": "pages"} | changes
        return GitBranch(name="web", site=self.site, home=self.home, **given)

    def bring(self, branch: GitBranch | None = None) -> Brought:
        return (branch or self.branch()).bring(self.original.prints(), 60)

    def files(self, branch: str = "pages") -> dict[str, str]:
        names = self.there("ls-tree", "-r", "--name-only", branch).splitlines()
        return {name: self.there("show", f"{branch}:{name}") for name in names}

    def tip(self) -> str:
        return self.there("rev-parse", "pages").strip()

    def kept(self) -> str:
        """Everything that our own small repository holds, in clear."""
        words = ("--git-dir", str(self.home), "cat-file", "--batch-all-objects", "--batch")
        return self.git(*words)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_branch_holds_the_site_as_one_commit_without_a_parent(world: World) -> None:
    assert world.bring() == Brought(put=3)
    assert world.files() == PAGES
    assert world.there("rev-list", "--parents", "pages").split() == [world.tip()]
    world.write({"index.html": "home 2", "new/index.html": "new"})
    assert world.bring() == Brought(put=2)
    assert world.files() == PAGES | {"index.html": "home 2", "new/index.html": "new"}
    assert world.there("rev-list", "--parents", "pages").split() == [world.tip()]


def test_the_same_site_is_the_same_commit_and_nothing_is_sent(world: World) -> None:
    world.bring()
    tip = world.tip()
    assert world.bring() == Brought()
    shutil.rmtree(world.home)
    assert world.bring() == Brought()
    assert world.tip() == tip


def test_what_was_erased_is_in_no_history_and_not_in_our_own_repository(world: World) -> None:
    world.bring()
    assert WORDS not in world.kept()
    old = world.tip()
    world.write({"edchat/2027-01-07/index.html": "<p>An answer was removed</p>"})
    assert world.bring() == Brought(put=1)
    assert WORDS not in world.kept()
    assert "An answer was removed" not in world.kept()
    assert WORDS not in world.there("log", "-p", "--all")
    assert old in world.there("fsck", "--unreachable", "--no-reflogs")  # a host keeps it until it tidies up
    (world.site / "edchat/2027-01-07/index.html").unlink()
    assert world.bring() == Brought(removed=1)
    assert set(world.files()) == {"index.html", "look.css"}


def test_only_what_changed_is_sent(world: World) -> None:
    world.write({f"edchat/{number}/index.html": os.urandom(2000).hex() for number in range(50)})
    world.bring()
    world.there("repack", "-a", "-d", "-q")
    world.write({"index.html": "home 2"})
    assert world.bring() == Brought(put=1)
    sent = [file for file in (world.remote / "objects").rglob("*") if len(file.name) == 38]
    assert 0 < sum(file.stat().st_size for file in sent) < 6000  # the page, lists of names, the commit


def test_a_branch_that_vanished_is_made_again(world: World) -> None:
    world.bring()
    world.there("update-ref", "-d", "refs/heads/pages")
    world.there("prune", "--expire=now")
    assert world.bring().put == 3
    assert world.files() == PAGES


def test_a_lost_or_damaged_repository_of_ours_is_made_again(world: World) -> None:
    world.bring()
    world.write({"index.html": "home 2"})
    shutil.rmtree(world.home)
    assert world.bring() == Brought(put=3)
    world.write({"index.html": "home 3"})
    for folder in (world.home / "objects").glob("[0-9a-f][0-9a-f]"):
        for file in folder.iterdir():
            file.chmod(0o600)
            file.write_bytes(b"damaged")
    assert world.bring().put == 3
    assert world.files()["index.html"] == "home 3"


def test_somebody_elses_branch_is_left_alone(world: World, tmp_path: Path) -> None:
    work = tmp_path / "work"
    world.git("clone", "--quiet", world.address, str(work))
    (work / "thesis.txt").write_text("years of work")
    who = ("-c", "user.name=Sam", "-c", "user.email=sam@example.org")
    world.git("-C", str(work), "add", ".")
    world.git("-C", str(work), *who, "commit", "--quiet", "-m", "all I have")
    world.git("-C", str(work), "push", "--quiet", "origin", "HEAD:refs/heads/pages")
    with pytest.raises(PlaceError, match=r"the branch pages holds what Staffroom did not put there.*`branch:`"):
        world.bring()
    assert world.files() == {"thesis.txt": "years of work"}
    assert world.bring(world.branch(branch="archive")) == Brought(put=3)
    assert not list(world.home.parent.glob("*.look"))


def test_a_failed_push_leaves_no_words_behind_and_the_next_one_works(world: World) -> None:
    world.bring()
    hook = world.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no room at all >&2\nexit 1\n")
    hook.chmod(0o755)
    world.write({"index.html": f"<p>{WORDS}, again</p>"})
    with pytest.raises(PlaceError, match="no room at all"):
        world.bring()
    assert WORDS not in world.kept()
    hook.unlink()
    assert world.bring() == Brought(put=1)
    assert WORDS in world.files()["index.html"]


def test_a_repository_that_is_not_there_is_told_in_words(world: World) -> None:
    with pytest.raises(PlaceError, match="git failed"):
        world.bring(world.branch(address=f"file://{world.remote}-elsewhere"))


def test_two_processes_do_not_use_our_repository_at_once(world: World) -> None:
    world.bring()
    with world.home.with_suffix(".lock").open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        world.write({"index.html": "home 2"})
        assert world.bring() == Brought(left=1)
    assert world.bring() == Brought(put=1)


@pytest.mark.parametrize("address", ["ext::sh -c touch% /tmp/never", "--upload-pack=touch never"])
def test_an_address_that_would_run_a_program_is_refused_by_git_too(world: World, address: str) -> None:
    with pytest.raises(PlaceError):
        world.bring(world.branch(address=address))
    assert not Path("never").exists()


def test_a_host_over_http_wants_its_token(world: World) -> None:
    secret = "t0ken-that-nobody-sees"
    with git_host(world.remote.parent, f"staffroom:{secret}") as host:
        address = f"{host}/remote.git"
        assert world.bring(world.branch(address=address, token=secret)) == Brought(put=3)
        world.write({"index.html": "home 2"})
        assert world.bring(world.branch(address=address, token=secret)) == Brought(put=1)
        assert world.files()["index.html"] == "home 2"
        with pytest.raises(PlaceError, match=r"STAFFROOM_WEB_TOKEN") as caught:
            world.bring(world.branch(address=address, token="wrong-" + secret))
        assert secret not in str(caught.value)
        with pytest.raises(PlaceError, match=r"STAFFROOM_WEB_TOKEN"):
            world.bring(world.branch(address=address))
    settings = "".join(path.read_text() for path in (world.home / "config", world.home / "HEAD"))
    assert secret not in settings


def test_a_host_that_does_not_answer_holds_nobody_up_for_long(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    with pytest.raises(PlaceError, match="did not end within 1 seconds, and was stopped"):
        world.branch().bring(world.original.prints(), 0.1)
