"""How templates run: those shipped, and an operator's own in a sandbox, with the shipped ones where these fail."""

from __future__ import annotations

import hashlib
import json
import os
import re
import traceback
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)

from bot.domain.cleaning import showable
from bot.domain.plainwords import plain_words
from bot.errors import Problem
from bot.rendering import cldr
from bot.rendering.bounds import BoundedEnvironment, TooMuch, purse, spend
from bot.rendering.loaders import OURS, OwnLoader, ShippedLoader, Unusable, outside
from bot.rendering.ownwords import own_phrases
from bot.rendering.words import FALLBACK, Dictionary
from bot.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")

_TYPE = re.compile(r"of '\w+' object|^'[\w.]+ object'")
"""What an error calls a value whose attribute is missing, or is not to be read."""

_UNSAID = "it includes or extends what is not there"

_CLOSED = "This folder cannot be read, so what was shipped serves. Give the bot's user the right to read it."

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
"""A BCP 47 tag; it becomes the name of a file."""


class Templates:
    """All templates and words, with an operator's own in front.

    A file of the same path in the operator's folder takes a shipped one's place; there, ``original/site/chat.html.j2``
    names the shipped one, to extend it. Phrases in ``words/*.json`` replace single phrases. One of the operator's that
    does not work stops nothing: it is told, and the shipped one serves.

    Args:
        own: the operator's ``templates`` folder; ``None`` or a folder that is not there means: only those shipped.
        tell: is given what is wrong with an own template, its file and line, each thing once. Nothing of what a
            template was filled with stands in it.
    """

    def __init__(self, own: Path | None = None, tell: Callable[[Problem], None] = lambda _problem: None) -> None:
        self._own = own if own is not None and own.is_dir() else None
        self._tell = tell
        if self._own is not None and not _open(self._own):
            self._own = None
            tell(Problem("templates/", 0, 0, _CLOSED))
        for place in [self._own / name for name in OURS] if self._own is not None else []:
            if place.is_dir() and not _open(place):
                tell(Problem(f"templates/{place.name}/", 0, 0, _CLOSED))
        self._has_own = bool(self.own_names())
        self._told: set[str] = set()
        self._exhausting: set[str] = set()
        self._environments: dict[frozenset[str], Environment] = {}
        self.dictionary = Dictionary(self._phrases)
        self.fingerprint = self._fingerprint()
        """Changes with every template, phrase and line of rendering code: pages made with another are out of date."""

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Fill a template in; where the operator's own does not work, the shipped one."""
        aside, unfit = set(self._exhausting), None
        while self._has_own and unfit is None:
            try:
                with purse():
                    return self._environment(frozenset(aside)).get_template(name).render(values)
            except Exception as error:  # noqa: BLE001 - whatever an operator's template does wrong, it stops nothing
                place = self._blame(error)
                if place is None or place[0] in aside:
                    unfit = error
                else:
                    aside.add(place[0])
                    self._note(*place, error)
        written = self._environment(None).get_template(name).render(values)
        if unfit is not None:
            self._mismatched(name, unfit)
        return written

    def source(self, name: str) -> str:
        """A file's own text, not filled in (the style sheet)."""
        try:
            return self._text(name)
        except Unusable as error:
            self._note(error.name, 0, error)
        return self._text(name, shipped_only=True)

    def own_names(self) -> list[str]:
        """The operator's own templates, as names for ``compile``; whatever else lies in the folder is left out."""
        if self._own is None:
            return []
        return [
            name for name in OwnLoader(self._own).list_templates() if name.endswith(".j2") and name.startswith(OURS)
        ]

    def compile(self, name: str) -> None:
        """Look whether an own template can be read as one; if not, that is told."""
        try:
            self._environment(frozenset()).get_template(name)
        except Exception as error:  # noqa: BLE001 - as above
            self._note(*(self._blame(error) or (name, 0)), error)

    def _environment(self, aside: frozenset[str] | None) -> Environment:
        """The operator's own templates but for those set aside, with ours behind them; for ``None`` ours alone."""
        if aside is None or self._own is None:
            return _shipped_environment()
        known = self._environments.get(aside)
        if known is not None:
            return known
        loader = ChoiceLoader(
            [OwnLoader(self._own, aside), ShippedLoader(), PrefixLoader({"original": ShippedLoader()})]
        )
        made = BoundedEnvironment(self._own, loader=loader, finalize=_clean_paid, **_OPTIONS)
        return self._environments.setdefault(aside, made)

    def _text(self, name: str, *, shipped_only: bool = False) -> str:
        environment = self._environment(None if shipped_only or self._own is None else frozenset())
        loader = environment.loader
        assert loader is not None  # noqa: S101 - each was given one
        return loader.get_source(environment, name)[0]

    def _blame(self, error: Exception) -> tuple[str, int] | None:
        """Name and line of the operator's own template at which rendering failed; ``None`` if it failed elsewhere."""
        if self._own is None:  # pragma: no cover - nobody asks then
            return None
        if isinstance(error, Unusable):
            return error.name, 0
        if isinstance(error, TemplateSyntaxError) and error.filename:
            places = [(error.filename, error.lineno)]
        else:
            frames = traceback.walk_tb(error.__traceback__)
            places = [(frame.f_code.co_filename, line) for frame, line in frames]
        for file, line in reversed(places):
            if Path(file).is_relative_to(self._own):
                return Path(file).relative_to(self._own).as_posix(), line
        return None

    def _note(self, name: str, line: int, error: Exception) -> None:
        """Tell what is wrong with an own template."""
        if isinstance(error, TooMuch):
            self._exhausting.add(name)  # and not tried again: it would take as much again
        said = self._said(name, error)
        self._report(
            Problem(
                f"templates/{name}",
                line,
                0,
                f"This does not work, so the shipped template serves: {said}. Mend it, or take the file away.",
            )
        )

    def _mismatched(self, name: str, error: Exception) -> None:
        said = "it includes or extends what has another form now" if not isinstance(error, TooMuch) else str(error)
        self._report(
            Problem(
                "templates/",
                0,
                0,
                f"Your own templates do not go together with {name}, so the shipped ones serve there: {said}. "
                "Compare yours with the shipped ones of the same names.",
            )
        )

    def _report(self, problem: Problem) -> None:
        if str(problem) not in self._told:
            self._told.add(str(problem))
            self._tell(problem)

    def _said(self, name: str, error: Exception) -> str:
        """An error in words, none of which come from what was filled in: they may be people's."""
        said = str(error).rstrip(".")
        if isinstance(error, TemplateNotFound):
            return f"there is no template “{said}” to include or extend" if self._wrote(name, said) else _UNSAID
        if isinstance(error, Unusable | TooMuch):
            return said
        quoted = _QUOTED.findall(_TYPE.sub("", said))
        if isinstance(error, TemplateSyntaxError):
            return said
        if isinstance(error, TemplateError) and all(self._wrote(name, one) for one in quoted):
            return said
        if isinstance(error, RecursionError):
            return "it includes or calls itself without end"
        kind = type(error).__name__
        return kind if _QUOTED.search(said) or plain_words(said).startswith("…") else f"{kind}: {plain_words(said)}"

    def _wrote(self, name: str, words: str) -> bool:
        """Whether these words stand in the template itself."""
        try:
            return words.strip("'\"") in self._text(name)
        except TemplateError:
            return False

    def _phrases(self, language: str) -> Mapping[str, object]:
        """A language's phrases: those shipped, with the operator's own in front."""
        if _LANGUAGE.fullmatch(language) is None:
            return {}
        found = dict(_shipped_phrases(language))
        if self._own is not None:
            name = f"words/{language}.json"
            if why := outside(self._own, name):
                self._report(Problem(f"templates/{name}", 0, 0, f"The shipped phrases serve: {why}."))
            elif (mine := self._own / name).is_file():
                phrases, problems = own_phrases(mine, {**_shipped_phrases(FALLBACK), **found})
                found.update(phrases)
                for problem in problems:
                    self._report(problem)
        return found

    def _fingerprint(self) -> str:
        digest = _shipped_digest().copy()
        for name in OwnLoader(self._own).list_templates() if self._own is not None else ():
            if name.partition("/")[0] in OURS:
                digest.update(f"own/{name}\0".encode())
                with suppress(TemplateError):
                    digest.update(f"{self._text(name)}\0".encode())
        return digest.hexdigest()


@cache
def _shipped_digest() -> hashlib.blake2b:
    """Of shipped templates, phrases and rendering code, as they were when this process needed it first."""
    digest = hashlib.blake2b(digest_size=12)
    digest.update(cldr.VERSION.encode())
    ours = ShippedLoader()
    environment = _shipped_environment()
    for name in ours.list_templates():
        digest.update(f"{name}\0{ours.get_source(environment, name)[0]}\0".encode())
    code = (entry for entry in Path(__file__).parent.iterdir() if entry.name.endswith(".py"))
    for entry in sorted(code, key=lambda entry: entry.name):
        digest.update(entry.read_bytes())
    return digest


def _is_markup(name: str | None) -> bool:
    """Whether what is filled into a template has to be escaped: everywhere but in posts and plain mail."""
    bare = (name or "").removeprefix("original/")
    return not bare.startswith(("prompts/", "digest/")) and not (bare.startswith("newsletter/") and ".txt" in bare)


def _clean(value: object) -> object:
    """What is filled into any template, ``Markup`` of our own apart, can spoil no page."""
    return showable(value) if type(value) is str and not value.isprintable() else value


def _clean_paid(value: object) -> object:
    """The same in templates that may be the operator's own: what is made there is paid for."""
    if isinstance(value, str):
        spend(len(value))
    return _clean(value)


_OPTIONS: dict[str, Any] = {
    "autoescape": _is_markup,
    "undefined": StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    "auto_reload": False,
    "cache_size": -1,
}


def _open(folder: Path) -> bool:
    return os.access(folder, os.R_OK | os.X_OK)


@cache
def _shipped_environment() -> Environment:
    """Our templates alone: the same for all, and compiled once in a process."""
    return Environment(loader=ShippedLoader(), finalize=_clean, **_OPTIONS)  # noqa: S701 - autoescape stands in options


def _shipped_phrases(language: str) -> Mapping[str, object]:
    file = shipped("templates") / "words" / f"{language}.json"
    if not file.is_file():
        return {}
    phrases: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return phrases
