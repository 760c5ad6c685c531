"""Named crash points at every boundary where something leaves the process: hooks for a life, none of them in bot/.

A point's name is its moment, what is done, and the innermost function of `bot/` that wants it:
`before commit · storage.outbox.leaving`, `after answer · POST applyWrites · bluesky.adapter.send`. So whatever is
written tomorrow has its points without anybody naming them, and no name holds a line, an id or a time.

    points = Points(kill={"before commit · storage.outbox.leaving": 2})  # at the second visit
    points = Points(spare={...}, groups={"commit", "request"})  # at the first visit of any other of those kinds
    points.install(dying)  # `dying` is told of the end, then SIGKILL

Groups: `begin`, `commit`, `checkpoint`, `vacuum`, `request`, `stream`, `file`. A transaction that only reads is none.
"""

import builtins
import io
import os
import re
import signal
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy.engine import Connection
from websockets.sync.connection import Connection as WebSocket

import bot
from bot.storage.engine import WRITING

ROOT = str(Path(bot.__file__).parent) + os.sep
PASSAGES = ("storage/engine", "storage/base", "networks/bluesky/xrpc", "networks/mastodon/http", "networks/bounded")
"""Modules through which everything of their kind goes: who stands above them is the one that wants it."""

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Points:
    """Counts visits of points, and dies where it is told to.

    Args:
        kill: dies at a point's n-th visit.
        spare: with `groups`: dies at the first visit of a point of these groups that is not in here.
        groups: of which points to die at first sight.
    """

    def __init__(
        self, kill: Mapping[str, int] | None = None, spare: Collection[str] = (), groups: Collection[str] = ()
    ) -> None:
        self._kill = dict(kill or {})
        self._spare = frozenset(spare)
        self._groups = frozenset(groups)
        self._lock = threading.Lock()
        self._dying: Callable[[str], None] = lambda _point: None
        self._names: dict[CodeType, str] = {}
        self.visits: Counter[str] = Counter()

    def reached(self, group: str, what: str) -> None:
        """A point is reached; `what` is its moment and what is done there. Code outside bot/ has no points."""
        who = self._who()
        if not who:
            return
        point = f"{what} · {who}"
        with self._lock:  # whoever dies holds it, and nobody else says anything
            self.visits[point] += 1
            if self._kill.get(point) == self.visits[point] or (group in self._groups and point not in self._spare):
                self._dying(point)
                os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self, group: str, what: str) -> Iterator[None]:
        """The two points of one thing that is done; what fails has no second one."""
        self.reached(group, f"before {what}")
        yield
        self.reached(group, f"after {what}")

    def over(self) -> None:
        """Nobody dies any more: a life is about to say how it went."""
        with self._lock:
            self._kill, self._groups = {}, frozenset()

    def _who(self) -> str:
        """The innermost function of bot/ on this thread's stack, passages left out where somebody stands above them."""
        frame: FrameType | None = sys._getframe(2)
        passage = ""
        while frame is not None:
            name = self._names.get(frame.f_code)
            if name is None:
                name = self._names[frame.f_code] = _name(frame.f_code)
            if name and not name.startswith("("):
                return name
            passage = passage or name
            frame = frame.f_back
        return passage.strip("()")

    def install(self, dying: Callable[[str], None]) -> None:
        """Hook into everything by which a process changes the world or hears of it, in this process, for good."""
        self._dying = dying
        _hook_database(self)
        _hook_sqlite(self)
        _hook_http(self)
        _hook_web_sockets(self)
        _hook_files(self)


def _name(code: CodeType) -> str:
    """What a function of bot/ is called; in brackets a passage; empty for all else and for what has no name."""
    if not code.co_filename.startswith(ROOT) or code.co_name.startswith("<"):
        return ""
    module = code.co_filename.removeprefix(ROOT).removesuffix(".py").replace(os.sep, "/")
    name = f"{module.removeprefix('networks/').replace('/', '.')}.{code.co_name}"
    return f"({name})" if module in PASSAGES else name


def group_of(point: str) -> str:
    """The group a point belongs to, from its name."""
    what = point.split(" · ", 1)[0].partition(" ")[2].split(" ", 1)[0]
    return {"answer": "request", "read": "stream", "connect": "stream"}.get(
        what, what if what in ("begin", "commit", "checkpoint", "vacuum", "request") else "file"
    )


# -- the database ------------------------------------------------------------------------------------------------
_STATEMENTS = {"BEGIN IMMEDIATE": "begin", "PRAGMA wal_checkpoint": "checkpoint", "VACUUM": "vacuum"}


def _hook_database(points: Points) -> None:
    commit = Connection._commit_impl

    def committing(self: Connection) -> None:
        if not self.info.get(WRITING, True):
            commit(self)
            return
        with points.around("commit", "commit"):
            commit(self)

    Connection._commit_impl = committing


def _hook_sqlite(points: Points) -> None:
    """What SQLAlchemy knows nothing of: how a transaction begins, and what runs outside of any."""
    connect = sqlite3.dbapi2.connect

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            for words, group in _STATEMENTS.items():
                if sql.startswith(words):
                    with points.around(group, group):
                        return super().execute(sql, *parameters)
            return super().execute(sql, *parameters)

    class Watched(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory or Cursor)

    def connecting(*arguments: Any, **options: Any) -> Any:
        return connect(*arguments, **{"factory": Watched, **options})

    sqlite3.dbapi2.connect = connecting


# -- the networks ------------------------------------------------------------------------------------------------
def _hook_http(points: Points) -> None:
    ask = httpx.HTTPTransport.handle_request

    def asking(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {_place(str(request.url))}"
        points.reached("request", f"before request · {what}")
        response = ask(self, request)
        stream = response.headers.get("content-type", "").startswith("text/event-stream")
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = (_Events if stream else _Answer)(response.stream, points, what)
        return response

    httpx.HTTPTransport.handle_request = asking


class _Answer(httpx.SyncByteStream):
    """An answer's body: a point when it is whole, before our code sees the end of it."""

    def __init__(self, stream: httpx.SyncByteStream, points: Points, what: str) -> None:
        self._stream = stream
        self._points = points
        self._what = what

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream
        self._points.reached("request", f"after answer · {self._what}")

    def close(self) -> None:
        self._stream.close()


class _Events(_Answer):
    """Server-sent events: a point before each piece is waited for and after it came."""

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._stream)
        while True:
            self._points.reached("stream", f"before read · {self._what}")
            try:
                piece = next(pieces)
            except StopIteration:
                return
            self._points.reached("stream", f"after read · {self._what}")
            yield piece


def _place(url: str) -> str:
    """A URL without its host and without names and numbers."""
    path = urlsplit(url).path
    if path.startswith("/xrpc/"):
        return path.rpartition(".")[2].removeprefix("/xrpc/")
    path = re.sub(r"/tag/[^/]+", "/tag/:tag", path)
    return re.sub(r"/(?=[^/]*\d)(?!v\d+/)[^/]+", "/:id", path)


def _hook_web_sockets(points: Points) -> None:
    receive = WebSocket.recv

    def receiving(self: WebSocket, *arguments: Any, **options: Any) -> Any:
        with points.around("stream", "read · WebSocket"):
            return receive(self, *arguments, **options)

    WebSocket.recv = receiving


# -- files -------------------------------------------------------------------------------------------------------
def _hook_files(points: Points) -> None:
    for name in ("replace", "rename", "unlink", "remove", "rmdir", "mkdir", "fsync"):
        _wrap(points, os, name, name)
    opening, opened = os.open, io.open

    def open_low(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if not flags & WRITES:
            return opening(path, flags, *rest, **options)
        with points.around("file", "open"):
            return opening(path, flags, *rest, **options)

    def open_high(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if isinstance(file, int) or not set("wax+") & set(mode):
            return opened(file, mode, *rest, **options)
        with points.around("file", "open"):
            return opened(file, mode, *rest, **options)

    os.open = open_low
    for module in (io, builtins):
        module.open = open_high


def _wrap(points: Points, module: Any, name: str, what: str) -> None:
    plain = getattr(module, name)

    def watched(*arguments: Any, **options: Any) -> Any:
        with points.around("file", what):
            return plain(*arguments, **options)

    setattr(module, name, watched)
