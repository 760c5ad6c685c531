"""What the store hands out about a chat: plain data for deciding and for showing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from bot.domain.chats import Chat
from bot.domain.copying import Copy
from bot.domain.posts import NetworkName, Post, PostRef, Tombstone
from bot.domain.series import Series

How = Literal["reply", "quote", "label", "thread"]


class SentPost(msgspec.Struct, frozen=True):
    """One post of ours that is on a network.

    Attributes:
        prompt: the prompt's id; ``kind`` and ``number`` are the prompt's.
        account: key of the account that said it.
        position: the part's place in its delivery; 0 is the thread's root.
        ref: its address. ``key`` is its node key.
        answer: node key of the contribution it repeats; empty otherwise.
        at: when it went out, UTC.
    """

    prompt: str
    kind: str
    number: int
    account: str
    position: int
    ref: PostRef
    key: str
    answer: str
    at: datetime


class Said(msgspec.Struct, frozen=True):
    """A post of ours as its network has it now.

    Attributes:
        ref: its address.
        text: plain, as it was sent where the network tells, else as it is shown.
        parent: ``PostRef.id`` of what it answers; empty for a thread of its own.
        at: when it was made, UTC, by the network's clock; on Bluesky as the post itself says.
        private: for those alone whom it mentions.
    """

    ref: PostRef
    text: str
    parent: str
    at: datetime
    private: bool = False


class StoredChat(msgspec.Struct, frozen=True):
    """A chat with its series as last planned.

    Attributes:
        revision: grows with every change that a page could show; a page made from the same revision is the same.
        cancelled: nothing more is posted; its archive stays.
    """

    chat: Chat
    series: Series
    revision: int
    cancelled: bool = False


class Placed(msgspec.Struct, frozen=True, gc=False):
    """One question (a prompt's id) that a post answers, and how we know."""

    question: str
    how: How


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A participant's post that may be shown, with its place in the thread.

    Attributes:
        key, parent, root: node keys. A parent may be a post of ours, another answer, a tombstone, or unknown.
        post: the post.
        placed: the questions it answers; empty means "unplaced".
        search: it may be found by our search.
        pictures: what was copied, or could not be, of what is attached; in order.
    """

    key: str
    parent: str
    root: str
    post: Post
    placed: tuple[Placed, ...]
    search: bool
    pictures: tuple[Copy, ...] = ()


class Pick(msgspec.Struct, frozen=True):
    """A contribution chosen for the digest: the question (prompt id), the answer's node key, and why in words."""

    question: str
    answer: str
    why: str


class Quoted(msgspec.Struct, frozen=True):
    """What is remembered, by answers of one chat, of how their authors fared before in its series.

    Only of whom words are kept and shown: nobody else was ever there. All are by node keys of the chat's own answers,
    so that an author who asked not to be named stays one person in this chat and is none in the others.

    Attributes:
        last: of answers whose author an earlier digest quoted, when the last chat began in which one did, UTC.
        newcomers: answers whose author has none in an earlier chat; empty where no earlier chat has any.
        persons: of answers whose author has linked accounts, a code for that person; all that is said here of an author
            holds for all accounts of theirs.
    """

    last: Mapping[str, datetime] = {}
    newcomers: frozenset[str] = frozenset()
    persons: Mapping[str, str] = {}


class PollCount(msgspec.Struct, frozen=True):
    """What a network's own poll counted: numbers, as its votes are anonymous.

    Attributes:
        options: what the poll offered, in its order.
        votes: how many chose each of them.
        over: the poll had ended when this was read.
    """

    options: tuple[str, ...]
    votes: tuple[int, ...]
    over: bool


class CountedPoll(msgspec.Struct, frozen=True):
    """What was read last of one poll of ours.

    Attributes:
        number: the question's.
        network: where it was asked.
        count: how people voted there.
        at: when these numbers were first read, UTC.
    """

    number: int
    network: NetworkName
    count: PollCount
    at: datetime


class ChatContent(msgspec.Struct, frozen=True):
    """All that may be shown of one chat, and nothing else.

    Attributes:
        stored: the chat and its series.
        sent: our posts in it, in order of time.
        answers: in order of (time, key).
        tombstones: places of posts that were removed or may not be shown.
        picks: what its digest chose; empty before, and while that is held for its hosts.
        left_out: how many posts of others in its threads are not archived: a number, and nothing else.
        intro: what its hosts want said in the digest, in their own words; empty for nothing, and while it is held.
        polls: what networks' own polls counted, as far as it is known.
        coming: how many people said that they come to the event that the chat stands for.
    """

    stored: StoredChat
    sent: tuple[SentPost, ...]
    answers: tuple[Answer, ...]
    tombstones: tuple[Tombstone, ...]
    picks: tuple[Pick, ...]
    left_out: int = 0
    intro: str = ""
    polls: tuple[CountedPoll, ...] = ()
    coming: int = 0


class ChatFigures(msgspec.Struct, frozen=True):
    """Counts of one chat's shown answers, for lists: people, answers, links, and the latest answer's time (UTC)."""

    people: int
    answers: int
    links: int
    latest: datetime | None


class SharedLink(msgspec.Struct, frozen=True):
    """A link in a shown answer: its address as it was posted, and a code of who shared it, which names nobody."""

    uri: str
    by: str


class Candidate(msgspec.Struct, frozen=True):
    """A collected post on its way into the store.

    Attributes:
        chat: id of the chat it was found for.
        post: as the network showed it. Its words are stored only if ``store``.
        key, parent, root, quote: node keys; empty if none.
        in_thread: it stands in the thread of one of our questions.
        store, hold, search, why: the verdict (see ``consent.Verdict``).
        held: why a person has to look, as the verdict's ``held`` joined by spaces.
    """

    chat: str
    post: Post
    key: str
    parent: str
    root: str
    quote: str
    in_thread: bool
    store: bool
    hold: bool
    search: bool
    why: str
    held: str = ""
