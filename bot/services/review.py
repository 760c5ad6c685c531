"""What waits for a person: shown to hosts, released, dropped, hidden. The network is not needed for any of it.

A decision is an event. What follows from it is decided anew from what is stored, by the door itself, so that a sweep a
minute later comes to the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from bot.domain.alarms import words_read
from bot.domain.consent import Ruling, standing_wish
from bot.domain.copying import may_show, wanted
from bot.domain.naming import naming
from bot.domain.posts import Post
from bot.errors import UserError
from bot.services.door import person_keys, readmit
from bot.services.placing import place_answers
from bot.services.wishes import take_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bot.domain.alarms import Watchwords
    from bot.domain.records import Candidate
    from bot.ports import Store

_SHORT, _SUM = 8, 4  # hex digits of a node key, and of the words' fingerprint, in the key that people type
_KEY = re.compile(r"(?:^|#a-)([0-9a-f]{24})$")
_BLUESKY_POST = re.compile(r"/profile/([^/]+)/post/([^/]+)/?")
_NAMED = 6  # keys in a message


class Waiting(msgspec.Struct, frozen=True):
    """An answer that waits for a person.

    Attributes:
        key: its node key.
        words: fingerprint of its words (``alarms.words_read``).
        chats: ids of the chats in which it is held.
        reasons: why, as ``consent.Hold``.
        post: as it is stored.
    """

    key: str
    words: int
    chats: tuple[str, ...]
    reasons: tuple[str, ...]
    post: Post

    @property
    def short(self) -> str:
        """What a person types to mean this answer with these words: an edit gives it another."""
        return f"{self.key[:_SHORT]}-{self.words:016x}"[: _SHORT + 1 + _SUM]


class Decided(msgspec.Struct, frozen=True):
    """What became of an answer.

    Attributes:
        key: its node key.
        shown: it may be shown now, in one chat at least.
        held: why it still waits, as ``consent.Hold``; empty where it does not.
        deleted: how many posts of ours that repeat it are to be deleted.
    """

    key: str
    shown: bool
    held: tuple[str, ...] = ()
    deleted: int = 0


def waiting(store: Store) -> tuple[Waiting, ...]:
    """What waits for a person, oldest first; each post once."""
    found: dict[str, Waiting] = {}
    for one in store.held():
        before = found.get(one.key)
        chats = (*before.chats, one.chat) if before else (one.chat,)
        reasons = tuple(dict.fromkeys((*(before.reasons if before else ()), *one.reasons)))
        found[one.key] = Waiting(one.key, words_read(one.post), chats, reasons, one.post)
    return tuple(found.values())


def called(found: Sequence[Waiting], typed: str) -> Waiting:
    """The waiting answer that a key means, as the list gives it.

    Raises:
        UserError: there is none, or its words were edited since the list was made.
    """
    start, _, words = typed.strip().lower().partition("-")
    meant = [one for one in found if one.key.startswith(start)] if len(start) >= _SHORT else []
    if len(meant) == 1 and meant[0].short[_SHORT + 1 :] == words[:_SUM]:
        return meant[0]
    if not found:
        raise UserError(f"{typed}: nothing waits for a decision.")
    if len(meant) == 1 and words:
        raise UserError(f"{typed}: this answer was edited since. Read it again: `staffroom review {meant[0].short}`.")
    known = ", ".join(one.short for one in found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
    raise UserError(f"{typed}: no answer that waits has this key. There are: {known}.")


def would_copy(store: Store, one: Waiting) -> int:
    """How many of an answer's pictures a release puts on its page: none unless its author joined there."""
    keys = person_keys(store, one.post.author)
    said = [wish for wishes in store.wishes(keys).values() for wish in wishes]
    series = {stored.chat.series for chat in one.chats if (stored := store.chat(chat))}
    if not any(standing_wish(said, slug) == "joined" for slug in series) or not may_show(naming(said)):
        return 0
    labels = (*one.post.labels, *one.post.author.signals.labels)
    return len(wanted(one.post.media, warning=one.post.warning, labels=labels))


def release(  # noqa: PLR0917 - a decision has so many sides
    store: Store, one: Waiting, reason: str, by: str, now: datetime, watch: Watchwords
) -> Decided:
    """Let an answer be shown as it was read. An edit with a new alarm is held again.

    Args:
        store: the truth.
        one: what was read.
        reason: why, for the log.
        by: who decided, for the log.
        now: UTC.
        watch: what makes a person look.
    """
    return _rule(store, one.key, one.post, Ruling("released", one.words, now), reason, by, watch)


def drop(  # noqa: PLR0917 - as above
    store: Store, one: Waiting, reason: str, by: str, now: datetime, watch: Watchwords
) -> Decided:
    """Keep nothing of an answer: its words go at once, and do not come back with the next sweep."""
    return _rule(store, one.key, one.post, Ruling("dropped", one.words, now), reason, by, watch)


def hide(  # noqa: PLR0917 - as above
    store: Store, named: str, reason: str, by: str, now: datetime, watch: Watchwords
) -> Decided:
    """Take any answer off the pages at once; it waits until somebody decides.

    Args:
        store: the truth.
        named: its address on its network, the link of its place on our page, or its node key.
        reason: why, for the log.
        by: who decided, for the log.
        now: UTC.
        watch: what makes a person look.

    Raises:
        UserError: no answer that is kept is meant by this.
    """
    found = answer_at(store, named.strip())
    return _rule(store, found.key, found.post, Ruling("hidden", words_read(found.post), now), reason, by, watch)


def _rule(  # noqa: PLR0917 - called above
    store: Store, key: str, post: Post, ruling: Ruling, reason: str, by: str, watch: Watchwords
) -> Decided:
    """Remember a decision, decide anew about the post in all of its chats, and take back what may not be repeated."""
    store.rule(key, ruling, reason, by)
    candidates = readmit(store, [post], watch)
    store.upsert(candidates, ruling.at)
    for chat in dict.fromkeys(one.chat for one in candidates if one.store):
        stored = store.chat(chat)
        if stored is not None:
            place_answers(store, stored, store.sent_posts(chat))
    held = dict.fromkeys(why for one in candidates if one.store for why in one.held.split())
    return Decided(
        key=key,
        shown=any(one.store and not one.hold for one in candidates),
        held=tuple(held),
        deleted=take_back(store, ruling.at),
    )


def answer_at(store: Store, named: str) -> Candidate:
    """The kept answer that an address means: on its network, the link of its place on our page, or its node key.

    Raises:
        UserError: there is none.
    """
    key = _KEY.search(named)
    if key:
        chats = [place.chat for places in store.standing([key[1]]).values() for place in places]
        found = (one for chat in chats for one in store.candidates(chat) if one.key == key[1])
    else:
        chats = [stored.chat.id for stored in reversed(store.chats())]
        found = (one for chat in chats for one in store.candidates(chat) if is_at(one.post, named))
    answer = next(found, None)
    if answer is None:
        raise UserError(
            f"{named}: no answer that is kept has this address. Give the post's address on its network, or the link "
            "of its place on our page (the time beside the name)."
        )
    return answer


def is_at(post: Post, named: str) -> bool:
    """Whether an address, as people copy it, leads to a post."""
    if named in (post.ref.id, post.uri) or (post.ref.url and named.rstrip("/") == post.ref.url.rstrip("/")):
        return bool(named)
    parts = urlsplit(named)
    path = unquote(parts.path)
    if post.ref.network == "bluesky":
        page = _BLUESKY_POST.fullmatch(path)
        if page is None or page[1].lower() not in (post.author.id.lower(), post.author.handle.lower()):
            return False
        return post.ref.id == f"at://{post.author.id}/app.bsky.feed.post/{page[2]}"
    return bool(parts.netloc) and post.ref.id == f"{parts.netloc}/{path.rstrip('/').rpartition('/')[2]}"


def log(store: Store, limit: int) -> Iterator[tuple[str, Ruling, str, str]]:
    """What people decided, newest first: the key that the list gave, the decision, why, and who."""
    for key, ruling, reason, by in store.rulings_log(limit):
        yield key[:_SHORT], ruling, reason, by
