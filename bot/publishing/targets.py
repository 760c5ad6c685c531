"""Where the archive stands: a local folder that any web server, or none, can show."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.publishing import writer

if TYPE_CHECKING:
    from collections.abc import Iterable

_AT_ONCE = 4
"""How many files the disk is asked to keep at a time: it keeps several in little more time than one."""

_LONGEST = 255  # bytes of a name, on every common file system
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})
"""What Windows takes for a device, whatever stands behind a dot: such a page could not even be copied there."""


class FolderTarget:
    """A ``ports.Target``: a folder of plain files. One process writes at a time (the runner's lease sees to it).

    Only paths it is given are ever written or removed; whatever else stands in the folder stays. No path leads out of
    it, not through ``..`` nor through a symbolic link.

    Args:
        folder: made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsettled: set[Path] = set()
        self._swept: set[Path] = set()
        self._known: set[Path] = set()  # folders that were seen to lie inside since the last time all was settled

    def write(self, path: str, data: bytes) -> bool:
        """Put a file in place, whole or not at all; false where it had these bytes already.

        Raises:
            UserError: the folder cannot be written to, or a symbolic link leads out of it; says which and why.
            ValueError: the path leads out of the folder.
        """
        file = self._file(path)
        if writer.holds(file, data):
            writer.open_up(file, writer.PAGE)
            return False
        try:
            self._make(file.parent)
            writer.replace(file, data)
        except OSError as error:
            raise UserError(
                f"The page {file} cannot be written: {error.strerror or error}. Check that the site's folder belongs to"
                " the bot's user and that the disk has room."
            ) from error
        self._unsettled |= {file, file.parent}
        return True

    def standing(self, paths: Iterable[str]) -> set[str]:
        """Which of these files are there. Each folder is asked once for all it holds, not once for each file.

        Raises:
            UserError, ValueError: as ``write`` does.
        """
        by_folder: dict[str, list[str]] = {}
        for path in paths:
            by_folder.setdefault(path.rpartition("/")[0], []).append(path)
        found: set[str] = set()
        for some in by_folder.values():
            there = writer.pages_in(self._file(some[0], looking=True).parent)
            found.update(path for path in some if path.rpartition("/")[2] in there)
        return found

    def remove(self, path: str) -> bool:
        """Take a file away, and the folders it leaves empty; false where there was none."""
        file = self._file(path)
        if not writer.is_page(file) and not file.is_symlink():
            return False
        try:
            file.unlink()
        except OSError as error:
            raise UserError(f"The page {file} cannot be removed: {error.strerror or error}.") from error
        self._unsettled.discard(file)
        parent = file.parent
        while parent != self.folder and not any(parent.iterdir()):
            parent.rmdir()
            self._unsettled.discard(parent)
            parent = parent.parent
        self._unsettled.add(parent)
        return True

    def settle(self) -> None:
        """Make all that was written and removed last through a power cut: files first, then the folders' names.

        Raises:
            UserError: the disk does not keep it; says of what and why.
        """
        paths = sorted(self._unsettled)
        folders = {path for path in paths if path.is_dir()}
        with ThreadPoolExecutor(_AT_ONCE) as some:
            for several in ([path for path in paths if path not in folders], sorted(folders)):
                for _ in some.map(_settle, several):
                    pass
        self._unsettled.clear()
        self._known.clear()

    def _make(self, parent: Path) -> None:
        """Have a folder ready: made with all above it, and without what a crash left half-written."""
        if parent in self._swept and parent.is_dir():
            return
        missing = [one for one in (parent, *parent.parents) if not one.exists()]
        parent.mkdir(parents=True, exist_ok=True)
        ours = [one for one in (parent, *parent.parents) if self.folder in one.parents]
        for one in dict.fromkeys((*missing, *ours)):  # the site's own folder is as its operator made it
            writer.open_up(one, writer.FOLDER)
        self._unsettled |= {one.parent for one in missing}
        writer.sweep(parent)
        self._swept.add(parent)

    def _file(self, path: str, *, looking: bool = False) -> Path:
        """Where a path stands; who is only ``looking`` may trust what was seen of its folder since the last settling.

        Raises:
            ValueError: it leads out of the folder, or is none.
        """
        parts = PurePosixPath(path).parts
        bad = not parts or path.startswith("/") or "\\" in path or "\0" in path or not {".", ".."}.isdisjoint(parts)
        if bad or any(_is_odd(part) for part in parts):
            message = f"{path!r} is no path inside the site's folder"
            raise ValueError(message)
        file = self.folder.joinpath(*parts)
        if not (self._seen(file.parent) if looking else _inside(file.parent, self.folder)):
            raise UserError(
                f"{file.parent} leads out of the site's folder through a symbolic link, and pages are only written"
                " inside it. Take the link away, or name the folder it leads to as the site's own."
            )
        return file

    def _seen(self, parent: Path) -> bool:
        """Whether a folder lies inside: by one look at it, where that was seen of the one above it already."""
        if parent not in self._known:
            plain = not parent.is_symlink() and (parent == self.folder or self._seen(parent.parent))
            if not plain and not _inside(parent, self.folder):
                return False
            self._known.add(parent)
        return True


def _settle(path: Path) -> None:
    try:
        writer.settle(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be kept on the disk: {error.strerror or error}. Check that the disk has room."
        ) from error


def _is_odd(part: str) -> bool:
    """Whether a name would mean something else on some system: too long, a device, a drive, an end cut off."""
    name = part.partition(".")[0].lower()
    return len(part.encode()) > _LONGEST or name in _DEVICES or ":" in part or part[-1] in ". "


def _inside(parent: Path, folder: Path) -> bool:
    """Whether a file in ``parent`` stands in ``folder``, symbolic links followed."""
    return Path(os.path.realpath(parent)).is_relative_to(os.path.realpath(folder))
