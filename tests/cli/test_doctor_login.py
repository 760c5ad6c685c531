"""login and doctor against the real test servers: what a person is asked, told, and what is kept."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from cli.cli_world import SERIES, STAFFROOM, folder_with, said, staffroom
from networks.bluesky_server import BlueskyNetwork
from networks.faults import FaultProxy
from networks.mastodon_server import MastodonServer

LOGINS = ".staffroom-logins.json"


@pytest.fixture(autouse=True)
def _no_logins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STAFFROOM_") and name != "STAFFROOM_TEST_SERVERS"]:
        monkeypatch.delenv(name)


def make(tmp_path: Path, networks: str) -> Path:
    head = STAFFROOM.partition("networks:\n")[0]
    return folder_with(tmp_path / "bot", f"{head}networks:\n{networks}", SERIES)


def on_bluesky(network: BlueskyNetwork, handle: str, server: str = "") -> str:
    server = server or network.pds_url
    return f'  bluesky: {{handle: {handle}, server: "{server}", appview: "{network.appview_url}"}}\n'


def on_mastodon(server: str) -> str:
    return f'  mastodon: {{server: "{server}"}}\n'


def findings(folder: Path, exit_code: int) -> list[dict[str, Any]]:
    result = staffroom("doctor", "-C", folder, "--json")
    assert result.exit_code == exit_code, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def wrong(folder: Path) -> list[dict[str, Any]]:
    return [one for one in findings(folder, 1) if one["state"] == "wrong"]


@pytest.fixture
def proxy(mastodon_server: MastodonServer) -> Iterator[FaultProxy]:
    with FaultProxy(mastodon_server.url) as between:
        yield between


# -- login -------------------------------------------------------------------------------------------------------
def test_from_two_logins_to_a_clean_bill_of_health(
    tmp_path: Path, bluesky_network: BlueskyNetwork, mastodon_server: MastodonServer, unique: Callable[[str], str]
) -> None:
    sky = bluesky_network.create_account(unique("login"))
    toot = mastodon_server.create_account(unique("login"), bot=True)
    bluesky_network.settle()
    folder = make(tmp_path, on_bluesky(bluesky_network, sky.handle) + on_mastodon(mastodon_server.url))
    password = sky.app_password()

    plain = staffroom("login", "bluesky", "-C", folder, answers=f"{password}\n")
    assert plain.exit_code == 0
    assert f"Logged in as {sky.handle}" in plain.stdout
    assert "`staffroom login bluesky --mark-bot`" in plain.stdout
    assert [one["message"] for one in wrong(folder)] == [
        "the account is not marked as a bot",
        "there is no login for this account",
    ]

    marked = staffroom("login", "bluesky", "--mark-bot", "-C", folder, answers=f"{password}\n")
    assert marked.exit_code == 0
    assert "mark" not in marked.stdout.partition("Logged in")[2]
    profile = bluesky_network.get_record(f"at://{sky.did}/app.bsky.actor.profile/self")["value"]
    assert [label["val"] for label in profile["labels"]["values"]] == ["bot"]

    led = staffroom("login", "mastodon", "-C", folder, answers=f"mockcode_{toot.username}\n")
    assert led.exit_code == 0
    assert f"{mastodon_server.url}/oauth/authorize?" in led.stdout
    assert f"Logged in as @{toot.username}@" in led.stdout

    kept = folder / LOGINS
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    logins = json.loads(kept.read_bytes())
    assert logins["bluesky"]["password"] == password
    for result in (plain, marked, led):
        for secret in (password, logins["mastodon"]["token"]):
            assert secret not in result.output

    found = findings(folder, 0)
    assert {one["state"] for one in found} == {"well", "note"}
    assert [one["subject"] for one in found if one["state"] == "well"] == [
        "bluesky",
        "bluesky",
        "mastodon",
        "mastodon",
        "database",
        "site",
        "disk",
        "disk",
        "search",
    ]
    assert sum("terms" in one["message"] for one in found) == 2
    in_words = staffroom("doctor", "-C", folder)
    assert in_words.exit_code == 0
    assert "ok     database: 0 answers kept" in in_words.stdout


def test_a_wrong_app_password_is_told_kindly_and_not_kept(
    tmp_path: Path, bluesky_network: BlueskyNetwork, unique: Callable[[str], str]
) -> None:
    sky = bluesky_network.create_account(unique("login"), bot=True)
    folder = make(tmp_path, on_bluesky(bluesky_network, sky.handle))
    result = staffroom("login", "bluesky", "-C", folder, answers="abcd-efgh-ijkl-mnop\n")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "app password" in result.stderr
    assert "abcd-efgh" not in result.output
    assert not (folder / LOGINS).exists()


def test_a_wrong_code_is_told_kindly_and_not_kept(tmp_path: Path, mastodon_server: MastodonServer) -> None:
    folder = make(tmp_path, on_mastodon(mastodon_server.url))
    result = staffroom("login", "mastodon", "-C", folder, answers="nonsense\n")
    assert result.exit_code == 2
    assert "open the page again for a fresh one" in result.stderr
    assert not (folder / LOGINS).exists()


def test_an_unknown_account_is_answered_with_those_there_are(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot")
    result = staffroom("login", "mastadon", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "mastadon: staffroom.yaml names no such account; it has bluesky, mastodon.\n"


def test_a_login_that_nobody_types_says_where_to_type_it(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot")
    result = staffroom("login", "bluesky", "-C", folder)
    assert result.exit_code == 2
    assert "Run `staffroom login bluesky` in a terminal" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (folder / LOGINS).exists()


@pytest.mark.parametrize(
    "url", ["nosuch://host/name", "postgresql//host/name", "sqlite://", "sqlite:///:memory:", "mysql://host/name"]
)
def test_a_database_that_cannot_be_meant_is_the_operators_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("STAFFROOM_DATABASE", url)
    result = staffroom("status", "-C", folder_with(tmp_path / "bot"))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_a_server_that_is_down_is_told_in_one_line(tmp_path: Path, proxy: FaultProxy) -> None:
    folder = make(tmp_path, on_mastodon(proxy.url))
    proxy.unplug()
    result = staffroom("login", "mastodon", "-C", folder, answers="code\n")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert proxy.url in result.stderr


# -- doctor ------------------------------------------------------------------------------------------------------
def test_doctor_without_logins(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot")
    assert [(one["subject"], one["message"], one["mend"]) for one in wrong(folder)] == [
        (
            name,
            "there is no login for this account",
            f"Run `staffroom login {name}`, or set STAFFROOM_{name.upper()}_{kind}.",
        )
        for name, kind in (("bluesky", "PASSWORD"), ("mastodon", "TOKEN"))
    ]
    shown = staffroom("doctor", "-C", folder)
    assert shown.exit_code == 1
    assert "wrong  bluesky: there is no login for this account\n       Run `staffroom login bluesky`" in shown.stdout


def test_doctor_says_when_the_disk_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_with(tmp_path / "bot")
    monkeypatch.setattr("shutil.disk_usage", lambda _place: SimpleNamespace(free=20 * 1024 * 1024))
    full = [(one["message"], one["mend"]) for one in wrong(folder) if one["subject"] == "disk"]
    assert full == [(f"only 20 MiB are free where the {it} is", "Make room.") for it in ("site", "database")]


def test_doctor_and_a_login_file_that_others_can_read(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot")
    (folder / LOGINS).write_text("{}", encoding="utf-8")
    (folder / LOGINS).chmod(0o644)
    (one,) = wrong(folder)
    assert one["subject"] == "logins"
    assert "chmod 600" in one["message"]


def test_doctor_and_servers_in_trouble(tmp_path: Path, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path, on_mastodon(proxy.url))
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", "not-a-token")
    (refused,) = wrong(folder)
    assert refused["subject"] == "mastodon"
    assert "login" in refused["message"] + refused["mend"]
    proxy.unplug()
    (away,) = wrong(folder)
    assert "no connection" in away["message"]
    assert proxy.url in away["mend"]
    assert "not-a-token" not in json.dumps([refused, away])


def test_doctor_sees_a_missing_bot_flag_and_a_wrong_clock(
    tmp_path: Path, mastodon_server: MastodonServer, monkeypatch: pytest.MonkeyPatch, unique: Callable[[str], str]
) -> None:
    person = mastodon_server.create_account(unique("person"))
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", person.token)
    folder = make(tmp_path, on_mastodon(mastodon_server.url))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        flag, clock = wrong(folder)
    assert flag["message"] == "the account is not marked as a bot"
    assert "automated account" in flag["mend"]
    assert "clock differs from the server's by -" in clock["message"]
    assert "time synchronisation" in clock["mend"]


def test_doctor_knows_a_rehearsal(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot")
    said(staffroom("rehearse", "-C", folder, "--here", "--answers", "3", "--json"))
    assert "it holds a rehearsal" in [one["message"] for one in wrong(folder)]


def test_doctor_and_places_that_cannot_be_used(tmp_path: Path) -> None:
    yaml = STAFFROOM.replace("folder: site", "folder: notes.txt/site").replace("staffroom.db", "broken.db")
    folder = folder_with(tmp_path / "bot", yaml)
    (folder / "notes.txt").write_text("a file, no folder", encoding="utf-8")
    (folder / "broken.db").write_bytes(b"no database at all " * 100)
    found = {one["subject"]: one for one in wrong(folder)}
    assert "cannot be made" in found["site"]["message"]
    assert found["site"]["mend"] == "Change `folder:` under `site:`."
    assert "broken.db" in found["database"]["message"]
    assert "`database:`" in found["database"]["mend"]
