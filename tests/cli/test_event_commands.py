"""The commands about events, as a host types them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cli.cli_world import said, staffroom

from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import accounts_of, read_settings
from bot.config.scaffold import scaffold
from bot.domain.posts import Account
from bot.domain.teachmeets import SignUp
from bot.services.door import person_keys
from bot.services.plan import plan

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_event_is_checked_planned_and_not_written_over(tmp_path: Path) -> None:
    scaffold(tmp_path, datetime.now(UTC).date())
    new = ("event", "new", "edchat", "2027-03-06", "--title", "TeachMeet Leeds", "-C", tmp_path)
    made = staffroom(*new)
    assert (made.exit_code, (tmp_path / "events" / "teachmeet-leeds.yaml").is_file()) == (0, True)
    assert "staffroom check" in made.stdout
    assert staffroom("check", "-C", tmp_path).stdout.endswith("3 dated chats, 1 event.\n")
    planned = staffroom("plan", "-C", tmp_path).stdout
    assert "edchat/events/teachmeet-leeds" in planned
    assert "What did you take home" in planned
    assert "10:00 to 13:00 London time, To be announced" in " ".join(planned.split())
    assert not any(one in planned for one in ("The school's name", "Step-free", "There:"))
    again = staffroom(*new)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)
    nobody = staffroom("event", "new", "maths", "2027-03-06", "--title", "x", "-C", tmp_path)
    assert (nobody.exit_code, nobody.stderr) == (2, "maths: there is no such series. There are: edchat.\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an event of two seats, on whose list are three people."""
    scaffold(tmp_path, datetime.now(UTC).date())
    staffroom("event", "new", "edchat", "2027-03-06", "--title", "Leeds", "-C", tmp_path)
    file = tmp_path / "events" / "leeds.yaml"
    file.write_text(file.read_text().replace("sign_up: yes ", "seats: 2\nsign_up: yes "))
    settings = read_settings(tmp_path)
    store = open_store_of(settings)
    plan(store, settings.series, accounts_of(settings), datetime.now(UTC))
    for minute, name in enumerate(("amy", "ben", "cai")):
        at = datetime(2027, 1, 1, 12, minute, tzinfo=UTC)
        keys = person_keys(store, Account("bluesky", f"did:plc:{name}", f"{name}.example.org", name))
        store.sign_up(SignUp("edchat/events/leeds", *keys, "bluesky", f"{name}.example.org", at, coming=True))
    return tmp_path


def test_hosts_see_who_comes_and_who_waits(folder: Path) -> None:
    shown = staffroom("event", "list", "leeds", "-C", folder).stdout.splitlines()
    assert shown[:5] == [
        "Leeds: 2 people come (2 places).",
        "  amy.example.org",
        "  ben.example.org",
        "Waiting for a place: 1.",
        "  cai.example.org",
    ]
    told = said(staffroom("event", "list", "edchat/events/leeds", "--json", "-C", folder))
    assert (told["coming"], told["waiting"]) == (["amy.example.org", "ben.example.org"], ["cai.example.org"])
    nowhere = staffroom("event", "list", "york", "-C", folder)
    assert (nowhere.exit_code, nowhere.stderr) == (2, "york: there is no such event. There are: leeds.\n")


def test_somebody_of_whom_nothing_else_is_kept_can_see_and_take_back_their_sign_up(folder: Path) -> None:
    exported = said(staffroom("export-person", "ben.example.org", "-C", folder))
    (account,) = exported["accounts"]
    assert account["sign_ups"] == [
        {"event": "edchat/events/leeds", "handle": "ben.example.org", "at": "2027-01-01T12:01:00Z"}
    ]
    assert staffroom("forget", "ben.example.org", "-C", folder).exit_code == 0
    assert "ben" not in staffroom("event", "list", "leeds", "-C", folder).stdout


def test_without_sign_up_there_is_no_list(folder: Path) -> None:
    file = folder / "events" / "leeds.yaml"
    file.write_text(file.read_text().replace("sign_up: yes ", "sign_up: no ").replace("seats: 2\n", ""))
    refused = staffroom("event", "list", "leeds", "-C", folder)
    assert (refused.exit_code, "nobody signs up" in refused.stderr) == (2, True)


def test_what_is_to_be_printed_is_written_where_it_is_wanted(folder: Path, tmp_path: Path) -> None:
    printed = staffroom("event", "print", "leeds", "--out", tmp_path / "paper", "-C", folder)
    assert printed.exit_code == 0
    assert sorted(file.name for file in (tmp_path / "paper").iterdir()) == ["poster.pdf", "poster.svg", "programme.pdf"]
    assert printed.stdout.splitlines()[0] == f"  {tmp_path / 'paper' / 'poster.svg'}"
    in_the_way = staffroom("event", "print", "leeds", "--out", folder / "staffroom.yaml" / "x", "-C", folder)
    assert (in_the_way.exit_code, "cannot be written" in in_the_way.stderr) == (2, True)


def test_without_the_extra_there_is_the_drawing_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "programme.pdf").write_bytes(b"an older one, which may name who is named no more")
    monkeypatch.setitem(sys.modules, "typst", None)
    printed = staffroom("event", "print", "leeds", "--out", tmp_path / "paper", "-C", folder)
    assert [file.name for file in (tmp_path / "paper").iterdir()] == ["poster.svg"]
    assert "staffroom[pdf]" in printed.stdout
