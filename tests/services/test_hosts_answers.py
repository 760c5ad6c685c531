"""A host answers the private message about a held digest: that decides, there and nowhere else, and nobody else can."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from services.stage import CHAT, START, Stage

from bot.domain.errands import Errand
from bot.domain.holding import preview_errands
from bot.domain.posts import Account, Post
from bot.domain.richtext import Mention, detect, join, whole
from bot.services.errands import _key
from bot.services.listen import ASKED, STREAM

CHOSEN = 181  # minutes after the start
TOLD = CHOSEN + 1
OUT = CHOSEN + 121
HOSTS = ("host.bluesky.example", "@host@mastodon.example")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A chat that two people answered; its digest is held, and its hosts were told."""
    stage = Stage(tmp_path)
    stage.with_series(hold=timedelta(hours=2), hosts=HOSTS)
    for server in stage.servers.values():
        server.create_account("host")
    stage.at(-70)
    for minute in (1, 20, 40, 58):
        stage.at(minute)
    for name in ("amy", "ben"):
        server = stage.servers["mastodon"]
        said = detect(f"{name} says something of a readable length about the first question")
        server.write(server.create_account(name).id, said, parent=stage.asked("mastodon", 1))
    for minute in (62, CHOSEN, TOLD):
        stage.at(minute)
    assert [text for _, _, text in stage.servers["mastodon"].messages.values()]
    yield stage
    stage.store.close()


def message(number: int = 1) -> str:
    """Id of the message that this host was sent on Mastodon."""
    return f"message/{_key(Errand(f'{preview_errands(CHAT)}{number}', 'mastodon', 'tell', START))}"


def replies(stage: Stage, text: str, *, who: str = "host", to: str = "", visibility: str = "direct") -> Post:
    server = stage.servers["mastodon"]
    me = stage.networks["mastodon"].identity()
    words = join([whole(me.handle, Mention(me.id, me.handle)), f" {text}"])
    account: Account = server.create_account(who)
    parent = message() if to == "" else to
    return server.write(account.id, words, parent=parent, visibility=visibility)  # type: ignore[arg-type]


def log(stage: Stage) -> list[tuple[str, str]]:
    return [(one.kind, one.by) for _, one in stage.store.host_log(9)]


def out(stage: Stage) -> int:
    return stage.said("mastodon").count("digest")


def wishes(stage: Stage) -> int:
    return len(stage.store.wishing())


def test_a_host_approves_and_it_goes_out_at_once(stage: Stage) -> None:
    said = replies(stage, "Approve, please!")
    stage.at(TOLD + 2)
    assert log(stage) == [("approved", "@host@mastodon.example")]
    stage.at(TOLD + 3)
    assert out(stage) == 1
    me = stage.networks["mastodon"]._me.id
    assert stage.servers["mastodon"].likes(me, said.ref.id) == 1
    assert said.ref.id not in {answer.post.ref.id for answer in stage.store.content(CHAT).answers}


@pytest.mark.parametrize("words", ["STOP DIGEST", "stop", "Stop the digest."])
def test_a_host_stops_it_and_leaves_nothing_else(stage: Stage, words: str) -> None:
    replies(stage, words)
    stage.at(TOLD + 2)
    stage.at(OUT)
    assert (log(stage), out(stage), wishes(stage)) == ([("stopped", "@host@mastodon.example")], 0, 0)
    stage.clock.move_to(stage.clock.now() + timedelta(minutes=1))
    replies(stage, "APPROVE")
    for minutes in (2, 3):
        stage.at(OUT + minutes)
    assert out(stage) == 1


def test_the_same_answer_met_again_decides_once(stage: Stage) -> None:
    replies(stage, "APPROVE")
    stage.at(TOLD + 2)
    for stream in (ASKED, STREAM):
        stage.store.save_cursor("mastodon", stream, "")
    stage.at(TOLD + 3)
    assert len(log(stage)) == 1


@pytest.mark.parametrize(
    ("who", "to", "visibility"),
    [
        ("amy", "", "direct"),  # somebody else
        ("host", "message/another", "direct"),  # another conversation
        ("host", "", "public"),  # for everybody to read
        ("host", "", "unlisted"),
    ],
)
def test_anything_else_decides_nothing(stage: Stage, who: str, to: str, visibility: str) -> None:
    replies(stage, "APPROVE", who=who, to=to, visibility=visibility)
    replies(stage, "STOP DIGEST", who=who, to=to, visibility=visibility)
    stage.at(TOLD + 2)
    assert log(stage) == []
    stage.at(OUT)
    assert out(stage) == 1


def test_stop_of_somebody_else_in_that_conversation_still_means_leaving(stage: Stage) -> None:
    replies(stage, "STOP", who="amy")
    stage.at(TOLD + 2)
    assert log(stage) == []
    assert [wish.kind for _, several in stage.store.wishing() for wish in several] == ["stopped"]


def test_a_host_who_leaves_there_leaves(stage: Stage) -> None:
    replies(stage, "REMOVE ME")
    stage.at(TOLD + 2)
    assert (log(stage), wishes(stage)) == ([], 1)


def test_who_was_host_of_it_no_more_decides_nothing(stage: Stage) -> None:
    stage.with_series(hosts=HOSTS[:1])
    stage.at(TOLD + 1)
    replies(stage, "APPROVE")
    stage.at(TOLD + 2)
    assert log(stage) == []


def test_a_host_who_comes_too_late_is_told_so(stage: Stage) -> None:
    stage.at(OUT)
    assert out(stage) == 1
    replies(stage, "STOP DIGEST")
    for minutes in (2, 3):
        stage.at(OUT + minutes)
    assert log(stage) == []
    assert any("request.too_late (en)" in text for text in stage.said("mastodon"))


def test_the_message_says_how_only_where_an_answer_is_heard(stage: Stage) -> None:
    said = {name: [text for _, _, text in server.messages.values()] for name, server in stage.servers.items()}
    assert [["hold.reply" in text for text in texts] for texts in said.values()] == [[False], [True]]
