"""The folder in which records wait to be fetched: private, beside the store, never below what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.publishing.handover import PRIVATE, put_files
from bot.publishing.writer import is_page

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ".staffroom-downloads"
"""Its name in the bot's folder."""

_WAITS, _GOES = ".zip", ".going"


class DownloadFolder:
    """``ports.downloads.Shelf`` as a folder. A file's name tells whether it waits or is being given out.

    Two who take the same file at once rename it at once, and one of them finds it gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes) -> None:
        """See ``Shelf.put``."""
        put_files(self._folder, {f"{name}{_WAITS}": data}, PRIVATE)

    def names(self) -> tuple[str, ...]:
        """See ``Shelf.names``."""
        if not self._folder.is_dir():
            return ()
        return tuple(sorted({one.stem for one in self._folder.iterdir() if one.suffix in (_WAITS, _GOES)}))

    def waits(self, name: str) -> bool:
        """See ``Shelf.waits``."""
        return is_page(self._waiting(name))

    def take(self, name: str) -> bytes | None:
        """See ``Shelf.take``."""
        try:
            self._waiting(name).rename(self._going(name))
            return self._going(name).read_bytes()
        except FileNotFoundError:
            return None

    def give_back(self, name: str) -> None:
        """See ``Shelf.give_back``."""
        try:
            self._going(name).rename(self._waiting(name))
        except FileNotFoundError:
            return

    def remove(self, name: str) -> None:
        """See ``Shelf.remove``."""
        self._waiting(name).unlink(missing_ok=True)
        self._going(name).unlink(missing_ok=True)

    def recover(self) -> None:
        """Lay back what a process that died was giving out. For who alone gives out, before they begin."""
        for name in self.names():
            self.give_back(name)

    def _waiting(self, name: str) -> Path:
        return self._folder / f"{name}{_WAITS}"

    def _going(self, name: str) -> Path:
        return self._folder / f"{name}{_GOES}"
