"""A PostgreSQL server of our own that dies by SIGKILL, all of it at once, and comes back on the same port and data."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from chaos.disk import MOMENTS, play, unsaid
from chaos.sandboxed import Evening
from chaos.scenario import Outcome, Place
from networks.postgres_server import SERVANT, USER, PostgresServer, start
from networks.yard import Leashed, Yard, wait_for
from sqlalchemy import Engine, create_engine, text

from bot.errors import StoreError
from bot.tick import House, tick


class Cluster:
    """The server; ``deaths`` counts how often it was killed."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._data = yard.folder / "postgres"
        self.deaths = 0
        self.server = PostgresServer(**start(yard))
        # The role's setting comes before the server's own: what was committed has to be there after a SIGKILL.
        with psycopg.connect(self.server.plain_url("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER ROLE {USER} SET synchronous_commit = on")  # type: ignore[arg-type]
        self.url = self.server.fresh_database()

    def kill(self) -> None:
        """End every process of it at once, as when the machine's memory runs out or somebody's patience."""
        master = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        self._command = Path(f"/proc/{master}/cmdline").read_bytes().decode().split("\0")[:-1]
        os.kill(master, signal.SIGSTOP)  # so that it starts no other child meanwhile
        children = _children(master)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os.kill(master, signal.SIGKILL)
        self.deaths += 1
        # Until its parent has heard of its death its number is taken, and a new server believes that it still runs;
        # and while a child is still about to end, that the old one's memory is in use.
        wait_for(lambda: not _there(master) and not any(map(_at_work, children)), seconds=60, pause=0.005)

    def revive(self) -> None:
        """Start it again on what it left, and wait until it answers."""
        servant = SERVANT if os.geteuid() == 0 else None
        process: Leashed = self._yard.run(f"postgresql-{self.deaths}", self._command, stop_signal="INT", user=servant)
        process.until(self._answers, seconds=60)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.server.plain_url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _at_work(pid: int) -> bool:
    """Whether a process has not ended yet; one that has, and nobody asked about, still has its number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A server that nobody else uses."""
    folder = Path(tempfile.mkdtemp(prefix="staffroom-postgres-"))
    folder.chmod(0o711)  # started by root it runs as another user, in a folder below
    yard = Yard(folder, lambda _name: {})
    try:
        yield Cluster(yard)
    finally:
        yard.stop_all()
        shutil.rmtree(folder, ignore_errors=True)


class Killer:
    """Kills the server around a commit: just before it, or when it has taken effect and its answer is still out."""

    def __init__(self, cluster: Cluster, engine: Engine) -> None:
        self._cluster = cluster
        self._commit = engine.dialect.do_commit
        self.left: int | None = None
        self.in_doubt = 0
        self.undone = 0
        engine.dialect.do_commit = self._committing  # type: ignore[method-assign]

    def _committing(self, connection: Any) -> None:
        if self.left is None or self.left > 0:
            self.left = self.left - 1 if self.left else self.left
            self._commit(connection)
            return
        self.left = None
        if (self.in_doubt + self.undone) % 2:
            self._commit(connection)
            self.in_doubt += 1
            self._cluster.kill()
            message = "server closed the connection unexpectedly"
            raise psycopg.OperationalError(message)
        self.undone += 1
        self._cluster.kill()
        self._commit(connection)  # finds nobody


def play_killed(evening: Evening, cluster: Cluster, *, each: int, moments: tuple[int, ...] = MOMENTS) -> Killer:
    """Play a chat in which the server is killed around every ``each``-th commit, and is there again soon after."""
    killers: list[Killer] = []

    def attempt(house: House, number: int) -> bool:
        if not killers:
            killers.append(Killer(cluster, house.store._engine))  # type: ignore[attr-defined]
        killers[0].left = number * each
        try:
            for account in house.accounts:
                house.deliverer.give_back(account)
            tick(house)
        except StoreError:
            assert killers[0].left is None, "trouble of another kind"
            cluster.revive()
            with contextlib.suppress(StoreError):  # what stands in the pool is dead; all of it is thrown away at once
                house.store.chats()
            evening.clock.move_to(evening.clock.now() + timedelta(seconds=1))
            return False
        through = killers[0].left is not None
        killers[0].left = None
        return through

    play(evening, attempt, moments=moments)
    return killers[0]


def disagreement(evening: Evening, url: str) -> list[str]:
    """What the store calls sent and the networks do not have, or the other way round."""
    engine = create_engine(url)
    with engine.connect() as connection:
        stored = {one for (one,) in connection.execute(text("SELECT remote FROM parts WHERE state = 'sent'"))}
    engine.dispose()
    there = [
        post.ref.id
        for name, account in evening.accounts.items()
        for post in evening.servers[name].posts_of(account.identity().id)
    ]
    missing = [one for one in there if not any(f'"{one}"' in remote for remote in stored)]
    wrong = [f"{one} is out, and the store does not know it" for one in missing]
    if len(stored) != len(there):
        wrong.append(f"the store knows {len(stored)} posts, the networks {len(there)}")
    return wrong


def killed_postgres(place: Place) -> Outcome:
    """For `make chaos`: killed around each commit of a whole chat."""
    outcome = Outcome("PostgreSQL killed around each commit")
    with own_cluster() as cluster:
        evening = Evening(place.folder, database=cluster.url)
        killer = play_killed(evening, cluster, each=1)
        outcome.kills = cluster.deaths
        outcome.faults.update(
            {"killed before a commit": killer.undone, "killed with a commit in doubt": killer.in_doubt}
        )
        outcome.broken = [*unsaid(evening), *disagreement(evening, cluster.url)]
    return outcome
