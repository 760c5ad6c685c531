"""Which of the posts that a stream told of the network really shows, proved with as few questions as will do.

A stream tells what was written, not what is shown. Before a post is given on, its author's profile, the gates of its
thread and of what it quotes, its place below its parent, and blocks between it and what it hangs on are looked at. What
cannot be proved is not given: the thread of ours that it belongs to is named instead, for reading tells.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot.domain.posts import Post
from bot.errors import Refused
from bot.networks.bluesky import wire
from bot.networks.bluesky.frames import POSTGATE, Event
from bot.networks.bluesky.relations import did_of
from bot.networks.bluesky.times import unstamped, written
from bot.networks.bluesky.views import PostView, Profile
from bot.networks.bluesky.wire import Names
from bot.networks.bluesky.xrpc import XrpcRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.networks.bluesky.profiles import Profiles
    from bot.networks.bluesky.reading import Reader
    from bot.networks.bluesky.relations import Relations
    from bot.ports import Wanted

T = TypeVar("T")

_FRESH = timedelta(minutes=1)  # for other people's gates; ours are watched by the stream itself
_KEPT = 20_000
_MISSING = "RecordNotFound"


class Fresh(msgspec.Struct, frozen=True):
    """A post from the stream that concerns us, and what it names."""

    event: Event
    names: Names


class Proved(msgspec.Struct, frozen=True):
    """What may be given on, and posts of ours to be read because of what may not."""

    posts: tuple[Post, ...]
    threads: tuple[str, ...]


class Prover:
    """Proves posts for one stream, and remembers what it saw.

    Args:
        own: our DID.
        reader: asks for posts and records.
        profiles: authors' profiles.
        relations: blocks between others.
        clock: gives aware UTC.
    """

    def __init__(
        self, own: str, reader: Reader, profiles: Profiles, relations: Relations, clock: Callable[[], datetime]
    ) -> None:
        self._own = own
        self._reader = reader
        self._profiles = profiles
        self._relations = relations
        self._clock = clock
        self._roots: dict[str, str] = {}
        self._withheld: dict[str, None] = {}
        self._gates: dict[str, tuple[datetime, wire.Gate | None]] = {}
        self._postgates: dict[str, tuple[datetime, wire.QuoteGate | None]] = {}

    def gate_changed(self, uri: str) -> None:
        """A gate of this post of ours was written: what we knew of it is out of date."""
        self._gates.pop(uri, None)
        self._postgates.pop(uri, None)

    def prove(self, fresh: Sequence[Fresh], wanted: Wanted) -> Proved:
        """Sort posts into those that are shown and those that are not, or not surely.

        Raises:
            NetworkError: the network cannot be asked, so nothing is known; the same posts are to be proved later.
        """
        profiles = self._shown_authors(fresh)
        self._read_threads([one for one in fresh if one.names.root not in wanted.closed])
        blocks = self._relations.blocked(pair for one in fresh for pair in self._pairs(one))
        posts: list[Post] = []
        threads: dict[str, None] = {}
        for one in fresh:
            uri, names = one.event.uri, one.names
            author = profiles.get(one.event.did)
            stands = names.root not in wanted.closed and self._stands(uri, names) and wire.sound(one.event.record)
            clear = all(blocks[pair] is False for pair in self._pairs(one))
            if author is not None and stands and clear and self._may_quote(uri, names.quote):
                post = self._post(one, author)
                if post is not None:
                    posts.append(post)
                    _remember(self._roots, uri, names.root or uri)
                    self._withheld.pop(uri, None)
                continue
            _remember(self._withheld, uri, None)
            # A post that only just became unprovable may have been given on before: reading tells about it, too.
            threads.update(dict.fromkeys(thread for thread in (names.root, names.quote) if self._is_ours(thread)))
        return Proved(tuple(posts), tuple(threads))

    def _is_ours(self, uri: str) -> bool:
        return did_of(uri) == self._own

    def _shown_authors(self, fresh: Sequence[Fresh]) -> Mapping[str, Profile]:
        """Profiles of authors who are shown, and whom we do not block."""
        try:
            profiles = self._profiles.of(one.event.did for one in fresh)
        except Refused:
            return {}
        return {did: profile for did, profile in profiles.items() if not wire.blocked_by_us(profile)}

    # -- its place -----------------------------------------------------------------------------------------------
    def _read_threads(self, fresh: Sequence[Fresh]) -> None:
        """Ask for the roots' gates and for parents that this stream did not tell of, all in one go."""
        roots: dict[str, None] = {}
        parents: dict[str, None] = {}
        now = self._clock()
        told = self._roots.keys() | self._withheld.keys() | {one.event.uri for one in fresh}
        for names in (one.names for one in fresh if one.names.root):
            if not self._gate_known(names.root, now):
                roots[names.root] = None
            if names.parent != names.root and names.parent not in told:
                parents[names.parent] = None
        if not roots and not parents:
            return
        try:
            views = self._reader.views([*roots, *(uri for uri in parents if uri not in roots)])
        except Refused:
            views = []
        shown = {view.uri: view for view in views}
        for uri in roots:
            known = wire.gate(shown[uri].threadgate) if uri in shown else None
            _remember(self._gates, uri, (now, known))
        for uri in parents:
            if uri in shown:
                _remember(self._roots, uri, wire.edges(shown[uri].record).root or uri)

    def _gate_known(self, root: str, now: datetime) -> bool:
        """Ours stays known once it was read; others' for a minute, and that a root is not there (yet) not at all."""
        kept = self._gates.get(root)
        return kept is not None and kept[1] is not None and (self._is_ours(root) or now - kept[0] < _FRESH)

    def _stands(self, uri: str, names: Names) -> bool:
        """Whether a reply is shown where it says it hangs; a post that is no reply stands by itself."""
        if not names.root and not names.parent:
            return True
        gate = self._gates.get(names.root, (None, None))[1]
        if gate is None or gate.closed or uri in gate.hidden:
            return False
        if names.parent == names.root:
            return True
        return names.parent not in self._withheld and self._roots.get(names.parent) == names.root

    def _pairs(self, one: Fresh) -> list[frozenset[str]]:
        """The accounts between which a block would cut a post off. Ours are told by the author's profile."""
        others = {did_of(uri) for uri in (one.names.root, one.names.parent, one.names.quote) if uri}
        return [frozenset((one.event.did, other)) for other in sorted(others - {self._own, one.event.did})]

    # -- what it quotes ------------------------------------------------------------------------------------------
    def _may_quote(self, uri: str, quoted: str) -> bool:
        """Whether the quoted post's author lets it be quoted by this one (https://docs.bsky.app/docs/tutorials/thread-gates)."""
        if not quoted or did_of(quoted) == did_of(uri):
            return True
        now = self._clock()
        kept = self._postgates.get(quoted)
        if kept is None or not (self._is_ours(quoted) or now - kept[0] < _FRESH):
            kept = (now, self._asked_postgate(quoted))
            if kept[1] is not None:
                _remember(self._postgates, quoted, kept)
        gate = kept[1]
        return gate is not None and not gate.closed and uri not in gate.detached

    def _asked_postgate(self, quoted: str) -> wire.QuoteGate | None:
        """The gate beside a post, an open one if there is none, ``None`` if it cannot be told."""
        try:
            held = self._reader.record(f"at://{did_of(quoted)}/{POSTGATE}/{quoted.rpartition('/')[2]}")
        except XrpcRefused as error:
            return wire.QuoteGate() if error.error == _MISSING else None
        return wire.quote_gate(held.value)

    # -- the post ------------------------------------------------------------------------------------------------
    def _post(self, one: Fresh, author: Profile) -> Post | None:
        """The post, written at the time its author's app says, but never later than it was seen or than now."""
        event = one.event
        seen = min(unstamped(event.at), self._clock()) if event.at > 0 else self._clock()
        view = PostView(event.uri, event.cid, author, event.record, written(seen))
        return wire.post(view, author, hidden=False)


def _remember(kept: dict[str, T], key: str, value: T) -> None:
    """Note something, and forget the oldest where there is too much."""
    kept.pop(key, None)
    kept[key] = value
    for old in list(islice(kept, max(0, len(kept) - _KEPT))):
        del kept[old]
