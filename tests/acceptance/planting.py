"""What the planted-secret test needs: values nobody could say by chance, a server that repeats all, and commands."""

import base64
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

TESTS = Path(__file__).parents[1]
SAID = "Zebrafinch pupils whispered about fractions"
"""What somebody posted; the echo server says it, too."""


def mark(name: str) -> str:
    """A secret that stands in no other text."""
    return f"{name}-planted-{secrets.token_hex(8)}"


@dataclass
class Planted:
    """Every planted value by the place it was planted in."""

    marks: dict[str, str] = field(default_factory=dict)

    def plant(self, place: str, value: str = "") -> str:
        self.marks[place] = value or mark(place.split(maxsplit=1)[0].lower())
        return self.marks[place]

    def shown_in(self, text: str) -> set[str]:
        """The places whose secret stands in a text, as it is or as URLs, HTTP and digits spell it."""
        return {place for place, value in self.marks.items() if any(form in text for form in _forms(value))}


def _forms(value: str) -> set[str]:
    data = value.encode()
    basic = {
        base64.b64encode(bytes(before) + data)[4 : (before + len(data)) // 3 * 4 - 4].decode() for before in range(3)
    }
    return {value, quote(value, safe=""), data.hex(), *basic}


# -- a server that repeats -------------------------------------------------------------------------------------------
class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # as in networks/faults.py
    server: "EchoServer"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        asked = f"{SAID} {self.path} {dict(self.headers)} {body}"
        self.server.seen.append(asked)
        status = self.server.next_status()
        if "createSession" in self.path and self.server.session:
            said = {"did": "did:plc:" + "a" * 24, "handle": "chats.example.org", **self.server.session}
            self._answer(200, json.dumps(said))
        elif status == 0:  # no status line at all, but what was sent
            self.wfile.write(f"{self.headers.get('Authorization', asked)} {body}\r\n\r\n".encode())
            self.close_connection = True
        elif status == 1:  # JSON of another shape
            self._answer(200, json.dumps([asked]))
        else:
            said = {"error": asked if status % 2 else "InvalidRequest", "message": asked, "error_description": asked}
            self._answer(status, json.dumps(said))

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 - http.server wants them so

    def _answer(self, status: int, body: str) -> None:
        data = body.encode()
        self.send_response(status, "Said")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Location", f"http://user:{self.headers.get('Authorization', 'x')[-20:]}@127.0.0.1:1/?token=x")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class EchoServer(ThreadingHTTPServer):
    """Answers everything wrongly, in turn, with all that it was sent. `session`: what a login gives."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: list[str] = []
        self.statuses = [500]
        self.session: dict[str, str] = {}
        self._turn = 0

    def next_status(self) -> int:
        self._turn += 1
        return self.statuses[self._turn % len(self.statuses)]


@contextmanager
def echo_server() -> Iterator[EchoServer]:
    with EchoServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


# -- commands --------------------------------------------------------------------------------------------------------
class Nursery:
    """A parent that has everything imported, and forks a process for each command."""

    def __enter__(self) -> Self:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "acceptance.planted_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TESTS,
            env={**os.environ, "PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"},
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait(timeout=30)

    def begin(self, asked: dict[str, Any]) -> int:
        """Start a command; gives its number."""
        assert self._parent.stdin is not None
        self._parent.stdin.write(json.dumps(asked) + "\n")
        self._parent.stdin.flush()
        return int(self._told()["pid"])

    def end(self) -> int:
        """Wait for its end; gives its exit status."""
        return int(self._told()["status"])

    def _told(self) -> dict[str, int]:
        assert self._parent.stdout is not None
        told: dict[str, int] = json.loads(self._parent.stdout.readline())
        return told


class Commands:
    """Runs commands in processes of their own and keeps all they write."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self.folder = folder
        self.output = ""
        self._number = 0
        self._nursery = nursery

    def run(
        self,
        *argv: str | Path,
        env: dict[str, str],
        typed: str = "",
        sabotage: str = "",
        words: tuple[str, ...] = (),
        until: str = "",
        then: Callable[[int], None] | None = None,
    ) -> tuple[int, str]:
        """One command's exit status and all it wrote.

        `until`: it is told to stop when it has written this, and `then` was called with its number.
        """
        self._number += 1
        out, keys = self.folder / f"{self._number}.out", self.folder / f"{self._number}.typed"
        out.touch()
        keys.write_text(typed)
        here = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        asked = {
            "argv": [str(word) for word in argv], "env": {**here, **env}, "typed": str(keys), "out": str(out),
            "sabotage": sabotage, "words": words,
        }  # fmt: skip
        pid = self._nursery.begin(asked)
        try:
            if until:
                _wait_for(pid, out, until)
                if then:
                    then(pid)
        finally:
            if until:
                with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                    os.kill(pid, signal.SIGTERM)
            status = self._nursery.end()
        text = out.read_text(encoding="utf-8", errors="replace")
        self.output += text
        return status, text


def _wait_for(pid: int, out: Path, words: str, seconds: float = 60) -> None:
    """Until a process has written these words; it must not end before."""
    ends = time.monotonic() + seconds
    while words not in (said := out.read_text(encoding="utf-8", errors="replace")):
        assert time.monotonic() < ends, said
        assert Path(f"/proc/{pid}").exists(), said
        time.sleep(0.05)
