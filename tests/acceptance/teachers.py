"""The teachers of each network, and what each of their posts is to become in the archive.

A post is said once through `Talk.say` and remembered as a `Spoken` with what it answers. Every text ends in a word that
stands in no other post, so that it can be found, or proved absent, in pages, data and the database's raw bytes.
"""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from acceptance.servers import question
from acceptance.world import PICTURE, Bots
from networks.bluesky_server import BlueskyAccount
from networks.mastodon_server import MastodonAccount

Fate = Literal["shown", "held", "absent"]

NAMES = {"bluesky": "Bea", "mastodon": "Moe"}
"""What all of a network's teachers are called, each with a number."""


class Crowd(Protocol):
    """The teachers of one network, by their place from 0; the last two want nothing of theirs kept.

    Attributes:
        many: how many there are.
        no_archive: the one whose bio says #noarchive.
        unwilling: the one who wants no robots: #nobot in the bio, on Mastodon the flag `noindex`.
    """

    network: Literal["bluesky", "mastodon"]
    many: int
    no_archive: int
    unwilling: int

    def handle(self, who: int) -> str: ...
    def write(self, who: int, text: str, *, under: Any = None, quoting: Any = None, **more: Any) -> Any: ...
    def picture(self, who: int, alt: str, data: bytes = PICTURE, mime: str = "image/png") -> dict[str, Any]: ...
    def delete(self, who: int, remote: Any) -> None: ...
    def told_by_bot(self, who: int) -> list[str]: ...


class BlueskyCrowd:
    """Accounts on the PDS."""

    network: Literal["bluesky", "mastodon"] = "bluesky"

    def __init__(self, bots: Bots, unique: Callable[[str], str], many: int) -> None:
        self.many, self.no_archive, self.unwilling = many, many - 2, many - 1
        self._bot, self._net = bots.bluesky, bots.net
        bios = {self.no_archive: "Maths. #noarchive", self.unwilling: "Please no robots #nobot"}

        def join(who: int) -> BlueskyAccount:
            name = unique("btea")
            return bots.net.create_account(
                name, display_name=f"{NAMES['bluesky']} {who}", description=bios.get(who, "I teach.")
            )

        with ThreadPoolExecutor(4) as pool:
            self.accounts = list(pool.map(join, range(many)))

    def handle(self, who: int) -> str:
        return self.accounts[who].handle

    def write(self, who: int, text: str, *, under: Any = None, quoting: Any = None, **more: Any) -> Any:
        return self.accounts[who].post(text, reply_to=under, quote=quoting, **more)

    def picture(self, who: int, alt: str, data: bytes = PICTURE, mime: str = "image/png") -> dict[str, Any]:
        """Upload a picture; gives what `write` takes to show it."""
        blob = self.accounts[who].upload_blob(data, mime)
        return {"embed": {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": alt}]}}

    def delete(self, who: int, remote: Any) -> None:
        self.accounts[who].delete(remote)

    def told_by_bot(self, who: int) -> list[str]:
        self._net.settle()  # the AppView tells of a like a moment after the PDS has it
        answer = self.accounts[who].call("app.bsky.notification.listNotifications", params={"limit": 100})
        return [one["reason"] for one in answer["notifications"] if one["author"]["did"] == self._bot.did]


class MastodonCrowd:
    """Accounts on the Mastodon-API server."""

    network: Literal["bluesky", "mastodon"] = "mastodon"

    def __init__(self, bots: Bots, unique: Callable[[str], str], many: int) -> None:
        self.many, self.no_archive, self.unwilling = many, many - 2, many - 1
        self._bot = bots.mastodon

        def join(who: int) -> MastodonAccount:
            note = "Maths. #noarchive" if who == self.no_archive else "I teach."
            flag = who == self.unwilling
            return bots.server.create_account(
                unique("mtea"), display_name=f"{NAMES['mastodon']} {who}", note=note, noindex=flag
            )

        self.accounts = [join(who) for who in range(many)]

    def handle(self, who: int) -> str:
        return self.accounts[who].username

    def write(self, who: int, text: str, *, under: Any = None, quoting: Any = None, **more: Any) -> Any:
        langs = more.pop("langs", ["en"])
        return self.accounts[who].post(text, reply_to=under, quote=quoting, language=langs[0], **more)

    def picture(self, who: int, alt: str, data: bytes = PICTURE, mime: str = "image/png") -> dict[str, Any]:
        """Upload a picture; gives what `write` takes to show it."""
        files = {"file": ("wall", data, mime)}
        made = self.accounts[who].call("POST", "/api/v2/media", data={"description": alt}, files=files)
        return {"media_ids": [made["id"]]}

    def edit(self, who: int, remote: Any, text: str) -> None:
        self.accounts[who].edit(remote, text)

    def delete(self, who: int, remote: Any) -> None:
        self.accounts[who].delete(remote)

    def told_by_bot(self, who: int) -> list[str]:
        told = self.accounts[who].call("GET", "/api/v1/notifications", params={"limit": 80})
        return [one["type"] for one in told if one["account"]["id"] == self._bot.id]


@dataclass
class Spoken:
    """One post of a teacher.

    Attributes:
        mark: the word that stands in no other post.
        answers: numbers of the questions it answers; empty for none.
        above: the teacher's post it replies to; None below a post of the bot, or standing alone.
        fate: `shown` on the pages, `held` for a person to look at, or `absent`: kept nowhere.
    """

    network: str
    who: int
    text: str
    mark: str
    answers: tuple[int, ...]
    above: "Spoken | None"
    fate: Fate
    remote: Any = field(repr=False)

    def path(self) -> "list[Spoken]":
        """The teachers' posts from the top of its thread down to itself."""
        return [*(self.above.path() if self.above else []), self]


class Talk:
    """What one network's teachers said so far."""

    def __init__(self, crowd: Crowd, bots: Bots, hashtag: str) -> None:
        self.crowd = crowd
        self.network = crowd.network
        self.said: list[Spoken] = []
        self.gone_words: list[str] = []
        self.tag = f"#{hashtag}"
        self._bots = bots
        self._asked: dict[int, str] = {}
        self._marks = (f"zq{crowd.network[0]}{number}x{hashtag[-8:]}" for number in itertools.count(1))
        self._turns = itertools.cycle(range(crowd.no_archive))

    @property
    def bot_handle(self) -> str:
        """How a teacher addresses the bot here."""
        return f"@{self._bots.mastodon.username}" if self.network == "mastodon" else f"@{self._bots.bluesky.handle}"

    def question(self, number: int) -> str:
        """Which of the bot's posts asks a question, as its server says."""
        if number not in self._asked:
            self._asked[number] = question(self._bots, self.network, number).id
        return self._asked[number]

    def say(
        self,
        text: str,
        *answers: int,
        to: int | None = None,
        below: Spoken | None = None,
        quoting: int | None = None,
        who: int | None = None,
        fate: Fate = "shown",
        **more: Any,
    ) -> Spoken:
        """Post a text: a reply to question `to`, or `below` another teacher's post, or standing alone.

        `answers` are the questions the archive is to show it under; `who` the next teacher in turn if not given.
        """
        author = next(self._turns) if who is None else who
        mark = next(self._marks)
        under = below.remote if below else self.question(to) if to else more.pop("under", None)
        quoted = self.question(quoting) if quoting else None
        whole = f"{text} {mark}"
        remote = self.crowd.write(author, whole, under=under, quoting=quoted, **more)
        spoken = Spoken(self.network, author, whole, mark, answers, below, fate, remote)
        self.said.append(spoken)
        return spoken

    def delete(self, spoken: Spoken) -> None:
        """Its author takes it back."""
        self.crowd.delete(spoken.who, spoken.remote)
        spoken.fate = "absent"

    def edit(self, spoken: Spoken, text: str) -> None:
        """Its author says it otherwise (where the network has edits); the old words are to be nowhere."""
        assert isinstance(self.crowd, MastodonCrowd)
        self.gone_words.append(spoken.mark)
        spoken.mark = next(self._marks)
        spoken.text = f"{text} {spoken.mark}"
        self.crowd.edit(spoken.who, spoken.remote, spoken.text)

    def shown(self) -> list[Spoken]:
        """What stands on the pages."""
        return [one for one in self.said if one.fate == "shown"]

    def absent_words(self) -> list[str]:
        """Words that may stand nowhere."""
        return [*self.gone_words, *(one.mark for one in self.said if one.fate == "absent")]


def gather(bots: Bots, hashtag: str, unique: Callable[[str], str], many: int) -> list[Talk]:
    """So many teachers on each network, ready to talk."""
    crowds: list[Crowd] = [BlueskyCrowd(bots, unique, many), MastodonCrowd(bots, unique, many)]
    return [Talk(crowd, bots, hashtag) for crowd in crowds]
