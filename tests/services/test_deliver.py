"""Saying once, on time, in order, whatever goes wrong: on sandbox networks with a real store."""

import dataclasses
import sqlite3
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from services.stage import CHAT, SERIES, START, PlainComposer, Stage

from bot.domain.outbox import Draft, MediaFile, may_move
from bot.domain.posts import NetworkName
from bot.domain.richtext import detect
from bot.domain.series import ChatEntry, Image, Question, Repeat
from bot.errors import Busy, LeaseLost, Refused, StoreError, Unanswered, Unavailable, UserError
from bot.tick import tick

WHOLE = ["announce-1h", "welcome", "q1", "q2", "q3", "wrap-up", "and thanks"]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def play(stage: Stage, *, until: float = 75.0) -> None:
    """Tick at every moment at which something is due, up to so many minutes after the chat's start."""
    stage.at(max(-70.0, (stage.clock.now() - START).total_seconds() / 60))
    ends = START + timedelta(minutes=until)
    while (due := stage.store.next_due(stage.clock.now())) and due <= ends:
        stage.clock.move_to(max(due, stage.clock.now() + timedelta(seconds=5)))
        tick(stage.house)
    stage.at(until)


def states(stage: Stage) -> dict[str, str]:
    return {one.id.removeprefix(f"{CHAT}/"): one.state for one in stage.store.deliveries()}


def noted(
    stage: Stage, network: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[float, tuple[str, ...]]]:
    """Requests of a kind from now on: seconds after the chat's start, and the keys of the parts they were for."""
    requests: list[tuple[float, tuple[str, ...]]] = []
    real = getattr(stage.networks[network], name)

    def noting(group: Any, *given: Any) -> Any:
        seconds = (stage.clock.now() - START).total_seconds()
        requests.append((seconds, tuple(part.key for part in group)))
        return real(group, *given)

    monkeypatch.setattr(stage.networks[network], name, noting)
    return requests


def test_everything_is_said_once_on_time_and_in_order_on_both(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [noted(stage, name, "send", monkeypatch) for name in ("bluesky", "mastodon")]
    play(stage)
    assert [[len(keys) for _, keys in each] for each in requests] == [
        [1, 1, 1, 1, 1, 2],
        [1] * 7,
    ]  # threads: as a whole
    assert stage.said("bluesky") == WHOLE
    assert stage.said("mastodon") == WHOLE
    assert set(states(stage).values()) == {"sent"}
    posts = stage.servers["bluesky"].posts_of(stage.networks["bluesky"]._me.id)
    due = {one.prompt.rpartition("/")[2]: one.at for one in stage.store.deliveries()}
    late = [post.at - due[post.text.text] for post in posts if post.text.text in due]
    assert max(late) < timedelta(minutes=1)
    assert min(late) >= timedelta(0)


def test_ticking_again_says_nothing_new(stage: Stage) -> None:
    play(stage)
    before = stage.said("bluesky") + stage.said("mastodon")
    stage.at(75)
    stage.at(75)
    assert stage.said("bluesky") + stage.said("mastodon") == before


def test_one_network_down_never_delays_the_other(stage: Stage) -> None:
    stage.servers["mastodon"].offline = True
    play(stage, until=58)
    assert stage.said("bluesky") == WHOLE[:5]
    assert stage.said("mastodon") == []


def test_after_downtime_what_is_still_useful_goes_out_in_order_and_what_is_stale_does_not(stage: Stage) -> None:
    stage.servers["mastodon"].offline = True
    play(stage, until=40)
    stage.servers["mastodon"].offline = False
    play(stage, until=75)
    said = stage.said("mastodon")
    assert said == ["q1", "q2", "q3", "wrap-up", "and thanks"]
    found = states(stage)
    assert found["announce-1h@mastodon"] == "missed"
    assert found["welcome@mastodon"] == "missed"
    assert found["q1@mastodon"] == "sent"


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_a_lost_answer_is_looked_for_and_never_said_again(
    stage: Stage, network: NetworkName, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [stage.servers[network].lose_next_answer() for _ in range(3)]
    requests = noted(stage, network, "send", monkeypatch)
    play(stage)
    assert [fault.fired for fault in faults] == [1, 1, 1]
    assert stage.said(network) == WHOLE
    assert sorted(key for _, keys in requests for key in keys) == sorted({key for _, keys in requests for key in keys})
    assert states(stage)[f"announce-1h@{network}"] == "sent"
    assert all(one.sent_at is not None and one.at <= one.sent_at for one in stage.store.deliveries())


def test_a_lost_answer_of_what_never_arrived_is_said_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[int] = []

    def send(*_: object) -> Any:
        lost.append(1)
        raise Unanswered("timed out before it was written")

    with monkeypatch.context() as patch:
        patch.setattr(stage.networks["mastodon"], "send", send)
        stage.at(-60)
    assert lost == [1]
    stage.at(-59)
    assert stage.said("mastodon") == ["announce-1h"]


def test_not_found_counts_only_once_the_request_can_no_longer_take_effect(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(*_: object) -> Any:
        raise Unanswered("timed out")

    sandbox = stage.networks["mastodon"]
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "send", send)
        stage.at(-60)
    stage.clock.move_to(START + timedelta(minutes=-60, seconds=10))
    tick(stage.house)
    assert stage.said("mastodon") == []  # ten seconds are too few to be sure
    [waiting] = [one for one in stage.store.deliveries() if one.id.endswith("announce-1h@mastodon")]
    assert (waiting.attempts, waiting.error) == (1, "")  # looking is no attempt, and nothing went wrong in it
    assert waiting.retry_at == START + timedelta(minutes=-60, seconds=30)
    stage.clock.move_to(START + timedelta(minutes=-60, seconds=45))
    tick(stage.house)
    assert stage.said("mastodon") == ["announce-1h"]


def test_a_request_that_was_held_up_may_take_effect_as_much_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = START + timedelta(minutes=-60)

    def send(*_: object) -> Any:
        stage.clock.move_to(began + timedelta(seconds=20))  # this process, or the way there, was slow
        raise Unanswered("timed out")

    with monkeypatch.context() as patch:
        patch.setattr(stage.networks["mastodon"], "send", send)
        stage.at(-60)
    for seconds, said in ((40, []), (49, []), (51, ["announce-1h"])):
        stage.clock.move_to(began + timedelta(seconds=seconds))
        tick(stage.house)
        assert stage.said("mastodon") == said


def test_what_is_certainly_not_said_when_its_time_is_over_is_not_said_late(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(*_: object) -> Any:
        raise Unanswered("timed out")

    stage.at(-60)
    with monkeypatch.context() as patch:
        patch.setattr(stage.networks["mastodon"], "send", send)
        stage.at(4)
        assert states(stage)["welcome@mastodon"] == "frozen"
    for minutes in (10.5, 11.5, 12.5):
        stage.at(minutes)
    assert stage.said("mastodon") == ["announce-1h", "q1"]
    assert states(stage)["welcome@mastodon"] == "missed"


def test_what_was_in_doubt_when_its_chat_was_cancelled_is_not_said_after_all(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(*_: object) -> Any:
        raise Unanswered("timed out")

    with monkeypatch.context() as patch:
        patch.setattr(stage.networks["mastodon"], "send", send)
        stage.at(-60)
    assert stage.said("bluesky") == ["announce-1h"]  # what is out there is no reason to go on here
    stage.store.cancel(CHAT, stage.clock.now())
    for minutes in (-59, -58, -50):
        stage.at(minutes)
    assert stage.said("mastodon") == []
    assert states(stage)["announce-1h@mastodon"] == "cancelled"


def test_a_thread_of_which_a_part_is_out_is_finished_however_late(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = stage.networks["mastodon"]
    real = sandbox.send

    def send(group: Any, parts: Any, blob: Any) -> Any:
        if "and thanks" in group[0].payload:
            raise Unanswered("timed out")
        return real(group, parts, blob)

    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "send", send)
        play(stage)
    assert stage.said("mastodon") == WHOLE[:-1]
    stage.at(75 + 24 * 60)
    assert stage.said("mastodon")[: len(WHOLE)] == WHOLE
    assert states(stage)["wrap-up@mastodon"] == "sent"


def test_a_network_that_asks_us_to_wait_is_left_alone_that_long(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(*_: object) -> Any:
        raise Busy("slow down", 200)

    with monkeypatch.context() as patch:
        patch.setattr(stage.networks["bluesky"], "send", send)
        stage.at(-60)
    [waiting] = [one for one in stage.store.deliveries() if one.id.endswith("announce-1h@bluesky")]
    assert waiting.retry_at == START + timedelta(minutes=-60, seconds=200)
    assert [part.state for part in waiting.parts] == ["ready"]
    assert waiting.error == "slow down"
    stage.at(-57)
    assert stage.said("bluesky") == []
    stage.at(-56)
    assert stage.said("bluesky") == ["announce-1h"]


@pytest.mark.parametrize(
    ("trouble", "least", "most"), [(Unavailable("down"), (2.5, 5, 10), (5, 10, 20)), (Unanswered("?"), (2.5,), (3,))]
)
def test_failures_are_tried_again_after_longer_and_longer(
    stage: Stage,
    trouble: Exception,
    least: tuple[float, ...],
    most: tuple[float, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def send(*_: object) -> Any:
        raise trouble

    monkeypatch.setattr(stage.networks["mastodon"], "send", send)
    stage.at(-60)
    for shortest, longest in zip(least, most, strict=True):
        [waiting] = [one for one in stage.store.deliveries() if one.id.endswith("announce-1h@mastodon")]
        assert waiting.retry_at is not None
        assert shortest <= (waiting.retry_at - stage.clock.now()).total_seconds() <= longest
        stage.clock.move_to(waiting.retry_at)
        tick(stage.house)


def test_a_crash_between_request_and_answer_is_looked_into_by_the_next_process(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Stands for SIGKILL: nothing of ours runs any more."""

    sandbox = stage.networks["mastodon"]
    real = sandbox.send

    def send(*given: Any) -> Any:
        real(*given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "send", send)
        with pytest.raises(Killed):
            stage.at(-60)
    assert stage.said("mastodon") == ["announce-1h"]
    stage.house = stage.open("two")
    stage.store.free_leases("two")
    looks, sends = (noted(stage, "mastodon", name, monkeypatch) for name in ("find", "send"))
    for seconds in (1, 2):  # the answer may still be on its way within the network
        stage.clock.move_to(START + timedelta(hours=-1, seconds=seconds))
        tick(stage.house)
    assert ([at for at, _ in looks], sends) == ([-3598], [])
    stage.at(-59)
    assert stage.said("mastodon") == ["announce-1h"]
    assert states(stage)["announce-1h@mastodon"] == "sent"


@pytest.mark.parametrize("step", ["freeze", "leaving", "landed"])
def test_what_the_stores_trouble_left_claimed_is_given_back_and_goes_on_at_once(
    stage: Stage, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Any:
        raise StoreError("No space left")

    stage.at(-61)
    deliverer, sandbox, key = stage.house.deliverer, stage.networks["mastodon"], f"{CHAT}/announce-1h"
    now = START - timedelta(minutes=60)
    stage.clock.move_to(now)
    elsewhere = stage.store.claim("bluesky", "one", now, now + timedelta(minutes=3))  # by another thread of ours
    assert elsewhere is not None
    with monkeypatch.context() as patch:
        patch.setattr(stage.store, step, full)
        with pytest.raises(StoreError, match="No space"):
            deliverer.deliver(sandbox)
    stage.clock.move_to(now + timedelta(seconds=40))
    deliverer.give_back("bluesky")
    assert deliverer.deliver(sandbox).sent == ()  # it is still leased, to ourselves
    deliverer.give_back("mastodon")
    [waiting] = [one for one in stage.store.deliveries() if one.id == f"{key}@mastodon"]
    assert (waiting.attempts, waiting.error, waiting.retry_at) == (0, "", None)  # it was no fault of the network
    assert deliverer.deliver(sandbox).sent == (f"{key}@mastodon",)
    assert stage.said("mastodon") == ["announce-1h"]
    stage.store.release(elsewhere.id, "one", None, "")  # it was left to the thread that works on it
    stage.clock.move_to(START)
    assert stage.store.claim("mastodon", "one", START, START + timedelta(minutes=3)) is not None
    deliverer.give_back("mastodon")  # once: this is somebody's who works on it
    assert stage.store.claim("mastodon", "two", START, START + timedelta(minutes=3)) is None


def test_what_another_process_took_over_keeps_nothing_else_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = msgspec.structs.replace(stage.series, slug="artchat", hashtag="ArtChat")
    stage.house = dataclasses.replace(stage.house, series=lambda: (other, stage.series))
    real, lost = stage.store.freeze, []

    def freeze(delivery: str, *given: Any) -> None:
        if not lost:
            lost.append(delivery)
            raise LeaseLost(f"{delivery} was taken over")
        real(delivery, *given)

    stage.at(-61)
    stage.clock.move_to(START - timedelta(minutes=60))
    monkeypatch.setattr(stage.store, "freeze", freeze)
    done = stage.house.deliverer.deliver(stage.networks["mastodon"])
    both = {"artchat/2027-01-07/announce-1h@mastodon", f"{CHAT}/announce-1h@mastodon"}
    assert (set(done.sent), done.waiting, done.refused) == (both - set(lost), (), ())


def test_two_processes_never_say_the_same(stage: Stage) -> None:
    other = stage.open("two")
    for minutes in range(-60, 76, 5):
        stage.at(minutes)
        tick(other)
        tick(stage.house)
    assert stage.said("bluesky") == WHOLE
    assert stage.said("mastodon") == WHOLE


def test_what_a_network_refuses_is_given_up_and_the_rest_goes_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = stage.networks["bluesky"]
    real = sandbox.send

    def send(group: Any, parts: Any, blob: Any) -> Any:
        if "q2" in group[0].payload:
            raise Refused("422: text is not allowed")
        return real(group, parts, blob)

    monkeypatch.setattr(sandbox, "send", send)
    play(stage)
    assert stage.said("bluesky") == [text for text in WHOLE if text != "q2"]
    assert stage.said("mastodon") == WHOLE
    assert states(stage)["q2@bluesky"] == "refused"
    [refused] = [one for one in stage.store.deliveries() if one.state == "refused"]
    assert (refused.error, refused.attempts) == ("422: text is not allowed", 1)


def test_a_reminder_is_said_although_its_question_is_not_there(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = stage.networks["bluesky"]
    real = sandbox.send

    def send(group: Any, parts: Any, blob: Any) -> Any:
        if "q1" in group[0].payload:
            raise Refused("422: text is not allowed")
        return real(group, parts, blob)

    monkeypatch.setattr(sandbox, "send", send)
    questions = (Question("What works?"), Question("And now?"))
    entry = ChatEntry(date=START.date(), topic="Slowly", questions=questions)
    stage.with_series(format="slow", pace=timedelta(days=2), announce=(), chats=(entry,))
    play(stage, until=25 * 60)
    assert stage.said("bluesky") == ["welcome", "remind-1"]


def test_moving_a_chat_moves_what_is_not_yet_sent_and_never_what_was(stage: Stage) -> None:
    stage.at(-60)
    entry = stage.series.chats[0]
    later = (entry.at or stage.series.at).replace(hour=21)
    stage.with_series(at=later)
    play(stage, until=30)
    assert stage.said("bluesky") == ["announce-1h"]
    play(stage, until=140)
    assert stage.said("bluesky") == WHOLE


def test_a_chat_taken_out_posts_nothing_more_and_one_that_comes_back_does(stage: Stage) -> None:
    chats = stage.series.chats
    stage.at(-60)
    stage.with_series(chats=())
    play(stage, until=20)
    assert stage.said("bluesky") == ["announce-1h"]
    stage.with_series(chats=chats)
    play(stage, until=75)
    assert stage.said("bluesky")[1:] == ["q1", "q2", "q3", "wrap-up", "and thanks"]


def test_a_cancelled_chat_posts_nothing_more(stage: Stage) -> None:
    stage.at(10)
    said = list(stage.said("bluesky"))
    assert "q1" in said
    assert stage.store.cancel(CHAT, stage.clock.now()) > 0
    play(stage, until=75)
    assert stage.said("bluesky") == said


def test_an_account_that_a_running_bot_does_not_know_yet_leaves_the_last_good_plan(stage: Stage) -> None:
    stage.at(-60)
    stage.with_series(accounts=("bluesky", "mastodon", "second"))
    done = stage.at(-1)
    assert [trouble for trouble in done.troubles if "second" in trouble]
    play(stage)
    assert stage.said("bluesky") == WHOLE


def test_a_picture_that_cannot_be_read_holds_up_its_own_chat_only(stage: Stage) -> None:
    pictured = Question("What is this?", image=Image("missing.jpg", "a hall", ""))
    entry = ChatEntry(date=START.date(), topic="Pictures", questions=(pictured, Question("And that?")))
    other = msgspec.structs.replace(stage.series, slug="artchat", hashtag="ArtChat", chats=(entry,))

    def picture(image: Image) -> MediaFile:
        raise UserError(f"{image.path}: this picture cannot be read")

    house = stage.open("one", picture=picture)
    stage.house = dataclasses.replace(house, series=lambda: (other, stage.series))
    done = stage.at(6)
    assert stage.said("bluesky").count("q1") == 1
    assert "bluesky: missing.jpg: this picture cannot be read" in done.troubles
    play(stage)
    assert stage.said("bluesky").count("q3") == 1
    [missing] = [one for one in stage.store.deliveries("artchat/2027-01-07") if one.id.endswith("/q1@bluesky")]
    assert (missing.state, missing.attempts > 1) == ("missed", True)
    assert "missing.jpg" in missing.error


def test_the_composer_is_given_what_its_words_may_tell(stage: Stage) -> None:
    told: dict[str, dict[str, Any]] = {}

    class Listening(PlainComposer):
        def compose(self, prompt: Any, stored: Any, network: NetworkName, limits: Any, **given: Any) -> Draft:
            if stored.chat.id == CHAT:
                told[f"{prompt.id.rpartition('/')[2]}@{network}"] = given | {"limits": limits}
            return super().compose(prompt, stored, network, limits, **given)

    kept = MediaFile("ab" * 32, "image/png", 3, "a hall", 1, 1)
    questions = (Question("What is this?", image=Image("hall.jpg", "a hall", "")), Question("And that?"))
    days = [START.date() + timedelta(weeks=weeks) for weeks in (0, 2, 4, 6)]
    stage.with_series(
        format="slow",
        pace=timedelta(days=2),
        announce=(),
        repeats=(Repeat(time(21), "Europe/Paris"),),
        chats=tuple(ChatEntry(date=day, topic=f"On {day}", questions=questions) for day in days),
    )
    painted = MediaFile("cd" * 32, "image/png", 3, "On a day", 1200, 630)
    house = stage.open("one", composer=Listening(), picture=lambda _: kept, card=lambda _: painted)
    sooner = ChatEntry(date=days[0] + timedelta(days=6), topic="Of another series", questions=questions[1:])
    other = msgspec.structs.replace(SERIES, slug="artchat", hashtag="ArtChat", announce=(), chats=(sooner,))
    stage.house = dataclasses.replace(house, series=lambda: (other, stage.series))
    stage.at(-60)
    for cancelled in (f"edchat/{days[1]}", f"edchat/{days[1]}-paris"):
        stage.store.cancel(cancelled, stage.clock.now())
    play(stage, until=10)
    amy = stage.servers["bluesky"].create_account("amy")
    stage.servers["bluesky"].write(amy.id, detect("Less is more."), parent=question(stage, "bluesky", 1))
    for hours in (0, 3, 4):
        play(stage, until=(4 * 24 + hours) * 60)
    for network in ("bluesky", "mastodon"):
        given = {key.partition("@")[0]: told[key] for key in told if key.endswith(network)}
        pictures = {"q1": (kept,)} | ({"digest": (painted,)} if network == "bluesky" else {})
        assert {key: one["media"] for key, one in given.items() if one["media"]} == pictures
        assert {one["limits"] for one in given.values()} == {stage.networks[network].limits}
        asked = {key: one["question"].id for key, one in given.items() if one["question"]}
        assert asked == {f"remind-{number}": question(stage, network, number) for number in (1, 2)}
        assert {one["upcoming"].id for one in given.values()} == {f"edchat/{days[2]}"}
        assert {key for key, one in given.items() if one["content"] is not None} == {"digest"}


def question(stage: Stage, network: str, number: int) -> str:
    """Id of our question's post."""
    sent = stage.store.sent_posts(CHAT)
    return next(one.ref.id for one in sent if one.account == network and one.prompt == f"{CHAT}/q{number}")


def test_every_change_of_state_is_one_that_the_declared_graph_has(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(stage.folder / "staffroom.db") as watching:
        watching.execute("CREATE TABLE moves (before TEXT, after TEXT)")
        watching.execute(
            "CREATE TRIGGER watch AFTER UPDATE OF state ON deliveries WHEN old.state <> new.state "
            "BEGIN INSERT INTO moves VALUES (old.state, new.state); END"
        )
    chats = stage.series.chats
    sandbox = stage.networks["mastodon"]
    stage.servers["bluesky"].offline = True
    stage.at(-60)
    stage.at(1)  # on Bluesky the announcement is missed
    stage.with_series(chats=())
    stage.at(2)
    stage.with_series(chats=chats)
    stage.servers["bluesky"].offline = False
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "freeze", lambda *_: (_ for _ in ()).throw(Refused("not such words")))
        stage.at(6)
    play(stage)
    with sqlite3.connect(stage.folder / "staffroom.db") as watching:
        moves = set(watching.execute("SELECT before, after FROM moves"))
    assert {"missed", "cancelled", "refused", "sent"} <= {after for _, after in moves}
    assert ("cancelled", "planned") in moves
    assert [move for move in sorted(moves) if not may_move(*move)] == []
