"""What ``staffroom check`` does beyond reading the files: it opens every picture and writes every coming prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.bootstrap.house import read_settings
from bot.bootstrap.owntemplates import template_problems
from bot.config.watchwords import load_watchwords
from bot.errors import ConfigError, Problem, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.config import Settings


def check_folder(folder: Path) -> Settings:
    """Read and check a bot's folder, its pictures and its own templates included.

    ``run`` reads saved files each minute by ``read_settings`` alone: opening pictures takes long.

    Raises:
        ConfigError: with every problem of the YAML files; where they are well, with every picture that is not, or
            every list of words.
        UserError: a template of the folder's own does not work.
    """
    settings = read_settings(folder, lambda _problem: None)
    if problems := list(_pictures(settings)):
        raise ConfigError(problems)
    load_watchwords(folder)
    if problems := template_problems(settings):
        raise ConfigError(problems)
    return settings


def _pictures(settings: Settings) -> Iterator[Problem]:
    """Pictures that are none, or too large to be opened."""
    from bot.rendering.pictures import prepare_picture

    for series in settings.series:
        for number, chat in enumerate(series.chats):
            for index, question in enumerate(chat.questions):
                if question.image is None:
                    continue
                try:
                    prepare_picture((settings.folder / question.image.path).read_bytes(), "")
                except OSError as error:
                    say = f"This picture cannot be read: {error.strerror}."
                except UserError as error:
                    told = str(error).removeprefix(": ")
                    say = f"{told[:1].upper()}{told[1:]}."
                else:
                    continue
                place = settings.place(series.slug, "chats", number, "questions", index, "image")
                yield Problem(*place, say)
