"""`run` as a process with other places: a real branch, and a command that hangs and is ended with the bot."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli.cli_world import folder_with
from cli.test_running_commands import IN_TWO_DAYS, SERIES, YAML, log, running, until
from networks.mastodon_server import MastodonAccount, MastodonServer

HANG = "import os, sys, time; open(sys.argv[2], 'w').write(str(os.getpid())); time.sleep(600)"


@pytest.fixture
def toot(mastodon_server: MastodonServer, unique: Callable[[str], str]) -> MastodonAccount:
    return mastodon_server.create_account(unique("runner"), bot=True)


def test_run_brings_places_beside_everything_else_and_leaves_no_program_behind(
    tmp_path: Path, toot: MastodonAccount
) -> None:
    remote, note = tmp_path / "remote.git", tmp_path / "pid"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    publish = f"""\
publish:
  - command: [{sys.executable}, -c, "{HANG}", "{{site}}", {note}]
  - git: file://{remote}
"""
    series = SERIES.format(start=datetime.now(UTC) + IN_TWO_DAYS, hashtag="EdChat", topic="Homework")
    folder = folder_with(tmp_path / "bot", YAML.format(server=toot.server.url) + publish, series)

    def pages() -> list[str]:
        listed = ["git", "--git-dir", str(remote), "ls-tree", "-r", "--name-only", "pages"]
        return subprocess.run(listed, capture_output=True, text=True, check=False).stdout.splitlines()

    with running(folder, toot.token) as live:
        until(lambda: "edchat/index.html" in pages())
        until(lambda: note.exists() and note.read_text())
        live.send_signal(signal.SIGTERM)
        assert live.wait(timeout=12) == 0
    assert "git: " in log(folder)
    assert "Traceback" not in log(folder)
    status = Path(f"/proc/{note.read_text()}/stat")
    until(lambda: not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z", 5)
