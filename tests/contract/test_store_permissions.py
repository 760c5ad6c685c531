"""What authors said about the use of their answers: the later word counts, and all of it goes with the answer."""

from datetime import timedelta

import msgspec
import pytest
from contract.store_world import END, START, candidate, database_url, opened, store

from bot.domain.alarms import words_read
from bot.domain.consent import Wish
from bot.domain.permissions import Permission
from bot.storage.erasures import Line
from bot.storage.store import SqlStore

__all__ = ["database_url", "store"]  # fixtures

MINUTE = timedelta(minutes=1)
PURPOSE = "story/marking"


class World:
    """A chat with one answer."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.chat, question = opened(store)
        self.answer = candidate(store, self.chat.id, "said", question)
        store.upsert([self.answer], START)

    def said(self, minute: float, *, agreed: bool, purpose: str = PURPOSE) -> Permission:
        at, words = END + minute * MINUTE, words_read(self.answer.post)
        return Permission(self.answer.key, self.chat.id, purpose, agreed, words, at, "ann", "told me")


@pytest.fixture
def world(store: SqlStore) -> World:
    return World(store)


def test_the_later_word_counts_and_no_of_two_at_one_time(world: World) -> None:
    yes, no = world.said(10, agreed=True), world.said(10, agreed=False)
    assert (world.store.permit(yes), world.store.permit(yes)) == (True, False)
    assert world.store.permissions() == (yes,)
    assert (world.store.permit(no), world.store.permit(yes), world.store.permit(no)) == (True, False, False)
    assert world.store.permissions() == (no,)
    assert world.store.permit(later := world.said(11, agreed=True))
    assert not world.store.permit(no)
    other = world.said(5, agreed=False, purpose="event/session")
    assert world.store.permit(other)
    assert world.store.permissions() == (other, later)


@pytest.mark.parametrize("how", ["buried", "left", "not kept"])
def test_it_goes_with_the_answer(world: World, how: str) -> None:
    world.store.permit(world.said(10, agreed=True))
    if how == "buried":
        world.store.bury([world.answer.key], END)
    elif how == "left":
        world.store.add_wish(world.store.key("bluesky", "did:plc:amy"), Wish("stopped", "", END), "remove-me")
    else:
        world.store.upsert([msgspec.structs.replace(world.answer, store=False, search=False, why="noarchive")], END)
    assert world.store.permissions() == ()


def test_a_backup_that_knows_the_yes_alone_learns_the_no(world: World) -> None:
    world.store.permit(world.said(10, agreed=True))
    world.store.permit(kept := world.said(10, agreed=True, purpose="event/session"))
    no = Line("declined", END + 20 * MINUTE, key=world.answer.key, what=PURPOSE)
    world.store.replay([no], taken=START, now=END + 30 * MINUTE)
    assert world.store.permissions() == (kept,)
    world.store.permit(again := world.said(21, agreed=True))
    world.store.replay([no], taken=START, now=END + 30 * MINUTE)
    assert world.store.permissions() == (kept, again)
