"""The site's folder as other places copy it: every file, known by its bytes, read again only where it changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from bot.domain.places import Print
from bot.errors import PlaceError
from bot.publishing import writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHOWN = frozenset({".well-known", ".nojekyll"})
"""Hidden names that web servers and hosts ask for. All others (``.git``, ``.htpasswd``) are nobody else's business."""

_Stamp = tuple[int, int, int]


class Original:
    """Reads the site's folder. Safe with threads: several places share what was read.

    Files that an operator put there go along; hidden ones, symbolic links and what is half-written do not.

    Args:
        folder: the site's.
        writing: held by whoever writes there, so that no half of an update is taken for the whole.
    """

    def __init__(self, folder: Path, writing: Lock | None = None) -> None:
        self.folder = folder
        self._lock = writing or Lock()
        self._known: dict[str, tuple[_Stamp, Print]] = {}
        self._prints: Mapping[str, Print] = {}

    def prints(self) -> Mapping[str, Print]:
        """Every file's path with what its bytes are known by; the same object as long as nothing changed. None where
        the folder is not there yet.

        Raises:
            PlaceError: the folder cannot be read.
        """
        with self._lock:
            try:
                known = dict(self._look()) if self.folder.exists() else {}
            except OSError as error:
                raise PlaceError(f"the site's folder cannot be read: {error.strerror or error}") from error
            self._known = known
            found = {path: one for path, (_, one) in known.items()}
            if found != self._prints:
                self._prints = found
            return self._prints

    def read(self, path: str) -> bytes | None:
        """A file's bytes; ``None`` where it is not there any more: the next look knows better."""
        try:
            return (self.folder / path).read_bytes()
        except OSError:
            return None

    def _look(self) -> Iterator[tuple[str, tuple[_Stamp, Print]]]:
        for path, entry in _files(self.folder, ""):
            try:
                stat = entry.stat(follow_symlinks=False)
                stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                known = self._known.get(path)
                yield path, known if known and known[0] == stamp else (stamp, print_of(Path(entry.path).read_bytes()))
            except FileNotFoundError:  # removed or replaced meanwhile: the next look sees it
                continue


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not _is_shown(entry.name):
                continue
            path = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), f"{path}/")
            elif entry.is_file(follow_symlinks=False):
                yield path, entry


def _is_shown(name: str) -> bool:
    hidden = name.startswith(".") and name not in _SHOWN
    odd = not name.isprintable() or '"' in name or "\\" in name
    return not (hidden or odd or name.startswith(writer.PREFIX))


def print_of(data: bytes) -> Print:
    """What bytes are known by. Neither guards anything: git and S3 name them so."""
    blob = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
    blob.update(data)
    return Print(blob.hexdigest(), hashlib.md5(data, usedforsecurity=False).hexdigest())
