"""The wheel, installed into an empty environment: templates and migrations come from inside it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from cli.cli_world import ROOT


def test_the_wheel_rehearses_a_chat_from_an_empty_folder(tmp_path: Path) -> None:
    tools = Path(sys.executable).parent
    built = tmp_path / "built"
    _run(tools / "python", "-m", "hatchling", "build", "-t", "wheel", "-d", built, cwd=ROOT)
    (wheel,) = built.glob("staffroom-*.whl")
    inside = zipfile.ZipFile(wheel).namelist()
    for part in (
        "templates/site/chat.html.j2",
        "templates/starter/staffroom.yaml.j2",
        "templates/fonts/OFL.txt",
        "migrations/versions",
    ):
        assert any(name.startswith(f"bot/_data/{part}") for name in inside), part
    assert not any(name.startswith(("tests/", "templates/", "migrations/")) for name in inside)

    home = tmp_path / "venv"
    _run(tools / "uv", "venv", "--quiet", "--python", sys.executable, home)
    _run(
        tools / "uv", "pip", "install", "--quiet", "--python", home / "bin" / "python",
        "--constraint", ROOT / "constraints.txt", wheel,
    )  # fmt: skip
    work = tmp_path / "work"
    work.mkdir()
    command = home / "bin" / "staffroom"
    assert "All is well" not in _run(command, "init", "x", cwd=work)
    assert _run(command, "check", "-C", "x", cwd=work).startswith("All is well: 1 series")
    report = json.loads(_run(command, "rehearse", "-C", "x", "--answers", "20", "--json", cwd=work))
    assert report["answers_collected"] == report["answers_posted"] == 20
    assert Path(report["site"], "index.html").is_file()
    assert Path(report["database"]).is_file()
    where = "import bot, bot.shipped as s; print(bot.__file__, s.shipped('templates'), s.shipped('migrations'))"
    for place in _run(home / "bin" / "python", "-c", where, cwd=work).split():
        assert Path(place).is_relative_to(home)
    assert "up to date" in _run(command, "migrate", "-C", "x", cwd=work) + _run(command, "migrate", "-C", "x", cwd=work)


def _run(*words: str | Path, cwd: Path | None = None) -> str:
    """A command outside the checkout's environment; gives what it printed."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, timeout=300, env=clean, cwd=cwd
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
