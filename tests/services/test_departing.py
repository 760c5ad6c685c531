"""Somebody whose post is gone: did they take it back, are they gone themselves, or do they block us?"""

from pathlib import Path

import pytest
from contract.store_world import everything
from services.stage import CHAT, Stage

from bot.domain.posts import Account, NetworkName, Signals
from bot.domain.richtext import detect
from bot.errors import Unavailable


@pytest.fixture(params=["bluesky", "mastodon"])
def network(request: pytest.FixtureRequest) -> NetworkName:
    return request.param


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.deafen()
    stage.at(-60)
    for minutes in (0, 5):
        stage.at(minutes)
    return stage


def shown(stage: Stage) -> set[str]:
    return {one.post.text.text for one in stage.store.content(CHAT).answers}


def people(stage: Stage, network: NetworkName) -> tuple[Account, Account]:
    """Amy, who said two things, and Ben, who names her."""
    server = stage.servers[network]
    amy, ben = server.create_account("amy"), server.create_account("ben")
    q1 = stage.asked(network, 1)
    for text in ("Amy's first", "Amy's second"):
        server.write(amy.id, detect(text), parent=q1)
    server.write(ben.id, detect(f"As @{amy.handle.lstrip('@')} says", {amy.handle.lstrip("@"): amy.id}), parent=q1)
    stage.at(10)
    assert len(shown(stage)) == 3
    return amy, ben


def first_of(stage: Stage, network: NetworkName, account: Account) -> str:
    return stage.servers[network].posts_of(account.id)[0].ref.id


def test_one_deletion_is_no_departure(stage: Stage, network: NetworkName) -> None:
    amy, _ = people(stage, network)
    stage.servers[network].delete(first_of(stage, network, amy))
    stage.at(13)
    assert shown(stage) == {"Amy's second", f"As @{amy.handle.lstrip('@')} says"}


def test_an_account_that_ended_goes_whole_and_is_not_named_again(stage: Stage, network: NetworkName) -> None:
    amy, _ = people(stage, network)
    stage.servers[network].end_account(amy.id)
    for minutes in (13, 16):  # the second reading meets Ben's answer once more, with her handle in it
        stage.at(minutes)
        assert shown(stage) == {"As @… says"}
        assert amy.handle.lstrip("@") not in everything(stage.store)


def test_a_block_counts_as_leaving(stage: Stage, network: NetworkName) -> None:
    amy, _ = people(stage, network)
    server = stage.servers[network]
    server.change_signals(amy.id, Signals(blocks_us=True))
    server.delete(first_of(stage, network, amy))
    for minutes in (13, 16):
        stage.at(minutes)
        assert shown(stage) == {"As @… says"}


def test_where_nobody_can_be_asked_only_the_post_goes(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    amy, _ = people(stage, network)
    stage.servers[network].delete(first_of(stage, network, amy))

    def down(name: str) -> None:
        raise Unavailable(name)

    monkeypatch.setattr(stage.networks[network], "account_called", down)
    stage.at(13)
    assert "Amy's second" in shown(stage)
