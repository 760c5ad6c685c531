"""A record's owner is told once where it waits, whatever the network does; a shelf in trouble holds up nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from services.stage import START, Stage

from bot.domain.downloads import GOOD_FOR, Download
from bot.domain.posts import Account
from bot.errors import Unanswered
from bot.services.downloads import tell_owner
from bot.services.errands import run_errands

TEXT = "https://records.example.org/secret"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def tell(stage: Stage, owner: Account, network: Callable[[str], Any] | None = None, **accounts: Any) -> str:
    download = Download(stage.store.key(owner.network, owner.id), "name", START + GOOD_FOR, "en")
    ours = accounts or stage.house.accounts
    return tell_owner(stage.store, download, owner, TEXT, ours, network or stage.networks.__getitem__, START)


@pytest.mark.parametrize("arrived", [True, False])
def test_one_that_may_have_arrived_is_said_once(stage: Stage, arrived: bool) -> None:
    amy, network = stage.servers["mastodon"].create_account("amy"), stage.networks["mastodon"]

    class Lost:
        def tell(self, *words: Any) -> None:
            if arrived:
                network.tell(*words)
            message = "no usable answer"
            raise Unanswered(message)

    assert tell(stage, amy, lambda _key: Lost()) == ""
    assert run_errands(stage.store, network, START).done == 1
    assert [text for _, to, text in stage.servers["mastodon"].messages.values() if to == amy.id] == [TEXT]


def test_one_that_arrived_leaves_no_errand(stage: Stage) -> None:
    amy = stage.servers["bluesky"].create_account("amy")
    assert tell(stage, amy) == ""
    assert len(stage.servers["bluesky"].messages) == 1
    assert stage.store.errands("bluesky", START, 9) == ()


def test_whoever_has_the_handle_now_is_not_told(stage: Stage) -> None:
    amy = stage.servers["bluesky"].create_account("amy")
    assert tell(stage, Account("bluesky", amy.id, "another.test", "Amy")) == ""
    assert [to for _, to, _ in stage.servers["bluesky"].messages.values()] == [amy.id]


def test_whom_the_network_does_not_know_is_told_by_the_moderator(stage: Stage) -> None:
    assert "nobody" in tell(stage, Account("bluesky", "did:plc:zoe", "zoe.test", "Zoe"))
    assert stage.store.errands("bluesky", START, 9) == ()


def test_without_an_account_there_the_moderator_is_told_so(stage: Stage) -> None:
    amy = stage.servers["bluesky"].create_account("amy")
    assert tell(stage, amy, mastodon="mastodon") == "the bot has no account on Bluesky"


def test_a_folder_that_cannot_be_read_is_told_and_holds_up_nothing(stage: Stage) -> None:
    class Stuck:
        def names(self) -> tuple[str, ...]:
            raise PermissionError(13, "Permission denied")

    object.__setattr__(stage.house, "shelf", Stuck())
    ticked = stage.at(0)
    assert ticked.troubles == ("Records that nobody may fetch any more cannot be deleted (Permission denied).",)
    assert ticked.sent
