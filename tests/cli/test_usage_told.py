"""A command written wrongly is refused in one line; no command at all shows which there are; help comes at once."""

import subprocess
import sys

import pytest
from cli.cli_world import ROOT, staffroom


@pytest.mark.parametrize(
    ("argv", "wrong", "of"),
    [
        (["--bogus"], "No such option '--bogus'.", "staffroom"),
        (["bogus"], "No such command 'bogus'.", "staffroom"),
        (["event", "bogus"], "No such command 'bogus'.", "staffroom event"),
        (["event", "new", "edchat", "2027-01-07"], "Missing option '--title'.", "staffroom event new"),
        (["record"], "Missing argument 'ACCOUNT'.", "staffroom record"),
        (["impact", "--since", "x"], "'x' does not match the format '%Y-%m-%d'.", "staffroom impact"),
    ],
)
def test_what_is_wrong_in_a_command_is_told_in_one_line(argv: list[str], wrong: str, of: str) -> None:
    result = staffroom(*argv)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith(f"{wrong} `{of} --help` says what it takes.\n")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("argv", [[], ["event"]])
def test_no_command_at_all_shows_which_there_are(argv: list[str]) -> None:
    result = staffroom(*argv)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert "Commands:" in result.stderr


def test_help_loads_nothing_but_the_commands() -> None:
    script = (
        "import sys\n"
        "from bot.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "ours = [name for name in sys.modules if name.startswith('bot.')]\n"
        "print('loaded:', [name for name in ours if not name.startswith(('bot.cli', 'bot.errors'))])\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.endswith("loaded: []\n")
