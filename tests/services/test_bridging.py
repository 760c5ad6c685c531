"""Bridges' copies: the original is stored once, under its own author's signals and wishes, and a copy never is."""

from pathlib import Path

import msgspec
import pytest
from services.stage import CHAT, Stage

from bot.domain.consent import Wish
from bot.domain.posts import Account, Post, Signals
from bot.domain.richtext import detect


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.deafen()
    stage.at(-60)
    for minutes in (0, 5):
        stage.at(minutes)
    return stage


def amy_of(stage: Stage, **signals: object) -> Account:
    return stage.servers["bluesky"].create_account("amy", "Amy", Signals(**signals))  # type: ignore[arg-type]


def copied(stage: Stage, original: Post, parent: str = "") -> Post:
    """What a bridge makes of a Bluesky post on Mastodon."""
    server = stage.servers["mastodon"]
    handle = f"@{original.author.handle}@bsky.brid.gy"
    account = server.create_account(handle, original.author.name, Signals(bridged=True))
    post = server.write(account.id, original.text, parent=parent)
    made = msgspec.structs.replace(
        post, original=original.ref.url, uri=f"https://bsky.brid.gy/convert/ap/{original.ref.id}"
    )
    server._posts[post.ref.id] = made
    return made


def shown(stage: Stage) -> dict[str, tuple[str, list[str]]]:
    """What may be shown: text → network, and the questions it answers."""
    return {
        one.post.text.text: (one.post.ref.network, [place.question.rpartition("/")[2] for place in one.placed])
        for one in stage.store.content(CHAT).answers
    }


def test_an_original_that_only_its_copy_tells_of_is_stored_once(stage: Stage) -> None:
    original = stage.servers["bluesky"].write(amy_of(stage).id, detect("From the other side"))
    copied(stage, original, parent=stage.asked("mastodon", 1))
    assert stage.at(10).posts == 2  # the copy's bare place, and the original
    assert shown(stage) == {"From the other side": ("bluesky", ["q1"])}
    assert stage.at(13).posts == 0


def test_one_that_both_networks_tell_of_is_shown_once(stage: Stage) -> None:
    original = stage.servers["bluesky"].write(amy_of(stage).id, detect("A1 under the #EdChat"))
    copied(stage, original)
    stage.at(10)
    stage.at(13)
    assert shown(stage) == {"A1 under the #EdChat": ("bluesky", ["q1"])}


def test_a_reply_to_a_copy_belongs_to_the_original(stage: Stage) -> None:
    original = stage.servers["bluesky"].write(amy_of(stage).id, detect("From the other side"))
    copy = copied(stage, original, parent=stage.asked("mastodon", 1))
    stage.at(10)
    ben = stage.servers["mastodon"].create_account("ben")
    stage.servers["mastodon"].write(ben.id, detect("Well said"), parent=copy.ref.id)
    stage.at(13)
    answers = {one.post.text.text: one for one in stage.store.content(CHAT).answers}
    assert answers["Well said"].parent == answers["From the other side"].key


@pytest.mark.parametrize("signals", [{"bio_tags": ("noarchive",)}, {"noindex": True}, {"labels": ("!hide",)}])
def test_the_originals_signals_count(stage: Stage, signals: dict[str, object]) -> None:
    original = stage.servers["bluesky"].write(amy_of(stage, **signals).id, detect("Not for the archive"))
    copied(stage, original, parent=stage.asked("mastodon", 1))
    stage.at(10)
    assert shown(stage) == {}


def test_the_originals_authors_wish_counts(stage: Stage) -> None:
    amy = amy_of(stage)
    stage.store.add_wish(stage.store.key("bluesky", amy.id), Wish("stopped", "", stage.clock.now()), "test")
    original = stage.servers["bluesky"].write(amy.id, detect("Not for the archive"))
    copied(stage, original, parent=stage.asked("mastodon", 1))
    stage.at(10)
    assert shown(stage) == {}


def test_remove_me_by_way_of_a_bridge_is_heard(stage: Stage) -> None:
    amy = amy_of(stage)
    first = stage.servers["bluesky"].write(amy.id, detect("From the other side"))
    copied(stage, first, parent=stage.asked("mastodon", 1))
    stage.at(10)
    assert shown(stage)
    wish = stage.servers["bluesky"].write(amy.id, detect("Remove me!"))
    copied(stage, wish, parent=stage.asked("mastodon", 1))
    stage.at(13)
    assert shown(stage) == {}


def test_a_copy_whose_original_is_gone_is_left_out_for_good(stage: Stage) -> None:
    original = stage.servers["bluesky"].write(amy_of(stage).id, detect("From the other side"))
    copied(stage, original, parent=stage.asked("mastodon", 1))
    stage.servers["bluesky"].delete(original.ref.id)
    asked: list[str] = []
    resolve = stage.networks["bluesky"].resolve
    stage.networks["bluesky"].resolve = lambda address: asked.append(address) or resolve(address)  # type: ignore[func-returns-value, method-assign]
    for minutes in (10, 13, 16):
        stage.at(minutes)
    assert shown(stage) == {}
    assert asked == [original.ref.id]


def test_while_the_other_network_is_down_it_is_asked_again(stage: Stage) -> None:
    original = stage.servers["bluesky"].write(amy_of(stage).id, detect("From the other side"))
    copied(stage, original, parent=stage.asked("mastodon", 1))
    stage.servers["bluesky"].offline = True
    stage.at(10)
    assert shown(stage) == {}
    stage.servers["bluesky"].offline = False
    stage.at(13)
    assert shown(stage) == {"From the other side": ("bluesky", ["q1"])}


def test_a_copy_of_our_own_question_is_that_question(stage: Stage) -> None:
    """Our question, bridged to the other network, is no answer; what replies to the copy answers the question."""
    [question] = [one for one in stage.store.sent_posts(CHAT) if one.account == "bluesky" and one.number == 1]
    ours = stage.servers["bluesky"].get(question.ref.id)
    assert ours is not None
    tagged = msgspec.structs.replace(ours, text=detect("Q1 What works? #EdChat"))
    copy = copied(stage, tagged)
    stage.at(10)
    ben = stage.servers["mastodon"].create_account("ben")
    stage.servers["mastodon"].write(ben.id, detect("Below the copy #EdChat"), parent=copy.ref.id)
    stage.at(13)
    assert shown(stage) == {"Below the copy #EdChat": ("mastodon", ["q1"])}
