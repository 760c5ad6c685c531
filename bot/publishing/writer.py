"""Put a file in place whole or not at all: a temporary name in the same folder, then a rename."""

from __future__ import annotations

import glob
import os
import secrets
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
PREFIX = ".staffroom-"
SUFFIX = ".tmp"
PAGE = 0o644
FOLDER = 0o755
"""Pages are for everybody, also where the process's umask keeps all else it writes to itself."""

_LEFT_BEHIND = 24 * 3600  # seconds: nobody is at work on what is that old


def replace(file: Path, data: bytes, mode: int = PAGE) -> None:
    """Give ``file`` these bytes and rights. A reader sees the old file or the new one, never a part.

    It lasts through a crash of this process; through a power cut only after ``settle``.
    """
    temporary = file.with_name(f"{PREFIX}{secrets.token_hex(8)}{SUFFIX}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK, mode), "wb") as stream:
            stream.write(data)
        open_up(temporary, mode)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def open_up(path: Path, mode: int) -> None:
    """Let everybody read; a file system that knows no such rights is left as it is."""
    with suppress(PermissionError, NotImplementedError):
        if stat.S_IMODE(path.lstat().st_mode) != mode:
            path.chmod(mode)


def is_page(file: Path) -> bool:
    """Whether this is a plain file: no link to one, no pipe, no folder."""
    try:
        return stat.S_ISREG(file.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def pages_in(folder: Path) -> set[str]:
    """Names of a folder's plain files; none where it cannot be read: its pages are then made and compared again."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return set()


def holds(file: Path, data: bytes) -> bool:
    """Whether ``file`` is a plain file of these very bytes."""
    try:
        return is_page(file) and file.stat().st_size == len(data) and file.read_bytes() == data
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False


def settle(path: Path) -> None:
    """Have the disk keep a file's bytes, or a folder's names (fsync). What is gone meanwhile needs nothing."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> int:
    """Remove what a crash left half-written in a folder; gives how many files that was."""
    left = [entry for entry in folder.glob(f"{PREFIX}*{SUFFIX}") if not entry.is_dir()]
    for entry in left:
        entry.unlink(missing_ok=True)
    return len(left)


def sweep_left_behind(folder: Path, prefix: str, remove: Callable[[Path], object] = Path.unlink) -> None:
    """Remove what killed processes left in a folder: in it may stand words of people who have left since.

    Args:
        folder: where it lies; others may be at work there, so only what is a day old goes.
        prefix: how the names of what is half-done begin there.
        remove: how one of them is taken away; what cannot be stays.
    """
    for old in folder.glob(f"{glob.escape(prefix)}*"):
        with suppress(OSError):
            if old.lstat().st_mtime < time.time() - _LEFT_BEHIND:
                remove(old)
