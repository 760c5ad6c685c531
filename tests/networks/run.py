"""A test run's side of the supervisor: ask for a server, whichever worker we are."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from networks.yard import StartError, python_path, wait_for

FOLDER = "STAFFROOM_TEST_SERVERS"


class ServerRun:
    """The servers of one test run: opened by its first process, joined by its workers, started on demand."""

    def __init__(self, folder: Path, watch: socket.socket | None) -> None:
        self._folder = folder
        self._watch = watch

    @classmethod
    def open(cls) -> Self:
        """Begin a run. Starts no process: a run that asks for no server costs one folder."""
        folder = Path(tempfile.mkdtemp(prefix="staffroom-tests-"))
        folder.chmod(0o711)  # a PostgreSQL started by root runs as another user, in a folder below
        watch = socket.socket(socket.AF_UNIX)
        watch.bind(str(folder / "watch"))
        watch.listen()
        os.environ[FOLDER] = str(folder)  # workers inherit it
        return cls(folder, watch)

    @classmethod
    def join(cls) -> Self:
        """The run of the process that started this worker."""
        return cls(Path(os.environ[FOLDER]), None)

    def info(self, name: str) -> dict[str, Any]:
        """How to reach a server, started if need be; raises StartError, with the server's last words."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self._folder / "ask").exists():
                self._start_supervisor()
        try:
            answer = self._ask({"start": name})
        except OSError as error:
            raise StartError(f"the test servers' supervisor went away in this run ({error}); run again") from error
        if "error" in answer:
            raise StartError(answer["error"])
        found: dict[str, Any] = answer["info"]
        return found

    def close(self) -> None:
        """Stop every server of the run and wait for it; only the process that opened the run does this."""
        if self._watch is None:
            return
        with suppress(OSError):  # no supervisor, or none any more: then its servers are gone as well
            self._ask({"stop": True})
        self._watch.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start_supervisor(self) -> None:
        with (self._folder / "supervisor.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "networks.supervisor", str(self._folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for the tests, which then stop the servers
                env={**os.environ, "PYTHONPATH": python_path(), "TMPDIR": str(self._folder)},
            )

        def ready() -> bool:
            if process.poll() is not None:
                raise StartError((self._folder / "supervisor.log").read_text())
            return (self._folder / "ask").exists()

        wait_for(ready, seconds=30)
        process.returncode = 0  # it outlives this worker on purpose: nothing to wait for, nothing to warn about

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(240)
            line.connect(str(self._folder / "ask"))
            line.sendall(json.dumps(question).encode() + b"\n")
            with line.makefile("rb") as answers:
                answer = answers.readline()
        found: dict[str, Any] = json.loads(answer) if answer else {}
        return found


def main() -> None:
    """Start the named servers, say how to reach them, and stop them when told."""
    run = ServerRun.open()
    try:
        for name in sys.argv[1:]:
            print(name, json.dumps(run.info(name), indent=2))
        input("Enter stops them. ")
    except (KeyboardInterrupt, EOFError):
        print()
    finally:
        run.close()


if __name__ == "__main__":
    main()
