"""Where templates come from: those shipped, and an operator's own folder, out of which no link is followed."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from jinja2 import BaseLoader, FileSystemLoader, TemplateError, TemplateNotFound
from jinja2.loaders import split_template_path

from bot.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jinja2 import Environment

OURS = ("prompts", "digest", "newsletter", "record", "site", "words")
"""The folders a template may stand in; ``starter`` is what new operators copy and no template."""


class ShippedLoader(BaseLoader):
    """Loads what the package ships."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002 - Jinja's signature
        """A template's text, its file, and whether it still is what it was; see ``jinja2.BaseLoader``."""
        parts = PurePosixPath(template).parts
        if not parts or parts[0] not in OURS or ".." in parts:
            raise TemplateNotFound(template)
        file = shipped("templates").joinpath(*parts)
        if not file.is_file():
            raise TemplateNotFound(template)
        return file.read_text(encoding="utf-8"), str(file), lambda: True

    def list_templates(self) -> list[str]:
        """All names, sorted."""
        return sorted(name for folder in OURS for name in _names(shipped("templates") / folder, folder))


class Unusable(TemplateError):
    """A file of the operator's own cannot be read as a template; the message says why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


class OwnLoader(FileSystemLoader):
    """Loads what stands in the operator's folder, and follows no link out of it.

    Args:
        folder: the operator's.
        aside: names that are not looked for here.
    """

    def __init__(self, folder: Path, aside: frozenset[str] = frozenset()) -> None:
        super().__init__(folder)
        self._folder = folder
        self._aside = aside

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As ``ShippedLoader``; a file that is there and of no use raises ``Unusable``."""
        name = "/".join(split_template_path(template))
        if name in self._aside:
            raise TemplateNotFound(template)
        if why := outside(self._folder, name):
            raise Unusable(name, why)
        try:
            return super().get_source(environment, template)
        except TemplateNotFound:  # an OSError, too
            raise
        except UnicodeDecodeError as error:
            raise Unusable(name, "it is not text in UTF-8") from error
        except OSError as error:
            raise Unusable(name, f"it cannot be read ({error.strerror})") from error


def outside(folder: Path, name: str) -> str:
    """Why something in the operator's folder is not used: a link out of it, or no plain file; else nothing."""
    file = folder.joinpath(*PurePosixPath(name).parts)
    if not os.path.lexists(file):
        return ""
    real = Path(os.path.realpath(file))
    if not real.is_relative_to(os.path.realpath(folder)):
        return (
            "it leads out of the templates folder through a symbolic link, which is not followed; "
            "put a copy of the file in its place"
        )
    return "" if real.is_file() else "it is no plain file; put the template itself there"


def _names(folder: Path, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _names(entry, name)
        elif not entry.name.startswith("."):
            yield name
