"""record --send: a record waits to be fetched once, by whoever was told its address; nothing else is."""

import io
import re
import socket
import stat
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import time_machine
from cli.cli_world import STAFFROOM, folder, open_store, rows_in, said, staffroom
from cli.test_record_command import HANDLE, NOW, OTHER, PERSON, WORDS, ask, asked, template

from bot.bootstrap.accounts import Accounts
from bot.bootstrap.badges import Issued, issue_badge
from bot.bootstrap.download_server import download_server
from bot.bootstrap.house import shelf_of
from bot.config import load_staffroom
from bot.config.settings import DownloadSettings
from bot.domain.downloads import GOOD_FOR, Download, name_of
from bot.domain.linked import Claim
from bot.errors import Refused
from bot.services.downloads import end_old_downloads, offer

__all__ = ["asked", "folder", "template"]  # fixtures

ADDRESS = "https://records.example.org/fetch"
TOKENS = ["A" * 43, "B" * 43]
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ready(asked: Path) -> Path:
    """A folder from which records can be fetched, in which somebody asked for one."""
    (asked / "staffroom.yaml").write_text(f"{STAFFROOM}downloads: {{address: '{ADDRESS}/'}}\n")
    return asked


def send(folder: Path, *words: str) -> str:
    """Send the record; gives the path of its address."""
    result = staffroom("record", HANDLE, "--send", *words, "-C", folder)
    assert result.exit_code == 0, result.output
    (errand,) = open_store(folder).errands("bluesky", NOW, 9)
    assert (errand.kind, errand.to) == ("tell", PERSON.id)
    found = re.search(rf"{re.escape(ADDRESS)}(/\S+)", errand.text)
    assert found
    assert found[1] not in result.output
    return found[1]


@contextmanager
def served(folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[str]:
    """The bot's own server at a free port."""
    told: list[str] = []
    settings = load_staffroom(folder)
    settings = msgspec.structs.replace(settings, downloads=DownloadSettings(ADDRESS, "127.0.0.1", 0))
    with download_server(settings, open_store(folder), now, told.append):
        yield told[0].removeprefix("Records are given out at ")


def waiting(folder: Path) -> list[str]:
    return list(shelf_of(load_staffroom(folder)).names())


# -- the command -------------------------------------------------------------------------------------------------------
def test_a_record_waits_in_a_private_folder_and_its_owner_is_told_where(ready: Path) -> None:
    path = send(ready)
    (file,) = (ready / ".staffroom-downloads").iterdir()
    assert file.stem == name_of(path.removeprefix("/"))
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    assert [one.until for one in open_store(ready).downloads()] == [NOW + WEEK]
    status = staffroom("status", "-C", ready).output
    assert "1 record waits to be fetched." in status
    assert "request" not in status
    assert said(staffroom("status", "--json", "-C", ready))["to_fetch"] == 1


def test_of_this_account_only_it_waits_whatever_becomes_of_the_other(ready: Path) -> None:
    store, other = open_store(ready), "another"
    mine = store.key("bluesky", PERSON.id)
    for one, also in ((mine, other), (other, mine)):
        store.add_claim(Claim("also", one, also, NOW - timedelta(hours=1)), "a test", NOW)
    send(ready)
    assert [one.others for one in open_store(ready).downloads()] == [(other,)]
    send(ready, "--this-account-only")
    assert [one.others for one in open_store(ready).downloads()] == [()]


def test_without_a_place_to_fetch_it_from_it_says_what_to_configure(asked: Path) -> None:
    result = staffroom("record", HANDLE, "--send", "-C", asked)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "downloads: {address:" in result.stderr
    assert "--out DIR" in result.stderr
    assert waiting(asked) == []


@pytest.mark.parametrize("words", [[], ["--send", "--out", "there"]])
def test_either_way_has_to_be_chosen(ready: Path, words: list[str]) -> None:
    result = staffroom("record", HANDLE, *words, "-C", ready)
    assert result.exit_code == 2
    assert "--send" in result.stderr
    assert waiting(ready) == []


def test_nobody_else_gets_one(folder: Path) -> None:
    (folder / "staffroom.yaml").write_text(f"{STAFFROOM}downloads: {{address: '{ADDRESS}'}}\n")
    result = staffroom("record", HANDLE, "--send", "-C", folder)
    assert (result.exit_code, waiting(folder)) == (2, [])
    assert "has not asked" in result.stderr


def test_who_cannot_be_told_gets_it_from_the_moderator(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        def tell(self, *_: object) -> None:
            raise Refused("they take no messages from us")

    monkeypatch.setattr(Accounts, "network", lambda *_: Deaf())
    result = staffroom("record", HANDLE, "--send", "-C", ready)
    assert f"The bot cannot tell {HANDLE}: they take no messages from us." in result.output
    path = result.output.partition(ADDRESS)[2].split()[0]
    assert open_store(ready).errands("bluesky", NOW, 9) == ()
    with served(ready) as base:
        assert httpx.post(base + path).status_code == 200


def test_a_folder_that_is_published_is_refused(ready: Path) -> None:
    yaml = (ready / "staffroom.yaml").read_text()
    (ready / "staffroom.yaml").write_text(f"{yaml}publish: [{{command: [rsync, '{{site}}', '{ready}']}}]\n")
    result = staffroom("record", HANDLE, "--send", "-C", ready)
    assert result.exit_code == 2
    assert f"{ready} is published" in result.stderr
    assert waiting(ready) == []
    assert f"{ready} is published" in staffroom("doctor", "-C", ready).output


def test_what_waits_is_forgotten_where_its_file_cannot_be_written(ready: Path) -> None:
    (ready / ".staffroom-downloads").write_text("a file stands where the folder should")
    result = staffroom("record", HANDLE, "--send", "-C", ready)
    assert result.exit_code == 2
    assert open_store(ready).downloads() == ()


@pytest.mark.parametrize(
    ("block", "wrong"),
    [
        ("{address: 'http://records.example.org'}", "https://"),
        ("{address: 'https://example.org/?to=1'}", "neither ? nor #"),
        ("{address: 'https://example.org', listen: 9465}", "127.0.0.1:9465"),
        ("{address: 'https://example.org', listen: 'host:9465'}", "127.0.0.1:9465"),
        ("{address: 'https://example.org', listen: '127.0.0.1:70000'}", "127.0.0.1:9465"),
    ],
)
def test_a_wrong_place_is_told(ready: Path, block: str, wrong: str) -> None:
    (ready / "staffroom.yaml").write_text(f"{STAFFROOM}downloads: {block}\n")
    result = staffroom("check", "-C", ready)
    assert result.exit_code == 2
    assert "staffroom.yaml:8:" in result.output
    assert wrong in result.output


def test_the_doctor_asks_whether_anybody_answers(ready: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (ready / "staffroom.yaml").write_text(
            f"{STAFFROOM}downloads: {{address: '{ADDRESS}', listen: '127.0.0.1:{port}'}}\n"
        )
        assert f"records are given out at {ADDRESS}" in staffroom("doctor", "-C", ready).output
    (ready / ".staffroom-downloads").mkdir(mode=0o755)
    found = staffroom("doctor", "-C", ready).output
    assert f"nothing answers at 127.0.0.1:{port}" in found
    assert "chmod 700" in found


# -- fetching it -------------------------------------------------------------------------------------------------------
def test_a_preview_uses_nothing_up_and_the_button_gives_the_record_once(ready: Path) -> None:
    path = send(ready)
    with served(ready) as base:
        shown = [httpx.get(base + path), httpx.get(f"{base}/behind/a/proxy{path}?utm=1")]
        given = httpx.post(base + path, content=b"x=1" * 200)
        after = [httpx.post(base + path), httpx.get(base + path)]
    assert [one.status_code for one in shown] == [200, 200]
    assert '<form method="post"><button>Fetch it now</button></form>' in shown[0].text
    assert given.headers["content-disposition"] == 'attachment; filename="record.zip"'
    packed = zipfile.ZipFile(io.BytesIO(given.content))
    assert packed.namelist() == ["record/record.html", "record/record.pdf", "record/record.json"]
    assert "Xyzzy" in WORDS
    assert b"Xyzzy" in packed.read("record/record.json")
    assert [one.status_code for one in after] == [404, 404]
    assert (waiting(ready), open_store(ready).downloads()) == ([], ())
    for answer in (*shown, given, *after):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert PERSON.handle not in str(answer.headers)


def test_unknown_used_replaced_and_old_addresses_are_answered_alike(ready: Path) -> None:
    replaced = send(ready)
    used = send(ready)
    now = [NOW]
    with served(ready, lambda: now[0]) as base:
        assert httpx.post(base + used).status_code == 200
        old = send(ready)
        now[0] = NOW + WEEK - timedelta(seconds=1)
        assert httpx.get(base + old).status_code == 200
        now[0] = NOW + WEEK
        paths = [replaced, used, old, f"/{TOKENS[0]}", "/", "/favicon.ico", "/../staffroom.yaml", "/%2e%2e/x", "/<b>"]
        answers = {
            (
                answer.status_code,
                answer.content,
                str(sorted(answer.headers.items() - {("date", answer.headers["date"])})),
            )
            for path in paths
            for answer in (httpx.get(base + path), httpx.post(base + path))
        }
    assert {status for status, _, _ in answers} == {404}
    assert len(answers) == 1


def test_two_who_fetch_at_once_get_it_once(ready: Path) -> None:
    path, found = send(ready), list[int]()
    with served(ready) as base:
        fetching = [
            threading.Thread(target=lambda: found.append(httpx.post(base + path).status_code)) for _ in range(6)
        ]
        for one in fetching:
            one.start()
        for one in fetching:
            one.join()
    assert sorted(found) == [200, *[404] * 5]


def test_a_download_that_breaks_off_may_be_tried_again(ready: Path) -> None:
    data = bytes(20 * 2**20)  # more than fits on the way
    store, shelf = open_store(ready), shelf_of(load_staffroom(ready))
    offer(store, shelf, Download("key", name_of(TOKENS[0]), NOW + GOOD_FOR, "en"), data, NOW)
    with served(ready) as base:
        port = int(base.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as phone:
            phone.sendall(f"POST /{TOKENS[0]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert phone.recv(1000).startswith(b"HTTP/1.0 200")
            assert httpx.get(f"{base}/{TOKENS[0]}").status_code == 404  # somebody fetches it
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        shelf_waits = threading.Event()
        with time_machine.travel(NOW, tick=True):
            for _ in range(100):
                if shelf.waits(name_of(TOKENS[0])) or shelf_waits.wait(0.05):
                    break
        assert httpx.post(f"{base}/{TOKENS[0]}").content == data


def test_what_a_killed_bot_was_giving_out_may_be_fetched_again(ready: Path) -> None:
    path = send(ready)
    assert shelf_of(load_staffroom(ready)).take(name_of(path[1:]))
    with served(ready) as base:
        assert httpx.post(base + path).status_code == 200


def test_other_methods_are_refused(ready: Path) -> None:
    with served(ready) as base:
        for method in ("HEAD", "PUT", "DELETE", "OPTIONS"):
            answer = httpx.request(method, f"{base}/{TOKENS[0]}")
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_a_bug_shows_nothing_and_uses_nothing_up(
    ready: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = send(ready)
    with served(ready) as base:
        with monkeypatch.context() as broken:
            broken.setattr("bot.bootstrap.download_server.good_download", lambda *_: 1 / 0)
            assert httpx.post(base + path).status_code == 503
        shown = capfd.readouterr()
        assert httpx.post(base + path).status_code == 200
    assert path[1:] not in shown.out + shown.err


def test_after_a_restore_no_address_works_twice(ready: Path) -> None:
    path, store = send(ready), open_store(ready)
    (known,) = store.downloads()
    with served(ready) as base:
        assert httpx.post(base + path).status_code == 200
        store.offer(known)  # as a backup of before has it
        assert [httpx.get(base + path).status_code, httpx.post(base + path).status_code] == [404, 404]
    assert "to be fetched" not in staffroom("status", "-C", ready).output


# -- its end -----------------------------------------------------------------------------------------------------------
def test_who_leaves_takes_it_along(ready: Path) -> None:
    path = send(ready)
    assert staffroom("forget", HANDLE, "-C", ready).exit_code == 0
    assert waiting(ready) == []
    assert (open_store(ready).downloads(), open_store(ready).errands("bluesky", NOW, 9)) == ((), ())
    assert not [row for row in rows_in(ready / "staffroom.db") if path[1:] in row or name_of(path[1:]) in row]


def test_a_wish_to_leave_ends_the_address_at_once(ready: Path) -> None:
    path = send(ready)
    with served(ready) as base:
        ask(ready, "stopped", hours=1)
        assert httpx.post(base + path).status_code == 404
        assert waiting(ready) != []  # until the next round
        assert end_old_downloads(open_store(ready), shelf_of(load_staffroom(ready)), NOW) == 1
    assert waiting(ready) == []


@pytest.mark.parametrize(("gone", "waits"), [("first", False), ("reply", True)])
def test_words_that_are_erased_are_in_no_record_that_waits(ready: Path, gone: str, waits: bool) -> None:
    path, store = send(ready), open_store(ready)
    author = {"first": PERSON, "reply": OTHER}[gone]
    ref = f"at://{author.id}/app.bsky.feed.post/{gone}"
    assert store.bury([store.key("bluesky", ref)], NOW) == 1
    with served(ready) as base:
        assert httpx.get(base + path).status_code == (200 if waits else 404)
    assert bool(store.errands("bluesky", NOW, 9)) == waits
    assert said(staffroom("status", "--json", "-C", ready))["records"] == (0 if waits else 1)


def taken_back(folder: Path) -> None:
    ask(folder, "stopped", hours=1)


def said_again(folder: Path) -> None:
    """Nothing of theirs changes: somebody else's reply goes."""
    store = open_store(folder)
    store.bury([store.key("bluesky", f"at://{OTHER.id}/app.bsky.feed.post/reply")], NOW)


@pytest.mark.parametrize(("happens", "status"), [(taken_back, 2), (said_again, 0)])
@pytest.mark.parametrize("way", ["--send", "--out"])
def test_what_is_taken_back_while_a_record_is_made_is_handed_to_nobody(
    ready: Path, monkeypatch: pytest.MonkeyPatch, way: str, happens: Callable[[Path], None], status: int
) -> None:
    def meanwhile(*given: Any) -> Issued:
        issued = issue_badge(*given)
        happens(ready)
        return issued

    monkeypatch.setattr("bot.bootstrap.record.issue_badge", meanwhile)
    out = ready.parent / "out"
    result = staffroom("record", HANDLE, "--badge", *([way, out] if way == "--out" else [way]), "-C", ready)
    assert (result.exit_code, "changed while it was made" in result.stderr) == (status, bool(status))
    store = open_store(ready)
    assert bool(waiting(ready) or store.downloads() or out.exists()) == (not status)
    assert bool(store.badges()) == (not status)
    assert bool(store.errands("bluesky", NOW, 9)) == (way == "--send" and not status)


def test_what_nobody_fetched_goes_after_a_week(ready: Path) -> None:
    send(ready)
    store, shelf = open_store(ready), shelf_of(load_staffroom(ready))
    assert end_old_downloads(store, shelf, NOW + WEEK - timedelta(seconds=1)) == 0
    assert len(store.downloads()) == 1
    assert end_old_downloads(store, shelf, NOW + WEEK) == 1
    assert (store.downloads(), shelf.names()) == ((), ())


def test_another_record_ends_the_first_and_telling_of_it(ready: Path) -> None:
    first, second = send(ready), send(ready)
    assert first != second
    assert waiting(ready) == [name_of(second[1:])]
    with served(ready) as base:
        assert [httpx.get(base + path).status_code for path in (first, second)] == [404, 200]


def test_a_backup_has_no_record_in_it(ready: Path, tmp_path: Path) -> None:
    path = send(ready)
    assert staffroom("backup", tmp_path / "kept.db", "-C", ready).exit_code == 0
    file = next((ready / ".staffroom-downloads").iterdir())
    with served(ready) as base:
        assert httpx.post(base + path).status_code == 200
    assert not file.exists()
    assert file.name not in [one.name for one in tmp_path.rglob("*")]
