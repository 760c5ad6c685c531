"""How long `staffroom --help` takes, against the smallest click program with as many commands."""

import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from bot.cli import main

PAIRS = 15

MINIMAL = """
import click

@click.group()
def main():
    "A program with as many commands."

for number in range({count}):
    main.add_command(click.Command(f"command{{number}}", help="Does something.", callback=lambda: None))

main()
"""

OURS = "from bot.cli import main; main()"


def rows() -> list[dict[str, Any]]:
    """One row: seconds for a whole process, median of pairs run one after the other."""
    with TemporaryDirectory() as folder:
        minimal = Path(folder) / "minimal.py"
        minimal.write_text(MINIMAL.format(count=len(main.commands)), encoding="utf-8")
        pairs = [(_seconds("-c", OURS), _seconds(str(minimal))) for _ in range(PAIRS)]
    return [
        {
            "name": "cli_help",
            "ours": round(statistics.median(mine for mine, _ in pairs), 3),
            "reference": round(statistics.median(other for _, other in pairs), 3),
            "reference_name": f"a click program with {len(main.commands)} commands",
            "unit": "seconds for --help",
            "ratio": round(statistics.median(mine / other for mine, other in pairs), 2),
            "goal": 1.5,
            "better": "lower",
        }
    ]


def _seconds(*arguments: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, *arguments, "--help"], check=True, capture_output=True)
    return perf_counter() - start
