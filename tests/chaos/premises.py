"""Where a run of `make chaos` stands: one folder for all that any of its processes makes, and nothing left of it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ENDING = (signal.SIGTERM, signal.SIGINT)
PATIENCE = 20.0
"""Seconds that servers on their way out may go on writing."""


@contextmanager
def premises() -> Iterator[Path]:
    """A folder that is every process's place for temporary files; gone at the end, also after SIGTERM and Ctrl-C.

    Both are a ``KeyboardInterrupt`` inside.
    """
    folder = Path(tempfile.mkdtemp(prefix="staffroom-chaos-"))
    folder.chmod(0o711)  # started by root PostgreSQL runs as another user, in a folder below
    before, os.environ["TMPDIR"] = os.environ.get("TMPDIR"), str(folder)
    tempfile.tempdir = None  # it is asked for anew
    handlers = {number: signal.signal(number, _interrupt) for number in ENDING}
    try:
        yield folder
    finally:
        _ignore_more()
        _remove(folder)
        os.environ.pop("TMPDIR")
        os.environ.update({"TMPDIR": before} if before else {})
        tempfile.tempdir = None
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def ended_with_us(pool: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    """Processes that are ended where the block is left early: their evenings would go on for a minute."""
    with pool:
        try:
            yield pool
        except BaseException:
            for process in list(pool._processes.values()):
                process.terminate()
            raise


def _interrupt(*_: object) -> None:
    _ignore_more()
    raise KeyboardInterrupt


def _ignore_more() -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)  # whoever is impatient does not stop the cleaning


def _remove(folder: Path) -> None:
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        place = line.split(" ")[1]
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", place], check=False)
    ends = time.monotonic() + PATIENCE
    while folder.exists() and time.monotonic() < ends:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.1)
