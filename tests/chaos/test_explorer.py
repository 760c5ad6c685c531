"""What the explorer never asks of the bot, because nobody could do it."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from chaos.evening import Evening
from chaos.explorer import Explorer, Met, Tally

from bot.config.secrets import read_login, save_login

NOON = datetime(2027, 1, 7, 12, tzinfo=UTC)


def test_nothing_is_sent_twice_on_the_way_to_a_server_that_takes_no_notice_of_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "chaos.explorer.begin", lambda name, _evening, network: SimpleNamespace(name=name, network=network)
    )
    twice, ignored = ("mastodon", "sent twice on the way"), ("mastodon", "keys ignored")
    explorer = Explorer(Tally(), random.Random(1), wrongs=[ignored, twice, ("bluesky", "sent twice on the way")])
    evening = SimpleNamespace(now=NOON, ends=NOON + timedelta(hours=1))
    begun: dict[str, SimpleNamespace] = {}

    explorer._begin(evening, begun)  # type: ignore[arg-type]
    assert {name: one.name for name, one in begun.items()} == {
        "mastodon": "keys ignored",
        "bluesky": "sent twice on the way",
    }
    begun.clear()
    explorer._begin(evening, begun)  # type: ignore[arg-type]

    assert begun == {}
    assert explorer.wrongs == [twice]  # another evening's


def test_after_a_death_that_once_led_to_a_rare_point_nothing_but_that_point_ends_the_next_life() -> None:
    led, rare = "before commit · storage.outbox.free_leases", "after commit · storage.errands.errand_again"
    tally = Tally()
    tally.most.update({led: 1, rare: 1})
    tally.fired[led] = 1
    tally.met = {led: Met(), rare: Met(after=led)}
    explorer = Explorer(tally, random.Random(1), depth=10)

    aims = [explorer._aim(Tally(), led) for _ in range(40)]
    others = [explorer._aim(Tally(), "")["kill"] for _ in range(40)]

    assert [aim["kill"] for aim in aims] == [{rare: 1}] * 40
    assert all(aim["spare"] == [rare, led] and "commit" in aim["groups"] for aim in aims)  # and at what nobody met yet
    assert all(rare in aim for aim in others)
    assert 0 < sum(led in aim for aim in others) < 40
    assert explorer._last_aim(100) == {"kill": {rare: 1}}


def test_a_login_on_one_network_is_renewed_while_the_account_on_the_other_is_suspended(tmp_path: Path) -> None:
    save_login(tmp_path, "bluesky", {"password": "stays"})
    evening = SimpleNamespace(folder=tmp_path, toot=SimpleNamespace(token="new"), sky=None)

    Evening.log_in(evening, "mastodon")  # type: ignore[arg-type]

    assert read_login(tmp_path, "mastodon") == {"token": "new"}
    assert read_login(tmp_path, "bluesky") == {"password": "stays"}
