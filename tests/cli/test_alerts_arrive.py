"""Trouble on a real network ends in an operator's mailbox: once when it begins, once when it is over."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cli.cli_world import STAFFROOM, folder_with, staffroom
from networks.faults import FaultProxy
from networks.mastodon_server import MastodonAccount, MastodonServer
from unit.mail_server import MailServer

from bot.bootstrap import duties_of, running_house
from bot.errors import LoginError, StoreError
from bot.runner import Loop
from bot.tick import House, Ticked, tick

MINUTE = timedelta(minutes=1)
START = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1)

SERIES = f"""\
title: Ed Chat
hashtag: EdChat
timezone: UTC
every: only dates
at: 12:00
length: 40 minutes
announce: [1 hour]
accounts: [mastodon]
chats:
  - date: {START:%Y-%m-%d}
    topic: Feedback that pupils use
    questions: [What does feedback look like?, What did you stop?]
"""


class Moved:
    """Real time plus an offset that a test changes."""

    def __init__(self, minutes: float) -> None:
        self.offset = timedelta(0)
        self.to(minutes)

    def to(self, minutes: float) -> None:
        """So many minutes after the chat's start."""
        self.offset = START + timedelta(minutes=minutes) - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


@pytest.fixture(autouse=True)
def _no_logins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("STAFFROOM_") and name != "STAFFROOM_TEST_SERVERS"]:
        monkeypatch.delenv(name)


@pytest.fixture
def post() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def proxy(mastodon_server: MastodonServer) -> Iterator[FaultProxy]:
    with FaultProxy(mastodon_server.url) as between:
        yield between


@pytest.fixture
def account(
    mastodon_server: MastodonServer, unique: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> MastodonAccount:
    one = mastodon_server.create_account(unique("ops"), bot=True)
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", one.token)
    return one


@pytest.fixture
def folder(tmp_path: Path, proxy: FaultProxy, post: MailServer, account: MastodonAccount) -> Path:
    del account
    return make(tmp_path / "bot", proxy.url, post.port)


def make(target: Path, server: str, port: int, to: str = "ops@example.org") -> Path:
    head = STAFFROOM.partition("networks:\n")[0]
    alerts = f"alerts: {{to: ['{to}'], mail: {{server: 127.0.0.1, port: {port}, sender: bot@example.org}}}}\n"
    return folder_with(target, f'{head}networks:\n  mastodon: {{server: "{server}"}}\n{alerts}', SERIES)


@contextmanager
def opened(folder: Path, minutes: float, said: list[str] | None = None) -> Iterator[House]:
    """A house as `staffroom tick` opens it: a process of its own, as far as it can know."""
    lines = [] if said is None else said
    with running_house(folder, lines.append, wait=False, clock=Moved(minutes)) as house:
        assert house is not None
        yield house


def tick_at(folder: Path, minutes: float) -> Ticked:
    with opened(folder, minutes) as house:
        return tick(house, publish=False)


def until(done: Callable[[], Any], seconds: float = 120) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends, "it does not come"
        time.sleep(0.05)


def test_ticks_tell_of_an_unplugged_network_once_and_once_when_it_is_back(
    folder: Path, proxy: FaultProxy, post: MailServer
) -> None:
    assert tick_at(folder, -60).sent
    tick_at(folder, 0)
    assert post.box.mails == []
    proxy.unplug()
    for minute in (1, 5, 7, 8):
        tick_at(folder, minute)
        assert len(post.box.mails) == (minute > 6)  # the first unanswered request left a little after minute 1
    assert post.box.subjects == ["Staffroom: mastodon: not answering"]
    assert "mastodon has not answered since" in post.box.mails[0].get_content()
    proxy.plug()
    for minute in (12, 13):
        tick_at(folder, minute)
    assert post.box.subjects[1:] == ["Staffroom: mastodon answers again"]
    assert post.box.recipients == ["ops@example.org"] * 2


def test_run_tells_of_an_unplugged_network_once_and_once_when_it_is_back(
    folder: Path, proxy: FaultProxy, post: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runner.SAFETY", timedelta(seconds=0.3))
    monkeypatch.setattr("bot.bootstrap.alerting.LOOK", timedelta(seconds=0.2))
    clock, said = Moved(-5), list[str]()  # too late for the announcement, which is told as missed

    def told() -> list[str]:
        return [subject for subject in post.box.subjects if "mastodon" in subject]

    with running_house(folder, said.append, clock=clock) as house:
        assert house is not None
        loop = Loop(house, said.append, extra=duties_of(house, said.append))
        running = threading.Thread(target=loop.run)
        running.start()
        try:
            clock.to(0.1)
            until(lambda: any(line.startswith("sent: ") for line in said))
            proxy.unplug()
            clock.to(4)
            until(lambda: any(one.key == "silent:mastodon" for one in house.store.alerts()))
            assert told() == []
            clock.to(10)
            until(told)
            proxy.plug()
            clock.to(13)
            until(lambda: len(told()) > 1)
        finally:
            loop.stop()
            running.join()
    assert told() == ["Staffroom: mastodon: not answering", "Staffroom: mastodon answers again"]


def test_prompts_that_were_missed_because_nobody_was_at_work(folder: Path, post: MailServer) -> None:
    tick_at(folder, -60)
    back = tick_at(folder, 55)
    assert back.missed
    tick_at(folder, 56)
    (mail,) = post.box.mails
    text = mail.get_content()
    for delivery in back.missed:
        assert f"missed: {delivery}, due" in text
    assert "Staffroom itself was not at work from" in text
    assert str(mail["Subject"]) == f"Staffroom: {len(back.missed)} prompts were missed"


def test_a_login_that_is_refused(folder: Path, post: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    tick_at(folder, -60)
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", "not-a-token")
    for minute in (0, 1):
        tick_at(folder, minute)
    (mail,) = post.box.mails
    assert str(mail["Subject"]) == "Staffroom: mastodon: login refused"
    assert "Run `staffroom login mastodon`" in mail.get_content()
    assert "not-a-token" not in mail.as_string()


@pytest.mark.parametrize("token", ["not-a-token", ""])
def test_a_run_that_cannot_begin_for_its_login(
    folder: Path, post: MailServer, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    """As often as systemd starts it again, it is told once."""
    monkeypatch.setenv("STAFFROOM_MASTODON_TOKEN", token)
    for minute in range(3):
        with pytest.raises(LoginError), running_house(folder, print, clock=Moved(minute)):
            pytest.fail("it has begun")
    assert post.box.subjects == ["Staffroom: mastodon: login refused"]


def test_a_database_that_cannot_be_reached(folder: Path, post: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    tick_at(folder, -60)
    with monkeypatch.context() as patch:
        patch.setenv("STAFFROOM_DATABASE", "postgresql://staffroom:hunter22@127.0.0.1:1/nowhere")
        for minute in range(3):
            with pytest.raises(StoreError), opened(folder, minute):
                pytest.fail("it has begun")
    (mail,) = post.box.mails
    assert str(mail["Subject"]) == "Staffroom: the database or the disk cannot be used"
    assert "hunter22" not in mail.as_string()
    tick_at(folder, 4)
    tick_at(folder, 5)
    assert post.box.subjects[1:] == ["Staffroom: the database and the disk can be used again"]
    assert [one.name for one in folder.iterdir() if "alerted" in one.name] == []


def test_a_mail_server_that_is_down_stops_nothing(tmp_path: Path, proxy: FaultProxy, account: MastodonAccount) -> None:
    del account
    post = MailServer()  # not yet there
    folder = make(tmp_path / "bot", proxy.url, post.port)
    tick_at(folder, -60)
    done = tick_at(folder, 39.5)
    assert done.missed
    assert done.sent
    (trouble,) = done.troubles
    assert trouble.startswith(f"alerts: the mail server 127.0.0.1:{post.port} could not be reached")
    with post:
        assert tick_at(folder, 45).troubles == ()
    assert len(post.box.mails) == 1


# -- doctor ------------------------------------------------------------------------------------------------------


def doctor(folder: Path, *more: str) -> list[tuple[str, str]]:
    found = json.loads(staffroom("doctor", "-C", folder, "--json", *more).stdout)
    return [(one["state"], one["message"]) for one in found if one["subject"] == "alerts"]


def test_doctor_sends_a_test(folder: Path, post: MailServer) -> None:
    assert doctor(folder, "--send-test-alert") == [("well", "a test was sent to ops@example.org; has it arrived?")]
    assert post.box.subjects == ["Staffroom: a test"]
    assert doctor(folder) == [("well", "1 recipient; `staffroom doctor --send-test-alert` tries it")]


def test_doctor_says_why_a_test_was_not_sent(folder: Path, post: MailServer) -> None:
    post.box.answers = ["550 nobody here"]
    shown = staffroom("doctor", "-C", folder, "--send-test-alert")
    assert shown.exit_code == 1
    assert "wrong  alerts: ops@example.org was not told: the mail server 127.0.0.1:" in shown.stdout
    assert "will not take the mail (550)" in shown.stdout


@pytest.mark.parametrize(
    ("alerts", "state", "said"),
    [
        ("", "note", "nobody is told when a prompt is missed"),
        ("alerts: {to: '@sam@social.example.org'}\n", "note", "all of them go by mastodon"),
        (
            "alerts: {to: [ops@example.org], mail: {server: smtp.example.org, sender: a@example.org, user: a}}\n",
            "wrong",
            "smtp.example.org wants a password",
        ),
        ("alerts: {to: ['@sam@social.example.org', sam.example.org]}\n", "well", "2 recipients"),
    ],
)
def test_doctor_says_whether_anybody_is_told(tmp_path: Path, alerts: str, state: str, said: str) -> None:
    folder = folder_with(tmp_path / "bot", STAFFROOM + alerts)
    ((found, message),) = doctor(folder)
    assert found == state
    assert message.startswith(said)
    assert doctor(folder, "--send-test-alert")[0][0] != "well"


def test_a_password_file_that_is_missing_is_told_by_doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFROOM_MAIL_PASSWORD_FILE", str(tmp_path / "gone"))
    folder = make(tmp_path / "bot", "https://social.example.org", 1)
    ((state, message),) = doctor(folder)
    assert state == "wrong"
    assert message.startswith("STAFFROOM_MAIL_PASSWORD_FILE")
