"""The block `alerts:` and the mail server's password."""

import re
from datetime import date
from pathlib import Path

import pytest

from bot.config import AlertSettings, MailSettings, addresses, load, load_staffroom
from bot.config.leaks import is_secret_key, leaks_in
from bot.config.scaffold import scaffold
from bot.config.secrets import mail_password
from bot.config.words import Wrong
from bot.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scaffold(tmp_path / "bot", date(2026, 11, 21))
    return tmp_path / "bot"


def written(folder: Path, alerts: str) -> AlertSettings:
    path = folder / "staffroom.yaml"
    path.write_text(path.read_text() + alerts)
    assert load_staffroom(folder).alerts == load(folder).alerts
    return load(folder).alerts


def test_nobody_is_told_unless_asked_for(folder: Path) -> None:
    assert load(folder).alerts == AlertSettings()


def test_the_starters_lines_work_without_their_hashes(folder: Path) -> None:
    path = folder / "staffroom.yaml"
    text = re.sub(r"^# (alerts:|  (?:to|mail): )", r"\1", path.read_text(), flags=re.MULTILINE)
    path.write_text(text)
    assert load(folder).alerts == AlertSettings(
        ("you@example.org", "@you@social.example.org"),
        MailSettings("smtp.example.org", 587, "staffroom@example.org", "staffroom@example.org"),
    )


def test_a_single_recipient_needs_no_list(folder: Path) -> None:
    assert written(folder, "alerts: {to: sam.example.org}\n") == AlertSettings(("sam.example.org",))


def test_a_wrong_line_beside_them_does_not_blame_them(folder: Path) -> None:
    path = folder / "staffroom.yaml"
    path.write_text(path.read_text().replace("contact: chats@example.org", "contact: the office"))
    with pytest.raises(ConfigError) as caught:
        written(folder, "alerts: {to: ['@sam@social.example.org']}\n")
    assert [problem.line for problem in caught.value.problems] == [4]


@pytest.mark.parametrize(
    "value", ["ops@example.org", "first.last+bot@mail.example.co.uk", "o'brien@example.org", "root@localhost"]
)
def test_mail_addresses(value: str) -> None:
    assert addresses.mailbox(value) == addresses.recipient(value) == value
    assert addresses.mailbox(f"mailto:{value}") == value


@pytest.mark.parametrize(
    "value",
    [
        "ops",
        "ops@",
        "ops@example",
        "ops@@example.org",
        "ops@example.org\nBcc: all@example.org",
        "ops@example.org, other@example.org",
        "ops @example.org",
        "ops@exa mple.org",
        "öps@example.org",
        "a" * 400 + "@example.org",
    ],
)
def test_no_mail_addresses(value: str) -> None:
    with pytest.raises(Wrong):
        addresses.mailbox(value)
    with pytest.raises(Wrong):
        addresses.recipient(value)


@pytest.mark.parametrize(
    "value", ["smtp.example.org", "localhost", "127.0.0.1", "::1", "2001:db8::25", "mail-1.example.org"]
)
def test_mail_servers(value: str) -> None:
    assert addresses.mail_server(value.upper()) == value


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("smtp.example.org:587", "smtp.example.org"),
        ("smtps://smtp.example.org/", "smtp.example.org"),
        ("our mail server", "smtp.example.org"),
        ("smtp", "smtp.example.org"),
    ],
)
def test_no_mail_servers(value: str, meant: str) -> None:
    with pytest.raises(Wrong) as caught:
        addresses.mail_server(value)
    assert caught.value.write == meant


@pytest.mark.parametrize("value", ["0", "65536", "-1", "587/tcp", "", "٥٨٧", "999999999999"])
def test_no_ports(value: str) -> None:
    with pytest.raises(Wrong):
        addresses.port(value)


def test_ports() -> None:
    assert (addresses.port("1"), addresses.port("65535")) == (1, 65_535)


@pytest.mark.parametrize(
    "key",
    ["password", "smtp_password", "mail-password", "Email Password", "pw", "STAFFROOM_MAIL_PASSWORD", "user_pass"],
)
def test_keys_of_a_mail_servers_secret(key: str) -> None:
    assert is_secret_key(key)
    assert leaks_in(f"    {key}: hunter22")


@pytest.mark.parametrize("key", ["mail", "server", "sender", "user", "port", "to", "passes", "email"])
def test_keys_that_hold_no_secret(key: str) -> None:
    assert not is_secret_key(key)


def test_the_password_comes_from_where_all_secrets_come_from(tmp_path: Path) -> None:
    assert mail_password({}) is None
    (tmp_path / "one").write_text("from a file\n")
    (tmp_path / "STAFFROOM_MAIL_PASSWORD").write_text("from systemd\n")
    for env, expected in (
        ({"STAFFROOM_MAIL_PASSWORD": "hunter22"}, "hunter22"),
        ({"STAFFROOM_MAIL_PASSWORD_FILE": str(tmp_path / "one")}, "from a file"),
        ({"CREDENTIALS_DIRECTORY": str(tmp_path)}, "from systemd"),
    ):
        secret = mail_password(env)
        assert secret is not None
        assert secret.reveal() == expected
        assert expected not in repr(secret)
    with pytest.raises(ConfigError, match="STAFFROOM_MAIL_PASSWORD_FILE"):
        mail_password({"STAFFROOM_MAIL_PASSWORD_FILE": str(tmp_path / "gone")})
