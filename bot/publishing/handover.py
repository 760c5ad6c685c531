"""Files for one person: written where the operator says, for that user alone, and never where they are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.publishing.writer import is_page, replace, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

PRIVATE = 0o600
_FOLDER = 0o700
_MOST = 50 * 2**20  # bytes of a file that is read to learn whose it is


def refuse_public(folder: Path, public: Iterable[Path]) -> None:
    """Refuse a folder that is, or lies in, one that others can see; links are followed first.

    Raises:
        UserError: it is such a folder; says to take another.
    """
    there = folder.resolve()
    for one in public:
        if there.is_relative_to(one.resolve()):
            raise UserError(
                f"{folder} lies in {one}, which is published; a record is for one person alone. "
                "Choose another folder with --out."
            )


def hand_over(folder: Path, files: Mapping[str, bytes], telling: str, is_theirs: Callable[[bytes], bool]) -> None:
    """Write files into a folder, for its owner alone to read (0600). The folder is made (0700) if it is not there.

    What is there already is replaced only if it is the same person's.

    Args:
        folder: where to.
        files: what stands in each, by name. The one called ``telling`` is written first.
        telling: the file that tells whose all of them are.
        is_theirs: whether what stands in such a file is the same person's.

    Raises:
        UserError: something else stands there, or the folder cannot be written.
    """
    there = [name for name in files if (folder / name).is_symlink() or (folder / name).exists()]
    if there and not _told(folder / telling, is_theirs):
        raise UserError(
            f"{folder / there[0]} is there already and is not this person's record. Nothing was written: "
            "choose another folder with --out, or take that file away."
        )
    try:
        if not folder.is_dir():
            folder.mkdir(mode=_FOLDER, parents=True)
        for name in sorted(files, key=lambda name: (name != telling, name)):
            replace(folder / name, files[name], PRIVATE)
            settle(folder / name)
        settle(folder)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}); choose another folder with --out.") from error


def _told(file: Path, is_theirs: Callable[[bytes], bool]) -> bool:
    try:
        return is_page(file) and file.stat().st_size <= _MOST and is_theirs(file.read_bytes())
    except OSError:
        return False
