"""A disk that is full: at any write of the database or of a file, and for real where one may be mounted.

A chat is played moment by moment. Each write is refused the first time it is tried, with the very errors that SQLite
and the kernel give, and so is all that comes after it, until the bot has said so and there is room again. So every
write of a whole chat fails once.
"""

import errno
import os
import re
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from chaos.sandboxed import ACCOUNTS, PROMPTS, STARTS, Evening
from chaos.scenario import Outcome, Place
from sqlalchemy import Connection, Engine, event

from bot.errors import StoreError, UserError
from bot.tick import House, tick

MOMENTS = (-60, -30, 0, 5, 16, 27, 40, 161)
"""Minutes from the chat's start at which something is due."""
ANSWERED = 5
"""At this one teachers answer, once the first question is out."""
SETTLED = timedelta(seconds=30)
"""By then after a question is due, it is out on each network, whatever was in the way."""
UNDISTURBED = 10**6
"""An attempt of this number is far from whatever is in the way of the first ones."""
WRITING = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b")
FULL = "database or disk is full"


class Disk:
    """A disk that is full at the first attempt of each write, and stays full until there is room ``again``.

    ``refused`` counts what was refused, by kind. Only while it is ``on`` is a database's disk full.
    """

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.on = False
        self._seen: set[tuple[str, object]] = set()
        self._full = False
        self._said: list[str] = []
        self._renamed = 0

    def again(self) -> None:
        """Somebody made room."""
        self._full = False

    def takes(self, what: str, which: object) -> bool:
        """Whether there is room for this write."""
        self._full |= (what, which) not in self._seen
        self._seen.add((what, which))
        self.refused[what] += self._full
        return not self._full

    def under_database(self, engine: Engine, *, statements: bool = False) -> None:
        """Let commits, and each writing statement where asked for, find the disk full."""
        commit = engine.dialect.do_commit

        def begun(_connection: Connection) -> None:
            self._said.clear()

        def executing(_cursor: Any, statement: str, parameters: Any, _context: object) -> None:
            if WRITING.match(statement):
                self._said.append(f"{statement} {parameters}")
                if self.on and statements and not self.takes("statement", self._said[-1]):
                    raise sqlite3.OperationalError(FULL)

        def committing(connection: Any) -> None:
            # SQLAlchemy commits what only read as well; that writes nothing.
            if self.on and self._said and not self.takes("commit", tuple(self._said)):
                raise sqlite3.OperationalError(FULL)
            commit(connection)

        event.listen(engine, "begin", begun)
        event.listen(engine, "do_execute", executing)
        event.listen(engine, "do_executemany", executing)
        engine.dialect.do_commit = committing  # type: ignore[method-assign]

    @contextmanager
    def under_files(self, folder: Path) -> Iterator[None]:
        """Let what is made, written, renamed or settled below a folder find the disk full."""
        real_sync, real_replace, real_mkdir = os.fsync, Path.replace, Path.mkdir

        def syncing(handle: int) -> None:
            self._must_take("fsync", Path(f"/proc/self/fd/{handle}").readlink().parent)
            real_sync(handle)

        def replacing(path: Path, target: Any) -> Path:
            if _is_below(path, folder):
                self._must_take("rename", self._renamed)
                self._renamed += 1
            return real_replace(path, target)

        def making_folder(path: Path, *rest: Any, **given: Any) -> None:
            if _is_below(path, folder) and not path.exists():
                self._must_take("mkdir", path)
            real_mkdir(path, *rest, **given)

        with (
            patch.object(os, "open", self._opening(folder, os.open)),
            patch.object(os, "fsync", syncing),
            patch.object(Path, "replace", replacing),
            patch.object(Path, "mkdir", making_folder),
        ):
            yield

    def _opening(self, folder: Path, real: Callable[..., int]) -> Callable[..., int]:
        def opening(path: Any, flags: int, *rest: Any, **given: Any) -> int:
            making = bool(flags & os.O_CREAT) and _is_below(path, folder)
            if making:
                self._must_take("open", self._renamed)
            handle = real(path, flags, *rest, **given)
            if making and not self.takes("write", self._renamed):
                full = real("/dev/full", os.O_WRONLY)  # the file is there; what is written to it finds no room
                os.dup2(full, handle)
                os.close(full)
            return handle

        return opening

    def _must_take(self, what: str, which: object) -> None:
        if not self.takes(what, which):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(which))


def _is_below(path: object, folder: Path) -> bool:
    return str(path).startswith(f"{folder}{os.sep}")


def play(
    evening: Evening, attempt: Callable[[House, int], bool], *, moments: tuple[int, ...] = MOMENTS, most: int = 400
) -> int:
    """Play a chat; ``attempt``, told how often it failed, makes one tick and says whether it got through.

    Gives how many failed. After a failure the bot goes on at once, as the loop does; where it has to wait before it
    looks at something again, it does so undisturbed.
    """
    failures = 0
    with evening.bot() as house:

        def undisturbed(_number: int) -> bool:
            return attempt(house, UNDISTURBED)

        for minutes, following in pairwise((*moments, 600)):
            evening.clock.move_to(STARTS + timedelta(minutes=minutes))
            failures += _get_through(partial(attempt, house), most, f"{minutes} minutes after the start")
            if minutes == ANSWERED:  # what is in doubt is looked for a little later; nobody answers what is not there
                failures += _wait(evening, house, undisturbed, evening.clock.now() + SETTLED, most)
                evening.answer("bluesky", "amy", "We stopped marking every page, and nobody missed it.")
                evening.answer("mastodon", "ben", "Levels went first, and then the talk began.")
            failures += _wait(evening, house, undisturbed, STARTS + timedelta(minutes=following), most)
    return failures


def _wait(evening: Evening, house: House, undisturbed: Callable[[int], bool], until: datetime, most: int) -> int:
    """Do what falls due before then; gives how often it did not get through."""
    failures = 0
    while (due := house.store.next_due(evening.clock.now())) and due < until:
        evening.clock.move_to(max(due, evening.clock.now() + timedelta(seconds=1)))
        failures += _get_through(undisturbed, most, "waiting")
    return failures


def _get_through(attempt: Callable[[int], bool], most: int, when: str) -> int:
    """Try until it gets through; gives how often it did not."""
    for number in range(most):
        if attempt(number):
            return number
    message = f"{when}: it does not get through in {most} attempts"
    raise AssertionError(message)


def try_tick(house: House, told: list[str]) -> bool:
    """One tick; what it could not do for want of room is told in one kind line."""
    try:
        for account in house.accounts:
            house.deliverer.give_back(account)  # as the loop does; a tick would be another process
        done = tick(house)
    except (StoreError, UserError) as error:
        told.append(str(error))
        return False
    full = [line for line in done.troubles if FULL in line or "No space" in line]
    told += full
    return not full


def damage(database: Path) -> list[str]:
    """What is wrong with a database: its pages, its references, and what must hold between its rows."""
    with closing(sqlite3.connect(database)) as rows:
        found = [line for (line,) in rows.execute("PRAGMA integrity_check") if line != "ok"]
        found += [f"a reference that leads nowhere: {row}" for row in rows.execute("PRAGMA foreign_key_check")]
        for what, query in RULES.items():
            found += [f"{what}: {row}" for row in rows.execute(query)]
    return found


RULES = {
    "frozen without parts": """SELECT id FROM deliveries d WHERE state = 'frozen'
        AND NOT EXISTS (SELECT 1 FROM parts WHERE delivery = d.id)""",
    "planned with parts": """SELECT id FROM deliveries d WHERE state = 'planned'
        AND EXISTS (SELECT 1 FROM parts WHERE delivery = d.id)""",
    "sent with a part that is not": """SELECT id FROM deliveries d WHERE state = 'sent'
        AND EXISTS (SELECT 1 FROM parts WHERE delivery = d.id AND state <> 'sent')""",
    "a part that was sent without an address": "SELECT delivery FROM parts WHERE state = 'sent' AND remote IS NULL",
    "kept words without an author": "SELECT key FROM posts WHERE state = 'kept' AND (account IS NULL OR data IS NULL)",
    "words that are not kept": """SELECT key FROM posts
        WHERE state <> 'kept' AND (account IS NOT NULL OR data IS NOT NULL)""",
    "a post without a place": """SELECT key FROM posts p WHERE state = 'kept'
        AND NOT EXISTS (SELECT 1 FROM chat_posts WHERE post = p.id AND store)""",
    "a digest's delivery without picks": """SELECT d.id FROM deliveries d JOIN prompts p ON p.id = d.prompt
        WHERE p.kind = 'digest' AND NOT EXISTS (SELECT 1 FROM picks WHERE chat = d.chat)""",
}


def flaws(site: Path) -> list[str]:
    """What is wrong with a site: pages that are not whole, links that lead nowhere."""
    there = {os.path.join(place, name) for place, _, names in os.walk(site) for name in names}  # noqa: PTH118 - thousands
    found = []
    for page in sorted(one for one in there if one.endswith(".html")):
        text = Path(page).read_text(encoding="utf-8")
        if not text.rstrip().endswith("</html>"):
            found.append(f"{page} is half a page")
        targets = _targets(text, str(Path(page).parent))
        nowhere = (one for one in targets if one not in there and f"{one}/index.html" not in there)
        found += [f"{page} leads to {target}, where nothing is" for target in nowhere]
    return found


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


@cache
def _targets(text: str, folder: str) -> frozenset[str]:
    """Files and folders of the same site to which a page leads; most pages are the same at each look."""
    reader = _Links()
    reader.feed(text)
    parts = [urlsplit(link) for link in reader.found]
    within = [unquote(one.path) for one in parts if one.path and not (one.scheme or one.netloc)]
    return frozenset(os.path.normpath(os.path.join(folder, path)) for path in within)  # noqa: PTH118 - as above


def unsaid(evening: Evening) -> list[str]:
    """What is wrong with what our accounts said: something missing, twice, or out of order."""
    found = []
    for name in ACCOUNTS:
        texts = evening.said(name)
        heads = [_head(text) for text in texts]
        told = [head for head in heads if head]
        if told[: len(PROMPTS)] != list(PROMPTS):
            found.append(f"{name} heard {told}")
        if len(set(texts)) != len(texts):
            found.append(f"{name} heard something twice")
    return found


STARTING = {
    "Ed Chat: ": "announce-30m",
    "Welcome": "welcome",
    "Q1 What": "q1",
    "Q2 Which": "q2",
    "Q3 Where": "q3",
    "Thank": "wrap-up",
    "#EdChat: ": "digest",
}


def _head(text: str) -> str:
    return next((prompt for start, prompt in STARTING.items() if text.startswith(start)), "")


def heads(texts: list[str]) -> list[str]:
    """Which prompts these posts are; what only hangs under one is left out."""
    return [head for text in texts if (head := _head(text))]


def full_disk(place: Place) -> Outcome:
    """For `make chaos`: full at each statement and commit, and at each write of a page, of a whole chat."""
    outcome, disk = Outcome("disk full at every write"), Disk()
    folder = place.folder / "refused"
    folder.mkdir()
    evening, told = Evening(folder), list[str]()
    ready = False

    def attempt(house: House, _number: int) -> bool:
        nonlocal ready
        if not ready:
            disk.under_database(house.store._engine, statements=True)  # type: ignore[attr-defined]
            ready = True
        disk.again()
        disk.on = True
        with disk.under_files(evening.folder / "site"):
            through = try_tick(house, told)
        disk.on = False
        outcome.broken += damage(evening.folder / "staffroom.db")
        return through

    play(evening, attempt, most=2000)
    outcome.faults = disk.refused
    outcome.broken += [*unsaid(evening), *flaws(evening.folder / "site")]
    outcome.broken += [f"not one kind line: {line}" for line in told if "\n" in line or str(folder) not in line]
    return outcome


def full_tmpfs(place: Place) -> Outcome:
    """For `make chaos`: a real file system of eight megabytes, filled to its last byte before every tick."""
    outcome = Outcome("a real disk that is full")
    folder = place.folder / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        outcome.left_out = f"no file system may be mounted here: {mounted.stderr.strip()}"
        return outcome
    try:
        evening, told = Evening(folder), list[str]()
        ballast = folder / "ballast"

        def attempt(house: House, number: int) -> bool:
            _fill(ballast, but_for=number * 4096)
            through = try_tick(house, told)
            outcome.faults["full"] += not through
            outcome.broken += damage(folder / "staffroom.db")
            ballast.unlink()
            return through

        play(evening, attempt)
        outcome.broken += [*unsaid(evening), *flaws(folder / "site")]
        outcome.broken += [f"not one kind line: {line}" for line in told if "\n" in line]
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a connection may still be open
    return outcome


def _fill(ballast: Path, but_for: int) -> None:
    """Fill a file system, but for so many bytes."""
    with ballast.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            stream.truncate(max(0, stream.tell() - but_for))
