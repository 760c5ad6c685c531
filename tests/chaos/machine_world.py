"""The world of a play: an evening with two chats on two networks, the bot's house in it, and the model beside it."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from chaos.machine_mishaps import NETWORKS, Mishaps
from chaos.machine_networks import Account, Server
from chaos.machine_said import Said
from chaos.machine_store import Database
from chaos.model import Model, Saying
from services.stage import NoPages, Nowhere, no_picture, phrase

from bot.domain.alarms import Watchwords
from bot.domain.occurrences import OnlyDates
from bot.domain.outbox import Draft, DraftPost
from bot.domain.posts import NetworkName
from bot.domain.prompts import Prompt
from bot.domain.richtext import detect
from bot.domain.series import ChatEntry, Question, Repeat, Series
from bot.services.deliver import Deliverer
from bot.tick import House

START = datetime(2027, 1, 7, 19, 58, tzinfo=UTC)
END = datetime(2027, 1, 7, 23, 30, tzinfo=UTC)
CHATS = ("edchat/2027-01-07", "edchat/2027-01-07-london")
WINDOWS = {  # the first chat's hashtag is the second one's from an hour before that one, but not before its own end
    CHATS[0]: (datetime(2027, 1, 7, 19, tzinfo=UTC), datetime(2027, 1, 7, 20, 30, tzinfo=UTC)),
    CHATS[1]: (datetime(2027, 1, 7, 20, tzinfo=UTC), datetime(2027, 1, 8, 21, 30, tzinfo=UTC)),
}
SERIES = Series(
    slug="edchat",
    title="Ed Chat",
    hashtag="EdChat",
    timezone="Europe/London",
    rhythm=OnlyDates(),
    at=time(20),
    length=timedelta(minutes=30),
    accounts=NETWORKS,
    announce=(),
    archive="everyone",
    grace=timedelta(minutes=10),
    late=timedelta(days=1),
    repeats=(Repeat(time(21), "Europe/London"),),
    chats=(ChatEntry(date(2027, 1, 7), "Feedback", (Question("What works?"), Question("And now?"))),),
)


class Composer:
    """Says which prompt it is, and what the moderator's wording is now."""

    def compose(self, prompt: Prompt, stored: Any, network: NetworkName, limits: Any, **given: Any) -> Draft:
        del network, limits
        wording = stored.chat.questions[0].ask
        posts = [DraftPost(detect(f"{prompt.id} 0 {wording}"))]
        if prompt.kind == "wrap-up":
            posts.append(DraftPost(detect(f"{prompt.id} 1"), reply_to=0, visibility="unlisted"))
        for number, pick in enumerate(given["content"].picks if given["content"] else (), start=1):
            posts.append(DraftPost(detect(f"{prompt.id} {number} {pick.answer}"), reply_to=0, answer=pick.answer))
        return Draft(tuple(posts), ("en",), prompt.at)


class World:
    """Two networks, a store, whatever waits to go wrong, and the model beside it all.

    Attributes:
        series: what the moderator's file says now.
        house: the bot that is running.
        rows: looks into the store's tables.
    """

    def __init__(self, database: Database) -> None:
        self.model = Model(windows=WINDOWS)
        self.said = Said()
        self.series = SERIES
        self.mishaps = Mishaps(START, END)
        self.clock = self.mishaps.clock
        self.luck = random.Random(7)
        self.store, self.rows = database.begin(self.mishaps.point)
        self.servers = {name: Server(name, self.clock.now, self.said, self.model) for name in NETWORKS}
        self.networks = {name: Account(self.servers[name], self.mishaps) for name in NETWORKS}
        self._ended = dict.fromkeys(((name, who) for name in NETWORKS for who in range(4)), 0)
        self._processes = 0
        self.house = self.new_process()

    # -- the bot -------------------------------------------------------------------------------------------
    def new_process(self) -> House:
        """A bot that has just taken the lock, and remembers nothing."""
        self._processes += 1
        owner = f"bot-{self._processes}"
        self.store.free_leases(owner)
        return self.open_house(owner)

    def open_house(self, owner: str) -> House:
        """A bot of this name; it has no lock."""
        return House(
            store=self.store,
            accounts={name: name for name in NETWORKS},
            network=self.networks.__getitem__,  # type: ignore[arg-type]
            own_id=lambda key: self.networks[key]._me.id,  # type: ignore[index]
            deliverer=Deliverer(
                store=self.store,
                composer=Composer(),
                picture=no_picture,
                clock=self.clock,
                owner=owner,
                rng=self.luck,
            ),
            series=lambda: (self.series,),
            renderer=NoPages(),
            target=Nowhere(),
            clock=self.clock,
            owner=owner,
            watch=Watchwords(),
            phrase=phrase,
            own_handle=lambda key: self.networks[key]._me.handle,  # type: ignore[index]
            parallel=False,
        )

    def pass_time(self, seconds: float) -> None:
        self.mishaps.pass_time(seconds)

    # -- teachers ------------------------------------------------------------------------------------------
    def account(self, name: NetworkName, who: int) -> str:
        """The id of a teacher's account; one that ended is another one now."""
        handle = f"teacher{who}" + "x" * self._ended[name, who]
        return self.servers[name].create_account(handle, f"Teacher {who}").id

    def end_account(self, name: NetworkName, who: int) -> None:
        """A teacher's account ends, with all that it said."""
        account = self.account(name, who)
        for one in self.model.said.values():
            one.gone |= one.author == account
        self.servers[name].end_account(account)
        self._ended[name, who] += 1

    def say(self, name: NetworkName, author: str, text: str, above: str, kind: str) -> Saying:
        """A teacher writes: a ``reply``, a ``quote``, under the hashtag (``tag``), for followers only (``quiet``), or
        a ``request`` to us.
        """
        post = self.servers[name].write(
            author,
            detect(f"{text} #EdChat" if kind == "tag" else text),
            parent=above if kind not in ("tag", "quote") else "",
            quote=above if kind == "quote" else "",
            visibility="followers" if kind == "quiet" else "public",
        )
        one = Saying(
            network=name,
            author=post.author.id,
            at=post.at,
            above=post.parent,
            root=post.root,
            quotes=post.quote,
            tagged=kind == "tag",
            public=kind != "quiet",
            words="request" if kind == "request" else "plain",
        )
        self.model.said[post.ref.id] = one
        return one

    def a_prompt(self, name: NetworkName, pick: int, kind: str = "/") -> str:
        """One of our prompts that stand on a network; empty where there is none yet."""
        lines = (line for line in self.said.lines if line.network == name and kind in line.prompt)
        found = [line.remote for line in lines if line.remote in self.model.standing]
        return found[pick % len(found)] if found else ""

    def an_answer(self, pick: int, wanted: Callable[[Saying], object] = lambda _one: True) -> str:
        """One of the answers that stand; empty where there is none."""
        standing = (remote for remote, one in self.model.said.items() if not one.gone and one.words != "request")
        found = [remote for remote in standing if wanted(self.model.said[remote])]
        return found[pick % len(found)] if found else ""
