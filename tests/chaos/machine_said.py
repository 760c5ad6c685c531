"""What we said, in the order in which the networks got it, and what has to hold of it after each step."""

import sqlite3
from collections import Counter
from datetime import UTC, datetime
from typing import NamedTuple

from bot.domain.posts import NetworkName

ORDER = ("welcome", "q1", "q2", "wrap-up", "digest")


class Line(NamedTuple):
    """One post of ours: the number of it within its prompt, when it was made (UTC), its id."""

    network: NetworkName
    prompt: str
    number: int
    at: datetime
    remote: str


class Said:
    """All that we ever said. ``revived`` are chats whose order is not known: a refused question got new words."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.revived: set[str] = set()
        self._read = 0
        self._times: Counter[tuple[str, str, int]] = Counter()
        self._latest: dict[tuple[str, str], int] = {}

    def add(self, network: NetworkName, prompt: str, number: int, at: datetime, remote: str) -> None:
        self.lines.append(Line(network, prompt, number, at, remote))

    def check(self, rows: sqlite3.Connection) -> None:
        """Look at what is new: nothing twice, nothing before what comes before it, nothing before its time."""
        for line in self.lines[self._read :]:
            chat, _, key = line.prompt.rpartition("/")
            self._times[line.network, line.prompt, line.number] += 1
            times = self._times[line.network, line.prompt, line.number]
            assert times == 1, f"{line.prompt} {line.number} was said twice on {line.network}"
            place, latest = ORDER.index(key), self._latest.get((line.network, chat), 0)
            assert place >= latest or chat in self.revived, f"{line.prompt} came too late on {line.network}"
            self._latest[line.network, chat] = max(place, latest)
            (due,) = rows.execute("SELECT min(at) FROM prompts WHERE id = ?", (line.prompt,)).fetchone()
            early = line.at < datetime.fromtimestamp(due / 1e6, UTC)
            assert not early or key == "q2", f"{line.prompt} came too early"  # q2 is moved about: its time was another
        self._read = len(self.lines)
