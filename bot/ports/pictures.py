"""The part of the store that keeps copies of participants' pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.copying import ToCopy
    from bot.domain.posts import NetworkName


class PictureBook(Protocol):
    """Copies of pictures, only of answers that are shown by their authors' consent. Each method is one transaction."""

    def pictures_wanted(self, network: NetworkName, now: datetime, limit: int) -> tuple[ToCopy, ...]:
        """What is to be copied now from a network, longest due first."""
        ...

    def picture_copied(self, one: ToCopy, data: bytes, sha256: str, width: int, height: int) -> bool:
        """Keep the copy of a picture; false, and nothing kept, where it may not be kept any more."""
        ...

    def picture_lost(self, one: ToCopy, retry_at: datetime | None) -> None:
        """It could not be had; to be tried again then, or (``None``) left where it is, which its answer then says."""
        ...

    def pictures_shown(self) -> Mapping[str, tuple[str, ...]]:
        """The copies (SHA-256) that the pages of each chat show, by chat id; those without any are left out."""
        ...

    def picture(self, sha256: str) -> bytes:
        """A copy's bytes; nothing where there is none any more."""
        ...
