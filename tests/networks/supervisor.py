"""Start each test server once per test run, on first demand, and stop them all when the run is over.

    python -m networks.supervisor FOLDER

Listens on the Unix socket `FOLDER/ask`: a line of JSON `{"start": NAME}` is answered with
`{"info": {...}}` or `{"error": "..."}`, and `{"stop": true}` ends everything. It also holds a connection to
`FOLDER/watch`, a socket of the test run's first process: when that process goes, in whatever way, the kernel
breaks the connection and the supervisor stops all servers. Every server hangs on a leash (leash.py), so that they
end even when the supervisor itself is killed.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import socketserver
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from networks import bluesky_server, browser, mastodon_server, postgres_server
from networks.yard import Yard

STARTERS: dict[str, Callable[[Yard], dict[str, Any]]] = {
    "postgres": postgres_server.start,
    "bluesky": bluesky_server.start,
    "mastodon": mastodon_server.start,
    "chromium": browser.unpack,
}


class Supervisor:
    """Knows what runs, and starts what is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._yard = Yard(folder, self.info)
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._infos: dict[str, dict[str, Any]] = {}
        self._errors: dict[str, str] = {}
        self._stopping = threading.Lock()

    def info(self, name: str) -> dict[str, Any]:
        """How to reach a server, which is started now if it is not running; a failure stays a failure."""
        with self._locks[name]:
            if name in self._errors:
                raise RuntimeError(self._errors[name])
            if name not in self._infos:
                try:
                    self._infos[name] = STARTERS[name](self._yard)
                except Exception as error:
                    self._errors[name] = f"{type(error).__name__}: {error}"
                    raise
            return self._infos[name]

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"info": self.info(question["start"])}
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the answer
            return {"error": f"{type(error).__name__}: {error}"}

    def stop(self) -> None:
        """Stop all servers and remove the run's folder; safe to call from several threads."""
        with self._stopping:
            self._yard.stop_all()
            shutil.rmtree(self._folder, ignore_errors=True)


class _Ask(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Desk)
        question = json.loads(self.rfile.readline())
        if question.get("stop"):
            _end(server.supervisor)  # the asker sees the connection close
        answer = server.supervisor.answer(question)
        with contextlib.suppress(BrokenPipeError):  # the asker may have been interrupted meanwhile
            self.wfile.write(json.dumps(answer).encode() + b"\n")


class _Desk(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: str, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        super().__init__(address, _Ask)


def _end_with(watch: Path, supervisor: Supervisor) -> None:
    """Wait until the test run's first process is gone, then stop everything."""
    with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
        line.connect(str(watch))
        line.recv(1)  # nobody ever writes: this returns when the other end is gone
    _end(supervisor)


def _end(supervisor: Supervisor) -> None:
    supervisor.stop()
    os._exit(0)  # threads that still wait for a starter need not end first


def main() -> None:
    folder = Path(sys.argv[1])
    supervisor = Supervisor(folder)
    threading.Thread(target=_end_with, args=(folder / "watch", supervisor), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: _end(supervisor))
    # Bound under another name first: whoever sees the socket can already connect to it.
    with _Desk(str(folder / "ask.new"), supervisor) as desk:
        (folder / "ask.new").rename(folder / "ask")
        desk.serve_forever()


if __name__ == "__main__":
    main()
