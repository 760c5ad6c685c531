"""How people voted is read while a poll is open and once after, as rarely as that allows, whatever goes wrong."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from services.stage import CHAT, SERIES, START, PlainComposer, Stage

from bot.domain.outbox import Draft, Poll
from bot.domain.posts import PostRef
from bot.domain.prompts import Prompt
from bot.domain.records import CountedPoll, PollCount
from bot.domain.series import Question
from bot.errors import Unavailable

OPTIONS = ("Ticks", "Levels")
ENTRY = msgspec.structs.replace(SERIES.chats[0], questions=(Question("What works?"), Question("Which?", poll=OPTIONS)))


class PollComposer(PlainComposer):
    """Asks the second question with a poll that is open until the chat's end, on Mastodon."""

    def compose(self, prompt: Prompt, stored: Any, network: Any, limits: Any, **given: Any) -> Draft:
        draft = super().compose(prompt, stored, network, limits, **given)
        if network != "mastodon" or prompt.kind != "question" or prompt.number != 2:
            return draft
        left = int((stored.chat.ends_at - prompt.at).total_seconds())
        first = msgspec.structs.replace(draft.posts[0], poll=Poll(OPTIONS, left))
        return msgspec.structs.replace(draft, posts=(first, *draft.posts[1:]))


class Evening(Stage):
    """A stage on which the second question has a poll; notes which polls are asked about."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.with_series(chats=(ENTRY,))
        self.house = self.open("polls", composer=PollComposer())
        self.asked_about: list[Sequence[PostRef]] = []
        ask = self.networks["mastodon"].polls

        def polls(refs: Sequence[PostRef]) -> Any:
            self.asked_about.append(refs)
            return ask(refs)

        self.networks["mastodon"].polls = polls  # type: ignore[method-assign]

    def vote(self, name: str, option: int) -> None:
        server = self.servers["mastodon"]
        server.vote(server.create_account(name).id, self.asked("mastodon", 2), option)

    def counted(self) -> tuple[tuple[int, ...], bool] | None:
        found = self.store.content(CHAT).polls
        assert len(found) < 2
        return (found[0].count.votes, found[0].count.over) if found else None


@pytest.fixture
def evening(tmp_path: Path) -> Evening:
    evening = Evening(tmp_path)
    evening.deafen()
    for minutes in (-60, 0, 5, 32):
        evening.at(minutes)
    assert evening.said("mastodon")[-1] == "q2"
    return evening


def test_votes_are_read_every_two_minutes_and_once_more_when_the_poll_is_over(evening: Evening) -> None:
    assert (evening.asked_about, evening.counted()) == ([], None)  # nobody can have voted yet
    evening.vote("amy", 1)
    evening.at(33)
    assert evening.asked_about == []
    evening.at(34)
    assert evening.counted() == ((0, 1), False)
    evening.vote("ben", 0)
    evening.at(59.5)
    evening.vote("cat", 1)
    evening.at(60)
    assert evening.counted() == ((1, 1), False)
    evening.at(61)
    assert evening.counted() == ((1, 2), True)
    times = len(evening.asked_about)
    for minutes in (63, 75, 180, 60 * 24, 60 * 72):
        evening.at(minutes)
    assert len(evening.asked_about) == times
    assert evening.store.content(CHAT).polls == (
        CountedPoll(2, "mastodon", PollCount(OPTIONS, (1, 2), over=True), START + timedelta(minutes=61)),
    )


def test_a_poll_that_ended_while_nobody_looked_is_read_when_somebody_does(evening: Evening) -> None:
    evening.vote("amy", 1)
    evening.at(60 * 30)
    assert evening.counted() == ((0, 1), True)


def test_a_network_that_does_not_answer_is_asked_again_and_nothing_known_is_lost(evening: Evening) -> None:
    evening.vote("amy", 1)
    evening.at(34)
    ask = evening.networks["mastodon"].polls

    def away(refs: Sequence[PostRef]) -> Any:
        raise Unavailable(str(refs))

    evening.networks["mastodon"].polls = away  # type: ignore[method-assign]
    assert "mastodon" in evening.at(36).troubles[0]
    assert evening.counted() == ((0, 1), False)
    evening.networks["mastodon"].polls = ask  # type: ignore[method-assign]
    evening.vote("ben", 1)
    evening.at(36.5)
    assert evening.counted() == ((0, 2), False)


def test_a_poll_of_which_nothing_is_told_is_asked_about_in_its_turn_and_shown_nowhere(evening: Evening) -> None:
    evening.networks["mastodon"].polls = lambda refs: evening.asked_about.append(refs) or {}  # type: ignore[func-returns-value, method-assign]
    for minutes in (34, 35, 36, 61, 70, 71):
        evening.at(minutes)
    assert len(evening.asked_about) == 4
    assert evening.counted() is None


def test_a_network_without_polls_is_never_asked(evening: Evening) -> None:
    def wrong(refs: Sequence[PostRef]) -> Any:
        raise AssertionError(refs)

    evening.networks["bluesky"].polls = wrong  # type: ignore[method-assign]
    evening.at(61)
    assert evening.counted() == ((0, 0), True)
