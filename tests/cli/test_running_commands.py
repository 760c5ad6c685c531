"""run and tick as processes: one at a time, stopped by signals, following saved files, and silent about secrets."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli.cli_world import ROOT, command, folder_with, process, said, staffroom
from networks.faults import FaultProxy
from networks.mastodon_server import MastodonAccount, MastodonServer

import bot.bootstrap.running
from bot.bootstrap.accounts import Accounts
from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import read_settings
from bot.bootstrap.running import running_house
from bot.errors import StoreError
from bot.runner import Loop
from bot.tick import LEASE, LOCK

YAML = """\
database: sqlite:///staffroom.db
contact: chats@example.org
controller: Teachers of Example
site: {{title: Chats, address: "https://chats.example.org", folder: site, language: en}}
networks:
  mastodon: {{server: "{server}"}}
"""

SERIES = """\
title: Ed Chat
hashtag: {hashtag}
timezone: UTC
every: only dates
at: "{start:%H:%M}"
length: 40 minutes
announce: [1 hour]
chats:
  - date: {start:%Y-%m-%d}
    topic: {topic}
    questions: [What works?, What does not?]
"""

IN_TWO_DAYS = timedelta(days=2)
SOON = timedelta(minutes=50)
"""The announcement of a chat that begins so soon is due already."""


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No login or database of whoever runs the tests, and no signal handler left behind."""
    for name in [name for name in os.environ if name.startswith("STAFFROOM_") and name != "STAFFROOM_TEST_SERVERS"]:
        monkeypatch.delenv(name)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def toot(mastodon_server: MastodonServer, unique: Callable[[str], str]) -> MastodonAccount:
    return mastodon_server.create_account(unique("runner"), bot=True)


@pytest.fixture
def proxy(mastodon_server: MastodonServer) -> Iterator[FaultProxy]:
    with FaultProxy(mastodon_server.url) as between:
        yield between


def make(tmp_path: Path, server: str, away: timedelta, hashtag: str = "EdChat", topic: str = "Homework") -> Path:
    series = SERIES.format(start=datetime.now(UTC) + away, hashtag=hashtag, topic=topic)
    return folder_with(tmp_path / "bot", YAML.format(server=server), series)


@contextmanager
def running(folder: Path, token: str) -> "Iterator[subprocess.Popen[str]]":
    """A `run` of its own; killed at the end if it is still there."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "STAFFROOM_MASTODON_TOKEN": token}
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command("run", "-C", folder), stdout=log, stderr=log, text=True, env=env, cwd=ROOT) as started,
    ):
        try:
            yield started
        finally:
            started.kill()


def log(folder: Path) -> str:
    return (folder / "log").read_text(encoding="utf-8")


def until(happened: Callable[[], object], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


# -- tick --------------------------------------------------------------------------------------------------------
def test_tick_loads_no_client_where_nothing_is_due(tmp_path: Path) -> None:
    folder = make(tmp_path, "https://social.example.org", IN_TWO_DAYS)
    script = (
        "import sys\n"
        "from bot.cli import main\n"
        f"main(['tick', '-C', {str(folder)!r}], standalone_mode=False)\n"
        "heavy = ['bot.networks.bluesky', 'bot.networks.mastodon', 'mastodon', 'atproto', 'apscheduler', 'httpx']\n"
        "print('loaded:', [name for name in heavy if name in sys.modules])\n"
    )
    for _ in range(2):  # also once everything is planned
        shown = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120, cwd=ROOT
        )
        assert shown.stdout.endswith("loaded: []\n")
        assert shown.stderr == ""


def test_tick_says_what_is_due_once(
    tmp_path: Path, toot: MastodonAccount, monkeypatch: pytest.MonkeyPatch, unique: Callable[[str], str]
) -> None:
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", toot.token)
    folder = make(tmp_path, toot.server.url, SOON, unique("EdChat"))
    first = said(staffroom("tick", "-C", folder, "--json"))
    second = staffroom("tick", "-C", folder)
    (sent,) = first["sent"]
    assert sent.endswith("/announce-1h@mastodon")
    assert first["troubles"] == []
    assert second.stdout == "0 new answers, 0 pages written.\n"
    assert len(toot.server.account_statuses(toot.id)) == 1


def test_tick_goes_on_without_an_account_that_has_no_login(tmp_path: Path) -> None:
    folder = make(tmp_path, "https://social.example.org", SOON)
    result = staffroom("tick", "-C", folder)
    assert result.exit_code == 1
    assert result.stderr == (
        "mastodon: there is no login for this account. Run `staffroom login mastodon`, "
        "or set STAFFROOM_MASTODON_TOKEN.\n"
    )
    assert (folder / "site" / "index.html").is_file()


def test_tick_sends_what_is_due_while_a_file_is_wrong_once_there_is_a_plan(
    tmp_path: Path, toot: MastodonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", toot.token)
    folder = make(tmp_path, toot.server.url, SOON)
    right = (folder / "series" / "edchat.yaml").read_text(encoding="utf-8")
    (folder / "series" / "edchat.yaml").write_text("title: [", encoding="utf-8")
    assert staffroom("tick", "-C", folder).exit_code == 2  # no plan yet to go on with
    (folder / "series" / "edchat.yaml").write_text(right, encoding="utf-8")
    assert staffroom("archive", "-C", folder).exit_code == 0  # plans, and says nothing
    (folder / "series" / "edchat.yaml").write_text("title: [", encoding="utf-8")
    result = staffroom("tick", "-C", folder)
    assert result.exit_code == 1
    assert "The last good plan stays" in result.stderr
    assert "series/edchat.yaml:1:" in result.stderr
    assert len(toot.server.account_statuses(toot.id)) == 1


# -- one at a time -----------------------------------------------------------------------------------------------
def test_tick_beside_a_live_run_leaves_everything_to_it(tmp_path: Path, toot: MastodonAccount) -> None:
    folder = make(tmp_path, toot.server.url, SOON)
    with running(folder, toot.token) as live:
        until(lambda: "sent:" in log(folder))
        result = staffroom("tick", "-C", folder)
        for_scripts = staffroom("tick", "-C", folder, "--json")
        live.send_signal(signal.SIGTERM)
        assert live.wait(timeout=30) == 0
    assert (result.exit_code, result.stdout) == (
        0,
        "Another Staffroom is running on this database; this one leaves everything to it.\n",
    )
    assert said(for_scripts)["sent"] == []
    assert len(toot.server.account_statuses(toot.id)) == 1
    assert log(folder).endswith("Stopped.\n")


def test_run_waits_for_another_one_and_then_leaves_it_alone(
    tmp_path: Path, toot: MastodonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", toot.token)
    monkeypatch.setattr(bot.bootstrap.running, "LEASE", timedelta(seconds=0.2))
    monkeypatch.setattr(bot.bootstrap.running, "LOOK_AGAIN", 0.1)
    folder = make(tmp_path, toot.server.url, SOON)
    store, now = open_store_of(read_settings(folder)), datetime.now(UTC)
    assert store.hold_lock(LOCK, "another-computer:1:abc", now, now + timedelta(hours=1))
    result = staffroom("run", "-C", folder)
    assert result.exit_code == 0
    assert "waiting to see whether it is still alive" in result.stdout
    assert "this one leaves everything to it" in result.stdout
    assert toot.server.account_statuses(toot.id) == []


def test_run_takes_over_at_once_from_one_that_was_killed(tmp_path: Path, toot: MastodonAccount) -> None:
    folder = make(tmp_path, toot.server.url, SOON)
    with running(folder, toot.token) as first:
        until(lambda: "sent:" in log(folder))
        first.kill()
        first.wait(timeout=30)
    began = datetime.now(UTC)
    store = open_store_of(read_settings(folder))
    assert store.lock_owner(LOCK, began)
    with running(folder, toot.token) as second:
        until(lambda: "Running 1 accounts." in log(folder), LEASE.total_seconds())
        assert "waiting" not in log(folder)
        second.send_signal(signal.SIGINT)
        assert second.wait(timeout=30) == 0
    assert len(toot.server.account_statuses(toot.id)) == 1


def test_a_lock_of_our_own_number_is_a_dead_one(tmp_path: Path) -> None:
    """In a container the bot has the same process number after each restart."""
    folder = make(tmp_path, "https://social.example.org", IN_TWO_DAYS)
    store, now = open_store_of(read_settings(folder)), datetime.now(UTC)
    assert store.hold_lock(LOCK, f"{socket.gethostname()}:{os.getpid()}:before", now, now + timedelta(hours=1))
    assert staffroom("tick", "-C", folder).stdout.startswith("0 new answers")


# -- stopping ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("method", "path"), [("GET", "verify_credentials"), ("POST", "/api/v1/statuses$")])
def test_run_stops_while_a_network_stalls(
    tmp_path: Path, toot: MastodonAccount, proxy: FaultProxy, method: str, path: str
) -> None:
    """At the start, and with a post on its way. A request may take twenty seconds; stopping does not wait for it."""
    folder = make(tmp_path, proxy.url, SOON)
    stalled = proxy.stall(method, path, seconds=120, times=None)
    with running(folder, toot.token) as live:
        stalled.wait_until_fired(60)
        live.send_signal(signal.SIGTERM)
        assert live.wait(timeout=12) == 0
    assert "Traceback" not in log(folder)


# -- rules of the house ------------------------------------------------------------------------------------------
def test_run_refuses_an_account_that_is_not_marked_as_a_bot(
    tmp_path: Path, mastodon_server: MastodonServer, unique: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = mastodon_server.create_account(unique("person"))
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", person.token)
    folder = make(tmp_path, mastodon_server.url, SOON)
    result = staffroom("run", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is not marked as a bot" in result.stderr
    assert "Preferences, Public profile" in result.stderr
    assert staffroom("tick", "-C", folder).exit_code == 1
    assert mastodon_server.account_statuses(person.id) == []


def test_run_without_a_login_says_how_to_get_one(tmp_path: Path) -> None:
    result = process("run", "-C", make(tmp_path, "https://social.example.org", SOON))
    assert (result.returncode, result.stdout) == (2, "")
    assert "Run `staffroom login mastodon`" in result.stderr
    assert result.stderr.count("\n") == 1


# -- files that are saved while it runs --------------------------------------------------------------------------
def test_run_follows_saved_files_and_survives_broken_ones(
    tmp_path: Path, toot: MastodonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", toot.token)
    folder = make(tmp_path, toot.server.url, IN_TWO_DAYS)
    file = folder / "series" / "edchat.yaml"
    told: list[str] = []
    with running_house(folder, told.append) as house:
        assert house is not None
        loop = Loop(house, told.append, reread=timedelta(seconds=0.1))
        thread = threading.Thread(target=loop.run)
        thread.start()

        def topics() -> list[str]:
            return [stored.chat.topic for stored in house.store.chats()]

        def save(old: str, new: str) -> None:
            file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

        try:
            until(lambda: topics() == ["Homework"])
            save("topic: Homework", "topic: Reading aloud")
            until(lambda: topics() == ["Reading aloud"])
            save("topic: Reading aloud", "topic: [Reading")
            until(lambda: any("The last good plan stays" in line for line in told))
            time.sleep(0.5)  # read again and again, said once
            assert topics() == ["Reading aloud"]
            assert sum("The last good plan stays" in line for line in told) == 1
            assert re.search(r"series/edchat\.yaml:\d+:\d+: ", "\n".join(told))
            save("topic: [Reading", "topic: Writing")
            until(lambda: topics() == ["Writing"])
        finally:
            loop.stop()
            thread.join()


# -- secrets -----------------------------------------------------------------------------------------------------
def test_no_output_shows_a_secret(tmp_path: Path, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment and in the login file, refused by the server, and met by servers that fail in every way."""
    secret, kept = "tok-3c9a1f77e0", "kept-99e0b2c4"
    folder = make(tmp_path, proxy.url, SOON)
    (folder / ".staffroom-logins.json").write_text(json.dumps({"mastodon": {"token": kept}}), encoding="utf-8")
    (folder / ".staffroom-logins.json").chmod(0o600)
    shown = [staffroom(*words, "-C", folder) for words in (["tick"], ["doctor"], ["run"])]
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", secret)
    shown += [staffroom(*words, "-C", folder) for words in (["tick"], ["doctor"], ["run"])]
    assert [one.exit_code for one in shown] == [1, 1, 2] * 2
    assert all("staffroom login mastodon" in one.output for one in shown)
    proxy.answer(500, times=None, body=f"<h1>Oops, {secret}</h1>".encode())
    shown += [staffroom(*words, "-C", folder) for words in (["tick"], ["doctor"])]
    proxy.unplug()
    shown += [staffroom(*words, "-C", folder) for words in (["tick"], ["doctor"], ["status"])]
    assert len(proxy.seen) >= 6
    assert [one.output for one in shown if secret in one.output or kept in one.output] == []


def test_a_logged_bug_shows_lines_of_code_and_no_values() -> None:
    script = (
        "import structlog\n"
        "from bot.bootstrap.logs import log_plainly\n"
        "log_plainly()\n"
        "def fails():\n"
        "    password = '-'.join(['hunter', '2'])\n"
        "    return 1 / 0, password\n"
        "try:\n"
        "    fails()\n"
        "except ZeroDivisionError:\n"
        "    structlog.get_logger().exception('a bug, please report it', duty='lock')\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout == ""
    assert "ZeroDivisionError" in shown.stderr
    assert "duty=lock" in shown.stderr
    assert "hunter-2" not in shown.stderr


def test_logins_are_closed_also_where_the_store_cannot_be_written_at_the_end(
    tmp_path: Path, toot: MastodonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", toot.token)
    closed: list[str] = []
    monkeypatch.setattr(Accounts, "close", lambda _: closed.append("closed"))

    def full(*_: object) -> None:
        raise StoreError("No room is left on the disk.")

    def leave() -> None:
        with running_house(make(tmp_path, toot.server.url, IN_TWO_DAYS), lambda _: None, wait=False) as house:
            assert house is not None
            monkeypatch.setattr(house.store, "drop_lock", full)

    with pytest.raises(StoreError, match="No room"):
        leave()
    assert closed == ["closed"]
