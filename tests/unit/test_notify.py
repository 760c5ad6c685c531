"""Telling systemd, over real datagram sockets."""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.bootstrap.notify import Notifier, notify, watchdog
from bot.domain.vitals import Pulse

NOW = datetime(2027, 1, 7, 20, 0, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOW


@contextmanager
def systemd(name: str) -> Iterator[Callable[[], str]]:
    """A socket as systemd holds it; gives what takes the next message, empty where there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(name)
        line.setblocking(False)

        def message() -> str:
            try:
                return line.recv(4096).decode()
            except BlockingIOError:
                return ""

        yield message


@pytest.fixture(params=["path", "abstract"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """What to bind, and how systemd names it."""
    if request.param == "path":
        return str(tmp_path / "s"), str(tmp_path / "s")
    name = f"staffroom-{secrets.token_hex(8)}"
    return f"\0{name}", f"@{name}"


def test_messages_arrive(place: tuple[str, str]) -> None:
    with systemd(place[0]) as message:
        assert notify("READY=1", "STATUS=Good.", environ={"NOTIFY_SOCKET": place[1]})
        assert message() == "READY=1\nSTATUS=Good."


@pytest.mark.parametrize("address", ["", "vsock:2:1", "/nowhere/at/all", "@nobody-listens-here", "/" + "x" * 500])
def test_where_nobody_listens_nothing_goes_wrong(address: str) -> None:
    assert not notify("READY=1", environ={"NOTIFY_SOCKET": address})
    assert not notify("READY=1", environ={})


def test_a_full_queue_holds_up_nothing(tmp_path: Path) -> None:
    address = str(tmp_path / "s")
    with systemd(address):
        told = 0
        while notify("WATCHDOG=1", environ={"NOTIFY_SOCKET": address}):
            told += 1
            assert told < 100_000
    assert told > 0


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "90000000"}, 90.0),
        ({"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": str(os.getpid())}, 90.0),
        ({"WATCHDOG_USEC": "90000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_how_often_a_sign_of_life_is_wanted(environ: dict[str, str], expected: float | None) -> None:
    assert watchdog(environ) == (None if expected is None else timedelta(seconds=expected))


def test_signs_of_life_stop_while_it_is_stuck(tmp_path: Path) -> None:
    address = str(tmp_path / "s")
    environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "90000000"}
    stuck: tuple[str, ...] = ()
    notifier = Notifier(Clock(), 2, environ)
    notifier.pulse = lambda: Pulse(lock_age=1.0, stuck=stuck, hearing={})
    [duty] = notifier.duties.values()
    with systemd(address) as message:
        assert duty() == NOW + timedelta(seconds=45)
        assert message() == "READY=1\nSTATUS=Running 2 accounts.\nWATCHDOG=1"
        duty()
        assert message() == "WATCHDOG=1"
        stuck = ("house has been under way for 901 seconds",)
        duty()
        assert message() == "STATUS=Stuck: house has been under way for 901 seconds"
        duty()
        assert message() == ""
        stuck = ()
        duty()
        assert message() == "STATUS=Running 2 accounts.\nWATCHDOG=1"
        notifier.stopping()
        assert message() == "STOPPING=1\nSTATUS=Stopping."


def test_what_was_under_way_when_it_ends_gives_no_sign_of_life_behind_its_last_word(tmp_path: Path) -> None:
    address = str(tmp_path / "s")
    notifier = Notifier(Clock(), 2, {"NOTIFY_SOCKET": address})

    def pulse() -> Pulse:
        notifier.stopping()  # as when a signal comes in the middle of a duty
        return Pulse(lock_age=1.0, stuck=(), hearing={})

    notifier.pulse = pulse
    with systemd(address) as message:
        notifier.duty()
        assert message() == "STOPPING=1\nSTATUS=Stopping."
        assert message() == ""


def test_there_is_no_duty_where_nobody_listens() -> None:
    assert Notifier(Clock(), 2, {"WATCHDOG_USEC": "90000000"}).duties == {}


def test_without_a_watchdog_the_status_is_told_each_minute(tmp_path: Path) -> None:
    notifier = Notifier(Clock(), 1, {"NOTIFY_SOCKET": str(tmp_path / "s")})
    assert notifier.duty() == NOW + timedelta(minutes=1)
