"""Bundles for search, made by Pagefind's own program (https://pagefind.app/docs/) from unpublished pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from bot.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 120.0
"""Seconds one bundle may take; a year of 40 chats with 300 answers each takes one and a half of a computer's time."""

REST = 600.0
"""Seconds after a failure in which it is not tried again: what hangs once would hold up pages each minute."""

UNSEARCHED = "_"
"""Filters whose names begin so only travel with a hit. Nobody filters by them, so their lists are not given away."""

MEMORY = Path("/dev/shm")  # noqa: S108 - folders below get names nobody can guess, and are this user's alone
"""A folder in memory, where the system has one: half the work there (a thousand small files), and no word on a disk."""

_ROOM = 64 * 1024 * 1024
_PREFIX = "staffroom-search-"
_MAGIC = b"pagefind_dcd"
_ENTRY = "pagefind-entry.json"
_INDEX = ("*.pf_meta", "index/*.pf_index", "fragment/*.pf_fragment", "filter/*.pf_filter", _ENTRY)
_SCRIPT = "pagefind.js"


class _Language(msgspec.Struct):
    wasm: str | None = None


class _Entry(msgspec.Struct):
    languages: dict[str, _Language]


class PagefindIndexer:
    """A ``ports.Indexer``.

    Args:
        program: Pagefind's binary.
        longest: seconds one bundle may take.
        rest: seconds after a failure in which it only says so again.
    """

    def __init__(self, program: Path, *, longest: float = LONGEST, rest: float = REST) -> None:
        self._program = program
        self._longest = longest
        self._rest = rest
        self._failed: tuple[float, str] | None = None

    def index(self, sources: Mapping[str, bytes], language: str, *, engine: bool) -> Mapping[str, bytes]:
        """See ``ports.Indexer``. Pages stand for that long in a temporary folder that only this user can read."""
        if self._failed is not None and time.monotonic() < self._failed[0]:
            raise SearchError(self._failed[1])
        try:
            with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=_place()) as name:
                _sweep(Path(name).stat().st_mtime)
                found = self._made(Path(name), sources, language, engine=engine)
        except (OSError, msgspec.DecodeError, zlib.error) as error:
            why = error.strerror if isinstance(error, OSError) else "its files are not as they were in version 1.5"
            self._fail(f"Search cannot be brought up to date: {why or error}.")
        except SearchError as error:
            self._fail(str(error))
        self._failed = None
        return found

    def _fail(self, why: str) -> None:
        self._failed = (time.monotonic() + self._rest, why)
        raise SearchError(why)

    def _made(self, folder: Path, sources: Mapping[str, bytes], language: str, *, engine: bool) -> dict[str, bytes]:
        pages, bundle = folder / "pages", folder / "bundle"
        for path, data in sources.items():
            file = pages.joinpath(*PurePosixPath(path).parts)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        try:
            done = subprocess.run(  # noqa: S603 - our own program and words, no shell
                [self._program, "--site", pages, "--output-path", bundle, "--force-language", language, "--quiet"],
                cwd=folder,  # it reads settings from files where it is called
                env={name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=self._longest,
            )
        except subprocess.TimeoutExpired:
            raise SearchError(
                f"Search cannot be brought up to date: Pagefind took longer than {self._longest:.0f} seconds and was"
                " stopped. Pages are not touched by that; it is tried again later."
            ) from None
        if done.returncode:
            raise SearchError(
                f"Search cannot be brought up to date: Pagefind ended with status {done.returncode}. Install it anew:"
                " pip install 'staffroom[search]'."
            )
        found = dict(_files(bundle, engine=engine))
        if _ENTRY not in found:
            raise SearchError("Search cannot be brought up to date: Pagefind made no index. It is tried again later.")
        return found


def _files(bundle: Path, *, engine: bool) -> Iterator[tuple[str, bytes]]:
    """What is published of a bundle; Pagefind's own search forms are not."""
    patterns = [*_INDEX]
    if engine:
        entry = msgspec.json.decode((bundle / _ENTRY).read_bytes(), type=_Entry)
        patterns += [_SCRIPT, *(f"wasm.{one.wasm or 'unknown'}.pagefind" for one in entry.languages.values())]
    for file in sorted(file for pattern in patterns for file in bundle.glob(pattern)):
        data = file.read_bytes()
        if not _filter_name(file, data).startswith(UNSEARCHED):
            yield file.relative_to(bundle).as_posix(), data


def _filter_name(file: Path, data: bytes) -> str:
    """Of which filter this is the list: CBOR, an array of its name and its values; empty for any other file."""
    if file.suffix != ".pf_filter":
        return ""
    plain = zlib.decompress(data, zlib.MAX_WBITS | 16).removeprefix(_MAGIC)
    array, text = plain[0], plain[1]
    if array != 0x82 or not 0x60 <= text < 0x78:  # noqa: PLR2004 - two items; a text of less than 24 bytes
        raise zlib.error
    return plain[2 : 2 + text - 0x60].decode()


def _place() -> Path:
    """Where unpublished pages stand for a while: in memory where there is room, else where temporary files do."""
    try:
        roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= _ROOM
    except OSError:
        roomy = False
    return MEMORY if roomy else Path(tempfile.gettempdir())


def _sweep(now: float) -> None:
    """Remove what a process that was killed left of its temporary folders: people's words stand in them.

    All bots of a computer share the place, so only what is older than any of them may take is left over. ``now`` is the
    file system's time, in seconds since 1970: a process whose own clock is ahead would take away what others work on.
    """
    for left in (left for place in (MEMORY, Path(tempfile.gettempdir())) for left in place.glob(f"{_PREFIX}*")):
        try:
            if left.stat(follow_symlinks=False).st_mtime + 2 * LONGEST < now:
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue
