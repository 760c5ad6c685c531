"""What one-time downloads need: of the store, and of the folder in which the files wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.downloads import Download


class DownloadBook(Protocol):
    """The part of the store that remembers which records wait to be fetched. Every method is one transaction."""

    def offer(self, download: Download) -> None:
        """Remember that a record waits. What waited for the same account ends, and so does telling of it."""
        ...

    def downloads(self) -> tuple[Download, ...]:
        """All that wait, fetched or too old ones among them until they are ended; in order of name."""
        ...

    def end_downloads(self, names: Collection[str]) -> None:
        """Forget those of these names."""
        ...


class Shelf(Protocol):
    """A private folder of files, each of which is given out once."""

    def put(self, name: str, data: bytes) -> None:
        """Lay a file there, for our own user alone to read. Raises ``UserError`` where it cannot be written."""
        ...

    def names(self) -> tuple[str, ...]:
        """Names of the files there, also of those that are being given out; none where there is no folder."""
        ...

    def waits(self, name: str) -> bool:
        """Whether a file lies there and nobody is fetching it."""
        ...

    def take(self, name: str) -> bytes | None:
        """Take a file to give it out; ``None`` where there is none, or somebody else took it first."""
        ...

    def give_back(self, name: str) -> None:
        """Lay a file back that did not arrive; nothing where it was removed meanwhile."""
        ...

    def remove(self, name: str) -> None:
        """Delete a file, also one that is being given out."""
        ...
