"""The starter folder and the schemas that editors read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.config import load, stamp
from bot.config.scaffold import scaffold
from bot.config.schema import schema_bytes, schema_json
from bot.config.series_models import SeriesFile
from bot.config.staffroom_models import StaffroomFile
from bot.domain.occurrences import occurrences
from bot.errors import ConfigError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

STARTER = Path(__file__).parent.parent.parent / "templates" / "starter"


@pytest.mark.parametrize("days", range(0, 400, 13))
def test_a_starter_always_has_chats_to_come(tmp_path: Path, days: int) -> None:
    today = date(2026, 11, 21) + timedelta(days=days)
    written = scaffold(tmp_path / "bot", today)
    (series,) = load(tmp_path / "bot").series
    assert all(path.is_file() for path in written)
    assert timedelta(days=3) <= series.chats[0].date - today <= timedelta(days=9)
    term = list(occurrences(series.rhythm, today, today + timedelta(days=120), series.terms, series.skip))
    assert [chat.date for chat in series.chats] == term[:3]
    assert len(term) == 11  # twelve weeks, one of them a holiday


def test_nothing_of_yours_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    mine = tmp_path / "series" / "edchat.yaml"
    mine.write_text("title: mine\n")
    with pytest.raises(UserError, match=r"series/edchat\.yaml"):
        scaffold(tmp_path, date(2026, 11, 21))
    assert mine.read_text() == "title: mine\n"
    assert not (tmp_path / "staffroom.yaml").exists()


def test_logins_are_kept_out_of_version_control(tmp_path: Path) -> None:
    scaffold(tmp_path, date(2026, 11, 21))
    kept_out = (tmp_path / ".gitignore").read_text()
    assert ".staffroom-logins.json" in kept_out
    assert ".staffroom-badge-key.json" in kept_out


@pytest.mark.parametrize("kind", ["event", "series", "staffroom", "story"])
def test_shipped_schemas_are_current(kind: str) -> None:
    shipped = STARTER / "schema" / f"{kind}.schema.json"
    if os.environ.get("STAFFROOM_GOLDEN"):
        shipped.write_bytes(schema_bytes(kind))
    assert shipped.read_bytes() == schema_bytes(kind)


def test_scaffolded_files_name_their_schemas(tmp_path: Path) -> None:
    scaffold(tmp_path, date(2026, 11, 21))
    for name in ("staffroom.yaml", "series/edchat.yaml"):
        first = (tmp_path / name).read_text().split("\n")[0]
        match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert match
        assert (tmp_path / name).parent.joinpath(match[1]).is_file()


def properties(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    blocks = [schema, *schema.get("$defs", {}).values()]
    return [(name, value) for block in blocks for name, value in block["properties"].items()]


def test_every_key_is_explained() -> None:
    schemas = schema_json()
    assert set(schemas["series"]["properties"]) == set(SeriesFile.model_fields)
    assert set(schemas["staffroom"]["properties"]) == set(StaffroomFile.model_fields)
    for schema in schemas.values():
        for name, value in properties(schema):
            assert value.get("description"), name


def test_every_example_of_a_key_is_one_that_works(tmp_path: Path) -> None:
    """The example shown for each key of a series can be written as it stands."""
    for name, field in SeriesFile.model_fields.items():
        folder = tmp_path / name
        scaffold(folder, date(2026, 11, 21))
        path = folder / "series" / "edchat.yaml"
        if name in {"chats", "terms", "skip", "pace"}:
            continue  # chats has no example; the others clash with the starter's own dates or format
        lines = [line for line in path.read_text().split("\n") if not line.startswith(f"{name}:")]
        path.write_text("\n".join([f"{name}: {field.examples[0]}", *lines]))  # type: ignore[index]
        assert load(folder).series, name


def test_a_stamp_changes_with_the_files(tmp_path: Path) -> None:
    scaffold(tmp_path, date(2026, 11, 21))
    before = stamp(tmp_path)
    assert before == stamp(tmp_path)
    path = tmp_path / "series" / "edchat.yaml"
    path.write_text(path.read_text() + "# more\n")
    changed = stamp(tmp_path)
    assert changed != before
    (tmp_path / "series" / "maths.yml").write_text("")
    assert len(stamp(tmp_path)) == len(changed) + 1
    (tmp_path / "stories").mkdir()
    (tmp_path / "stories" / "marking.yaml").write_text("")
    assert len(stamp(tmp_path)) == len(changed) + 2


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="staffroom init"):
        load(tmp_path)
    scaffold(tmp_path, date(2026, 11, 21))
    series = tmp_path / "series" / "edchat.yaml"
    text = series.read_text()
    series.unlink()
    with pytest.raises(ConfigError, match="No series"):
        load(tmp_path)
    (tmp_path / "series" / "Ed Chat.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"ed-chat\.yaml"):
        load(tmp_path)
    (tmp_path / "series" / "Ed Chat.yaml").rename(series)
    (tmp_path / "series" / "edchat.yml").write_text(text)
    with pytest.raises(ConfigError, match="keep one"):
        load(tmp_path)


def test_places_point_into_the_file_whatever_the_order(tmp_path: Path) -> None:
    scaffold(tmp_path, date(2026, 11, 21))
    path = tmp_path / "series" / "edchat.yaml"
    lines = path.read_text().split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("  - date:")]
    turned = [*lines[: starts[0]], *lines[starts[1] : starts[2]], *lines[starts[0] : starts[1]], *lines[starts[2] :]]
    path.write_text("\n".join(turned))
    settings = load(tmp_path)
    (series,) = settings.series
    for chat, entry in enumerate(series.chats):
        for number, question in enumerate(entry.questions):
            file, line, column = settings.place("edchat", "chats", chat, "questions", number)
            assert file == "series/edchat.yaml"
            assert question.ask in turned[line - 1][column - 1 :]
    assert settings.place("edchat", "chats", 0, "nothing") == settings.place("edchat", "chats", 0)
    assert settings.place("", "site", "title")[0] == "staffroom.yaml"
    assert settings.place("gone") == ("series/gone.yaml", 0, 0)


def test_loading_needs_no_heavy_library() -> None:
    """Reading the configuration starts neither the database's library, nor templates, nor a network's SDK."""
    heavy = ("sqlalchemy", "jinja2", "mastodon", "httpx", "libipld", "apscheduler", "alembic")
    code = f"import sys, bot.config; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["series", "events", "stories"])
def test_a_folder_that_cannot_be_read_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scaffold(tmp_path, date(2026, 11, 21))
    (tmp_path / name).mkdir(exist_ok=True)
    listing = Path.iterdir

    def closed(self: Path) -> Iterator[Path]:
        if self == tmp_path / name:
            raise PermissionError(13, "Permission denied")
        return listing(self)

    monkeypatch.setattr(Path, "iterdir", closed)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path)
    (problem,) = raised.value.problems
    assert str(problem).startswith(f"{name}/: This folder cannot be read: Permission denied. ")
    assert stamp(tmp_path)


def test_a_picture_that_may_not_be_looked_at_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scaffold(tmp_path, date(2026, 11, 21))
    (file,) = (tmp_path / "series").iterdir()
    asked = "  - {date: 2027-01-08, topic: Walls, questions: [{ask: Which?, image: images/wall.jpg, alt: A wall.}]}\n"
    file.write_text(f"{file.read_text()}{asked}")
    is_file = Path.is_file

    def closed(self: Path) -> bool:
        if self == tmp_path / "images" / "wall.jpg":
            raise PermissionError(13, "Permission denied")
        return is_file(self)

    monkeypatch.setattr(Path, "is_file", closed)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path)
    told = [str(problem) for problem in raised.value.problems]
    assert any(
        "It cannot be looked at: Permission denied. Give the bot's user the right to read it." in one for one in told
    )
