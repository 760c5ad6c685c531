"""init, check, plan, cancel, migrate, status, export, archive, digest: what people see of them, and how they end."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
import time_machine
from cli.cli_world import SERIES, STAFFROOM, files, folder_with, golden, process, said, staffroom

from bot.cli import main
from bot.cli.common import Commands

BEFORE = datetime(2027, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_with(tmp_path / "bot")


# -- init --------------------------------------------------------------------------------------------------------
def test_init_makes_a_folder_that_works_at_once(tmp_path: Path) -> None:
    target = tmp_path / "chats"
    made = staffroom("init", target)
    assert made.exit_code == 0
    assert f"staffroom rehearse -C {target}" in made.stdout
    assert (target / "staffroom.yaml").is_file()
    assert staffroom("check", "-C", target).stdout == "All is well: 1 series, 3 dated chats.\n"
    lines = said(staffroom("plan", "-C", target, "--json"))
    assert {line["chat"].partition("/")[0] for line in lines} == {"edchat"}


def test_init_takes_the_folder_by_name_as_every_command_does(tmp_path: Path) -> None:
    made = staffroom("init", "-C", tmp_path / "one")
    assert f"staffroom rehearse -C {tmp_path / 'one'}" in made.stdout
    assert staffroom("init", "-C", tmp_path, "two").exit_code == 0
    assert files(tmp_path / "one") == files(tmp_path / "two")
    neither = staffroom("init")
    assert neither.exit_code == 2
    assert "staffroom init DIR" in neither.stderr


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    assert staffroom("init", tmp_path).exit_code == 0
    mine = tmp_path / "series" / "edchat.yaml"
    mine.write_text("mine", encoding="utf-8")
    before = files(tmp_path)
    again = staffroom("init", tmp_path)
    assert again.exit_code == 2
    assert again.stdout == ""
    assert "nothing of yours is written over" in again.stderr
    assert again.stderr.count("\n") == 1
    assert files(tmp_path) == before


# -- check -------------------------------------------------------------------------------------------------------
def test_check_prints_the_problems_and_nothing_else(folder: Path) -> None:
    wrong = SERIES.replace("hashtag: EdChat", "hashtag: #EdChat").replace("America/New_York", "America/New York")
    (folder / "series" / "edchat.yaml").write_text(wrong, encoding="utf-8")
    result = staffroom("check", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    golden("check-wrong.txt", result.stderr)


def test_every_command_that_reads_the_folder_says_so_where_there_is_none(tmp_path: Path) -> None:
    for words in (["check"], ["plan"], ["status"], ["rehearse"], ["run"], ["tick"], ["doctor"], ["archive"]):
        result = staffroom(*words, "-C", tmp_path)
        assert (result.exit_code, result.stdout) == (2, ""), words
        assert "staffroom init DIR" in result.stderr
    assert files(tmp_path) == {}


def test_check_opens_every_picture(folder: Path) -> None:
    series = folder / "series" / "edchat.yaml"
    pictured = "    questions:\n      - ask: What is this?\n        image: images/hall.jpg\n        alt: A hall.\n"
    text = series.read_text(encoding="utf-8")
    series.write_text(
        text.replace("    questions: [What homework have you stopped setting?]\n", pictured), encoding="utf-8"
    )
    (folder / "images").mkdir()
    (folder / "images" / "hall.jpg").write_bytes(b"renamed from something else")
    line = series.read_text(encoding="utf-8").split("\n").index("        image: images/hall.jpg") + 1
    result = staffroom("check", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"series/edchat.yaml:{line}:16: This is no picture that can be read; save it as a JPEG or PNG.\n"
    )


@pytest.mark.parametrize("name", ["announcement", "welcome", "question", "wrap-up"])
def test_check_tries_the_folders_own_templates(folder: Path, name: str) -> None:
    own = folder / "templates" / "prompts" / f"{name}.txt.j2"
    own.parent.mkdir(parents=True)
    own.write_text("Hello\n{% if %}\n", encoding="utf-8")
    with time_machine.travel(BEFORE):
        result = staffroom("check", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"templates/prompts/{name}.txt.j2:2: ")
    with time_machine.travel(BEFORE):  # and yet nothing stops: the shipped one serves
        plan = staffroom("plan", "-C", folder)
    assert plan.exit_code == 0
    assert "Welcome to #EdChat" in plan.stdout


# -- plan --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("columns", [40, 80])
def test_plan_fits_a_phone_and_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with time_machine.travel(BEFORE):
        shown = staffroom("plan", "-C", folder).stdout
    golden(f"plan-{columns}.txt", shown)
    too_long = [line for line in shown.splitlines() if len(line) > columns and "https://" not in line]
    assert too_long == []


def test_plan_for_scripts(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        lines = said(staffroom("plan", "-C", folder, "--json"))
    keys = {"series", "chat", "prompt", "network", "at_utc", "at_local", "text", "remaining"}
    assert all(keys <= line.keys() for line in lines)
    question = next(line for line in lines if line["prompt"] == "q1" and line["network"] == "bluesky")
    assert question["chat"] == "edchat/2027-01-07"
    assert datetime.fromisoformat(question["at_utc"]) == datetime.fromisoformat(question["at_local"])
    assert question["at_local"].endswith("-05:00")
    assert question["at_local"].startswith("2027-01-07T20:")
    assert question["at_utc"].startswith("2027-01-08T01:")
    assert question["text"].startswith("Q1 What does feedback look like")
    assert question["remaining"] == 300 - len(question["text"])
    for chat in ("edchat/2027-01-07", "edchat/2027-01-14"):
        for network in ("bluesky", "mastodon"):
            times = [one["at_utc"] for one in lines if one["chat"] == chat and one["network"] == network]
            assert len(times) >= 5
            assert times == sorted(times)


def test_a_chat_stays_in_the_plan_until_its_digest_is_due(folder: Path) -> None:
    over = datetime(2027, 1, 8, 1, 40, tzinfo=UTC)
    with time_machine.travel(over + timedelta(hours=3, minutes=59)):  # two of grace, two of the hold
        waiting = said(staffroom("plan", "-C", folder, "--until", "2027-01-07", "--json"))
    with time_machine.travel(over + timedelta(hours=4, minutes=1)):
        done = said(staffroom("plan", "-C", folder, "--until", "2027-01-07", "--json"))
    assert [line["prompt"] for line in waiting][-1] == "digest"
    assert done == []


def test_plan_until_a_date(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        first = said(staffroom("plan", "-C", folder, "--json", "--until", "2027-01-07"))
        none = staffroom("plan", "-C", folder, "--until", "2027-01-06")
        wrong = staffroom("plan", "-C", folder, "--until", "soon")
    assert {line["chat"] for line in first} == {"edchat/2027-01-07"}
    assert none.stdout.startswith("No dated chat is coming up to Wed 6 Jan 2027.")
    assert wrong.exit_code == 2
    assert "%Y-%m-%d" in wrong.stderr


def test_plan_names_the_dates_that_have_no_chat(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        shown = staffroom("plan", "-C", folder, "--until", "2027-01-29").stdout
    assert shown.endswith(
        "edchat: nothing will be posted on Thu 21 Jan 2027, Thu 28 Jan 2027, because no chat stands there yet.\n"
    )


def test_plan_makes_no_database(folder: Path) -> None:
    before = files(folder)
    staffroom("plan", "-C", folder)
    staffroom("check", "-C", folder)
    assert files(folder) == before


# -- cancel ------------------------------------------------------------------------------------------------------
def test_a_cancelled_chat_leaves_the_plan(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        planned = said(staffroom("plan", "-C", folder, "--json"))
        done = staffroom("cancel", "edchat/2027-01-07", "-C", folder)
        left = said(staffroom("plan", "-C", folder, "--json"))
        again = staffroom("cancel", "edchat/2027-01-07", "-C", folder)
        status = said(staffroom("status", "-C", folder, "--json"))
    its = [one for one in planned if one["chat"] == "edchat/2027-01-07" and one["prompt"] != "digest"]
    assert done.stdout == (
        f"edchat/2027-01-07 is cancelled: {len(its)} posts will not go out. What was collected stays in the archive.\n"
    )
    assert {line["chat"] for line in left} == {"edchat/2027-01-14"}
    assert again.exit_code == 0
    assert "nothing was left to post" in again.stdout
    assert status["next_chat"]["chat"] == "edchat/2027-01-14"
    assert status["counts"]["deliveries.cancelled"] == len(its)


def test_cancelling_a_chat_that_is_not_there_names_those_that_are(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        result = staffroom("cancel", "edchat/2027-01-08", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "edchat/2027-01-08: there is no such chat. There are: edchat/2027-01-07, edchat/2027-01-14.\n"
    )


# -- status, migrate, archive, export, digest --------------------------------------------------------------------
def test_status_before_anything_ran(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        golden("status-new.txt", staffroom("status", "-C", folder).stdout)
        found = said(staffroom("status", "-C", folder, "--json"))
    assert found["next_chat"] == {
        "chat": "edchat/2027-01-07",
        "topic": "Feedback that pupils use",
        "at_utc": "2027-01-08T01:00:00+00:00",
        "at_local": "2027-01-07T20:00:00-05:00",
    }
    assert found["troubles"] == []


def test_migrate_twice(folder: Path) -> None:
    first, second = staffroom("migrate", "-C", folder), staffroom("migrate", "-C", folder)
    assert "now (it was empty)" in first.stdout
    assert "up to date" in second.stdout


def test_archive_writes_only_what_changed(folder: Path) -> None:
    first = said(staffroom("archive", "-C", folder, "--json"))
    pages = files(folder / "site")
    second = said(staffroom("archive", "-C", folder, "--json"))
    assert set(first) == {"written", "unchanged", "removed", "indexed", "troubles"}
    assert first["written"] == len(pages) > 0
    assert second == {"written": 0, "unchanged": first["written"], "removed": 0, "indexed": 0, "troubles": []}
    assert files(folder / "site") == pages
    assert str(folder / "site" / "index.html") in staffroom("archive", "-C", folder).stdout


def test_an_archive_before_anything_ran_shows_what_is_coming(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        staffroom("archive", "-C", folder)
        assert "Feedback that pupils use" in (folder / "site" / "index.html").read_text(encoding="utf-8")
        assert said(staffroom("archive", "-C", folder, "--json"))["written"] == 0
    assert "Homework" in (folder / "site" / "calendar.ics").read_text(encoding="utf-8")


def test_a_chat_that_has_not_begun_is_no_unknown_one(folder: Path) -> None:
    for words in (["export", "edchat/2027-01-07"], ["digest", "edchat/2027-01-07", "--preview"]):
        result = staffroom(*words, "-C", folder)
        assert result.exit_code == 2
        assert result.stderr == "edchat/2027-01-07: nothing is kept of this chat yet; `run` or `tick` begins it.\n"
    unknown = staffroom("export", "edchat/2027-01-08", "-C", folder)
    assert "There are: edchat/2027-01-07, edchat/2027-01-14." in unknown.stderr


def test_publishing_tells_its_end(folder: Path) -> None:
    assert staffroom("archive", "-C", folder).stderr.endswith("publishing: 100 %\n")


def test_a_digest_of_nothing_is_explained(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        staffroom("cancel", "edchat/2027-01-14", "-C", folder)
        preview = staffroom("digest", "edchat/2027-01-07", "--preview", "-C", folder)
        written = staffroom("digest", "edchat/2027-01-07", "-C", folder)
    assert preview.exit_code == 2
    assert "no answers that may be shown" in preview.stderr
    assert "nothing to say" in written.stdout


def test_export_to_the_terminal_and_to_a_file(folder: Path, tmp_path: Path) -> None:
    with time_machine.travel(BEFORE):
        staffroom("cancel", "edchat/2027-01-14", "-C", folder)
        shown = said(staffroom("export", "edchat/2027-01-07", "-C", folder))
        out = tmp_path / "chat.json"
        staffroom("export", "edchat/2027-01-07", "-C", folder, "--out", out)
        missing = staffroom("export", "edchat/1999-01-07", "-C", folder)
        nowhere = staffroom("export", "edchat/2027-01-07", "-C", folder, "--out", tmp_path / "no" / "chat.json")
    assert shown["topic"] == "Feedback that pupils use"
    assert json.loads(out.read_bytes()) == shown
    assert missing.exit_code == 2
    assert nowhere.exit_code == 2
    assert nowhere.stderr.endswith("cannot be written: No such file or directory.\n")


# -- all of them -------------------------------------------------------------------------------------------------
def test_help_names_the_commands_in_the_order_a_newcomer_needs_them() -> None:
    shown = staffroom("--help").stdout
    named = re.findall(r"^  ([a-z-]+)  ", shown.partition("Commands:")[2], re.MULTILINE)
    assert named == list(main.commands)
    assert named[:5] == ["init", "check", "plan", "cancel", "rehearse"]


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_explains_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = staffroom(name, "--help")
    assert shown.exit_code == 0
    golden(f"help/{name}.txt", shown.stdout)


def test_a_bug_keeps_its_traceback() -> None:
    @click.command()
    def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Commands(commands=[broken]).main(["broken"], standalone_mode=True)


def test_a_bug_in_a_process_ends_with_a_traceback_and_status_1(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot")
    (folder / "templates" / "prompts").mkdir(parents=True)
    script = (
        "import bot.bootstrap.preview as preview, bot.bootstrap.desk as desk\n"
        "desk.preview = lambda *_: 1 / 0\n"
        "from bot.cli import main\n"
        f"main(['plan', '-C', {str(folder)!r}])\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert "ZeroDivisionError" in result.stderr


def test_an_unknown_command_is_told_in_one_line() -> None:
    result = process("plann")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "No such command" in result.stderr


def test_a_broken_database_is_told_in_one_line(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot", STAFFROOM)
    (folder / "staffroom.db").write_bytes(b"this is no database" * 100)
    result = staffroom("status", "-C", folder)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "staffroom.db" in result.stderr
