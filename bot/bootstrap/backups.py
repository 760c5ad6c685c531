"""What ``staffroom backup`` and ``staffroom restore`` do: files here, the database in ``bot.storage``.

The plain copy that both work on lies beside the database, which holds the same words, and goes when they are done.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bot.bootstrap.database import database_file_of, erasures_file_of
from bot.clock import SystemClock
from bot.config import load_staffroom
from bot.config.secrets import Secret, backup_passphrase, database_url
from bot.errors import RefusedToStart, UserError
from bot.publishing.writer import sweep_left_behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.config import Settings
    from bot.ports import Clock
    from bot.storage.erasures import Listed

BACKUPS = "backups"
"""Where backups go in the bot's folder where no other place is named."""

_WORK = ".staffroom-work-"
_HALF = ".staffroom-backup-"
"""How a backup is called, beside its place, until it is whole."""


class Backup(msgspec.Struct, frozen=True):
    """A backup that was made: its file, bytes, rows, when (UTC), and whether it is encrypted."""

    file: str
    bytes: int
    rows: int
    taken: datetime
    encrypted: bool


class Restoration(msgspec.Struct, frozen=True):
    """What was put back.

    Attributes:
        database: where, without a password.
        taken: when the backup was made, UTC.
        rows: how many there were in it.
        erasures: how many lines of the list of erasures are not older than it.
        listed: whether there was a list at all.
    """

    database: str
    taken: datetime
    rows: int
    erasures: int
    listed: bool


def back_up(
    folder: Path,
    file: Path | None,
    *,
    force: bool = False,
    recipients: Sequence[str] = (),
    plain: bool = False,
    clock: Clock | None = None,
) -> Backup:
    """Write a backup, whole or not at all, readable by its owner alone; the bot may go on working meanwhile.

    Args:
        folder: the bot's folder.
        file: where to; ``None`` for a file named after the time in ``backups/``.
        force: put it in the place of one that is there.
        recipients: public keys of those who may open it.
        plain: do not encrypt it, though a passphrase is set.
        clock: tells the time.

    Raises:
        UserError: the file is there already, cannot be written, or a key is wrong.
        StoreError: the database cannot be read.
    """
    from bot.storage.backups import write_backup
    from bot.storage.sealing import seal

    settings, now = load_staffroom(folder), (clock or SystemClock()).now()
    phrase = None if plain or recipients else backup_passphrase()
    sealed = bool(recipients or phrase)
    target = _target(settings, file, now, sealed=sealed)
    if target.exists() and not force:
        raise UserError(f"{target} is there already. Name another file, or add --force to put this one in its place.")
    database = database_file_of(settings)
    if database is not None and not database.exists():
        raise UserError(f"{database}: there is no database yet, so there is nothing to back up.")
    try:
        if file is None:
            with contextlib.suppress(FileExistsError):
                target.parent.mkdir(mode=0o700)
        with _work(settings) as work:
            copy = work / "plain.db"
            manifest = write_backup(database_url(settings).reveal(), copy, now)
            if sealed:
                ready = work / "sealed.age"
                ready.touch(mode=0o600)
                seal(copy, ready, recipients=recipients, passphrase=phrase.reveal() if phrase else "")
            else:
                ready = copy
            size = _put_in_place(ready, target, force=force)
    except OSError as error:
        raise UserError(
            f"The backup {target} cannot be written: {error.strerror}. Nothing of it was left there."
        ) from error
    return Backup(str(target), size, manifest.rows, manifest.taken, sealed)


def restore(
    folder: Path,
    file: Path,
    *,
    identity: Path | None = None,
    erasures: Path | None = None,
    incomplete: bool = False,
    clock: Clock | None = None,
) -> Restoration:
    """Put a backup into the folder's database, which is empty or not there yet.

    Args:
        folder: the bot's folder.
        file: the backup.
        identity: a file with the secret key that opens it.
        erasures: a copy of the list of erasures; ``None`` for the one in its place.
        incomplete: go on though the list does not reach back to the backup, or is not there.
        clock: tells the time.

    Raises:
        UserError: the backup cannot be used, or the list is missing.
        RefusedToStart: the database is in use.
        StoreError: the database cannot be written.
    """
    from bot.storage.backups import database_of, read_manifest, refuse_if_used, restore_backup
    from bot.storage.engine import connect
    from bot.storage.erasures import read_list

    settings, now = load_staffroom(folder), (clock or SystemClock()).now()
    url = database_url(settings).reveal()
    refuse_if_used(url, now)
    own = erasures_file_of(settings)
    with _work(settings) as work:
        copy = work / "plain.db"
        copy.touch(mode=0o600)
        _open(file, copy, identity)
        manifest = read_manifest(copy)
        if manifest.rehearsal:
            raise RefusedToStart(f"{file} holds a rehearsal, in which everything is made up. Nothing was put back.")
        key = database_of(copy)
        listed = read_list(erasures or own, key)
        if not incomplete:
            _complete(listed, erasures or own, manifest.taken)
        done = restore_backup(copy, url, listed, now)
    if erasures is not None and not own.exists():
        _put_in_place(erasures, own, force=False)  # from now on it is written there
    where = connect(url).url.render_as_string(hide_password=True)
    return Restoration(where, manifest.taken, manifest.rows, done.replayed, listed.since is not None)


def _complete(listed: Listed, file: Path, taken: datetime) -> None:
    """Refuse to go on where it is not known what was erased since the backup."""
    since = listed.since
    if since is not None and since <= taken:
        return
    if since is not None:
        what = (
            f"the list of erasures {file} begins on {since:%d %b %Y %H:%M} UTC, and this backup is from "
            f"{taken:%d %b %Y %H:%M}. What people asked in between is not known"
        )
    elif listed.others:
        what = f"the list of erasures {file} is another database's, so it tells nothing about this backup"
    else:
        what = (
            f"the list of erasures {file} is not there, so it is not known who has left since "
            f"{taken:%d %b %Y %H:%M} UTC. Copy it there from where you keep it, or name the copy with --erasures FILE"
        )
    raise UserError(
        f"Nothing was put back: {what}. To go on without it, add --incomplete, and enter again by hand what people "
        "asked (`staffroom forget`, `staffroom people`) before you start the bot."
    )


def _target(settings: Settings, file: Path | None, now: datetime, *, sealed: bool) -> Path:
    if file is not None:
        return file.absolute()
    return settings.folder / BACKUPS / f"staffroom-{now.astimezone(UTC):%Y-%m-%d-%H%M%S}.db{'.age' if sealed else ''}"


@contextlib.contextmanager
def _work(settings: Settings) -> Iterator[Path]:
    """A folder for plain copies, for nobody else to read; those that killed processes left are removed."""
    place = (database_file_of(settings) or settings.folder / "x").parent
    sweep_left_behind(place, _WORK, shutil.rmtree)
    with tempfile.TemporaryDirectory(prefix=_WORK, dir=place) as work:  # made with mode 0700
        yield Path(work)


def _open(file: Path, copy: Path, identity: Path | None) -> None:
    """Copy a backup, decrypted where it is encrypted."""
    from bot.storage.sealing import is_sealed, unseal

    try:
        if not is_sealed(file):
            shutil.copyfile(file, copy)
            return
        identities = Secret(identity.read_text(encoding="utf-8")) if identity else None
    except (OSError, UnicodeDecodeError) as error:
        name = getattr(error, "filename", None) or file
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise UserError(f"{name} cannot be read: {reason}. Nothing was put back.") from error
    phrase = None if identities else backup_passphrase()
    if identities is None and phrase is None:
        raise UserError(
            f"{file} is encrypted. Name the file with the secret key (--identity FILE), or set "
            "STAFFROOM_BACKUP_PASSPHRASE (or STAFFROOM_BACKUP_PASSPHRASE_FILE)."
        )
    unseal(
        file,
        copy,
        identities=identities.reveal() if identities else "",
        passphrase=phrase.reveal() if phrase else "",
    )


def _put_in_place(ready: Path, target: Path, *, force: bool) -> int:
    """Put a copy of a file where it belongs, whole or not at all, and let it last; gives its bytes.

    Raises:
        UserError: something is there by now, and is not to be replaced.
        OSError: it cannot be written.
    """
    sweep_left_behind(target.parent, _HALF)
    handle, name = tempfile.mkstemp(prefix=_HALF, dir=target.parent)  # made with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out, ready.open("rb") as source:
            shutil.copyfileobj(source, out, 1 << 20)
            out.flush()
            os.fsync(out.fileno())
            size = out.tell()
        if force:
            temporary.replace(target)
        else:
            _link(temporary, target)
        _settle(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return size


def _link(temporary: Path, target: Path) -> None:
    """Give a file its name, unless something has it by now."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise UserError(f"{target} is there already. Name another file, or add --force.") from None
    except OSError:  # a file system without links
        if target.exists():
            raise UserError(f"{target} is there already. Name another file, or add --force.") from None
        temporary.replace(target)


def _settle(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
