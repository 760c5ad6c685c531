"""Indexes for search: made by Pagefind, renewed with the archive, and without a word of who left."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import time_machine
from golden import sample
from golden.sample import answer
from pagefind_bin import get_executable

from bot.bootstrap import house
from bot.errors import SearchError
from bot.publishing import pagefind
from bot.publishing.pagefind import PagefindIndexer
from bot.publishing.targets import FolderTarget
from bot.rendering.pages import SiteRenderer
from bot.rendering.templates import Templates
from bot.services.archive import archive

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.domain.records import ChatContent
    from bot.ports import Archived

PAGE = (
    '<!doctype html><html lang="en"><body data-pagefind-body>'
    '<i data-pagefind-filter="network[data-v]" data-v="bluesky"></i>'
    '<i data-pagefind-filter="_by[data-v]" data-v="a-1 Ana"></i>'
    '<h2 id="a-1"><b data-pagefind-ignore>…</b></h2><p>Fewer marks, more talk.</p></body></html>'
)
SOURCES = {"edchat/2027-01-07/q1-bluesky-en.html": PAGE.encode()}
PLANTED = "Zzyxoth"
TAIL = b"yxoth"  # lists of words leave out what a word has in common with the one before it


def plain(data: bytes) -> bytes:
    """A file's bytes, and what they are where they are compressed."""
    return data + (zlib.decompress(data, zlib.MAX_WBITS | 16) if data[:2] == b"\x1f\x8b" else b"")


def lasting(found: Mapping[str, bytes], kind: str) -> dict[str, bytes]:
    """The files of one kind."""
    return {name: data for name, data in found.items() if name.endswith(kind)}


# -- the adapter ---------------------------------------------------------------------------------------------------


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(pagefind, "MEMORY", tmp_path / "nowhere")
    return folder


def test_pages_stand_in_memory_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagefind, "MEMORY", tmp_path)
    assert pagefind._place() == tmp_path
    monkeypatch.setattr(pagefind, "_ROOM", 2**80)
    assert pagefind._place() == Path(tempfile.gettempdir())


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program in Pagefind's place: it does what ``lines`` say."""
    file = tmp_path / "program"
    file.write_text(f"#!{sys.executable}\nimport os, sys, time\n")
    file.chmod(0o755)
    return file


def does(program: Path, lines: str) -> PagefindIndexer:
    program.write_text(program.read_text() + lines)
    return PagefindIndexer(program, longest=0.5, rest=0)


def test_an_index_holds_words_and_anchors_and_no_script(temporary: Path) -> None:
    files = PagefindIndexer(get_executable()).index(SOURCES, "en", engine=False)
    kinds = sorted(name.rpartition(".")[2] for name in files)
    assert kinds == ["json", "pf_filter", "pf_fragment", "pf_index", "pf_meta"]
    (fragment,) = [plain(data) for name, data in files.items() if name.endswith("fragment")]
    assert b'"id":"a-1"' in fragment
    assert b'"url":"/edchat/2027-01-07/q1-bluesky-en.html"' in fragment
    assert b'"_by":["a-1 Ana"]' in fragment
    assert list(temporary.iterdir()) == []


def test_the_same_pages_give_the_same_words_and_hits() -> None:
    """Pagefind shuffles lists of filters, and so what names them; therefore bundles go by their mark."""
    first, second = (PagefindIndexer(get_executable()).index(SOURCES, "en", engine=False) for _ in range(2))
    for kind in (".pf_fragment", ".pf_index"):
        assert lasting(first, kind) == lasting(second, kind) != {}


def test_no_list_of_people_is_given_away() -> None:
    files = PagefindIndexer(get_executable()).index(SOURCES, "en", engine=False)
    assert [name for name, data in files.items() if b"Ana" in plain(data)] == [
        name for name in files if name.endswith("fragment")
    ]


@pytest.mark.parametrize(("language", "wasm"), [("fr", "wasm.fr.pagefind"), ("cy", "wasm.unknown.pagefind")])
def test_the_script_comes_with_its_language(language: str, wasm: str) -> None:
    files = PagefindIndexer(get_executable()).index(SOURCES, language, engine=True)
    assert {name for name in files if "wasm" in name or name.endswith(".js")} == {"pagefind.js", wasm}


def test_what_hangs_is_stopped_and_told(temporary: Path, program: Path) -> None:
    indexer = does(program, f"open({str(program)!r} + '.pid', 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    with pytest.raises(SearchError, match="took longer than"):
        indexer.index(SOURCES, "en", engine=False)
    pid = int(Path(f"{program}.pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(temporary.iterdir()) == []


ODD_FILTER = """
os.makedirs(sys.argv[4] + "/filter")
open(sys.argv[4] + "/pagefind-entry.json", "w").write('{"languages": {}}')
open(sys.argv[4] + "/filter/x.pf_filter", "wb").write(b"odd")
"""
ODD_ENTRY = """
os.mkdir(sys.argv[4])
open(sys.argv[4] + "/pagefind-entry.json", "w").write("odd")
"""


@pytest.mark.parametrize(
    ("lines", "told"),
    [("sys.exit(3)", "status 3"), (ODD_FILTER, "not as they were"), (ODD_ENTRY, "not as they were")],
)
def test_what_fails_is_told_in_words(program: Path, lines: str, told: str) -> None:
    with pytest.raises(SearchError, match=told):
        does(program, lines).index(SOURCES, "en", engine=True)


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="No such file"):
        PagefindIndexer(tmp_path / "nowhere").index(SOURCES, "en", engine=False)


def test_after_a_failure_it_rests(program: Path) -> None:
    program.write_text(f"{program.read_text()}open({str(program)!r} + '.runs', 'a').write('x')\nsys.exit(1)")
    indexer = PagefindIndexer(program, rest=600)
    for _ in range(3):
        with pytest.raises(SearchError, match="status 1"):
            indexer.index(SOURCES, "en", engine=False)
    assert Path(f"{program}.runs").read_text() == "x"


def test_it_is_told_nothing_of_our_environment(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFROOM_MAIL_PASSWORD", "secret")
    monkeypatch.setenv("PAGEFIND_SITE", "/")
    lines = f"open({str(program)!r} + '.env', 'w').write(repr(dict(os.environ)))\nsys.exit(1)"
    with pytest.raises(SearchError):
        does(program, lines).index(SOURCES, "en", engine=False)
    assert "secret" not in (told := Path(f"{program}.env").read_text())
    assert "PAGEFIND" not in told


def test_what_a_killed_process_left_goes_with_the_next_run(temporary: Path) -> None:
    old, new = temporary / "staffroom-search-old", temporary / "staffroom-search-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "words.html").write_text(PLANTED)
    os.utime(old, (time.time() - 3600, time.time() - 3600))
    os.utime(new, (time.time() - 30, time.time() - 30))  # another bot's, which is more patient
    PagefindIndexer(get_executable(), longest=14).index(SOURCES, "en", engine=False)
    assert list(temporary.iterdir()) == [new]


def test_a_clock_that_is_ahead_takes_nothing_away_from_others(temporary: Path) -> None:
    others = temporary / "staffroom-search-others"
    others.mkdir()
    with time_machine.travel(datetime(2037, 1, 7, tzinfo=UTC)):
        PagefindIndexer(get_executable()).index(SOURCES, "en", engine=False)
    assert list(temporary.iterdir()) == [others]


def test_a_run_that_made_nothing_is_no_empty_index(program: Path) -> None:
    with pytest.raises(SearchError, match="made no index"):
        does(program, "").index(SOURCES, "en", engine=False)


# -- the service ---------------------------------------------------------------------------------------------------


class Book:
    """What archiving reads and writes of a store; ``chats`` are the sample's, each with what was said in it."""

    def __init__(self) -> None:
        self.stored = sample.chats()
        self.said = sample.content().answers
        self.marks: dict[str, str] = {}
        self.read: list[str] = []

    def __getattr__(self, _name: str) -> Any:
        return lambda *_: {}

    def chats(self) -> Any:
        return self.stored

    def figures(self) -> Any:
        return sample.figures()

    def listed(self) -> Any:
        return ()

    def permissions(self) -> tuple[()]:
        return ()

    def issuer(self) -> Any:
        return None

    def content(self, chat: str) -> ChatContent:
        self.read.append(chat)
        found = sample.contents(chat)
        mine = self.said if chat == "edchat/2027-01-07" else ()
        stored = next(one for one in self.stored if one.chat.id == chat)
        return msgspec.structs.replace(found, stored=stored, answers=mine, picks=())

    def page_marks(self) -> Mapping[str, str]:
        return dict(self.marks)

    def save_page_marks(self, marks: Mapping[str, str], gone: Collection[str]) -> None:
        self.marks |= marks
        for path in gone:
            self.marks.pop(path, None)

    def say(self, *said: Any) -> None:
        """Other answers, and so another revision."""
        self.said = said
        self.stored = [
            msgspec.structs.replace(one, revision=one.revision + 1) if one.chat.id == "edchat/2027-01-07" else one
            for one in self.stored
        ]


class Broken:
    """An indexer that fails, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def index(self, *_: object, engine: bool) -> Mapping[str, bytes]:
        self.asked += 1
        raise SearchError(f"Search is broken ({engine}).")


@pytest.fixture
def target(tmp_path: Path) -> FolderTarget:
    return FolderTarget(tmp_path / "site")


TEMPLATES = Templates()
PAGEFIND = PagefindIndexer(get_executable())


def renderer(searcher: str = "pagefind 1") -> SiteRenderer:
    return SiteRenderer(TEMPLATES, sample.SITE, lambda: sample.NOW, searcher)


def run(book: Book, target: FolderTarget, indexer: Any = PAGEFIND, searcher: str = "pagefind 1") -> Archived:
    return archive(book, renderer(searcher), target, indexer=indexer)  # type: ignore[arg-type]


def files(target: FolderTarget, under: str = "") -> dict[str, bytes]:
    return {
        path: file.read_bytes()
        for file in sorted((target.folder / under).rglob("*"))
        if file.is_file()
        for path in [file.relative_to(target.folder).as_posix()]
    }


def test_nothing_changed_writes_nothing_and_reads_nothing(target: FolderTarget) -> None:
    book = Book()
    assert run(book, target).indexed == 2
    assert set(book.marks) == set(files(target))
    book.read.clear()
    before = {path: (target.folder / path).stat().st_mtime_ns for path in book.marks}
    again = run(book, target, Broken())
    assert (again.written, again.removed, again.indexed, again.troubles) == (0, 0, 0, ())
    assert book.read == []
    assert {path: (target.folder / path).stat().st_mtime_ns for path in book.marks} == before


def test_a_changed_chat_renews_its_bundle_alone(target: FolderTarget) -> None:
    book = Book()
    run(book, target)
    engine = files(target, "search/engine.en")
    book.say(*book.said[:-1])
    assert run(book, target).indexed == 1
    assert files(target, "search/engine.en") == engine
    assert set(book.marks) == set(files(target))


def test_no_erased_word_stays_in_any_file_not_even_a_compressed_one(target: FolderTarget) -> None:
    book = Book()
    kept = book.said
    book.say(*kept, answer("99", "y5", 20, f"{PLANTED} of planted words", 1))
    run(book, target)
    holding = [path for path, data in files(target).items() if TAIL in plain(data)]
    assert any(path.endswith(".pf_fragment") for path in holding)
    assert any(path.endswith(".pf_index") for path in holding)
    book.say(*kept)
    run(book, target)
    assert not [path for path, data in files(target).items() if TAIL in plain(data)]
    assert set(book.marks) == set(files(target))


def test_old_files_go_before_anything_is_written(target: FolderTarget) -> None:
    done: list[str] = []

    class Noting(FolderTarget):
        def write(self, path: str, data: bytes) -> bool:
            done.append(f"write {path.rpartition('.')[2]}")
            return super().write(path, data)

        def remove(self, path: str) -> bool:
            done.append("remove")
            return super().remove(path)

    book = Book()
    run(book, target)
    book.say(*book.said[:5])
    run(book, Noting(target.folder))  # type: ignore[arg-type]
    assert "remove" in done
    assert done.index("write pf_filter") > max(at for at, what in enumerate(done) if what == "remove")
    assert done.index("write json") > max(at for at, what in enumerate(done) if "pf_" in what)
    assert done.index("write html") > done.index("write json")


def test_where_no_index_can_be_made_old_words_go_and_pages_stand(target: FolderTarget) -> None:
    book = Book()
    run(book, target)
    book.say(*book.said[:5])
    broken = Broken()
    done = run(book, target, broken)
    assert done.troubles == ("Search is broken (False).",)
    assert done.written == 8  # the chat's page, data, table and download, and four feeds that count its answers
    assert files(target, "search/edchat") == {}
    assert set(book.marks) == set(files(target))
    assert run(book, target).indexed == 1
    assert files(target, "search/edchat")


def test_after_a_first_failure_no_other_bundle_is_tried(target: FolderTarget) -> None:
    book, broken = Book(), Broken()
    assert run(book, target, broken).troubles == ("Search is broken (True).",)
    assert broken.asked == 1


@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_run_that_stops_leaves_no_file_that_is_not_known(target: FolderTarget, after: int) -> None:
    class Stopping(FolderTarget):
        left = after

        def write(self, path: str, data: bytes) -> bool:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            return super().write(path, data)

    book = Book()
    with pytest.raises(KeyboardInterrupt):
        run(book, Stopping(target.folder))  # type: ignore[arg-type]
    assert set(files(target)) <= set(book.marks)
    assert run(book, target).indexed >= 1
    assert set(book.marks) == set(files(target))


def test_a_bundle_that_somebody_removed_comes_back(target: FolderTarget) -> None:
    book = Book()
    run(book, target)
    before = files(target)
    shutil.rmtree(target.folder / "search/edchat")
    assert run(book, target).indexed == 1
    for kind in (".pf_fragment", ".pf_index", ".html"):
        assert lasting(files(target), kind) == lasting(before, kind)


@pytest.mark.parametrize("searcher", ["pagefind 1", ""])
def test_without_what_makes_indexes_all_of_search_goes(target: FolderTarget, searcher: str) -> None:
    book = Book()
    run(book, target)
    run(book, target, None, searcher)
    assert not [path for path in files(target, "search") if "pf_" in path or "pagefind" in path]


def test_another_version_brings_its_own_script(target: FolderTarget) -> None:
    class Versioned:
        def __init__(self, script: bytes) -> None:
            self.script = script

        def index(self, *_: object, engine: bool) -> Mapping[str, bytes]:
            return {"pagefind-entry.json": b"{}"} | ({"pagefind.js": self.script} if engine else {})

    book = Book()
    for version in ("1", "2"):
        run(book, target, Versioned(version.encode()), version)
        assert files(target)["search/engine.en/pagefind.js"] == version.encode()


# -- what is installed ---------------------------------------------------------------------------------------------


def test_search_is_there_where_its_program_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert house.searcher().startswith("pagefind 1.")
    assert house.indexer_of() is not None

    def missing(name: str) -> str:
        raise house.PackageNotFoundError(name)

    monkeypatch.setattr(house, "version", missing)
    assert house.searcher() == ""
    assert house.indexer_of() is None
