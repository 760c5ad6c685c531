"""Files that only their owner may read: put in place whole, and refused where others can read them."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.errors import LoginError, UserError

TEMPORARY = ".tmp"
"""How the name of a file ends that is being written."""

LEFT_BEHIND = 60.0
"""Seconds after which nobody can still be writing one; it takes a few thousandths of one."""


def read_closed(path: Path, what: str, wrong: type[LoginError | UserError]) -> bytes | None:
    """What stands in a file that nobody else may read; ``None`` where there is no such file.

    Args:
        path: the file.
        what: it holds, for the error.
        wrong: the error raised where others can read it, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise wrong(
                    f"Other people on this machine can read {path}, which holds {what}. Close it with: chmod 600 {path}"
                )
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise wrong(f"{path} cannot be read: {error.strerror}.") from None


def put_in_place(path: Path, kept: Mapping[str, object]) -> None:
    """Write JSON beside its place, readable by the owner alone, and rename it: a crash leaves the old or the new one.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=TEMPORARY, dir=path.parent)  # with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sweep(path)


def _sweep(path: Path) -> None:
    """Remove what a crash left half-written beside a file that was just put in place: secrets nobody needs any more.

    Only what is older than any other process could still be writing.
    """
    now = path.stat().st_mtime
    for left in path.parent.glob(f"{path.name}.*{TEMPORARY}"):
        with contextlib.suppress(FileNotFoundError):
            if now - left.stat().st_mtime > LEFT_BEHIND:
                left.unlink()
