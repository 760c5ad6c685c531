"""Files that are not for the site: written where the operator says, and never where they would be published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.publishing.writer import PAGE, is_page, replace, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

PRIVATE = 0o600
_MOST = 50 * 2**20  # bytes of a file that is read to learn whose it is


def refuse_public(folder: Path, public: Iterable[Path]) -> None:
    """Refuse a folder that is, or lies in, one that others can see; links are followed first.

    Raises:
        UserError: it is such a folder; says to take another.
    """
    one = public_around(folder, public)
    if one is not None:
        raise UserError(
            f"{folder} lies in {one}, which is published, and this is not for everybody. "
            "Choose another folder with --out."
        )


def public_around(folder: Path, public: Iterable[Path]) -> Path | None:
    """The folder that others can see which a folder is, or lies in; links are followed first. ``None`` if none."""
    there = folder.resolve()
    return next((one for one in public if there.is_relative_to(one.resolve())), None)


def hand_over(
    folder: Path,
    files: Mapping[str, bytes],
    telling: str,
    is_theirs: Callable[[bytes], bool],
    *,
    without: Iterable[str] = (),
) -> None:
    """Write files about one person into a folder, as ``put_files`` does, for its owner alone to read (0600).

    What is there already is replaced only if it is the same person's.

    Args:
        folder: where to.
        files: what stands in each, by name. The one called ``telling`` is written first.
        telling: the file that tells whose all of them are.
        is_theirs: whether what stands in such a file is the same person's.
        without: files of an earlier record that are not made this time: they are taken away.

    Raises:
        UserError: something else stands there, or the folder cannot be written.
    """
    away = [name for name in without if name not in files]
    there = [name for name in (*files, *away) if (folder / name).is_symlink() or (folder / name).exists()]
    if there and not _told(folder / telling, is_theirs):
        raise UserError(
            f"{folder / there[0]} is there already and is not this person's record. Nothing was written: "
            "choose another folder with --out, or take that file away."
        )
    first = {name: files[name] for name in sorted(files, key=lambda name: (name != telling, name))}
    put_files(folder, first, PRIVATE, without=away)


def put_files(folder: Path, files: Mapping[str, bytes], mode: int = PAGE, *, without: Iterable[str] = ()) -> None:
    """Write files into a folder, each whole or not at all, no link followed. A folder that is not there is made.

    Args:
        folder: where to; one that is made may be entered by whoever may read the files.
        files: what stands in each, by name, in the order in which they are written.
        mode: their rights.
        without: files of before that are not made this time: they are taken away.

    Raises:
        UserError: the folder cannot be written.
    """
    try:
        folder.mkdir(mode=mode | (mode & 0o444) >> 2, parents=True, exist_ok=True)
        for name, data in files.items():
            replace(folder / name, data, mode)
            settle(folder / name)
        for name in without:
            (folder / name).unlink(missing_ok=True)
        settle(folder)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}); choose another folder with --out.") from error


def _told(file: Path, is_theirs: Callable[[bytes], bool]) -> bool:
    try:
        return is_page(file) and file.stat().st_size <= _MOST and is_theirs(file.read_bytes())
    except OSError:
        return False
