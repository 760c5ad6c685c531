"""Names that become files stay in their folders, links are not followed out of them, and everybody may read pages."""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from PIL import Image

from bot.bootstrap.house import templates_of
from bot.bootstrap.pictures import read_inside
from bot.config.secrets import LOGINS, save_login
from bot.errors import Problem, UserError
from bot.publishing.targets import FolderTarget
from bot.rendering import urls
from bot.rendering.pictures import MOST_FILE_BYTES, prepare_picture
from bot.rendering.templates import Templates
from bot.storage.engine import connect, prepare_file

UMASKS = [0o000, 0o022, 0o027, 0o077, 0o777]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# -- who may read ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mask", [mask for mask in UMASKS if mask != 0o777])
def test_everybody_may_read_pages_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    target = FolderTarget(tmp_path / "site")
    with umask(mask):
        target.write("edchat/2027-01-07/index.html", b"one")
    site = tmp_path / "site"
    assert [mode(site / one) for one in ("", "edchat", "edchat/2027-01-07")] == [0o755] * 3
    assert mode(site / "edchat/2027-01-07/index.html") == 0o644


@pytest.mark.parametrize("wrong", [0o600, 0o640, 0o666, 0o755])
@pytest.mark.parametrize("data", [b"one", b"two"])
def test_a_page_with_other_rights_is_mended_with_or_without_new_bytes(tmp_path: Path, wrong: int, data: bytes) -> None:
    FolderTarget(tmp_path).write("edchat/index.html", b"one")
    (tmp_path / "edchat/index.html").chmod(wrong)
    (tmp_path / "edchat").chmod(0o700)
    FolderTarget(tmp_path).write("edchat/other.html", b"x")
    FolderTarget(tmp_path).write("edchat/index.html", data)
    assert (mode(tmp_path / "edchat"), mode(tmp_path / "edchat/index.html")) == (0o755, 0o644)


def test_the_rights_of_the_sites_own_folder_are_its_operators(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir(mode=0o750)
    (tmp_path / "site").chmod(0o750)
    FolderTarget(tmp_path / "site").write("edchat/index.html", b"one")
    assert mode(tmp_path / "site") == 0o750


@pytest.mark.parametrize("mask", [mask for mask in UMASKS if mask != 0o777])
def test_nobody_else_may_read_the_store_or_the_logins(tmp_path: Path, mask: int) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'staffroom.db'}")
    with umask(mask):
        prepare_file(engine)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE some (thing)")
            connection.commit()
            made = sorted(tmp_path.iterdir())
            modes = {path.name: mode(path) for path in made}
        save_login(tmp_path, "main", {"token": "secret"})
    engine.dispose()
    assert modes == dict.fromkeys(("staffroom.db", "staffroom.db-shm", "staffroom.db-wal"), 0o600)
    assert mode(tmp_path / LOGINS) == 0o600


@pytest.mark.parametrize("there", [("",), ("", "-wal", "-shm")])
def test_a_store_that_was_copied_here_is_closed_to_others(tmp_path: Path, there: tuple[str, ...]) -> None:
    file = tmp_path / "staffroom.db"
    for end in there:
        copied = tmp_path / f"{file.name}{end}"
        copied.touch()
        copied.chmod(0o644)
    engine = connect(f"sqlite:///{file}")
    prepare_file(engine)
    engine.dispose()
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == {f"{file.name}{end}": 0o600 for end in there}


# -- the site -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        "con/index.html", "CON/index.html", "a/nul", "a/nul.html", "aux.xml", "com1/x", "lpt9.txt", "c:/x", "a:b",
        "a/b./x", "a/b /x", "a/" + "x" * 256, "a/" + "ä" * 128, "..", "a/../..", "/etc/passwd", "a\\b", "a\0b",
    ],
)  # fmt: skip
def test_what_would_be_something_else_on_some_system_is_no_page(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="no path inside"):
        FolderTarget(tmp_path / "site").write(path, b"x")
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    "slug",
    [
        "about",
        "guidelines",
        "links",
        "people",
        "privacy",
        "schools",
        "take-part",
        "topics",
        "con",
        "nul",
        "aux",
        "com1",
        "lpt9",
    ],
)
def test_a_series_called_like_that_gets_another_folder(tmp_path: Path, slug: str) -> None:
    assert urls.folder(slug) == f"{slug}-chat"
    assert FolderTarget(tmp_path).write(urls.chat_page(f"{slug}/2027-01-07"), b"x")


def test_a_home_directory_sign_is_a_name_like_any_other(tmp_path: Path) -> None:
    FolderTarget(tmp_path / "site").write("~/index.html", b"x")
    assert (tmp_path / "site/~/index.html").read_bytes() == b"x"


def test_a_link_out_of_the_site_is_told_kindly_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = FolderTarget(tmp_path / "site")
    target.write("index.html", b"x")
    (tmp_path / "site/edchat").symlink_to(outside)
    with pytest.raises(UserError, match=r"edchat leads out of the site.* symbolic link.*Take the link"):
        target.write("edchat/index.html", b"x")
    with pytest.raises(UserError, match="symbolic link"):
        target.standing(["edchat/index.html"])
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe"])
def test_what_stands_in_a_pages_place_is_no_page_and_gives_way(tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside.html"
    if kind == "link":
        outside.write_bytes(b"theirs")
    target = FolderTarget(tmp_path / "site")
    target.write("index.html", b"x")
    page = tmp_path / "site/index.html"
    page.unlink()
    if kind == "pipe":
        os.mkfifo(page)
    else:
        page.symlink_to(outside)
    assert target.standing(["index.html"]) == set()
    assert target.write("index.html", b"ours")
    assert page.read_bytes() == b"ours"
    assert not page.is_symlink()
    assert not outside.exists() if kind == "dangling" else kind == "pipe" or outside.read_bytes() == b"theirs"


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "outside.html").write_bytes(b"theirs")
    target = FolderTarget(tmp_path / "site")
    target.write("index.html", b"x")
    (tmp_path / "site/old.html").symlink_to(tmp_path / "outside.html")
    assert target.remove("old.html")
    assert not (tmp_path / "site/old.html").is_symlink()
    assert (tmp_path / "outside.html").read_bytes() == b"theirs"


# -- pictures -------------------------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "bot/images").mkdir(parents=True)
    (tmp_path / "bot/images/own.png").write_bytes(b"own")
    return tmp_path / "bot"


@pytest.mark.parametrize(
    "name",
    ["../secret.png", "images/../../secret.png", "/etc/passwd", "images/link.png", "linked/secret.png", "a\0b", ".."],
)
def test_a_picture_outside_the_bots_folder_is_refused(folder: Path, name: str) -> None:
    (folder / "images/link.png").symlink_to(folder.parent / "secret.png")
    (folder / "linked").symlink_to(folder.parent)
    with pytest.raises(UserError):
        read_inside(folder, name, 100)


def test_links_inside_the_folder_and_the_folder_behind_a_link_are_fine(folder: Path) -> None:
    (folder / "images/again.png").symlink_to("own.png")
    (folder.parent / "here").symlink_to(folder)
    assert read_inside(folder.parent / "here", "images/again.png", 100) == b"own"


def test_a_link_put_there_at_the_last_moment_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.path.realpath

    def swapped(path: str | Path) -> str:
        found = really(path)
        own = folder / "images/own.png"
        if found == str(own):
            own.unlink()
            own.symlink_to(folder.parent / "secret.png")
        return found

    monkeypatch.setattr(os.path, "realpath", swapped)
    with pytest.raises(OSError, match="own"):
        read_inside(folder, "images/own.png", 100)


def test_a_pipe_or_a_folder_is_no_picture_and_nothing_waits_for_it(folder: Path) -> None:
    os.mkfifo(folder / "images/pipe.png")
    with pytest.raises(UserError, match="no plain file"):
        read_inside(folder, "images/pipe.png", 100)
    with pytest.raises((UserError, OSError)):
        read_inside(folder, "images", 100)


def test_a_picture_larger_than_any_camera_makes_is_refused(folder: Path) -> None:
    with (folder / "images/own.png").open("wb") as file:
        file.truncate(MOST_FILE_BYTES + 1)
    with pytest.raises(UserError, match="larger than 64 MB"):
        read_inside(folder, "images/own.png", MOST_FILE_BYTES)


def _png(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(/etc/passwd) run\nshowpage\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        _png(20)[:-20],
        _png(20).replace(b"IDAT", b"IDAX"),
        b"GIF89a" + b"\xff" * 100,
        b"\xff\xd8\xff" + b"\0" * 100,
    ],
)
def test_a_damaged_or_harmful_picture_is_an_error_for_people(data: bytes) -> None:
    with pytest.raises(UserError, match="no picture that can be read"):
        prepare_picture(data, "a.png")


# -- templates ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["site/home.html.j2", "words/en.json", "site/look.css"])
def test_a_template_that_is_a_link_out_of_its_folder_is_not_used(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text('{"site.chats": "secret"}')
    place = tmp_path / "bot/templates" / name
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "secret")
    told: list[str] = []
    templates = templates_of(tmp_path / "bot", lambda problem: told.append(str(problem)))
    assert templates.dictionary.words("en")("site.chats") != "secret"
    assert "secret" not in templates.source("site/look.css")
    with pytest.raises(UndefinedError):  # by the shipped one: nothing was given to fill it in
        templates.render("site/home.html.j2", {})
    (one,) = told
    assert one.startswith(f"templates/{name}: ")
    assert "leads out of the templates folder" in one


def test_a_folder_of_templates_that_is_a_link_out_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/reminder.txt.j2").write_text("theirs")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/prompts").symlink_to(tmp_path / "elsewhere")
    templates = Templates(tmp_path / "templates")
    values = {"w": templates.dictionary.words("en"), "label": "Q1", "hashtag": "#EdChat"}
    assert "theirs" not in templates.render("prompts/reminder.txt.j2", values)


@pytest.mark.parametrize(
    "language", ["../../secret", "..", "/etc/passwd", "en/../../x", "e\0n", "x" * 5000, "CON:", "en.json", "", "ﬁ"]
)
def test_a_language_that_is_none_names_no_file(tmp_path: Path, language: str) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "secret.json").write_text('{"site.chats": "secret"}')
    words = Templates(tmp_path / "templates").dictionary.words(language)
    assert words.language == "en"
    assert words("site.chats") != "secret"


def test_a_template_cannot_include_what_is_outside(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    own = tmp_path / "templates/site"
    own.mkdir(parents=True)
    for name in ("../../secret", "/etc/passwd", "site/../../secret"):
        (own / "home.html.j2").write_text(f"{{% include '{name}' %}}")
        told = list[Problem]()
        with pytest.raises(UndefinedError):  # by the shipped one
            Templates(tmp_path / "templates", told.append).render("site/home.html.j2", {})
        assert str(told[0]).startswith("templates/site/home.html.j2:1: ")
