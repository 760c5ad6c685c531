"""However a run of `make chaos` ends, its processes end with it and none of its files is left."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import os, sys, tempfile, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from chaos.premises import ended_with_us, premises

def work():
    print(os.getpid(), tempfile.mkdtemp(), flush=True)
    time.sleep(600)

if __name__ == "__main__":
    try:
        with premises() as folder, ended_with_us(ProcessPoolExecutor(1, get_context("fork"))) as pool:
            print(folder, flush=True)
            pool.submit(work).result()
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_of_it(tmp_path: Path, number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", RUN], env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        folder = Path(running.stdout.readline().strip())
        worker, made = running.stdout.readline().split()
        assert Path(made).parent == folder
        running.send_signal(number)
        running.send_signal(number)  # whoever is impatient

        assert running.wait(60) == 130
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(worker), 0)


WAITING = """
import signal
from chaos import playing
from chaos.lives import Nursery

nursery = playing._HERE["nursery"] = Nursery(command=["sleep", "600"])
signal.signal(signal.SIGTERM, playing._end)
print(nursery.process.pid, flush=True)
nursery.process.wait()
"""


def test_a_process_that_waits_for_its_nursery_ends_at_once(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", WAITING], env=environment, stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout
        nursery = int(one.stdout.readline())
        one.terminate()
        try:
            assert one.wait(60) == 1
        finally:
            one.kill()
            with contextlib.suppress(ProcessLookupError):
                os.kill(nursery, signal.SIGKILL)
