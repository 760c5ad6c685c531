"""A whole chat at once on the real Bluesky network and a Mastodon-API server, as its teachers and readers see it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from acceptance import checks, servers
from acceptance.evening_script import Script, play
from acceptance.servers import NETWORKS
from acceptance.teachers import Talk, gather
from acceptance.world import JUST_BEFORE, Bots, Evening, evening

TEACHERS = 20  # on each network


def test_a_whole_chat_on_both_networks(
    bots: Bots, tmp_path: Path, unique: Callable[[str], str], capfd: pytest.CaptureFixture[str]
) -> None:
    with evening(tmp_path / "bot", bots, unique("EdChat"), archive="everyone") as chat:
        talks = gather(bots, chat.hashtag, unique, TEACHERS)
        run_the_evening(chat, bots, talks)
        assert all({one.who for one in talk.said} == set(range(TEACHERS)) for talk in talks)
        for network in NETWORKS:
            checks.prompts_are_as_planned(chat, bots, network)
        checks.only_the_host_is_addressed(bots)
        checks.polls_and_pictures(bots)
        checks.digests_repeat_what_stands(chat, bots, talks)
        checks.nobody_was_pinged(talks)
        checks.every_answer_has_its_place(chat, talks)
        checks.networks_stand_together(chat, talks)
        checks.what_must_not_be_kept_is_nowhere(chat, talks)
        checks.another_tick_changes_nothing(chat, bots)
        logged = "".join(capfd.readouterr())
        assert [one.mark for talk in talks for one in talk.said if one.mark in logged] == []


def run_the_evening(chat: Evening, bots: Bots, talks: Sequence[Talk]) -> None:
    """Prompt by prompt: nothing is said before its time, all of it at its time, then the teachers have their turn."""
    scripts = [Script(talk) for talk in talks]
    for moment in chat.moments():
        tick_without_trouble(chat, bots, moment - JUST_BEFORE)
        assert servers.said(bots) == chat.due(), "said too early, or not at its time"
        tick_without_trouble(chat, bots, moment)
        assert servers.said(bots) == chat.due()
        checks.what_was_taken_back_is_off_the_page(chat, talks)
        for prompt in {line.prompt for line in chat.lines if line.at == moment}:
            play(scripts, prompt)
    tick_without_trouble(chat, bots, chat.digest_at - JUST_BEFORE)
    assert servers.said(bots) == chat.due(), "a digest before its time"
    tick_without_trouble(chat, bots, chat.digest_at)
    play(scripts, "digest")
    bots.net.settle()
    assert chat.tick_fully().troubles == ()


def tick_without_trouble(chat: Evening, bots: Bots, moment: datetime) -> None:
    bots.net.settle()
    ticked = chat.tick_at(moment)
    assert (ticked.troubles, ticked.waiting, ticked.refused, ticked.missed) == ((), (), (), ())
