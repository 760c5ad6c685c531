"""newsletter: a file for a mail program, and mails over SMTP, to each alone, once, and no more to who wants none."""

import json
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import time_machine
from cli.cli_world import STAFFROOM, folder_with, open_store, staffroom
from contract.store_world import END, chat, opened
from unit.mail_server import MailServer

from bot.bootstrap.doctor import _newsletter
from bot.config import load_staffroom

NOW = END + timedelta(days=1)
CHAT = chat().id


@pytest.fixture(autouse=True)
def _later() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def post() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, post: MailServer) -> Path:
    mail = f"{{server: 127.0.0.1, port: {post.port}, sender: chats@example.org}}"
    block = f'newsletter: {{mail: {mail}, unsubscribe: "https://example.org/unsubscribe"}}\n'
    made = folder_with(tmp_path / "bot", STAFFROOM + block)
    store = open_store(made)
    opened(store)
    listed(made, "a@school.example", "b@school.example", "c@school.example")
    return made


def listed(folder: Path, *addresses: str) -> None:
    file = folder / "newsletter.txt"
    file.write_text("".join(f"{one}\n" for one in addresses))
    file.chmod(0o600)


def send(folder: Path, status: int = 0) -> dict[str, object]:
    result = staffroom("newsletter", CHAT, "--send", "--json", "-C", folder)
    assert result.exit_code == status, result.output
    assert "school.example" not in result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_it_is_written_as_a_file_that_mail_programs_open(folder: Path, tmp_path: Path) -> None:
    result = staffroom("newsletter", CHAT, "--out", tmp_path / "a.eml", "-C", folder)
    assert result.exit_code == 0
    assert result.stdout.startswith("#EdChat talked about “Marking”")
    mail = message_from_bytes((tmp_path / "a.eml").read_bytes(), policy=default)
    assert mail["Subject"] == "#EdChat: Marking"
    assert mail["To"] is None
    assert mail["X-Unsent"] == "1"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_term_is_written_too(folder: Path, tmp_path: Path) -> None:
    result = staffroom("newsletter", "edchat", "--out", tmp_path / "a.eml", "-C", folder)
    assert result.exit_code == 0
    assert "Marking" in (tmp_path / "a.eml").read_text()


def test_everybody_gets_one_of_their_own_and_nobody_a_second(folder: Path, post: MailServer) -> None:
    assert send(folder) == {"sent": 3, "before": 0, "waiting": 0, "given_up": 0, "trouble": ""}
    assert sorted(post.box.recipients) == ["a@school.example", "b@school.example", "c@school.example"]
    for mail, to in zip(post.box.mails, post.box.recipients, strict=True):
        assert str(mail["To"]) == to
        assert mail.as_string().count("school.example") == 1
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len({str(mail["Message-ID"]) for mail in post.box.mails}) == 3
    assert send(folder) == {"sent": 0, "before": 3, "waiting": 0, "given_up": 0, "trouble": ""}
    listed(folder, "A@school.example", "new@school.example")
    assert send(folder)["sent"] == 1
    assert post.box.recipients[3:] == ["new@school.example"]


def test_what_the_server_will_not_take_for_good_is_given_up_for_that_one_alone(folder: Path, post: MailServer) -> None:
    post.box.recipient_answers = ["550 no such user"]
    assert send(folder) == {"sent": 2, "before": 0, "waiting": 0, "given_up": 1, "trouble": ""}
    assert send(folder)["sent"] == 0


def test_what_the_server_will_not_take_now_goes_the_next_time(folder: Path, post: MailServer) -> None:
    post.box.answers = ["451 later"]
    first = send(folder, status=1)
    assert (first["sent"], first["waiting"]) == (0, 3)
    assert "asks to wait" in str(first["trouble"])
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert send(folder)["sent"] == 3
    assert sorted(post.box.recipients) == ["a@school.example", "b@school.example", "c@school.example"]


def test_a_crash_in_the_middle_doubles_none(folder: Path, post: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.publishing.letters import SmtpLetters

    real, sent = SmtpLetters.send_letter, list[str]()

    def dies(self: SmtpLetters, letter: object) -> None:
        if sent:
            raise KeyboardInterrupt
        sent.append("one")
        real(self, letter)  # type: ignore[arg-type]

    monkeypatch.setattr(SmtpLetters, "send_letter", dies)
    staffroom("newsletter", CHAT, "--send", "-C", folder)
    assert len(post.box.mails) == 1
    monkeypatch.setattr(SmtpLetters, "send_letter", real)
    assert send(folder) == {"sent": 2, "before": 1, "waiting": 0, "given_up": 0, "trouble": ""}
    assert len(set(post.box.recipients)) == len(post.box.recipients) == 3


def test_a_server_that_cannot_be_reached_gives_up_nobody(tmp_path: Path) -> None:
    with MailServer() as gone:
        port = gone.port
    block = f"newsletter: {{mail: {{server: 127.0.0.1, port: {port}, sender: chats@example.org}}}}\n"
    made = folder_with(tmp_path / "bot", STAFFROOM + block)
    store = open_store(made)
    opened(store)
    listed(made, "a@school.example")
    done = send(made, status=1)
    assert (done["sent"], done["waiting"], done["given_up"]) == (0, 1, 0)
    assert "could not be reached" in str(done["trouble"])


def test_who_wants_no_more_gets_no_more_even_if_the_list_is_restored(folder: Path, post: MailServer) -> None:
    post.box.answers = ["451 later"]
    send(folder, status=1)
    result = staffroom("newsletter", "unsubscribe", "B@school.example", "-C", folder)
    assert result.stdout == "Taken off the list, for good.\n"
    assert "b@school.example" not in (folder / "newsletter.txt").read_text()
    listed(folder, "a@school.example", "b@school.example")
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        send(folder)
    assert post.box.recipients == ["a@school.example"]


def test_the_mark_of_a_one_click_request_takes_its_sender_off(folder: Path, post: MailServer) -> None:
    send(folder)
    link = str(post.box.mails[0]["List-Unsubscribe"]).partition(">")[0]
    mark = link.rpartition("t=")[2]
    result = staffroom("newsletter", "unsubscribe", mark, "-C", folder)
    assert result.stdout == "Taken off the list, for good.\n"
    assert post.box.recipients[0] not in (folder / "newsletter.txt").read_text()
    again = staffroom("newsletter", "unsubscribe", mark, "-C", folder)
    assert again.exit_code == 2
    assert "Nobody on the list has this mark" in again.stderr


def test_no_address_stays_in_the_database_once_all_is_sent(folder: Path) -> None:
    send(folder)
    staffroom("newsletter", "unsubscribe", "a@school.example", "-C", folder)
    for file in folder.glob("staffroom.db*"):
        rows = open_store(folder)
        assert all(one.to == "" for one in rows.letters(CHAT))
        assert b"school.example" not in file.read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("edchat/2030-01-01",), "nothing is kept of such a chat"),
        (("maths",), "no chat of such a series is over yet"),
        (("unsubscribe",), "Whom?"),
        ((CHAT, "a@b.example"), "What is"),
    ],
)
def test_mistakes_are_told(folder: Path, words: tuple[str, ...], said: str) -> None:
    result = staffroom("newsletter", *words, "-C", folder)
    assert result.exit_code == 2
    assert said in result.stderr


def test_without_the_block_it_says_what_to_write(tmp_path: Path) -> None:
    made = folder_with(tmp_path / "bot")
    store = open_store(made)
    opened(store)
    result = staffroom("newsletter", CHAT, "--send", "-C", made)
    assert result.exit_code == 2
    assert "newsletter: {recipients: newsletter.txt" in result.stderr


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("newsletter: {recipients: list.txt}", "No mail server stands here that carries the newsletter"),
        (
            "newsletter: {mail: {server: localhost, sender: a@b.example}, recipients: site/list.txt}",
            "a list of addresses may not stand there",
        ),
        (
            'newsletter: {mail: {server: localhost, sender: a@b.example}, unsubscribe: "http://b.example/u"}',
            "https:// only",
        ),
    ],
)
def test_what_is_wrong_with_the_block_is_told(tmp_path: Path, block: str, said: str) -> None:
    made = folder_with(tmp_path / "bot", f"{STAFFROOM}{block}\n")
    result = staffroom("check", "-C", made)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.startswith("staffroom.yaml:8:")


def test_doctor_says_whether_the_list_can_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (well,) = _newsletter(load_staffroom(folder))
    assert (well.state, well.message.partition(";")[0]) == ("well", "3 recipients")
    (folder / "newsletter.txt").chmod(0o644)
    (wrong,) = _newsletter(load_staffroom(folder))
    assert wrong.state == "wrong"
    assert "chmod 600" in wrong.message
    (folder / "newsletter.txt").chmod(0o600)
    text = (folder / "staffroom.yaml").read_text().replace("sender: ", "user: chats, sender: ")
    (folder / "staffroom.yaml").write_text(text)
    monkeypatch.delenv("STAFFROOM_MAIL_PASSWORD", raising=False)
    (lacking,) = _newsletter(load_staffroom(folder))
    assert (lacking.state, lacking.mend) == ("wrong", "Set STAFFROOM_MAIL_PASSWORD.")
    assert "school.example" not in wrong.message + lacking.message
