"""Compare a batch of collected posts with what is stored, and say what to write. No statement is made here.

Most of what is collected was seen before: such a post costs one comparison of text. See ``Comparison``.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bot.domain.consent import REACHABLE
from bot.domain.posts import handle_id
from bot.storage.codec import links_in, to_json, words_of
from bot.storage.columns import micros
from bot.storage.erasing import minute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.posts import Account, Post
    from bot.domain.records import Candidate

_encode = msgspec.msgpack.Encoder().encode

EVERYWHERE = frozenset({"not-public", "removed", "dropped", "noarchive", "hidden-there", "blocks-us", "bridge-copy"})
"""Reasons that lie in the post or its author, not in a chat: they end the keeping in every chat it stands in."""

SILENT = frozenset({"request", "bridge-copy"})
"""Reasons why a node leaves no tombstone unless something shown hangs under it."""


class Node(NamedTuple):
    """A row of ``posts`` with times as microseconds, in the order in which it is written."""

    id: int
    key: str
    parent: str
    root: str
    quote: str
    at: int
    state: str
    network: str | None
    account: str | None
    links: int
    checked_at: int | None
    fingerprint: int | None
    data: str | None
    asked_at: int | None = None


class Place(NamedTuple):
    """A row of ``chat_posts``, in the order in which it is written."""

    chat: str
    post: int
    in_thread: bool
    store: bool
    hold: bool
    search: bool
    why: str
    held: str


class LeftOut(NamedTuple):
    """A row of ``left_out``, in the order in which it is written."""

    post: int
    author: str
    called: str
    network: str
    ref: str


class Before(NamedTuple):
    """What is stored of nodes, by their number: the places of each, and where it is if it was left out."""

    places: Mapping[int, Sequence[Place]]
    left_out: Mapping[int, LeftOut]


class Work:
    """What to write.

    Attributes:
        nodes, places: new rows.
        renewed: rows of ``posts`` to give new values.
        moved: rows of ``chat_posts`` to give new values.
        withdrawn: by chat, node keys whose words may not be kept there any more.
        hidden: by chat, node keys that are kept there and may not be shown any more.
        erased: node keys whose words go, with their new state.
        left_out: rows of ``left_out``, new or with new values.
        let_in: numbers of posts whose rows of ``left_out`` go.
        authors: accounts of posts that are kept, by key, as JSON.
        changed: node keys of stored posts that differed.
        visible: chats in which something changed that a page shows.
        unseen: (chat, node key) of changed nodes that a page shows only if something shown hangs under them.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.places: list[Place] = []
        self.renewed: list[Node] = []
        self.moved: list[Place] = []
        self.withdrawn: dict[str, list[str]] = {}
        self.hidden: dict[str, list[str]] = {}
        self.erased: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self.let_in: list[int] = []
        self.authors: dict[str, str] = {}
        self.changed: set[str] = set()
        self.visible: set[str] = set()
        self.unseen: set[tuple[str, str]] = set()

    def note(self, key: str, place: Place, before: Place | None = None) -> None:
        """Note that a node changed in a chat."""
        if _on_page(place) or (before is not None and _on_page(before)):
            self.visible.add(place.chat)
        else:
            self.unseen.add((place.chat, key))


Found = dict[str, dict[str, "Candidate"]]
"""What was collected: by node key, then by chat."""


class Comparison:
    """Compares a batch with what is stored, first by fingerprints and then node by node, and gathers the work.

    Args:
        batch: what was collected; of several about one post in one chat the last counts.
        key: makes the node key of an account's (network, id).
        now: UTC.

    Attributes:
        fingerprints: by node key, of the nodes that were collected for one chat. One that is stored with this
            fingerprint is stored just as it is: most of every batch, so this has to be quick.
        several: keys of the nodes that were collected for several chats.
    """

    def __init__(self, batch: Sequence[Candidate], key: Callable[[str, str], str], now: datetime) -> None:
        self._key = key
        self._stamp = micros(now)
        self._last_id = 0
        self._authors: dict[tuple[str, str], tuple[Account, str]] = {}
        self._found: Found = {}
        for candidate in batch:
            self._found.setdefault(candidate.key, {})[candidate.chat] = candidate
        self.work = Work()
        self.several = [node_key for node_key, by_chat in self._found.items() if len(by_chat) > 1]
        self.fingerprints = {
            node_key: _fingerprint(*by_chat.values()) for node_key, by_chat in self._found.items() if len(by_chat) == 1
        }

    def compare(self, different: Mapping[str, Node | None], before: Before, last_id: int) -> Work:
        """Say what to write.

        Args:
            different: by key, the nodes that are stored with another fingerprint or were collected for several chats;
                ``None`` for one that is not stored.
            before: what else is stored of those nodes.
            last_id: the highest number of a stored node.
        """
        self._last_id = last_id
        for node_key in sorted(different):  # in the order of the index, which makes many new rows one short walk
            each = tuple(self._found[node_key].values())
            node = different[node_key]
            if node is None:
                self.add(each)
            else:
                places = {place.chat: place for place in before.places.get(node.id, ())}
                self.renew(node, places, each, before.left_out.get(node.id))
        return self.work

    def add(self, found: Sequence[Candidate]) -> None:
        """A node that was never seen. ``found``: what was collected about it, one for each chat."""
        self._last_id = number = self._last_id + 1
        forbidden = len(found) > 1 and any(candidate.why in EVERYWHERE for candidate in found)
        words = None
        for each in found:
            place = _place(number, each, store=each.store and not forbidden)
            if place.store:
                words = each
            self.work.places.append(place)
            self.work.note(each.key, place)
        self.work.nodes.append(self._kept(number, words) if words else _bare(number, found[-1]))
        if words is None and _reachable(found, [each.why for each in found]):
            self.work.left_out.append(self._left_out(number, found[-1].post))

    def renew(
        self, node: Node, before: Mapping[str, Place], found: Sequence[Candidate], left_out: LeftOut | None
    ) -> None:
        """A node that is stored. ``before``: its places by chat; ``left_out``: where it is, if that is stored."""
        work = self.work
        after = dict(before)
        words = None
        for each in found:
            # Erased by its author's wish: only the same author's later JOIN brings it back.
            allowed = each.store and (node.state != "erased" or each.why == "joined")
            after[each.chat] = _place(node.id, each, store=allowed)
            if allowed:
                words = each
        if any(each.why in EVERYWHERE for each in found):
            words = None
            after = {
                chat: place._replace(store=False, hold=False, search=False, held="") for chat, place in after.items()
            }
        new = self._next(node, words, found, lost=not any(place.store for place in after.values()))
        self._leave_out(new, [place.why for place in after.values()], found, left_out)
        if new.state != node.state and new.state in ("bare", "erased"):
            work.erased[node.key] = new.state
        elif not _alike(new, node):
            work.renewed.append(new)
        else:
            if new.fingerprint != node.fingerprint:  # collected otherwise, but nothing of it is stored or all the same
                work.renewed.append(new)
            new = node
        for chat, place in after.items():
            self._replace(node, place, before.get(chat), other_words=new is not node)

    def _leave_out(self, new: Node, whys: Sequence[str], found: Sequence[Candidate], stored: LeftOut | None) -> None:
        """Whether it is remembered where a node is. ``whys``: of all places of it as they are now."""
        if new.state in ("kept", "erased") or not _reachable(found, whys):
            if stored is not None:
                self.work.let_in.append(new.id)
        else:
            row = self._left_out(new.id, found[-1].post)
            if row != stored:
                self.work.left_out.append(row)

    def _left_out(self, number: int, post: Post) -> LeftOut:
        network, author = post.ref.network, post.author
        called = self._key(network, handle_id(author.handle)) if author.handle else ""
        return LeftOut(number, self._key(author.network, author.id), called, network, to_json(post.ref))

    def _replace(self, node: Node, place: Place, old: Place | None, *, other_words: bool) -> None:
        """A node's place in one chat, before and now."""
        work = self.work
        if old is None:
            work.places.append(place)
        elif old != place:
            work.moved.append(place)
            if old.store and not place.store:
                work.withdrawn.setdefault(place.chat, []).append(node.key)
            elif place.hold and old.store and not old.hold:
                work.hidden.setdefault(place.chat, []).append(node.key)
        if other_words or old != place:
            work.changed.add(node.key)
        if other_words or old is None or _another_look(old, place):
            work.note(node.key, place, old)

    def _next(self, node: Node, words: Candidate | None, found: Sequence[Candidate], *, lost: bool) -> Node:
        """The node as it should be. ``words``: whose words may be kept, if any; ``lost``: they may be in no chat."""
        if words is None and node.state == "kept":
            erased = "erased" if any(each.why == "stopped" for each in found) else "bare"
            return node._replace(state=erased) if lost else node
        last = found[-1] if words is None else words
        # Networks forget a reply's parent when the parent is deleted; we do not.
        return (node if words is None else self._kept(node.id, words))._replace(
            parent=last.parent or node.parent, root=last.root or node.root, quote=last.quote or node.quote
        )

    def _kept(self, number: int, each: Candidate) -> Node:
        post = each.post
        return Node(
            number,
            each.key,
            each.parent,
            each.root,
            each.quote,
            micros(post.at),
            "kept",
            post.ref.network,
            self._author(post.author),
            links_in(post.text),
            self._stamp,
            self.fingerprints.get(each.key) or _fingerprint(each),
            words_of(post),
        )

    def _author(self, author: Account) -> str:
        """The account's key. Worked out once for each: a batch has far fewer authors than posts."""
        name = (author.network, author.id)
        known = self._authors.get(name)
        if known is not None and (known[0] is author or known[0] == author):
            return known[1]
        key = known[1] if known else self._key(*name)
        self._authors[name] = (author, key)
        self.work.authors[key] = to_json(author)
        return key


def _fingerprint(each: Candidate) -> int:
    """64 bits over all of a candidate whose words are kept."""
    digest = blake2b(_encode(each), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _place(number: int, each: Candidate, *, store: bool) -> Place:
    hold = store and each.hold
    held = each.held if hold else ""
    return Place(each.chat, number, each.in_thread, store, hold, store and each.search, each.why, held)


def _on_page(place: Place) -> bool:
    """Whether a page shows it, with its words, as a place in the thread, or as one more that was left out."""
    return (place.in_thread and place.why != "request") or (place.store and not place.hold)


def _another_look(old: Place, new: Place) -> bool:
    """Whether a page could tell the two apart. Why something may not be kept or is held back stands on none."""
    loud = SILENT | {"gone"}
    return old._replace(why=new.why, held=new.held) != new or (
        old.why != new.why and not loud.isdisjoint((old.why, new.why))
    )


def _alike(new: Node, old: Node) -> bool:
    """Whether two rows say the same of a node; how and when it was collected does not count."""
    return new._replace(checked_at=old.checked_at, fingerprint=old.fingerprint, asked_at=old.asked_at) == old


def _reachable(found: Sequence[Candidate], whys: Sequence[str]) -> bool:
    """Whether a post that is not kept may still be let in by its author's JOIN; of who left nothing is remembered.

    ``found``: what was collected about it now; ``whys``: the reasons in all chats in which it stands.
    """
    if any(each.why in EVERYWHERE for each in found) or "stopped" in whys:
        return False
    return not REACHABLE.isdisjoint(whys)


def _bare(number: int, each: Candidate) -> Node:
    at = micros(minute(each.post.at))
    return Node(number, each.key, each.parent, each.root, each.quote, at, "bare", None, None, 0, None, None, None)
