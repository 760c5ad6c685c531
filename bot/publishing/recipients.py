"""The list of a newsletter's recipients: a file that its owner alone may read, one address a line."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from bot.domain.letters import read_addresses, without_address
from bot.errors import UserError
from bot.publishing.writer import sweep_left_behind

_MOST = 2**20  # bytes: some thirty thousand addresses


def read_recipients(file: Path) -> tuple[str, ...]:
    """The addresses in a list, each once.

    Raises:
        UserError: it is not there, others may read it, or a line is no address; says what to do and repeats none.
    """
    found, wrong = read_addresses(_read(file))
    if wrong:
        lines = ", ".join(map(str, wrong[:6])) + (" …" if len(wrong) > 6 else "")  # noqa: PLR2004 - a line's worth
        raise UserError(f"{file.name}, line {lines}: this is no mail address. Write one a line, and nothing else.")
    return found


def remove_recipient(file: Path, address: str) -> bool:
    """Take an address off a list; every other line stays. Gives whether it stood there.

    Raises:
        UserError: as ``read_recipients``, or the list cannot be written.
    """
    text = _read(file)
    left = without_address(text, address)
    if left == text:
        return False
    prefix = f".{file.name}."
    sweep_left_behind(file.parent, prefix)  # addresses of people who may have unsubscribed since stand in it
    handle, name = tempfile.mkstemp(prefix=prefix, dir=file.parent)  # with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as new:
            new.write(left)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except OSError as error:
        raise UserError(f"{file.name} cannot be written: {error.strerror}. The address still stands there.") from error
    finally:
        Path(name).unlink(missing_ok=True)
    return True


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise UserError(
                    f"Others on this computer may read {file.name}, which holds people's addresses. "
                    f"Close it to them: chmod 600 {file.name}"
                )
            data = stream.read(_MOST + 1)
    except OSError as error:
        raise UserError(
            f"{file.name}, the list of the newsletter's recipients, cannot be read: {error.strerror}. "
            "Write it with one address a line, and make it yours alone: chmod 600."
        ) from error
    if len(data) > _MOST:
        raise UserError(f"{file.name} is too long for a list of recipients (1 MB at most).")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file.name} is not text in UTF-8. Save it as UTF-8.") from error
