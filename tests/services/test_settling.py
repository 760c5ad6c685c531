"""A store that is put back in mid-chat: nothing goes out twice, and what is not there is said."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from services.stage import CHAT, START, PlainComposer, Stage

from bot.domain.errands import Errand
from bot.domain.outbox import Draft, MediaFile
from bot.domain.posts import NetworkName, Post
from bot.domain.richtext import RichText, detect
from bot.domain.series import Image, Question
from bot.errors import Unavailable
from bot.services.wishes import block
from bot.storage.backups import restore_backup, write_backup
from bot.storage.erasures import Erasures, read_list
from bot.storage.store import open_store
from bot.tick import tick

NETWORKS: tuple[NetworkName, ...] = ("bluesky", "mastodon")
PROMPTS = ["announce-1h", "welcome", "q1", "q2", "q3", "wrap-up"]
MINUTES = {"q1": 5, "q2": 23, "q3": 41}


class Lost:
    """A stage whose disk is lost after a backup, and put back in another folder."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(folder)
        self.listed = Erasures(folder / ".staffroom-erasures", self.stage.clock.now)
        self.stage.store.close()
        url = f"sqlite:///{folder / 'staffroom.db'}"
        self.stage.store = open_store(url, pepper_source=lambda: secrets.token_bytes(32), erasures=self.listed)
        self.stage.house = self.stage.open("one")
        self.folder = folder

    def back_up(self) -> Path:
        file = self.folder / "backup.db"
        write_backup(f"sqlite:///{self.folder / 'staffroom.db'}", file, self.stage.clock.now())
        return file

    def put_back(self, file: Path, *, keys_forgotten: bool = True) -> None:
        """Lose the disk; from now on the stage's house is another one. Networks forget the keys they knew."""
        stage = self.stage
        listed = read_list(self.listed.path, stage.store.database)
        stage.store.close()
        url = f"sqlite:///{self.folder / 'elsewhere.db'}"
        restore_backup(file, url, listed, stage.clock.now())
        if keys_forgotten:
            for server in stage.servers.values():
                server._by_key.clear()
        stage.store = open_store(url, pepper_source=lambda: b"", erasures=self.listed)
        stage.house = stage.open("two")


@pytest.fixture
def lost(tmp_path: Path) -> Lost:
    return Lost(tmp_path)


def chat_until(stage: Stage, *moments: float) -> None:
    for moment in moments:
        assert not stage.at(moment).troubles


def to_the_end(stage: Stage) -> None:
    chat_until(stage, 42, 61, 62, 190, 191, 192)


@pytest.mark.parametrize("keys_forgotten", [True, False])
def test_prompts_that_left_since_the_backup_do_not_leave_again(lost: Lost, keys_forgotten: bool) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6, 24)
    file = lost.back_up()
    chat_until(stage, 42)
    lost.put_back(file, keys_forgotten=keys_forgotten)
    chat_until(stage, 43)
    to_the_end(stage)
    for name in NETWORKS:
        assert stage.said(name) == [*PROMPTS, "and thanks"]
    states = {one.id: one.state for one in stage.store.deliveries()}
    assert set(states.values()) == {"sent"}
    assert len(states) == 2 * len(PROMPTS)


def test_a_question_with_a_picture_is_known_again(lost: Lost) -> None:
    stage = lost.stage
    kept = MediaFile("ab" * 32, "image/png", 3, "a hall", 1, 1)
    [entry] = stage.series.chats
    pictured = Question("And now?", image=Image("hall.jpg", "a hall", ""))
    stage.with_series(chats=(msgspec.structs.replace(entry, questions=(*entry.questions[:2], pictured)),))
    stage.house = stage.open("one", picture=lambda _: kept)
    chat_until(stage, -60, 0, 6, 24)
    file = lost.back_up()
    chat_until(stage, 42)
    lost.put_back(file)
    stage.house = stage.open("two", picture=lambda _: kept)
    chat_until(stage, 43)
    for name in NETWORKS:
        assert stage.said(name) == PROMPTS[:-1]


def test_without_looking_they_would_leave_again(lost: Lost) -> None:
    """The test above can fail: a store that is not marked says everything once more."""
    stage = lost.stage
    chat_until(stage, -60, 0, 6, 24)
    file = lost.back_up()
    chat_until(stage, 42)
    lost.put_back(file)
    for name in NETWORKS:
        stage.store.settled(name, {})
    chat_until(stage, 43)
    assert [stage.said(name).count("q3") for name in NETWORKS] == [2, 2]


def answer(stage: Stage, name: NetworkName, who: str, text: str, number: int = 1) -> Post:
    """A teacher's answer to a question."""
    server = stage.servers[name]
    return server.write(server.create_account(who).id, detect(text), parent=stage.asked(name, number))


def test_a_half_thread_is_continued_under_what_is_there(lost: Lost) -> None:
    """On Mastodon a thread leaves post by post: the first one of the wrap-up is out, the second is not."""
    stage = lost.stage
    chat_until(stage, -60, 0, 6, 24, 42)
    file = lost.back_up()
    stage.servers["mastodon"].lose_next_answer()
    chat_until(stage, 61)
    assert stage.said("mastodon")[-1] == "wrap-up"
    lost.put_back(file)
    chat_until(stage, 62, 63)
    me = stage.networks["mastodon"]._me.id
    first, second = stage.servers["mastodon"].posts_of(me)[-2:]
    assert (first.text.text, second.text.text) == ("wrap-up", "and thanks")
    assert second.parent == first.ref.id
    assert stage.said("mastodon").count("wrap-up") == 1
    assert stage.said("bluesky")[-2:] == ["wrap-up", "and thanks"]


def test_a_backup_between_request_and_answer(lost: Lost) -> None:
    """What was unknown when the backup was made is looked for."""
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    faults = [stage.servers[name].lose_next_answer() for name in NETWORKS]
    chat_until(stage, 24)
    assert [fault.fired for fault in faults] == [1, 1]
    file = lost.back_up()
    chat_until(stage, 25)
    lost.put_back(file)
    chat_until(stage, 26)
    to_the_end(stage)
    for name in NETWORKS:
        assert stage.said(name) == [*PROMPTS, "and thanks"]


def test_nothing_is_said_while_a_network_cannot_be_read_back(lost: Lost) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    file = lost.back_up()
    chat_until(stage, 24)
    lost.put_back(file)
    stage.servers["mastodon"].offline = True
    told = stage.at(42)
    assert "mastodon" in " ".join(told.troubles)
    assert stage.said("bluesky") == PROMPTS[:-1]
    assert "q3" not in stage.said("mastodon")
    stage.servers["mastodon"].offline = False
    to_the_end(stage)
    for name in NETWORKS:
        assert stage.said(name) == [*PROMPTS, "and thanks"]


def test_nothing_is_said_while_a_last_request_may_still_land(lost: Lost) -> None:
    """The lost bot's request is on its way; ours would meet it there."""
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    file = lost.back_up()
    stage.clock.move_to(START + timedelta(minutes=24))
    lost.put_back(file)
    stage.clock.move_to(stage.clock.now() + timedelta(seconds=5))
    assert tick(stage.house).sent == ()
    for name in NETWORKS:  # now it lands
        server = stage.servers[name]
        server.write(stage.networks[name]._me.id, detect("q2"), key="by the lost one")
    chat_until(stage, 25)
    for name in NETWORKS:
        assert stage.said(name) == PROMPTS[:4]


def test_what_was_missed_before_the_loss_is_not_said_out_of_order(lost: Lost) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    file = lost.back_up()
    chat_until(stage, 24)
    for name in NETWORKS:  # a moderator deleted it there
        stage.servers[name].delete(stage.asked(name, 2))
    chat_until(stage, 42)
    lost.put_back(file)
    chat_until(stage, 43)
    for name in NETWORKS:
        assert stage.said(name) == ["announce-1h", "welcome", "q1", "q3"]
    gone = [one for one in stage.store.deliveries() if one.prompt.endswith("/q2")]
    assert [(one.state, "its time is over" in one.error) for one in gone] == [("missed", True)] * 2
    chat_until(stage, 44)
    assert "q2" not in stage.said("bluesky"), "planning again does not bring it back"


def test_a_prompt_whose_words_were_changed_is_known_again(lost: Lost) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    file = lost.back_up()
    chat_until(stage, 24)
    for name in NETWORKS:
        stage.servers[name]._posts[stage.asked(name, 2)] = msgspec.structs.replace(
            stage.servers[name]._posts[stage.asked(name, 2)], text=RichText("Q2 in other words")
        )
    lost.put_back(file)
    chat_until(stage, 25)
    for name in NETWORKS:
        assert stage.said(name) == ["announce-1h", "welcome", "q1", "Q2 in other words"]
    sent = stage.store.sent_posts(CHAT)
    assert sorted(one.account for one in sent if one.prompt.endswith("/q2")) == ["bluesky", "mastodon"]


def test_answers_given_since_are_collected_and_the_digest_is_said_once(lost: Lost) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    early = answer(stage, "bluesky", "amy", "before the backup")
    chat_until(stage, 10)
    file = lost.back_up()
    late = answer(stage, "mastodon", "bob", "after the backup")
    chat_until(stage, 12, 24)
    lost.put_back(file)
    to_the_end(stage)
    keys = {stage.store.key(post.ref.network, post.ref.id) for post in (early, late)}
    assert {one.key for one in stage.store.content(CHAT).answers} == keys
    for name in NETWORKS:
        assert stage.said(name).count("digest") == 1


def test_a_digest_that_is_out_is_not_said_again(lost: Lost) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    answer(stage, "bluesky", "amy", "before the backup")
    chat_until(stage, 24, 42, 61)
    file = lost.back_up()
    answer(stage, "mastodon", "bob", "after the backup")
    chat_until(stage, 62, 190)
    assert [stage.said(name).count("digest") for name in NETWORKS] == [1, 1]
    before = {name: stage.said(name) for name in NETWORKS}
    lost.put_back(file)
    chat_until(stage, 191, 192, 193)
    assert {name: stage.said(name) for name in NETWORKS} == before
    digests = [one for one in stage.store.deliveries() if one.prompt.endswith("/digest")]
    assert [one.state for one in digests] == ["missed", "missed"]
    assert all("delete it there by hand" in one.error for one in digests)


def test_the_words_of_a_digest_that_may_be_out_are_made_of_all_that_it_may_tell(lost: Lost) -> None:
    told: dict[str, dict[str, Any]] = {}

    class Listening(PlainComposer):
        def compose(self, prompt: Any, stored: Any, network: NetworkName, limits: Any, **given: Any) -> Draft:
            if prompt.kind == "digest":
                told[network] = given | {"chat": stored.chat.id, "limits": limits}
            return super().compose(prompt, stored, network, limits, **given)

    stage = lost.stage
    [entry] = stage.series.chats
    stage.with_series(chats=(entry, msgspec.structs.replace(entry, date=entry.date + timedelta(weeks=1))))
    chat_until(stage, -60, 0, 6)
    answer(stage, "bluesky", "amy", "before the backup")
    chat_until(stage, 24, 42, 61)
    file = lost.back_up()
    chat_until(stage, 62, 190)
    lost.put_back(file)
    stage.house = stage.open("two", composer=Listening())
    chat_until(stage, 191)
    assert set(told) == set(NETWORKS)
    for name, given in told.items():
        assert (given["chat"], given["limits"]) == (CHAT, stage.networks[name].limits)
        assert [one.post.text.text for one in given["content"].answers] == ["before the backup"]
        assert given["upcoming"].id == "edchat/2027-01-14"
        assert (given["question"], given["media"]) == (None, ())


def test_a_digest_that_the_backup_knows_is_found_whole(lost: Lost) -> None:
    """Written when the backup was made, posted afterwards: its words are known, and so is whom it repeats."""
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    post = answer(stage, "bluesky", "amy", "before the backup")
    chat_until(stage, 24, 42, 61)
    for name in NETWORKS:
        stage.networks[name].send = refuse_to_reach  # type: ignore[method-assign]
    stage.at(190)
    file = lost.back_up()
    for name in NETWORKS:
        del stage.networks[name].send  # type: ignore[method-assign]
    chat_until(stage, 200)
    assert [stage.said(name).count("digest") for name in NETWORKS] == [1, 1]
    lost.put_back(file)
    chat_until(stage, 201)
    assert [stage.said(name).count("digest") for name in NETWORKS] == [1, 1]
    digests = [one for one in stage.store.deliveries() if one.prompt.endswith("/digest")]
    assert {one.state for one in digests} == {"sent"}
    key = stage.store.key("bluesky", post.ref.id)
    assert len(stage.store.repeating([key])) == 2, "whoever leaves is taken out of it"


def refuse_to_reach(*_: object) -> None:
    raise Unavailable("the network is down")


def test_who_left_after_the_backup_is_gone(lost: Lost) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    stays = answer(stage, "bluesky", "amy", "amy stays")
    leaves = answer(stage, "bluesky", "bob", "bob leaves")
    deleted = answer(stage, "mastodon", "cyd", "cyd deletes it")
    chat_until(stage, 10)
    file = lost.back_up()
    block(stage.store, leaves.author, stage.clock.now())
    stage.servers["mastodon"].delete(deleted.ref.id)
    chat_until(stage, 24)
    lost.put_back(file)
    # What is read back here is the store itself, before it has asked any network.
    assert [one.post.text.text for one in stage.store.content(CHAT).answers] == [stays.text.text]
    raw = (lost.folder / "elsewhere.db").read_bytes()
    for words in (leaves.text.text, deleted.text.text, leaves.author.handle, deleted.author.handle):
        assert words.encode() not in raw
    to_the_end(stage)
    assert [one.post.text.text for one in stage.store.content(CHAT).answers] == [stays.text.text]


def test_a_chat_that_was_called_off_since_stays_so(lost: Lost) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    file = lost.back_up()
    stage.store.cancel(CHAT, stage.clock.now())
    lost.put_back(file)
    to_the_end(stage)
    for name in NETWORKS:
        assert stage.said(name) == ["announce-1h", "welcome", "q1"]


def test_a_chat_that_was_planned_after_the_backup_is_found(lost: Lost) -> None:
    """Nothing of it was in the backup, and some of what it said was of no use any more when it was put back."""
    stage = lost.stage
    stage.series, planned = msgspec.structs.replace(stage.series, chats=()), stage.series
    stage.at(-100)
    file = lost.back_up()
    stage.series = planned
    chat_until(stage, -60, 0, 6, 24, 42)
    lost.put_back(file)
    chat_until(stage, 43)
    to_the_end(stage)
    for name in NETWORKS:
        assert stage.said(name) == [*PROMPTS, "and thanks"]
    kinds = [(one.kind, one.number) for one in stage.store.sent_posts(CHAT) if one.account == "mastodon"]
    assert kinds[:5] == [("announcement", 0), ("welcome", 0), ("question", 1), ("question", 2), ("question", 3)]


@pytest.mark.parametrize("kind", ["answer", "tell"])
def test_words_for_one_person_are_said_once(lost: Lost, kind: str) -> None:
    stage = lost.stage
    chat_until(stage, -60, 0, 6)
    asked = answer(stage, "bluesky", "amy", "what is this?")
    file = lost.back_up()
    ref = asked.ref if kind == "answer" else None

    def ask() -> None:
        now = stage.clock.now()
        stage.store.queue([Errand("e:1", "bluesky", kind, now, ref, asked.author.handle, "Which?")])  # type: ignore[arg-type]
        chat_until(stage, (now - START) / timedelta(minutes=1) + 1)

    ask()
    lost.put_back(file, keys_forgotten=kind == "answer")  # a message is looked for by the adapter, from the backup on
    stage.clock.move_to(stage.clock.now() + timedelta(minutes=1))
    ask()
    assert stage.said("bluesky").count("Which?") + len(stage.servers["bluesky"].messages) == 1
    assert stage.store.errands("bluesky", stage.clock.now() + timedelta(days=1), 9) == ()
