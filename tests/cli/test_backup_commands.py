"""`staffroom backup` and `staffroom restore`, as an operator types them."""

import os
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyrage
import pytest
from cli.cli_world import SERIES, STAFFROOM, rows_in, said, staffroom

from bot.bootstrap import back_up
from bot.bootstrap.backups import _HALF, _WORK
from bot.bootstrap.database import open_store_of
from bot.bootstrap.house import read_settings
from bot.clock import SystemClock
from bot.config.secrets import ERASURES
from bot.errors import UserError
from bot.services.plan import plan

PHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STAFFROOM_DATABASE", "STAFFROOM_ERASURES", "STAFFROOM_BACKUP_PASSPHRASE", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


def folder_at(path: Path) -> Path:
    (path / "series").mkdir(parents=True)
    (path / "staffroom.yaml").write_text(STAFFROOM)
    (path / "series" / "edchat.yaml").write_text(SERIES)
    return path


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    """A folder whose chats are planned."""
    folder = folder_at(tmp_path / "bot")
    settings = read_settings(folder)
    store = open_store_of(settings)
    accounts = {key: account.network for key, account in settings.networks.items()}
    plan(store, settings.series, accounts, SystemClock().now())
    return folder


@pytest.fixture
def other(tmp_path: Path, bot: Path) -> Path:
    """Another folder, with a copy of the list of erasures."""
    folder = folder_at(tmp_path / "other")
    (folder / ERASURES).write_bytes((bot / ERASURES).read_bytes())
    return folder


def left_behind(*folders: Path) -> list[Path]:
    """Plain copies and half-written files."""
    return [path for folder in folders for path in folder.rglob(".*") if path.name != ERASURES]


def chats(folder: Path) -> list[str]:
    return [stored.chat.id for stored in open_store_of(read_settings(folder)).chats()]


def test_a_backup_without_a_name_is_named_after_the_time(bot: Path) -> None:
    shown = staffroom("backup", "-C", bot)
    assert shown.exit_code == 0
    (file,) = (bot / "backups").iterdir()
    assert re.fullmatch(r"staffroom-\d{4}-\d\d-\d\d-\d{6}\.db", file.name)
    assert re.fullmatch(
        rf"{re.escape(str(file))}: \d+ rows, {file.stat().st_size} bytes, not encrypted\.\n", shown.stdout
    )
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert left_behind(bot) == []


def test_there_and_back(bot: Path, other: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.db"
    told = said(staffroom("backup", file, "--json", "-C", bot))
    assert (told["file"], told["encrypted"], told["bytes"]) == (str(file), False, file.stat().st_size)
    shown = staffroom("restore", file, "-C", other)
    assert shown.exit_code == 0, shown.output
    assert "0 lines of the list of erasures were carried out again." in shown.stdout
    assert "`staffroom run`" in shown.stdout
    assert chats(other) == chats(bot) != []
    assert (other / "staffroom.db").stat().st_mode & 0o777 == 0o600
    assert (other / ERASURES).stat().st_mode & 0o777 == 0o600
    assert left_behind(bot, other, tmp_path) == []


def test_nothing_is_overwritten_without_force(bot: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.db"
    file.write_text("mine")
    refused = staffroom("backup", file, "-C", bot)
    assert (refused.exit_code, refused.stderr) == (
        2,
        f"{file} is there already. Name another file, or add --force to put this one in its place.\n",
    )
    assert file.read_text() == "mine"
    assert staffroom("backup", file, "--force", "-C", bot).exit_code == 0
    assert file.read_bytes().startswith(b"SQLite format 3")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    bot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept.db"
    from bot.storage import backups

    write = backups.write_backup

    def slow(*arguments: object) -> object:
        file.write_text("mine")
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(backups, "write_backup", slow)
    with pytest.raises(UserError, match="is there already"):
        back_up(bot, file)
    assert file.read_text() == "mine"
    assert left_behind(bot, tmp_path) == []


def test_a_folder_that_is_not_there_is_told(bot: Path, tmp_path: Path) -> None:
    refused = staffroom("backup", tmp_path / "usb" / "kept.db", "-C", bot)
    assert refused.exit_code == 2
    assert "cannot be written: No such file or directory. Nothing of it was left there." in refused.stderr
    assert left_behind(bot) == []


def test_what_a_killed_backup_left_is_removed(bot: Path, tmp_path: Path) -> None:
    old, young = bot / f"{_WORK}old", bot / f"{_WORK}young"
    for one in (old, young):
        one.mkdir()
        (one / "plain.db").write_text("words")
    os.utime(old, (0, 0))
    assert staffroom("backup", tmp_path / "kept.db", "-C", bot).exit_code == 0
    assert (old.exists(), young.exists()) == (False, True)


def test_half_a_backup_that_a_killed_process_left_is_removed(bot: Path, tmp_path: Path) -> None:
    old, young, another = tmp_path / f"{_HALF}old", tmp_path / f"{_HALF}young", tmp_path / "staffroom-2026.db"
    for one in (old, young, another):
        one.write_text("words")
    for one in (old, another):
        os.utime(one, (0, 0))
    assert staffroom("backup", tmp_path / "kept.db", "-C", bot).exit_code == 0
    assert (old.exists(), young.exists(), another.exists()) == (False, True, True)


def test_a_backup_is_called_half_until_it_is_whole(bot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(os, "link", lambda one, other: seen.extend((one.name, other.name)))
    assert staffroom("backup", tmp_path / "kept.db", "-C", bot).exit_code == 0
    assert (seen[0].startswith(_HALF), seen[1]) == (True, "kept.db")


def test_a_folder_for_backups_that_cannot_be_made_is_told(bot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: int = 0) -> None:  # noqa: ARG001 - as pathlib calls it
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    refused = staffroom("backup", "-C", bot)
    assert refused.exit_code == 2
    assert "cannot be written: Permission denied. Nothing of it was left there." in refused.stderr


def test_no_database_no_backup(tmp_path: Path) -> None:
    refused = staffroom("backup", "-C", folder_at(tmp_path / "new"))
    assert refused.exit_code == 2
    assert "there is no database yet" in refused.stderr


# -- encrypted -------------------------------------------------------------------------------------------------------
Keys = tuple[str, Path]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """A public key, and the file with the secret one, as age-keygen writes it."""
    secret = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# created: 2027-01-07\n# public key: {secret.to_public()}\n{secret}\n")
    return str(secret.to_public()), file


def test_a_backup_for_somebody_else_to_open(bot: Path, other: Path, keys: Keys, tmp_path: Path) -> None:
    public, secret = keys
    shown = staffroom("backup", tmp_path / "kept.db.age", "--to", public, "-C", bot)
    assert shown.exit_code == 0, shown.output
    assert "encrypted." in shown.stdout
    assert "not encrypted" not in shown.stdout
    file = tmp_path / "kept.db.age"
    assert file.read_bytes().startswith(b"age-encryption.org/v1")
    assert b"Feedback that pupils use" not in file.read_bytes()
    refused = staffroom("restore", file, "-C", other)
    assert refused.exit_code == 2
    assert "is encrypted. Name the file with the secret key (--identity FILE)" in refused.stderr
    assert staffroom("restore", file, "--identity", secret, "-C", other).exit_code == 0
    assert chats(other) == chats(bot)
    assert left_behind(bot, other, tmp_path) == []


def test_a_backup_with_a_passphrase(bot: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFROOM_BACKUP_PASSPHRASE", PHRASE)
    shown = staffroom("backup", "-C", bot)
    assert shown.exit_code == 0, shown.output
    (file,) = (bot / "backups").iterdir()
    assert file.name.endswith(".db.age")
    assert PHRASE not in shown.output
    monkeypatch.setenv("STAFFROOM_BACKUP_PASSPHRASE", "wrong horse")
    refused = staffroom("restore", file, "-C", other)
    assert refused.exit_code == 2
    assert "cannot be opened with this passphrase" in refused.stderr
    monkeypatch.delenv("STAFFROOM_BACKUP_PASSPHRASE")
    secret = tmp_path / "phrase"
    secret.write_text(f"{PHRASE}\n")
    monkeypatch.setenv("STAFFROOM_BACKUP_PASSPHRASE_FILE", str(secret))
    harder = tmp_path / "harder.age"  # 2^40 units of work: years
    harder.write_bytes(re.sub(rb"(-> scrypt \S+) \d+", rb"\1 40", file.read_bytes(), count=1))
    refused = staffroom("restore", harder, "-C", other)
    assert refused.exit_code == 2
    assert "too slow, or too busy, to open the backup" in refused.stderr
    assert staffroom("restore", file, "-C", other).exit_code == 0
    assert chats(other) == chats(bot)


def test_a_busy_moment_is_waited_out(bot: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFROOM_BACKUP_PASSPHRASE", PHRASE)
    file, plain, tries = tmp_path / "kept.age", tmp_path / "kept.db", iter([True, True, False])
    assert staffroom("backup", plain, "--plain", "-C", bot).exit_code == 0
    file.write_bytes(b"age-encryption.org/v1\n-> scrypt")  # to seal and open it in earnest takes seconds

    def busy(data: bytes, passphrase: str) -> bytes:
        assert (data, passphrase) == (file.read_bytes(), PHRASE)
        if next(tries):
            raise pyrage.DecryptError(
                "Excessive work parameter for passphrase.\nDecryption would take around 256 seconds."
            )
        return plain.read_bytes()

    monkeypatch.setattr(pyrage.passphrase, "decrypt", busy)
    assert staffroom("restore", file, "-C", other).exit_code == 0
    assert chats(other) == chats(bot)


def test_plain_though_there_is_a_passphrase(bot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFROOM_BACKUP_PASSPHRASE", PHRASE)
    assert "not encrypted" in staffroom("backup", tmp_path / "kept.db", "--plain", "-C", bot).stdout


def test_keys_that_are_none_are_told(bot: Path, other: Path, keys: Keys, tmp_path: Path) -> None:
    public, secret = keys
    spoken = secret.read_text().splitlines()[-1]
    refused = staffroom("backup", tmp_path / "a", "--to", spoken, "-C", bot)
    assert refused.exit_code == 2
    assert "This is a secret key" in refused.stderr
    assert spoken not in refused.stderr
    assert "no public key" in staffroom("backup", tmp_path / "a", "--to", "age1nonsense", "-C", bot).stderr
    file = tmp_path / "kept.age"
    staffroom("backup", file, "--to", public, "-C", bot)
    for words, told in (
        ("# no key in here\n?", "has none in it"),
        (str(pyrage.x25519.Identity.generate()), "another one's"),
    ):
        secret.write_text(words)
        refused = staffroom("restore", file, "--identity", secret, "-C", other)
        assert refused.exit_code == 2
        assert told in refused.stderr
    assert "cannot be read" in staffroom("restore", file, "--identity", tmp_path / "none", "-C", other).stderr
    assert not (other / "staffroom.db").exists()


def test_a_damaged_encrypted_backup(bot: Path, other: Path, keys: Keys, tmp_path: Path) -> None:
    public, secret = keys
    file = tmp_path / "kept.age"
    staffroom("backup", file, "--to", public, "-C", bot)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    refused = staffroom("restore", file, "--identity", secret, "-C", other)
    assert refused.exit_code == 2
    assert "the file is damaged" in refused.stderr
    assert left_behind(other, tmp_path) == []


def test_without_the_package_it_says_what_to_install(
    bot: Path, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyrage", None)
    refused = staffroom("backup", tmp_path / "a", "--to", keys[0], "-C", bot)
    assert (refused.exit_code, refused.stderr) == (
        2,
        "Encrypting needs one more package: pip install 'staffroom[encrypted]'.\n",
    )


# -- what restore refuses --------------------------------------------------------------------------------------------
@pytest.fixture
def kept(bot: Path, tmp_path: Path) -> Path:
    back_up(bot, tmp_path / "kept.db")
    return tmp_path / "kept.db"


def test_a_database_in_use_is_left_alone(bot: Path, kept: Path) -> None:
    before = rows_in(bot / "staffroom.db")
    refused = staffroom("restore", kept, "-C", bot)
    assert refused.exit_code == 2
    assert "is in use, and a backup is only ever put into an empty one" in refused.stderr
    assert rows_in(bot / "staffroom.db") == before


def no_list(listed: Path) -> None:
    listed.unlink()


def too_young(listed: Path) -> None:
    listed.write_text(re.sub(r'"at":"\d{4}', '"at":"2999', listed.read_text()))


def another_ones(listed: Path) -> None:
    listed.write_text(re.sub(r'"key":"\w{24}"', '"key":"' + "c" * 24 + '"', listed.read_text()))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (no_list, "is not there, so it is not known who has left since"),
        (too_young, "begins on"),
        (another_ones, "is another database's"),
    ],
)
def test_without_the_list_of_erasures_nothing_is_put_back(
    other: Path, kept: Path, spoil: Callable[[Path], None], why: str
) -> None:
    spoil(other / ERASURES)
    refused = staffroom("restore", kept, "-C", other)
    assert refused.exit_code == 2
    assert "Nothing was put back" in refused.stderr
    assert why in refused.stderr
    assert "add --incomplete" in refused.stderr
    assert not (other / "staffroom.db").exists()
    assert staffroom("restore", kept, "--incomplete", "-C", other).exit_code == 0


def test_a_copy_of_the_list_from_elsewhere(other: Path, kept: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy-of-the-list"
    (other / ERASURES).replace(copy)
    assert staffroom("restore", kept, "--erasures", copy, "-C", other).exit_code == 0
    assert (other / ERASURES).read_bytes() == copy.read_bytes(), "it goes on from there"


def test_the_list_may_stand_on_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFROOM_ERASURES", str(tmp_path / "disk" / "list"))
    (tmp_path / "disk").mkdir()
    folder = folder_at(tmp_path / "bot")
    open_store_of(read_settings(folder))
    assert (tmp_path / "disk" / "list").exists()
    assert not (folder / ERASURES).exists()


def test_a_rehearsal_is_not_put_back(bot: Path, other: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(bot / "staffroom.db")) as connection, connection:
        connection.execute("INSERT INTO meta VALUES ('rehearsal', x'31')")
    back_up(bot, tmp_path / "play.db")
    refused = staffroom("restore", tmp_path / "play.db", "-C", other)
    assert refused.exit_code == 2
    assert "holds a rehearsal" in refused.stderr


def test_what_is_no_file_is_told(other: Path, tmp_path: Path) -> None:
    refused = staffroom("restore", tmp_path / "none.db", "-C", other)
    assert (refused.exit_code, refused.stderr) == (
        2,
        f"{tmp_path / 'none.db'} cannot be read: No such file or directory. Nothing was put back.\n",
    )
