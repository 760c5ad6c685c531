"""Who wants to be asked later: the later of asking and ending counts, and all of it goes with the answer."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from contract.backup_world import TAKEN, back_up, put_back
from contract.store_world import (
    END,
    PEPPER,
    START,
    candidate,
    chat,
    database_url,
    opened,
    prompts,
    save,
    say,
    series,
    store,
    teacher,
)
from sqlalchemy import func, select

from bot.domain.consent import Wish
from bot.domain.followups import FollowUp, follow_ups
from bot.domain.richtext import RichText
from bot.services.plan import planned_follow_ups
from bot.storage.erasures import Erasures, Line, read_list
from bot.storage.migrate import migrate
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import follow_ups as rows
from bot.storage.tables import prompts as planned

__all__ = ["database_url", "store"]  # fixtures

MINUTE = timedelta(minutes=1)
LATER = END + timedelta(weeks=2)


class World:
    """A chat with one answer whose author asked for follow-ups."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.chat, question = opened(store)
        self.answer = candidate(store, self.chat.id, "try", question)
        store.upsert([self.answer], START)
        self.asked = FollowUp(self.answer.key, self.chat.id, "sky")

    def follow(self, minute: float) -> bool:
        later, deliveries = planned_follow_ups(series(), self.chat, self.asked, {"sky": "bluesky"})
        return self.store.follow(self.asked, START + minute * MINUTE, later, deliveries)

    def another(self) -> FollowUp:
        """Zoe said what she will try, too, and asked for follow-ups."""
        zoe = candidate(self.store, self.chat.id, "zoes", author=teacher("zoe"))
        self.store.upsert([zoe], START)
        hers = FollowUp(zoe.key, self.chat.id, "sky")
        later, deliveries = planned_follow_ups(series(), self.chat, hers, {"sky": "bluesky"})
        assert self.store.follow(hers, START + 11 * MINUTE, later, deliveries)
        return hers

    def unfollow(self, minute: float) -> bool:
        return self.store.unfollow(self.asked, START + minute * MINUTE)

    def states(self) -> list[str]:
        return [one.state for one in self.store.deliveries(self.chat.id) if "/follow-up-" in one.id]

    def left(self) -> tuple[int, int]:
        """Rows about answers: of who asks, and of prompts."""
        with self.store._reading() as connection:
            asked = connection.scalar(select(func.count()).select_from(rows))
            return asked or 0, connection.scalar(
                select(func.count()).select_from(planned).where(planned.c.answer != "")
            ) or 0


@pytest.fixture
def world(store: SqlStore) -> World:
    return World(store)


def test_the_later_of_asking_and_ending_counts_in_whatever_order_they_are_met(world: World) -> None:
    assert (world.follow(10), world.follow(10), world.follow(9)) == (True, False, False)
    assert (world.store.followed(), world.states()) == ((world.asked,), ["planned", "planned"])
    assert world.store.followed_of(world.store.key("bluesky", "did:plc:amy")) == (world.asked,)
    assert world.store.followed("other") == ()
    assert (world.unfollow(20), world.unfollow(20), world.follow(10), world.follow(20)) == (True, False, False, False)
    assert (world.store.followed("edchat"), world.states()) == ((), ["cancelled", "cancelled"])
    assert world.follow(21)
    assert world.states() == ["planned", "planned"]
    assert not world.unfollow(20)


def test_ending_one_touches_nobody_elses_and_nothing_else_that_is_to_be_said(world: World) -> None:
    world.follow(10)
    hers = world.another()
    theirs = [world.store.key("bluesky", f"did:plc:{name}") for name in ("amy", "zoe", "nobody")]
    assert [world.store.followed_of(key) for key in theirs] == [(world.asked,), (hers,), ()]
    before = {one.id: one.state for one in world.store.deliveries()}
    world.unfollow(20)
    assert [world.store.followed_of(key) for key in theirs] == [(), (hers,), ()]
    changed = {one.id for one in world.store.deliveries() if one.state != before[one.id]}
    assert len(changed) == 2
    assert all(world.asked.answer in one for one in changed)


def test_ending_what_was_never_asked_is_remembered(world: World) -> None:
    assert (world.unfollow(20), world.follow(10), world.states()) == (False, False, [])


def test_what_left_is_finished_and_the_rest_is_cancelled(world: World) -> None:
    world.follow(10)
    first = follow_ups(series(), world.chat, world.asked.answer)[0]
    for key, at in (("q2", 25), ("wrap-up", 60)):
        say(world.store, f"{world.chat.id}/{key}@sky", START + at * MINUTE)
    say(world.store, f"{first.id}@sky", first.at, "Did you?", answer=world.asked.answer)
    assert [due.stored.chat.id for due in world.store.collecting(LATER + timedelta(days=27))] == [world.chat.id]
    assert world.store.collecting(LATER + timedelta(days=28)) == ()
    world.unfollow(20)
    assert world.states() == ["sent", "cancelled"]
    ((account, ref),) = world.store.repeating([world.asked.answer])
    world.store.bury([world.asked.answer], LATER)
    assert [(one, address) for one, _, address in world.store.outlived()] == [(account, ref)]
    assert world.left() == (0, 1)  # what is out is known until it is deleted there


@pytest.mark.parametrize("how", ["buried", "left", "not kept"])
def test_all_of_it_goes_with_the_answer_and_nothing_of_another(world: World, how: str) -> None:
    world.follow(10)
    hers = world.another()
    if how == "buried":
        world.store.bury([world.asked.answer], LATER)
    elif how == "left":
        world.store.add_wish(world.store.key("bluesky", "did:plc:amy"), Wish("stopped", "", LATER), "remove-me")
    else:
        world.store.upsert([msgspec.structs.replace(world.answer, store=False, search=False, why="noarchive")], LATER)
    assert (world.left(), world.store.followed(), world.states()) == ((1, 2), (hers,), ["planned", "planned"])


def test_of_an_answer_in_two_chats_it_goes_with_the_one_it_was_asked_in(world: World) -> None:
    other = chat(14)
    save(world.store, other)
    there = msgspec.structs.replace(world.answer, chat=other.id)
    world.store.upsert([there], START)
    world.follow(10)
    not_kept: Any = {"store": False, "search": False, "why": "not-joined"}
    world.store.upsert([msgspec.structs.replace(there, **not_kept)], LATER)
    assert (world.store.followed(), world.states()) == ((world.asked,), ["planned", "planned"])
    world.store.upsert([there], LATER)
    world.store.upsert([msgspec.structs.replace(world.answer, **not_kept)], LATER)
    assert (world.left(), world.store.followed(), world.states()) == ((0, 0), (), [])
    assert [one.key for one in world.store.candidates(other.id)] == [world.answer.key]


def test_asking_again_leaves_what_is_due_and_not_out_yet(world: World) -> None:
    world.follow(10)
    later, deliveries = planned_follow_ups(series(), world.chat, world.asked, {"sky": "bluesky"})
    coming = [one for one in deliveries if one.prompt == later[1].id]
    assert world.store.follow(world.asked, START + 20 * MINUTE, later[1:], coming)
    assert world.states() == ["planned", "planned"]


def test_a_backup_that_is_put_back_asks_nobody_who_said_forget_it_since(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'first.db'}"
    listed = Erasures(tmp_path / "erasures", lambda: TAKEN + MINUTE)
    migrate(url)
    first = open_store(url, pepper_source=lambda: PEPPER, erasures=listed)
    world = World(first)
    world.follow(10)
    file = back_up(url, tmp_path)
    world.unfollow(20)
    again = put_back(file, f"sqlite:///{tmp_path / 'second.db'}", read_list(listed.path, first.database))
    assert again.followed() == ()
    assert not again.follow(world.asked, START + 10 * MINUTE, (), ()), "a sweep meets REMIND ME again"
    for opened_one in (first, again):
        opened_one.close()


def test_the_list_of_erasures_ends_it_again_in_a_backup(world: World) -> None:
    assert (world.follow(8), world.unfollow(9), world.follow(10)) == (True, True, True)
    ended = Line("unfollowed", START + 20 * MINUTE, key=world.asked.answer)
    hers = world.another()
    world.store.replay([ended], taken=START, now=LATER)
    assert (world.store.followed(), sorted(world.states())) == ((hers,), ["cancelled"] * 2 + ["planned"] * 2)
    world.follow(30)
    world.store.replay([ended], taken=START, now=LATER)
    assert (set(world.store.followed()), world.states()) == ({world.asked, hers}, ["planned"] * 4)
    world.unfollow(40)
    world.store.replay([ended], taken=START, now=LATER)
    assert world.store.followed() == (hers,)


def test_a_plan_keeps_what_is_asked_for_and_drops_what_is_not(world: World) -> None:
    world.follow(10)
    said = prompts(world.chat)
    changed: Any = series(follow_up=())
    world.store.save_plan(changed, [world.chat], said, (), LATER - timedelta(days=1))
    assert world.states() == ["cancelled", "cancelled"]


def test_a_history_tells_which_shown_answers_are_reflections(world: World) -> None:
    texts = {"one": "What I learned #Reflection", "two": "reflection without a sign, #tryit", "three": "#reflections"}
    said = [candidate(world.store, world.chat.id, key, "", text=RichText(text)) for key, text in texts.items()]
    world.store.upsert(said, LATER)
    found = {each.key: each for each in world.store.chronicle("edchat").contributions}
    assert [found[each.key].reflects for each in said] == [True, False, False]
    assert [found[each.key].tries for each in said] == [False, True, False]
    world.store.upsert([msgspec.structs.replace(said[0], store=False, search=False, why="noarchive")], LATER)
    assert not any(each.reflects for each in world.store.chronicle("edchat").contributions)


def test_a_history_tells_what_was_tried_asked_and_told_by_codes(world: World) -> None:
    text = RichText("I will #TryIt")
    tries = msgspec.structs.replace(world.answer, post=msgspec.structs.replace(world.answer.post, text=text))
    world.store.upsert([tries], START)
    world.follow(10)
    first = follow_ups(series(), world.chat, world.asked.answer)[0]
    for key, at in (("q2", 25), ("wrap-up", 60)):
        say(world.store, f"{world.chat.id}/{key}@sky", START + at * MINUTE)
    say(world.store, f"{first.id}@sky", first.at, "Did you?", answer=world.asked.answer)
    asked = world.store.key("bluesky", f"{first.id}@sky#0")
    told = candidate(world.store, world.chat.id, "told", asked)
    more = candidate(world.store, world.chat.id, "more", told.key, text=RichText("a country I will retryit"))
    world.store.upsert([told, more], LATER)
    found = world.store.chronicle("edchat")
    assert {each.key: (each.tries, each.about) for each in found.contributions} == {
        tries.key: (True, ""),
        told.key: (False, tries.key),
        more.key: (False, tries.key),
    }
    assert found.follow_ups == {world.chat.id: (tries.key,)}
