"""What the explorer never asks of the bot, because nobody could do it."""

import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from chaos.explorer import Explorer, Tally

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
