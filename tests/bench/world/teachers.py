"""Simulated teachers of each network. They post through the servers' own APIs and remember what they said: the truth.

Every post ends in a word that stands in no other, its mark, so that it is known again wherever it turns up.
"""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from acceptance.world import Bots
from networks.bluesky_server import BlueskyAccount
from networks.mastodon_server import MastodonAccount, Stranger

NetworkName = Literal["bluesky", "mastodon"]

STRANGERS = 4
WORKERS = 3
"""How many teachers of one network type at the very same time."""


@dataclass(eq=False)
class Said:
    """One post of a teacher, as its author knows it.

    Attributes:
        kind: in which way it was said (``play.py``).
        question: number of the question it is about.
        mark: the word by which it is known again; after an edit another one. ``first_mark`` is the first.
        above: the teacher's post it replies to; None below a post of the bot, or standing alone.
        public: it is an answer that anybody may read, by somebody who lets it be kept.
        told: the network tells the bot of it by itself; another one is only found by reading the thread.
        at: when the server confirmed it, in monotonic seconds; ``changed_at`` the same for its latest edit.
        gone_at: when the server confirmed its deletion; 0 while it stands.
        orphaned_at: when a post above it went, so that no thread shows it any more; 0 while all stand.
    """

    network: NetworkName
    who: int
    kind: str
    question: int
    mark: str
    above: "Said | None"
    public: bool
    told: bool
    at: float
    remote: Any = field(repr=False)
    changed_at: float = 0.0
    gone_at: float = 0.0
    orphaned_at: float = 0.0
    first_mark: str = ""

    def __post_init__(self) -> None:
        self.first_mark = self.mark

    @property
    def in_thread_of(self) -> int:
        """Number of the question in whose thread it stands, where it is a reply."""
        return self.above.in_thread_of if self.above else self.question

    @property
    def stands(self) -> bool:
        """Whether it is public now."""
        return self.public and not self.gone_at


class Crowd(Protocol):
    """The teachers of one network, by their place from 0.

    Attributes:
        many: how many let their answers be kept; whoever comes after them does not.
        shy: says ``#noarchive`` in the bio.
        blocker: blocks the bot.
        unwilling: wants no robots.
    """

    network: NetworkName
    many: int
    shy: int
    blocker: int
    unwilling: int

    def write(self, who: int, text: str, *, under: Any = None, quoting: Any = None, visibility: str = "") -> Any: ...
    def edit(self, who: int, remote: Any, text: str) -> None: ...
    def delete(self, who: int, remote: Any) -> None: ...


class BlueskyCrowd:
    """Accounts on the PDS. Their apps write the time of ``clock`` into their posts."""

    network: NetworkName = "bluesky"

    def __init__(self, bots: Bots, unique: Callable[[str], str], many: int) -> None:
        self.many, self.shy, self.blocker, self.unwilling = many, many, many + 1, many + 2
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        bios = {self.shy: "Maths. #noarchive", self.unwilling: "No robots please. #nobot"}

        def join(who: int) -> BlueskyAccount:
            bio = bios.get(who, "I teach.")
            return bots.net.create_account(unique("btea"), display_name=f"Bea {who}", description=bio)

        with ThreadPoolExecutor(WORKERS) as pool:
            self.accounts = list(pool.map(join, range(many + 3)))
        self.accounts[self.blocker].block(bots.bluesky.did)

    def write(self, who: int, text: str, *, under: Any = None, quoting: Any = None, visibility: str = "") -> Any:
        assert not visibility, "all posts are public here"
        return self.accounts[who].post(text, reply_to=under, quote=quoting, created_at=self.clock())

    def edit(self, who: int, remote: Any, text: str) -> None:
        raise NotImplementedError("no app edits posts here")

    def delete(self, who: int, remote: Any) -> None:
        self.accounts[who].delete(remote)


class MastodonCrowd:
    """Accounts on the Mastodon-API server; after them, strangers on another server."""

    network: NetworkName = "mastodon"

    def __init__(self, bots: Bots, unique: Callable[[str], str], many: int) -> None:
        self.many, self.shy, self.blocker, self.unwilling = many, many, many + 1, many + 2
        notes = {self.shy: "Maths. #noarchive"}
        self.accounts: list[MastodonAccount] = [
            bots.server.create_account(
                unique("mtea"),
                display_name=f"Moe {who}",
                note=notes.get(who, "I teach."),
                noindex=who == self.unwilling,
            )
            for who in range(many + 3)
        ]
        self.accounts[self.blocker].block(bots.mastodon.id)
        self.strangers = range(len(self.accounts), len(self.accounts) + STRANGERS)
        self.bot_afar = f"@{bots.mastodon.username}@{bots.server.url.removeprefix('http://')}"
        self.accounts += [bots.server.create_stranger(unique("mstr"), display_name=f"Sam {n}") for n in self.strangers]

    def write(self, who: int, text: str, *, under: Any = None, quoting: Any = None, visibility: str = "") -> Any:
        account = self.accounts[who]
        if isinstance(account, Stranger):  # their server sends a post to ours where it mentions somebody there
            return account.reply(under, text, arrives=self.bot_afar in text)
        return account.post(text, reply_to=under, quote=quoting, visibility=visibility or "public")

    def edit(self, who: int, remote: Any, text: str) -> None:
        self.accounts[who].edit(remote, text)

    def delete(self, who: int, remote: Any) -> None:
        self.accounts[who].delete(remote)


class Talk:
    """What one network's teachers said so far. Safe to use from several threads.

    Args:
        crowd: who says it.
        questions: the bot's questions there that were asked, in order: what a teacher's app replies to.
        hashtag: the chat's, without ``#``.
        bot: how an app mentions the bot in a reply; empty where replies mention nobody.
        key: makes the marks of this talk unlike all others.
    """

    def __init__(self, crowd: Crowd, questions: list[Any], *, hashtag: str, bot: str, key: str) -> None:
        self.crowd = crowd
        self.network = crowd.network
        self.questions = questions
        self.tag = f"#{hashtag}"
        self.bot = bot
        self.said: list[Said] = []
        self.unsaid_words: list[str] = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._turns = itertools.cycle(range(crowd.many))
        self._key = key

    def new_mark(self) -> str:
        """A word that stands in no other post."""
        with self._lock:
            return f"zq{self.network[0]}{next(self._numbers)}x{self._key}"

    def say(
        self,
        kind: str,
        text: str,
        question: int,
        *,
        reply: bool = False,
        below: Said | None = None,
        quote: bool = False,
        who: int | None = None,
        visibility: str = "",
        public: bool = True,
        told: bool = True,
    ) -> Said:
        """Post a text: a reply to a question, or ``below`` another teacher's post, or a quote, or standing alone."""
        mark = self.new_mark()
        with self._lock:
            author = next(self._turns) if who is None else who
        asked = self.questions[question - 1]
        under = below.remote if below else asked if reply else None
        quoted = asked if quote else None
        remote = self.crowd.write(author, f"{text} {mark}", under=under, quoting=quoted, visibility=visibility)
        said = Said(self.network, author, kind, question, mark, below, public, told, time.monotonic(), remote)
        with self._lock:
            said.orphaned_at = max((one.gone_at for one in _above(said)), default=0.0)  # it went while this was typed
            self.said.append(said)
        return said

    def addressed(self, text: str) -> str:
        """A reply as apps write it: where replies mention whom they answer, the bot first."""
        return f"{self.bot} {text}" if self.bot else text

    def labelled(self, text: str, question: int) -> str:
        """An answer that stands alone: a label and the hashtag."""
        return f"A{question}: {text} {self.tag}"

    def edit(self, said: Said, text: str) -> None:
        """Its author says it otherwise; the old words are to be nowhere."""
        with self._lock:
            self.unsaid_words.append(said.mark)
        said.mark = self.new_mark()
        self.crowd.edit(said.who, said.remote, f"{text} {said.mark}")
        said.changed_at = time.monotonic()

    def delete(self, said: Said) -> None:
        """Its author takes it back; what was said below it stays public, and no thread shows it any more."""
        self.crowd.delete(said.who, said.remote)
        with self._lock:
            said.gone_at = time.monotonic()
            for one in self.said:
                if not one.orphaned_at and said in _above(one):
                    one.orphaned_at = said.gone_at

    def standing(self) -> list[Said]:
        """The truth: answers that anybody may read now."""
        with self._lock:
            return [one for one in self.said if one.stands]

    def forbidden(self) -> list[str]:
        """Words that may be kept nowhere: of what was not public, was deleted, or was edited away."""
        with self._lock:
            return [*self.unsaid_words, *(one.mark for one in self.said if not one.stands)]


def _above(said: Said) -> list[Said]:
    found = []
    while said.above is not None:
        said = said.above
        found.append(said)
    return found
