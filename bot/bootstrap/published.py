"""Which folders of this computer others can see: nothing that is for the operator alone may stand there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from bot.config.settings import BranchSettings, CommandSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.config import Settings


def published(settings: Settings) -> Iterator[Path]:
    """Folders here that others can see: the site's, and those that other places name."""
    yield settings.site.folder
    for place in settings.publish:
        if isinstance(place, BranchSettings) and place.address.startswith("file://"):
            yield Path(unquote(urlsplit(place.address).path))
        elif isinstance(place, CommandSettings):
            for word in place.words[1:]:
                if word.startswith("/") and len(Path(word).parts) > 1 and not Path(word).is_file():
                    yield Path(word)
