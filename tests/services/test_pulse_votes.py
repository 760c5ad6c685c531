"""What a chat was worth, on both networks: asked at its end, voted on, counted, and said in no digest."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from services.stage import CHAT, SERIES, START, PlainComposer, Stage

from bot.domain.outbox import Draft, Poll
from bot.domain.prompts import Prompt
from bot.domain.richtext import detect
from bot.domain.series import Question
from bot.services.pulsevotes import votes_in

ASKED = Question("Was it worth it?", ("Yes", "Partly", "No"), pulse=True)


class PollComposer(PlainComposer):
    """Asks the fourth question, which is the pulse, with a poll on Mastodon."""

    def compose(self, prompt: Prompt, stored: Any, network: Any, limits: Any, **given: Any) -> Draft:
        draft = super().compose(prompt, stored, network, limits, **given)
        if network != "mastodon" or not prompt.id.endswith("/q4"):
            return draft
        first = msgspec.structs.replace(draft.posts[0], poll=Poll(ASKED.poll, 86_400))
        return msgspec.structs.replace(draft, posts=(first, *draft.posts[1:]))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.with_series(pulse=ASKED)
    stage.house = stage.open("pulse", composer=PollComposer())
    for minutes in (-60, 0, 5, 25, 45, 60):
        stage.at(minutes)
    return stage


def reply(stage: Stage, name: str, *texts: str) -> str:
    server = stage.servers["bluesky"]
    me = server.create_account(name).id
    for text in texts:
        server.write(me, detect(text), parent=stage.asked("bluesky", 4))
    return me


def vote(stage: Stage, name: str, option: int) -> None:
    server = stage.servers["mastodon"]
    server.vote(server.create_account(name).id, stage.asked("mastodon", 4), option)


def test_votes_of_both_networks_are_counted_and_letters_once_for_each_person(stage: Stage) -> None:
    assert stage.said("bluesky")[-3:] == ["q4", "wrap-up", "and thanks"]
    for name, option in (("mia", 0), ("max", 0), ("moe", 2)):
        vote(stage, name, option)
    reply(stage, "amy", "A")
    reply(stage, "ben", "b) Partly")
    reply(stage, "cat", "It was lovely")
    dan = reply(stage, "dan", "A", "No, wait")
    for minutes in (62, 64, 70):
        stage.at(minutes)
    stage.servers["bluesky"].write(dan, detect("C."), parent=stage.asked("bluesky", 4))
    for minutes in (75, 90):
        stage.at(minutes)
    assert votes_in(stage.store, "edchat") == {CHAT: (3, 1, 2)}
    for words in (None, msgspec.structs.replace(ASKED, ask="Well?")):
        stage.with_series(pulse=words)
        stage.at(60 * 24)
        assert votes_in(stage.store, "edchat") == {CHAT: (3, 1, 2)}, "another question is for chats to come"
    said = {one.post.text.text: [placed.question for placed in one.placed] for one in stage.store.content(CHAT).answers}
    assert said["It was lovely"] == [f"{CHAT}/q4"]


def test_it_is_no_question_of_the_evening_in_figures_and_digests(stage: Stage) -> None:
    reply(stage, "amy", "A")
    reply(stage, "ben", "Yes, because we talked about marking less and teaching more.")
    for minutes in (62, 90, 180, 190):
        stage.at(minutes)
    assert stage.store.chronicle("edchat").asked == {CHAT: frozenset(f"{CHAT}/q{number}" for number in (1, 2, 3))}
    assert stage.store.content(CHAT).picks == ()
    assert stage.said("bluesky")[-1] == "digest"


def test_a_series_that_does_not_ask_has_no_votes_and_nor_has_a_chat_that_was_cancelled(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.at(-60)
    assert votes_in(stage.store, "edchat") == {}
    stage.with_series(pulse=ASKED)
    stage.at(-59)
    assert votes_in(stage.store, "edchat") == {CHAT: (0, 0, 0)}
    stage.store.cancel(CHAT, START - timedelta(minutes=30))
    assert votes_in(stage.store, "edchat") == {}
    assert SERIES.pulse is None
