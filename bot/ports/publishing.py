"""Words, pages and the place where they stand, as ports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from bot.domain.records import SharedLink
from bot.domain.sessions import Speaker  # noqa: TC001 - an annotation of a constant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.badges import Issuer
    from bot.domain.chats import Chat
    from bot.domain.followups import Addressed
    from bot.domain.outbox import Draft, MediaFile
    from bot.domain.permissions import Permission
    from bot.domain.places import Print
    from bot.domain.posts import Account, NetworkName, PostRef
    from bot.domain.prompts import Prompt
    from bot.domain.records import Answer, ChatContent, ChatFigures, StoredChat
    from bot.domain.textlength import Limits
    from bot.domain.trying import Told


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
        under: Addressed | None = None,
        told: Told | None = None,
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
            under: the answer that a follow-up is about.
            told: what came of an earlier chat since the last digest, for a digest.
        """
        ...


class Archived(msgspec.Struct, frozen=True):
    """What publishing did: pages written, left as they were, and removed.

    Attributes:
        indexed: how many bundles search got anew.
        troubles: what went wrong, in words: with search, and with pages that could not be made.
    """

    written: int
    unchanged: int
    removed: int
    indexed: int = 0
    troubles: tuple[str, ...] = ()


class PlannedPage(Protocol):
    """A page that is to stand in the archive: its path, a fingerprint of all it is made from, and how to make it.

    Behind the fingerprint, ``mark`` may carry a note for the next plan (``domain.marks``).
    """

    path: str
    mark: str

    def render(self, content: Callable[[str], ChatContent]) -> bytes:
        """Make the page; ``content`` gives what may be shown of a chat by its id."""
        ...


Shared = Callable[[Collection[str]], Mapping[str, tuple[SharedLink, ...]]]
"""Gives the links in some chats' shown answers; see ``Store.shared_links``."""


def nothing_shared(chats: Collection[str]) -> Mapping[str, tuple[SharedLink, ...]]:  # noqa: ARG001 - a ``Shared``
    """No links at all."""
    return {}


class Album(NamedTuple):
    """Copies of participants' pictures.

    Attributes:
        by_chat: those that each chat's page shows (``Store.pictures_shown``).
        read: gives a copy's bytes (``Store.picture``).
    """

    by_chat: Mapping[str, Sequence[str]] = {}
    read: Callable[[str], bytes] = lambda _sha256: b""


NO_PICTURES = Album()
NO_SPEAKERS: Mapping[str, Mapping[str, Speaker]] = {}


class Quoting(NamedTuple):
    """What authors said of being quoted.

    Attributes:
        said: all of it (``Store.permissions``).
        usable: gives the answers of a chat (id) that may be used for a purpose at this moment
            (``services.permissions.usable``).
    """

    said: Sequence[Permission] = ()
    usable: Callable[[str, str], Sequence[Answer]] = lambda _chat, _purpose: ()


NOBODY_QUOTED = Quoting()


class PlannedBundle(Protocol):
    """What search is to know of a part of the archive; it is made anew as a whole.

    Attributes:
        folder: where its files stand, with the slash at its end; no other file of the site stands there.
        mark: a fingerprint of all it is made from.
        language: primary subtag of the language whose words it knows best.
        engine: the script that searches comes with it, and nothing to be found.
    """

    folder: str
    mark: str
    language: str
    engine: bool

    def sources(self, content: Callable[[str], ChatContent]) -> Mapping[str, bytes]:
        """The unpublished pages it is made from, by path; ``content`` as for pages."""
        ...


class Indexer(Protocol):
    """Makes bundles for search."""

    def index(self, sources: Mapping[str, bytes], language: str, *, engine: bool) -> Mapping[str, bytes]:
        """A bundle's files by their path in its folder.

        Args:
            sources: unpublished pages by path; what they say is on no disk when this returns.
            language: primary subtag.
            engine: give the script that searches, too.

        Raises:
            SearchError: it cannot be made, or not in time.
        """
        ...


class Renderer(Protocol):
    """Knows all pages of the archive. Planning them is cheap, rendering is not."""

    def pages(
        self,
        chats: Sequence[StoredChat],
        figures: Mapping[str, ChatFigures],
        listed: Sequence[Account] = (),
        *,
        known: Mapping[str, str] | None = None,
        shared: Shared = nothing_shared,
        album: Album = NO_PICTURES,
        issuer: Issuer | None = None,
        quoting: Quoting = NOBODY_QUOTED,
        speakers: Mapping[str, Mapping[str, Speaker]] = NO_SPEAKERS,
    ) -> Iterable[PlannedPage]:
        """Every page that the archive of these chats has.

        Args:
            chats: in order of start.
            figures: counts of shown answers by chat id.
            listed: the people who asked for the directory.
            known: the fingerprints under which pages were made before, by path: what moved since leaves a page that
                leads on.
            shared: gives the links of chats (``Store.shared_links``); asked for what changed, and by a page that is
                made.
            album: participants' pictures.
            issuer: who issues badges; ``None`` where nobody does.
            quoting: what authors said of being quoted in stories.
            speakers: who agreed to lead a session that comes from an answer: by event (its chat's id), then by the
                answer's node key.
        """
        ...

    def bundles(self, chats: Sequence[StoredChat], figures: Mapping[str, ChatFigures]) -> Iterable[PlannedBundle]:
        """All that search is to know of these chats; nothing where the site has no search."""
        ...


class Target(Protocol):
    """The site's own folder, where the archive is written."""

    def write(self, path: str, data: bytes) -> bool:
        """Put a file in place, whole or not at all; false where it had these bytes already."""
        ...

    def standing(self, paths: Iterable[str]) -> Collection[str]:
        """Which of these files are there."""
        ...

    def remove(self, path: str) -> bool:
        """Take a file away; false where there was none."""
        ...

    def settle(self) -> None:
        """Make all that was written and removed last through a power cut."""
        ...


class Copied(Protocol):
    """The site's folder as other places copy it."""

    def prints(self) -> Mapping[str, Print]:
        """Every file's path with what its bytes are known by; the same object as long as nothing changed.

        Raises:
            PlaceError: the folder cannot be read.
        """
        ...


class Brought(msgspec.Struct, frozen=True):
    """What was done at a place: how many files were put there and removed, and how many are left for the next time."""

    put: int = 0
    removed: int = 0
    left: int = 0


class Place(Protocol):
    """Another place where the archive stands; it belongs to the archive alone."""

    name: str

    def bring(self, wanted: Mapping[str, Print], seconds: float) -> Brought:
        """Make it hold these files and nothing else, as far as that can be done in a time. Done twice it is done once.

        Args:
            wanted: every file of the archive by its path.
            seconds: about how long it may take; what is not done by then is ``left``, or an error.

        Raises:
            PlaceError: it cannot be done now; what was done stays done.
        """
        ...

    def check(self) -> str:
        """Look whether it can be used, changing nothing that readers see; gives what is worth knowing, or nothing.

        Raises:
            PlaceError: it cannot; says why, and then what to do.
        """
        ...
