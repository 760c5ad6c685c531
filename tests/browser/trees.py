"""Pages as assistive technology is told of them, kept as golden files: ``tests/golden/trees/NAME.yml``.

The tree of roles, names and states is Chromium's own (https://playwright.dev/python/docs/aria-snapshots).
STAFFROOM_GOLDEN=1 writes the files anew; read the difference as somebody who listens to the page.
"""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from networks.browser import Visit

GOLDEN = Path(__file__).parent.parent / "golden" / "trees"


def tree(visit: Visit, selector: str = "main") -> str:
    """The accessibility tree of a page's own part, as YAML without the addresses of links: nobody hears those."""
    told = visit.page.locator(selector).aria_snapshot().split("\n")
    lines = [line for line in told if not line.lstrip().startswith("- /url:")]
    return "".join(
        f"{line.removesuffix(':') if _depth(after) <= _depth(line) else line}\n"
        for line, after in pairwise([*lines, ""])
    )


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def agreed(visit: Visit, name: str, selector: str = "main") -> tuple[str, str]:
    """The tree as it is, and as it was agreed under this name."""
    found, file = tree(visit, selector), GOLDEN / f"{name}.yml"
    if os.environ.get("STAFFROOM_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(found, encoding="utf-8")
    return found, file.read_text(encoding="utf-8")
