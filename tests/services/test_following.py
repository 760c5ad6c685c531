"""From talk to action: who wrote what they will try, and asked for it, is asked later, once each."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden import sample
from services.stage import CHAT, Stage

from bot.domain.posts import Account, NetworkName, Post, Signals
from bot.domain.richtext import Mention, detect, join, whole
from bot.errors import Unavailable
from bot.rendering.composer import TemplateComposer
from bot.rendering.templates import Templates

WEEK = 7 * 24 * 60
"""Minutes."""

TEMPLATES = Templates()


@pytest.fixture(params=["bluesky", "mastodon"])
def network(request: pytest.FixtureRequest) -> NetworkName:
    return request.param


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.house = stage.open("one", composer=TemplateComposer(TEMPLATES, sample.SITE))
    stage.deafen()
    stage.at(0)
    stage.at(5)
    return stage


class Teacher:
    """Somebody on one network, and what they say there."""

    def __init__(self, stage: Stage, network: NetworkName, name: str = "amy", **signals: Any) -> None:
        self.stage, self.network = stage, network
        self.server = stage.servers[network]
        self.account: Account = self.server.create_account(name, name.title(), Signals(**signals))

    def say(self, words: str, to: str = "") -> Post:
        return self.server.write(self.account.id, detect(words), parent=to or self.question)

    @property
    def question(self) -> str:
        return next(one.ref.id for one in self.ours() if one.text.text.startswith("Q1"))

    def ours(self) -> tuple[Post, ...]:
        return self.server.posts_of(self.stage.networks[self.network]._me.id)

    def liked(self, words: str) -> bool:
        """Whether we showed that we understood these words."""
        said = [one.ref.id for one in self.server.posts_of(self.account.id) if one.text.text == words]
        return bool(self.server.likes(self.stage.networks[self.network]._me.id, said[-1]))

    def asked(self) -> list[Post]:
        """Our follow-ups."""
        return [one for one in self.ours() if "FORGET IT" in one.text.text]


def tries(stage: Stage, network: NetworkName, name: str = "amy") -> tuple[Teacher, Post]:
    """A teacher who said what they will try, and asked to be asked."""
    amy = Teacher(stage, network, name)
    answer = amy.say("I will try exit tickets on Monday #TryIt")
    amy.say("REMIND ME", to=answer.ref.id)
    stage.at(10)
    return amy, answer


def states(stage: Stage) -> dict[str, str]:
    """Follow-ups in the outbox: number → state."""
    found = (one for one in stage.store.deliveries(CHAT) if "/follow-up-" in one.id)
    return {one.id.partition("/follow-up-")[2][0]: one.state for one in found}


def texts(stage: Stage) -> set[str]:
    return {one.post.text.text for one in stage.store.content(CHAT).answers}


def test_the_whole_loop_until_every_trace_is_gone(stage: Stage, network: NetworkName) -> None:
    amy, answer = tries(stage, network)
    assert texts(stage) == {"I will try exit tickets on Monday #TryIt"}
    assert amy.liked("REMIND ME")
    assert states(stage) == {"1": "planned", "2": "planned"}
    stage.at(2 * WEEK - 1)
    assert amy.asked() == []
    assert len(stage.at(2 * WEEK).sent) == 1
    (asked,) = amy.asked()
    assert (asked.parent, asked.root) == (answer.ref.id, amy.question)
    assert asked.visibility == ("unlisted" if network == "mastodon" else "public")
    assert asked.text.text.startswith("@amy@mastodon.example " if network == "mastodon" else "You wrote in Ed Chat")
    stage.at(2 * WEEK + 26 * 60)  # the chat's window is closed
    amy.say("It did not work: they wrote nothing.", to=asked.ref.id)
    Teacher(stage, network, "ben").say("Me neither", to=asked.ref.id)
    amy.say("And late under the question")
    stage.at(2 * WEEK + 51 * 60)
    assert texts(stage) == {answer.text.text, "It did not work: they wrote nothing."}
    stage.at(6 * WEEK)
    assert len(amy.asked()) == 2
    amy.say("REMOVE ME", to=amy.asked()[1].ref.id)
    stage.at(6 * WEEK + 61)
    stage.at(6 * WEEK + 62)
    assert (texts(stage), amy.asked()) == (set(), [])
    assert stage.store.followed() == ()
    stage.store.tidy(stage.clock.now())
    raw = b"".join(path.read_bytes() for path in stage.folder.iterdir())
    assert b"exit tickets" not in raw
    assert b"wrote nothing" not in raw
    assert b"amy" not in raw


Ending = Callable[[Stage, Teacher, Post], Any]


def says(words: str) -> Ending:
    return lambda _, amy, answer: amy.say(words, to=answer.ref.id)


ENDINGS: dict[str, Ending] = {
    "deleted": lambda _, amy, answer: amy.server.delete(answer.ref.id),
    "blocked": lambda _, amy, _answer: amy.server.change_signals(amy.account.id, Signals(blocks_us=True)),
    "removed": says("REMOVE THIS"),
    "forgotten": says("Please forget it!"),
    "cancelled": lambda stage, _amy, _answer: stage.store.cancel(CHAT, stage.clock.now()),
    "switched off": lambda stage, _amy, _answer: stage.with_series(follow_up=()),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_nobody_is_asked_any_more(stage: Stage, ending: str) -> None:
    """What happened since the last look-up is found right before sending: the answer was not looked up since."""
    amy, answer = tries(stage, "bluesky")
    ENDINGS[ending](stage, amy, answer)
    if ending not in ("deleted", "blocked"):
        stage.at(13)
    stage.store.checked([answer.ref], stage.clock.now() + timedelta(days=60))  # by nobody else before that
    for minutes in (2 * WEEK, 6 * WEEK):
        stage.at(minutes)
    assert amy.asked() == []
    assert set(states(stage).values()) <= {"cancelled"}


def test_what_is_told_in_a_closed_chat_is_heard_at_once(tmp_path: Path) -> None:
    """Not read: the next reading is a day away. Whoever writes to us says FORGET IT of all that they ever tried."""
    stage = Stage(tmp_path)
    stage.house = stage.open("one", composer=TemplateComposer(TEMPLATES, sample.SITE))
    stage.at(0)
    stage.at(5)
    amy, answer = tries(stage, "mastodon")
    closed = 2 * WEEK + 26 * 60
    stage.at(2 * WEEK)
    stage.at(closed)
    (asked,) = amy.asked()
    amy.say("It worked.", to=asked.ref.id)
    amy.say("Too late for this one")
    stage.at(closed + 2)
    assert texts(stage) == {answer.text.text, "It worked."}
    us = stage.networks["mastodon"]._me
    named = whole(f"@{us.handle.lstrip('@')}", Mention(us.id, us.handle))
    amy.server.write(amy.account.id, join([named, " forget it"]))
    stage.at(closed + 4)
    assert (states(stage)["2"], stage.store.followed()) == ("cancelled", ())


def test_a_follow_up_that_is_late_is_dropped_and_the_next_one_asks(stage: Stage) -> None:
    amy, _ = tries(stage, "mastodon")
    stage.at(2 * WEEK - 1)
    amy.server.offline = True
    stage.at(2 * WEEK + 5)
    assert stage.at(2 * WEEK + 48 * 60).missed == (
        next(one.id for one in stage.store.deliveries(CHAT) if "/follow-up-1-" in one.id),
    )
    amy.server.offline = False
    stage.at(6 * WEEK)
    assert (len(amy.asked()), states(stage)) == (1, {"1": "missed", "2": "sent"})


def test_what_is_held_back_is_asked_about_once_it_is_shown(stage: Stage) -> None:
    amy, _ = tries(stage, "bluesky")
    amy.say("STOP")
    stage.at(12)
    assert texts(stage) == set()
    stage.at(2 * WEEK)
    assert (amy.asked(), states(stage)["1"]) == ([], "planned")
    amy.say("KEEP MY ANSWERS")
    stage.at(2 * WEEK + 61)
    stage.at(2 * WEEK + 125)
    assert len(amy.asked()) == 1


def test_what_was_written_is_looked_at_again_before_it_is_sent(stage: Stage) -> None:
    amy, answer = tries(stage, "bluesky")
    send = stage.networks["bluesky"].send
    stage.networks["bluesky"].send = lambda *_: (_ for _ in ()).throw(Unavailable("busy"))  # type: ignore[method-assign]
    stage.at(2 * WEEK)
    assert states(stage)["1"] == "frozen"
    stage.networks["bluesky"].send = send  # type: ignore[method-assign]
    amy.server.delete(answer.ref.id)
    stage.store.checked([answer.ref], stage.clock.now() + timedelta(days=60))
    stage.at(2 * WEEK + 10)
    assert (amy.asked(), states(stage)) == ([], {})


def test_forget_it_under_a_follow_up_ends_it_and_remind_me_begins_anew(stage: Stage) -> None:
    """Each sweep meets all of these words again: the later counts."""
    amy, _ = tries(stage, "bluesky")
    stage.at(2 * WEEK)
    (asked,) = amy.asked()
    amy.say("FORGET IT", to=asked.ref.id)
    stage.at(2 * WEEK + 61)
    assert (amy.liked("FORGET IT"), states(stage)) == (True, {"1": "sent", "2": "cancelled"})
    stage.at(2 * WEEK + 122)
    assert states(stage)["2"] == "cancelled"
    amy.say("REMIND ME", to=asked.ref.id)
    stage.at(2 * WEEK + 183)
    assert states(stage)["2"] == "planned"
    stage.with_series(follow_up=(timedelta(weeks=2), timedelta(weeks=7)))
    stage.at(6 * WEEK)
    assert len(amy.asked()) == 1
    stage.at(7 * WEEK)
    assert len(amy.asked()) == 2


def test_what_somebody_tells_is_no_plan_of_its_own_though_it_has_the_hashtag(stage: Stage) -> None:
    """FORGET IT under another question means their latest plan: the one we ask about, not what came of it."""
    amy, _ = tries(stage, "bluesky")
    stage.at(60)
    stage.with_series(follow_up=(timedelta(days=1), timedelta(weeks=2)))
    stage.at(24 * 60)
    amy.say("It worked, so #tryit yourselves!", to=amy.asked()[0].ref.id)
    stage.at(24 * 60 + 61)
    assert len(texts(stage)) == 2
    amy.say("FORGET IT", to=next(one.ref.id for one in amy.ours() if one.text.text.startswith("Q2")))
    stage.at(2 * 24 * 60 + 122)
    assert (amy.liked("FORGET IT"), states(stage)) == (True, {"1": "sent", "2": "cancelled"})


def test_the_next_digest_tells_that_several_told(tmp_path: Path, network: NetworkName) -> None:
    stage = Stage(tmp_path)
    (first,) = stage.series.chats
    stage.with_series(chats=(first, msgspec.structs.replace(first, date=first.date + timedelta(weeks=3))))
    stage.house = stage.open("one", composer=TemplateComposer(TEMPLATES, sample.SITE))
    stage.deafen()
    stage.at(0)
    stage.at(5)
    asking = [Teacher(stage, network, name) for name in ("amy", "ben")]
    for teacher in asking:
        teacher.say("REMIND ME", to=teacher.say("I will try exit tickets #TryIt").ref.id)
    stage.at(10)
    stage.at(2 * WEEK)
    for teacher, asked in zip(asking, asking[0].asked(), strict=True):
        teacher.say("It did not work.", to=asked.ref.id)
    for minutes in (2 * WEEK + 61, 3 * WEEK, 3 * WEEK + 5):
        stage.at(minutes)
    again = [one.ref.id for one in asking[0].ours() if one.text.text.startswith("Q1")][-1]
    asking[0].say("Another answer", to=again)
    for minutes in (180, 182, 302):
        stage.at(3 * WEEK + minutes)
    told = "2 people told what came of what they tried after the chat of 7 January 2027:"
    (said,) = [one.text.text for one in asking[0].ours() if one.text.text.startswith(told)]
    assert said.endswith("https://chats.example.org/edchat/2027-01-07/#tried")
