"""One of the processes that play evenings and scenarios side by side for `make chaos`."""

import os
import random
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

from chaos.evening import SQLITE, Network, Servers, open_evening
from chaos.explorer import GROUPS, Explorer, Tally
from chaos.lives import Nursery
from chaos.oracle import Verdict
from chaos.scenario import Outcome, Place
from networks.bluesky_server import BlueskyNetwork
from networks.jetstream import Jetstream
from networks.mastodon_server import MastodonServer
from networks.postgres_server import PostgresServer
from networks.run import ServerRun

DIARIES = Path("build")
"""Where the lives of an evening are told of in which something went wrong."""


@dataclass(frozen=True)
class Task:
    """One evening to play; see `Explorer`."""

    seed: int
    kills: int
    postgres: bool = False
    ways: tuple[str, ...] = ("tick",)
    groups: tuple[str, ...] = GROUPS
    depth: int = 0
    wrongs: tuple[tuple[Network, str], ...] = ()
    known: Tally = field(default_factory=Tally)


_HERE: dict[str, Any] = {}


def begin() -> None:
    """What a process needs for all its evenings; it ends with the one that started it, in whatever way that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which ends this one
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    run = ServerRun.join()
    _HERE["postgres"] = PostgresServer(**run.info("postgres"))
    _HERE["nursery"] = _nursery()
    bluesky = BlueskyNetwork(**run.info("bluesky"))
    jetstream = Jetstream(bluesky.pds_url).__enter__()
    _HERE["servers"] = Servers(bluesky, MastodonServer(**run.info("mastodon")), jetstream)


def _nursery() -> Nursery:
    return Nursery([_HERE["postgres"].fresh_database()])


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    _end()


def _end(*_: object) -> None:
    if "nursery" in _HERE:
        _HERE["nursery"].strike()
    os._exit(1)


def play(task: Task) -> Tally:
    """Play an evening; what went wrong with the harness itself counts as wrong, too."""
    explorer = Explorer(
        task.known, random.Random(task.seed), task.groups, task.ways, wrongs=list(task.wrongs), depth=task.depth
    )
    database = _HERE["postgres"].fresh_database() if task.postgres else SQLITE
    try:
        with (
            tempfile.TemporaryDirectory(prefix="staffroom-chaos-") as place,
            open_evening(
                Path(place), _HERE["servers"], _HERE["nursery"], database=database, regretting=True, trying=True
            ) as evening,
        ):
            explorer.play(evening, kills=task.kills)
    except AssertionError as error:
        explorer.played.verdict.lost.append(str(error))
        _HERE["nursery"].kill()  # what it would say next is about that evening
        _HERE["nursery"] = _nursery()
    finally:
        if task.postgres:
            _HERE["postgres"].drop_database(database)
    tally = explorer.played
    if tally.verdict.wrong:
        DIARIES.mkdir(exist_ok=True)
        lines = "\n".join([*explorer.diary, *tally.verdict.wrong])
        (DIARIES / f"chaos-{task.seed}.txt").write_text(f"{lines}\n", encoding="utf-8")
    tally.verdict = Verdict(*([f"seed {task.seed}: {line}" for line in lines] for lines in tally.verdict.lists()))
    return tally


def stage(scenario: Callable[[Place], Outcome], seed: int) -> Outcome:
    """Play one scenario; one that could not be played to its end is broken, and the others go on."""
    with tempfile.TemporaryDirectory(prefix="staffroom-chaos-", ignore_cleanup_errors=True) as place:
        try:
            return scenario(Place(Path(place), _HERE["servers"], _HERE["nursery"], _HERE["postgres"], seed))
        except Exception as error:  # noqa: BLE001 - whatever it was, it belongs into the table
            traceback.print_exc()
            return Outcome(scenario.__name__, broken=[f"{type(error).__name__}: {error}"])
