"""The whole site, and one chat of it, against Eleventy: the same answers, in pages of the same kind.

``site_full_vs_eleventy``: wall seconds from a command's start to its end, into an empty folder. Ours reads a real
SQLite store and writes all that the verb writes, each page settled on disk: beside pages also each chat's data, table,
picture and download. Eleventy is given each chat's own ``chat.json`` and makes the chats' pages, the series' page, the
home page and a feed, with Nunjucks, and settles nothing.

``site_one_chat_vs_eleventy``: one more answer in a chat. Ours is the whole verb in a process that goes on, as it is in
``run``; Eleventy watches, with ``--incremental``, and what counts is the time it says it took itself.

Each time every planted answer must stand in its chat's page, on both sides. 200 chats and not 500: filling a store with
so many answers would take longer than what is measured. ``make bench`` installs Eleventy into ``tests/bench/eleventy``.
"""

import json
import os
import random
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
LONGEST = 240
"""Seconds after which Eleventy is given up."""

HERE = Path(__file__).parent / "eleventy"
COMMAND = HERE / "node_modules/@11ty/eleventy/cmd.cjs"
_PLANTED = re.compile(r"planted-(\d+-\d+)")
_WROTE = re.compile(r"Wrote (\d+) files? .*in ([\d.]+) seconds")


def rows() -> list[dict[str, Any]]:
    """The table's rows."""
    with world(CHATS, ANSWERS, _say()) as ours, tempfile.TemporaryDirectory() as folder:
        full = _ours(ours)
        theirs = Peer(Path(folder), ours.folder)
        whole = theirs.build()
        expected = {f"{chat}-{number}" for chat in range(CHATS) for number in range(ANSWERS)}
        assert _planted(ours.folder) == expected == _planted(theirs.out)
        one, again = _changed(ours, theirs)
    of = f"of {CHATS} chats with {ANSWERS} answers each"
    common = {"better": "lower"}
    return [
        {
            "name": "site_full_vs_eleventy",
            "ours": round(full, 2),
            "reference": round(whole, 2),
            "reference_name": f"Eleventy's pages {of}",
            "unit": "s",
            "ratio": round(full / whole, 3),
            "goal": 0.6,
        }
        | common,
        {
            "name": "site_one_chat_vs_eleventy",
            "ours": round(one * 1000),
            "reference": round(again * 1000),
            "reference_name": f"Eleventy, watching its pages {of}",
            "unit": "ms",
            "ratio": round(one / again, 3),
            "goal": 0.05,
        }
        | common,
    ]


class Peer:
    """Eleventy in a folder of its own.

    Args:
        folder: where.
        archived: our archive, whose data it is given.
    """

    def __init__(self, folder: Path, archived: Path) -> None:
        self.folder, self.out = folder, folder / "out"
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
        """Make everything; gives the seconds it took."""
        start = time.perf_counter()
        done = subprocess.run(self._command(), cwd=self.folder, capture_output=True, timeout=LONGEST, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return time.perf_counter() - start

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

    def wrote(self) -> tuple[int, float]:
        """Wait until it has written; how many files it wrote, and the seconds it says that took."""
        found = self._read(_WROTE)
        return int(found[1]), float(found[2])

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


def _ours(ours: World) -> float:
    """Seconds of our command, in a process of its own."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "tests.bench.site", ours.url, str(ours.folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    return time.perf_counter() - start


def _build(url: str, folder: str) -> None:
    store = open_store(url, pepper_source=lambda: secrets.token_bytes(32))
    archive(store, renderer(), FolderTarget(Path(folder)))
    store.close()


def _changed(ours: World, theirs: Peer) -> tuple[float, float]:
    """Seconds each takes for one more answer in a chat; the median of several."""
    ones, others = [], []
    ours.archive()
    with theirs.watching() as eleventy:
        for change in range(CHANGES):
            chat = CHATS // 2 + change
            ours.add(chat, range(ANSWERS, ANSWERS + 1))
            start = time.perf_counter()
            done, _ = ours.archive()
            ones.append(time.perf_counter() - start)
            assert 2 <= done.written <= 12, done
            page = f"{ours.chats[chat].id}/index.html"
            theirs.tell(ours.folder / page.replace("index.html", "chat.json"))
            written, seconds = eleventy.wrote()
            assert written >= 1
            others.append(seconds)
            planted = f"planted-{chat}-{ANSWERS} "
            assert all(planted in (out / page).read_text(encoding="utf-8") for out in (ours.folder, theirs.out))
    return statistics.median(ones), statistics.median(others)


def _planted(folder: Path) -> set[str]:
    found = [_PLANTED.findall(file.read_text(encoding="utf-8")) for file in folder.glob("edchat/*/index.html")]
    return {one for some in found for one in some}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _build(*sys.argv[1:])
    else:
        for row in rows():
            print(row)
