"""Two bots by mistake on one database: processes of their own, on networks in memory that all of them reach.

    with Yard(folder, database) as yard:
        one, other = yard.bot(now), yard.bot(now + timedelta(minutes=3))
        one.wait(), other.wait()

`Networks` keeps the networks in this process; a thread for each bot does what its accounts ask over a Unix socket.
"""

import json
import os
import pickle
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import msgspec
from chaos.disk import heads
from chaos.folder import write_folder
from chaos.sandboxed import DAY, NETWORKS, PROMPTS, STARTS
from chaos.scenario import Outcome, Place
from services.stage import SERIES

import bot.bootstrap.accounts
import bot.bootstrap.running
import bot.runner
from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import open_house, owner_name, read_settings
from bot.bootstrap.running import running_house
from bot.domain.posts import NetworkName, Post
from bot.domain.series import ChatEntry, Question, Series
from bot.errors import StaffroomError
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.runner import Loop
from bot.tick import tick

ACCOUNTS: tuple[NetworkName, ...] = ("bluesky", "mastodon")
SKEWS = (timedelta(0), timedelta(minutes=3), timedelta(minutes=-3))
MOMENTS = (-30, 0, 28, 40)
VALUES = ("offline", "streams", "silent", "messages", "breaks", "latest")


class Networks:
    """Both networks. ``said`` is what our accounts wrote: network, text, and the process that wrote it."""

    def __init__(self, place: Path, now: Callable[[], datetime]) -> None:
        self.address = str(place / "networks")
        self.said: list[tuple[NetworkName, str, int]] = []
        self.servers = {name: SandboxServer(name, now) for name in ACCOUNTS}
        for server in self.servers.values():
            server.streams = False
        self.out = threading.Event()
        self.answering = threading.Event()
        self.answering.set()
        self._one_at_a_time = threading.Lock()
        self._listener = Listener(self.address, "AF_UNIX")
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Nobody is listened to any more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                line = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: Connection) -> None:
        try:
            pid: int = line.recv()
            while True:
                name, asked, args, given = line.recv()
                try:
                    answer = (True, self._do(pid, self.servers[name], asked, args, given))
                except StaffroomError as error:
                    answer = (False, error)
                line.send(answer)
        except (EOFError, OSError, pickle.UnpicklingError):
            return  # it ended, or was killed in the middle of a word

    def _do(self, pid: int, server: SandboxServer, asked: str, args: Any, given: Any) -> Any:
        if asked in VALUES:
            return getattr(server, asked)
        with self._one_at_a_time:
            before = server.latest
            answer = getattr(server, asked)(*args, **given)
            if asked == "write" and server.latest > before:
                assert isinstance(answer, Post)
                self.said.append((server.name, answer.text.text, pid))
            answer = list(answer) if isinstance(answer, Iterator) else answer
        if asked == "write":
            self.out.set()
            self.answering.wait(60)
        return answer


class _Far:
    """A network's server, far away: every call is made there."""

    def __init__(self, name: NetworkName, line: Connection, turn: threading.Lock, now: Callable[[], datetime]) -> None:
        self.name, self.now, self._line, self._turn = name, now, line, turn

    def __getattr__(self, asked: str) -> Any:
        return self._ask(asked) if asked in VALUES else lambda *args, **given: self._ask(asked, args, given)

    def _ask(self, asked: str, args: Any = (), given: Any = None) -> Any:
        with self._turn:
            self._line.send((self.name, asked, args, given or {}))
            done, answer = self._line.recv()
        if not done:
            raise answer
        return answer


class MovedClock:
    """Real time, moved."""

    def __init__(self, start: datetime) -> None:
        self._offset = start - datetime.now(UTC)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self._offset


# -- in a bot's own process ------------------------------------------------------------------------------------------
def live(order: dict[str, Any]) -> dict[str, Any]:
    """One bot: a tick, with the lock or (as if it had failed) without; or a loop until it stops."""
    folder, clock, told = Path(order["folder"]), MovedClock(datetime.fromisoformat(order["now"])), list[str]()
    line, turn = Client(order["address"], "AF_UNIX"), threading.Lock()
    line.send(os.getpid())

    def connect(_settings: object, account: Any, *_: object) -> Sandbox:
        far: Any = _Far(account.network, line, turn, clock.now)
        return Sandbox(account.key, far, "staffroom")

    lease = timedelta(seconds=order.get("lease", 30))
    with (
        patch.object(bot.bootstrap.accounts, "connect", connect),
        patch.object(bot.bootstrap.running, "LEASE", lease),
        patch.object(bot.runner, "LEASE", lease),
        patch.object(bot.runner, "SAFETY", timedelta(seconds=0.5)),
    ):
        if not order.get("lock", True):
            settings = read_settings(folder)
            accounts = bot.bootstrap.accounts.Accounts(settings, clock)
            house = open_house(settings, open_store_of(settings), accounts, owner_name(), clock)
            return {"troubles": tick(house, publish=False).troubles}
        live_on = "series" in order
        with running_house(folder, lambda event: told.append(str(event)), wait=live_on, clock=clock) as running:
            if running is None:
                return {"locked": True}
            if not live_on:
                return {"troubles": tick(running, publish=False).troubles}
            series: Series = pickle.loads(bytes.fromhex(order["series"]))  # noqa: S301 - our own parent made it
            house = replace(running, series=lambda: (series,))
            loop = Loop(house, lambda event: told.append(str(event)), reread=timedelta(seconds=0.5))
            threading.Timer(order["seconds"], loop.stop).start()
            loop.run()
            return {"told": told, "troubles": ()}


def main() -> None:
    """Fork a bot for each line of JSON, and say when it ended."""
    for asked in sys.stdin:
        order = json.loads(asked)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                Path(order["report"]).write_text(json.dumps(live(order)), encoding="utf-8")
                status = 0
            except BaseException:  # noqa: BLE001 - whatever it was, this life is over
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
            finally:
                os._exit(status)
        print(json.dumps({"pid": pid}), flush=True)
        threading.Thread(target=lambda pid=pid, order=order: _mourn(pid, order["report"]), daemon=True).start()  # type: ignore[misc]


def _mourn(pid: int, report: str) -> None:
    status = os.waitpid(pid, 0)[1]
    Path(f"{report}.ended").write_text(str(status), encoding="utf-8")


# -- in the test's process -------------------------------------------------------------------------------------------
class Bot:
    """A process that runs a bot."""

    def __init__(self, pid: int, report: Path) -> None:
        self.pid = pid
        self._report = report

    def ended(self) -> bool:
        """Whether it is over."""
        return Path(f"{self._report}.ended").exists()

    def wait(self, seconds: float = 90) -> dict[str, Any]:
        """Wait for its end; gives what it had to say."""
        wait_until(self.ended, seconds)
        assert Path(f"{self._report}.ended").read_text() in ("0", ""), "a bot ended with an error; see above"
        found: dict[str, Any] = json.loads(self._report.read_text(encoding="utf-8"))
        return found

    def signal(self, number: signal.Signals) -> None:
        """Stop it, let it go on, or kill it."""
        os.kill(self.pid, number)

    def freeze(self, database: Path) -> None:
        """Stop it (SIGSTOP) between two writes to a SQLite file: one stopped in mid-write lets nobody else write."""
        while True:
            self.signal(signal.SIGSTOP)
            if not _being_written(database):
                return
            self.signal(signal.SIGCONT)
            threading.Event().wait(0.01)


def _being_written(database: Path) -> bool:
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def wait_until(happened: Callable[[], bool], seconds: float = 180) -> None:
    """Wait; an ``AssertionError`` where it does not happen."""
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    while not happened():
        assert datetime.now(UTC) < ends, f"waited {seconds} s in vain"
        threading.Event().wait(0.02)


SHORT = ["welcome", "q1", "q2", "q3", "wrap-up"]


def short_series(begins: datetime) -> Series:
    """A series with one chat of twenty seconds, which says ``SHORT``. ``begins`` is UTC, in whole seconds."""
    questions = (Question("What does it look like?"), Question("Which of these?"), Question("Where does this help?"))
    return msgspec.structs.replace(
        SERIES,
        timezone="Etc/UTC",
        at=begins.time(),
        length=timedelta(seconds=20),
        announce=(),
        chats=(ChatEntry(date=begins.date(), topic="Feedback", questions=questions),),
    )


class Yard:
    """A folder, networks in memory, and bots. Use as a context manager."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self.folder = folder
        self._place = Path(tempfile.mkdtemp(prefix="bots-"))  # a socket's path must be short
        self.networks = Networks(self._place, now)

    def __enter__(self) -> Self:
        paths = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
        environment = {name: value for name, value in os.environ.items() if name != "STAFFROOM_DATABASE"}
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "chaos.two_bots"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.close()
        self._nursery.wait(30)
        self._nursery.stdout.close()
        self.networks.close()
        shutil.rmtree(self._place, ignore_errors=True)

    def bot(self, now: datetime, **orders: Any) -> Bot:
        """Start one, whose clock shows ``now``; ``orders`` as ``live`` takes them."""
        assert self._nursery.stdin
        assert self._nursery.stdout
        report = self._place / secrets.token_hex(4)
        order = {"folder": str(self.folder), "address": self.networks.address, "now": now.isoformat()}
        self._nursery.stdin.write(json.dumps({**order, "report": str(report), **orders}) + "\n")
        self._nursery.stdin.flush()
        return Bot(json.loads(self._nursery.stdout.readline())["pid"], report)

    def texts(self, name: NetworkName) -> list[str]:
        """What our account said, in order."""
        return [text for there, text, _ in self.networks.said if there == name]

    def said_twice(self) -> list[str]:
        """What was written more than once on a network."""
        said = Counter((name, text) for name, text, _ in self.networks.said)
        return [f"{text} on {name}" for (name, text), times in said.items() if times > 1]


def two_bots(place: Place) -> Outcome:
    """For `make chaos`: two ticks at once, at every moment of a chat, with clocks apart, with and without the lock."""
    outcome = Outcome("two bots by mistake on one database")
    databases = {"SQLite": "sqlite:///staffroom.db", "PostgreSQL": place.postgres.fresh_database()}
    for kind, database in databases.items():
        for lock in (True, False):
            folder = place.folder / f"{kind}-{lock}"
            folder.mkdir()
            if kind == "PostgreSQL" and not lock:
                database = place.postgres.fresh_database()  # noqa: PLW2901 - a new one for another chat
            write_folder(folder, database, NETWORKS, DAY.isoformat(), "EdChat")
            outcome.faults[f"{kind}, {'refused by the lock' if lock else 'without the lock'}"] += play_in_pairs(
                folder, outcome.broken, lock=lock
            )
    return outcome


def play_in_pairs(folder: Path, broken: list[str], *, lock: bool) -> int:
    """Play a chat with two bots at each moment; gives how often one was refused (or, without the lock, how often two
    went at it).
    """
    now = [STARTS - timedelta(hours=1)]
    count = 0
    with Yard(folder, lambda: now[0]) as yard:
        yard.bot(now[0]).wait()  # makes tables and plan
        for number, minutes in enumerate(MOMENTS):
            now[0] = STARTS + timedelta(minutes=minutes, seconds=10)
            pair = [yard.bot(now[0] + skew, lock=lock) for skew in (timedelta(0), SKEWS[number % 3])]
            reports = [bot.wait() for bot in pair]
            count += sum("locked" in report for report in reports) if lock else 1
            yard.bot(now[0] + timedelta(minutes=4)).wait()
        for name in ACCOUNTS:
            said = heads(yard.texts(name))
            if said != list(PROMPTS[:-1]):
                broken.append(f"{name} heard {said}")
        broken += yard.said_twice()
    return count


if __name__ == "__main__":
    main()
