"""How a log looks: for people and for machines, in colour only where somebody watches, and never a reason to stop."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from cli.cli_world import STAFFROOM, folder_with, staffroom

from bot.bootstrap import logs
from bot.bootstrap.logs import HIDING, start_log, tell_crash, tell_warning
from bot.domain.events import Event
from bot.errors import Unavailable

AT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ "


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "JOURNAL_STREAM", "STAFFROOM_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    yield
    HIDING.names = False
    structlog.reset_defaults()


def test_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    tell = start_log(where="stdout")
    tell(Event("sent", delivery="edchat/2027-01-07/q1@bluesky"))
    tell(Event("trouble", "a file is wrong:\nseries/x.yaml:3:1: no", level="warning", duty="house"))
    tell("as other parts say it")
    structlog.get_logger().error("a duty failed", duty="lock")
    first, second, third, fourth, fifth = capsys.readouterr().out.splitlines()
    assert re.fullmatch(AT + "sent: edchat/2027-01-07/q1@bluesky", first)
    assert re.fullmatch(AT + "warning: a file is wrong:", second)
    assert third == "    series/x.yaml:3:1: no"
    assert re.fullmatch(AT + "as other parts say it", fourth)
    assert re.fullmatch(AT + r"error: a duty failed \(duty=lock\)", fifth)


def test_an_object_a_line_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    tell = start_log("json", where="stdout")
    tell(Event("pages", "pages: 3 written,\n1 removed", written=3, removed=1))
    try:
        raise Unavailable("the words of ours")  # noqa: TRY301 - it is the test's own
    except Unavailable:
        structlog.get_logger().exception("a duty failed", duty="lock")
    pages, failed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", pages.pop("at"))
    assert pages == {
        "level": "info",
        "event": "pages",
        "written": 3,
        "removed": 1,
        "line": "pages: 3 written,\n1 removed",
    }
    assert (failed["level"], failed["duty"], failed["error"]) == ("error", "lock", "Unavailable")
    assert failed["traceback"].endswith("Unavailable: the words of ours")


def test_handles_are_told_to_who_asks(capsys: pytest.CaptureFixture[str]) -> None:
    line = "@amy@social.example.org cannot be written to"
    start_log(where="stdout")(line)
    start_log(where="stdout", names=True)(line)
    start_log(where="stdout", names=True)(Event("logged in", "sky: logged in", account="sky", handle="a.example.org"))
    hidden, shown, own = capsys.readouterr().out.splitlines()
    assert re.fullmatch(AT + r"person-[0-9a-f]{8} cannot be written to", hidden)
    assert shown.endswith(line)
    assert own.endswith("sky: logged in as a.example.org")


@pytest.mark.parametrize(
    ("name", "value", "coloured"), [("X", "1", True), ("NO_COLOR", "1", False), ("TERM", "dumb", False)]
)
def test_colour_where_somebody_watches(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, *, coloured: bool
) -> None:
    paper = Terminal()
    monkeypatch.setattr(sys, "stdout", paper)
    monkeypatch.setenv(name, value)
    start_log(where="stdout")(Event("missed", level="warning", delivery="x"))
    assert "missed: x" in paper.getvalue()
    assert ("\x1b[33m" in paper.getvalue()) is coloured


def test_the_journal_notes_the_time_itself(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    start_log(where="stdout")("as it is")
    assert capsys.readouterr().out == "as it is\n"


def test_a_log_that_cannot_be_written_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    tell = start_log(where="stdout")
    tell("not to be written")
    monkeypatch.setattr(sys, "stdout", None)
    tell("not to be written")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True))
    tell("caf\u00e9")
    assert b"caf\\xe9" in sys.stdout.buffer.getvalue()  # type: ignore[attr-defined]


def test_a_gate_that_fails_lets_nothing_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise ValueError("the secret")

    monkeypatch.setattr(HIDING, "hide", fails)
    start_log(where="stdout")("the secret")
    out = capsys.readouterr().out
    assert "this cannot be told" in out
    assert "the secret" not in out


def test_libraries_and_python_itself_go_through_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    start_log("json")
    assert isinstance(logging.lastResort, logs._Libraries)
    record = logging.LogRecord("httpx", logging.ERROR, "x.py", 3, "request failed: %s", ("our pupils",), None)
    logging.lastResort.handle(record)
    tell_warning(UserWarning, "connection closed: our pupils", "/x/y.py", 7)
    tell_crash(KeyError("our pupils"), "a thread")
    library, warned, crashed = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (library["library"], library["words"], library["level"]) == ("httpx", "request failed: …", "error")
    assert (warned["words"], warned["place"]) == ("connection closed: …", "y.py:7")
    assert (crashed["thread"], crashed["traceback"]) == ("a thread", "KeyError: '…'")


def test_tick_tells_events_where_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_with(tmp_path / "bot", STAFFROOM)
    monkeypatch.setenv("STAFFROOM_LOG_FORMAT", "json")
    (ticked,) = [json.loads(line) for line in staffroom("tick", "-C", folder).stdout.splitlines()]
    assert (ticked["event"], ticked["level"], ticked["answers"]) == ("ticked", "info", 0)
    both = staffroom("tick", "-C", folder, "--json")
    assert json.loads(both.stdout)["posts"] == 0
    assert json.loads(both.stderr)["event"] == "ticked"
    plain = staffroom("tick", "-C", folder, "--log-format", "text")
    assert plain.stdout == "0 new answers, 0 pages written.\n"
    assert staffroom("tick", "-C", folder, "--log-format", "xml").exit_code == 2
