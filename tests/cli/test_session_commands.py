"""Sessions from answers, as hosts type them: proposed, asked for, shown, and to be announced again when that ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
import time_machine
from cli.cli_world import files, folder_with, open_store, said, staffroom
from contract.store_world import END, START, candidate, chat, opened, teacher
from unit.pdf_reader import Pdf, bare

from bot.domain.posts import PostRef
from bot.domain.richtext import RichText

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHAT = chat().id
HANDLE = "amy.bsky.social"
NAME = "Quillfeather"
LINK = f"https://bsky.app/profile/{HANDLE}/post/tries"
EVENT = "edchat/events/leeds"
POSTER = f"{EVENT}/poster.svg"
NAMING = (
    f"{EVENT}/index.html",
    f"{EVENT}/programme/index.html",
    f"{EVENT}/programme/programme.pdf",
    "calendar.ics",
    "edchat/calendar.ics",
)
PLACES = (*NAMING, POSTER)
NOTED = 'staffroom permission {key} --for session/leeds --agreed --reason "how you know" (or --declined)'
NOBODY_YET = ([], [*PLACES])
NEW = ("event", "new", "edchat", "2027-03-06", "--title")
OPEN = "its author has not said anything yet: to be announced"


class World:
    """A folder with a chat in which somebody will try something, and an event with a session of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder_with(folder)
        store = open_store(self.folder)
        self.store = store
        _, question = opened(store)
        author = teacher(name=NAME)
        one = candidate(store, CHAT, "tries", question, author=author, text=RichText("I will mark less #tryit"))
        ref = PostRef("bluesky", one.post.ref.id, url=LINK)
        self.answer = msgspec.structs.replace(one, post=msgspec.structs.replace(one.post, ref=ref, media=()))
        store.upsert([self.answer], START)
        self.made = self.run(*NEW, "Leeds", "--from", CHAT)
        file = self.folder / "events" / "leeds.yaml"
        file.write_text(file.read_text().replace("To be announced", "Carr Manor School"))

    def run(self, *words: str) -> str:
        done = staffroom(*words, "-C", self.folder)
        return done.stdout + done.stderr

    def permit(self, *what: str) -> str:
        return self.run("permission", self.answer.key, "--for", "session/leeds", *what, "--reason", "wrote to me")

    def told(self) -> tuple[list[str], list[str]]:
        """The site, built: what of it names the speaker, and what says that this session is to be announced."""
        self.run("archive")
        site = {one: (self.folder / "site" / one).read_bytes() for one in PLACES}
        said = {one: Pdf(data).words if one.endswith("pdf") else data.decode() for one, data in site.items()}
        named, open_ = (
            [one for one in PLACES if bare(words) in bare(said[one])] for words in (NAME, "To be announced")
        )
        return named, open_

    def list(self) -> str:
        return self.run("event", "list", "leeds")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with time_machine.travel(END + timedelta(days=1), tick=False):
        yield World(tmp_path / "bot")


def test_sessions_are_proposed_by_links_that_name_nobody(world: World) -> None:
    file = (world.folder / "events" / "leeds.yaml").read_text()
    assert f"  - {{minutes: 2, answer: https://chats.example.org/{CHAT}/#a-{world.answer.key}}}\n" in file
    assert not any(one in file for one in (HANDLE, NAME, "mark less", "did:plc"))
    assert "`staffroom event list leeds` says whom, and what to type then." in world.made
    assert staffroom("check", "-C", world.folder).exit_code == 0
    assert world.told() == NOBODY_YET
    stored = world.store.chat(EVENT)
    assert stored is not None
    assert HANDLE not in str(msgspec.json.encode(stored.chat))


def test_hosts_are_told_whom_to_ask_and_what_to_type(world: World) -> None:
    assert world.list().splitlines()[-3:] == [
        f"Session 1: {OPEN}",
        f"  {LINK}",
        f"  Ask, then: {NOTED.format(key=world.answer.key)}",
    ]
    assert "It may be used for session/leeds" in world.permit("--agreed")
    assert world.list().endswith(f"Session 1: its author agreed\n  {LINK}\n")
    (one,) = said(staffroom("event", "list", "leeds", "--json", "-C", world.folder))["sessions"]
    assert (one["number"], one["standing"], one["address"]) == (1, "agreed", LINK)
    file = world.folder / "events" / "leeds.yaml"
    file.write_text(file.read_text().replace("sign_up: yes ", "sign_up: no "))
    assert world.list() == f"Session 1: its author agreed\n  {LINK}\n"


@pytest.mark.parametrize(
    ("how", "standing"),
    [
        ("declined", "its author said no"),
        ("edited", "edited since its author agreed: ask again"),
        ("hidden", "its author agreed, and it is on no page now"),
        ("forgotten", "this answer is on no page: take the session out, or give it to somebody"),
    ],
)
def test_a_speaker_is_named_while_they_agree_and_gone_with_the_next_build(
    world: World, how: str, standing: str
) -> None:
    world.permit("--agreed")
    printed = world.folder / "paper"
    if how == "declined":
        assert world.told() == ([*NAMING], [])
        world.run("event", "print", "leeds", "--out", str(printed))
        assert bare(NAME) in bare(Pdf((printed / "programme.pdf").read_bytes()).words)
        world.permit("--declined")
        world.run("event", "print", "leeds", "--out", str(printed))
        assert bare(NAME) not in bare(Pdf((printed / "programme.pdf").read_bytes()).words)
    elif how == "edited":
        post = msgspec.structs.replace(world.answer.post, text=RichText("I will not mark at all #tryit"))
        world.store.upsert([msgspec.structs.replace(world.answer, post=post)], END)
    elif how == "hidden":
        world.run("hide", LINK, "--reason", "photo")
    else:
        world.told()
        world.run("forget", HANDLE)
        left = files(world.folder, ("staffroom.db",))
        assert not [one for one, data in left.items() if NAME.encode() in data]
    assert world.told() == NOBODY_YET
    assert f"Session 1: {standing}\n" in world.list()


def test_a_speaker_goes_by_initials_if_they_wish(world: World) -> None:
    world.permit("--agreed")
    world.run("people", HANDLE, "--initials")
    assert world.told() == ([], [])
    assert '<bdi class="from">Q.</bdi>' in (world.folder / "site" / EVENT / "index.html").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("York", "--from", "edchat/2027-01-08"), "there is no such chat. `staffroom plan` names those there are."),
        (("York", "--from", EVENT), "nobody said #tryit there, and no answer was followed by several people."),
        (("York", "--from", CHAT, "--edcamp"), "leave out --from, or --edcamp."),
    ],
)
def test_a_mistake_is_told_in_one_line_and_no_file_is_made(world: World, words: tuple[str, ...], told: str) -> None:
    world.run("archive")
    refused = staffroom(*NEW, *words, "-C", world.folder)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert told in refused.stderr
    assert not (world.folder / "events" / "york.yaml").exists()
