"""The archive on a branch of a git repository, as many hosts of plain pages want it.

The branch always holds one commit without a parent, put in the place of the one before: no history keeps what was
erased. The commit's every byte follows from the files, so the same archive is the same commit, and a look at the branch
tells whether anything is to be done.

Beside the bot stands a small repository of our own, with the names and ids that the branch holds and, as soon as a push
is over, no file's bytes. From it git knows what need not be sent again.
"""

from __future__ import annotations

import base64
import re
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.domain.places import changes
from bot.errors import PlaceError
from bot.ports import Brought
from bot.publishing import processes

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from bot.domain.places import Print

_WHO = "staffroom@chats.invalid"
_MESSAGE = b"The archive as it is now\n\nStaffroom wrote this commit, and puts the next one in its place.\n"
_WHEN = "946684800 +0000"  # 2000-01-01: a time of its own would make the same files another commit each time
_CHECK = 60.0  # seconds
_ID = re.compile(r"[0-9a-f]{40}")
_LOGIN = re.compile(
    r"authentication failed|could not read (username|password)|permission denied|\b40[13]\b", re.IGNORECASE
)
_DAMAGED = re.compile(
    r"unable to (read|unpack|parse)|bad object|corrupt|loose object|not a valid object|not a git repository"
    r"|could not parse|missing \w+|inflate|invalid object",
    re.IGNORECASE,
)
_ALLOWED = "file:git:http:https:ssh"
_QUIET = ("-c", "gc.auto=0", "-c", "core.logAllRefUpdates=false", "-c", "protocol.version=2")


class GitBranch:
    """A ``ports.Place``: a branch of a repository, which belongs to the archive alone.

    Args:
        name: the place's.
        address: of the repository, as ``git push`` takes it.
        branch: its name; made with the first push.
        site: the site's folder.
        home: where our own small repository is kept.
        user, token: the login for ``https://`` addresses; without a token git's own helpers and keys are asked.
        env: the environment that git runs in; ours without what names secrets, where none is given.
    """

    def __init__(
        self,
        *,
        name: str,
        address: str,
        branch: str,
        site: Path,
        home: Path,
        user: str = "",
        token: str = "",
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._address = address
        self._ref = f"refs/heads/{branch}"
        self._site = site
        self._home = home
        self._env = _environment(processes.harmless() if env is None else env, address, user, token)
        self._ends = 0.0

    def bring(self, wanted: Mapping[str, Print], seconds: float) -> Brought:
        """Make the branch hold these files and nothing else; while another process is at it, that is left to it.

        Raises:
            PlaceError: it could not be done, or the branch holds what somebody else put there.
        """
        self._ends = time.monotonic() + seconds
        tip = self._tip()
        self._home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(self._home.with_suffix(".lock")) as alone:
            if not alone:
                return Brought(left=1)
            try:
                return self._bring(wanted, tip)
            except PlaceError as error:
                if not self._knows(tip) or not _DAMAGED.search(str(error)):
                    raise
                shutil.rmtree(self._home, ignore_errors=True)  # once more, with every file
                return self._bring(wanted, tip)

    def check(self) -> str:
        """Look whether the repository answers, and whose the branch is. Whether it may be written shows a push alone.

        Raises:
            PlaceError: as ``bring``.
        """
        self._ends = time.monotonic() + _CHECK
        tip = self._tip()
        self._home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if tip and not self._knows(tip):
            self._must_be_ours(tip)
        return "" if tip else "the repository answers; the branch is made with the first push"

    def _bring(self, wanted: Mapping[str, Print], tip: str) -> Brought:
        self._prepare()
        if tip and not self._knows(tip):
            self._must_be_ours(tip)
        there = self._files(tip) if self._knows(tip) else {}
        todo = changes(there, {path: one.blob for path, one in wanted.items()})
        try:
            fresh = self._write([path for group in todo.put for path in group])
            blobs = {path: one.blob for path, one in wanted.items()} | fresh
            commit = self._commit(blobs)
            if commit == tip:
                return Brought()
            self._push(commit, tip)
            self._forget_all_but(commit)
        finally:
            self._drop(set(self._loose()) - self._names())
        return Brought(put=len(fresh), removed=len(todo.gone))

    def _tip(self) -> str:
        """The id of the commit that the branch holds; empty where there is no such branch."""
        said = self._git("ls-remote", "--quiet", "--", self._address, self._ref, bare=True).decode()
        ids = [line.split("\t")[0] for line in said.splitlines() if line.endswith(f"\t{self._ref}")]
        if ids and not _ID.fullmatch(ids[0]):
            raise PlaceError("the repository names its objects in a way that is not supported (only SHA-1 is)")
        return ids[0] if ids else ""

    def _must_be_ours(self, tip: str) -> None:
        """Look at a commit that we do not know, without keeping it: the branch may hold somebody's work."""
        look = self._home.with_suffix(".look")
        shutil.rmtree(look, ignore_errors=True)
        try:
            self._git("init", "--quiet", "--bare", "--", str(look), bare=True)
            words = ("fetch", "--quiet", "--depth=1", "--filter=tree:0", "--no-tags", "--", self._address, self._ref)
            self._git(*words, home=look)
            said = self._git("cat-file", "commit", tip, home=look).decode("utf-8", "replace")
        finally:
            shutil.rmtree(look, ignore_errors=True)
        head = said.partition("\n\n")[0].splitlines()
        if any(line.startswith("parent ") for line in head) or not any(
            line.startswith("author ") and f"<{_WHO}>" in line for line in head
        ):
            raise PlaceError(
                f"the branch {self._ref.removeprefix('refs/heads/')} holds what Staffroom did not put there, and that"
                " would be lost. Name another branch under `branch:`, or remove that one"
            )

    def _prepare(self) -> None:
        if not (self._home / "HEAD").is_file():
            shutil.rmtree(self._home, ignore_errors=True)
            self._git("init", "--quiet", "--bare", "--", str(self._home), bare=True)

    def _knows(self, commit: str) -> bool:
        return bool(commit) and self._object(commit).is_file()

    def _files(self, commit: str) -> dict[str, str]:
        said = self._git("ls-tree", "-r", "-z", commit).decode()
        rows = (row.partition("\t") for row in said.split("\0") if row)
        return {path: head.split()[2] for head, _, path in rows}

    def _write(self, paths: list[str]) -> dict[str, str]:
        """Put files into our repository, as they are now; gives their ids."""
        if not paths:
            return {}
        given = "".join(f"{path}\n" for path in paths).encode()
        words = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        ids = self._git(*words, data=given, cwd=self._site).decode().split()
        return dict(zip(paths, ids, strict=True))

    def _commit(self, blobs: Mapping[str, str]) -> str:
        index = self._home / "index.new"
        index.unlink(missing_ok=True)
        rows = "".join(f"100644 {blob}\t{path}\0" for path, blob in sorted(blobs.items())).encode()
        env = {"GIT_INDEX_FILE": str(index)}
        try:
            self._git("update-index", "-z", "--index-info", data=rows, env=env)
            tree = self._git("write-tree", "--missing-ok", env=env).decode().strip()
        finally:
            index.unlink(missing_ok=True)
        return self._git("commit-tree", tree, data=_MESSAGE).decode().strip()

    def _push(self, commit: str, tip: str) -> None:
        """Send it. Git leaves out what stands under a commit it calls shallow, whose files' bytes we do not have."""
        shallow = self._home / "shallow"
        if self._knows(tip):
            shallow.write_text(f"{tip}\n")
        else:
            shallow.unlink(missing_ok=True)
        words = ("push", "--quiet", "--thin", "--no-verify", f"--force-with-lease={self._ref}:{tip}")
        self._git("-c", "pack.window=0", *words, "--", self._address, f"{commit}:{self._ref}")

    def _forget_all_but(self, commit: str) -> None:
        """Keep the commit and its folders' lists of names."""
        rows = self._git("ls-tree", "-r", "-t", "-z", commit).decode().split("\0")
        kept = {row.split()[2] for row in rows if " tree " in row.partition("\t")[0]}
        kept |= {commit, self._git("rev-parse", f"{commit}^{{tree}}").decode().strip()}
        self._drop(set(self._loose()) - kept)

    def _names(self) -> set[str]:
        """Ids of all commits and lists of names that we hold."""
        ids = "".join(f"{one}\n" for one in self._loose()).encode()
        rows = self._git("cat-file", "--batch-check=%(objecttype) %(objectname)", data=ids).decode().splitlines()
        return {row.split()[1] for row in rows if not row.startswith("blob ")}

    def _loose(self) -> Iterable[str]:
        for folder in (self._home / "objects").glob("[0-9a-f][0-9a-f]"):
            for file in folder.iterdir():
                yield folder.name + file.name

    def _drop(self, ids: Iterable[str]) -> None:
        for one in ids:
            self._object(one).unlink(missing_ok=True)

    def _object(self, name: str) -> Path:
        return self._home / "objects" / name[:2] / name[2:]

    def _git(
        self,
        *words: str,
        data: bytes = b"",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        bare: bool = False,
        home: Path | None = None,
    ) -> bytes:
        """Run git in our repository; ``bare`` in none, ``home`` in another one."""
        where = () if bare else (f"--git-dir={home or self._home}",)
        seconds = max(1.0, self._ends - time.monotonic())
        try:
            return processes.run(
                ["git", *_QUIET, *where, *words], seconds=seconds, env={**self._env, **(env or {})}, cwd=cwd, data=data
            )
        except PlaceError as error:
            if _LOGIN.search(str(error)):
                variable = f"STAFFROOM_{re.sub(r'[^A-Z0-9]', '_', self.name.upper())}_TOKEN"
                raise PlaceError(f"{error}. Does {variable}, or the key, allow writing there?") from None
            raise


@contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Let no other process use our repository meanwhile, where the system can see to that; false where one does."""
    with lock.open("ab") as handle:
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
        yield True


def _environment(outer: Mapping[str, str], address: str, user: str, token: str) -> dict[str, str]:
    """What git runs in: it asks nobody, speaks English, and is given a token where nobody can see it."""
    told = {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_ALLOW_PROTOCOL": _ALLOWED,
        "GIT_AUTHOR_NAME": "Staffroom",
        "GIT_AUTHOR_EMAIL": _WHO,
        "GIT_AUTHOR_DATE": _WHEN,
        "GIT_COMMITTER_NAME": "Staffroom",
        "GIT_COMMITTER_EMAIL": _WHO,
        "GIT_COMMITTER_DATE": _WHEN,
    }
    configured = {"http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60"}
    if token:
        login = base64.b64encode(f"{user or 'staffroom'}:{token}".encode()).decode()
        configured |= {f"http.{address}.extraHeader": f"Authorization: Basic {login}", "http.followRedirects": "false"}
    for number, (key, value) in enumerate(configured.items()):
        told |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    told["GIT_CONFIG_COUNT"] = str(len(configured))
    kept = {key: value for key, value in outer.items() if not key.startswith("GIT_") or key == "GIT_SSH_COMMAND"}
    return kept | told
