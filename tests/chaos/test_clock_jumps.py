"""Whatever the clock does, each prompt is said once, in order, and never before the clock shows its time."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from chaos.clock import (
    HOUR,
    JUMPS,
    MINUTE,
    NIGHTS,
    WEEKS,
    WHOLE,
    heard,
    jumping_stage,
    jumps,
    live_through,
    stops_at,
    wrong_times,
)
from services.stage import START

from bot.domain.posts import NetworkName
from bot.domain.schedule import planned_chats

NETWORKS: tuple[NetworkName, ...] = ("bluesky", "mastodon")


@pytest.mark.parametrize("name", JUMPS)
def test_a_clock_that_jumps_in_mid_chat(tmp_path: Path, name: str) -> None:
    moments, wanted = JUMPS[name]
    stage = jumping_stage(tmp_path)
    live_through(stage, START + timedelta(hours=2.5), jumps(*moments, stage=stage), stops=stops_at(*moments))
    for network in NETWORKS:
        assert [one.text for one in heard(stage, network)] == wanted
        assert wrong_times(stage, network) == []


def test_a_jump_while_a_network_is_away(tmp_path: Path) -> None:
    stage = jumping_stage(tmp_path)
    jump = jumps((18, -HOUR), stage=stage)

    def happen(true: datetime) -> None:
        stage.servers["mastodon"].offline = START + 3 * MINUTE <= true < START + 17 * MINUTE
        jump(true)

    live_through(stage, START + timedelta(hours=2.5), happen, by=MINUTE)
    assert [one.text for one in heard(stage, "mastodon")] == WHOLE
    assert wrong_times(stage, "mastodon") == []


@pytest.mark.parametrize("name", [*NIGHTS, *WEEKS])
def test_a_night_on_which_the_clocks_change(tmp_path: Path, name: str) -> None:
    series, wanted = {**NIGHTS, **WEEKS}[name]
    chats = planned_chats(series)
    stage = jumping_stage(tmp_path, series, chats[0].starts_at)
    live_through(stage, chats[-1].ends_at + 5 * MINUTE, by=timedelta(hours=6))
    for network in NETWORKS:
        said = [one for one in heard(stage, network) if one.text != "and thanks"]
        assert [f"{one.at:%dT%H:%M} {one.text}" for one in said] == wanted
