"""PostgreSQL dies in mid-chat and comes back: nothing is lost, nothing is said twice, and the bot goes on."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from chaos.disk import heads, unsaid
from chaos.postgres_killed import Killer, disagreement, own_cluster, play_killed
from chaos.sandboxed import ACCOUNTS, Evening
from chaos.two_bots import SHORT, short_series, wait_until

import bot.runner
from bot.clock import SteppedClock
from bot.runner import Loop


def test_killed_around_commits_of_a_whole_chat(tmp_path: Path) -> None:
    with own_cluster() as cluster:
        evening = Evening(tmp_path, database=cluster.url)
        killer = play_killed(evening, cluster, each=7)
        assert min(killer.in_doubt, killer.undone) >= 3
        assert cluster.deaths == killer.in_doubt + killer.undone
        assert unsaid(evening) == []
        assert disagreement(evening, cluster.url) == []


def test_the_loop_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while the loop commits, away for a second, and killed again: all is said once, in order."""
    monkeypatch.setattr(bot.runner, "SAFETY", timedelta(seconds=0.5))
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    series = short_series(begins)
    with own_cluster() as cluster:
        evening = Evening(tmp_path, database=cluster.url, clock=RealClock(begins))
        with evening.bot() as house:
            killer = Killer(cluster, house.store._engine)  # type: ignore[attr-defined]
            told: list[str] = []
            loop = Loop(replace(house, series=lambda: (series,)), lambda event: told.append(str(event)))
            running = threading.Thread(target=loop.run)
            running.start()
            for prompts in (1, 3):
                wait_until(lambda prompts=prompts: len(evening.said("mastodon")) >= prompts)  # type: ignore[misc]
                killer.left = 2
                wait_until(lambda: killer.left is None)
                time.sleep(1)
                cluster.revive()
            wait_until(lambda: all(len(evening.said(name)) >= len(SHORT) for name in ACCOUNTS))
            loop.stop()
            running.join(30)
        assert cluster.deaths == 2
        assert any("cannot be used" in line for line in told)
        for name in ACCOUNTS:
            assert heads(evening.said(name)) == SHORT
        wait_until(lambda: disagreement(evening, cluster.url) == [], 1)


class RealClock(SteppedClock):
    """The system's."""

    def now(self) -> datetime:
        return datetime.now(UTC)
