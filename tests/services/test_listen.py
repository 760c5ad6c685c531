"""What is heard: found without reading, stored with how far it was read, and asked consent as everywhere."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from services.stage import CHAT, START, Stage, phrase

from bot.domain.alarms import Watchwords
from bot.domain.posts import Account, NetworkName, Post, PostRef, Signals
from bot.domain.richtext import Mention, RichText, detect, join, whole
from bot.domain.series import ChatEntry, Question
from bot.domain.sweeps import ASKING
from bot.errors import StoreError
from bot.ports import Heard, Wanted
from bot.services.collect import collect
from bot.services.listen import ASKED, STREAM, Ear, ask, listen
from bot.tick import tick


@pytest.fixture(params=["bluesky", "mastodon"])
def network(request: pytest.FixtureRequest) -> NetworkName:
    return request.param


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.at(-60)
    for minutes in (0, 5, 25, 45):
        stage.at(minutes)
    return stage


def teacher(stage: Stage, network: NetworkName, name: str = "amy", **signals: Any) -> Account:
    return stage.servers[network].create_account(name, name.title(), Signals(**signals))


def hear(stage: Stage, network: NetworkName) -> Ear:
    """Ask once, with an ear that remembers nothing, and place what came."""
    stage.house.ears.pop(network, None)
    ear = stage.house.ear(network)
    now = stage.clock.now()
    listen(ear, stage.networks[network], stage.store.cursor(network, ASKED), now)
    ear.place(now, whole=True)
    return ear


def read_due(stage: Stage, rhythm: Any = "told", **more: Any) -> Any:
    return collect(
        stage.store,
        stage.house.accounts,
        stage.house.network,
        stage.clock.now(),
        ours=stage.house.own_id,
        watch=Watchwords(),
        phrase=phrase,
        rhythm=lambda _account: rhythm,
        **more,
    )


def shown(stage: Stage) -> dict[str, list[str]]:
    content = stage.store.content(CHAT)
    return {
        answer.post.text.text: [place.question.rpartition("/")[2] for place in answer.placed]
        for answer in content.answers
    }


def raw(stage: Stage) -> bytes:
    return b"".join(path.read_bytes() for path in stage.folder.glob("staffroom.db*"))


def test_answers_given_in_every_way_are_heard_and_placed(stage: Stage, network: NetworkName) -> None:
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
    server.write(amy.id, detect("for followers"), parent=q1, visibility="followers")
    hear(stage, network)
    assert shown(stage) == {
        "In the thread": ["q1"],
        "Below her": ["q1"],
        "And deeper": ["q1"],
        "A2 under the wrong question": ["q2"],
        "I quote it": ["q2"],
        "A3: with the tag #EdChat": ["q3"],
        "only the tag #edchat": [],
    }
    assert b"for followers" not in raw(stage)


def test_replies_below_a_hashtag_post_are_at_home_whichever_comes_first(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    ear = stage.house.ear(network)
    top = server.write(amy.id, detect("A1 outside #EdChat"))
    below = server.write(amy.id, detect("below it"), parent=top.ref.id)
    deeper = server.write(amy.id, detect("deeper"), parent=below.ref.id)
    ear.take(Heard((deeper, below, top), "1"), stage.clock.now(), STREAM)
    later = server.write(amy.id, detect("later"), parent=deeper.ref.id)
    ear.take(Heard((later,), "2"), stage.clock.now(), STREAM)
    assert set(shown(stage)) == {"A1 outside #EdChat", "below it", "deeper", "later"}


def test_edits_deletions_and_ends_of_accounts_are_followed(stage: Stage, network: NetworkName) -> None:
    server, amy, ben = stage.servers[network], teacher(stage, network), teacher(stage, network, "ben")
    q1 = stage.asked(network, 1)
    edited, gone = server.write(amy.id, detect("befour"), parent=q1), server.write(amy.id, detect("goes"), parent=q1)
    server.write(ben.id, detect("ben leaves the network"), parent=q1)
    hear(stage, network)
    assert len(shown(stage)) == 3
    server.edit(edited.ref.id, detect("before"))
    server.delete(gone.ref.id)
    server.end_account(ben.id)
    hear(stage, network)
    assert shown(stage) == {"before": ["q1"]}
    assert b"goes" not in raw(stage)
    assert b"ben leaves" not in raw(stage)


def test_an_edit_that_drops_the_hashtag_is_followed_too(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    answer = server.write(amy.id, detect("A1 befour #EdChat"))
    hear(stage, network)
    edited = msgspec.structs.replace(answer, text=detect("before"), edited_at=stage.clock.now())
    stage.house.ear(network).take(Heard((edited,), "9"), stage.clock.now(), STREAM)
    assert list(shown(stage)) == ["before"]


def test_of_one_post_in_a_batch_the_last_version_counts(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    first = server.write(amy.id, detect("befour"), parent=stage.asked(network, 1))
    last = msgspec.structs.replace(first, text=detect("before"))
    stage.house.ear(network).take(Heard((first, last), "1"), stage.clock.now(), STREAM)
    assert list(shown(stage)) == ["before"]


def test_late_answers_are_heard_up_to_the_last_day(stage: Stage, network: NetworkName) -> None:
    server, amy, q1 = stage.servers[network], teacher(stage, network), stage.asked(network, 1)
    closes = START + timedelta(minutes=60) + stage.series.late
    stage.clock.move_to(closes - timedelta(minutes=5))
    server.write(amy.id, detect("just in time"), parent=q1)
    server.write(amy.id, detect("A1 by tag #EdChat"))
    stage.clock.move_to(closes + timedelta(minutes=5))
    server.write(amy.id, detect("too late"), parent=q1)
    server.write(amy.id, detect("A1 by tag, too late #EdChat"))
    hear(stage, network)
    # A hashtag is listened for while a chat is on; what has it later is found by reading.
    assert set(shown(stage)) == {"just in time"}
    assert b"too late" not in raw(stage)


def test_an_answer_to_a_question_that_was_asked_just_now_is_at_home(tmp_path: Path, network: NetworkName) -> None:
    stage = Stage(tmp_path)
    stage.at(-60)
    stage.at(5)
    server, amy, ear = stage.servers[network], teacher(stage, network), stage.house.ear(network)
    one = server.write(amy.id, detect("first"), parent=stage.asked(network, 1))
    ear.take(Heard((one,), "1"), stage.clock.now(), STREAM)
    stage.deafen()  # so that the tick that asks tells this ear nothing
    other = Ear(ear._intake, network)
    other.take(Heard((one,), "1"), stage.clock.now(), STREAM)
    stage.at(25)
    two = server.write(amy.id, detect("second"), parent=stage.asked(network, 2))
    other.take(Heard((two,), "2"), START + timedelta(minutes=5), STREAM)  # before its memory would be refreshed
    assert set(shown(stage)) == {"first", "second"}


def test_a_burst_does_not_read_the_edges_of_a_chat_with_every_batch(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, amy, ear = stage.servers[network], teacher(stage, network), stage.house.ear(network)
    calls: Counter[str] = Counter()
    for name in ("edges", "collecting", "sent_posts", "chats"):
        plain = getattr(stage.store, name)

        def counted(*args: Any, _name: str = name, _plain: Callable[..., Any] = plain) -> Any:
            calls[_name] += 1
            return _plain(*args)

        monkeypatch.setattr(stage.store, name, counted)
    ear._refreshed = None
    for number in range(30):
        answer = server.write(amy.id, detect(f"answer {number}"), parent=stage.asked(network, 1))
        ear.take(Heard((answer,), str(number)), stage.clock.now(), STREAM)
    assert calls == {"edges": 1, "collecting": 1, "sent_posts": 1, "chats": 1}
    assert len(shown(stage)) == 30


# -- cursors -------------------------------------------------------------------------------------------------------


def test_the_cursor_moves_with_the_rows_and_not_without(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, amy, ear = stage.servers[network], teacher(stage, network), stage.house.ear(network)
    answer = server.write(amy.id, detect("once"), parent=stage.asked(network, 1))
    with monkeypatch.context() as patch:
        patch.setattr(stage.store, "take_in", _refuse)
        with pytest.raises(StoreError):
            ear.take(Heard((answer,), "7"), stage.clock.now(), STREAM)
    assert stage.store.cursor(network, STREAM) == ""
    for _ in range(2):
        ear.take(Heard((answer,), "7"), stage.clock.now(), STREAM)
        assert stage.store.cursor(network, STREAM) == "7"
    assert list(shown(stage)) == ["once"]


def _refuse(*_: Any, **__: Any) -> Any:
    raise StoreError("full")


def test_a_request_does_not_count_as_heard_before_it_is_seen_to(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, amy, ear = stage.servers[network], teacher(stage, network), stage.house.ear(network)
    answer = server.write(amy.id, detect("something she regrets"), parent=stage.asked(network, 1))
    wish = server.write(amy.id, detect("REMOVE ME"), parent=stage.asked(network, 1))
    ear.take(Heard((answer,), "1"), stage.clock.now(), STREAM)
    with monkeypatch.context() as patch:
        patch.setattr("bot.services.intake.attend", _refuse)
        with pytest.raises(StoreError):
            ear.take(Heard((wish,), "2"), stage.clock.now(), STREAM)
    assert stage.store.cursor(network, STREAM) == "1"
    assert len(shown(stage)) == 1
    ear.take(Heard((wish,), "2"), stage.clock.now(), STREAM)
    assert stage.store.cursor(network, STREAM) == "2"
    assert shown(stage) == {}
    assert [errand.kind for errand in stage.store.errands(network, stage.clock.now(), 9)] == ["like"]


def test_what_cannot_be_stored_is_set_aside_and_holds_up_nobody(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, amy, ear = stage.servers[network], teacher(stage, network), stage.house.ear(network)
    q1 = stage.asked(network, 1)
    posts = [server.write(amy.id, detect(f"answer {number}"), parent=q1) for number in range(9)]
    plain = stage.store.take_in
    spoiled: list[Any] = []

    def take_in(batch: Sequence[Any], **given: Any) -> Any:
        if any(one.post.text.text == "answer 4" for one in batch):
            raise UnicodeEncodeError("utf-8", "answer 4", 0, 1, "cannot be written")
        spoiled.extend(given["spoiled"])
        return plain(batch, **given)

    monkeypatch.setattr(stage.store, "take_in", take_in)
    found = ear.take(Heard(tuple(posts), "5"), stage.clock.now(), STREAM)
    assert found.new == 8
    assert stage.store.cursor(network, STREAM) == "5"
    assert [one.error for one in spoiled] == ["UnicodeEncodeError"]
    assert "answer" not in repr(spoiled)
    assert amy.id not in repr(spoiled)


# -- who turns to us -----------------------------------------------------------------------------------------------


def addressed(stage: Stage, network: NetworkName, words: str) -> RichText:
    me = stage.networks[network].identity()
    return join([whole(f"@{me.handle.lstrip('@')}", Mention("", me.handle)), f" {words}"])


def test_who_turns_to_us_outside_of_any_chat_is_heard(stage: Stage, network: NetworkName) -> None:
    server, amy, ben = stage.servers[network], teacher(stage, network), teacher(stage, network, "ben")
    q1 = stage.asked(network, 1)
    server.write(amy.id, detect("amy said this"), parent=q1)
    server.write(ben.id, detect("ben said this"), parent=q1)
    hear(stage, network)
    stage.clock.move_to(START + timedelta(days=60))
    server.write(amy.id, addressed(stage, network, "REMOVE ME"))
    server.write(ben.id, detect("REMOVE ME"))  # to nobody
    heard = stage.networks[network].listen("", Wanted())
    stray = server.posts_of(ben.id)[-1]
    ear = stage.house.ear(network)
    ear.take(msgspec.structs.replace(heard, posts=(*heard.posts, stray)), stage.clock.now(), ASKED)
    assert list(shown(stage)) == ["ben said this"]


def test_every_tick_hears_who_turns_to_us(stage: Stage, network: NetworkName) -> None:
    server, amy = stage.servers[network], teacher(stage, network)
    server.write(amy.id, detect("amy said this"), parent=stage.asked(network, 1))
    stage.at(50)
    server.write(amy.id, addressed(stage, network, "REMOVE ME"))
    stage.at(51)
    assert shown(stage) == {}
    assert server.likes(stage.networks[network]._me.id, server.posts_of(amy.id)[-1].ref.id) == 1


# -- readings that make sure ---------------------------------------------------------------------------------------


def test_what_a_stream_only_names_is_read(stage: Stage, network: NetworkName) -> None:
    server, amy, ear = stage.servers[network], teacher(stage, network), stage.house.ear(network)
    q2 = stage.asked(network, 2)
    stage.deafen()
    stage.at(46)
    server.write(amy.id, detect("behind the gate"), parent=q2)
    assert read_due(stage).new == 0
    ear.take(Heard((), "1", threads=(q2,)), stage.clock.now(), STREAM)
    assert read_due(stage).new == 1
    assert read_due(stage).swept == ()
    assert list(shown(stage)) == ["behind the gate"]


def test_gated_questions_are_told_to_a_stream_that_cannot_know_who_may_reply(stage: Stage) -> None:
    ears = {name: stage.house.ear(name) for name in ("bluesky", "mastodon")}
    assert ears["bluesky"].wanted(stage.clock.now()).closed == frozenset()
    stage.with_series(threadgate=True)
    stage.at(46)
    wanted = ears["bluesky"].wanted(stage.clock.now())
    assert wanted.closed == {stage.asked("bluesky", number) for number in (1, 2, 3)}
    assert wanted.hashtags == {"edchat"}
    assert ears["mastodon"].wanted(stage.clock.now()).closed == frozenset()


def test_a_deletion_that_is_heard_while_a_thread_is_read_is_not_undone(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, amy, ear = stage.servers[network], teacher(stage, network), stage.house.ear(network)
    stage.deafen()
    answer = server.write(amy.id, detect("gone while you read"), parent=stage.asked(network, 1))
    plain = stage.networks[network].sweep

    def sweep(root: PostRef) -> Any:
        batches: list[tuple[Post, ...]] = list(plain(root))
        if any(answer in batch for batch in batches):  # between its being read and its being stored
            ear.take(Heard((), "1", gone=(answer.ref,)), stage.clock.now(), STREAM)
        yield from batches

    monkeypatch.setattr(stage.networks[network], "sweep", sweep)
    monkeypatch.setattr(stage.networks[network], "look_up", lambda refs: pytest.fail(str(refs)))
    found = read_due(stage, "swept", everything=True, gone=lambda key: stage.house.ear(key).gone)
    assert found.new == 1
    assert shown(stage) == {}
    assert b"gone while you read" not in raw(stage)


EVENING = ChatEntry(
    date=date(2027, 1, 7), topic="All", questions=tuple(Question(f"Question {n}?") for n in range(1, 9))
)


def counting(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> dict[str, Counter[str]]:
    """Count what each network is asked from now on; look-ups by id are counted apart, so not here."""
    calls: dict[str, Counter[str]] = {}
    for key, network in stage.networks.items():
        calls[key] = Counter()
        for name in ("listen", "sweep", "tagged", "quotes"):
            plain = getattr(network, name)

            def counted(*args: Any, _key: str = key, _name: str = name, _plain: Callable[..., Any] = plain) -> Any:
                calls[_key][_name] += 1
                return _plain(*args)

            monkeypatch.setattr(network, name, counted)
    return calls


def test_with_a_stream_an_hour_of_eight_questions_is_made_sure_of_in_nine_readings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    stage.with_series(chats=(EVENING,))
    stage.at(-60)
    calls = counting(stage, monkeypatch)
    for seconds in range(0, 3640, 40):
        stage.clock.move_to(START + timedelta(seconds=seconds))
        done = tick(stage.house, rhythm="told", publish=False)
        assert not done.troubles
        for name in stage.networks:
            writer = teacher(stage, name, f"teacher{seconds}")  # type: ignore[arg-type]
            questions = [post for post in stage.store.sent_posts(CHAT) if post.account == name and post.number]
            if questions:
                stage.servers[name].write(writer.id, detect("my answer"), parent=questions[-1].ref.id)  # type: ignore[index]
    for name in stage.networks:
        del calls[name]["listen"]  # with a stream nobody asks
        searched = 0 if name == "bluesky" else 1  # a search would know no more than the stream told
        assert (calls[name]["sweep"], calls[name]["tagged"]) == (8, searched)
        assert sum(calls[name].values()) == 8 + searched
    assert len(shown(stage)) == 1  # all say the same
    for minutes in (62, 90, 170):
        stage.clock.move_to(START + timedelta(minutes=minutes))
        tick(stage.house, rhythm="told")
    assert all(calls[name]["sweep"] == 8 for name in stage.networks)
    stage.clock.move_to(START + timedelta(minutes=180))
    assert tick(stage.house, rhythm="told").digests == (CHAT,)
    assert all(calls[name]["quotes"] == 8 for name in stage.networks)


def test_without_a_stream_asking_takes_three_calls_every_25_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    stage.with_series(chats=(EVENING,))
    stage.at(-60)
    stage.at(0)
    calls = counting(stage, monkeypatch)
    cursors = dict.fromkeys(stage.networks, "")
    for second in range(0, 3600, int(ASKING.total_seconds())):
        stage.clock.move_to(START + timedelta(seconds=second))
        with monkeypatch.context() as patch:
            patch.setattr("bot.tick.listen_on_all", lambda *_, **__: 0)
            tick(stage.house, rhythm="asked")
        for name, network in stage.networks.items():
            now, ear = stage.clock.now(), stage.house.ear(name)
            heard = ask(network, cursors[name], ear.wanted(now), ear.asking(now), now - timedelta(minutes=2))
            ear.take(heard, now, ASKED)
            cursors[name] = heard.cursor
            if second == 1800:
                writer = teacher(stage, name, "amy")  # type: ignore[arg-type]
                asked = ear.asking(now).questions[0]
                stage.servers[name].write(writer.id, detect(f"{name} says"), parent=asked.id)  # type: ignore[index]
            if second == 1800 + ASKING.total_seconds():
                assert f"{name} says" in shown(stage)
    bound = 1.1 * 3 * 3600 / ASKING.total_seconds()
    assert [sum(calls[name].values()) <= bound for name in stage.networks] == [True, True]
    assert calls["mastodon"]["tagged"] == 0  # there, listening lists what has the hashtag
    assert calls["bluesky"]["tagged"] == 3600 / ASKING.total_seconds()


def test_after_a_restart_it_is_known_what_was_read(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.at(46)
    read_due(stage)
    calls = counting(stage, monkeypatch)
    again = stage.open("two")
    collect(
        again.store,
        again.accounts,
        again.network,
        stage.clock.now(),
        ours=again.own_id,
        watch=again.watch,
        phrase=again.phrase,
        rhythm=lambda _account: "told",
    )
    assert not any(calls[name] for name in calls)
