"""The configuration files of a bot's folder: which there are, by name, and whether any of them changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.config.events import FOLDER as EVENTS
from bot.config.stories import FOLDER as STORIES
from bot.config.words import shown
from bot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from pathlib import Path

STAFFROOM = "staffroom.yaml"


def series_files(folder: Path) -> tuple[list[Problem], list[tuple[str, Path]]]:
    """The series' files by name, and what is wrong with the names."""
    problems, found = named_files(folder, "series", "A series'", "edchat")
    if not found and not problems:
        say = "No series stands here yet. `staffroom init DIR` makes one to begin with."
        problems.append(Problem("series/", 0, 0, say))
    return problems, found


def named_files(folder: Path, name: str, whose: str, example: str) -> tuple[list[Problem], list[tuple[str, Path]]]:
    """The YAML files of a folder by name, and what is wrong with the names; ``whose``: of what they are, in words."""
    problems: list[Problem] = []
    found: dict[str, Path] = {}
    there = folder / name
    try:
        paths = sorted(path for path in there.iterdir() if path.is_file()) if there.is_dir() else []
    except OSError as error:
        say = f"This folder cannot be read: {error.strerror}. Give the bot's user the right to read it."
        return [Problem(f"{name}/", 0, 0, say)], []
    for path in paths:
        if path.suffix not in {".yaml", ".yml"} or path.name.startswith("."):
            continue
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem):
            fit = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or example
            say = f"{whose} file is named with small letters, digits and single hyphens, as it will stand in addresses."
            problems.append(Problem(f"{name}/{shown(path.name)}", 0, 0, f"{say} Rename it to {fit}.yaml."))
        elif path.stem in found:
            say = f"There is {found[path.stem].name} as well; keep one of the two."
            problems.append(Problem(f"{name}/{path.name}", 0, 0, say))
        else:
            found[path.stem] = path
    return problems, list(found.items())


def bytes_of(path: Path) -> bytes:
    """What is in a file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError([Problem(path.name, 0, 0, f"This file cannot be read: {error.strerror}.")]) from error


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time of change and size of every configuration file: equal stamps need no new ``load``."""
    files = (
        *series_files(folder)[1],
        *(one for name in (EVENTS, STORIES) for one in named_files(folder, name, "", "")[1]),
    )
    paths = [folder / STAFFROOM, *(path for _, path in files)]
    found = []
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((path.name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
