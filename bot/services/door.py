"""The door: every post passes here on its way into the store, and consent is asked before a word is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import consent
from bot.domain.records import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.posts import Post
    from bot.domain.records import StoredChat
    from bot.ports import Store


@dataclass(frozen=True, slots=True)
class Door:
    """Where each post of one chat passes: is it ours to ask about, in which thread does it stand, may it be kept?"""

    store: Store
    stored: StoredChat
    questions: frozenset[str]
    """Node keys of our questions."""
    own: str
    """Id of our own account on the network that is read."""
    parents: dict[str, str]
    seen: set[str]

    def admit(self, batch: Sequence[Post]) -> list[Candidate]:
        """The batch as candidates with their verdicts; our own posts and those seen before left out."""
        keys = [self.store.key(post.ref.network, post.ref.id) for post in batch]
        fresh = [
            (key, post)
            for key, post in zip(keys, batch, strict=True)
            if key not in self.seen and post.author.id != self.own
        ]
        self.seen.update(keys)
        for key, post in fresh:
            # A network may forget whom a post answered once that is deleted; an edge once known stays known.
            self.parents[key] = self.store.key(post.ref.network, post.parent) or self.parents.get(key, "")
        authors = {post.author.id: self.store.key(post.ref.network, post.author.id) for _, post in fresh}
        wishes = self.store.wishes(authors.values())
        return [self._candidate(key, post, wishes.get(authors[post.author.id], ())) for key, post in fresh]

    def _candidate(self, key: str, post: Post, wishes: Iterable[consent.Wish]) -> Candidate:
        root = self.store.key(post.ref.network, post.root)
        return candidate(
            self.stored,
            post,
            key=key,
            parent=self.parents[key],
            root=root,
            quote=self.store.key(post.ref.network, post.quote),
            in_thread=root in self.questions or self._climbs_to_question(key),
            wishes=wishes,
        )

    def _climbs_to_question(self, key: str) -> bool:
        """Whether parent edges lead from a post to one of our questions; a loop leads nowhere."""
        passed: set[str] = set()
        while key and key not in passed:
            passed.add(key)
            key = self.parents.get(key, "")
            if key in self.questions:
                return True
        return False


def readmit(store: Store, posts: Sequence[Post]) -> list[Candidate]:
    """Posts that are stored, as they are now, with new verdicts for every chat in which they stand."""
    keys = {store.key(post.ref.network, post.ref.id): post for post in posts}
    authors = {post.author.id: store.key(post.ref.network, post.author.id) for post in posts}
    wishes = store.wishes(authors.values())
    chats: dict[str, StoredChat | None] = {}
    found = []
    for key, places in store.standing(keys).items():
        for place in places:
            stored = chats.setdefault(place.chat, store.chat(place.chat))
            if stored is not None:
                found.append(
                    candidate(
                        stored,
                        keys[key],
                        key=key,
                        parent=place.parent,
                        root=place.root,
                        quote=place.quote,
                        in_thread=place.in_thread,
                        wishes=wishes.get(authors[keys[key].author.id], ()),
                    )
                )
    return found


def candidate(
    stored: StoredChat,
    post: Post,
    *,
    key: str,
    parent: str,
    root: str,
    quote: str,
    in_thread: bool,
    wishes: Iterable[consent.Wish],
) -> Candidate:
    """A post on its way into the store, with the verdict of ``consent.decide``."""
    series = stored.series
    verdict = consent.decide(post, series=series.slug, basis=series.archive, in_thread=in_thread, wishes=wishes)
    return Candidate(
        chat=stored.chat.id,
        post=post,
        key=key,
        parent=parent,
        root=root,
        quote=quote,
        in_thread=in_thread,
        store=verdict.store,
        hold=verdict.hold,
        search=verdict.search,
        why=verdict.why,
    )
