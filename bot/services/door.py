"""The door: every post passes here on its way into the store, and consent is asked before a word is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from bot.domain import consent
from bot.domain.alarms import alarms, words_read
from bot.domain.commands import Asked, named, read
from bot.domain.mentions import mentions, unname
from bot.domain.posts import Post, handle_id
from bot.domain.records import Candidate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from bot.domain.alarms import Watchwords
    from bot.domain.posts import Account
    from bot.domain.records import StoredChat
    from bot.domain.richtext import Mention
    from bot.ports import Standing, Store


class Request(msgspec.Struct, frozen=True):
    """A post that asks something of us instead of answering a question.

    Attributes:
        asked: what it asks.
        post: the post. Nothing of it is kept.
        key, parent: its node key, and that of the post it replies to.
        chat: id of the chat it was found in; empty where it was only addressed to us.
        in_thread: it stands in the thread of one of our questions.
        account: key of our account that heard it.
        named: the one other account that it names, where it asks something about one (``commands.named``).
    """

    asked: Asked
    post: Post
    key: str
    parent: str
    chat: str
    in_thread: bool
    account: str
    named: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows that decides about a batch: wishes by account key, decisions by node key, copies."""

    wishes: Mapping[str, tuple[consent.Wish, ...]]
    rulings: Mapping[str, consent.Ruling]
    copies: Mapping[str, str]

    @classmethod
    def about(cls, store: Store, posts: Mapping[str, Post], parents: Collection[str] = ()) -> Known:
        """Ask the store about posts (by node key), their authors and whom they mention, once for the whole batch."""
        people: set[str] = set()
        for post in posts.values():
            people.update(person_keys(store, post.author))
            people.update(key for mention in mentions(post.text) for key in mention_keys(store, post, mention))
        return cls(
            wishes={key: wishes for key, wishes in store.wishes(people).items() if wishes},
            rulings=store.rulings(posts),
            copies=store.copies({*posts, *parents}),
        )

    def wishes_of(self, keys: Iterable[str]) -> tuple[consent.Wish, ...]:
        """All that was asked under any of these keys."""
        return tuple(wish for key in keys for wish in self.wishes.get(key, ()))


def person_keys(store: Store, account: Account) -> tuple[str, str]:
    """Keys under which an account's wishes may be remembered: its id and, where only that was known, its handle."""
    return (store.key(account.network, account.id), store.key(account.network, handle_id(account.handle)))


def mention_keys(store: Store, post: Post, mention: Mention) -> tuple[str, ...]:
    """The same for somebody a post mentions."""
    names = [mention.id, handle_id(mention.handle)] if mention.handle else [mention.id]
    return tuple(store.key(post.ref.network, name) for name in names if name)


@dataclass(frozen=True, slots=True)
class Door:
    """Where each post of one chat passes: is it ours to ask about, in which thread does it stand, may it be kept?"""

    store: Store
    stored: StoredChat
    questions: frozenset[str]
    """Node keys of our questions."""
    own: str
    """Id of our own account on the network that is read."""
    account: str
    """Key of that account."""
    watch: Watchwords
    own_handle: str
    """Our handle there; empty if unknown. Mastodon's mentions name nobody by id."""
    parents: dict[str, str]
    seen: set[str]
    requests: list[Request] = field(default_factory=list)
    """What was asked of us on the way in, for ``services.requests`` to carry out once the batch is stored."""

    def admit(self, batch: Sequence[Post]) -> list[Candidate]:
        """The batch as candidates with their verdicts; our own posts and those seen before left out."""
        keys = [self.store.key(post.ref.network, post.ref.id) for post in batch]
        fresh = {
            key: post
            for key, post in zip(keys, batch, strict=True)
            if key not in self.seen and post.author.id != self.own
        }
        self.seen.update(keys)
        above = {key: self.store.key(post.ref.network, post.parent) for key, post in fresh.items()}
        roots = {key: self.store.key(post.ref.network, post.root) for key, post in fresh.items()}
        known = Known.about(self.store, fresh, {*above.values(), *roots.values()})
        for key in fresh:
            # A network may forget whom a post answered once that is deleted; an edge once known stays known.
            parent = above[key] or self.parents.get(key, "")
            self.parents[key] = known.copies.get(parent) or parent  # a reply to a copy belongs to its original
        return [
            self._candidate(key, post, known.copies.get(roots[key]) or roots[key], known) for key, post in fresh.items()
        ]

    def _candidate(self, key: str, post: Post, root: str, known: Known) -> Candidate:
        in_thread = root in self.questions or self._climbs_to_question(key)
        languages = self.stored.series.languages
        asked = read(post.text, languages, own=self.own, in_thread=in_thread, own_handle=self.own_handle)
        if asked:
            parent, chat = self.parents[key], self.stored.chat.id
            name = named(post.text, languages, own=self.own, own_handle=self.own_handle)
            self.requests.append(Request(asked, post, key, parent, chat, in_thread, self.account, name))
        return candidate(
            self.store,
            self.stored,
            post,
            key=key,
            parent=self.parents[key],
            root=root,
            quote=self.store.key(post.ref.network, post.quote),
            in_thread=in_thread,
            known=known,
            watch=self.watch,
            request=bool(asked),
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


def readmit(store: Store, posts: Sequence[Post], watch: Watchwords) -> list[Candidate]:
    """Posts that are stored, as they are now, with new verdicts for every chat in which they stand."""
    by_key = {store.key(post.ref.network, post.ref.id): post for post in posts}
    known = Known.about(store, by_key)
    chats: dict[str, StoredChat | None] = {}
    found = []
    for key, places in store.standing(by_key).items():
        for place in places:
            stored = chats.setdefault(place.chat, store.chat(place.chat))
            if stored is not None:
                found.append(_again(store, stored, by_key[key], key, place, known, watch))
    return found


def _again(  # noqa: PLR0917 - called in one place, above
    store: Store, stored: StoredChat, post: Post, key: str, place: Standing, known: Known, watch: Watchwords
) -> Candidate:
    asked = read(post.text, stored.series.languages, own="", in_thread=place.in_thread)
    return candidate(
        store,
        stored,
        post,
        key=key,
        parent=place.parent,
        root=place.root,
        quote=place.quote,
        in_thread=place.in_thread,
        known=known,
        watch=watch,
        request=bool(asked) and asked != "unclear",
    )


def candidate(
    store: Store,
    stored: StoredChat,
    post: Post,
    *,
    key: str,
    parent: str,
    root: str,
    quote: str,
    in_thread: bool,
    known: Known,
    watch: Watchwords,
    request: bool,
) -> Candidate:
    """A post on its way into the store, with the verdict of ``consent.decide``; who left is not named in it."""
    series = stored.series
    if known.wishes:  # first, so that a person reads, and releases, the words that are kept
        post = _unnamed(store, series.slug, post, known)
    verdict = consent.decide(
        post,
        series=series.slug,
        basis=series.archive,
        in_thread=in_thread,
        wishes=known.wishes_of(person_keys(store, post.author)),
        ruling=known.rulings.get(key),
        words=words_read(post),
        words_alone=words_read(post, pictures=False) if post.media else None,
        alarms=alarms(post, watch, series.languages),
    )
    if request:
        verdict = consent.Verdict(store=False, search=False, why="request")

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
        held=" ".join(verdict.held),
    )


def _unnamed(store: Store, series: str, post: Post, known: Known) -> Post:
    """The post without the names of those who left the series, or whose accounts ended."""

    def left(mention: Mention) -> bool:
        wishes = known.wishes_of(mention_keys(store, post, mention))
        ended = any(wish.kind == "gone" for wish in wishes)
        return ended or consent.standing_wish(wishes, series) == "stopped"

    return msgspec.structs.replace(post, text=unname(post.text, left))
