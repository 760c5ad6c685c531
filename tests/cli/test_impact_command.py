"""impact: figures on the terminal, a report in files, a figure explained, and what cannot be had."""

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine
from cli.cli_world import folder_with, golden, open_store, said, staffroom
from contract.store_world import BEFORE, candidate, chat, deliveries, prompts, say, series, teacher

from bot.domain.evidence import Evidence
from bot.domain.occurrences import Span
from bot.domain.posts import PostRef
from bot.domain.series import Series
from bot.storage.store import SqlStore

TERMS = (Span(chat(7).date, chat(10).date), Span(chat(11).date, chat(24).date), Span(chat(25).date, chat(31).date))
NOW = datetime(2027, 1, 30, 12, tzinfo=UTC)
TRACES = ("blue0", "masto0", "did:plc", "https://bsky.app")


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "80")
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two terms that are over and one that is not; six people come, then four of them with nine others."""
    made = folder_with(tmp_path_factory.mktemp("impact") / "bot")
    store = open_store(made)
    spring = series(terms=TERMS)
    plan(store, spring, 7, 14, 21, 28)
    evening(store, 7, range(6), range(0))
    evening(store, 14, range(2, 10), range(5))
    evening(store, 21, range(2, 4), range(7))
    evening(store, 28, range(3), range(0))
    store.cancel(chat(22).id, NOW)
    store.close()
    return made


def plan(store: SqlStore, of: Series, *days: int) -> None:
    chats = [chat(day) for day in (*days, 22)]
    spoken = tuple(prompt for one in chats for prompt in prompts(one))
    store.save_plan(of, chats, spoken, deliveries(spoken), BEFORE)


def evening(store: SqlStore, day: int, blue: range, masto: range) -> None:
    of = chat(day)
    for account in ("sky", "masto"):
        say(store, f"{of.id}/welcome@{account}", of.starts_at)
        say(store, f"{of.id}/q1@{account}", of.starts_at + timedelta(minutes=5))
    found = []
    for network, name, people in (("bluesky", "blue", blue), ("mastodon", "masto", masto)):
        for number in people:
            author = teacher(f"{name}{number}", network=network)
            one = candidate(store, of.id, f"{day}-{name}{number}", author=author)
            ref = PostRef(network, f"{day}-{name}{number}")  # type: ignore[arg-type]
            found.append((one, ref))
    batch = [
        msgspec.structs.replace(
            one, post=msgspec.structs.replace(one.post, ref=ref), key=store.key(ref.network, ref.id)
        )
        for one, ref in found
    ]
    store.upsert(batch, of.ends_at)


def test_the_terminal_tells_terms_that_are_over(folder: Path) -> None:
    result = staffroom("impact", "-C", folder)
    assert result.exit_code == 0, result.output
    golden("impact.txt", result.stdout)
    assert not any(trace in result.output for trace in TRACES)


def test_files_hold_the_same_and_nothing_of_anybody(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "report"
    result = staffroom("impact", "--out", out, "-C", folder)
    assert result.exit_code == 0, result.output
    assert {one.name for one in out.iterdir()} == {"impact.html", "impact.csv", "impact.pdf"}
    page, table = (out / "impact.html").read_text(), (out / "impact.csv").read_text()
    assert not any(trace in page + table for trace in TRACES)
    assert "http" not in page.partition("</style>")[2]
    rows = list(csv.DictReader(table.splitlines()))
    told = {(row["first_day"], row["figure"]): row["value"] or row["not_told"] for row in rows}
    assert {row["series"] for row in rows} == {"edchat"}
    assert told["2027-01-07", "people"] == "6"
    assert told["2027-01-11", "people"] == "15"
    assert told["2027-01-11", "returners"] == told["2027-01-11", "first-timers"] == "few"
    assert told["2027-01-11", "people-mastodon"] == "7"
    assert not any(first == "2027-01-25" for first, _ in told)
    assert not (folder / "site").exists()


@pytest.mark.parametrize(
    ("words", "terms"),
    [
        (["--term", "2027-01-11"], ["2027-01-11"]),
        (["--since", "2027-01-08"], ["2027-01-11"]),
        (["--since", "2027-01-07", "--until", "2027-01-24"], ["2027-01-07", "2027-01-11"]),
        (["--until", "2027-01-23", "--series", "edchat"], ["2027-01-07"]),
    ],
)
def test_dates_choose_whole_terms_and_never_a_part(
    folder: Path, tmp_path: Path, words: list[str], terms: list[str]
) -> None:
    result = staffroom("impact", *words, "--out", tmp_path, "-C", folder)
    assert result.exit_code == 0, result.output
    rows = csv.DictReader((tmp_path / "impact.csv").read_text().splitlines())
    assert list(dict.fromkeys(row["first_day"] for row in rows)) == terms


def test_what_is_left_out_is_said(folder: Path) -> None:
    (found,) = said(staffroom("impact", "--until", "2027-01-23", "--json", "-C", folder))
    assert found["cut"] == ["11 January to 24 January 2027"]
    assert found["open"] == []
    assert [one["title"] for one in found["terms"]] == ["7 January to 10 January 2027"]


@pytest.mark.parametrize("figure", ["people", "silence", "chats", "voice", "networks", "returners"])
def test_a_figure_explains_itself(folder: Path, figure: str) -> None:
    result = staffroom("impact", "--explain", figure, "-C", folder)
    assert result.exit_code == 0, result.output
    golden(f"impact-{figure}.txt", result.stdout)


def test_a_small_group_is_not_told_by_its_rows_either(folder: Path, tmp_path: Path) -> None:
    fewer = shutil.copytree(folder, tmp_path / "fewer")
    store = open_store(fewer)
    store.bury([store.key("bluesky", f"7-blue{number}") for number in (0, 1)], NOW)
    store.close()
    for figure in ("people", "answers", "voice", "depth", "returners", "first-timers", "networks"):
        words = ("--explain", figure, "--term", "2027-01-07", "--json", "-C", fewer)
        (line,) = said(staffroom("impact", *words))["lines"]
        assert not any(letter.isdigit() for letter in line.partition(": ")[2]), line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--series", "chatter"], "--series chatter: there is no such series. There are: edchat.\n"),
        (["--term", "spring"], "there is no such term. Those that are over: 2027-01-07, 2027-01-11.\n"),
        (["--term", "2027-01-25"], "--term 2027-01-25: it is not over yet"),
        (["--term", "2027-01-11", "--since", "2027-01-01"], "write one or the other"),
        (["--since", "2027-02-01", "--until", "2027-01-01"], "the other way round"),
        (["--explain", "likes"], "There are: chats, cancelled, questions, silence, people, first-timers, returners, "),
        (["--out", "SITE"], "which is published"),
    ],
)
def test_what_cannot_be_had_is_said_kindly(folder: Path, words: list[str], told: str) -> None:
    result = staffroom(
        "impact", *[str(folder / "site" / "x") if word == "SITE" else word for word in words], "-C", folder
    )
    assert result.exit_code == 2
    assert told in result.stderr
    assert not (folder / "site").exists()


@pytest.mark.parametrize("place", ['command: [rsync, -a, "{{site}}/", "{there}/"]', 'git: "file://{there}"'])
def test_it_never_stands_where_another_place_is(folder: Path, tmp_path: Path, place: str) -> None:
    there, bot = tmp_path / "www", tmp_path / "bot"
    shutil.copytree(folder, bot)
    with (bot / "staffroom.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"publish:\n  - {place.format(there=there)}\n")
    result = staffroom("impact", "--out", there / "report", "-C", bot)
    assert result.exit_code == 2
    assert "which is published" in result.stderr
    assert not there.exists()


def test_a_link_in_its_place_is_not_followed(folder: Path, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "report", tmp_path / "elsewhere.csv"
    out.mkdir()
    elsewhere.write_text("mine")
    (out / "impact.csv").symlink_to(elsewhere)
    assert staffroom("impact", "--out", out, "-C", folder).exit_code == 0
    assert elsewhere.read_text() == "mine"
    assert (out / "impact.csv").read_text().startswith("series,")


def test_links_to_evidence_are_told_with_their_terms(folder: Path, tmp_path: Path) -> None:
    linked = shutil.copytree(folder, tmp_path / "linked")
    store = open_store(linked)
    link = Evidence("Reading ages", "https://example.org/reading", chat(30).date, chat(14).date)
    plan(store, series(terms=TERMS, evidence=(link,)), 7, 14, 21, 28)
    store.close()
    told = staffroom("impact", "-C", linked).stdout
    days = "30 January 2027, after the chat of 14 January 2027"
    assert f"    Reading ages ({days}): https://example.org/reading\n" in told
    assert "nothing is inferred from a link" in told
    for term, links in (("2027-01-11", 1), ("2027-01-07", 0)):
        (found,) = said(staffroom("impact", "--term", term, "--json", "-C", linked))
        assert len(found["evidence"]) == links
    assert staffroom("impact", "--out", tmp_path / "report", "-C", linked).exit_code == 0
    assert link.url in (tmp_path / "report" / "impact.html").read_text()
    assert link.url not in (tmp_path / "report" / "impact.csv").read_text()


def test_nothing_stored_is_no_error(tmp_path: Path) -> None:
    result = staffroom("impact", "-C", folder_with(tmp_path / "new"))
    assert (result.exit_code, result.stdout) == (
        0,
        "No series is stored yet: `run` or `tick` stores what is planned.\n",
    )
    assert json.loads(staffroom("impact", "--json", "-C", tmp_path / "new").stdout) == []
