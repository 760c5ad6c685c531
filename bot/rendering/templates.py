"""Where templates come from and how they run: those shipped, and an operator's own, which run in Jinja's sandbox."""

from __future__ import annotations

import hashlib
import json
import os
import re
import traceback
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.loaders import split_template_path
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.domain.cleaning import showable
from bot.errors import UserError
from bot.rendering.words import Dictionary
from bot.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

OURS = ("prompts", "digest", "site", "words")
"""The folders a template may stand in; ``starter`` is what new operators copy and no template."""


_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
"""A BCP 47 tag; it becomes the name of a file."""


class _Shipped(BaseLoader):
    """Loads what the package ships."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002 - Jinja's signature
        parts = PurePosixPath(template).parts
        if not parts or parts[0] not in OURS or ".." in parts:
            raise TemplateNotFound(template)
        file = shipped("templates").joinpath(*parts)
        if not file.is_file():
            raise TemplateNotFound(template)
        return file.read_text(encoding="utf-8"), str(file), lambda: True

    def list_templates(self) -> list[str]:
        return sorted(name for folder in OURS for name in _names(shipped("templates") / folder, folder))


class _Own(FileSystemLoader):
    """Loads what stands in the operator's folder, and follows no link out of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        keep_inside(self._folder, "/".join(split_template_path(template)))
        return super().get_source(environment, template)


def keep_inside(folder: Path, name: str) -> None:
    """Raise ``UserError`` where something in the operator's folder is a link out of it, or no plain file."""
    file = folder.joinpath(*PurePosixPath(name).parts)
    if not os.path.lexists(file):
        return
    real = Path(os.path.realpath(file))
    if not real.is_relative_to(os.path.realpath(folder)):
        raise UserError(
            f"templates/{name} leads out of the templates folder through a symbolic link, which is not followed. "
            "Put a copy of the file in its place."
        )
    if not real.is_file():
        raise UserError(f"templates/{name} is no plain file. Put the template itself there.")


def _names(folder: Path, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _names(entry, name)
        elif not entry.name.startswith("."):
            yield name


class Templates:
    """All templates and words, with an operator's own in front.

    A file of the same path in the operator's folder takes a shipped one's place; there, ``original/site/chat.html.j2``
    names the shipped one, to extend it. Phrases in ``words/*.json`` replace single phrases.

    Args:
        own: the operator's ``templates`` folder; ``None`` or a folder that is not there means: only those shipped.
    """

    def __init__(self, own: Path | None = None) -> None:
        self._own = own if own is not None and own.is_dir() else None
        ours = _Shipped()
        self._loader: BaseLoader = ours
        kind: type[Environment] = Environment
        if self._own is not None:
            self._loader = ChoiceLoader([_Own(self._own), ours, PrefixLoader({"original": ours})])
            kind = ImmutableSandboxedEnvironment
        self._env = kind(
            loader=self._loader,
            autoescape=lambda name: not (name or "").removeprefix("original/").startswith(("prompts/", "digest/")),
            undefined=StrictUndefined,
            finalize=_clean,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.dictionary = Dictionary(self._phrases)
        self.fingerprint = self._fingerprint()
        """Changes with every template, phrase and line of rendering code: pages made with another are out of date."""

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Fill a template in.

        Raises:
            UserError: the operator's own template is wrong; names the file, the line and what to do.
        """
        try:
            return self._env.get_template(name).render(values)
        except UserError:
            raise
        except Exception as error:
            place = self._blame(error)
            if place is None:
                raise  # one of ours: a bug
            said = str(error).rstrip(".")
            raise UserError(
                f"{place}: {said}. Mend this line, or take the file away to get the shipped template back."
            ) from error

    def source(self, name: str) -> str:
        """A file's own text, not filled in (the style sheet)."""
        return self._loader.get_source(self._env, name)[0]

    def _blame(self, error: Exception) -> str | None:
        """The place in the operator's own template at which rendering failed; ``None`` if it failed elsewhere."""
        if self._own is None:
            return None
        if isinstance(error, TemplateSyntaxError) and error.filename:
            places = [(error.filename, error.lineno)]
        else:
            frames = traceback.extract_tb(error.__traceback__)
            places = [(frame.filename, frame.lineno or 0) for frame in frames if frame.filename.endswith(".j2")]
        for file, line in reversed(places):
            if Path(file).is_relative_to(self._own):
                return f"templates/{Path(file).relative_to(self._own).as_posix()}:{line}"
        return None

    def _phrases(self, language: str) -> Mapping[str, object]:
        """A language's phrases: those shipped, with the operator's own in front."""
        if _LANGUAGE.fullmatch(language) is None:
            return {}
        found: dict[str, object] = {}
        file = shipped("templates") / "words" / f"{language}.json"
        if file.is_file():
            found.update(json.loads(file.read_text(encoding="utf-8")))
        if self._own is not None:
            keep_inside(self._own, f"words/{language}.json")
            if (mine := self._own / "words" / f"{language}.json").is_file():
                found.update(_own_phrases(mine))
        return found

    def _fingerprint(self) -> str:
        digest = hashlib.blake2b(digest_size=12)
        for name in self._loader.list_templates():
            if name.partition("/")[0] in OURS:
                digest.update(f"{name}\0{self.source(name)}\0".encode())
        code = (entry for entry in Path(__file__).parent.iterdir() if entry.name.endswith(".py"))
        for entry in sorted(code, key=lambda entry: entry.name):
            digest.update(entry.read_bytes())
        return digest.hexdigest()


def _clean(value: object) -> object:
    """What is filled into any template, ``Markup`` of our own apart, can spoil no page."""
    return showable(value) if type(value) is str else value


def _own_phrases(file: Path) -> dict[str, object]:
    place = f"templates/words/{file.name}"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise UserError(f"{place}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}.") from error
    if not isinstance(found, dict):
        raise UserError(f'{place}:1: write phrases in braces: {{"site.chats": "Our chats"}}.')
    return found
