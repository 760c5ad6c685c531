"""permission: what a host notes of what an author said, how it stands later, and how mistakes are told."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine
from cli.cli_world import folder_with, open_store, said, staffroom
from contract.store_world import END, START, candidate, chat, opened

from bot.bootstrap.people import export_person
from bot.domain.posts import PostRef
from bot.domain.richtext import RichText
from bot.services.permissions import usable

CHAT = chat().id
LINK = "https://bsky.app/profile/amy.example.org/post/said"
FOR = ("--for", "story/marking")
WHY = ("--reason", "told me at the TeachMeet", "--by", "ann")


class World:
    """A folder with one answer that is shown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder_with(folder)
        self.store = open_store(self.folder)
        _, question = opened(self.store)
        one = candidate(self.store, CHAT, "said", question)
        ref = PostRef("bluesky", one.post.ref.id, url=LINK)
        self.answer = msgspec.structs.replace(one, post=msgspec.structs.replace(one.post, ref=ref))
        self.store.upsert([self.answer], START)

    def run(self, *words: str) -> tuple[int, str]:
        done = staffroom("permission", *words, "-C", self.folder)
        return done.exit_code, done.stdout + done.stderr

    def usable(self) -> int:
        return len(usable(self.store, CHAT, "story/marking"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with time_machine.travel(END + timedelta(days=1), tick=False):
        yield World(tmp_path / "bot")


def test_a_yes_holds_until_it_is_taken_back(world: World) -> None:
    assert world.run() == (0, "Nothing was noted yet.\n")
    assert world.run(LINK, *FOR, "--agreed", *WHY) == (0, f"Noted: {LINK}. It may be used for story/marking.\n")
    assert world.run() == (0, f"story/marking: its author agreed\n    {LINK}\n")
    assert world.usable() == 1
    (told,) = said(staffroom("permission", "--json", "-C", world.folder))
    assert (told["standing"], told["by"], told["reason"]) == ("agreed", "ann", "told me at the TeachMeet")
    handle = f"@{world.answer.post.author.handle}"
    (mine,) = export_person(world.folder, handle, None)["accounts"][0]["permissions"]
    assert (mine["of"], mine["for"], mine["agreed"]) == (LINK, "story/marking", True)
    assert world.run(LINK, *FOR, "--declined", *WHY) == (0, f"Noted: {LINK}. It is not used for story/marking.\n")
    assert "its author said no" in world.run()[1]
    log = staffroom("review", "--log", "-C", world.folder).stdout
    assert log.endswith(f"{world.answer.key[:8]}  its author's no noted by ann: told me at the TeachMeet\n")
    assert world.usable() == 0
    assert said(staffroom("permission", LINK, *FOR, "--declined", *WHY, "--json", "-C", world.folder)) == {"new": False}


def test_an_edit_or_a_hold_ends_what_it_is_good_for(world: World) -> None:
    world.run(LINK, *FOR, "--agreed", *WHY)
    edited = msgspec.structs.replace(world.answer.post, text=RichText("Quite another thing."))
    world.store.upsert([msgspec.structs.replace(world.answer, post=edited)], END)
    assert "edited since its author agreed: ask again" in world.run()[1]
    assert world.usable() == 0
    world.store.upsert([world.answer], END + timedelta(minutes=1))
    assert world.usable() == 1
    staffroom("hide", LINK, "--reason", "photo", "-C", world.folder)
    assert "it is on no page now" in world.run()[1]
    assert world.usable() == 0
    assert "this answer is on no page now" in world.run(LINK, "--for", "story/more", "--agreed", *WHY)[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((*FOR,), "Which answer? Give its address."),
        (("--reason", "x"), "Which answer? Give its address."),
        (("--declined",), "Which answer? Give its address."),
        ((LINK, "--agreed"), "Say what for"),
        ((LINK, *FOR), "--agreed or --declined"),
        ((LINK, *FOR, "--agreed"), "Say why, for the log"),
        ((LINK, "--for", "Marking", "--agreed", *WHY), "Marking: a purpose is a kind, a slash and a name"),
        (("https://example.org/1", *FOR, "--agreed", *WHY), "no answer that is kept has this address"),
    ],
)
def test_a_mistake_is_told_in_one_line(world: World, words: tuple[str, ...], told: str) -> None:
    status, shown = world.run(*words)
    assert (status, shown.count("\n")) == (2, 1)
    assert told in shown
    assert world.store.permissions() == ()
