"""Operators are told of trouble: on sandbox networks, with a store and a mail carrier that may fail."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from services.stage import CHAT, START, Stage

from bot.domain.alertwords import trial
from bot.errors import (
    Busy,
    LoginError,
    NetworkError,
    Refused,
    StaffroomError,
    StoreError,
    Unanswered,
    Unauthorized,
    Unavailable,
)
from bot.ports import Condition, Notice
from bot.publishing.marker import FileMarker
from bot.services.alerts import Alerter
from bot.services.messenger import Messenger
from bot.services.outage import Outage, Watch

MINUTE = timedelta(minutes=1)


class Carrier:
    """Mail that arrives at once, unless an error waits for it."""

    def __init__(self) -> None:
        self.mails: list[Notice] = []
        self.errors: list[NetworkError] = []
        self.tried = 0

    def send(self, notice: Notice) -> None:
        self.tried += 1
        if self.errors:
            raise self.errors.pop(0)
        self.mails.append(notice)

    @property
    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mails]


class Office:
    """The stage with somebody to be told."""

    def __init__(self, folder: Path, *to: str) -> None:
        self.stage = Stage(folder)
        self.mail = Carrier()
        self.conditions: dict[str, Condition] = {"bluesky": Condition(), "mastodon": Condition()}
        self.messenger = Messenger(
            accounts=self.stage.house.accounts,
            conditions=lambda: self.conditions,
            network=self.stage.networks.__getitem__,
            to=to or ("ops@example.org",),
            mail=self.mail,
        )
        self.alerter = Alerter(self.stage.store, self.messenger)
        self.stage.house = self.stage.open("one")

    def at(self, minutes: float) -> tuple[str, ...]:
        """Look and tell, so many minutes after the chat's start; gives the troubles."""
        return self.alerter.work(START + timedelta(minutes=minutes)).troubles

    def silent(self, account: str, minutes: float | None) -> None:
        since = None if minutes is None else START + timedelta(minutes=minutes)
        self.conditions[account] = Condition(silent_since=since)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    one = Office(tmp_path)
    one.stage.at(-65)  # the plan is stored
    return one


def test_a_network_that_is_down_and_back(office: Office) -> None:
    assert office.at(0) == ()
    office.silent("mastodon", 2)
    for minute in range(3, 20):
        office.at(minute)
    assert office.mail.subjects == ["Staffroom: mastodon: not answering"]
    assert CHAT in office.mail.mails[0].text
    office.silent("mastodon", None)
    for minute in range(20, 30):
        office.at(minute)
    assert office.mail.subjects[1:] == ["Staffroom: mastodon answers again"]
    assert office.stage.store.alerts() == ()


def test_a_missed_prompt(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.stage.at(-65)
    office.stage.at(100)  # nobody was at work all evening
    office.at(100)
    (mail,) = office.mail.mails
    assert "prompts were missed" in mail.subject
    assert f"missed: {CHAT}/q1@bluesky" in mail.text
    assert "Staffroom itself was not at work from 7 Jan 18:55 UTC to 7 Jan 21:40 UTC." in mail.text


def test_a_crash_between_writing_and_sending_loses_nothing_and_says_nothing_twice(office: Office) -> None:
    office.silent("mastodon", 0)
    office.alerter.look(START + 6 * MINUTE)  # and here it is killed
    again = Alerter(office.stage.store, office.messenger)
    again.work(START + 7 * MINUTE)
    again.work(START + 8 * MINUTE)
    assert office.mail.subjects == ["Staffroom: mastodon: not answering"]


@pytest.mark.parametrize(
    ("error", "minutes"),
    [(Unavailable("down"), 1), (Unanswered("who knows"), 1), (Busy("wait", 300), 5), (Unauthorized("who?"), 10)],
)
def test_mail_that_does_not_go_is_tried_again_as_the_same_mail(
    office: Office, error: NetworkError, minutes: int
) -> None:
    office.silent("mastodon", 0)
    office.mail.errors = [error]
    assert office.at(6) == (f"alerts: {error}",)
    assert office.at(6.1) == ()  # left alone meanwhile
    assert office.mail.tried == 1
    office.at(6 + minutes)
    (mail,) = office.mail.mails
    assert mail.id.endswith(".0")
    assert mail.at == START + 6 * MINUTE
    office.at(40)
    assert office.mail.tried == 2


def test_a_server_that_is_down_is_not_asked_for_each_mail(tmp_path: Path) -> None:
    office = Office(tmp_path, "one@example.org", "two@example.org", "three@example.org")
    office.stage.at(-65)
    office.silent("mastodon", 0)
    office.mail.errors = [Unavailable("down")]
    assert office.at(6) == ("alerts: down",)
    assert office.mail.tried == 1
    office.at(10)
    assert [mail.to for mail in office.mail.mails] == ["one@example.org", "two@example.org", "three@example.org"]
    assert len({mail.message for mail in office.mail.mails}) == 1


def test_a_refused_mail_is_given_up_and_the_others_go(tmp_path: Path) -> None:
    office = Office(tmp_path, "nobody@example.org", "ops@example.org")
    office.stage.at(-65)
    office.silent("mastodon", 0)
    office.mail.errors = [Refused("no such person")]
    assert office.at(6) == ("alerts: no such person",)
    assert office.at(60) == ()
    assert [mail.to for mail in office.mail.mails] == ["ops@example.org"]


def test_what_did_not_go_for_a_day_is_no_news(office: Office) -> None:
    office.silent("mastodon", 0)
    office.mail.errors = [Unavailable("down")] * 10_000
    for hour in range(24):
        office.at(6 + 60 * hour)
    tried = office.mail.tried
    office.mail.errors = []
    office.silent("mastodon", None)
    office.at(6 + 24 * 60)
    assert office.mail.subjects == ["Staffroom: mastodon answers again"]
    assert office.mail.tried == tried + 1


# -- private messages --------------------------------------------------------------------------------------------


def told(office: Office, network: str) -> list[tuple[str, str]]:
    """To whom what was said privately on a network."""
    server = office.stage.servers[network]  # type: ignore[index]
    return [(to, text) for _, to, text in server.messages.values()]


@pytest.fixture
def by_handle(tmp_path: Path) -> Office:
    one = Office(tmp_path, "sam.example.org", "@sam@social.example.org")
    one.stage.servers["bluesky"].create_account("sam.example.org")
    one.stage.servers["mastodon"].create_account("@sam@social.example.org")
    one.stage.at(-65)
    return one


def test_people_are_told_privately_by_the_account_on_their_network(by_handle: Office) -> None:
    by_handle.conditions["mastodon"] = Condition(refused_since=START)
    by_handle.at(1)
    by_handle.at(2)
    for network in ("bluesky", "mastodon"):
        ((_, text),) = told(by_handle, network)
        assert text.startswith("Staffroom:\nmastodon refuses the login")
    assert by_handle.mail.mails == []


def test_the_account_that_is_down_tells_it_when_it_is_back(by_handle: Office) -> None:
    by_handle.silent("mastodon", 0)
    by_handle.stage.servers["mastodon"].offline = True
    said = by_handle.at(6)
    assert said == ("alerts: mastodon cannot write a private message now",)
    assert len(told(by_handle, "bluesky")) == 1
    assert told(by_handle, "mastodon") == []
    by_handle.stage.servers["mastodon"].offline = False
    by_handle.silent("mastodon", None)
    by_handle.at(20)
    assert [text.partition("\n")[2][:18] for _, text in told(by_handle, "mastodon")] == [
        "mastodon has not a",
        "mastodon answers a",
    ]


def test_nobody_by_that_handle_is_given_up_without_repeating_it(tmp_path: Path) -> None:
    office = Office(tmp_path, "gone.example.org", "ops@example.org")
    office.stage.at(-65)
    office.silent("mastodon", 0)
    (said,) = office.at(6)
    assert said.startswith("alerts: bluesky may not write to one of those under `to:`")
    assert "gone" not in said
    assert len(office.mail.mails) == 1
    assert office.at(60) == ()


def test_an_account_that_cannot_be_used_leaves_it_to_another(tmp_path: Path) -> None:
    office = Office(tmp_path, "sam.example.org")
    office.stage.servers["bluesky"].create_account("sam.example.org")
    sick: dict[str, StaffroomError] = {"maths": LoginError("no login"), "physics": Unavailable("down")}

    def network(account: str) -> object:
        if account in sick:
            raise sick[account]
        return office.stage.networks[account]

    accounts = {"maths": "bluesky", "physics": "bluesky", "bluesky": "bluesky"}
    several = Messenger(accounts, dict, network, ["sam.example.org"], None)  # type: ignore[arg-type]
    assert several.at_once(trial(), START) == (("sam.example.org", ""),)
    assert len(told(office, "bluesky")) == 1
    sick["bluesky"] = Unanswered("silence")
    ((_, why),) = several.at_once(trial(), START + MINUTE)
    assert "did not say whether" in why


def test_an_account_in_trouble_is_asked_last(tmp_path: Path) -> None:
    office = Office(tmp_path, "sam.example.org")
    office.stage.servers["bluesky"].create_account("sam.example.org")
    asked: list[str] = []

    def network(account: str) -> object:
        asked.append(account)
        return office.stage.networks["bluesky"]

    sick = {"bluesky": Condition(silent_since=START), "spare": Condition()}
    accounts = {"bluesky": "bluesky", "spare": "bluesky"}
    Messenger(accounts, lambda: sick, network, ["sam.example.org"], None).at_once(trial(), START)  # type: ignore[arg-type]
    assert asked == ["spare"]


# -- no store ----------------------------------------------------------------------------------------------------


@pytest.fixture
def outage(office: Office, tmp_path: Path) -> Outage:
    return Outage(office.messenger, FileMarker((tmp_path / "mark",)))


def test_a_store_that_cannot_be_used_is_told_once_a_day_by_any_number_of_processes(
    office: Office, tmp_path: Path
) -> None:
    for hour in range(49):
        fresh = Outage(office.messenger, FileMarker((tmp_path / "mark",)))
        fresh.failed("the disk is full", START + hour * 60 * MINUTE)
    assert office.mail.subjects == ["Staffroom: the database or the disk cannot be used"] * 3
    for minute in range(3):
        Outage(office.messenger, FileMarker((tmp_path / "mark",))).over(START + (3000 + minute) * MINUTE)
    assert office.mail.subjects[3:] == ["Staffroom: the database and the disk can be used again"]


def test_where_no_mark_can_be_set_nobody_is_told_each_minute(office: Office, tmp_path: Path) -> None:
    nowhere = Outage(office.messenger, FileMarker((tmp_path / "no" / "such" / "folder",)))
    assert nowhere.failed("the disk is full", START) == ()
    assert office.mail.mails == []


def test_a_mark_is_set_in_the_first_place_that_takes_it(tmp_path: Path) -> None:
    marker = FileMarker((tmp_path / "no" / "folder", tmp_path / "mark"))
    assert marker.noted() is None
    assert marker.note(START)
    assert marker.noted() == START
    assert (tmp_path / "mark").stat().st_mode & 0o777 == 0o600
    assert marker.note(START + MINUTE)
    assert marker.noted() == START + MINUTE
    assert marker.clear()
    assert marker.noted() is None
    assert marker.clear()


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("mine")
    before = theirs.stat().st_mtime_ns
    (tmp_path / "mark").symlink_to(theirs)
    (tmp_path / "folder").mkdir()
    marker = FileMarker((tmp_path / "mark", tmp_path / "folder"))
    assert not marker.note(START)
    assert marker.noted() is None
    assert theirs.stat().st_mtime_ns == before


def test_run_tells_that_its_store_broke_and_is_whole_again(
    office: Office, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    watch = Watch(office.alerter, outage, office.stage.store, said.append)
    broken = StoreError("the database is gone")

    def fail(*_: object) -> object:
        raise broken

    with monkeypatch.context() as patch:
        patch.setattr(office.stage.store, "alerts", fail)
        for second in range(0, 120, 20):
            watch.look(START + timedelta(seconds=second))
    assert [mail.text.partition("\n")[0] for mail in office.mail.mails] == [
        "Staffroom cannot keep what it does: the database is gone."
    ]
    watch.look(START + 3 * MINUTE)
    watch.look(START + 4 * MINUTE)
    assert office.mail.subjects[1:] == ["Staffroom: the database and the disk can be used again"]
    assert said == []


def test_run_notices_that_nothing_is_written_any_more(office: Office, outage: Outage) -> None:
    watch = Watch(office.alerter, outage, office.stage.store, print)
    office.stage.store.beat("run", START)
    looks = [START + timedelta(seconds=20 * number) for number in range(30)]
    sent = [(now, len(office.mail.mails)) for now in looks if watch.look(now) is None]
    first = next(now for now, mails in sent if mails)
    assert first == START + 5 * MINUTE  # three minutes of silence, seen six times
    assert sent[-1][1] == 1
    office.stage.store.beat("run", looks[-1])
    watch.look(looks[-1] + timedelta(seconds=20))
    assert office.mail.subjects[1:] == ["Staffroom: the database and the disk can be used again"]


def test_a_computer_that_slept_raises_no_alarm(office: Office, outage: Outage) -> None:
    watch = Watch(office.alerter, outage, office.stage.store, print)
    office.stage.store.beat("run", START)
    morning = START + timedelta(hours=10)
    for second in (0, 20, 40):  # until the loop notes that it works
        watch.look(morning + timedelta(seconds=second))
    office.stage.store.beat("run", morning + MINUTE)
    watch.look(morning + MINUTE)
    assert office.mail.mails == []


def test_run_says_a_trouble_with_alerts_once(office: Office, outage: Outage) -> None:
    said: list[str] = []
    watch = Watch(office.alerter, outage, office.stage.store, said.append)
    office.silent("mastodon", 0)
    office.mail.errors = [Unavailable("down")] * 5
    now: datetime = START + 6 * MINUTE
    for _ in range(60):
        office.stage.store.beat("run", now)
        watch.look(now)
        now += 2 * MINUTE
    assert said == ["alerts: down"]
    assert len(office.mail.mails) == 1


def test_records_that_no_host_was_told_of_are_looked_for_once_in_an_hour(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[datetime] = []

    def untold(*asked: Any) -> tuple[datetime, ...]:
        looked.append(asked[-1])
        return (START - timedelta(days=8),)

    monkeypatch.setattr("bot.services.alerts.untold_records", untold)
    for minutes in (0, 1, 59, 60, 61):
        office.at(minutes)
    assert looked == [START, START + 60 * MINUTE]
    assert office.mail.subjects == ["Staffroom: 1 request for a record waits"]
