"""Whole folders, right and wrong, against the messages a moderator reads. STAFFROOM_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import regex

from bot.config import Measured, Settings, load
from bot.config.messages import HIDDEN
from bot.domain.chats import approve_of, hold_of
from bot.domain.schedule import planned_chats
from bot.errors import ConfigError

GOLDEN = Path(__file__).parent.parent / "golden" / "config"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
LIMITS = {"bluesky": 300, "mastodon": 500}


def measure(asked: Measured) -> list[tuple[str, int]]:
    """A stand-in for the rendering of questions: label, hashtag and a notice that depends on the archive's ground."""
    notice = {"replies": "Replies may be archived", "joined": "Join to be archived", "everyone": "All is archived"}
    text = f"Q{asked.number} {asked.ask} {' '.join(asked.poll)} #{asked.hashtag} {notice[asked.archive]}: {asked.site}"
    used = len(regex.findall(r"\X", text))
    over = [(account.network, used - LIMITS[account.network]) for account in asked.accounts]
    return [(network, by) for network, by in over if by > 0]


def outcome(folder: Path) -> str:
    try:
        settings = load(folder, measure=measure)
    except ConfigError as error:
        return f"{error}\n"
    return "".join(
        f"{one.slug}: {len(one.chats)} chats, {', '.join(one.accounts)}\n"
        + "".join(f"{each}\n" for each in (*one.events, *one.stories))
        for one in settings.series
    )


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    copy = tmp_path / "bot"
    shutil.copytree(GOLDEN / request.param, copy)
    (copy / "images").mkdir()
    (copy / "images" / "wall.jpg").write_bytes(b"a picture")
    return copy


@pytest.mark.parametrize(("folder", "name"), [(name, name) for name in CASES], indirect=["folder"])
def test_golden(folder: Path, name: str) -> None:
    said = outcome(folder)
    expected = GOLDEN / name / "expected.txt"
    if os.environ.get("STAFFROOM_GOLDEN"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")
    assert str(folder) not in said
    assert name.split("-")[1] == "good" or ".yaml" in said


@pytest.mark.parametrize("folder", ["68-good-digest-of-one-chat"], indirect=True)
def test_what_a_chat_says_of_its_digest_wins_and_the_rest_is_as_the_series_says(folder: Path) -> None:
    (series,) = load(folder).series
    said = [(chat.hold, chat.approve) for chat in series.chats]
    assert said == [(timedelta(days=1), False), (timedelta(0), None), (None, False), (None, None)]
    chats = planned_chats(series)
    assert [hold_of(series, chat) for chat in chats] == [timedelta(hours=hours) for hours in (24, 0, 3, 3)]
    assert [approve_of(series, chat) for chat in chats] == [False, True, False, True]


def test_there_are_enough_wrong_folders() -> None:
    assert len([name for name in CASES if "good" not in name]) >= 22


@pytest.mark.parametrize("folder", [name for name in CASES if "secret" in name], indirect=True)
def test_secrets_are_never_repeated(folder: Path) -> None:
    said = outcome(folder)
    assert HIDDEN in said
    for secret in ("abcd-efgh", "ab3d-efgh", "hunter22", "very%secret"):
        assert secret not in said


MENDED = {
    "04": 1, "05": 1, "06": 1, "07": 1, "09": 1, "10": 1, "11": 1, "12": 1, "14": 2, "15": 1, "19": 1, "29": 1,
    "30": 1, "37": 1, "38": 1, "39": 1, "40": 1, "41": 1, "42": 1, "43": 3, "44": 1, "50": 2, "51": 1, "54": 5,
    "59": 3, "61": 4,
}  # fmt: skip


@pytest.mark.parametrize(("folder", "count"), [
    (name, MENDED[name[:2]]) for name in CASES if name[:2] in MENDED
], indirect=["folder"])  # fmt: skip
def test_the_line_to_write_mends_the_file(folder: Path, count: int) -> None:
    """Writing each proposed line in place of the one named leaves a folder without problems."""
    with pytest.raises(ConfigError) as caught:
        load(folder)
    problems = caught.value.problems
    assert len(problems) == count
    for problem in problems:
        path = folder / problem.file
        lines = path.read_text(encoding="utf-8").split("\n")
        old = lines[problem.line - 1]
        width = regex.search(r"with (\d+) spaces?\.", problem.message)
        indent = " " * int(width[1]) if width else old[: len(old) - len(old.lstrip())]
        lines[problem.line - 1] = indent + problem.mend
        path.write_text("\n".join(lines), encoding="utf-8")
    # Dates moved by a mend may leave the rhythm's neighbour; every golden here has room.
    assert isinstance(load(folder), Settings)
