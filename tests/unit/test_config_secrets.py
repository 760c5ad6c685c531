"""Secrets: where they come from, in which order, and that they show themselves to nobody."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest

from bot.config import Settings, load
from bot.config.secrets import LOGINS, Secret, database_url, load_secrets, read_login, save_login
from bot.errors import ConfigError, LoginError

LOOK = Path(__file__).parent.parent / "golden" / "config" / "02-good-every-key"
HUSH = "zzzz-hush-hush-zzzz"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "bot"
    shutil.copytree(LOOK, folder)
    (folder / "images").mkdir()
    (folder / "images" / "wall.jpg").write_bytes(b"a picture")
    return load(folder)


def test_the_order_in_which_secrets_are_found(settings: Settings, tmp_path: Path) -> None:
    save_login(settings.folder, "maths", {"password": "four", "session": "s"})
    (tmp_path / "mounted").write_text("two\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "staffroom_maths_password").write_text("three\n")
    env = {
        "STAFFROOM_MATHS_PASSWORD": "one",
        "STAFFROOM_MATHS_PASSWORD_FILE": str(tmp_path / "mounted"),
        "CREDENTIALS_DIRECTORY": str(credentials),
    }
    for expected, gone in (("one", "STAFFROOM_MATHS_PASSWORD"), ("two", "STAFFROOM_MATHS_PASSWORD_FILE"),
                           ("three", "CREDENTIALS_DIRECTORY"), ("four", "")):  # fmt: skip
        found = load_secrets(settings, env)["maths"].password
        assert found is not None
        assert found.reveal() == expected
        env.pop(gone, None)
    assert load_secrets(settings, {})["maths"].saved["session"] == Secret("s")


def test_accounts_without_a_login_have_an_empty_one(settings: Settings) -> None:
    logins = load_secrets(settings, {"STAFFROOM_MASTODON_TOKEN": "t"})
    assert logins.keys() == settings.networks.keys()
    assert logins["maths"].password is None
    assert logins["mastodon"].token == Secret("t")


def test_nothing_shows_a_secret(settings: Settings) -> None:
    logins = load_secrets(settings, {"STAFFROOM_MATHS_PASSWORD": HUSH})
    for shown in (repr(logins), str(logins["maths"].password), f"{logins['maths'].password!s:>20}"):
        assert "***" in shown
        assert HUSH not in shown
    with pytest.raises(TypeError):
        pickle.dumps(logins["maths"].password)
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_a_file_that_cannot_be_read_is_named(settings: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    for path, words in ((tmp_path / "gone", "cannot be read"), (empty, "empty"), (tmp_path, "cannot be read")):
        with pytest.raises(ConfigError, match=words) as caught:
            load_secrets(settings, {"STAFFROOM_MATHS_PASSWORD_FILE": str(path)})
        assert "STAFFROOM_MATHS_PASSWORD_FILE" in str(caught.value)


def test_logins_are_kept_apart_and_for_the_owner_alone(tmp_path: Path) -> None:
    assert read_login(tmp_path, "bluesky") == {}
    save_login(tmp_path, "bluesky", {"password": "a"})
    save_login(tmp_path, "mastodon", {"token": "b"})
    save_login(tmp_path, "bluesky", {"password": "c"})
    assert read_login(tmp_path, "bluesky") == {"password": "c"}
    assert read_login(tmp_path, "mastodon") == {"token": "b"}
    assert (tmp_path / LOGINS).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [LOGINS]


def test_what_a_crash_left_half_written_goes_with_the_next_saving(tmp_path: Path) -> None:
    left, just_now, other = (tmp_path / f"{LOGINS}.{name}" for name in ("abc.tmp", "def.tmp", "old"))
    for file in (left, just_now, other):
        file.write_text(HUSH)
    os.utime(left, (1, 1))

    save_login(tmp_path, "bluesky", {"password": "a"})

    assert {path.name for path in tmp_path.iterdir()} == {LOGINS, just_now.name, other.name}


def test_a_login_file_open_to_others_is_refused(tmp_path: Path) -> None:
    save_login(tmp_path, "bluesky", {"password": HUSH})
    (tmp_path / LOGINS).chmod(0o640)
    for attempt in (lambda: read_login(tmp_path, "bluesky"), lambda: save_login(tmp_path, "mastodon", {"token": "b"})):
        with pytest.raises(LoginError, match="chmod 600") as caught:
            attempt()
        assert HUSH not in str(caught.value)
    assert HUSH in (tmp_path / LOGINS).read_text()


@pytest.mark.parametrize(
    "content", ["{", "[]", json.dumps({"bluesky": HUSH}), json.dumps({"bluesky": {"password": [HUSH]}})]
)
def test_a_damaged_login_file_is_refused_without_repeating_it(tmp_path: Path, content: str) -> None:
    save_login(tmp_path, "bluesky", {})
    (tmp_path / LOGINS).write_text(content)
    with pytest.raises(LoginError, match="damaged") as caught:
        read_login(tmp_path, "bluesky")
    assert HUSH not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_database_of_the_environment_comes_first(settings: Settings) -> None:
    assert database_url(settings, {}).reveal() == settings.database == f"sqlite:///{settings.folder}/staffroom.db"
    postgres = f"postgresql://staffroom:{HUSH}@db.example.org/staffroom"
    found = database_url(settings, {"STAFFROOM_DATABASE": postgres})
    assert found.reveal() == postgres
    assert HUSH not in repr(found)
    assert database_url(settings, {"STAFFROOM_DATABASE": "sqlite:///x/y.db?mode=ro"}).reveal() == (
        f"sqlite:///{settings.folder}/x/y.db?mode=ro"
    )
    for kept in ("sqlite:////var/lib/staffroom.db", "sqlite://", "sqlite:///:memory:"):
        assert database_url(settings, {"STAFFROOM_DATABASE": kept}).reveal() == kept
