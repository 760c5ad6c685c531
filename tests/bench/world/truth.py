"""What a house keeps, beside what the teachers know they said: found, missed, and kept against the rules."""

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Self

from bot.tick import House
from tests.bench.world.teachers import Said, Talk

MARK = re.compile(r"\bzq[bm]\d+x[0-9a-f]{8}\b")
LOOK_EVERY = 0.1
"""Seconds from one look at the database to the next: latencies are as exact as this."""


def shown_marks(house: House, chat: str) -> list[str]:
    """Marks of all answers that may be shown, each as often as it stands there; an answer without any is ``""``."""
    found = []
    for answer in house.store.content(chat).answers:
        found += MARK.findall(answer.post.text.text) or [""]
    return found


def recall(said: Iterable[Said], shown: Iterable[str]) -> tuple[int, list[Said]]:
    """How many of these posts were to be found, and those that were not."""
    wanted, there = list(said), set(shown)
    return len(wanted), [one for one in wanted if one.mark not in there]


def wrongly_kept(talks: Sequence[Talk], shown: Sequence[str], folder: Path) -> list[str]:
    """Marks that may stand nowhere and stand in the database's very bytes; what no teacher said; what stands twice."""
    database = b"\0".join(path.read_bytes() for path in sorted(folder.glob("staffroom.db*")))
    kept = [mark for talk in talks for mark in talk.forbidden() if mark.encode() in database]
    known = {one.mark for talk in talks for one in talk.said}
    twice = [mark for mark in set(shown) if shown.count(mark) > 1]
    return [*kept, *(mark for mark in shown if mark not in known), *twice]


class Watch:
    """Notes when each mark is first kept, and when it is first kept no more, by looking at the database itself.

    It reads the file beside the house, as another program would, so nothing the house believes of itself counts.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "staffroom.db"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.kept_at: dict[str, float] = {}
        self.gone_at: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def wait_for(self, marks: Callable[[], Iterable[str]], seconds: float) -> bool:
        """Wait until all these marks are kept; false where some are still missing after so many seconds."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if all(mark in self.kept_at for mark in marks()):
                return True
            time.sleep(LOOK_EVERY)
        return False

    def _look(self) -> None:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as database:
            prints: dict[int, int | None] = {}
            marks: dict[int, str] = {}
            while not self._stop.wait(LOOK_EVERY):
                rows = database.execute("SELECT id, fingerprint, state FROM posts").fetchall()
                now = time.monotonic()
                changed = [row[0] for row in rows if row[0] not in prints or prints[row[0]] != row[1]]
                prints.update({row[0]: row[1] for row in rows})
                for each in changed:
                    found = database.execute("SELECT data FROM posts WHERE id = ?", (each,)).fetchone()
                    mark = "".join(MARK.findall(found[0] or "")[-1:]) if found else ""
                    if marks.get(each, mark) != mark:
                        self.gone_at.setdefault(marks[each], now)
                    if mark:
                        self.kept_at.setdefault(mark, now)
                    marks[each] = mark


def p99(seconds: Sequence[float]) -> float:
    """The value that 99 of 100 do not exceed (the nearest rank)."""
    ordered = sorted(seconds)
    return ordered[max(0, -(-len(ordered) * 99 // 100) - 1)] if ordered else 0.0
