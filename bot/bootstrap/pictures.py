"""The pictures that go through the bot: those that moderators and the bot show, and those that participants showed."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.outbox import MediaFile
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.records import StoredChat
    from bot.domain.series import Image
    from bot.ports import Store
    from bot.rendering.site import Site
    from bot.rendering.templates import Templates
    from bot.services.copying import Rewritten


def picture_keeper(folder: Path, store: Store) -> Callable[[Image], MediaFile]:
    """Gives what reads a moderator's picture, makes it ready to send, and keeps its bytes in the store."""

    def keep(image: Image) -> MediaFile:
        from bot.rendering.pictures import MOST_FILE_BYTES, prepare_picture

        try:
            data = read_inside(folder, image.path, MOST_FILE_BYTES)
        except OSError as error:
            message = f"{image.path}: this picture cannot be read ({error.strerror}); put it back or change `image:`"
            raise UserError(message) from error
        picture = prepare_picture(data, image.path)
        sha256 = store.keep_blob(picture.data, picture.mime)
        return MediaFile(sha256, picture.mime, len(picture.data), image.alt, picture.width, picture.height)

    return keep


def card_keeper(
    site: Site, templates_now: Callable[[], Templates], store: Store
) -> Callable[[StoredChat], MediaFile | None]:
    """Gives what paints a chat's social card and keeps it in the store; nothing while the pages have no address.

    ``templates_now``: gives the templates as they are by then.
    """

    def keep(stored: StoredChat) -> MediaFile | None:
        if not site.address:
            return None
        from bot.rendering.socialcard import HEIGHT, WIDTH, card_of, colours_of, described, paint

        templates = templates_now()
        words = templates.dictionary.words(stored.series.languages[0] if stored.series.languages else site.language)
        card = card_of(words, stored, site.title)
        data = paint(card, colours_of(templates.source("site/look.css")))
        sha256 = store.keep_blob(data, "image/png")
        return MediaFile(sha256, "image/png", len(data), described(card), WIDTH, HEIGHT)

    return keep


def rewrite_picture(data: bytes) -> Rewritten | None:
    """A participant's picture, written anew; ``None`` where it cannot be read."""
    from bot.rendering.pictures import copy_picture

    return copy_picture(data)


def read_inside(folder: Path, name: str, most: int) -> bytes:
    """A plain file inside a folder. A link that leads out of it is not followed, also if it is put there just now.

    Args:
        folder: may itself stand behind a link.
        name: relative to it.
        most: bytes.

    Raises:
        UserError: the name leads out of the folder, or it is no plain file, or longer; says what to do.
        OSError: it cannot be read.
    """
    if "\0" in name:
        raise UserError("a picture's name cannot hold a character that no name of a file can")
    root = os.path.realpath(folder)
    file = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - realpath's own kind, NUL and all
    if not Path(file).is_relative_to(root):  # also what is only a link to the outside
        raise UserError(f"{name} leads out of the bot's folder; put a copy of the file inside it and name that")
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UserError(f"{name} is no plain file; put the picture itself there")
        data = stream.read(most + 1)
    if len(data) > most:
        raise UserError(f"{name} is larger than {most // 2**20} MB; save a smaller one")
    return data
