"""Where there is no room the database stays whole and the site as it was; the bot says so, and goes on afterwards."""

import sqlite3
from contextlib import closing
from pathlib import Path

from chaos.disk import FULL, Disk, damage, flaws, play, try_tick, unsaid
from chaos.sandboxed import Evening
from sqlalchemy import event

from bot.config.secrets import LOGINS, read_login, save_login
from bot.errors import LoginError
from bot.tick import House


def settled(evening: Evening) -> list[str]:
    """All that may be wrong at any moment; while the first pages are still being made, they lead nowhere."""
    made = evening.clock.now().hour > 19 or evening.clock.now().minute
    return [*damage(evening.folder / "staffroom.db"), *(flaws(evening.folder / "site") if made else ())]


def assert_kind(told: list[str], place: Path) -> None:
    assert told
    for line in told:
        assert "\n" not in line
        assert str(place) in line
        assert FULL in line or "No space left on device" in line


def test_full_at_every_commit(tmp_path: Path) -> None:
    evening, told, disk = Evening(tmp_path), list[str](), Disk()
    ready = False

    def attempt(house: House, _number: int) -> bool:
        nonlocal ready
        if not ready:
            disk.under_database(house.store._engine)  # type: ignore[attr-defined]
            ready = True
        disk.again()
        disk.on = True
        through = try_tick(house, told)
        disk.on = False
        assert settled(evening) == []
        return through

    failures = play(evening, attempt)
    assert disk.refused["commit"] >= failures >= 60
    assert_kind(told, tmp_path / "staffroom.db")
    assert unsaid(evening) == []


def test_a_database_that_may_not_grow(tmp_path: Path) -> None:
    """SQLite's own limit, one page more with each try."""
    evening, told = Evening(tmp_path), list[str]()
    file = tmp_path / "staffroom.db"
    limit = 0

    def attempt(house: House, room: int) -> bool:
        nonlocal limit
        with closing(sqlite3.connect(file)) as rows:
            limit = rows.execute("PRAGMA page_count").fetchone()[0] + room
        engine = house.store._engine  # type: ignore[attr-defined]
        if not room:
            event.listen(engine, "checkout", hold_down)
        through = try_tick(house, told)
        assert settled(evening) == []
        return through

    def hold_down(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit}").close()

    assert play(evening, attempt) >= 8
    assert_kind(told, file)
    assert unsaid(evening) == []


def test_full_at_every_write_of_a_page(tmp_path: Path) -> None:
    evening, told, disk = Evening(tmp_path), list[str](), Disk()
    site = tmp_path / "site"

    def attempt(house: House, _number: int) -> bool:
        disk.again()
        with disk.under_files(site):
            through = try_tick(house, told)
        assert settled(evening) == []
        return through

    failures = play(evening, attempt)
    assert failures >= 30
    assert set(disk.refused) == {"open", "write", "rename", "fsync", "mkdir"}
    assert_kind(told, tmp_path)
    assert unsaid(evening) == []
    assert not [left for left in site.rglob("*") if left.name.startswith(".")]


def test_full_at_every_write_of_a_login(tmp_path: Path) -> None:
    save_login(tmp_path, "mastodon", {"token": "old"})
    disk = Disk()
    for _ in range(10):
        disk.again()
        try:
            with disk.under_files(tmp_path):
                save_login(tmp_path, "mastodon", {"token": "new"})
            break
        except LoginError as error:
            assert_kind([str(error)], tmp_path / LOGINS)
            assert read_login(tmp_path, "mastodon") == {"token": "old"}
            assert [one.name for one in tmp_path.iterdir()] == [LOGINS]
    assert set(disk.refused) == {"open", "write", "rename", "fsync"}
    assert read_login(tmp_path, "mastodon") == {"token": "new"}
