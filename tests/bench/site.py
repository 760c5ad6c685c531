"""The whole site, and one chat of it, against Eleventy: the same answers, in pages of the same kind.

Eleventy is given each chat's own ``chat.json`` as a file and makes of it the chats' pages, the series' page, the home
page and a feed, with Nunjucks. It reads no database, and asks the disk to keep nothing (no fsync). All figures are CPU
time, all threads together: a busy machine changes wall time more than anything that is measured here. That hides what
a disk takes to keep our files, and that Node.js lets a thread or two help. Four rows, for what the two do is not the
same:

``site_full_vs_eleventy``: a command from start to end, into an empty folder, for those pages alone. Ours
reads a real SQLite store, plans every page, makes these, and puts each in place by a rename; it settles nothing either.
The goal was set for two processes and fragments of pages that are kept for the next time. We have neither
(``docs/decisions/0025-one-process-makes-all-pages.md``), and miss it.

``site_whole_verb_vs_eleventy``: the same for all that our verb makes: beside pages also each chat's data, table,
picture and download, and all is settled on disk. The peer's side is the same as above: it makes none of these. The goal
is what we reach.

``site_one_chat_vs_eleventy``: one more answer in a chat, by the whole verb in a process that goes on, as in ``run``,
against Eleventy's full build: a bot that called Eleventy would run that whenever something changed. As seven of eight
answers there, it has no link; one that has makes the page of a year's links as well, and takes a third longer.

``site_one_chat_vs_watching``: the same against an Eleventy that stays, watches its files and makes only what changed
(``--incremental``). It knows from one file what to make. Ours finds out from the store, plans every page, makes the
chat's page, data, table and download beside the lists that tell of it, and settles them. The goal is what we reach.

Each time every planted answer must stand in its chat's page, on both sides. 200 chats and not 500, which takes far
longer and says the same (3.1, 5.6, .04 and .9 were measured). ``make bench`` installs Eleventy into
``tests/bench/eleventy``.
"""

import json
import os
import random
import re
import resource
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.publishing.targets import FolderTarget
from bot.services.archive import archive
from bot.storage.store import open_store
from tests.bench.archive import World, renderer, world
from tests.bench.chat_page import words
from tests.networks.yard import node

CHATS, ANSWERS = 200, 300
CHANGES = 5
WHOLE_VERB, ONE_CHAT = 7, 3
"""Goals of the rows that compare unlike things: what we reached, with room for a busy machine."""

LONGEST = 240
"""Seconds after which Eleventy is given up."""

HERE = Path(__file__).parent / "eleventy"
COMMAND = HERE / "node_modules/@11ty/eleventy/cmd.cjs"
_PLANTED = re.compile(r"planted-(\d+-\d+)")
_PEERS = re.compile(r"(?:edchat/(?:[\d-]+/)?)?index\.html|feed\.xml|look\.css")
"""What Eleventy makes."""

_WROTE = re.compile(r"Wrote (\d+) files? ")


def rows() -> list[dict[str, Any]]:
    """The table's rows."""
    with world(CHATS, ANSWERS, _say()) as ours, tempfile.TemporaryDirectory() as folder:
        whole = _ours(ours, "everything", ours.folder)
        theirs = Peer(Path(folder) / "theirs", ours.folder)
        full = theirs.build()
        pages = _ours(ours, "pages", Path(folder) / "ours")
        expected = {f"{chat}-{number}" for chat in range(CHATS) for number in range(ANSWERS)}
        assert _planted(ours.folder) == _planted(Path(folder) / "ours") == _planted(theirs.out) == expected
        assert _files(Path(folder) / "ours") == _files(theirs.out)
        one, again = _changed(ours, theirs)
    of = f"of {CHATS} chats with {ANSWERS} answers each"
    built, watching = f"Eleventy's full build {of}", f"Eleventy, watching its pages {of}"
    return [
        _row("site_full_vs_eleventy", (pages, full), built, 0.6),
        _row("site_whole_verb_vs_eleventy", (whole, full), built, WHOLE_VERB),
        _row("site_one_chat_vs_eleventy", (one, full), built, 0.05),
        _row("site_one_chat_vs_watching", (one, again), watching, ONE_CHAT),
    ]


def _row(name: str, seconds: tuple[float, float], against: str, goal: float) -> dict[str, Any]:
    ours, reference = seconds
    return {
        "name": name,
        "ours": round(ours * 1000),
        "reference": round(reference * 1000),
        "reference_name": against,
        "unit": "ms CPU",
        "ratio": round(ours / reference, 3),
        "goal": goal,
        "better": "lower",
    }


class Peer:
    """Eleventy in a folder of its own.

    Args:
        folder: where.
        archived: our archive, whose data it is given.
    """

    def __init__(self, folder: Path, archived: Path) -> None:
        self.folder, self.out = folder, folder / "out"
        folder.mkdir()
        for name in ("package.json", "eleventy.config.js"):
            shutil.copy(HERE / name, folder)
        shutil.copytree(HERE / "site", folder / "site")
        shutil.copy(archived / "look.css", folder)
        for file in sorted(archived.glob("*/*/chat.json")):
            self.tell(file)

    def tell(self, data: Path) -> None:
        """Give it a chat's data: as front matter, so that a chat is one file and what changed is known."""
        file = self.folder / "site/chats" / f"{data.parent.name}.njk"
        file.write_text(f"---json\n{json.dumps(json.loads(data.read_bytes()), ensure_ascii=False)}\n---\n", "utf-8")

    def build(self) -> float:
        """Make everything; gives the CPU seconds it took."""
        return _took(self._command(), self.folder)

    @contextmanager
    def watching(self) -> Iterator["Watching"]:
        """Let it watch its folder; ends with it."""
        command = [*self._command(), "--watch", "--incremental"]
        with subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                yield Watching(process)
            finally:
                process.kill()  # it has no children

    def _command(self) -> list[str]:
        return [node(), str(COMMAND), "--input=site", "--output=out", "--quiet"]


class Watching:
    """An Eleventy that watches."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._read(re.compile("Watching"))

    def wrote(self) -> None:
        """Wait until it has written."""
        assert int(self._read(_WROTE)[1]) >= 1

    def took(self) -> float:
        """CPU seconds it took until now (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html)."""
        told = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return sum(map(int, told[11:13])) / os.sysconf("SC_CLK_TCK")

    def _read(self, wanted: re.Pattern[str]) -> re.Match[str]:
        giving_up = threading.Timer(LONGEST, self._process.kill)
        giving_up.start()
        try:
            assert self._process.stdout
            for line in self._process.stdout:
                if found := wanted.search(line):
                    return found
        finally:
            giving_up.cancel()
        raise AssertionError("Eleventy ended or hung")


def _say() -> Any:
    """Answers in the words of our own pages; every eighth has a link."""
    known = words()

    def say(chat: int, number: int) -> str:
        chance = random.Random(chat * 1000 + number)
        start, many = chance.randrange(len(known) - 40), chance.randint(10, 40)
        link = f" https://example.org/{chance.randrange(1000)}" if number % 8 == 0 else ""
        return f"planted-{chat}-{number} {' '.join(known[start : start + many])}{link}"

    return say


def _ours(ours: World, what: str, folder: Path) -> float:
    """CPU seconds of our command, in a process of its own."""
    return _took([sys.executable, "-m", "tests.bench.site", what, ours.url, str(folder)], Path.cwd())


def _took(command: Sequence[str], folder: Path) -> float:
    """CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=LONGEST, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _build(what: str, url: str, folder: str) -> None:
    store, target = open_store(url, pepper_source=lambda: secrets.token_bytes(32)), FolderTarget(Path(folder))
    if what == "everything":
        archive(store, renderer(), target)
    else:
        content = lru_cache(maxsize=1)(store.content)
        for page in renderer().pages(store.chats(), store.figures()):
            if _PEERS.fullmatch(page.path):
                target.write(page.path, page.render(content))
    store.close()


def _changed(ours: World, theirs: Peer) -> tuple[float, float]:
    """CPU seconds each takes for one more answer in a chat: our median of several, and the peer's mean."""
    ones = []
    ours.archive()
    with theirs.watching() as eleventy:
        before = eleventy.took()
        for change in range(CHANGES):
            chat = CHATS // 2 + change
            ours.add(chat, range(ANSWERS, ANSWERS + 1))
            done, seconds = ours.archive()
            ones.append(seconds)
            assert 2 <= done.written <= 12, done
            page = f"{ours.chats[chat].id}/index.html"
            theirs.tell(ours.folder / page.replace("index.html", "chat.json"))
            eleventy.wrote()
            planted = f"planted-{chat}-{ANSWERS} "
            assert all(planted in (out / page).read_text(encoding="utf-8") for out in (ours.folder, theirs.out))
        others = (eleventy.took() - before) / CHANGES
    return statistics.median(ones), others


def _files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def _planted(folder: Path) -> set[str]:
    found = [_PLANTED.findall(file.read_text(encoding="utf-8")) for file in folder.glob("edchat/*/index.html")]
    return {one for some in found for one in some}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _build(*sys.argv[1:])
    else:
        for row in rows():
            print(row)
