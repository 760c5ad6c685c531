"""Rehearsing: the same play for the same seed, in a place of its own, and never over anything real."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from cli.cli_world import SERIES, files, folder_with, lasting, said, staffroom

BEFORE = datetime(2027, 1, 5, 9, tzinfo=UTC)
CHAT = "edchat/2027-01-07"
KEYS = {"chats", "prompts_sent", "answers_posted", "answers_collected", "database", "site"}

SLOW = """\
title: Slow Chat
hashtag: SlowChat
timezone: Europe/Paris
every: only dates
at: 8am
format: slow
pace: 1 question a day
announce: [1 day]
archive: everyone
chats:
  - date: 2027-01-11
    topic: Reading
    questions: [What do you read aloud?, Who chooses the book?, When do you stop?]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_with(tmp_path / "bot")


@pytest.fixture(autouse=True)
def _no_other_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAFFROOM_DATABASE", raising=False)


def test_a_rehearsal_collects_every_answer_and_touches_only_its_own_folder(folder: Path) -> None:
    before = files(folder)
    result = staffroom("rehearse", "-C", folder, "--answers", "40", "--json")
    report = said(result)
    assert report.keys() >= KEYS
    assert report["chats"] == 1
    assert report["answers_posted"] == report["answers_collected"] == 40
    assert report["prompts_sent"] >= 5
    assert report["troubles"] == []
    assert Path(report["database"]) == folder / "rehearsal" / "staffroom.db"
    assert Path(report["site"], "index.html").is_file()
    assert "rehearsing: 100 %" in result.stderr
    assert files(folder, but=["rehearsal"]) == before


def test_the_same_seed_gives_the_same_pages(tmp_path: Path) -> None:
    made = []
    for number, seed in enumerate(["7", "7", "8"]):
        folder = folder_with(tmp_path / f"bot{number}")
        said(staffroom("rehearse", CHAT, "-C", folder, "--answers", "30", "--seed", seed, "--json"))
        made.append(lasting(files(folder / "rehearsal" / "site")))
    data = [site["edchat/2027-01-07/chat.json"] for site in made]
    assert data[0] == data[1]
    assert made[0] == made[1]
    assert data[0] != data[2]


def test_again_in_the_same_folder_begins_anew(folder: Path) -> None:
    reports = [said(staffroom("rehearse", CHAT, "-C", folder, "--answers", "12", "--json")) for _ in range(2)]
    assert reports[0] == reports[1]


def test_an_evening_without_answers(folder: Path) -> None:
    report = said(staffroom("rehearse", "-C", folder, "--answers", "0", "--json"))
    assert (report["answers_posted"], report["answers_collected"]) == (0, 0)
    assert report["prompts_sent"] >= 5


def test_a_slow_chat(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot", series_yaml=SLOW)
    report = said(staffroom("rehearse", "-C", folder, "--answers", "25", "--json"))
    assert report["answers_posted"] == report["answers_collected"] == 25
    assert report["prompts_sent"] >= 6


def test_in_words(folder: Path) -> None:
    shown = staffroom("rehearse", CHAT, "-C", folder, "--answers", "10").stdout
    assert shown.startswith(f"Rehearsed {CHAT}: ")
    assert "Teachers gave 10 answers; 10 were collected," in shown
    assert "\nTwo weeks later 1 was asked what came of what they try; 1 told.\n" in shown
    place = folder / "rehearsal"
    assert (
        f"\nLook at {place / 'site' / 'index.html'}\n  what they tried: {place / 'site' / CHAT / 'index.html'}\n"
        in shown
    )
    assert f"\n  a teacher's record, published nowhere: {place / 'record' / 'record.html'}\n" in shown
    assert f"\n  the impact report, published nowhere: {place / 'impact' / 'impact.html'}\n" in shown


# -- two weeks later ---------------------------------------------------------------------------------------------
def test_two_weeks_later_it_goes_on_to_what_came_of_it_and_what_is_made_of_that(folder: Path) -> None:
    report = said(staffroom("rehearse", CHAT, "-C", folder, "--json"))
    assert (report["asked_later"], report["outcomes"], report["troubles"]) == (6, 4, [])
    chat = json.loads((folder / "rehearsal" / "site" / CHAT / "chat.json").read_bytes())
    assert len([one for one in chat["tried"] if one["outcomes"]]) == 4
    voted = {one["how"]: sum(one["votes"]) for one in chat["questions"][1]["votes"]}
    assert voted.keys() == {"letter", "poll"}, "on Bluesky, and in Mastodon's own poll"
    assert min(voted.values()) > 0
    assert 'id="tried"' in Path(report["tried"]).read_text(encoding="utf-8")
    home = (folder / "rehearsal" / "site" / "index.html").read_text(encoding="utf-8")
    assert "edchat/2027-01-14/" in home[home.index('id="coming"') : home.index('id="past"')]
    record = json.loads((folder / "rehearsal" / "record" / "record.json").read_bytes())
    assert record["observed"]["chats"][0]["tried"][0]["answer"]
    assert Path(report["record"]) == folder / "rehearsal" / "record" / "record.html"
    assert Path(report["impact"]) == folder / "rehearsal" / "impact" / "impact.html"
    rows = {row["figure"]: row["value"] for row in csv.DictReader((folder / "rehearsal/impact/impact.csv").open())}
    assert (rows["chats"], rows["tries"], rows["followed-up"]) == ("1", "6", "6")
    made = {name for name in files(folder / "rehearsal" / "site") if "record" in name or "impact" in name}
    guide = {"schools/records/index.html", "schools/records/records.pdf"}
    assert made == {"record.schema.json", "schools/impact/index.html", *guide}


def test_another_play_leaves_nothing_of_the_one_before(folder: Path) -> None:
    """Another teacher's record takes the place of the first; where nobody answers there is none."""
    found = []
    for seed in ("1", "2"):
        said(staffroom("rehearse", CHAT, "-C", folder, "--answers", "9", "--seed", seed, "--json"))
        found.append(json.loads((folder / "rehearsal/record/record.json").read_bytes()))
    assert found[0]["whose"] != found[1]["whose"]
    report = said(staffroom("rehearse", CHAT, "-C", folder, "--answers", "0", "--json"))
    assert [report[name] for name in ("asked_later", "outcomes", "tried", "record", "impact")] == [0, 0, "", "", ""]
    assert [*files(folder / "rehearsal" / "record"), *files(folder / "rehearsal" / "impact")] == []


def test_a_series_without_follow_ups_asks_nobody(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot", series_yaml=SERIES.replace("length:", "follow_up: off\nlength:"))
    report = said(staffroom("rehearse", CHAT, "-C", folder, "--answers", "9", "--json"))
    assert (report["asked_later"], report["outcomes"], bool(report["record"]), report["troubles"]) == (0, 0, True, [])


def test_a_chat_that_is_not_there(folder: Path) -> None:
    result = staffroom("rehearse", "edchat/2027-01-08", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "There are: edchat/2027-01-07, edchat/2027-01-14." in result.stderr


def test_a_place_that_cannot_be_made_is_told(folder: Path) -> None:
    (folder / "rehearsal").write_text("a file")
    result = staffroom("rehearse", "-C", folder)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "a rehearsal needs this folder, and it cannot be made: " in result.stderr
    assert result.stderr.count("\n") == 1


# -- --here ------------------------------------------------------------------------------------------------------
def test_here_may_be_repeated_and_blocks_running(folder: Path) -> None:
    for _ in range(2):
        report = said(staffroom("rehearse", "-C", folder, "--here", "--answers", "10", "--json"))
        assert Path(report["database"]) == folder / "staffroom.db"
        assert (folder / "site" / "index.html").is_file()
    for words in (["run"], ["tick"]):
        result = staffroom(*words, "-C", folder)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "holds a rehearsal" in result.stderr


def test_here_after_looking_around_is_fine(folder: Path) -> None:
    staffroom("migrate", "-C", folder)
    assert staffroom("status", "-C", folder).exit_code == 0
    assert staffroom("rehearse", "-C", folder, "--here", "--answers", "5").exit_code == 0


def test_here_is_refused_where_the_database_is_real(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        staffroom("cancel", "edchat/2027-01-14", "-C", folder)  # plans, and so makes it real
    before = files(folder)
    result = staffroom("rehearse", "-C", folder, "--here")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "holds a real chat. Leave out --here" in result.stderr
    assert {name for name in files(folder) if "-wal" not in name and "-shm" not in name} == {
        name for name in before if "-wal" not in name and "-shm" not in name
    }
    with time_machine.travel(BEFORE):
        left = said(staffroom("status", "-C", folder, "--json"))
    assert left["counts"]["deliveries.cancelled"] > 0


def test_here_never_removes_pages_that_no_rehearsal_made(folder: Path) -> None:
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("three years of chats", encoding="utf-8")
    result = staffroom("rehearse", "-C", folder, "--here")
    assert result.exit_code == 2
    assert "pages that no rehearsal made" in result.stderr
    assert (folder / "site" / "index.html").read_text(encoding="utf-8") == "three years of chats"


def test_the_real_database_of_the_environment_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = folder / "real.db"
    monkeypatch.setenv("STAFFROOM_DATABASE", f"sqlite:///{real}")
    with time_machine.travel(BEFORE):
        staffroom("cancel", "edchat/2027-01-14", "-C", folder)
        before = said(staffroom("status", "-C", folder, "--json"))
        report = said(staffroom("rehearse", "-C", folder, "--answers", "8", "--json"))
        after = said(staffroom("status", "-C", folder, "--json"))
    assert report["database"] == str(folder / "rehearsal" / "staffroom.db")
    assert before == after
    refused = staffroom("rehearse", "-C", folder, "--here")
    assert refused.exit_code == 2
    assert str(real) in refused.stderr


def test_here_on_postgresql_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFROOM_DATABASE", "postgresql://bot:hunter2@db.example.org/chats")
    result = staffroom("rehearse", "-C", folder, "--here")
    assert result.exit_code == 2
    assert "PostgreSQL" in result.stderr
    assert "hunter2" not in result.output


# -- what comes of it --------------------------------------------------------------------------------------------
def test_the_pages_of_a_rehearsal_stay_as_they_were_played(folder: Path) -> None:
    with time_machine.travel(BEFORE):
        said(staffroom("rehearse", CHAT, "-C", folder, "--here", "--answers", "6", "--json"))
        pages = files(folder / "site")
        again = said(staffroom("archive", "-C", folder, "--json"))
    assert (again["written"], again["removed"], again["indexed"]) == (0, 0, 0)
    assert files(folder / "site") == pages


def test_digest_export_and_archive_of_a_rehearsal(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot", series_yaml=SERIES.replace("length:", "archive: everyone\nlength:"))
    said(staffroom("rehearse", CHAT, "-C", folder, "--here", "--answers", "30", "--json"))
    preview = staffroom("digest", CHAT, "--preview", "-C", folder).stdout
    assert preview.startswith("bluesky\n")
    assert "\nmastodon\n" in preview
    assert "already" in staffroom("digest", CHAT, "-C", folder).stdout
    exported = staffroom("export", CHAT, "-C", folder)
    assert exported.stdout_bytes == (folder / "site" / CHAT / "chat.json").read_bytes()
    answers = [answer for question in said(exported)["questions"] for answer in question["answers"]]
    assert answers
    assert answers[0].keys() >= {"id", "network", "url", "author", "text", "at", "replies"}
    assert answers[0]["author"].keys() >= {"name", "handle"}
    status = said(staffroom("status", "-C", folder, "--json"))
    assert status["counts"]["posts"] >= 30


def test_who_asks_is_forgotten_and_the_digest_posts_to_delete_are_named(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot", series_yaml=SERIES.replace("length:", "archive: everyone\nlength:"))
    said(staffroom("rehearse", CHAT, "-C", folder, "--here", "--answers", "40", "--json"))
    page = folder / "site" / CHAT / "chat.json"
    questions = json.loads(page.read_text(encoding="utf-8"))["questions"]
    handles = [answer["author"]["handle"] for question in questions for answer in question["answers"]]
    quoted = staffroom("digest", CHAT, "--preview", "-C", folder).stdout.replace("\u200b", "")
    gone = next(handle for handle in handles if f"({handle})" in quoted)
    done = staffroom("forget", gone, "-C", folder)
    assert done.exit_code == 0
    assert f"Forgotten: {gone}." in done.stdout
    assert "These posts of the bot repeat what they said; `run` or the next `tick` deletes them:" in done.stdout
    assert gone not in page.read_text(encoding="utf-8")
    assert gone.lstrip("@").encode() not in b"".join(path.read_bytes() for path in folder.glob("staffroom.db*"))
    again = staffroom("forget", gone, "-C", folder)
    assert again.exit_code == 0
    assert again.stdout == f"Nothing of {gone} is kept. The wish is remembered: nothing will be.\n"
