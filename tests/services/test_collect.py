"""Finding every public answer by reading alone, keeping only what may be kept, and following edits and deletions."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from services.stage import CHAT, START, Stage, phrase

from bot.domain.alarms import Watchwords
from bot.domain.posts import Account, Media, NetworkName, Post, PostRef, Signals
from bot.domain.richtext import detect
from bot.errors import Unavailable
from bot.networks.sandbox import Sandbox, SandboxServer
from bot.ports import LookUp
from bot.services.collect import collect


@pytest.fixture(params=["bluesky", "mastodon"])
def network(request: pytest.FixtureRequest) -> NetworkName:
    return request.param


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.deafen()
    stage.at(-60)
    for minutes in (0, 5, 25, 45):
        stage.at(minutes)
    return stage


def teacher(stage: Stage, network: NetworkName, name: str = "amy", **signals: object) -> Account:
    return stage.servers[network].create_account(name, name.title(), Signals(**signals))  # type: ignore[arg-type]


def shown(stage: Stage) -> dict[str, list[str]]:
    """What may be shown: text → the numbers of the questions it answers."""
    content = stage.store.content(CHAT)
    return {
        answer.post.text.text: [place.question.rpartition("/")[2] for place in answer.placed]
        for answer in content.answers
    }


def test_answers_given_in_every_way_are_found_and_placed(stage: Stage, network: NetworkName) -> None:
    server, amy, ben = stage.servers[network], teacher(stage, network), teacher(stage, network, "ben")
    q1, q2 = stage.asked(network, 1), stage.asked(network, 2)
    direct = server.write(amy.id, detect("In the thread"), parent=q1)
    nested = server.write(ben.id, detect("Below her"), parent=direct.ref.id)
    server.write(amy.id, detect("And deeper"), parent=nested.ref.id)
    server.write(ben.id, detect("A2 under the wrong question"), parent=q1)
    server.write(amy.id, detect("I quote it"), quote=q2)
    server.write(ben.id, detect("A3: with the tag #EdChat"))
    server.write(ben.id, detect("only the tag #edchat"))
    server.write(ben.id, detect("nothing to do with it"))
    stage.at(50)
    assert shown(stage) == {
        "In the thread": ["q1"],
        "Below her": ["q1"],
        "And deeper": ["q1"],
        "A2 under the wrong question": ["q2"],
        "I quote it": ["q2"],
        "A3: with the tag #EdChat": ["q3"],
        "only the tag #edchat": [],
    }


def test_collecting_again_changes_nothing(stage: Stage, network: NetworkName) -> None:
    amy = teacher(stage, network)
    stage.servers[network].write(amy.id, detect("In the thread"), parent=stage.asked(network, 1))
    assert stage.at(50).posts == 1
    before = stage.store.chat(CHAT)
    assert stage.at(53).posts == 0
    assert stage.store.chat(CHAT) == before


def test_an_edit_is_followed(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    answer = server.write(amy.id, detect("befour"), parent=stage.asked(network, 1))
    stage.at(50)
    server.edit(answer.ref.id, detect("before"))
    stage.at(53)
    assert shown(stage) == {"before": ["q1"]}


def test_a_deleted_middle_leaves_a_nameless_place_and_what_hangs_below_stays(
    stage: Stage, network: NetworkName
) -> None:
    server, amy, ben = stage.servers[network], teacher(stage, network), teacher(stage, network, "ben")
    middle = server.write(amy.id, detect("the middle"), parent=stage.asked(network, 1))
    server.write(ben.id, detect("the leaf"), parent=middle.ref.id)
    stage.at(50)
    server.delete(middle.ref.id)
    stage.at(53)
    content = stage.store.content(CHAT)
    assert shown(stage) == {"the leaf": ["q1"]}
    [tombstone] = content.tombstones
    [leaf] = content.answers
    assert leaf.parent == tombstone.key
    raw = b"".join(path.read_bytes() for path in stage.folder.glob("staffroom.db*"))
    assert b"the middle" not in raw
    assert amy.id.encode() not in raw


def test_an_answer_stays_in_its_thread_when_the_network_forgets_what_it_answered(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.with_series(archive="replies")
    server, amy, ben = stage.servers[network], teacher(stage, network), teacher(stage, network, "ben")
    middle = server.write(amy.id, detect("the middle"), parent=stage.asked(network, 1))
    leaf = server.write(ben.id, detect("the leaf #EdChat"), parent=middle.ref.id)
    stage.at(50)
    assert len(shown(stage)) == 2
    server.delete(middle.ref.id)
    forgotten = msgspec.structs.replace(leaf, parent="", root="")
    monkeypatch.setitem(server._posts, leaf.ref.id, forgotten)
    stage.at(53)
    assert shown(stage) == {"the leaf #EdChat": ["q1"]}


def test_our_own_posts_are_no_answers(stage: Stage, network: NetworkName) -> None:
    assert stage.said(network)
    stage.at(50)
    assert shown(stage) == {}


def test_private_posts_reach_no_row(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    q1 = stage.asked(network, 1)
    server.write(amy.id, detect("only for followers"), parent=q1, visibility="followers")
    server.write(amy.id, detect("only for you"), parent=q1, visibility="direct")
    server.write(amy.id, detect("for everybody"), parent=q1, visibility="unlisted")
    stage.at(50)
    assert list(shown(stage)) == ["for everybody"]
    raw = b"".join(path.read_bytes() for path in stage.folder.glob("staffroom.db*"))
    assert b"for everybody" in raw
    assert b"only for" not in raw


def test_on_the_ground_of_the_notice_only_answers_in_our_threads_are_kept(stage: Stage, network: NetworkName) -> None:
    stage.with_series(archive="replies")
    server, amy = stage.servers[network], teacher(stage, network)
    q1 = stage.asked(network, 1)
    outside = server.write(amy.id, detect("A1 elsewhere #EdChat"))
    server.write(amy.id, detect("below what stands elsewhere"), parent=outside.ref.id)
    server.write(amy.id, detect("a quote"), quote=q1)
    server.write(amy.id, detect("in the thread"), parent=q1)
    stage.at(50)
    assert shown(stage) == {"in the thread": ["q1"]}
    raw = b"".join(path.read_bytes() for path in stage.folder.glob("staffroom.db*"))
    assert b"elsewhere" not in raw
    assert stage.store.key(network, outside.ref.id) in stage.store.edges(CHAT)


def test_who_says_noarchive_afterwards_is_gone_at_the_next_sweep(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    server.write(amy.id, detect("now you see me"), parent=stage.asked(network, 1))
    stage.at(50)
    assert list(shown(stage)) == ["now you see me"]
    server.change_signals(amy.id, Signals(bio_tags=("noarchive",)))
    stage.at(53)
    assert shown(stage) == {}
    raw = b"".join(path.read_bytes() for path in stage.folder.glob("staffroom.db*"))
    assert b"now you see me" not in raw


def test_an_answer_with_a_picture_is_held_back(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    server.write(amy.id, detect("our wall"), parent=stage.asked(network, 1), media=(Media("image", "a wall"),))
    stage.at(50)
    assert shown(stage) == {}
    assert stage.store.counts()["held"] == 1


def test_a_late_answer_enters_and_the_hashtag_of_next_week_does_not(stage: Stage, network: NetworkName) -> None:
    first = stage.series.chats[0]
    second = msgspec.structs.replace(first, date=first.date + timedelta(days=7), topic="Next")
    stage.with_series(chats=(first, second))
    server, amy = stage.servers[network], teacher(stage, network)
    stage.at(60)
    stage.clock.move_to(START + timedelta(days=3))
    server.write(amy.id, detect("late, by reply"), parent=stage.asked(network, 1))
    server.write(amy.id, detect("A2 late, by tag #EdChat"))
    stage.at(3 * 24 * 60 + 1)
    assert shown(stage) == {"late, by reply": ["q1"], "A2 late, by tag #EdChat": ["q2"]}
    stage.clock.move_to(START + timedelta(days=7, minutes=-30))
    server.write(amy.id, detect("A1 for next week #EdChat"))
    stage.at(7 * 24 * 60 + 30)
    assert "A1 for next week #EdChat" not in shown(stage)


def test_what_a_look_up_sees_after_the_window_is_followed(stage: Stage, network: NetworkName) -> None:
    server, amy, ben = stage.servers[network], teacher(stage, network), teacher(stage, network, "ben")
    q1 = stage.asked(network, 1)
    edited, gone = server.write(amy.id, detect("befour"), parent=q1), server.write(amy.id, detect("goes"), parent=q1)
    server.write(ben.id, detect("ben changes his mind"), parent=q1)
    stage.at(60)
    assert len(shown(stage)) == 3
    server.edit(edited.ref.id, detect("before"))
    server.delete(gone.ref.id)
    server.change_signals(ben.id, Signals(bio_tags=("noarchive",)))
    stage.at(60 + 30 * 24 * 60)
    assert shown(stage) == {"before": ["q1"]}


def test_after_its_time_of_keeping_nothing_is_left(stage: Stage, network: NetworkName) -> None:
    stage.with_series(keep=timedelta(days=30))
    amy = teacher(stage, network)
    stage.servers[network].write(amy.id, detect("kept for a month"), parent=stage.asked(network, 1))
    stage.at(60)
    assert list(shown(stage)) == ["kept for a month"]
    stage.at(60 + 30 * 24 * 60)
    assert shown(stage) == {}
    raw = b"".join(path.read_bytes() for path in stage.folder.glob("staffroom.db*"))
    assert b"kept for a month" not in raw


def test_what_comes_on_the_last_day_is_found_and_what_comes_after_it_is_not(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    stage.at(60)
    closes = START + timedelta(minutes=60) + stage.series.late
    stage.clock.move_to(closes - timedelta(minutes=5))
    server.write(amy.id, detect("just in time"), parent=stage.asked(network, 1))
    stage.clock.move_to(closes + timedelta(minutes=5))
    server.write(amy.id, detect("too late"), parent=stage.asked(network, 1))
    stage.at((closes - START) / timedelta(minutes=1) + 6)
    assert shown(stage) == {"just in time": ["q1"]}


def test_one_network_in_trouble_does_not_stop_the_other(stage: Stage) -> None:
    amy = teacher(stage, "bluesky")
    stage.servers["bluesky"].write(amy.id, detect("still here"), parent=stage.asked("bluesky", 1))
    stage.servers["mastodon"].offline = True
    done = stage.at(50)
    assert list(shown(stage)) == ["still here"]
    assert any(trouble.startswith("mastodon: ") for trouble in done.troubles)


def test_the_digest_waits_for_the_last_sweep_and_names_nobody_twice(stage: Stage, network: NetworkName) -> None:
    server = stage.servers[network]
    for name in ("amy", "ben", "cat"):
        account = teacher(stage, network, name)
        for number in (1, 2, 3):
            text = f"{name} says something of a readable length about question {number}"
            server.write(account.id, detect(text), parent=stage.asked(network, number))
    stage.at(60)
    assert stage.at(179).digests == ()
    assert stage.at(181).digests == (CHAT,)
    digest = stage.said(network)[-4:]
    assert digest[0] == "digest"
    assert len(digest) == 4
    assert stage.at(182).digests == ()
    picks = stage.store.content(CHAT).picks
    authors = {answer.key: answer.post.author.id for answer in stage.store.content(CHAT).answers}
    assert len({authors[pick.answer] for pick in picks}) == len(picks) == 3
    assert len({pick.question for pick in picks}) == 3


def test_a_chat_that_nobody_answered_gets_no_digest_post(stage: Stage) -> None:
    stage.at(60)
    said = stage.said("bluesky")
    assert stage.at(181).digests == (CHAT,)
    assert stage.said("bluesky") == said


def test_a_search_that_is_down_costs_nothing_that_the_threads_and_quotes_say(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    server.write(amy.id, detect("in the thread"), parent=stage.asked(network, 1))
    server.write(amy.id, detect("as a quote"), quote=stage.asked(network, 2))
    server.write(amy.id, detect("A3 by its label #EdChat"))

    def tagged(hashtag: str, since: datetime) -> Iterator[tuple[Post, ...]]:
        raise Unavailable(f"no search for {hashtag} since {since}")
        yield ()

    with monkeypatch.context() as patch:
        patch.setattr(stage.networks[network], "tagged", tagged)
        done = stage.at(50)
    assert shown(stage) == {"in the thread": ["q1"], "as a quote": ["q2"]}
    assert [trouble for trouble in done.troubles if "no search for EdChat" in trouble]
    stage.at(50.5)  # it was not read to its end, so it is read again before its time
    assert shown(stage) == {"in the thread": ["q1"], "as a quote": ["q2"], "A3 by its label #EdChat": ["q3"]}


def test_each_of_two_accounts_on_one_network_looks_up_what_only_its_server_knows(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    amy = teacher(stage, "mastodon")
    answer = stage.servers["mastodon"].write(amy.id, detect("for a while"), parent=stage.asked("mastodon", 1))
    stage.at(50)
    stage.servers["mastodon"].delete(answer.ref.id)
    later = START + timedelta(days=30)
    other = Sandbox("second", SandboxServer("mastodon", stage.clock.now), "staffroom")
    networks = {**stage.networks, "second": other}
    accounts: dict[str, NetworkName] = {"mastodon": "mastodon", "second": "mastodon"}
    monkeypatch.setattr(other, "look_up", lambda _refs: LookUp((), ()))  # its server knows none of them
    done = collect(
        stage.store,
        accounts,
        networks.__getitem__,
        later,
        ours=lambda key: networks[key].identity().id,
        watch=Watchwords(),
        phrase=phrase,
    )
    assert done.gone == 1
    assert shown(stage) == {}


def test_answers_are_placed_although_the_look_up_after_them_failed_or_the_process_died(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, amy, ben = stage.servers[network], teacher(stage, network), teacher(stage, network, "ben")
    middle = server.write(amy.id, detect("the middle"), parent=stage.asked(network, 1))
    server.write(ben.id, detect("the leaf"), parent=middle.ref.id)
    stage.at(50)
    server.delete(middle.ref.id)
    server.write(amy.id, detect("said while look-ups fail"), parent=stage.asked(network, 2))

    def look_up(refs: Sequence[PostRef]) -> LookUp:
        raise Unavailable(f"{len(refs)} posts cannot be looked up")

    with monkeypatch.context() as patch:
        patch.setattr(stage.networks[network], "look_up", look_up)
        stage.at(53)
    assert shown(stage)["said while look-ups fail"] == ["q2"]
    server.write(amy.id, detect("said before the power cut"), parent=stage.asked(network, 3))
    with monkeypatch.context() as patch:
        patch.setattr("bot.services.collect.place_answers", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            stage.at(56)
    stage.at(61)
    assert shown(stage)["said before the power cut"] == ["q3"]
