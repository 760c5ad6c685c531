"""doctor and status on whether `run` or `tick` works often enough, and whether every answer was looked up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli.cli_world import folder_with, said, staffroom
from services.stage import START, Stage

from bot.bootstrap.doctor import Finding, _checked, _search, _templates, _working
from bot.bootstrap.house import read_settings
from bot.bootstrap.logs import start_log
from bot.bootstrap.preview import preview
from bot.domain.richtext import detect

NOW = datetime(2027, 1, 7, 21, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("runs", "ticks", "state", "words"),
    [
        ([], [], "note", "neither `run` nor `tick`"),
        ([ago(1)], [], "well", "`staffroom run` is at work"),
        ([ago(60)], [ago(21), ago(11), ago(1)], "well", "`staffroom tick` is at work"),
        ([ago(60)], [], "note", "neither"),
        ([], [ago(40)], "wrong", "`tick` last ran 40 minutes ago"),
        ([], [ago(61), ago(31), ago(1)], "wrong", "`tick` runs every 30 minutes"),
        ([], [ago(900), ago(17), ago(1)], "wrong", "every"),
        ([], [ago(900), ago(46), ago(31), ago(16), ago(1)], "well", "`staffroom tick`"),
    ],
)
def test_whether_somebody_is_at_work_often_enough(
    tmp_path: Path, runs: list[datetime], ticks: list[datetime], state: str, words: str
) -> None:
    store = Stage(tmp_path).store
    for at in runs:
        store.beat("run", at)
    for at in ticks:
        store.beat("tick", at)
    [found] = _working(store, NOW)
    assert (found.subject, found.state) == ("running", state)
    assert words in found.message
    assert bool(found.mend) is (state != "well")


def test_the_answer_that_was_not_looked_up_for_longest_is_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert list(_checked(stage.store, NOW)) == []
    stage.at(5)
    amy = stage.servers["bluesky"].create_account("amy")
    stage.servers["bluesky"].write(amy.id, detect("kept"), parent=stage.asked("bluesky", 1))
    stage.at(10)
    [well] = _checked(stage.store, START + timedelta(days=7))
    assert well == Finding("look-ups", "well", "every kept answer was looked up since 7 Jan 2027 20:10 UTC")
    [wrong] = _checked(stage.store, START + timedelta(days=9))
    assert wrong.state == "wrong"
    assert "7 Jan 2027 20:10 UTC" in wrong.message


def test_status_says_when_somebody_worked_last_and_since_when_all_was_looked_up(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot")
    before = said(staffroom("status", "-C", folder, "--json"))
    assert (before["worked_at"], before["checked_since"]) == (None, None)
    staffroom("rehearse", "-C", folder, "--here", "--answers", "5")
    after = said(staffroom("status", "-C", folder, "--json"))
    assert after["worked_at"]
    assert after["checked_since"]
    lines = staffroom("status", "-C", folder).stdout
    assert "Every kept answer was looked up since" in lines
    assert "worked last at" in lines


def test_doctor_says_whether_own_templates_work(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "bot")
    settings = read_settings(folder)
    assert list(_templates(settings)) == []
    own = folder / "templates" / "site" / "home.html.j2"
    own.parent.mkdir(parents=True)
    own.write_text("{{ site.title }}")
    assert list(_templates(settings)) == [Finding("templates", "well", "your own templates work")]
    own.write_text("\n{{ site.titel }}")
    (own.parent / "chat.html.j2").write_text("{% if %}")
    found = list(_templates(settings))
    assert {one.state for one in found} == {"wrong"}
    assert [one.message.partition(": ")[0] for one in found] == [
        "templates/site/chat.html.j2:1",
        "templates/site/home.html.j2:2",
    ]


def test_what_is_wrong_with_an_own_template_is_logged_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_with(tmp_path / "bot")
    own = folder / "templates" / "prompts" / "welcome.txt.j2"
    own.parent.mkdir(parents=True)
    own.write_text("\n\n{{ nope.at_all }}")
    start_log()
    for _ in range(2):
        preview(read_settings(folder), datetime(2027, 1, 1, tzinfo=UTC), None)
    told = capsys.readouterr().err
    assert told.count("templates/prompts/welcome.txt.j2:3: ") == 1
    assert "'nope' is undefined" in told


def test_what_makes_indexes_for_search_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = _search()
    assert (found.state, found.message.partition(" 1.")[0]) == ("well", "indexes are made by pagefind")
    monkeypatch.setattr("pagefind_bin.get_executable", lambda: tmp_path / "nowhere")
    [found] = _search()
    assert (found.state, found.mend[:4]) == ("wrong", "Try:")


def test_a_site_without_search_is_told_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.bootstrap.house.searcher", lambda: "")
    [found] = _search()
    assert (found.state, found.mend) == ("note", "If you want one: pip install 'staffroom[search]'.")
