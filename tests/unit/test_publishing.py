import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from golden import sample

from bot.domain.marks import Seen, noted
from bot.domain.posts import Account
from bot.domain.records import ChatContent, ChatFigures, SharedLink, StoredChat
from bot.errors import UserError
from bot.ports import Archived
from bot.publishing import writer
from bot.publishing.targets import FolderTarget
from bot.rendering import urls
from bot.rendering.pages import Page, SiteRenderer
from bot.rendering.templates import Templates
from bot.services.archive import archive


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def target(tmp_path: Path) -> FolderTarget:
    return FolderTarget(tmp_path / "site")


# -- the folder ----------------------------------------------------------------------------------------------------


def test_a_file_is_written_read_back_and_removed(target: FolderTarget) -> None:
    assert target.write("a/b/index.html", b"one")
    assert target.standing(["a/b/index.html"]) == {"a/b/index.html"}
    assert files(target.folder) == {"a/b/index.html": b"one"}
    assert target.remove("a/b/index.html")
    assert target.standing(["a/b/index.html"]) == set()
    assert not target.remove("a/b/index.html")


def test_of_many_files_those_that_stand_are_told(target: FolderTarget) -> None:
    there = {"index.html", "a/index.html", "a/chat.json", "a/b/index.html"}
    for path in there:
        target.write(path, b"one")
    (target.folder / "a/card.png").mkdir()
    (target.folder / "a/feed.xml").symlink_to(target.folder / "index.html")
    missing = {"a/index.htm", "b/index.html", "index.html/x", "a/card.png", "a/feed.xml"}
    assert target.standing(iter(sorted(there | missing))) == there
    assert target.standing([]) == set()


def test_each_folder_is_asked_once(target: FolderTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [f"{folder}/{number}.html" for folder in ("a", "a/b", "c") for number in range(5)]
    for path in paths:
        target.write(path, b"one")
    target.settle()
    asked: list[Path] = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: asked.append(Path(folder)) or scan(folder))
    assert target.standing(paths) == set(paths)
    assert asked == [target.folder / folder for folder in ("a", "a/b", "c")]


def test_a_folder_that_cannot_be_read_holds_nothing(target: FolderTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    target.write("a/index.html", b"one")

    def refuse(_: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "scandir", refuse)
    assert target.standing(["a/index.html"]) == set()


def test_the_same_bytes_are_not_written_again(target: FolderTarget) -> None:
    target.write("index.html", b"one")
    before = (target.folder / "index.html").stat()
    assert not target.write("index.html", b"one")
    after = (target.folder / "index.html").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert target.write("index.html", b"two")


def test_a_file_is_replaced_whole(target: FolderTarget) -> None:
    target.write("index.html", b"old")
    with (target.folder / "index.html").open("rb") as reader:
        target.write("index.html", b"new and longer")
        assert reader.read() == b"old"
    assert files(target.folder) == {"index.html": b"new and longer"}


@pytest.mark.parametrize("failing", ["write", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    target: FolderTarget, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    target.write("index.html", b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    if failing == "write":
        monkeypatch.setattr(os, "fdopen", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match=r"index\.html cannot be written: No space left on device"):
        target.write("index.html", b"new")
    assert files(target.folder) == {"index.html": b"old"}


def test_what_a_crash_left_half_written_goes_with_the_next_write_in_that_folder(target: FolderTarget) -> None:
    target.write("a/index.html", b"one")
    left = target.folder / "a" / f"{writer.PREFIX}0123{writer.SUFFIX}"
    left.write_bytes(b"hal")
    FolderTarget(target.folder).write("a/other.html", b"two")
    assert set(files(target.folder)) == {"a/index.html", "a/other.html"}


def test_files_that_are_not_ours_stay(target: FolderTarget) -> None:
    target.write("a/index.html", b"one")
    (target.folder / "a" / "mine.txt").write_bytes(b"mine")
    (target.folder / ".htaccess").write_bytes(b"mine")
    (target.folder / "a" / "notes.tmp").write_bytes(b"mine")
    FolderTarget(target.folder).write("a/other.html", b"two")
    target.remove("a/other.html")
    target.remove("a/index.html")
    assert files(target.folder) == {"a/mine.txt": b"mine", ".htaccess": b"mine", "a/notes.tmp": b"mine"}


def test_folders_left_empty_go_and_the_sites_own_stays(target: FolderTarget) -> None:
    target.write("a/b/index.html", b"one")
    target.remove("a/b/index.html")
    assert target.folder.is_dir()
    assert list(target.folder.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../outside", "a/../../outside", "a\\..\\b", ".", "..", "a/..", "nul\0l"]
)
@pytest.mark.parametrize("act", ["write", "standing", "remove"])
def test_no_path_leads_out(target: FolderTarget, path: str, act: str) -> None:
    acts: dict[str, Callable[[], object]] = {
        "write": lambda: target.write(path, b"x"),
        "standing": lambda: target.standing([path]),
        "remove": lambda: target.remove(path),
    }
    with pytest.raises(ValueError, match="no path inside"):
        acts[act]()
    assert not (target.folder.parent / "outside").exists()


def test_no_symbolic_link_leads_out(target: FolderTarget, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "index.html").write_bytes(b"theirs")
    target.folder.mkdir()
    (target.folder / "a").symlink_to(outside)
    for act in (lambda: target.write("a/index.html", b"x"), lambda: target.remove("a/index.html")):
        with pytest.raises(UserError, match="symbolic link"):
            act()
    (target.folder / "index.html").symlink_to(outside / "index.html")
    assert target.standing(["index.html"]) == set()
    assert target.write("index.html", b"ours")
    assert (outside / "index.html").read_bytes() == b"theirs"


def test_the_folder_itself_may_be_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "real")
    FolderTarget(tmp_path / "site").write("index.html", b"one")
    assert files(tmp_path / "real") == {"index.html": b"one"}
    assert FolderTarget(tmp_path / "site").standing(["index.html"]) == {"index.html"}


def test_a_folder_in_the_site_may_be_a_link_to_another_one(target: FolderTarget) -> None:
    target.write("a/b/index.html", b"one")
    (target.folder / "c").symlink_to(target.folder / "a")
    assert target.standing(["c/b/index.html"]) == {"c/b/index.html"}


def test_a_link_that_came_since_all_was_settled_is_seen(target: FolderTarget, tmp_path: Path) -> None:
    target.write("a/b/index.html", b"one")
    assert target.standing(["a/b/index.html"])
    target.settle()
    (target.folder / "a").rename(tmp_path / "elsewhere")
    (target.folder / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="symbolic link"):
        target.standing(["a/b/index.html"])


def test_others_may_read_what_the_umask_lets_them(target: FolderTarget) -> None:
    target.write("index.html", b"one")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((target.folder / "index.html").stat().st_mode) == 0o666 & ~umask


def test_settling_syncs_each_file_once_and_then_its_folders(
    target: FolderTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[Path] = []
    monkeypatch.setattr(writer, "settle", settled.append)
    target.write("a/one.html", b"1")
    target.write("a/one.html", b"2")
    target.write("a/gone.html", b"3")
    target.remove("a/gone.html")
    target.settle()
    site = target.folder
    assert settled == [site / "a/one.html", site.parent, site, site / "a"]
    target.settle()
    assert len(settled) == 4


def test_settling_survives_what_is_gone(tmp_path: Path) -> None:
    writer.settle(tmp_path / "nothing")
    (tmp_path / "file").write_bytes(b"x")
    writer.settle(tmp_path / "file")
    writer.settle(tmp_path)


# -- the service ---------------------------------------------------------------------------------------------------


class FakeStore:
    """The methods that archiving reads and writes, over the sample."""

    def __init__(self) -> None:
        self.stored = sample.chats()
        self.counts: Mapping[str, ChatFigures] = sample.figures()
        self.marks: dict[str, str] = {}
        self.read: list[str] = []
        self.shown = sample.contents

    def chats(self, series: str = "") -> tuple[StoredChat, ...]:
        return tuple(one for one in self.stored if series in ("", one.series.slug))

    def figures(self) -> Mapping[str, ChatFigures]:
        return self.counts

    def shared_links(self, chats: Collection[str]) -> Mapping[str, tuple[SharedLink, ...]]:
        return sample.shared_links(chats)

    def issuer(self) -> None:
        return None

    def permissions(self) -> tuple[()]:
        return ()

    def pictures_shown(self) -> Mapping[str, Sequence[str]]:
        return sample.album().by_chat

    def picture(self, sha256: str) -> bytes:
        return sample.album().read(sha256)

    def listed(self) -> tuple[Account, ...]:
        return sample.listed()

    def content(self, chat: str) -> ChatContent:
        self.read.append(chat)
        return self.shown(chat)

    def page_marks(self) -> Mapping[str, str]:
        return dict(self.marks)

    def save_page_marks(self, marks: Mapping[str, str], gone: Collection[str]) -> None:
        self.marks |= marks
        for path in gone:
            self.marks.pop(path, None)


RENDERER = SiteRenderer(Templates(), sample.SITE, lambda: sample.NOW)
CHAT = "edchat/2027-01-07"


def run(store: FakeStore, target: FolderTarget, renderer: Any = RENDERER) -> Archived:
    return archive(store, renderer, target)  # type: ignore[arg-type]


def test_a_first_run_writes_every_page_and_a_second_none(target: FolderTarget) -> None:
    store = FakeStore()
    first = run(store, target)
    assert first == Archived(len(files(target.folder)), 0, 0)
    assert set(store.marks) == set(files(target.folder))
    store.read.clear()
    assert run(store, target) == Archived(0, first.written, 0)
    assert store.read == []


def test_a_changed_chat_makes_only_what_shows_it(target: FolderTarget) -> None:
    store = FakeStore()
    whole = run(store, target).written
    store.read.clear()
    store.stored = [
        msgspec.structs.replace(one, revision=one.revision + 1) if one.chat.id == CHAT else one for one in store.stored
    ]
    content = sample.content()
    fewer = msgspec.structs.replace(content, answers=content.answers[:-1])
    store.shown = lambda chat: fewer if chat == CHAT else sample.contents(chat)
    shows = 8  # its page, its two data files and its download, and the feeds of its series and of all
    assert run(store, target) == Archived(shows, whole - shows, 0)
    assert store.read == [CHAT]


def test_what_was_seen_is_noted_without_making_a_page(target: FolderTarget) -> None:
    store, made = FakeStore(), []

    class One:
        seen = 1

        def pages(self, *_: object, **__: object) -> Iterable[Page]:
            return [Page("links/index.html", noted("f00d", {CHAT: Seen(self.seen, "aa")}), self.make)]

        def make(self, _content: object) -> bytes:
            made.append(self.seen)
            return b"links"

    pages = One()
    assert run(store, target, pages) == Archived(1, 0, 0)
    pages.seen = 2
    assert run(store, target, pages) == Archived(0, 1, 0)
    assert made == [1]
    assert store.marks == {"links/index.html": noted("f00d", {CHAT: Seen(2, "aa")})}
    (target.folder / "links/index.html").unlink()
    assert run(store, target, pages) == Archived(1, 0, 0)


def test_the_latest_chats_are_read_once_for_all_feeds_that_tell_of_them(target: FolderTarget) -> None:
    store, latest = FakeStore(), [f"edchat/{day}" for day in range(5)]
    store.shown = lambda _: sample.content()

    class Feeds:
        def pages(self, *_: object, **__: object) -> Iterable[Page]:
            return [Page(f"{n}.xml", "m", lambda content: bytes(len([*map(content, latest)]))) for n in range(4)]

    assert run(store, target, Feeds()) == Archived(4, 0, 0)
    assert store.read == latest


def test_a_page_whose_inputs_changed_but_not_its_bytes_is_not_rewritten(target: FolderTarget) -> None:
    store = FakeStore()
    whole = run(store, target).written
    store.stored = [msgspec.structs.replace(one, revision=one.revision + 1) for one in store.stored]
    calendars = 3  # they carry the revision
    assert run(store, target) == Archived(calendars, whole - calendars, 0)


def test_a_page_that_somebody_removed_comes_back(target: FolderTarget) -> None:
    store = FakeStore()
    whole = run(store, target).written
    (target.folder / "index.html").unlink()
    assert run(store, target) == Archived(1, whole - 1, 0)


def test_pages_no_longer_planned_go_and_foreign_files_stay(target: FolderTarget) -> None:
    store = FakeStore()
    run(store, target)
    theirs = [path for path in files(target.folder) if path.startswith("edchat/")]
    assert len(theirs) > 5
    (target.folder / "edchat" / "mine.txt").write_bytes(b"mine")
    store.stored = [one for one in store.stored if one.series.slug != "edchat"]
    assert run(store, target).removed == len(theirs)
    left = files(target.folder)
    assert [path for path in left if path.startswith("edchat")] == ["edchat/mine.txt"]
    assert not any(path.startswith("edchat") for path in store.marks)


def test_a_chat_that_moved_leaves_one_page_that_leads_there_for_as_long_as_it_leads_somewhere(
    target: FolderTarget,
) -> None:
    store = FakeStore()
    run(store, target)
    entries = sample.EDCHAT.chats
    later = msgspec.structs.replace(entries[1], date=entries[1].date + timedelta(days=7))
    store.stored = sample.stored_chats(msgspec.structs.replace(sample.EDCHAT, chats=(entries[0], later)))
    store.shown = lambda chat: ChatContent(next(one for one in store.stored if one.chat.id == chat), (), (), (), ())
    run(store, target)
    old = [path for path in files(target.folder) if path.startswith("edchat/2027-01-14/")]
    assert sorted(old) == ["edchat/2027-01-14/handout/index.html", "edchat/2027-01-14/index.html"]
    assert b"../2027-01-21/index.html" in files(target.folder)["edchat/2027-01-14/index.html"]
    assert run(store, target).written == 0
    store.stored = store.stored[:1]
    run(store, target)
    assert not [path for path in files(target.folder) if path.startswith(("edchat/2027-01-14/", "edchat/2027-01-21/"))]


def test_a_run_that_stops_goes_on_where_it_was(target: FolderTarget) -> None:
    store = FakeStore()

    def broken(chat: str) -> ChatContent:
        raise RuntimeError(chat)

    store.shown = broken
    with pytest.raises(RuntimeError):
        run(store, target)
    assert store.marks == {}
    store.shown = sample.contents
    assert run(store, target).written > 0
    assert set(store.marks) == set(files(target.folder))


def test_a_fingerprint_is_kept_only_after_its_page_settled(target: FolderTarget) -> None:
    store = FakeStore()
    order: list[str] = []

    class Slow(FolderTarget):
        def settle(self) -> None:
            order.append("settle")

    class Noting(FakeStore):
        def save_page_marks(self, marks: Mapping[str, str], gone: Collection[str]) -> None:
            order.append("marks")
            super().save_page_marks(marks, gone)

    class Many:
        def pages(self, *_: object, **__: object) -> Iterable[Page]:
            return [Page(f"{n}.html", "m", lambda _: b"x") for n in range(450)]

    store = Noting()
    assert run(store, Slow(target.folder), Many()) == Archived(450, 0, 0)
    assert order == ["settle", "marks"] * 3


def test_a_page_that_cannot_be_made_leaves_nothing_old_and_holds_up_no_other(target: FolderTarget) -> None:
    store = FakeStore()

    class Failing:
        def __init__(self, mark: str, *, fails: bool) -> None:
            self.mark, self.fails = mark, fails

        def pages(self, *_: object, **__: object) -> Iterable[Page]:
            def make(_: object) -> bytes:
                if self.fails:
                    raise UserError("no ink")
                return b"new"

            return [Page("a.pdf", self.mark, make), Page("b.html", self.mark, lambda _: self.mark.encode())]

    assert run(store, target, Failing("1", fails=False)) == Archived(2, 0, 0)
    for _ in range(2):  # the second time there is no old one, and it is tried again
        done = run(store, target, Failing("2", fails=True))
        assert done.troubles == ("a.pdf: no ink",)
        assert files(target.folder) == {"b.html": b"2"}
    assert run(store, target, Failing("2", fails=False)) == Archived(1, 1, 0)
    assert files(target.folder) == {"a.pdf": b"new", "b.html": b"2"}


def test_a_removed_answer_is_gone_from_every_file(target: FolderTarget) -> None:
    store = FakeStore()
    run(store, target)
    assert any(b"ten silent minutes to fix" in data for data in files(target.folder).values())
    content = sample.content()
    left = msgspec.structs.replace(content, answers=tuple(one for one in content.answers if one.key != "01"))
    store.shown = lambda chat: left if chat == CHAT else sample.contents(chat)
    store.stored = [msgspec.structs.replace(one, revision=8) if one.chat.id == CHAT else one for one in store.stored]
    run(store, target)
    assert not any(b"ten silent minutes to fix" in data for data in files(target.folder).values())
    assert urls.chat_page(CHAT) in files(target.folder)


def test_a_folder_that_went_meanwhile_is_made_again(target: FolderTarget) -> None:
    target.write("a/b/one.html", b"1")
    target.remove("a/b/one.html")
    target.write("a/b/one.html", b"1")
    shutil.rmtree(target.folder / "a")
    target.write("a/b/one.html", b"1")
    assert files(target.folder) == {"a/b/one.html": b"1"}
