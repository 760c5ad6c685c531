"""The archive where a command of the operator's own brings it, such as ``rsync``."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bot.domain.places import changes
from bot.errors import PlaceError
from bot.ports import Brought
from bot.publishing import processes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bot.domain.places import Print

SITE = "{site}"
"""Stands for the site's folder in a command's words."""


class Command:
    """A ``ports.Place``: a program that copies the whole folder. What it has to do itself it finds out itself.

    Args:
        name: the place's.
        words: the program and its arguments; no shell reads them.
        site: the site's folder, put in the place of ``SITE``.
        within: seconds after which the program is stopped.
    """

    def __init__(self, *, name: str, words: Sequence[str], site: Path, within: float) -> None:
        self.name = name
        self._words = [word.replace(SITE, str(site)) for word in words]
        self._within = within
        self._brought: dict[str, str] = {}

    def bring(self, wanted: Mapping[str, Print], seconds: float) -> Brought:  # noqa: ARG002 - the operator's own time counts
        """Run the command.

        Raises:
            PlaceError: it failed, with its last lines, or took too long.
        """
        blobs = {path: one.blob for path, one in wanted.items()}
        todo = changes(self._brought, blobs)
        self._brought = {}
        processes.run(self._words, seconds=self._within)
        self._brought = blobs
        return Brought(put=todo.count - len(todo.gone), removed=len(todo.gone))

    def check(self) -> str:
        """Look whether the program is there; it is not run.

        Raises:
            PlaceError: it is not.
        """
        if shutil.which(self._words[0]) is None:
            raise PlaceError(f"there is no program {self._words[0]}. Is it installed, and in the bot's PATH?")
        return "whether the command works shows when it is run; it was not"
