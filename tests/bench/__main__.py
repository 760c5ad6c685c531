"""`make bench`: every row in one table on the terminal and in build/bench.json.

    python -m tests.bench [NAME ...]      only the rows of some modules; nothing is written

A row compares us with a limit or a peer, measured in the same run: the machine's own speed cancels out.
"""

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

import tests.bench

FIELDS = ("name", "ours", "reference", "reference_name", "unit", "ratio", "goal", "better")
OUT = Path("build/bench.json")
HEAD = f"{'row':<28} {'ours':>12} {'reference':>12} {'ratio':>8} {'goal':>8}  unit, against what"
sys.path.insert(0, str(Path(__file__).parents[1]))  # the servers' own folder speaks of itself as `networks`


def main() -> int:
    """Measure all rows, or those named; exit status 1 where a goal was missed, 2 where a name is none."""
    there = {info.name for info in pkgutil.iter_modules(tests.bench.__path__) if not info.ispkg} - {"__main__"}
    asked = set(sys.argv[1:])
    if odd := asked - there:
        print(f"no rows are called {', '.join(sorted(odd))}; there are: {', '.join(sorted(there))}", file=sys.stderr)
        return 2
    rows: list[dict[str, Any]] = []
    print(HEAD)
    for module in sorted(asked or there):
        print(f"measuring {module} …", file=sys.stderr, flush=True)
        measured = importlib.import_module(f"tests.bench.{module}").rows()
        print(*map(line, measured), sep="\n", flush=True)  # at once: a later row that fails takes no earlier one away
        rows += measured
    if not asked:
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if all(map(reached, rows)) else 1


def reached(row: dict[str, Any]) -> bool:
    """Whether a row's ratio is at least, or at most, its goal."""
    return row["ratio"] >= row["goal"] if row["better"] == "higher" else row["ratio"] <= row["goal"]


def line(row: dict[str, Any]) -> str:
    """A row of the table: name, both figures, ratio, goal, and whether it was reached."""
    sign = "≥" if row["better"] == "higher" else "≤"
    mark = "" if reached(row) else "  MISSED"
    return (
        f"{row['name']:<28} {row['ours']:>12,} {row['reference']:>12,} {row['ratio']:>8} {sign}{row['goal']:>7}"
        f"  {row['unit']}, against {row['reference_name']}{mark}"
    )


if __name__ == "__main__":
    sys.exit(main())
