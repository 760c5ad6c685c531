"""Recall: of all that teachers said in public, how much is kept; and is anything kept that may not be?

One evening on the real Bluesky network and on a strict Mastodon-API server. Simulated teachers answer in every way
there is, take things back, change them, and come late; they know what they said, and that is the truth. Three houses,
copies of one folder, read the same evening at the same time:

- ``stream``: the loop as ``staffroom run`` runs it, with its streams and the readings that go with them;
- ``polling``: the same loop where no server offers a stream;
- ``sweep``: ``staffroom tick`` from time to time, which only reads.

One loop at a time runs, the stream's first: the teachers talk at the pace of a thousand posts an hour on each network,
then in a burst of ten a second. What is kept is read from the public side of the store, the pages' own query, by words
that only one post has; when it was kept, from the database file.

Latency is about the posts that the network tells of: on Bluesky all, on Mastodon those with the hashtag or a mention
of the bot. A reply on Mastodon that mentions nobody is only found by reading its thread, in its own time (see
``recall_calls.py``). So it is, in polling, with a Bluesky reply below an earlier question: notifications tell of most.
"""

import itertools
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bot.runner import Loop
from bot.tick import House
from tests.bench.world import play
from tests.bench.world.evening import QUESTIONS, Evening, evening
from tests.bench.world.teachers import Said, Talk
from tests.bench.world.truth import Watch, p99, recall, shown_marks, wrongly_kept

WAYS = ("stream", "polling", "sweep")
AN_HOUR = 1_000  # posts of a network, at the pace of the first part
PACED = 36.0  # seconds of it
BURST = {"stream": 30.0, "polling": 8.0}  # seconds of the second part
BURST_PACE = 10  # posts of a network in a second of it
LATE = 12
ORPHANS = 5
CHANGED = 0.05
LIMITS = {"stream": 5.0, "polling": 30.0}
PATIENCE = 40.0  # seconds a loop gets for what it was told of
NEVER = 999.0
BETWEEN = timedelta(minutes=2, seconds=1)


@dataclass
class Reading:
    """One way of reading the evening: its folder, its house, and what was seen in its database.

    Attributes:
        readings: when it began to read all threads, in monotonic seconds.
        began, paced, ended: when the chat began that its loop heard, went on without a pace, and ended, likewise.
    """

    way: str
    folder: Path
    house: House
    watch: Watch
    readings: list[float] = field(default_factory=list)
    began: float = 0.0
    paced: float = 0.0
    ended: float = 0.0

    def was_to_find(self, said: Said) -> bool:
        """Whether a post that stands could be found in this way.

        A reply that lost the post above it is shown by no thread. It could be read until then; or it was told.
        """
        if not said.orphaned_at or (self.way == "stream" and said.told):
            return True
        return any(said.at < when < said.orphaned_at for when in self.readings)

    def is_told(self, said: Said) -> bool:
        """Whether the network tells its loop of a post: by a stream, or when it asks every 25 seconds."""
        asked = self.way == "stream" or said.network == "mastodon" or said.kind in ("hashtag", "quote")
        return said.public and said.told and self.began <= said.at and (asked or said.in_thread_of == QUESTIONS)


def rows() -> list[dict[str, Any]]:
    """The table's rows."""
    with evening() as made, ExitStack() as stack:
        talks = made.talks()
        readings = {way: stack.enter_context(_reading(made, way)) for way in WAYS}
        _the_evening(made, talks, readings)
        return [
            *(_recall_row(made, reading, talk) for reading in readings.values() for talk in talks),
            _precision_row(made, talks, list(readings.values())),
            *(_latency_row(readings[way], talks) for way in LIMITS),
        ]


# -- the evening -------------------------------------------------------------------------------------------------
def _the_evening(made: Evening, talks: Sequence[Talk], readings: dict[str, Reading]) -> None:
    """Let it all happen."""
    scripts = {talk.network: play.Script(talk) for talk in talks}

    def acts(talk: Talk, many: int) -> Iterator[play.Act]:
        return (scripts[talk.network].next_act() for _ in range(many))

    def chat(reading: Reading) -> None:
        """First at the pace of a chat, then of a burst."""
        reading.began = time.monotonic()
        play.everywhere(talks, lambda talk: play.pace(talk, acts(talk, round(AN_HOUR * PACED / 3600)), PACED))
        reading.paced = time.monotonic()
        burst = BURST[reading.way]
        play.everywhere(talks, lambda talk: play.pace(talk, acts(talk, round(BURST_PACE * burst)), burst))
        play.everywhere(talks, lambda talk: play.perform(talk, play.decoys(talk, 1)))
        reading.ended = time.monotonic()
        _wait(reading, talks)

    with _loop(readings["stream"]):
        made.wait_for_streams()
        chat(readings["stream"])
        _read_all(made, readings)
        play.everywhere(talks, lambda talk: play.perform(talk, play.changes(talk, CHANGED)))
        play.everywhere(talks, lambda talk: play.orphans(talk, ORPHANS))
        _wait(readings["stream"], talks)
    with _loop(readings["polling"]):
        chat(readings["polling"])
    made.clock.move_to(made.ends_at)
    _read_all(made, readings)
    play.everywhere(talks, lambda talk: play.perform(talk, acts(talk, LATE)))
    made.clock.move_to(made.ends_at + timedelta(hours=2, minutes=1))
    _read_all(made, readings)


def _wait(reading: Reading, talks: Sequence[Talk]) -> None:
    """Give a loop time for what the networks told while it ran."""
    told = [one for talk in talks for one in talk.standing() if reading.is_told(one)]
    reading.watch.wait_for(lambda: [one.first_mark for one in told], PATIENCE)


def _read_all(made: Evening, readings: dict[str, Reading]) -> None:
    """Every house does what is due by now; for the sweeping one, two minutes have passed."""
    made.clock.move_to(made.clock.now() + BETWEEN)
    for reading in readings.values():  # not at once: they share what the bot's server fetches for whom
        reading.readings.append(time.monotonic())
        troubles = made.settled_tick(reading.house).troubles
        assert not troubles, troubles


@contextmanager
def _loop(reading: Reading) -> Iterator[None]:
    """Run a house's loop."""
    loop = Loop(reading.house, partial(_told, reading.way))
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join()


def _told(way: str, line: str) -> None:
    """Print what a loop says, but for its figures."""
    if "new answers" not in line and not line.startswith(("pages", "sent")):
        print(f"{way}: {line}", file=sys.stderr)


@contextmanager
def _reading(made: Evening, way: str) -> Iterator[Reading]:
    folder = made.copy(way)
    with made.house(folder, deaf=way != "stream") as house, Watch(folder) as watch:
        yield Reading(way, folder, house, watch)


# -- what came of it ---------------------------------------------------------------------------------------------
def _recall_row(made: Evening, reading: Reading, talk: Talk) -> dict[str, Any]:
    standing = talk.standing()
    wanted, missed = recall(filter(reading.was_to_find, standing), shown_marks(reading.house, made.chat))
    if missed:
        kinds = {kind: len(list(some)) for kind, some in itertools.groupby(sorted(one.kind for one in missed))}
        print(f"{reading.way}, {talk.network}: missed {kinds}", file=sys.stderr)
    return {
        "name": f"recall_{reading.way}_{talk.network}",
        "ours": wanted - len(missed),
        "reference": wanted,
        "reference_name": f"public answers ({len(standing) - wanted} more that no thread ever showed)",
        "unit": "answers kept",
        "ratio": round((wanted - len(missed)) / wanted, 4),
        "goal": 1.0,
        "better": "higher",
    }


def _precision_row(made: Evening, talks: Sequence[Talk], readings: Sequence[Reading]) -> dict[str, Any]:
    kept = wrong = 0
    for reading in readings:
        shown = shown_marks(reading.house, made.chat)
        reading.house.store.close()
        wrongly = wrongly_kept(talks, shown, reading.folder)
        kept, wrong = kept + len(shown), wrong + len(wrongly)
        if wrongly:
            by_mark = {one.mark: one.kind for talk in talks for one in talk.said}
            print(f"{reading.way}: kept {[by_mark.get(mark, 'changed') for mark in wrongly]}", file=sys.stderr)
    return {
        "name": "precision",
        "ours": kept - wrong,
        "reference": kept,
        "reference_name": f"answers kept in {len(readings)} ways of reading, among posts not to be kept",
        "unit": "kept rightly",
        "ratio": round((kept - wrong) / kept, 4),
        "goal": 1.0,
        "better": "higher",
    }


def _latency_row(reading: Reading, talks: Sequence[Talk]) -> dict[str, Any]:
    parts: dict[str, list[float]] = {}
    for said in (one for talk in talks for one in talk.said if reading.is_told(one) and one.at <= reading.ended):
        when = "at the pace of a chat" if said.at <= reading.paced else "in a burst"
        kept_at = reading.watch.kept_at.get(said.first_mark, said.at + NEVER)
        parts.setdefault(f"{said.network}, {when}", []).append(kept_at - said.at)
    for part, some in parts.items():
        print(
            f"{reading.way}, {part}: p99 {p99(some):.1f} s, median {median(some):.1f} s of {len(some)}", file=sys.stderr
        )
    seconds = p99([each for some in parts.values() for each in some])
    limit = LIMITS[reading.way]
    return {
        "name": f"latency_{reading.way}_p99",
        "ours": round(seconds, 2),
        "reference": limit,
        "reference_name": "the limit; from the API's answer to the row, of posts the networks tell of",
        "unit": "seconds",
        "ratio": round(seconds / limit, 2),
        "goal": 1.0,
        "better": "lower",
    }


if __name__ == "__main__":
    for row in rows():
        print(row)
