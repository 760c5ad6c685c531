"""story: a file to begin with, whom to ask next, and a page that stands only while everybody quoted allows it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import time_machine
from cli.cli_world import files, folder_with, open_store, said, staffroom
from contract.store_world import END, SECRET, START, candidate, chat, opened, planted

from bot.bootstrap.desk import clock_of
from bot.bootstrap.house import accounts_of, read_settings, site_of, target_of
from bot.domain.richtext import detect
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates
from bot.services.archive import archive
from bot.services.plan import plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.rendering.pages import Page

CHAT = chat().id
PAGE = "edchat/stories/marking/index.html"
LEADING = ("edchat/index.html", "edchat/2027-01-07/index.html")
WHY = ("--reason", "told me at the TeachMeet")


class Few(SiteRenderer):
    """The story's page and those that lead to it: all others only take their time."""

    def pages(self, *told: Any, **more: Any) -> Iterator[Page]:
        return (page for page in super().pages(*told, **more) if page.path in (PAGE, *LEADING))


class World:
    """A folder whose chat has two answers with #tryit, one of them full of planted words."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder_with(folder)
        store = open_store(self.folder)
        self.store = store
        _, question = opened(store)
        self.amy = candidate(store, CHAT, "tries", question, text=detect("One colour less. #tryit"))
        mine = planted(store, CHAT, question)
        self.planted = msgspec.structs.replace(
            mine, post=msgspec.structs.replace(mine.post, text=detect(f"{SECRET} #tryit"))
        )
        store.upsert([self.amy, self.planted], START)
        self.plan()

    def plan(self) -> None:
        settings = read_settings(self.folder)
        plan(self.store, settings.series, accounts_of(settings), clock_of(self.store).now())

    def publish(self) -> str:
        """Plan and bring the pages up to date; gives the story's page, empty where there is none."""
        self.plan()
        settings = read_settings(self.folder)
        renderer = Few(Templates(), site_of(settings), clock_of(self.store).now)
        done = archive(self.store, renderer, target_of(settings))
        assert done.troubles == ()
        file = self.folder / "site" / PAGE
        return file.read_text() if file.exists() else ""

    def linked(self) -> list[bool]:
        """Whether the series' page and the chat's lead to the story."""
        return ["stories/marking/" in (self.folder / "site" / page).read_text() for page in LEADING]

    def run(self, *words: str) -> tuple[int, str]:
        done = staffroom(*words, "-C", self.folder)
        return done.exit_code, done.stdout + done.stderr

    def link(self, key: str) -> str:
        return f"https://chats.example.org/{CHAT}/#a-{key}"

    def agree(self, key: str, *how: str) -> None:
        words = ("permission", self.link(key), "--for", "story/marking", *(how or ("--agreed",)), *WHY)
        assert self.run(*words)[0] == 0

    def write(self) -> None:
        """A story with both answers, ready and agreed to."""
        assert self.run("story", "new", CHAT, "--name", "marking")[0] == 0
        file = self.folder / "stories" / "marking.yaml"
        file.write_text(file.read_text().replace("ready: no ", "ready: yes"))
        for one in (self.amy, self.planted):
            self.agree(one.key)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with time_machine.travel(END + timedelta(days=1), tick=False):
        yield World(tmp_path / "bot")


def test_a_new_story_has_links_alone_and_waits_for_its_host(world: World) -> None:
    status, told = world.run("story", "new", CHAT)
    file = world.folder / "stories" / "feedback-that-pupils-use.yaml"
    assert (status, told.splitlines()[0]) == (0, f"made {file}")
    written = file.read_text()
    assert [line.strip() for line in written.splitlines() if "quote:" in line] == [
        f"- quote: {world.link(one.key)}" for one in sorted((world.amy, world.planted), key=lambda one: one.key)
    ]
    assert not any(word in written for word in (SECRET, "amy", "quuxwho", "colour"))
    assert world.run("check") == (0, "All is well: 1 series, 2 dated chats, 1 story.\n")
    assert "not published: its file says ready: no." in world.run("story", "list")[1]
    assert "Story" not in world.run("status")[1]
    assert world.run("story", "new", CHAT) == (
        2,
        f"{file} is there already, and nothing of yours is written over. Give another --name.\n",
    )
    world.run("story", "new", CHAT, "--title", "Less: more")
    assert 'title: "Less: more"' in (world.folder / "stories" / "less-more.yaml").read_text()
    assert world.run("check")[1] == "All is well: 1 series, 2 dated chats, 2 stories.\n"


def test_a_story_of_a_chat_where_nobody_tries_anything_is_a_whole_file_too(world: World) -> None:
    assert world.run("story", "new", "edchat/2027-01-14")[0] == 0
    assert world.run("check")[0] == 0
    (told,) = said(staffroom("story", "list", "homework", "--json", "-C", world.folder))
    assert (told["title"], told["quotes"]) == ("Homework", [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("new", "edchat/2026-01-01"), "edchat/2026-01-01: there is no such chat. `staffroom plan` names those"),
        (("new", CHAT, "--name", "学校"), "gives no name for a file"),
        (("list", "nothing"), "nothing: there is no such story. There are: none."),
    ],
)
def test_a_mistake_is_told_in_one_line(world: World, words: tuple[str, ...], told: str) -> None:
    status, shown = world.run("story", *words)
    assert (status, shown.count("\n"), told in shown) == (2, 1, True)
    assert world.run("story", "list")[1].startswith("There is no story yet.")


def test_a_host_is_told_whom_to_ask_and_the_page_waits_for_the_last_yes(world: World) -> None:
    world.write()
    world.agree(world.planted.key, "--declined")
    shown = world.run("story", "list", "marking")[1]
    assert shown.splitlines()[0] == "marking: not published: 1 of 2 quotes may be used now."
    assert f"  its author said no: take it out\n    {world.link(world.planted.key)}\n" in shown
    status = world.run("status")[1]
    assert "Story marking is not published: 1 of 2 quotes may be used now. `staffroom story list marking`\n" in status
    assert world.publish() == ""
    assert world.linked() == [False, False]
    with time_machine.travel(END + timedelta(days=2), tick=False):
        world.agree(world.planted.key)
        assert world.run("story", "list", "marking")[1].startswith("marking: published by `run`, or with the")
        assert "Story" not in world.run("status")[1]
        page = world.publish()
    assert "One colour less." in page
    assert SECRET in page
    assert "Your name" not in page, "nobody wrote who tells it"
    assert world.linked() == [True, True]


def test_an_edit_takes_the_page_away_until_its_author_was_asked_again(world: World) -> None:
    world.write()
    assert "One colour less." in world.publish()
    edited = msgspec.structs.replace(world.amy.post, text=detect("Two colours less. #tryit"))
    world.store.upsert([msgspec.structs.replace(world.amy, post=edited)], END)
    assert world.publish() == ""
    assert world.linked() == [False, False]
    assert "edited since its author agreed: ask again" in world.run("story", "list")[1]
    assert "staffroom permission" not in world.run("story", "list")[1]
    shown = world.run("story", "list", "marking")[1]
    noted = f"staffroom permission {world.link(world.amy.key)} --for story/marking --agreed"
    assert f'{noted} --reason "how you know" (or --declined)' in shown
    (line,) = (one for one in shown.splitlines() if "to send:" in one)
    assert line.startswith("    to send: May I quote your answer in a story called “Feedback that pupils use”?")
    assert line.endswith(f"Your answer: {world.link(world.amy.key)}")
    with time_machine.travel(END + timedelta(days=2), tick=False):
        world.agree(world.amy.key)
        assert "Two colours less." in world.publish()


@pytest.mark.parametrize("how", ["hide", "declined", "file", "removed", "forget"])
def test_whatever_takes_a_quote_away_takes_the_page(world: World, how: str) -> None:
    world.write()
    assert SECRET in world.publish()
    with time_machine.travel(END + timedelta(days=2), tick=False):
        if how == "hide":
            world.run("hide", world.link(world.planted.key), "--reason", "photo")
        elif how == "declined":
            world.agree(world.planted.key, "--declined")
        elif how == "file":
            (world.folder / "stories" / "marking.yaml").unlink()
        elif how == "removed":
            world.store.bury([world.planted.key], END)
        else:
            assert world.run("forget", "@quuxwho.bsky.social")[0] == 0
        assert world.publish() == ""
    assert world.linked() == [False, False]
    if how in ("removed", "forget"):
        everywhere = b"".join(files(world.folder / "site").values()) + b"".join(
            files(world.folder / "stories").values()
        )
        assert SECRET.encode() not in everywhere
        assert b"quuxwho" not in everywhere
        assert "not on this chat's page: take it out" in world.run("story", "list")[1]


def test_a_person_is_named_in_a_story_as_they_wish(world: World) -> None:
    world.write()
    assert "Quux The Planted Name" in world.publish()
    assert world.run("people", "@quuxwho.bsky.social", "--no-name")[0] == 0
    page = world.publish()
    assert SECRET in page
    assert "Quux The Planted Name" not in page
    assert "A teacher" in page
