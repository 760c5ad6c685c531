"""Two bots by mistake on one database: each prompt is said once, in order, by whichever comes first."""

import pickle
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chaos.disk import heads
from chaos.folder import write_folder
from chaos.sandboxed import DAY, NETWORKS
from chaos.two_bots import ACCOUNTS, SHORT, Bot, Yard, play_in_pairs, short_series, wait_until

if TYPE_CHECKING:
    from networks.postgres_server import PostgresServer


@pytest.mark.parametrize(("kind", "lock"), [("sqlite", True), ("sqlite", False), ("postgresql", False)])
def test_two_ticks_at_once_with_clocks_apart(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str, *, lock: bool
) -> None:
    """Without the lock only the leases on deliveries keep them apart."""
    database = "sqlite:///staffroom.db"
    if kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        database = server.fresh_database()
    write_folder(tmp_path, database, NETWORKS, DAY.isoformat(), "EdChat")
    broken: list[str] = []
    count = play_in_pairs(tmp_path, broken, lock=lock)
    assert broken == []
    assert lock or count


def test_a_bot_that_slept_past_its_lease_leaves_it_to_the_other(tmp_path: Path) -> None:
    """SIGSTOP in mid-chat, then SIGCONT, while another took over: the old one says no more, and ends by itself."""
    write_folder(tmp_path, "sqlite:///staffroom.db", NETWORKS, DAY.isoformat(), "EdChat")
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
    series = pickle.dumps(short_series(begins)).hex()
    with Yard(tmp_path, lambda: datetime.now(UTC)) as yard:

        def start() -> Bot:
            return yard.bot(datetime.now(UTC), series=series, lease=2.0, seconds=40)

        first = start()
        wait_until(lambda: len(yard.networks.said) >= 2)  # the welcome is out
        first.freeze(tmp_path / "staffroom.db")
        second = start()
        wait_until(lambda: any(pid == second.pid for *_, pid in yard.networks.said))
        before = len(yard.networks.said)
        first.signal(signal.SIGCONT)
        assert any("took over" in line for line in first.wait()["told"])
        wait_until(lambda: all(len(yard.texts(name)) >= len(SHORT) for name in ACCOUNTS))
        second.signal(signal.SIGKILL)
        assert all(pid == second.pid for *_, pid in yard.networks.said[before:])
        for name in ACCOUNTS:
            assert heads(yard.texts(name)) == SHORT
        assert yard.said_twice() == []
