"""The list of erasures: a file outside the database in which stands what left it, and what people asked and decided.

A backup holds what was erased after it was made. Whoever puts one back needs to know what that was, and the database
that knew is gone: so each erasure is written here, and made to last, before it is committed. A crash can only list too
much. A line has keyed hashes, kinds and times; no handle, no text, no address.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from bot.errors import StoreError

try:
    import fcntl
except ModuleNotFoundError:  # pragma: no cover - not on Windows; there one process writes at a time
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO

KEPT = timedelta(days=180)
"""How long a line is kept: a backup that is older than this is not put back without a word."""

PRUNED_EVERY = timedelta(days=7)

LineKind = Literal[
    "list",
    "wish",
    "ruling",
    "gone",
    "again",
    "edited",
    "withdrawn",
    "held",
    "forgotten",
    "cancelled",
    "unfollowed",
    "signed-off",
    "unlinked",
    "declined",
    "badge",
    "dropped",
    "revoked",
]


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line.

    Attributes:
        kind: ``list`` begins one: ``key`` names the database, ``at`` is since when it is complete. ``wish`` and
            ``ruling``: what a person asked (``key``: the account's) or decided (the post's). ``gone``: a post's words
            went, ``what`` is its state now. ``again``: they were let in again. ``edited``: they are others now.
            ``withdrawn`` and ``held``: in one chat alone. ``forgotten`` and ``cancelled``: a chat. ``unfollowed``:
            nothing more is to be asked about an answer. ``signed-off``: an account comes to the event ``chat`` no more.
            ``declined``: its author said no to the purpose ``what``.
            ``unlinked``: an account is not one person with that of the key ``what``, or, where that is empty, with any.
            ``badge``, ``dropped`` and ``revoked``: of the badge whose number is ``what`` one of its account's keys,
            that nobody got it and its number is free again, or that it is good no more.
        at: UTC; of a wish or ruling, of ``unfollowed``, ``declined``, ``signed-off`` and ``unlinked``, when it was
            said.
        key: a node key, or an account's key.
        what: the wish's or ruling's kind, the post's state, why it is held, or a purpose.
        chat: a chat's id.
        series: a series' slug.
        words: a ruling's fingerprint.
    """

    kind: LineKind
    at: datetime
    key: str = ""
    what: str = ""
    chat: str = ""
    series: str = ""
    words: int = 0


class Listed(msgspec.Struct, frozen=True):
    """What a list tells about one database.

    Attributes:
        since: since when nothing is missing in it, UTC; ``None`` where this database never wrote into it.
        lines: in the order in which they were written.
        others: whether another database wrote into it, too.
        damaged: lines that cannot be read. The last one may be cut off by a power cut: then nothing was committed.
    """

    since: datetime | None
    lines: tuple[Line, ...] = ()
    others: bool = False
    damaged: int = 0


_line = msgspec.json.Decoder(Line)
_encode = msgspec.json.Encoder().encode


class Erasures:
    """The list, for those who write into it. Several processes and threads may do so at once.

    Args:
        path: the file; made when first written, readable by its owner alone.
        now: gives aware UTC.
    """

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self.path = path
        self.now = now

    def begin(self, database: str) -> None:
        """Let what follows count for this database (its key), from now on if it is not in the list yet.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._open() as file:
            listed = _read(file, database)
            last = [line.key for line in _lines(file)[0] if line.kind == "list"][-1:]
            if last != [database]:
                _append(file, [Line("list", listed.since or self.now(), database)])

    def add(self, lines: Sequence[Line]) -> None:
        """Write lines, and come back once they last.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._open() as file:
            _append(file, lines)

    def prune(self, database: str) -> None:
        """Drop what is older than ``KEPT``, now and then.

        Raises:
            StoreError: the file cannot be written.
        """
        now = self.now()
        with self._open() as file:
            first = _first(file)
            if first is not None and now < first.at + KEPT + PRUNED_EVERY:
                return
            lines, _ = _lines(file)
            after = now - KEPT
            kept = [line for line in lines if line.at > after and line.kind != "list"]
            since = _read(file, database).since
            if any(line.kind == "list" and line.key != database for line in lines):
                return  # which lines are whose is only known by their order
            header = Line("list", max(since or now, after), database)
            handle, name = tempfile.mkstemp(prefix=f"{self.path.name}.", dir=self.path.parent)  # made with mode 0600
            try:
                with os.fdopen(handle, "wb") as fresh:
                    _append(fresh, [header, *kept])
                Path(name).replace(self.path)
                _settle(self.path.parent)
            finally:
                Path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        """The file, locked: nobody else writes into it, and it is the one that has the name."""
        try:
            with self._locked() as file:
                yield file
        except OSError as error:
            raise StoreError(
                f"The list of erasures {self.path} cannot be written: {error.strerror}. Nothing of this step was "
                "stored: what is erased has to stand there first, so that no backup brings it back. Give the bot room "
                "on that disk and the right to write there; it tries again."
            ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        while True:
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                if fcntl is not None:
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                if not _is_at(descriptor, self.path):
                    continue  # somebody has just put a shorter one in its place
                if new:
                    _settle(self.path.parent)
                elif os.fstat(descriptor).st_mode & (stat.S_IRWXG | stat.S_IRWXO):  # copied here by hand
                    with contextlib.suppress(PermissionError):
                        os.fchmod(descriptor, 0o600)
                yield file
                return


def read_list(path: Path, database: str) -> Listed:
    """What stands in a list about a database (its key); a file that is not there tells nothing.

    Raises:
        StoreError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _read(file, database)
    except FileNotFoundError:
        return Listed(None)
    except OSError as error:
        raise StoreError(f"The list of erasures {path} cannot be read: {error.strerror}.") from error


def _read(file: BinaryIO, database: str) -> Listed:
    lines, damaged = _lines(file)
    since: datetime | None = None
    found: list[Line] = []
    whose = ""
    others = False
    for line in lines:
        if line.kind == "list":
            whose = line.key
            others |= whose != database
            if whose == database:
                since = line.at if since is None else min(since, line.at)
        elif whose == database:
            found.append(line)
    return Listed(since, tuple(found), others, damaged)


def _lines(file: BinaryIO) -> tuple[list[Line], int]:
    """All lines that can be read, and how many cannot."""
    file.seek(0)
    found: list[Line] = []
    damaged = 0
    for raw in file.read().split(b"\n"):
        if raw.strip():
            try:
                found.append(_line.decode(raw))
            except msgspec.DecodeError:
                damaged += 1
    return found, damaged


def _first(file: BinaryIO) -> Line | None:
    file.seek(0)
    raw = file.read(500).partition(b"\n")[0]
    try:
        return _line.decode(raw)
    except msgspec.DecodeError:
        return None


def _append(file: BinaryIO, lines: Iterable[Line]) -> None:
    """Write lines behind what stands there, which a power cut may have left without its end; then let it last."""
    file.seek(0, os.SEEK_END)
    data = b"".join(_encode(line) + b"\n" for line in lines)
    if file.tell():
        file.seek(-1, os.SEEK_END)
        data = data if file.read(1) == b"\n" else b"\n" + data
    while data:
        data = data[file.write(data) :]
    file.flush()
    os.fsync(file.fileno())


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _settle(folder: Path) -> None:
    """Make a name in a folder last, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
