"""The commands about events, as a host types them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.cli_world import staffroom

from bot.config.scaffold import scaffold

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
    again = staffroom(*new)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)
    nobody = staffroom("event", "new", "maths", "2027-03-06", "--title", "x", "-C", tmp_path)
    assert (nobody.exit_code, nobody.stderr) == (2, "maths: there is no such series. There are: edchat.\n")
