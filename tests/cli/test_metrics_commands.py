"""`run --metrics`, `tick --metrics-file` and signs of life to systemd, by processes as users run them."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from cli.cli_world import ROOT, command, staffroom
from cli.test_running_commands import IN_TWO_DAYS, SOON, _surroundings, log, make, toot, until
from networks.faults import FaultProxy
from networks.mastodon_server import MastodonAccount
from prometheus_client.parser import text_string_to_metric_families

from bot.bootstrap import metrics, metrics_server, webserver
from bot.bootstrap.metrics_server import place_of
from bot.domain.vitals import Pulse
from bot.errors import StoreError

__all__ = ["_surroundings", "toot"]


@contextmanager
def running(folder: Path, token: str, *options: str, **environ: str) -> "Iterator[subprocess.Popen[str]]":
    """A `run` of its own with these options; killed at the end if it is still there."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "STAFFROOM_MASTODON_TOKEN": token, **environ}
    with (
        (folder / "log").open("w") as lines,
        subprocess.Popen(
            command("run", "-C", folder, *options), stdout=lines, stderr=lines, text=True, env=env, cwd=ROOT
        ) as started,
    ):
        try:
            yield started
        finally:
            started.kill()


def address(folder: Path) -> str:
    """Where it answers, once it says so."""
    until(lambda: re.search(r"http://127\.0\.0\.1:\d+/metrics", log(folder)))
    found = re.search(r"(http://127\.0\.0\.1:\d+)/metrics", log(folder))
    assert found is not None
    return found[1]


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def ends_well(live: "subprocess.Popen[str]") -> bool:
    live.send_signal(signal.SIGTERM)
    return live.wait(timeout=30) == 0


# -- HTTP ---------------------------------------------------------------------------------------------------------
def test_run_answers_with_figures_and_ends_with_the_loop(tmp_path: Path, toot: MastodonAccount) -> None:
    folder = make(tmp_path, toot.server.url, SOON)
    with (folder / "staffroom.yaml").open("a") as yaml:
        yaml.write("downloads: {address: 'https://records.example.org', listen: '127.0.0.1:0'}\n")
    with running(folder, toot.token, "--metrics", "0") as live:
        base = address(folder)
        until(lambda: "Records are given out at " in log(folder))
        assert httpx.get(log(folder).partition("given out at ")[2].split()[0]).status_code == 404
        until(lambda: "sent:" in log(folder))
        until(lambda: httpx.get(f"{base}/healthz").status_code == 200)
        assert httpx.get(f"{base}/healthz").json() == {"ok": True, "reasons": []}
        until(lambda: 'state="sent"} 1.0' in httpx.get(f"{base}/metrics").text)
        answer = httpx.get(f"{base}/metrics")
        assert ends_well(live)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(answer.text)
    ours = ("account", "mastodon")
    assert found["staffroom_healthy", ()] == found["staffroom_database_up", ()] == 1
    assert found["staffroom_delivery_lateness_seconds_count", (ours,)] == 1
    assert found["staffroom_delivery_lateness_seconds_bucket", (ours, ("le", "+Inf"))] == 1
    assert found["staffroom_account_silent_seconds", (ours,)] == 0
    assert found["staffroom_listening_mode", (ours, ("mode", "off"))] == 1
    assert 0 < found["process_open_fds", ()] < 200
    assert 10_000_000 < found["process_resident_memory_bytes", ()] < 1_000_000_000
    assert abs(time.time() - found["process_start_time_seconds", ()]) < 600
    assert toot.username not in answer.text
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/healthz")


def test_a_network_that_is_away_shows(tmp_path: Path, toot: MastodonAccount) -> None:
    folder = make(tmp_path, toot.server.url, SOON)
    with FaultProxy(toot.server.url) as proxy:
        config = (folder / "staffroom.yaml").read_text(encoding="utf-8")
        (folder / "staffroom.yaml").write_text(config.replace(toot.server.url, proxy.url), encoding="utf-8")
        proxy.answer(503, times=None)
        with running(folder, toot.token, "--metrics", "127.0.0.1:0") as live:
            base = address(folder)

            def silent() -> float:
                found = samples(httpx.get(f"{base}/metrics").text)
                return found.get(("staffroom_account_silent_seconds", (("account", "mastodon"),)), 0.0)

            until(silent)
            assert ends_well(live)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("0.0.0.0:9464", "on this computer only"),
        ("192.0.2.1:9464", "on this computer only"),
        ("metrics.example.org:9464", "on this computer only"),
        ("[::]:9464", "on this computer only"),
        ("99999", "write a port"),
        ("web", "write a port"),
        (":9464", "write a port"),
        ("127.0.0.1", "write a port"),
        ("٩٤٦٤", "write a port"),
        ("::1:9464", "write a port"),
    ],
)
def test_other_places_are_refused_kindly(tmp_path: Path, place: str, words: str) -> None:
    result = staffroom("run", "-C", make(tmp_path, "https://social.example.org", IN_TWO_DAYS), "--metrics", place)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("localhost:9464", ("127.0.0.1", 9464)),
        ("127.0.0.2:1", ("127.0.0.2", 1)),
        ("[::1]:9464", ("::1", 9464)),
    ],
)
def test_places_on_this_computer(text: str, expected: tuple[str, int]) -> None:
    assert place_of(text) == expected


def test_a_port_that_is_taken_is_said_before_anything_begins(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        folder = make(tmp_path, "https://social.example.org", IN_TWO_DAYS)
        result = staffroom("run", "-C", folder, "--metrics", str(port))
    assert result.exit_code == 2
    assert f"--metrics {port}: this port cannot be used" in result.stderr
    assert not (folder / "staffroom.db").exists()


class FakeHouse:
    """What a scrape asks of a house: a store that fails or waits as told."""

    def __init__(self) -> None:
        self.accounts = {"mastodon": "mastodon"}
        self.places = ()
        self.store = self.clock = self
        self.error: Exception | None = None
        self.open = threading.Event()
        self.open.set()
        self.asked = 0

    def now(self) -> Any:
        from bot.clock import SystemClock

        return SystemClock().now()

    def conditions(self) -> dict[str, Any]:
        return {}

    def gauges(self, *_: object) -> Any:
        self.asked += 1
        self.open.wait(60)
        if self.error:
            raise self.error
        from bot.domain.vitals import Gauges

        return Gauges({}, 0, 0, None, None)


@pytest.fixture
def house() -> FakeHouse:
    return FakeHouse()


@pytest.fixture
def pulse() -> Pulse:
    return Pulse(1.0, (), {})


@pytest.fixture
def base(house: FakeHouse, pulse: Pulse) -> Iterator[str]:
    told: list[str] = []
    with metrics_server.metrics_server("0", told.append) as serve:
        serve(house, lambda: pulse)  # type: ignore[arg-type]
        yield told[0].removeprefix("Metrics: ").removesuffix("/metrics")
    house.open.set()


def test_a_database_that_does_not_answer_is_a_reason(base: str, house: FakeHouse) -> None:
    house.error = StoreError("postgresql://me@db/chats is gone")
    answer = httpx.get(f"{base}/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"ok": False, "reasons": ["the database does not answer"]}
    found = samples(httpx.get(f"{base}/metrics").text)
    assert (found["staffroom_healthy", ()], found["staffroom_database_up", ()]) == (0, 0)


def test_a_database_that_hangs_is_asked_once(base: str, house: FakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "PATIENCE", 0.05)
    house.open.clear()
    threading.Thread(target=lambda: httpx.get(f"{base}/metrics", timeout=60), daemon=True).start()
    until(lambda: house.asked)
    for page in ("healthz", "metrics", "healthz"):
        answer = httpx.get(f"{base}/{page}")
        assert (answer.status_code, answer.text) == (503, "The database does not answer.\n")
    assert house.asked == 1


@pytest.mark.parametrize(("fresh", "asked"), [(3600.0, 1), (0.0, 6)])
def test_asking_often_does_not_ask_the_database_often(
    base: str, house: FakeHouse, monkeypatch: pytest.MonkeyPatch, fresh: float, asked: int
) -> None:
    monkeypatch.setattr(metrics, "FRESH", fresh)
    for _ in range(3):
        httpx.get(f"{base}/metrics")
        httpx.get(f"{base}/healthz?x=1")
    assert house.asked == asked


def test_a_bug_shows_the_caller_nothing(base: str, house: FakeHouse, capfd: pytest.CaptureFixture[str]) -> None:
    house.error = ValueError("a planted secret")
    answer = httpx.get(f"{base}/metrics")
    assert (answer.status_code, answer.text) == (500, "This did not work; see the log.\n")
    shown = capfd.readouterr()
    assert "planted" not in shown.out + shown.err
    house.error = None
    assert httpx.get(f"{base}/healthz").status_code == 200  # the next look is a new one


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_only_get_is_answered(base: str, method: str) -> None:
    answer = httpx.request(method, f"{base}/metrics")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_other_paths_are_not_there(base: str) -> None:
    for path in ("/", "/metrics/", "/metrics/../healthz/x", "/%2e%2e/etc/passwd", "/<script>"):
        answer = httpx.get(base + path)
        assert (answer.status_code, answer.text) == (404, "There is /healthz and /metrics here.\n")


@pytest.mark.parametrize(
    "words", [b"\x16\x03\x01 hello\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 70_000]
)
def test_what_is_no_request_is_refused_in_few_words(base: str, words: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=30) as line:
        line.sendall(words)
        answer = b""
        try:
            while piece := line.recv(4096):
                answer += piece
        except ConnectionResetError:
            pass  # it had not read all of it, and hung up
    assert len(answer) < 400
    assert b"Traceback" not in answer
    shown = capfd.readouterr()
    assert "Traceback" not in shown.out + shown.err
    assert httpx.get(f"{base}/healthz").status_code == 200


def test_silent_clients_do_not_keep_others_out(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server._Handler, "timeout", 0.2)
    port = int(base.rpartition(":")[2])
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(3 * webserver.AT_ONCE)]

    def answers() -> bool:
        try:
            return httpx.get(f"{base}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    until(answers)
    for line in silent:
        line.close()


# -- textfile collector ---------------------------------------------------------------------------------------------
def test_tick_leaves_a_file_for_node_exporter(
    tmp_path: Path, toot: MastodonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", toot.token)
    folder, path = make(tmp_path, toot.server.url, SOON), tmp_path / "staffroom.prom"
    with (folder / "staffroom.yaml").open("a") as yaml:
        yaml.write("publish:\n  - git: http://127.0.0.1:1/planted.git\n    name: web\n")
    assert staffroom("tick", "-C", folder, "--metrics-file", path).exit_code == 1  # a place is out of order
    found = samples(path.read_text(encoding="utf-8"))
    ours = ("account", "mastodon")
    assert found["staffroom_deliveries", (ours, ("state", "sent"))] == 1
    assert found["staffroom_delivery_lateness_seconds_count", (ours,)] == 1
    assert abs(found["staffroom_worked_timestamp_seconds", ()] - time.time()) < 120
    failing = {
        labels: seconds > 0 for (name, labels), seconds in found.items() if name == "staffroom_place_failing_seconds"
    }
    assert failing == {(("place", "site"),): False, (("place", "web"),): True}
    assert "planted" not in path.read_text(encoding="utf-8")
    names = {name for name, _ in found}
    assert not any(name.startswith(("process_", "staffroom_lock", "staffroom_listening")) for name in names)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("staffroom.prom")] == ["staffroom.prom"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_metrics_file_that_cannot_be_written_is_said(
    tmp_path: Path, toot: MastodonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", toot.token)
    folder = make(tmp_path, toot.server.url, IN_TWO_DAYS)
    result = staffroom("tick", "-C", folder, "--metrics-file", tmp_path / "nowhere" / "x.prom")
    assert result.exit_code == 1
    assert "cannot be written (No such file or directory)" in result.stderr


# -- systemd --------------------------------------------------------------------------------------------------------
class Systemd:
    """The socket on which a service tells how it does; all that was told, in order."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(path))
        self._line.setblocking(False)
        self._messages: list[list[str]] = []

    def messages(self) -> list[list[str]]:
        while True:
            try:
                self._messages.append(self._line.recv(4096).decode().splitlines())
            except BlockingIOError:
                return list(self._messages)

    def told(self, line: str) -> int:
        return sum(line in message for message in self.messages())

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    line = Systemd(tmp_path / "notify")
    yield line
    line.close()


def test_run_tells_systemd_that_it_is_ready_works_and_stops(
    tmp_path: Path, toot: MastodonAccount, systemd: Systemd
) -> None:
    folder = make(tmp_path, toot.server.url, IN_TWO_DAYS)
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
    with running(folder, toot.token, **environ) as live:
        until(lambda: systemd.told("READY=1"))
        assert "Running 1 accounts." in log(folder)  # the lock is held by then
        until(lambda: systemd.told("WATCHDOG=1") >= 4)
        assert ends_well(live)
    first, *_, last = systemd.messages()
    assert first == ["READY=1", "STATUS=Running 1 accounts.", "WATCHDOG=1"]
    assert last == ["STOPPING=1", "STATUS=Stopping."]
    assert systemd.told("READY=1") == 1


STUCK = """
import sys, threading
from bot.domain import vitals
vitals.LOCK_STUCK = 0.5
from bot.storage.running import Running
hold, calls = Running.hold_lock, [0]
def hanging(self, *args):
    calls[0] += 1
    if calls[0] > 2:
        threading.Event().wait()
    return hold(self, *args)
Running.hold_lock = hanging
import bot.runner
from datetime import timedelta
bot.runner.LEASE = timedelta(seconds=1)
from bot.cli import main
main(sys.argv[1:])
"""


def test_a_loop_that_hangs_gives_no_more_signs_of_life(tmp_path: Path, toot: MastodonAccount, systemd: Systemd) -> None:
    """Its process lives and other duties go on, but the right to post is not renewed: systemd has to end it."""
    folder = make(tmp_path, toot.server.url, IN_TWO_DAYS)
    notify = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
    env = {**os.environ, "STAFFROOM_MASTODON_TOKEN": toot.token, "PYTHONPATH": str(ROOT), **notify}
    script = tmp_path / "stuck.py"
    script.write_text(STUCK, encoding="utf-8")
    [python, *_] = command("run")
    with (
        (tmp_path / "log").open("w") as lines,
        subprocess.Popen([python, script, "run", "-C", folder], stdout=lines, stderr=lines, env=env, cwd=ROOT) as live,
    ):
        try:
            until(lambda: systemd.told("WATCHDOG=1"))
            until(
                lambda: any(
                    line.startswith("STATUS=Stuck: lock has been under") for m in systemd.messages() for line in m
                )
            )
            before = systemd.told("WATCHDOG=1")
            time.sleep(1)  # five pings' time
            assert systemd.told("WATCHDOG=1") == before
            assert live.poll() is None
        finally:
            live.kill()
