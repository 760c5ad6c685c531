"""Words, pages and the place where they stand, as ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.domain.outbox import Draft, MediaFile
    from bot.domain.posts import Account, NetworkName, PostRef
    from bot.domain.records import ChatContent, ChatFigures, StoredChat
    from bot.domain.schedule import Chat, Prompt
    from bot.domain.textlength import Limits


class Composer(Protocol):
    """Turns a prompt into words. Pure: templates and settings in, a draft out."""

    def compose(
        self,
        prompt: Prompt,
        stored: StoredChat,
        network: NetworkName,
        limits: Limits,
        *,
        upcoming: Chat | None,
        content: ChatContent | None,
        question: PostRef | None,
        media: Sequence[MediaFile],
    ) -> Draft:
        """Write one prompt for one network.

        Args:
            prompt: what to say.
            stored: the chat and its series.
            network: where; polls and gates differ.
            limits: how long a post may be there.
            upcoming: the series' next chat, for wrap-up and digest.
            content: the chat's answers, for a digest.
            question: our question on that network, for a reminder under it.
            media: the question's picture, or for a digest its chat's social card; kept in the store.
        """
        ...


class Archived(msgspec.Struct, frozen=True):
    """What publishing did: pages written, left as they were, and removed."""

    written: int
    unchanged: int
    removed: int


class PlannedPage(Protocol):
    """A page that is to stand in the archive: its path, a fingerprint of all it is made from, and how to make it."""

    path: str
    mark: str

    def render(self, content: Callable[[str], ChatContent]) -> bytes:
        """Make the page; ``content`` gives what may be shown of a chat by its id."""
        ...


class Renderer(Protocol):
    """Knows all pages of the archive. Planning them is cheap, rendering is not."""

    def pages(
        self,
        chats: Sequence[StoredChat],
        figures: Mapping[str, ChatFigures],
        listed: Sequence[Account] = (),
        known: Mapping[str, str] | None = None,
    ) -> Iterable[PlannedPage]:
        """Every page that the archive of these chats has.

        ``listed`` are the people who asked for the directory; ``known`` are the fingerprints under which pages were
        made before, by path: what moved since leaves a page that leads on.
        """
        ...


class Target(Protocol):
    """A place where the archive stands."""

    def write(self, path: str, data: bytes) -> bool:
        """Put a file in place, whole or not at all; false where it had these bytes already."""
        ...

    def exists(self, path: str) -> bool:
        """Whether the file is there."""
        ...

    def remove(self, path: str) -> bool:
        """Take a file away; false where there was none."""
        ...

    def settle(self) -> None:
        """Make all that was written and removed last through a power cut."""
        ...
