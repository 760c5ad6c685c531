"""Finds what ships beside the code: ``templates/`` and ``migrations/``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def shipped(name: Literal["templates", "migrations"]) -> Path:
    """A shipped folder: inside the installed package (``bot/_data``), or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "_data" / name
    return inside if inside.is_dir() else package.parent / name
